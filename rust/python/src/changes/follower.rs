//! What one reader has been told of a growing value, and what it has to be told next.
//!
//! Only the open spine changes. What stood on it at the last drain is looked at again: it has grown, it has closed, or
//! it was taken back, and then the smallest open value around it is sent anew.

use instar_core::Parser;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::batch::{self, Batch, Kind};
use super::level::{Level, Location, open_location};
use super::lookout::{Step, is_wanted};
use crate::build::{Branch, Context, Growing, Spine, looks_same, whole};
use crate::dump::{Arrived, Manner, Style};
use crate::ffi;

/// What a drain goes by.
#[derive(Clone, Copy)]
pub(super) struct Sight<'s, 'py> {
    pub(super) c: Context<'s, 'py>,
    pub(super) style: Style,
    pub(super) arrived: &'s [&'s Arrived],
    pub(super) spine: &'s Spine<'s>,
}

/// What a delta has brought that may have brought characters of an open text.
pub(crate) enum TextNews<'py> {
    Nothing,
    Piece(Bound<'py, PyString>),
    /// Something else, or that as well.
    Else,
}

#[derive(Default)]
pub(super) struct Follower {
    levels: Vec<Level>,
    tip: Tip,
    /// The root, once it has been sent as closed.
    root: Option<Py<PyAny>>,
    revisions: u64,
    /// Where the changes are wanted; everywhere, if it is empty.
    wanted: Vec<Vec<Step>>,
}

/// What is open in the innermost level, and is none itself.
#[derive(Default)]
enum Tip {
    #[default]
    Nothing,
    Text(Place, Vec<u8>),
    /// A container that is sent as a whole, by its number, with its last dump.
    Whole(Place, u64, Py<PyAny>),
    /// A value that has been set and may still be taken back.
    Loose(Place, Py<PyAny>),
}

struct Place {
    /// Where it stands in the innermost level; None for the root.
    location: Option<Location>,
    path: Py<PyTuple>,
    manner: Manner,
}

impl Tip {
    fn place(&self) -> Option<&Place> {
        match self {
            Self::Nothing => None,
            Self::Text(place, _) | Self::Whole(place, ..) | Self::Loose(place, _) => Some(place),
        }
    }

    /// Whether another value stands where one was set.
    fn was_taken_back(&self, stands: &Bound<'_, PyAny>) -> bool {
        matches!(self, Self::Loose(_, set) if !stands.is(set))
    }
}

fn is_same_place(py: Python<'_>, one: Option<&Location>, other: Option<&Location>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_at(py, other),
        _ => false,
    }
}

impl Follower {
    pub(super) fn narrow(&mut self, wanted: Vec<Vec<Step>>) {
        self.wanted = wanted;
    }

    pub(super) fn wanted(&mut self) -> Vec<Vec<Step>> {
        std::mem::take(&mut self.wanted)
    }

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

