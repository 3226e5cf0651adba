//! The tape, and the cursors of its readers.

use super::op::Op;

/// How many ops a tape keeps for a cursor that lags behind its first reader.
const KEPT: usize = 1 << 16;

/// The ops of one text that some reader has not read.
///
/// Open text stays off the tape, since an op a delta would be paid by those who look at nothing: a reader asks the
/// parser for it, and remembers itself how much of it it has read.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    ops: Vec<Op>,
    /// How many ops came before the first one that is kept.
    before: u64,
}

/// How far one reader has read a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    next: u64,
}

/// A cursor that has fallen behind what the tape keeps: its reader has to begin again with the value so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallen;

impl Cursor {
    /// The cursor behind the op that comes next.
    #[must_use]
    pub fn next(self) -> Self {
        Self { next: self.next + 1 }
    }
}

impl Tape {
    #[inline]
    pub(crate) fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    pub(crate) fn extend(&mut self, ops: &[Op]) {
        self.ops.extend_from_slice(ops);
    }

    /// All ops that are kept.
    pub(crate) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// A cursor behind the last op.
    #[must_use]
    pub fn end(&self) -> Cursor {
        Cursor { next: self.before + self.ops.len() as u64 }
    }

    /// The ops that a reader has not read.
    ///
    /// # Errors
    /// [`Fallen`] if some of them are not kept any more.
    pub fn after(&self, cursor: Cursor) -> Result<&[Op], Fallen> {
        let read = cursor.next.checked_sub(self.before).ok_or(Fallen)?;
        Ok(usize::try_from(read).ok().and_then(|read| self.ops.get(read..)).unwrap_or_default())
    }

    /// Forgets the ops that all of these cursors are behind of; also those that only cursors lack that lag far behind
    /// the first one.
    pub fn trim(&mut self, first: Cursor, others: impl IntoIterator<Item = Cursor>) {
        let slowest = others.into_iter().map(|cursor| cursor.next).fold(first.next, u64::min);
        let least = first.next.saturating_sub(KEPT as u64);
        let forgotten = slowest.max(least).saturating_sub(self.before);
        if forgotten == self.ops.len() as u64 {
            self.ops.clear();
        } else {
            self.ops.drain(..usize::try_from(forgotten).unwrap_or(usize::MAX).min(self.ops.len()));
        }
        self.before += forgotten;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(ops: usize) -> Tape {
        let mut tape = Tape::default();
        (0..ops).for_each(|_| tape.push(Op::Null));
        tape
    }

    #[test]
    fn each_reader_reads_what_it_lacks() {
        let mut tape = tape(3);
        let (mut one, other) = (Cursor::default(), Cursor::default());
        assert_eq!(tape.after(one).map(<[Op]>::len), Ok(3));
        one = tape.end();
        tape.trim(one, [other]);
        assert_eq!(tape.after(other).map(<[Op]>::len), Ok(3));
        tape.push(Op::Bool(true));
        assert_eq!(tape.after(one), Ok(&[Op::Bool(true)][..]));
        tape.trim(tape.end(), [tape.end()]);
        assert_eq!((tape.ops().len(), tape.after(one)), (0, Err(Fallen)));
        assert_eq!(tape.after(tape.end()), Ok(&[][..]));
    }

    #[test]
    fn a_cursor_that_lags_far_behind_falls() {
        let mut tape = tape(KEPT + 2);
        tape.trim(tape.end(), [Cursor::default()]);
        assert_eq!(tape.after(Cursor::default()), Err(Fallen));
        assert_eq!(tape.ops().len(), KEPT);
    }
}
