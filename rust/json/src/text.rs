//! Places in a text: spans of characters, and positions that people read.

/// A run of decoded characters: in the raw text itself, or, where escapes had to be resolved, in the buffer of
/// decoded strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
    /// Whether the offsets count in [`Source::decoded`] instead of [`Source::raw`].
    pub decoded: bool,
}

impl Span {
    /// The span of raw bytes `start..end`.
    #[must_use]
    pub fn raw(start: usize, end: usize) -> Self {
        Self { start: offset(start), end: offset(end), decoded: false }
    }

    /// The span of decoded bytes `start..end`.
    #[must_use]
    pub fn decoded(start: usize, end: usize) -> Self {
        Self { start: offset(start), end: offset(end), decoded: true }
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span holds nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Offsets are 32 bits wide so that a tape entry fits 16 bytes; `Limits` keeps every text below 4 GiB.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("the limit on bytes keeps offsets within 32 bits")
}

/// The bytes that spans refer to.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// The text as it came.
    pub raw: &'t [u8],
    /// The characters of the strings that held escapes, one string after the other.
    pub decoded: &'t str,
}

impl<'t> Source<'t> {
    /// The bytes of `span`: UTF-8 if it is the span of a string.
    #[must_use]
    pub fn bytes(self, span: Span) -> &'t [u8] {
        let range = span.start as usize..span.end as usize;
        if span.decoded { &self.decoded.as_bytes()[range] } else { &self.raw[range] }
    }
}

/// A place in the text as an editor counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Position {
    /// The position of byte `offset` of `raw`. Costs one pass over the text, so it is asked for only when shown.
    #[must_use]
    pub fn find(raw: &[u8], offset: usize) -> Self {
        Self { line: 1, column: 1 }.behind(&raw[..offset.min(raw.len())])
    }

    /// The position behind these bytes, which begin here.
    #[must_use]
    #[expect(clippy::naive_bytecount, reason = "an error is shown once; no crate for that")]
    pub fn behind(self, bytes: &[u8]) -> Self {
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => Self { line: self.line + lines, column: 1 + characters(&bytes[end + 1..]) },
            None => Self { line: self.line, column: self.column + characters(bytes) },
        }
    }
}

/// How many characters begin in these bytes of UTF-8.
#[must_use]
pub fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| !is_continuation(byte)).count()
}

/// Where the character begins that holds the byte at `index`.
pub(crate) fn character_start(bytes: &[u8], index: usize) -> usize {
    bytes[..=index].iter().rposition(|&byte| !is_continuation(byte)).unwrap_or(0)
}

/// How many bytes the first character has.
pub(crate) fn character_length(bytes: &[u8]) -> usize {
    1 + bytes[1..].iter().take_while(|&&byte| is_continuation(byte)).count()
}

/// Whether the byte goes on with a character that an earlier byte began.
#[must_use]
pub fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let text = "[1,\n \"é\" x".as_bytes();
        assert_eq!(Position::find(text, 0), Position { line: 1, column: 1 });
        assert_eq!(Position::find(text, text.len() - 1), Position { line: 2, column: 6 });
        assert_eq!(Position::find(text, 99), Position { line: 2, column: 7 });
    }
}
