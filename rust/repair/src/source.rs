//! The text that is mended: as it came, and, where a value was encoded once more as a string, as it was before that.

use crate::decode::{Escape, escape};

/// The text, and the decoded texts within it that are open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The text as it came.
    pub(crate) raw: Vec<u8>,
    /// How much of it may be read: what lies behind is no UTF-8, or not whole characters yet.
    pub(crate) readable: usize,
    /// Whether no more will come.
    pub(crate) ended: bool,
    /// Whether what lies behind is no UTF-8.
    is_invalid: bool,
    layers: Vec<Layer>,
}

impl Source {
    /// Takes in a part of the text.
    pub(crate) fn push(&mut self, raw: &[u8]) {
        if self.is_invalid {
            return;
        }
        self.raw.extend_from_slice(raw);
        let new = &self.raw[self.readable..];
        if new.is_ascii() {
            self.readable = self.raw.len();
            return;
        }
        match std::str::from_utf8(new) {
            Ok(_) => self.readable = self.raw.len(),
            Err(error) => {
                self.readable += error.valid_up_to();
                self.is_invalid = error.error_len().is_some();
            }
        }
    }

    /// Whether what comes is read at once, and as it comes.
    #[inline]
    pub(crate) fn is_direct(&self) -> bool {
        self.layers.is_empty() && self.readable == self.raw.len() && !self.is_invalid
    }

    /// Takes in ASCII.
    #[inline]
    pub(crate) fn pass(&mut self, ascii: &[u8]) {
        self.raw.extend_from_slice(ascii);
        self.readable = self.raw.len();
    }

    /// Whether what comes at [`Source::readable`] is no UTF-8.
    pub(crate) fn is_invalid(&self) -> bool {
        self.is_invalid || (self.ended && self.readable < self.raw.len())
    }

    /// The byte that makes the text invalid.
    pub(crate) fn invalid_byte(&self) -> usize {
        let possible = |end: usize| match std::str::from_utf8(&self.raw[self.readable..end]) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        let end = self.raw.len();
        (self.readable..end).find(|&at| !possible(at + 1)).unwrap_or(end)
    }

    /// Forgets what comes behind `end`.
    pub(crate) fn truncate(&mut self, end: usize) {
        if end >= self.raw.len() {
            return;
        }
        let rest = self.raw.split_off(end.min(self.readable));
        self.readable = self.raw.len();
        self.is_invalid = false;
        self.push(&rest[..end - self.raw.len()]);
    }
}

/// A text within a string, its escapes resolved.
#[derive(Clone, Debug)]
struct Layer {
    text: Vec<u8>,
    /// Where in the text around it the next character is read.
    next: usize,
    /// Whether the string has ended, at `next`.
    closed: bool,
    /// Offsets in `text` and in the text around it: from each pair on, both grow alike.
    shifts: Vec<(usize, usize)>,
}

impl Source {
    /// What can be read of the innermost text.
    pub(crate) fn text(&self) -> &[u8] {
        self.layers.last().map_or(&self.raw[..self.readable], |layer| &layer.text)
    }

    /// Whether nothing comes behind [`Source::text`].
    pub(crate) fn is_whole(&self) -> bool {
        let ended = self.ended && self.readable == self.raw.len();
        self.layers.last().map_or(ended, |layer| layer.closed || ended)
    }

    /// Whether a decoded text is being read.
    pub(crate) fn is_decoded(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Whether the string that is being decoded has closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.closed)
    }

    /// Begins to decode what comes at `at`.
    pub(crate) fn enter(&mut self, at: usize) {
        self.layers.push(Layer { text: Vec::new(), next: at, closed: false, shifts: Vec::new() });
        self.fill();
    }

    /// Stops decoding, at `at` of the decoded text; gives the offset of that in the text around it.
    pub(crate) fn leave(&mut self, at: usize) -> usize {
        let around = self.outer(self.layers.len(), at);
        self.layers.pop();
        around
    }

    /// Goes back to the text as it came.
    pub(crate) fn leave_all(&mut self) {
        self.layers.clear();
    }

    /// Decodes what has come.
    pub(crate) fn fill(&mut self) {
        if self.layers.is_empty() {
            return;
        }
        let ended = self.ended && self.readable == self.raw.len();
        let mut around: &[u8] = &self.raw[..self.readable];
        let mut whole = ended;
        for layer in &mut self.layers {
            layer.fill(around, whole);
            around = &layer.text;
            whole = layer.closed || ended;
        }
    }

    /// The offset in the text as it came of `at` of the innermost text.
    pub(crate) fn raw_offset(&self, mut at: usize) -> usize {
        for level in (1..=self.layers.len()).rev() {
            at = self.outer(level, at);
        }
        at
    }

    /// Calls `each` with the ranges of `from..to`, in a decoded text, that lie together in the text as it came, and
    /// their offsets there.
    pub(crate) fn ranges(&self, from: usize, to: usize, mut each: impl FnMut(usize, usize)) {
        let Some(layer) = self.layers.last() else { return };
        each(from, self.raw_offset(from));
        let first = layer.shifts.partition_point(|&(inner, _)| inner <= from);
        for &(inner, _) in layer.shifts[first..].iter().take_while(|&&(inner, _)| inner < to) {
            each(inner, self.raw_offset(inner));
        }
    }

    /// The offset around the layer at `level`, from 1, of `at` within it.
    fn outer(&self, level: usize, at: usize) -> usize {
        let layer = &self.layers[level - 1];
        if at >= layer.text.len() {
            return layer.next;
        }
        let index = layer.shifts.partition_point(|&(inner, _)| inner <= at);
        index.checked_sub(1).map_or(layer.next, |index| {
            let (inner, outer) = layer.shifts[index];
            outer + (at - inner)
        })
    }
}

impl Layer {
    fn fill(&mut self, around: &[u8], whole: bool) {
        while let Some(&byte) = around.get(self.next).filter(|_| !self.closed) {
            match byte {
                b'"' => self.closed = true,
                b'\\' => match escape(&around[self.next..], whole) {
                    Escape::Open => return,
                    Escape::Character(character, length) => {
                        self.shift();
                        self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                        self.next += length;
                    }
                    Escape::Bad | Escape::Lone(_) => {
                        self.shift();
                        self.text.push(b'\\');
                        self.next += 1;
                    }
                },
                _ => {
                    let plain = around[self.next..].iter();
                    let length = plain.take_while(|byte| !matches!(byte, b'"' | b'\\')).count();
                    self.shift();
                    self.text.extend_from_slice(&around[self.next..self.next + length]);
                    self.next += length;
                }
            }
        }
    }

    /// Notes that from here on both texts grow alike.
    fn shift(&mut self) {
        let here = (self.text.len(), self.next);
        let known = self.shifts.last().is_some_and(|&(inner, outer)| here.1 - outer == here.0 - inner);
        if !known {
            self.shifts.push(here);
        }
    }
}
