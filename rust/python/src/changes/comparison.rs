//! The comparison: what stands on the open spine, and what was open there when a reader last looked.
//!
//! It has grown, it has closed, or it was taken back, and then the smallest open value around it is sent anew.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple};

use super::batch::{self, Batch, Kind};
use super::follower::{Follower, Place, Sight, Tip};
use super::level::{Level, Location, open_location};
use crate::build::{Context, Growing, looks_same};
use crate::ffi;

impl Follower {
    /// Adds what is new.
    pub(super) fn follow(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let (py, spine) = (sight.c.py, sight.spine);
        if let Some(root) = &self.root {
            if spine.closed.is_some_and(|closed| closed.is(root)) {
                return Ok(());
            }
            self.root = None;
            let start = batch.len();
            self.descend(sight, batch)?;
            return self.fold(sight, batch, start, &PyTuple::empty(py));
        }
        let branches = &spine.branches;
        let mut common = 0;
        while let (Some(level), Some(branch)) = (self.levels.get(common), branches.get(common))
            && level.number == branch.number
        {
            common += 1;
        }
        if common < self.levels.len() {
            self.look(sight, batch, common)?;
        } else {
            self.look_at_tip(sight, batch)?;
        }
        self.descend(sight, batch)?;
        self.revisions = spine.revisions;
        Ok(())
    }

    /// Begins with all that is there.
    pub(super) fn follow_late(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        if sight.spine.closed.is_some_and(|closed| closed.is_none(sight.c.py)) {
            return self.follow(sight, batch);
        }
        let start = batch.len();
        self.follow(sight, batch)?;
        self.fold(sight, batch, start, &PyTuple::empty(sight.c.py))
    }

    /// Looks at what was open at the tip.
    fn look_at_tip(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let (py, spine, depth) = (sight.c.py, sight.spine, self.levels.len());
        let is_open_here = match self.tip.place() {
            None => return Ok(()),
            Some(place) => is_open_at(sight, depth, place.location.as_ref()),
        };
        let is_text = spine.branches.len() == depth;
        match &mut self.tip {
            Tip::Text(place) if is_open_here && is_text => {
                let sent = &mut self.sent;
                let text = spine.text.unwrap_or_default();
                if text.len() >= sent.len() && (spine.revisions == self.revisions || text.starts_with(sent)) {
                    let more = &text[sent.len()..];
                    if !more.is_empty() {
                        sent.extend_from_slice(more);
                        batch.push(Kind::Append, place.path.bind(py), ffi::string(py, more)?.into_any());
                    }
                    return Ok(());
                }
            }
            Tip::Whole(place, number, last)
                if spine.branches.get(depth).is_some_and(|branch| branch.number == *number) =>
            {
                let dump = sight.dump_whole(depth, &place.manner)?;
                if !looks_same(sight.c, last.bind(py), &dump)? {
                    *last = sight.dump_whole(depth, &place.manner)?.unbind();
                    batch.push(Kind::Replace, place.path.bind(py), dump);
                }
                return Ok(());
            }
            Tip::Loose(place, value) => {
                let stands = match (self.levels.last(), &place.location) {
                    (Some(level), Some(location)) => level.value_at(sight.c, location)?,
                    _ => None,
                };
                if stands.is_some_and(|stands| stands.is(&*value)) && !is_open_here {
                    self.tip = Tip::Nothing;
                    return Ok(());
                }
                return self.rebuild(sight, batch, depth);
            }
            _ => {}
        }
        self.look(sight, batch, depth)
    }

    /// Looks at what was open within `depth` levels, and is not so any more.
    fn look(&mut self, sight: Sight<'_, '_>, batch: &mut Batch, depth: usize) -> PyResult<()> {
        let py = sight.c.py;
        let (location, path) = match (self.levels.get(depth), self.tip.place()) {
            (Some(level), _) => (level.location.as_ref(), &level.path),
            (None, Some(place)) => (place.location.as_ref(), &place.path),
            (None, None) => return Ok(()),
        };
        if is_open_at(sight, depth, location) {
            let path = path.bind(py).clone();
            self.cut(depth);
            let start = batch.len();
            self.descend(sight, batch)?;
            return self.fold(sight, batch, start, &path);
        }
        match self.value_within(sight, depth, location)? {
            Some(value) => self.finish(sight, batch, depth, value),
            None => self.rebuild(sight, batch, depth),
        }
    }