    /// What an open text has grown by, if that is all that has happened.
    #[inline]
    pub(super) fn text_news<'py>(&mut self, py: Python<'py>, parser: &Parser) -> PyResult<TextNews<'py>> {
        match (&mut self.tip, parser.open_text()) {
            (Tip::Text(_, sent), Some(span)) => match parser.source().bytes(span).get(sent.len()..) {
                Some([]) => Ok(TextNews::Nothing),
                Some(more) => {
                    sent.extend_from_slice(more);
                    ffi::string(py, more).map(TextNews::Piece)
                }
                None => Ok(TextNews::Else),
            },
            (Tip::Nothing, None) => Ok(TextNews::Nothing),
            _ => Ok(TextNews::Else),
        }
    }

    /// The path of the open text, if there is one.
    pub(super) fn open_text(&self) -> Option<&Py<PyTuple>> {
        match &self.tip {
            Tip::Text(place, _) => Some(&place.path),
            _ => None,
        }
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
            (Tip::Text(place, _) | Tip::Whole(place, ..), _) => Some(&place.path),
            (_, Some(level)) => Some(&level.path),
            _ => None,
        }
        .map(|path| path.bind(py).len())
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
            Tip::Text(place, sent) if is_open_here && is_text => {
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
                let dump = dump_whole(sight, depth, &place.manner)?;
                if !looks_same(sight.c, last.bind(py), &dump)? {
                    *last = dump_whole(sight, depth, &place.manner)?.unbind();
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
                Tip::Text(place, sent) => self.finish_text(sight, batch, &place, &sent, &value)?,
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
        sent: &[u8],
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = sight.c.py;
        let dump = place.manner.dump(value, sight.style, sight.arrived)?;
        let path = place.path.bind(py);
        match dump.cast_exact::<PyString>().ok().and_then(|text| ffi::utf8(text)?.strip_prefix(sent)) {
            Some([]) => {}
            Some(more) => batch.push(Kind::Append, path, ffi::string(py, more)?.into_any()),
            None => batch.push(Kind::Replace, path, dump),
        }
        self.close(sight, batch, path, &place.manner, value)
    }

    /// What is at `path` in the innermost level is settled.
    fn close<'py>(
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
    fn note<'py>(
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

    /// Takes note of the name by which a member of the innermost level is sent. False if another one has been sent by it.
    fn claim(&mut self, py: Python<'_>, location: &Location, path: &Bound<'_, PyTuple>) -> PyResult<bool> {
        match self.levels.last_mut() {
            Some(level) if !path.is_empty() => level.claim(py, location, &path.get_item(path.len() - 1)?),
            _ => Ok(true),
        }
    }

    /// Sends the innermost level as a whole from now on.
    fn send_whole(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
        let Some(level) = self.levels.pop() else { return Ok(()) };
        let depth = self.levels.len();
        let dump = dump_whole(sight, depth, &level.manner)?;
        batch.push(Kind::Replace, level.path.bind(sight.c.py), dump);
        let last = dump_whole(sight, depth, &level.manner)?.unbind();
        let place = Place { location: level.location, path: level.path, manner: level.manner };
        self.tip = Tip::Whole(place, level.number, last);
        Ok(())
    }

    /// Sends the beginning of a member.
    fn begin(&mut self, batch: &mut Batch, path: &Bound<'_, PyTuple>, empty: Bound<'_, PyAny>) {
        let kind = if self.use_spare() { Kind::Replace } else { Kind::Open };
        batch.push(kind, path, empty);
    }

    /// Whether the next member has a place that is open already. A root model stands where its one member does.
    fn use_spare(&mut self) -> bool {
        let around = self.levels.iter_mut().rev().find(|level| !level.inside.is_root());
        around.is_some_and(Level::use_spare)
    }

    /// Sends a settled member of the innermost level.
    fn set<'py>(
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
        let depth = around.len();
        let step_at = |place| if place < depth { around.get_item(place) } else { Ok(step.clone()) };
        let path = match depth {
            0 => PyTuple::new(py, [step])?,
            1 => PyTuple::new(py, [step_at(0)?, step])?,
            _ => PyTuple::new(py, (0..=depth).map(step_at).collect::<PyResult<Vec<_>>>()?)?,
        };
        Ok(Some((path, manner)).filter(|(path, _)| is_wanted(&self.wanted, path)))
    }

    /// Sends what is new in the innermost level, and what has opened in it.
    fn descend(&mut self, sight: Sight<'_, '_>, batch: &mut Batch) -> PyResult<()> {
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
                    self.tip = Tip::Text(Place { location, path: path.unbind(), manner }, text.to_vec());
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
            let dump = dump_whole(sight, depth, &manner)?;
            let is_list = dump.is_instance_of::<PyList>();
            let empty = if is_list { PyList::empty(py).into_any() } else { PyDict::new(py).into_any() };
            let is_empty = dump.is_empty().unwrap_or(false);
            self.begin(batch, &path, empty);
            let last = dump_whole(sight, depth, &manner)?.unbind();
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

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.levels.iter().try_for_each(|level| level.traverse(visit))?;
        if let Some(place) = self.tip.place() {
            visit.call(&place.path)?;
            place.location.as_ref().map_or(Ok(()), |location| location.traverse(visit))?;
        }
        match &self.tip {
            Tip::Whole(_, _, value) | Tip::Loose(_, value) => visit.call(value)?,
            Tip::Nothing | Tip::Text(..) => {}
        }
        visit.call(&self.root)
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

/// The dump of a container on the open spine, with all that is open in it.
fn dump_whole<'py>(sight: Sight<'_, 'py>, depth: usize, manner: &Manner) -> PyResult<Bound<'py, PyAny>> {
    let (value, open) = whole(sight.c, &sight.spine.branches[depth..], sight.spine.text)?;
    let arrived: Vec<_> = sight.arrived.iter().copied().chain([&open]).collect();
    manner.dump(&value, sight.style, &arrived)
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
