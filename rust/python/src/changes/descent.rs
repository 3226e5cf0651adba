//! The descent: down the open spine, from what a reader has been told of to what is new.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::batch::{Batch, Kind};
use super::follower::{Follower, Place, Sight, Tip};
use super::level::{Level, Location, open_location};
use super::lookout::is_wanted;
use crate::build::Branch;
use crate::dump::Manner;
use crate::ffi;

impl Follower {
    /// Sends what is new in the innermost level, and what has opened in it.
    pub(super) fn descend(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let (py, spine) = (sight.c.py, sight.spine);
        while matches!(self.tip, Tip::Nothing) && self.root.is_none() {
            let depth = self.levels.len();
            let around = depth.checked_sub(1).and_then(|around| spine.branches.get(around));
            let mut location = None;
            if let Some(branch) = around {
                let open = open_location(sight.c, branch);
                let fresh = self.levels[depth - 1].fresh(sight.c, Some(&open).filter(|_| branch.stands))?;
                for (location, value) in fresh {
                    self.set(sight, batch, &location, &value)?;
                }
                if self.levels[depth - 1].is_ambiguous {
                    return self.send_whole(sight, batch);
                }
                location = Some(open);
            }
            let inner = spine.branches.get(depth);
            let text = spine.text.filter(|_| inner.is_none());
            if inner.is_none() && text.is_none() {
                match (around, location) {
                    (Some(branch), Some(location)) if branch.stands => {
                        return self.send_loose(sight, batch, location);
                    }
                    (None, _) => return self.send_root(sight, batch),
                    _ => return Ok(()),
                }
            }
            let placed = self.place(sight, location.as_ref())?;
            if let (Some(level), Some(location), Some(branch)) = (self.levels.last_mut(), &location, around) {
                level.note_open(py, location, branch.stands);
            }
            let Some((path, manner)) = placed else { return Ok(()) };
            if let Some(location) = &location
                && !self.claim(py, location, &path)?
            {
                return self.send_whole(sight, batch);
            }
            match (inner, text) {
                (Some(branch), _) => self.open(sight, batch, branch, (path, manner), location)?,
                (None, Some(text)) => {
                    self.begin(batch, &path, PyString::new(py, "").into_any());
                    if !text.is_empty() {
                        batch.push(Kind::Append, &path, ffi::string(py, text)?.into_any());
                    }
                    self.sent.clear();
                    self.sent.extend_from_slice(text);
                    self.tip = Tip::Text(Place { location, path: path.unbind(), manner });
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn open<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        branch: &Branch<'_>,
        (path, manner): (Bound<'py, PyTuple>, Manner),
        location: Option<Location>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        let inside = manner.inside(branch.growing.object(py), sight.style)?;
        if !inside.is_known() {
            let depth = self.levels.len();
            let dump = sight.dump_whole(depth, &manner)?;
            let is_list = dump.is_instance_of::<PyList>();
            let empty = if is_list { PyList::empty(py).into_any() } else { PyDict::new(py).into_any() };
            let is_empty = dump.is_empty().unwrap_or(false);
            self.begin(batch, &path, empty);
            let last = sight.dump_whole(depth, &manner)?.unbind();
            if !is_empty {
                batch.push(Kind::Replace, &path, dump);
            }
            self.tip = Tip::Whole(Place { location, path: path.unbind(), manner }, branch.number, last);
            return Ok(());
        }
        if !inside.is_root() {
            let empty =
                if inside.is_array() { PyList::empty(py).into_any() } else { PyDict::new(py).into_any() };
            self.begin(batch, &path, empty);
        }
        let is_mirrored = branch.is_hooked || self.levels.last().is_some_and(|level| level.mirror.is_some());
        self.levels.push(Level::new(py, branch, (path.unbind(), manner, inside), location, is_mirrored)?);
        Ok(())
    }

    /// Sends the beginning of a member.
    fn begin(&mut self, batch: &mut Batch, path: &Bound<'_, PyTuple>, empty: Bound<'_, PyAny>) {
        let kind = if self.use_spare() { Kind::Replace } else { Kind::Open };
        batch.push(kind, path, empty);
    }

    /// Sends a settled member of the innermost level.
    pub(super) fn set<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        location: &Location,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        if self.levels.last().is_some_and(|level| level.has(py, value)) {
            return Ok(());
        }
        let Some((path, manner)) = self.place(sight, Some(location))? else { return Ok(()) };
        if !self.claim(py, location, &path)? {
            return Ok(());
        }
        let dump = manner.dump(value, sight.style, sight.arrived)?;
        if self.use_spare() {
            batch.push(Kind::Replace, &path, dump);
            batch.push(Kind::Close, &path, py.None().into_bound(py));
        } else {
            batch.push(Kind::Set, &path, dump);
        }
        if let Some(level) = self.levels.last_mut() {
            level.take_place(py, value);
        }
        self.note(sight, &path, &manner, value)
    }

    /// What is at `path` in the innermost level is settled.
    pub(super) fn close<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        path: &Bound<'py, PyTuple>,
        manner: &Manner,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        match self.levels.last_mut() {
            Some(level) if level.has(py, value) => {
                level.spare_place();
                return Ok(());
            }
            Some(level) => level.take_place(py, value),
            None => {}
        }
        self.note(sight, path, manner, value)?;
        match self.levels.last_mut() {
            Some(level) if level.inside.is_root() => level.owes_close = true,
            _ => batch.push(Kind::Close, path, py.None().into_bound(py)),
        }
        Ok(())
    }

    /// Takes note of a settled value in the innermost level, if that keeps one.
    pub(super) fn note<'py>(
        &self,
        sight: Sight<'_, 'py>,
        path: &Bound<'py, PyTuple>,
        manner: &Manner,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let Some(level) = self.levels.last().filter(|level| level.mirror.is_some()) else { return Ok(()) };
        let dump = manner.dump(value, sight.style, sight.arrived)?;
        let step = if path.is_empty() { path.as_any().clone() } else { path.get_item(path.len() - 1)? };
        level.note(sight.c.py, &step, &dump)
    }

    /// The path of a member of the innermost level, and how it is dumped; None if it is not.
    fn place<'py>(
        &self,
        sight: Sight<'_, 'py>,
        location: Option<&Location>,
    ) -> PyResult<Option<(Bound<'py, PyTuple>, Manner)>> {
        let py = sight.c.py;
        let (Some(level), Some(location)) = (self.levels.last(), location) else {
            return Ok(Some((PyTuple::empty(py), Manner::of_root(sight.c.schema.layouts(py)?, sight.style))));
        };
        let Some((step, manner)) = level.step(sight.c, location, sight.style)? else { return Ok(None) };
        let around = level.path.bind(py);
        if level.inside.is_root() {
            return Ok(Some((around.clone(), manner)));
        }
        let path = ffi::longer_tuple(around, step)?;
        Ok(Some((path, manner)).filter(|(path, _)| is_wanted(&self.wanted, path)))
    }

