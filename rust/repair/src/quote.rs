//! Quotes, and the other signs that stand for JSON's: by their first byte, more of which may have to come.

/// The quotes that a string may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// `"`
    Double,
    /// `'`
    Single,
    /// `“`, `”`, `„`
    Curly,
    /// `‘`, `’`, `‚`
    CurlySingle,
}

/// A sign, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// More bytes have to come.
    Open,
    /// A quote.
    Quote(Quote, usize),
    /// A blank, a comma or a colon.
    Like(u8, usize),
    /// None of these.
    Other,
}

/// Reads the sign at the beginning of `text`, which stands for one that JSON has.
pub(crate) fn sign(text: &[u8]) -> Sign {
    match text {
        [b'"', ..] => Sign::Quote(Quote::Double, 1),
        [b'\'', ..] => Sign::Quote(Quote::Single, 1),
        [0xC2, 0xA0, ..] => Sign::Like(b' ', 2),
        [0xE2, 0x80, 0x98..=0x9B, ..] => Sign::Quote(Quote::CurlySingle, 3),
        [0xE2, 0x80, 0x9C..=0x9F, ..] => Sign::Quote(Quote::Curly, 3),
        [0xE2, 0x80, 0x80..=0x8B | 0xAF, ..]
        | [0xE2, 0x81, 0x9F | 0xA0, ..]
        | [0xE3, 0x80, 0x80, ..]
        | [0xEF, 0xBB, 0xBF, ..] => Sign::Like(b' ', 3),
        [0xEF, 0xBC, 0x9A, ..] => Sign::Like(b':', 3),
        [0xEF, 0xBC, 0x8C, ..] => Sign::Like(b',', 3),
        [] | [0xC2 | 0xE2 | 0xE3 | 0xEF] | [0xE2, 0x80 | 0x81] | [0xE3, 0x80] | [0xEF, 0xBB | 0xBC] => {
            Sign::Open
        }
        _ => Sign::Other,
    }
}

impl Quote {
    /// Whether a string in these quotes may end with `quote`.
    pub(crate) fn ends_with(self, quote: Self) -> bool {
        match self {
            Self::Double | Self::Single => self == quote,
            Self::Curly => matches!(quote, Self::Curly | Self::Double),
            Self::CurlySingle => matches!(quote, Self::CurlySingle | Self::Single),
        }
    }
}

/// Whether JSON has this blank.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// Whether the byte belongs to a name or a number, in any script. (It may also begin a [`sign`].)
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// Whether a letter, a digit or the like comes here.
pub(crate) fn begins_word(text: &[u8]) -> bool {
    text.first().is_some_and(|&byte| is_word(byte) && (byte < 0x80 || sign(text) == Sign::Other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_whole_or_open() {
        for (text, expected) in [
            ("“", Sign::Quote(Quote::Curly, 3)),
            ("’", Sign::Quote(Quote::CurlySingle, 3)),
            ("：", Sign::Like(b':', 3)),
            ("，", Sign::Like(b',', 3)),
            ("\u{a0}", Sign::Like(b' ', 2)),
            ("\u{3000}", Sign::Like(b' ', 3)),
            ("\u{feff}", Sign::Like(b' ', 3)),
        ] {
            assert_eq!(sign(text.as_bytes()), expected, "{text}");
            for end in 1..text.len() {
                assert_eq!(sign(&text.as_bytes()[..end]), Sign::Open, "{text}");
            }
        }
        assert_eq!(sign("é".as_bytes()), Sign::Other);
        assert_eq!(sign("…".as_bytes()), Sign::Other);
        assert_eq!(sign(b"\""), Sign::Quote(Quote::Double, 1));
    }
}
