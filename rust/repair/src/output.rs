//! The mended text: what was read, copied in long stretches, and what was put in its place.

use crate::source::Source;

/// What has been mended since the engine last took it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// The mended bytes.
    pub(crate) mended: Vec<u8>,
    /// How much of the innermost text has been copied, replaced or left out.
    copied: usize,
    /// How much was mended before.
    before: usize,
    /// How much the engine has read since that was no part of [`Output::mended`], being what was read itself.
    passed: usize,
    /// Offsets in `mended` and in the text as it came: from each pair on, both grow alike.
    shifts: Vec<(usize, usize)>,
    /// Whether nothing is written.
    pub(crate) silent: bool,
}

impl Output {
    /// Begins a new mended text with what comes at `at`.
    pub(crate) fn restart(&mut self, at: usize) {
        *self = Self { copied: at, ..Self::default() };
    }

    /// Forgets what the engine has taken.
    pub(crate) fn taken(&mut self) {
        self.before += self.mended.len() + self.passed;
        self.passed = 0;
        self.mended.clear();
        self.shifts.clear();
    }

    /// The engine reads `length` bytes as they come, at `raw` in the text.
    pub(crate) fn pass(&mut self, length: usize, raw: usize) {
        self.taken();
        self.shifts.push((0, raw));
        self.passed = length;
        self.copied += length;
    }

    /// Goes on in another text, at `at`.
    pub(crate) fn move_to(&mut self, at: usize) {
        self.copied = at;
    }

    /// Copies what has been read up to `to`.
    pub(crate) fn copy(&mut self, source: &Source, to: usize) {
        if to <= self.copied {
            return;
        }
        if !self.silent {
            let Self { mended, shifts, copied, .. } = self;
            if source.is_decoded() {
                source.ranges(*copied, to, |from, raw| shift(shifts, mended.len() + from - *copied, raw));
            } else {
                shift(shifts, mended.len(), *copied);
            }
            mended.extend_from_slice(&source.text()[*copied..to]);
        }
        self.copied = to;
    }

    /// Writes `mended` in place of what was read from `from` to `to`.
    pub(crate) fn replace(&mut self, source: &Source, from: usize, to: usize, mended: &[u8]) {
        self.copy(source, from);
        if !self.silent && !mended.is_empty() {
            // Every byte of it stands for the same place, the last for what comes next.
            let raw = source.raw_offset(from);
            for index in 0..mended.len() {
                shift(&mut self.shifts, self.mended.len() + index, raw);
            }
            self.mended.extend_from_slice(mended);
        }
        self.copied = self.copied.max(to);
    }

    /// The offset in the text as it came of `mended`, an offset in the mended text that was taken last or is to be
    /// taken.
    pub(crate) fn raw_offset(&self, mended: usize) -> usize {
        let at = mended.saturating_sub(self.before);
        let index = self.shifts.partition_point(|&(out, _)| out <= at);
        index.checked_sub(1).map_or(0, |index| {
            let (out, raw) = self.shifts[index];
            raw + (at - out)
        })
    }
}

fn shift(shifts: &mut Vec<(usize, usize)>, out: usize, raw: usize) {
    let known = shifts.last().is_some_and(|&(o, r)| out - o == raw.wrapping_sub(r));
    if !known {
        shifts.push((out, raw));
    }
}