    /// Takes note of the name by which a member of the innermost level is sent. False if another one has been sent by it.
    fn claim(&mut self, py: Python<'_>, location: &Location, path: &Bound<'_, PyTuple>) -> PyResult<bool> {
        match self.levels.last_mut() {
            Some(level) if !path.is_empty() => level.claim(py, location, &path.get_item(path.len() - 1)?),
            _ => Ok(true),
        }
    }

    /// Whether the next member has a place that is open already. A root model stands where its one member does.
    fn use_spare(&mut self) -> bool {
        let around = self.levels.iter_mut().rev().find(|level| !level.inside.is_root());
        around.is_some_and(Level::use_spare)
    }

    /// Sends the innermost level as a whole from now on.
    fn send_whole(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let Some(level) = self.levels.pop() else { return Ok(()) };
        let depth = self.levels.len();
        let dump = sight.dump_whole(depth, &level.manner)?;
        batch.push(Kind::Replace, level.path.bind(sight.c.py), dump);
        let last = sight.dump_whole(depth, &level.manner)?.unbind();
        let place = Place { location: level.location, path: level.path, manner: level.manner };
        self.tip = Tip::Whole(place, level.number, last);
        Ok(())
    }

    /// Sends a value that has closed and may be taken back.
    fn send_loose(&mut self, sight: Sight<'_, '_>, batch: &mut Batch, location: Location) -> PyResult<()> {
        let py = sight.c.py;
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let Some(value) = level.value_at(sight.c, &location)? else { return Ok(()) };
        if !level.is_sent(py, &location) {
            level.note_open(py, &location, true);
            let is_root = level.inside.is_root();
            match value.cast_exact::<PyString>() {
                // Where nothing around it is open it has to be open itself.
                Ok(text) if is_root => self.open_loose(sight, batch, &location, text)?,
                _ => self.set(sight, batch, &location, &value)?,
            }
            if self.levels.last().is_some_and(|level| level.is_ambiguous) {
                return self.send_whole(sight, batch);
            }
        }
        if let Some((path, manner)) = self.place(sight, Some(&location))? {
            let place = Place { location: Some(location), path: path.unbind(), manner };
            self.tip = Tip::Loose(place, value.unbind());
        }
        Ok(())
    }

    /// Sends a text in a root model that has closed and may be taken back: it closes with the root model.
    fn open_loose(
        &mut self,
        sight: Sight<'_, '_>,
        batch: &mut Batch,
        location: &Location,
        text: &Bound<'_, PyString>,
    ) -> PyResult<()> {
        let Some((path, _)) = self.place(sight, Some(location))? else { return Ok(()) };
        self.begin(batch, &path, PyString::new(sight.c.py, "").into_any());
        if !text.is_empty()? {
            batch.push(Kind::Append, &path, text.clone().into_any());
        }
        if let Some(level) = self.levels.last_mut() {
            level.owes_close = true;
        }
        Ok(())
    }

    /// Sends the root that has closed before anything of it was sent.
    fn send_root(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let py = sight.c.py;
        if let (Some(closed), Some((path, manner))) = (sight.spine.closed, self.place(sight, None)?) {
            batch.push(Kind::Set, &path, manner.dump(closed.bind(py), sight.style, sight.arrived)?);
            self.root = Some(closed.clone_ref(py));
        }
        Ok(())
    }
}
