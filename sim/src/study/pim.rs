//! Parallel iterative matching (PIM): grants and accepts are drawn at random.

use super::matching::Policy;
use super::ports;
use crate::rng::Rng;

/// The dice of PIM.
#[derive(Clone, Debug)]
pub struct Pim(Rng);

impl Pim {
    /// Draws from `rng`.
    #[must_use]
    pub const fn new(rng: Rng) -> Self {
        Self(rng)
    }

    fn draw(&mut self, one: &[u64], other: &[u64]) -> Option<usize> {
        let count = ports::count_common(one, other) as u32;
        let index = if count > 1 { self.0.below(count) } else { 0 };
        ports::nth_common(one, other, index as usize)
    }
}

impl Policy for Pim {
    fn grant(&mut self, _egress: usize, asking: &[u64], free: &[u64]) -> Option<usize> {
        self.draw(asking, free)
    }

    fn accept(&mut self, _ingress: usize, grants: &[u64]) -> Option<usize> {
        self.draw(grants, grants)
    }

    fn accepted(&mut self, _iteration: usize, _ingress: usize, _egress: usize) {}
}
