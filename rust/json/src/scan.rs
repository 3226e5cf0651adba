//! The scan for the end of a run of plain characters in a string, eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// The run of plain string characters that starts at `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Offset of the first byte that is a quote, a backslash or a control character, or the text's end.
    pub end: usize,
    /// Whether every byte of the run is ASCII.
    pub ascii: bool,
}

/// Finds the run of plain characters that starts at `from`.
///
/// Deltas of a few bytes end in the byte loop; long strings are scanned in
/// words (SWAR: the carry trick finds bytes below 0x20 and bytes equal to a quote or a backslash).
#[must_use]
pub fn plain_run(raw: &[u8], from: usize) -> Run {
    let mut at = from;
    let mut high = 0_u64;
    while let Some((&word, _)) = raw.get(at..).and_then(<[u8]>::split_first_chunk) {
        let word = u64::from_le_bytes(word);
        let stops = stops(word);
        if stops != 0 {
            let plain = (stops.trailing_zeros() / 8) as usize;
            high |= word & HIGHS & ((1_u64 << (8 * plain)) - 1);
            return Run { end: at + plain, ascii: high == 0 };
        }
        high |= word & HIGHS;
        at += 8;
    }
    while let Some(&byte) = raw.get(at) {
        if is_stop(byte) {
            break;
        }
        high |= u64::from(byte & 0x80);
        at += 1;
    }
    Run { end: at, ascii: high == 0 }
}

fn is_stop(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// The high bit of the first byte of `word` that stops a run, and perhaps of later ones (borrows run upwards, so
/// the lowest is exact).
fn stops(word: u64) -> u64 {
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The oracle: byte by byte.
    fn naive(raw: &[u8], from: usize) -> Run {
        let end = (from..raw.len()).find(|&at| is_stop(raw[at])).unwrap_or(raw.len());
        Run { end, ascii: raw[from..end].is_ascii() }
    }

    proptest! {
        #[test]
        fn the_words_agree_with_the_bytes(
            raw in prop::collection::vec(
                prop_oneof![8 => any::<u8>(), 8 => 0x20..0x7f_u8, 1 => Just(b'"'), 1 => Just(b'\\')],
                0..40,
            ),
            from in 0..40_usize,
        ) {
            let from = from.min(raw.len());
            prop_assert_eq!(plain_run(&raw, from), naive(&raw, from));
        }
    }

    #[test]
    fn every_byte_value_in_every_lane() {
        for byte in 0..=u8::MAX {
            for lane in 0..16 {
                let mut raw = [b'a'; 16];
                raw[lane] = byte;
                assert_eq!(plain_run(&raw, 0), naive(&raw, 0), "{byte:#x} in lane {lane}");
            }
        }
    }
}
