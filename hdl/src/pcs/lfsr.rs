//! Counters without a carry chain: shift registers with feedback, which count in an order of their own.
//!
//! A counter of `width` bits goes from `q` to `(q << 1) | xor(q & taps(width))` and comes through `2^width - 1` states, never
//! through 0. It costs one look-up table and what compares its state with that of the last count.

/// The bits that are fed back, for the longest sequence of `width` bits (primitive polynomials, as Xilinx' XAPP052 lists
/// them).
///
/// # Panics
/// If `width` is not 4 to 21.
#[must_use]
pub const fn taps(width: usize) -> u64 {
    let places: &[usize] = match width {
        4 => &[4, 3],
        5 => &[5, 3],
        6 => &[6, 5],
        7 => &[7, 6],
        8 => &[8, 6, 5, 4],
        9 => &[9, 5],
        10 => &[10, 7],
        11 => &[11, 9],
        12 => &[12, 6, 4, 1],
        13 => &[13, 4, 3, 1],
        14 => &[14, 5, 3, 1],
        15 => &[15, 14],
        16 => &[16, 15, 13, 4],
        17 => &[17, 14],
        18 => &[18, 11],
        19 => &[19, 6, 2, 1],
        20 => &[20, 17],
        21 => &[21, 19],
        _ => panic!("a counter of 4 to 21 bits"),
    };
    let (mut mask, mut index) = (0, 0);
    while index < places.len() {
        mask |= 1 << (places[index] - 1);
        index += 1;
    }
    mask
}

/// The state that a counter of `width` bits has `steps` steps after 1.
///
/// # Panics
/// As [`taps`] does.
#[must_use]
pub const fn state(width: usize, steps: usize) -> u64 {
    let (taps, mask) = (taps(width), (1 << width) - 1);
    let (mut state, mut step) = (1_u64, 0);
    while step < steps {
        state = (state << 1 | (state & taps).count_ones() as u64 & 1) & mask;
        step += 1;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_has_its_longest_sequence() {
        for width in 4..=21 {
            let (taps, mask) = (taps(width), (1 << width) - 1);
            let (mut state, mut steps) = (1_u64, 0);
            loop {
                state = (state << 1 | u64::from((state & taps).count_ones() & 1)) & mask;
                steps += 1;
                if state == 1 {
                    break;
                }
            }
            assert_eq!(steps, (1 << width) - 1, "{width} bits");
            // Before 1 comes the state that only its highest bit tells from 0.
            assert_eq!(super::state(width, steps - 1), 1 << (width - 1));
        }
    }

    #[test]
    #[should_panic(expected = "4 to 21 bits")]
    fn refuses_three_bits() {
        let _ = taps(3);
    }
}
