//! Values that may be taken back or replaced: what has grown of them, and what stood there before.

use pyo3::prelude::*;

use super::builder::{Builder, Frame, Place, Provisional, waits};
use super::context::Context;
use super::same::looks_same;

impl Builder {
    /// A provisional value begins.
    pub(super) fn begin(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let before = match self.frames.last() {
            Some(Frame { growing, member, .. }) => growing.before(c, member)?,
            None => None,
        };
        self.provisional.push(Provisional { depth: self.frames.len(), before, taken_back: None });
        Ok(())
    }

    /// Takes back what has grown of the provisional value at `level`.
    pub(super) fn rollback(&mut self, c: Context<'_, '_>, level: u32) -> PyResult<()> {
        let Some(mut provisional) = self.end(level) else { return Ok(()) };
        if provisional.taken_back.is_none() {
            provisional.taken_back = self.shown_at(c, provisional.depth)?;
        }
        self.uproot(provisional.depth);
        if let Some(Frame { growing, member, stands, .. }) = self.frames.last_mut()
            && std::mem::take(stands)
        {
            growing.remove(c, member, provisional.before.as_ref())?;
            self.wait_again(c)?;
        }
        if self.frames.is_empty() {
            self.arrived = None;
            self.closed = None;
        }
        self.provisional.push(provisional);
        Ok(())
    }

    /// Ends the provisional value at `level` with one that takes the place of what has grown.
    pub(super) fn replace(
        &mut self,
        c: Context<'_, '_>,
        level: u32,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let Some(provisional) = self.end(level) else { return Ok(()) };
        let shown = match provisional.taken_back {
            Some(taken_back) => Some(taken_back),
            None => self.shown_at(c, provisional.depth)?,
        };
        self.uproot(provisional.depth);
        self.settle_over(c, value, shown)
    }

    /// Ends the provisional value at `level` with what has grown, as it is.
    pub(super) fn commit(&mut self, c: Context<'_, '_>, level: u32) -> PyResult<()> {
        let Some(provisional) = self.end(level) else { return Ok(()) };
        while self.frames.len() > provisional.depth {
            self.leave(c)?;
        }
        self.compare(c, &provisional)?;
        self.end_member();
        Ok(())
    }

    /// Decides whether what grows in place of what was taken back looks like it.
    pub(super) fn compare_taken_back(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let provisional = std::mem::take(&mut self.provisional);
        let compared = provisional.iter().try_for_each(|provisional| self.compare(c, provisional));
        self.provisional = provisional;
        for provisional in &mut self.provisional {
            provisional.taken_back = None;
        }
        compared
    }

    fn compare(&mut self, c: Context<'_, '_>, provisional: &Provisional) -> PyResult<()> {
        let Some(taken_back) = &provisional.taken_back else { return Ok(()) };
        self.changed |= match self.shown_at(c, provisional.depth)? {
            Some(shown) => !looks_same(c, taken_back.bind(c.py), shown.bind(c.py))?,
            None => true,
        };
        Ok(())
    }

    /// What shows within `depth` containers.
    fn shown_at(&mut self, c: Context<'_, '_>, depth: usize) -> PyResult<Option<Py<PyAny>>> {
        if depth < self.frames.len() {
            self.complete_tree(c)?;
        }
        if let Some(frame) = self.frames.get(depth) {
            return match frame.place {
                Place::Waiting => Ok(None),
                Place::Shown | Place::Detached => Ok(Some(frame.growing.shown(c.py)?.unbind())),
            };
        }
        if let Some(text) = &self.text {
            return Ok(Some(text.value.clone_ref(c.py).into_any()));
        }
        match self.frames.last() {
            Some(Frame { growing, member, stands: true, .. }) => growing.standing(c, member),
            Some(_) => Ok(None),
            None => Ok(self.closed.as_ref().map(|closed| closed.clone_ref(c.py))),
        }
    }

    /// Ends the provisional value at `level`, and those within it.
    fn end(&mut self, level: u32) -> Option<Provisional> {
        self.provisional.truncate(level as usize + 1);
        self.provisional.pop()
    }

    /// Lets go of what is open within `depth` containers.
    fn uproot(&mut self, depth: usize) {
        self.revisions += 1;
        self.frames.truncate(depth);
        self.frames.iter_mut().for_each(|frame| frame.shown_dicts = None);
        self.text = None;
    }

    /// Nothing is left to show in the innermost container: if that makes it wait again, it leaves its place.
    fn wait_again(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        for depth in (0..self.frames.len()).rev() {
            let (outer, inner) = self.frames.split_at_mut(depth);
            let Some(frame) = inner.first_mut() else { break };
            if matches!(frame.place, Place::Waiting) || !waits(c, depth, frame.node) {
                break;
            }
            let was_shown = matches!(std::mem::replace(&mut frame.place, Place::Waiting), Place::Shown);
            if let Some(outer) = outer.last_mut().filter(|_| was_shown) {
                outer.growing.remove(c, &outer.member, frame.before.as_ref())?;
                outer.stands = false;
            }
        }
        Ok(())
    }
}
