//! Snapshots of the tree: the tree itself, or copies of its open spine.

use instar_core::{Cursor, Parser};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::blank::blank;
use super::builder::{Builder, Frame, Place, Text};
use super::context::Context;
use crate::ffi;
use crate::schema::{Instance, RecordClass};

/// Shorter strings, in bytes, are sooner decoded again than taken out of the tree, lengthened and put back.
const GROWS_IN_PLACE: usize = 128;

impl Builder {
    /// The object so far. Costs what is new since the last look, and, unless live, a copy of each open container.
    pub(crate) fn snapshot(
        &mut self,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<Py<PyAny>> {
        self.catch_up(c, parser, others)?;
        self.read_open_text(c, parser)?;
        self.shown = Some(parser.growth());
        if let Some(snapshot) = self.snapshot.as_ref().filter(|_| !self.stale) {
            return Ok(snapshot.clone_ref(c.py));
        }
        let made = if self.live { self.live_root(c) } else { self.kept_root(c) };
        if made.is_err() {
            self.frames.iter_mut().for_each(|frame| frame.reclaimed = None);
        }
        let snapshot = made?;
        self.stale = false;
        (self.is_current, self.changed) = (false, false);
        for provisional in &mut self.provisional {
            provisional.taken_back = None;
        }
        if !self.snapshot.as_ref().is_some_and(|last| last.is(&snapshot)) {
            self.snapshot = Some(snapshot.clone_ref(c.py));
        }
        Ok(snapshot)
    }

    /// A delta is read, before which the parser's growth was `growth`.
    pub(crate) fn note_growth(&mut self, growth: (u64, u64)) {
        self.is_current = self.shown == Some(growth);
    }

    /// The last snapshot, if it shows this growth.
    pub(crate) fn seen(&self, py: Python<'_>, growth: (u64, u64)) -> Option<Py<PyAny>> {
        let snapshot = self.snapshot.as_ref().filter(|_| self.shown == Some(growth));
        snapshot.map(|snapshot| snapshot.clone_ref(py))
    }

    /// Whether the delta at hand has changed something that can be seen. Nobody is made to build what was not looked at
    /// before it: then true.
    pub(crate) fn has_changed(
        &mut self,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<bool> {
        if !self.is_current {
            return Ok(true);
        }
        self.catch_up(c, parser, others)?;
        self.read_open_text(c, parser)?;
        self.compare_taken_back(c)?;
        if !self.changed {
            // What is seen is what was seen.
            self.shown = Some(parser.growth());
        }
        Ok(self.changed)
    }

    /// Brings the open string up to date.
    #[inline]
    fn read_open_text(&mut self, c: Context<'_, '_>, parser: &Parser) -> PyResult<()> {
        match parser.open_text() {
            Some(span) if self.text.as_ref().is_none_or(|text| text.bytes != span.len()) => {
                self.read_text(c, parser.source().bytes(span))
            }
            _ => Ok(()),
        }
    }

    /// The open string has so many characters by now.
    #[inline]
    fn read_text(&mut self, c: Context<'_, '_>, bytes: &[u8]) -> PyResult<()> {
        let py = c.py;
        self.stale = true;
        if self.is_current && !self.changed && !self.is_undecided() {
            self.changed = match self.frames.last() {
                Some(frame) => frame.stands || !frame.growing.is_taken(py, &frame.member)?,
                None => true,
            };
        }
        let stands = self.frames.last().is_some_and(|frame| frame.stands);
        let value = match self.text.take() {
            Some(text) if text.bytes > GROWS_IN_PLACE => {
                if stands {
                    // The tree lets go of the string, so that nobody else holds it.
                    self.put(c, py.None().bind(py))?;
                }
                let more = PyString::from_bytes(py, &bytes[text.bytes..])?;
                ffi::append(text.value.into_bound(py), &more)?
            }
            _ => PyString::from_bytes(py, bytes)?,
        };
        if stands {
            self.put(c, &value)?;
        }
        self.text = Some(Text { value: value.unbind(), bytes: bytes.len() });
        Ok(())
    }

    /// The tree itself, with the open string in it.
    fn live_root(&mut self, c: Context<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = c.py;
        if let Some(text) = self.text.take() {
            if !self.frames.last().is_some_and(|frame| frame.stands) {
                self.put(c, text.value.bind(py))?;
            }
            self.text = Some(text);
        }
        // What does not grow in place, such as a tuple, is made anew.
        for pair in self.frames.windows(2).rev() {
            let [outer, open] = pair else { continue };
            if !open.growing.grows_in_place() && matches!(open.place, Place::Shown) {
                outer.growing.insert(c, &outer.member, &open.growing.shown(py)?, true)?;
            }
        }
        match (self.frames.first(), &self.closed, &self.text) {
            (Some(frame), _, _) if !matches!(frame.place, Place::Waiting) => {
                Ok(frame.growing.shown(py)?.unbind())
            }
            (None, Some(closed), _) => Ok(closed.clone_ref(py)),
            (None, None, Some(text)) => Ok(text.value.clone_ref(py).into_any()),
            _ => self.blank_root(c, |_, instance| Ok(instance.object.clone_ref(py))),
        }
    }

    /// A copy of the open spine, from the innermost container outwards, over the shared settled parts.
    fn kept_root(&mut self, c: Context<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = c.py;
        if self.frames.is_empty()
            && let Some(closed) = &self.closed
        {
            self.spare = None;
            return Ok(closed.clone_ref(py));
        }
        self.reclaim(c)?;
        let mut child = self.text.as_ref().map(|text| text.value.bind(py).clone().into_any());
        for frame in self.frames.iter_mut().rev() {
            let reclaimed = frame.reclaimed.take();
            let is_waiting = matches!(frame.place, Place::Waiting);
            if is_waiting && child.is_none() {
                continue;
            }
            let Frame { growing, member, stands, .. } = frame;
            let copy = match reclaimed {
                Some(old) if old.renew(c, growing, member, child.as_ref(), *stands)? => old,
                _ => {
                    let copy = growing.copy(c)?;
                    if let Some(child) = &child {
                        copy.insert(c, member, child, *stands)?;
                    }
                    copy
                }
            };
            child = if matches!(frame.place, Place::Detached) { None } else { Some(copy.shown(py)?) };
        }
        match child {
            Some(root) => Ok(root.unbind()),
            None => self.blank_root(c, |class, instance| Ok(class.copy(py, instance)?.object)),
        }
    }

    /// Takes the open spine of the last snapshot that nobody else holds, from the root inwards as far as it can be had.
    fn reclaim(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let Some((root, inner)) = self.frames.split_first_mut() else { return Ok(()) };
        let free = |old: &Option<Py<PyAny>>| root.growing.reclaim(c, old.as_ref()?.bind(c.py).clone());
        let (last, before) = (self.snapshot.take(), self.spare.take());
        if !root.growing.is_reusable(c) {
            return Ok(());
        }
        (root.reclaimed, self.spare) = match free(&last) {
            Some(reclaimed) => (Some(reclaimed), before),
            None => (free(&before), last),
        };
        let mut outer = root;
        for frame in inner {
            let Some(reclaimed) = outer.reclaimed.as_ref().filter(|_| frame.growing.is_reusable(c)) else {
                break;
            };
            let shown = reclaimed.shown_child(c, &outer.growing, &outer.member)?;
            frame.reclaimed = shown.and_then(|shown| frame.growing.reclaim(c, shown));
            outer = frame;
        }
        Ok(())
    }

    /// What shows before the first byte: a record with nothing arrived, `None` for all else.
    fn blank_root(
        &mut self,
        c: Context<'_, '_>,
        show: impl FnOnce(&RecordClass, &Instance) -> PyResult<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let Some(root) = c.schema.sole_record(c.schema.plan.root) else { return Ok(c.py.None()) };
        let Some(class) = c.schema.record(root) else { return Ok(c.py.None()) };
        let made = match self.blank.take() {
            Some(made) => made,
            None => blank(c, root, class, &mut Vec::new())?,
        };
        show(class, self.blank.insert(made))
    }
}