    /// What stands within `depth` levels.
    fn value_within<'py>(
        &self,
        sight: Sight<'_, 'py>,
        depth: usize,
        location: Option<&Location>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = sight.c.py;
        match (depth.checked_sub(1).map(|around| &self.levels[around]), location) {
            (Some(level), Some(location)) => level.value_at(sight.c, location),
            _ => Ok(sight.spine.closed.map(|closed| closed.bind(py).clone())),
        }
    }

    fn cut(&mut self, depth: usize) {
        self.levels.truncate(depth);
        self.tip = Tip::Nothing;
    }

    /// Sends anew the innermost open value around what is within `depth` levels.
    fn rebuild(&mut self, sight: Sight<'_, '_>, batch: &mut Batch, depth: usize) -> PyResult<()> {
        let py = sight.c.py;
        let mut depth = depth;
        while let Some(around) = depth.checked_sub(1) {
            depth = around;
            if around == 0 || !self.levels[around - 1].inside.is_root() {
                break;
            }
        }
        let path = match self.levels.get(depth) {
            Some(level) => level.path.bind(py).clone(),
            None => PyTuple::empty(py),
        };
        self.cut(depth);
        let start = batch.len();
        self.descend(sight, batch)?;
        match batch.fold(py, start, &path)? {
            Some(value) => self.replace(py, batch, &path, value)?,
            None if depth > 0 => return self.rebuild(sight, batch, depth),
            None => batch.push(Kind::Replace, &path, py.None().into_bound(py)),
        }
        Ok(())
    }

    /// Makes one replacement of the changes from `start` on.
    fn fold<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        start: usize,
        path: &Bound<'py, PyTuple>,
    ) -> PyResult<()> {
        if let Some(value) = batch.fold(sight.c.py, start, path)? {
            self.replace(sight.c.py, batch, path, value)?;
            if self.root.is_some() {
                batch.push(Kind::Close, path, sight.c.py.None().into_bound(sight.c.py));
            }
        }
        Ok(())
    }

    /// Sends another value at a path, of which what is open has been sent. Whoever follows takes the last part of it to be
    /// open: what of that has settled is closed.
    fn replace<'py>(
        &self,
        py: Python<'py>,
        batch: &mut Batch,
        path: &Bound<'py, PyTuple>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let end = batch::end_of(&value)?;
        batch.push(Kind::Replace, path, value);
        let open = self.open_length(py).map_or(0, |open| open.saturating_sub(path.len()));
        for depth in (open + 1..=end.len()).rev() {
            let steps = path.iter().chain(end[..depth].iter().cloned()).collect::<Vec<_>>();
            batch.push(Kind::Close, &PyTuple::new(py, steps)?, py.None().into_bound(py));
        }
        Ok(())
    }

    /// The length of the path of the innermost value that is open; none if all that was sent has closed.
    fn open_length(&self, py: Python<'_>) -> Option<usize> {
        match (&self.tip, self.levels.last()) {
            (Tip::Text(place) | Tip::Whole(place, ..), _) => Some(&place.path),
            (_, Some(level)) => Some(&level.path),
            _ => None,
        }
        .map(|path| path.bind(py).len())
    }

    /// What was open within `depth` levels is settled: it is `value`.
    fn finish<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        depth: usize,
        value: Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        let mut values = vec![value];
        let mut other = None;
        for (place, level) in self.levels.iter().enumerate().skip(depth) {
            let value = &values[place - depth];
            if !self.is_it(sight, level, value) {
                other = Some(place);
                break;
            }
            let inner = self.levels.get(place + 1).map(|inner| inner.location.as_ref());
            let inner = inner.or_else(|| self.tip.place().map(|place| place.location.as_ref()));
            if let Some(Some(location)) = inner {
                let is_innermost = place + 1 == self.levels.len();
                match level.value_at(sight.c, location)? {
                    Some(value) if !is_innermost || !self.tip.was_taken_back(&value) => values.push(value),
                    _ => {
                        other = Some(place);
                        break;
                    }
                }
            }
        }
        if let Some(place) = other {
            self.levels.truncate(place + 1);
            self.tip = Tip::Nothing;
            if let Some(level) = self.levels.pop() {
                let dump = level.manner.dump(&values[place - depth], sight.style, sight.arrived)?;
                batch.push(Kind::Replace, level.path.bind(py), dump);
                self.close(sight, batch, level.path.bind(py), &level.manner, &values[place - depth])?;
            }
        } else {
            let value = values[values.len() - 1].clone();
            match std::mem::take(&mut self.tip) {
                Tip::Nothing | Tip::Loose(..) => {}
                Tip::Text(place) => self.finish_text(sight, batch, &place, &value)?,
                Tip::Whole(place, _, last) => {
                    let dump = place.manner.dump(&value, sight.style, sight.arrived)?;
                    if !looks_same(sight.c, last.bind(py), &dump)? {
                        batch.push(Kind::Replace, place.path.bind(py), dump);
                    }
                    self.close(sight, batch, place.path.bind(py), &place.manner, &value)?;
                }
            }
        }
        while self.levels.len() > depth {
            let place = self.levels.len() - 1;
            let value = values[place - depth].clone();
            let fresh = self.levels[place].fresh(sight.c, None)?;
            for (location, value) in fresh {
                self.set(sight, batch, &location, &value)?;
            }
            let Some(level) = self.levels.pop() else { break };
            let path = level.path.bind(py);
            if level.is_ambiguous || level.is_other_set(py, &value) {
                batch.push(Kind::Replace, path, level.manner.dump(&value, sight.style, sight.arrived)?);
            } else if level.is_hooked
                && let Some(mirror) = level.mirrored(py)
            {
                let dump = level.manner.dump(&value, sight.style, sight.arrived)?;
                if !looks_alike(sight.c, &mirror, &dump)? {
                    batch.push(Kind::Replace, path, dump);
                }
            }
            if level.inside.is_root() && !level.owes_close {
                if let Some(around) = self.levels.last_mut() {
                    around.take_place(py, &value);
                }
                self.note(sight, path, &level.manner, &value)?;
            } else {
                self.close(sight, batch, path, &level.manner, &value)?;
            }
        }
        if self.levels.is_empty() {
            self.root = sight.spine.closed.map(|closed| closed.clone_ref(py));
        }
        Ok(())
    }

    /// Whether a value is what has grown at a level. Hooks may have made it another one: that is compared in the end.
    fn is_it(&self, sight: Sight<'_, '_>, level: &Level, value: &Bound<'_, PyAny>) -> bool {
        if matches!(level.growing, Growing::List(_, _, Some(_))) {
            let is_set = value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>();
            return is_set && sight.spine.revisions == self.revisions;
        }
        if level.is_hooked {
            return sight.spine.revisions == self.revisions || value.is(level.growing.object(sight.c.py));
        }
        if level.growing.grows_in_place() {
            return value.is(level.growing.object(sight.c.py));
        }
        // A tuple is made anew.
        sight.spine.revisions == self.revisions
            && value.cast::<PyTuple>().is_ok_and(|tuple| {
                level.growing.object(sight.c.py).len().is_ok_and(|length| length == tuple.len())
            })
    }

    fn finish_text<'py>(
        &mut self,
        sight: Sight<'_, 'py>,
        batch: &mut Batch,
        place: &Place,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        let dump = place.manner.dump(value, sight.style, sight.arrived)?;
        let path = place.path.bind(py);
        match dump.cast_exact::<PyString>().ok().and_then(|text| ffi::utf8(text)?.strip_prefix(&*self.sent)) {
            Some([]) => {}
            Some(more) => batch.push(Kind::Append, path, ffi::string(py, more)?.into_any()),
            None => batch.push(Kind::Replace, path, dump),
        }
        self.close(sight, batch, path, &place.manner, value)
    }
}

