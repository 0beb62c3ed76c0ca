//! What theory says: closed forms, and Markov chains solved to the last digits.

use std::collections::HashMap;

/// The saturation throughput of input queues with very many ports: 2 - sqrt 2.
#[must_use]
pub fn hol_limit() -> f64 {
    2.0 - 2.0_f64.sqrt()
}

/// Most ports for which [`hol_saturation`] is worth its time.
pub const HOL_CHAIN_PORTS: usize = 32;

/// Saturation throughput of an input-queued switch with first-in first-out queues, per port and slot.
///
/// The heads wait at the egresses in groups, and a slot takes one of each group, whose successor goes to any egress alike.
/// So the sizes of the groups, a partition of `ports`, are a Markov chain, whichever head of a group wins. It is iterated
/// until its distribution no longer changes: first one out of each group, then one ball after the other back in.
///
/// # Panics
/// If there are no ports or more than [`HOL_CHAIN_PORTS`].
#[must_use]
pub fn hol_saturation(ports: usize) -> f64 {
    assert!(
        (1..=HOL_CHAIN_PORTS).contains(&ports),
        "{ports} ports: the chain is for 1 to {HOL_CHAIN_PORTS}"
    );
    // By number of balls, the partitions of it, and where the next ball takes each of them with which probability.
    let states: Vec<Vec<Vec<usize>>> = (0..=ports).map(partitions).collect();
    let index: Vec<HashMap<&[usize], usize>> = states
        .iter()
        .map(|level| {
            let numbered = level.iter().enumerate();
            numbered.map(|(at, state)| (&state[..], at)).collect()
        })
        .collect();
    let throws: Vec<Vec<Vec<(usize, f64)>>> = (0..ports)
        .map(|balls| {
            let throw = |state: &Vec<usize>| {
                next_ball(state, ports)
                    .into_iter()
                    .map(|(after, probability)| (index[balls + 1][&after[..]], probability))
                    .collect()
            };
            states[balls].iter().map(throw).collect()
        })
        .collect();
    let served: Vec<(usize, usize)> = states[ports]
        .iter()
        .map(|state| {
            let rest: Vec<usize> = state
                .iter()
                .map(|size| size - 1)
                .filter(|size| *size > 0)
                .collect();
            let balls = ports - state.len();
            (balls, index[balls][&rest[..]])
        })
        .collect();

    let mut now = vec![0.0; states[ports].len()];
    now[0] = 1.0;
    let mut throughput = 0.0;
    for _ in 0..100_000 {
        let mut levels: Vec<Vec<f64>> = states.iter().map(|level| vec![0.0; level.len()]).collect();
        let mut mean = 0.0;
        for (at, (balls, rest)) in served.iter().enumerate() {
            mean += now[at] * states[ports][at].len() as f64;
            levels[*balls][*rest] += now[at];
        }
        for balls in 0..ports {
            let (below, above) = levels.split_at_mut(balls + 1);
            for (from, probability) in below[balls].iter().enumerate() {
                for (to, chance) in &throws[balls][from] {
                    above[0][*to] += probability * chance;
                }
            }
        }
        let change: f64 = now
            .iter()
            .zip(&levels[ports])
            .map(|(a, b)| (a - b).abs())
            .sum();
        now.clone_from(&levels[ports]);
        throughput = mean / ports as f64;
        if change < 1e-14 {
            break;
        }
    }
    throughput
}

/// The partitions of `total`, parts in falling order.
fn partitions(total: usize) -> Vec<Vec<usize>> {
    fn extend(rest: usize, largest: usize, parts: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if rest == 0 {
            all.push(parts.clone());
        }
        for part in (1..=largest.min(rest)).rev() {
            parts.push(part);
            extend(rest - part, part, parts, all);
            parts.pop();
        }
    }
    let mut all = Vec::new();
    extend(total, total, &mut Vec::new(), &mut all);
    all
}

/// What becomes of a partition when one more ball falls into any of `bins` bins.
fn next_ball(state: &[usize], bins: usize) -> Vec<(Vec<usize>, f64)> {
    let mut after: Vec<(Vec<usize>, f64)> = Vec::new();
    let chance = 1.0 / bins as f64;
    for at in 0..state.len() {
        if at > 0 && state[at] == state[at - 1] {
            // The first of equal parts stands for all of them.
            if let Some(last) = after.last_mut() {
                last.1 += chance;
            }
            continue;
        }
        let mut grown = state.to_vec();
        grown[at] += 1;
        after.push((grown, chance));
    }
    if state.len() < bins {
        let mut grown = state.to_vec();
        grown.push(1);
        after.push((grown, (bins - state.len()) as f64 * chance));
    }
    after
}

/// Mean wait in slots in an output queue that gets cells from `ports` independent ingresses, `load` cells a slot in all:
/// (N - 1) / N x load / (2 (1 - load)).
#[must_use]
pub fn output_queue_wait(ports: usize, load: f64) -> f64 {
    let ports = ports as f64;
    (ports - 1.0) / ports * load / (2.0 * (1.0 - load))
}

/// Share of the ports that one iteration of PIM matches when every ingress asks for every egress: 1 - (1 - 1/N)^N.
#[must_use]
pub fn pim_first(ports: usize) -> f64 {
    let n = ports as f64;
    1.0 - (1.0 - 1.0 / n).powf(n)
}

