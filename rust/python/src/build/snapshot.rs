//! Snapshots of the tree: the tree itself, or copies of its open spine.

use instar_core::{Cursor, Parser};
use pyo3::prelude::*;

use super::blank::blank;
use super::builder::{Builder, Frame, Place, Text};
use super::context::Context;
use crate::ffi;
use crate::schema::{Instance, RecordClass};

/// Shorter strings of a live object, in bytes, are sooner decoded again than taken out of the tree, lengthened and put
/// back.
const GROWS_IN_PLACE: usize = 128;
/// Shorter strings of kept snapshots are sooner decoded again than taken out of a snapshot that nobody holds any more.
const TAKES_TURNS: usize = 1024;

impl Builder {
    /// The object so far. Costs what is new since the last look, and, unless live, a copy of each open container.
    pub(crate) fn snapshot(
        &mut self,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<Py<PyAny>> {
        self.catch_up(c, parser, others)?;
        let text = self.new_text(c, parser)?;
        self.shown = Some(parser.growth());
        if let Some(snapshot) = self.snapshot.as_ref().filter(|_| !self.stale) {
            return Ok(snapshot.clone_ref(c.py));
        }
        let snapshot = match self.make(c, text) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.frames.iter_mut().for_each(|frame| frame.reclaimed = None);
                return Err(error);
            }
        };
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

    #[inline]
    fn make(&mut self, c: Context<'_, '_>, text: Option<&[u8]>) -> PyResult<Py<PyAny>> {
        if !self.live {
            self.reclaim(c)?;
        }
        if let Some(text) = text {
            self.read_text(c, text)?;
        }
        if self.live { self.live_root(c) } else { self.kept_root(c) }
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
        if let Some(text) = self.new_text(c, parser)?
            && self.is_undecided()
        {
            self.read_text(c, text)?;
        }
        self.compare_taken_back(c)?;
        if !self.changed {
            // What is seen is what was seen.
            self.shown = Some(parser.growth());
        }
        Ok(self.changed)
    }

    /// The characters of the open string, if there are some that have not been looked at. Within `snapshot`,
    /// of which every delta may need one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn new_text<'p>(&mut self, c: Context<'_, '_>, parser: &'p Parser) -> PyResult<Option<&'p [u8]>> {
        match parser.open_text() {
            Some(span) if self.text.as_ref().is_none_or(|text| text.bytes != span.len()) => {
                let bytes = parser.source().bytes(span);
                self.note_text(c, bytes)?;
                Ok(Some(bytes))
            }
            _ => Ok(None),
        }
    }

    /// There is more of the open string, which has these characters by now.
    #[inline]
    fn note_text(&mut self, c: Context<'_, '_>, bytes: &[u8]) -> PyResult<()> {
        self.stale = true;
        if self.is_current && !self.changed && !self.is_undecided() {
            self.changed = match self.frames.last() {
                Some(frame) if frame.growing.is_distinct() => self.is_new_member(c, frame, bytes)?,
                Some(frame) => frame.stands || !frame.growing.is_taken(c.py, &frame.member)?,
                None => true,
            };
        }
        Ok(())
    }

    /// Whether a set shows another member with these characters.
    #[inline(never)]
    fn is_new_member(&self, c: Context<'_, '_>, frame: &Frame, bytes: &[u8]) -> PyResult<bool> {
        let text = ffi::string(c.py, bytes)?;
        let shown = self.text.as_ref().map(|text| text.value.bind(c.py));
        Ok(frame.growing.lacks(&text) || shown.is_some_and(|shown| frame.growing.lacks(shown)))
    }

    /// The open string has these characters by now.
    #[inline]
    fn read_text(&mut self, c: Context<'_, '_>, bytes: &[u8]) -> PyResult<()> {
        let most = if self.live { GROWS_IN_PLACE } else { TAKES_TURNS };
        if let Some(text) = self.text.take_if(|text| text.bytes > most) {
            return self.lengthen_text(c, text, bytes);
        }
        let value = ffi::string(c.py, bytes)?;
        if self.frames.last().is_some_and(|frame| frame.stands) {
            self.put(c, &value)?;
        }
        let text = Text { value: value.unbind(), bytes: bytes.len(), before: None };
        if let Some(before) = self.text.replace(text) {
            before.value.drop_ref(c.py);
        }
        Ok(())
    }

    /// The same of a long string.
    #[inline(never)]
    fn lengthen_text(&mut self, c: Context<'_, '_>, text: Text, bytes: &[u8]) -> PyResult<()> {
        let py = c.py;
        let stands = self.frames.last().is_some_and(|frame| frame.stands);
        let (shown, before) = if self.live {
            if stands {
                // The tree lets go of the string, so that nobody else holds it.
                self.put(c, py.None().bind(py))?;
            }
            (Some((text.value, text.bytes)), None)
        } else if stands {
            (None, None)
        } else {
            self.reclaim_text(c, text)?
        };
        let value = match shown {
            Some((text, had)) => {
                let more = ffi::string(py, &bytes[had..])?;
                ffi::append(text.into_bound(py), &more)?
            }
            None => ffi::string(py, bytes)?,
        };
        if stands {
            self.put(c, &value)?;
        }
        self.text = Some(Text { value: value.unbind(), bytes: bytes.len(), before });
        Ok(())
    }

    /// Puts into the tree what shows of it and does not stand there: the open string, and what does not grow in place.
    /// Within `snapshot`, of which every delta may need one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn complete_tree(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        if let Some(text) = &self.text
            && !self.frames.last().is_some_and(|frame| frame.stands)
        {
            let text = text.value.bind(c.py).clone();
            self.put(c, &text)?;
        }
        // What does not grow in place, such as a tuple, is made anew.
        for depth in (1..self.frames.len()).rev() {
            let [.., outer, open] = &mut self.frames[..=depth] else { break };
            if !open.growing.grows_in_place() && matches!(open.place, Place::Shown) {
                outer.growing.insert(c, &outer.member, &open.shown(c.py)?, true)?;
            }
        }
        Ok(())
    }

    /// The tree itself, with the open string in it.
    fn live_root(&mut self, c: Context<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = c.py;
        self.complete_tree(c)?;
        match (self.frames.first_mut(), &self.closed, &self.text) {
            (Some(frame), _, _) if !matches!(frame.place, Place::Waiting) => Ok(frame.shown(py)?.unbind()),
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
        let mut child = self.text.as_ref().map(|text| text.value.bind(py).clone().into_any());
        let mut is_in_place = false;
        for frame in self.frames.iter_mut().rev() {
            let reclaimed = frame.reclaimed.take();
            let is_waiting = matches!(frame.place, Place::Waiting);
            if is_waiting && child.is_none() {
                continue;
            }
            let renewed = match reclaimed {
                Some(mut old) => old.renew(c, frame, child.as_ref(), is_in_place)?.then_some(old),
                None => None,
            };
            is_in_place = renewed.is_some();
            let copy = match renewed {
                Some(renewed) => renewed,
                None => {
                    let copy = frame.growing.copy(c)?;
                    if let Some(child) = &child {
                        copy.insert(c, &frame.member, child, frame.stands)?;
                    }
                    copy
                }
            };
            frame.note(py, &copy);
            child = if matches!(frame.place, Place::Detached) { None } else { Some(copy.into_shown(py)?) };
        }
        match child {
            Some(root) => Ok(root.unbind()),
            None => self.blank_root(c, |class, instance| Ok(class.copy(py, instance)?.object)),
        }
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
