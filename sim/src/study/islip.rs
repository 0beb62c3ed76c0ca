//! iSLIP: grants and accepts go round from pointers, which move only when a first-iteration grant is accepted.

use super::matching::Policy;
use super::ports;

/// The pointers of iSLIP.
///
/// Pointers move past the partner just accepted, and only in the first iteration: a pair that is granted later, or in vain,
/// keeps its turn, so that no queue can be passed over for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Islip {
    /// Of each egress, the ingress whose turn it is.
    pub grant: Vec<usize>,
    /// Of each ingress, the egress whose turn it is.
    pub accept: Vec<usize>,
}

impl Islip {
    /// All pointers at port 0.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            grant: vec![0; ports],
            accept: vec![0; ports],
        }
    }
}

impl Policy for Islip {
    fn grant(&mut self, egress: usize, asking: &[u64], free: &[u64]) -> Option<usize> {
        ports::first_common_from(asking, free, self.grant[egress])
    }

    fn accept(&mut self, ingress: usize, grants: &[u64]) -> Option<usize> {
        ports::first_common_from(grants, grants, self.accept[ingress])
    }

    fn accepted(&mut self, iteration: usize, ingress: usize, egress: usize) {
        if iteration == 0 {
            self.grant[egress] = (ingress + 1) % self.accept.len();
            self.accept[ingress] = (egress + 1) % self.grant.len();
        }
    }
}
