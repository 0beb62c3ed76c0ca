//! Schedulers that match ingresses with egresses in rounds of request, grant and accept.
//!
//! ```text
//!  requests ─► each free egress grants one free ingress that asks for it
//!                     │
//!                     ▼
//!              each ingress accepts one of its grants ─► pairs, and again with those left
//! ```
//!
//! Which one is granted and which one is accepted is the [`Policy`]: [`Islip`](super::islip::Islip) or
//! [`Pim`](super::pim::Pim).

use super::ports::{self, PortMasks};

/// Who asks for whom.
#[derive(Clone, Debug)]
pub struct Requests {
    /// Of each egress, the ingresses that ask for it.
    by_egress: PortMasks,
    /// The egresses that are asked for.
    wanted: Vec<u64>,
}

impl Requests {
    /// Nobody asks.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            by_egress: PortMasks::new(ports, ports),
            wanted: ports::none(ports),
        }
    }

    /// Every ingress asks for every egress.
    #[must_use]
    pub fn full(ports: usize) -> Self {
        let mut requests = Self::new(ports);
        for ingress in 0..ports {
            (0..ports).for_each(|egress| requests.insert(ingress, egress));
        }
        requests
    }

    /// `ingress` asks for `egress`.
    pub fn insert(&mut self, ingress: usize, egress: usize) {
        ports::insert(self.by_egress.row_mut(egress), ingress);
        ports::insert(&mut self.wanted, egress);
    }

    /// `ingress` no longer asks for `egress`.
    pub fn remove(&mut self, ingress: usize, egress: usize) {
        let row = self.by_egress.row_mut(egress);
        ports::remove(row, ingress);
        if ports::is_empty(row) {
            ports::remove(&mut self.wanted, egress);
        }
    }

    /// The ingresses that ask for `egress`.
    #[must_use]
    pub fn of(&self, egress: usize) -> &[u64] {
        self.by_egress.row(egress)
    }
}

/// Who is matched with whom, and who is free.
#[derive(Clone, Debug)]
pub struct Matching {
    /// Ingress and egress of each pair made since [`Matching::clear`].
    pub pairs: Vec<(usize, usize)>,
    free_ingresses: Vec<u64>,
    free_egresses: Vec<u64>,
    everybody: Vec<u64>,
}

impl Matching {
    /// Everybody is free.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            pairs: Vec::with_capacity(ports),
            free_ingresses: ports::all(ports),
            free_egresses: ports::all(ports),
            everybody: ports::all(ports),
        }
    }

    /// Forgets the pairs and frees everybody.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.free_ingresses.copy_from_slice(&self.everybody);
        self.free_egresses.copy_from_slice(&self.everybody);
    }

    /// Frees one pair, which is forgotten already.
    pub fn release(&mut self, ingress: usize, egress: usize) {
        ports::insert(&mut self.free_ingresses, ingress);
        ports::insert(&mut self.free_egresses, egress);
    }

    fn pair(&mut self, ingress: usize, egress: usize) {
        self.pairs.push((ingress, egress));
        ports::remove(&mut self.free_ingresses, ingress);
        ports::remove(&mut self.free_egresses, egress);
    }

    /// Whether no free ingress asks for a free egress.
    #[must_use]
    pub fn is_maximal(&self, requests: &Requests) -> bool {
        ports::each(&self.free_egresses)
            .all(|egress| ports::count_common(requests.of(egress), &self.free_ingresses) == 0)
    }
}

/// How a scheduler chooses.
pub trait Policy {
    /// The ingress in both sets that `egress` grants, if there is one.
    fn grant(&mut self, egress: usize, asking: &[u64], free: &[u64]) -> Option<usize>;

    /// The egress among `grants` that `ingress` accepts, if there is one.
    fn accept(&mut self, ingress: usize, grants: &[u64]) -> Option<usize>;

    /// `ingress` has accepted `egress` in this iteration, the first being number 0.
    fn accepted(&mut self, iteration: usize, ingress: usize, egress: usize);
}

/// A scheduler: at most so many iterations of a policy.
#[derive(Clone, Debug)]
pub struct Scheduler<P> {
    /// How it chooses.
    pub policy: P,
    iterations: usize,
    /// Of each ingress, the egresses that grant it, and the ingresses that have any.
    grants: PortMasks,
    granted: Vec<u64>,
}

impl<P: Policy> Scheduler<P> {
    /// A scheduler for `ports` ports.
    #[must_use]
    pub fn new(ports: usize, policy: P, iterations: usize) -> Self {
        Self {
            policy,
            iterations,
            grants: PortMasks::new(ports, ports),
            granted: ports::none(ports),
        }
    }

    /// Adds pairs of free ports to `matching`. Returns the number of iterations that added any.
    pub fn schedule(&mut self, requests: &Requests, matching: &mut Matching) -> usize {
        for iteration in 0..self.iterations {
            for egress in ports::common(&requests.wanted, &matching.free_egresses) {
                let asking = requests.of(egress);
                let granted = self.policy.grant(egress, asking, &matching.free_ingresses);
                if let Some(ingress) = granted {
                    ports::insert(self.grants.row_mut(ingress), egress);
                    ports::insert(&mut self.granted, ingress);
                }
            }
            if ports::is_empty(&self.granted) {
                return iteration;
            }
            for ingress in ports::each(&self.granted) {
                let accepted = self.policy.accept(ingress, self.grants.row(ingress));
                self.grants.row_mut(ingress).fill(0);
                if let Some(egress) = accepted {
                    matching.pair(ingress, egress);
                    self.policy.accepted(iteration, ingress, egress);
                }
            }
            self.granted.fill(0);
        }
        self.iterations
    }
}
