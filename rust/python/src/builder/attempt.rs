//! Values that may be taken back: what has grown of them, and what stood there before.

use pyo3::prelude::*;

use super::{Build, Builder, Frame, waits};

/// A value that may be taken back.
pub(super) struct Attempt {
    /// How many containers are around it.
    depth: usize,
    /// What stood in its place before.
    pub(super) before: Option<Py<PyAny>>,
}

impl Builder {
    /// A value begins that may be taken back.
    pub(super) fn attempt(&mut self, c: Build<'_, '_>) -> PyResult<()> {
        let before = match self.frames.last() {
            Some(Frame { growing, member, .. }) => growing.standing(c, member)?,
            None => None,
        };
        self.attempts.push(Attempt { depth: self.frames.len(), before });
        Ok(())
    }

    /// Takes back what has grown in the attempt at `level`.
    pub(super) fn retract(&mut self, c: Build<'_, '_>, level: u32) -> PyResult<()> {
        let Some(attempt) = self.end_attempt(level) else { return Ok(()) };
        if self.uproot(attempt.depth)
            && let Some(Frame { growing, member, .. }) = self.frames.last()
        {
            growing.remove(c, member, attempt.before.as_ref())?;
        }
        self.wait_again(c)?;
        if self.frames.is_empty() {
            self.arrived = None;
        }
        self.attempts.push(attempt);
        Ok(())
    }

    /// Ends the attempt at `level` with a value that takes the place of what has grown.
    pub(super) fn replace(&mut self, c: Build<'_, '_>, level: u32, value: Py<PyAny>) -> PyResult<()> {
        let Some(attempt) = self.end_attempt(level) else { return Ok(()) };
        let stands = self.uproot(attempt.depth);
        self.settle(c, value, stands)
    }

    /// Ends the attempt at `level` with what has grown, as it is.
    pub(super) fn settle_attempt(&mut self, c: Build<'_, '_>, level: u32) -> PyResult<()> {
        let Some(attempt) = self.end_attempt(level) else { return Ok(()) };
        while self.frames.len() > attempt.depth {
            self.leave(c)?;
        }
        Ok(())
    }

    /// Ends the attempt at `level`, and those within it.
    fn end_attempt(&mut self, level: u32) -> Option<Attempt> {
        self.attempts.truncate(level as usize + 1);
        self.attempts.pop()
    }

    /// Lets go of what is open within `depth` containers. True if something of it stands in the innermost of those.
    fn uproot(&mut self, depth: usize) -> bool {
        let stands = match self.frames.get(depth) {
            Some(frame) => !frame.detached && !frame.waits,
            None => self.text.as_ref().is_some_and(|text| text.placed),
        };
        self.frames.truncate(depth);
        self.text = None;
        stands
    }

    /// Nothing is left to show in the innermost container: if that makes it wait again, it leaves its place.
    fn wait_again(&mut self, c: Build<'_, '_>) -> PyResult<()> {
        for depth in (0..self.frames.len()).rev() {
            let (outer, inner) = self.frames.split_at_mut(depth);
            let Some(frame) = inner.first_mut().filter(|frame| !frame.waits && waits(c, depth, frame.node))
            else {
                break;
            };
            frame.waits = true;
            if let Some(outer) = outer.last().filter(|_| !frame.detached) {
                outer.growing.remove(c, &outer.member, frame.before.as_ref())?;
            }
        }
        Ok(())
    }
}
