//! What is seen of the tree: snapshots, live and kept, the elements that have settled, the fields that have arrived.

use instar_core::Parser;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyString};

use super::{Build, Builder, Frame, Text};
use crate::dump::{Arrived, Part};
use crate::ffi;
use crate::growing::Growing;
use crate::record::{Instance, RecordClass};

/// Shorter strings, in bytes, are sooner decoded again than taken out of the tree, lengthened and put back.
const GROWS_IN_PLACE: usize = 128;

/// The names of the root's fields or keys: those that have something to show, and those of them that have closed.
pub(crate) struct Members<'py> {
    pub(crate) arrived: Vec<Bound<'py, PyAny>>,
    pub(crate) settled: Vec<Bound<'py, PyAny>>,
}

impl Builder {
    /// The object so far. Costs what is new since the last look, and, unless live, a copy of each open container.
    pub(crate) fn snapshot(&mut self, c: Build<'_, '_>, parser: &mut Parser) -> PyResult<Py<PyAny>> {
        self.catch_up(c, parser)?;
        self.read_open_text(c, parser)?;
        if let Some(snapshot) = self.snapshot.as_ref().filter(|_| !self.stale) {
            return Ok(snapshot.clone_ref(c.py));
        }
        let made = if self.live { self.live_root(c) } else { self.kept_root(c) };
        if made.is_err() {
            self.frames.iter_mut().for_each(|frame| frame.reclaimed = None);
        }
        let snapshot = made?;
        self.stale = false;
        if !self.snapshot.as_ref().is_some_and(|last| last.is(&snapshot)) {
            self.snapshot = Some(snapshot.clone_ref(c.py));
        }
        Ok(snapshot)
    }

    /// Brings the open string up to date.
    fn read_open_text(&mut self, c: Build<'_, '_>, parser: &Parser) -> PyResult<()> {
        let py = c.py;
        let Some(span) = parser.open_text() else { return Ok(()) };
        let bytes = parser.source().bytes(span);
        if self.text.as_ref().is_some_and(|text| text.bytes == bytes.len()) {
            return Ok(());
        }
        self.stale = true;
        let (value, placed) = match self.text.take() {
            Some(text) if text.bytes > GROWS_IN_PLACE => {
                if text.placed {
                    // The tree lets go of the string, so that nobody else holds it.
                    self.insert(c, py.None().bind(py), true)?;
                }
                let more = PyString::from_bytes(py, &bytes[text.bytes..])?;
                (ffi::append(text.value.into_bound(py), &more)?, text.placed)
            }
            text => (PyString::from_bytes(py, bytes)?, text.is_some_and(|text| text.placed)),
        };
        if placed {
            self.insert(c, &value, true)?;
        }
        self.text = Some(Text { value: value.unbind(), bytes: bytes.len(), placed });
        Ok(())
    }

    /// The tree itself, with the open string in it.
    fn live_root(&mut self, c: Build<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = c.py;
        if let Some(mut text) = self.text.take() {
            if !text.placed {
                text.placed = self.insert(c, text.value.bind(py), false)?;
            }
            self.text = Some(text);
        }
        // What does not grow in place, such as a tuple, is made anew.
        for pair in self.frames.windows(2).rev() {
            let [outer, open] = pair else { continue };
            if !open.growing.grows_in_place() && !open.detached && !open.waits {
                outer.growing.insert(c, &outer.member, &open.growing.shown(py)?, true)?;
            }
        }
        match (self.frames.first(), &self.closed, &self.text) {
            (Some(frame), _, _) if !frame.waits => Ok(frame.growing.shown(py)?.unbind()),
            (None, Some(closed), _) => Ok(closed.clone_ref(py)),
            (None, None, Some(text)) => Ok(text.value.clone_ref(py).into_any()),
            _ => self.blank_root(c, |_, instance| Ok(instance.object.clone_ref(py))),
        }
    }

    /// A copy of the open spine, from the innermost container outwards, over the shared settled parts.
    fn kept_root(&mut self, c: Build<'_, '_>) -> PyResult<Py<PyAny>> {
        let py = c.py;
        if let Some(closed) = &self.closed {
            self.spare = None;
            return Ok(closed.clone_ref(py));
        }
        self.reclaim(c)?;
        let text = self.text.as_ref().map(|text| text.value.bind(py).clone().into_any());
        let mut child = text;
        // An open container stands in its parent already; an open string does not.
        let mut stands = false;
        for frame in self.frames.iter_mut().rev() {
            let reclaimed = frame.reclaimed.take();
            if frame.waits && child.is_none() {
                continue;
            }
            let Frame { growing, member, .. } = frame;
            let copy = match reclaimed {
                Some(old) if old.renew(c, growing, member, child.as_ref(), stands)? => old,
                _ => {
                    let copy = growing.copy(c)?;
                    if let Some(child) = &child {
                        copy.insert(c, member, child, stands)?;
                    }
                    copy
                }
            };
            child = if frame.detached { None } else { Some(copy.shown(py)?) };
            stands = !frame.waits;
        }
        match child {
            Some(root) => Ok(root.unbind()),
            None => self.blank_root(c, |class, instance| Ok(class.copy(py, instance)?.object)),
        }
    }