/// Whether something is open within `depth` levels that stands at a place.
fn is_open_at(sight: Sight<'_, '_>, depth: usize, location: Option<&Location>) -> bool {
    let spine = sight.spine;
    if spine.branches.len() < depth || (spine.branches.len() == depth && spine.text.is_none()) {
        return false;
    }
    let open = depth.checked_sub(1).map(|around| open_location(sight.c, &spine.branches[around]));
    is_same_place(sight.c.py, open.as_ref(), location)
}

fn is_same_place(py: Python<'_>, one: Option<&Location>, other: Option<&Location>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_at(py, other),
        _ => false,
    }
}

/// Whether two dumps are the same, in whatever order their keys are.
fn looks_alike<'py>(
    c: Context<'_, 'py>,
    one: &Bound<'py, PyAny>,
    other: &Bound<'py, PyAny>,
) -> PyResult<bool> {
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyDict>(), other.cast_exact::<PyDict>()) {
        if one.len() != other.len() {
            return Ok(false);
        }
        for (key, value) in one.iter() {
            match other.get_item(&key)? {
                Some(found) if looks_alike(c, &value, &found)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyList>(), other.cast_exact::<PyList>()) {
        if one.len() != other.len() {
            return Ok(false);
        }
        for (one, other) in one.iter().zip(other.iter()) {
            if !looks_alike(c, &one, &other)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    looks_same(c, one, other)
}