/// Share of the ports that PIM matches in `iterations` iterations, and the mean number of iterations that it takes to
/// match all, when every ingress asks for every egress.
///
/// The ports left over after an iteration all ask for each other again, so their number is a Markov chain: `r` egresses
/// grant `r` ingresses at random, and those that get a grant go.
#[must_use]
pub fn pim_chain(ports: usize, iterations: usize) -> (f64, f64) {
    // left[r]: probability that r ingresses are left.
    let mut left = vec![0.0; ports + 1];
    left[ports] = 1.0;
    let (mut share, mut mean) = (0.0, 0.0);
    for iteration in 0.. {
        if iteration == iterations {
            share = 1.0 - expectation(&left) / ports as f64;
        }
        let open: f64 = left[1..].iter().sum();
        if open < 1e-15 && iteration >= iterations {
            break;
        }
        mean += open;
        let mut next = vec![0.0; ports + 1];
        for (count, probability) in left.iter().enumerate() {
            for (hit, chance) in occupied(count).into_iter().enumerate() {
                next[count - hit] += probability * chance;
            }
        }
        left = next;
    }
    (share, mean)
}

fn expectation(distribution: &[f64]) -> f64 {
    let weighed = |(value, probability): (usize, &f64)| value as f64 * probability;
    distribution.iter().enumerate().map(weighed).sum()
}

/// Of `count` balls in `count` bins: the probability that so many bins have a ball.
fn occupied(count: usize) -> Vec<f64> {
    let mut hit = vec![0.0; count + 1];
    hit[0] = 1.0;
    for _ in 0..count {
        for bins in (0..=count).rev() {
            let again = bins as f64 / count as f64;
            let fresh = if bins == 0 {
                0.0
            } else {
                hit[bins - 1] * (1.0 - (bins - 1) as f64 / count as f64)
            };
            hit[bins] = hit[bins] * again + fresh;
        }
    }
    hit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64, within: f64) -> bool {
        (one - other).abs() <= within
    }

    #[test]
    fn the_chain_of_heads_gives_the_known_fractions() {
        for (ports, fraction) in [
            (1, 1.0),
            (2, 3.0 / 4.0),
            (3, 43.0 / 63.0),
            (4, 325.0 / 496.0),
        ] {
            let chain = hol_saturation(ports);
            assert!(close(chain, fraction, 1e-12), "{ports}: {chain}");
        }
        for (ports, digits) in [
            (5, 0.63992),
            (6, 0.63015),
            (7, 0.62337),
            (8, 0.61839),
            (10, 0.61156),
            (12, 0.60710),
        ] {
            let chain = hol_saturation(ports);
            assert!(close(chain, digits, 5e-6), "{ports}: {chain}");
        }
        let (sixteen, twelve) = (hol_saturation(16), hol_saturation(12));
        assert!(hol_limit() < sixteen && sixteen < twelve);
    }

    #[test]
    fn partitions_are_counted_as_they_should() {
        let counts: Vec<usize> = (0..8).map(|total| partitions(total).len()).collect();
        assert_eq!(counts, [1, 1, 2, 3, 5, 7, 11, 15]);
        let after = next_ball(&[2, 2, 1], 4);
        assert_eq!(
            after,
            [
                (vec![3, 2, 1], 0.5),
                (vec![2, 2, 2], 0.25),
                (vec![2, 2, 1, 1], 0.25)
            ]
        );
    }

    /// The mean wait by the recursion Q' = max(0, Q + A - 1), A binomial, and Little's law.
    fn wait_by_recursion(ports: usize, load: f64) -> f64 {
        let p = load / ports as f64;
        let mut arrivals = vec![0.0; ports + 1];
        arrivals[0] = 1.0;
        for _ in 0..ports {
            for count in (0..=ports).rev() {
                let fresh = if count == 0 {
                    0.0
                } else {
                    arrivals[count - 1] * p
                };
                arrivals[count] = arrivals[count] * (1.0 - p) + fresh;
            }
        }
        let mut queue = vec![0.0; 600];
        queue[0] = 1.0;
        for _ in 0..6_000 {
            let mut next = vec![0.0; queue.len() + ports];
            for (cells, probability) in queue.iter().enumerate() {
                for (count, chance) in arrivals.iter().enumerate() {
                    next[(cells + count).saturating_sub(1)] += probability * chance;
                }
            }
            next.truncate(queue.len());
            queue = next;
        }
        expectation(&queue) / load
    }

    #[test]
    fn the_recursion_of_output_queues_gives_the_closed_form() {
        for (ports, load) in [(2, 0.3), (4, 0.8), (16, 0.5), (16, 0.9)] {
            let (form, recursion) = (
                output_queue_wait(ports, load),
                wait_by_recursion(ports, load),
            );
            assert!(
                close(form, recursion, 1e-6),
                "{ports} {load}: {form} {recursion}"
            );
        }
        assert!(close(output_queue_wait(16, 0.95), 8.906, 5e-4));
        assert!(close(output_queue_wait(64, 0.99), 48.73, 5e-3));
    }

    #[test]
    fn the_chain_of_pim_begins_with_the_closed_form_and_ends_with_all() {
        for ports in [1, 2, 4, 16, 64] {
            let (one, mean) = pim_chain(ports, 1);
            assert!(close(one, pim_first(ports), 1e-12));
            let (all, again) = pim_chain(ports, 60);
            assert!(close(all, 1.0, 1e-12) && close(mean, again, 1e-9));
        }
        // Two ports: all matched in one iteration with probability 1/2, else one pair is left.
        let (two, mean) = pim_chain(2, 2);
        assert!(close(two, 1.0, 1e-12) && close(mean, 1.5, 1e-12));
        for (iterations, share) in [(1, 0.6439), (2, 0.8814), (3, 0.9727)] {
            let (chain, _) = pim_chain(16, iterations);
            assert!(close(chain, share, 1e-4), "{iterations}: {chain}");
        }
    }
}