    /// Takes the open spine of the last snapshot that nobody else holds, from the root inwards as far as it can be had.
    fn reclaim(&mut self, c: Build<'_, '_>) -> PyResult<()> {
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
        c: Build<'_, '_>,
        show: impl FnOnce(&RecordClass, &Instance) -> PyResult<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let Some(root) = c.schema.sole_record(c.schema.plan.root) else { return Ok(c.py.None()) };
        let Some(class) = c.schema.record(root) else { return Ok(c.py.None()) };
        let blank = match self.blank.take() {
            Some(blank) => blank,
            None => class.blank(c.py, c.schema, &mut vec![root])?,
        };
        show(class, self.blank.insert(blank))
    }

    /// The elements that have settled since the last drain.
    pub(crate) fn drain(&mut self, c: Build<'_, '_>, parser: &mut Parser) -> PyResult<Py<PyList>> {
        self.catch_up(c, parser)?;
        let py = c.py;
        let drained = PyList::empty(py);
        for (list, from) in self.closed_lists.drain(..) {
            let list = list.bind(py);
            drained.call_method1("extend", (list.get_slice(from, list.len()),))?;
        }
        let Some(depth) = self.element_depth else { return Ok(drained.unbind()) };
        let text_placed = self.text.as_ref().is_some_and(|text| text.placed);
        let open = match self.frames.get(depth) {
            Some(frame) => !frame.waits,
            None => self.frames.len() == depth && text_placed,
        };
        if let Some(frame) = depth.checked_sub(1).and_then(|index| self.frames.get_mut(index))
            && let Growing::List(_, list) = &frame.growing
        {
            let list = list.bind(py);
            let settled = list.len().saturating_sub(usize::from(open)).max(frame.drained);
            drained.call_method1("extend", (list.get_slice(frame.drained, settled),))?;
            frame.drained = settled;
        }
        Ok(drained.unbind())
    }

    /// The members of a `snapshot` that is up to date: by the fields of its class if it is a record, in the order of
    /// their declaration.
    pub(crate) fn members<'py>(
        &self,
        c: Build<'_, 'py>,
        class: Option<&RecordClass>,
        snapshot: &Bound<'py, PyAny>,
    ) -> PyResult<Members<'py>> {
        let open = self.open_member(c).map(|open| open.into_bound(c.py));
        let mut arrived = Vec::new();
        match (class, &self.arrived, snapshot.cast::<PyDict>()) {
            (Some(class), Some(names), _) => {
                for field in &class.fields {
                    let name = field.name.bind(c.py).as_any();
                    if names.bind(c.py).contains(name)? || open.as_ref().is_some_and(|open| open.is(name)) {
                        arrived.push(name.clone());
                    }
                }
            }
            (None, _, Ok(dict)) => arrived.extend(dict.keys().iter()),
            _ => {}
        }
        let mut settled = arrived.clone();
        settled.retain(|name| !open.as_ref().is_some_and(|open| open.eq(name).unwrap_or(false)));
        Ok(Members { arrived, settled })
    }

    /// What has arrived of the open parts of a `snapshot`, which is up to date, that do not remember it themselves.
    pub(crate) fn arrived(&self, c: Build<'_, '_>, snapshot: &Bound<'_, PyAny>) -> PyResult<Arrived> {
        let py = c.py;
        let mut arrived = Arrived::default();
        let mut shown = Some(snapshot.clone());
        for (depth, frame) in self.frames.iter().enumerate() {
            let Some(open) = shown.take_if(|_| !frame.waits && !frame.detached) else { return Ok(arrived) };
            if let Growing::Record(id, instance) = &frame.growing
                && c.schema.record(*id).is_some_and(|class| class.forgets(py, instance))
            {
                let names = ffi::copy_set(instance.arrived.bind(py))?;
                if depth + 1 == self.frames.len() && self.text.is_some() {
                    names.add(frame.growing.member_name(c, &frame.member))?;
                }
                arrived.note(&open, Part::Names(names.unbind()));
            }
            shown = frame.growing.child_in(c, &open, &frame.member);
        }
        let nothing = self.frames.is_empty() && self.closed.is_none();
        let root = c.schema.sole_record(c.schema.plan.root).and_then(|root| c.schema.record(root));
        if nothing && root.is_some_and(RecordClass::is_dataclass) {
            arrived.note(snapshot, Part::Names(PySet::empty(py)?.unbind()));
        }
        Ok(arrived)
    }

    /// The name of the root's field or key that is open and shows.
    fn open_member(&self, c: Build<'_, '_>) -> Option<Py<PyAny>> {
        let root = self.frames.first()?;
        let open = self.text.is_some() || self.frames.get(1).is_some_and(|frame| !frame.waits);
        if open { root.growing.member_name(c, &root.member) } else { None }
    }
}
