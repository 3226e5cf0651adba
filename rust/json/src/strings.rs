//! The characters of strings: where they lie in the text, or, once an escape has come, in a buffer of their own.

use crate::text::{Source, Span};

/// Where the characters of the open string are, and those of all strings that held escapes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    /// The characters of all strings that held escapes, one string after the other.
    decoded: String,
    /// Offset in the text of the open string's first character.
    start: usize,
    /// Where the open string's characters begin in `decoded`, once it has held an escape.
    decoded_start: Option<usize>,
}

impl Strings {
    /// A string opens whose first character will be at `start`.
    #[inline]
    pub(crate) fn open(&mut self, start: usize) {
        self.start = start;
        self.decoded_start = None;
    }

    /// Forgets all strings.
    pub(crate) fn clear(&mut self) {
        self.decoded.clear();
        self.decoded_start = None;
    }

    /// The bytes that spans refer to.
    pub(crate) fn source<'t>(&'t self, raw: &'t [u8]) -> Source<'t> {
        Source { raw, decoded: &self.decoded }
    }

    /// The characters of the open string, of which `end` is the first byte in the text that is not among them.
    #[inline]
    pub(crate) fn span(&self, end: usize) -> Span {
        match self.decoded_start {
            Some(start) => Span::decoded(start, self.decoded.len()),
            None => Span::raw(self.start, end),
        }
    }

    /// The open string holds an escape, which begins at `at`: from here on its characters are decoded.
    pub(crate) fn decode(&mut self, raw: &[u8], at: usize) {
        if self.decoded_start.is_none() {
            self.decoded_start = Some(self.decoded.len());
            self.decoded.push_str(text(&raw[self.start..at]));
        }
    }

    /// Takes in plain characters of the open string.
    #[inline]
    pub(crate) fn push_plain(&mut self, plain: &[u8]) {
        if self.decoded_start.is_some() {
            self.decoded.push_str(text(plain));
        }
    }

    /// Takes in a character that came as an escape.
    pub(crate) fn push(&mut self, character: char) {
        self.decoded.push(character);
    }
}

fn text(plain: &[u8]) -> &str {
    std::str::from_utf8(plain).expect("plain runs are checked to be UTF-8")
}
