//! An open container, and how many of its members have been sent.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::build::{Branch, Context, Growing, Member};
use crate::dump::{Inside, Manner, Style};
use crate::once::intern;
use crate::schema::{Field, Instance};

/// Where a member stands in its container.
pub(super) enum Location {
    Element(usize),
    /// By its number.
    Field(u32),
    Key(Py<PyAny>),
}

pub(super) struct Level {
    pub(super) number: u64,
    pub(super) growing: Growing,
    pub(super) inside: Inside,
    /// How it is dumped itself.
    pub(super) manner: Manner,
    pub(super) path: Py<PyTuple>,
    /// Where it stands in the container around it; None for the root.
    pub(super) location: Option<Location>,
    pub(super) is_hooked: bool,
    /// The dump of what has been sent, where hooks may change it.
    pub(super) mirror: Option<Py<PyAny>>,
    /// Whether a text or container has closed that is at the same path.
    pub(super) owes_close: bool,
    /// What of it has been sent, if it is a set.
    distinct: Option<Distinct>,
    /// By which names members were sent, and which, where two may go by one.
    names: Option<Py<PyDict>>,
    /// Whether two do: what shows of them the dump alone tells.
    pub(super) is_ambiguous: bool,
    /// How many elements or keys have been sent.
    sent: usize,
    /// Which fields have been sent, by their numbers, and how many.
    fields: Vec<bool>,
    fields_sent: usize,
}

/// The members of a set, which are sent as those of a list, each once.
struct Distinct {
    members: Py<PySet>,
    /// How many places of the list are taken.
    places: usize,
    /// Whether a member that was sent while it was open has closed as an equal one of those before it. Its place stays
    /// open for the next member.
    has_spare: bool,
}

/// A member, and where it stands.
pub(super) type Found<'py> = (Location, Bound<'py, PyAny>);

impl Location {
    pub(super) fn is_at(&self, py: Python<'_>, other: &Self) -> bool {
        match (self, other) {
            (Self::Element(one), Self::Element(other)) => one == other,
            (Self::Field(one), Self::Field(other)) => one == other,
            (Self::Key(one), Self::Key(other)) => one.is(other) || one.bind(py).eq(other).unwrap_or(false),
            _ => false,
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Element(_) | Self::Field(_) => Ok(()),
            Self::Key(key) => visit.call(key),
        }
    }
}

/// Where the open member of a container stands, or will.
pub(super) fn open_location(c: Context<'_, '_>, branch: &Branch<'_>) -> Location {
    let py = c.py;
    match (branch.growing, branch.member) {
        (Growing::List(_, list, _), _) => {
            Location::Element(list.bind(py).len().saturating_sub(usize::from(branch.stands)))
        }
        (_, Member::Key(key)) => Location::Key(key.clone_ref(py)),
        (_, Member::Field(number)) => Location::Field(*number),
        (_, Member::Element) => Location::Element(0),
    }
}

impl Level {
    pub(super) fn new(
        py: Python<'_>,
        branch: &Branch<'_>,
        (path, manner, inside): (Py<PyTuple>, Manner, Inside),
        location: Option<Location>,
        is_mirrored: bool,
    ) -> PyResult<Self> {
        let is_array = inside.is_array();
        let distinct = match &branch.growing {
            Growing::List(_, _, Some(_)) => {
                Some(Distinct { members: PySet::empty(py)?.unbind(), places: 0, has_spare: false })
            }
            _ => None,
        };
        // A set is compared by its members.
        let is_mirrored = is_mirrored && distinct.is_none();
        let mirror = is_mirrored.then(|| {
            if is_array { PyList::empty(py).into_any().unbind() } else { PyDict::new(py).into_any().unbind() }
        });
        Ok(Self {
            number: branch.number,
            growing: branch.growing.clone_ref(py),
            inside,
            manner,
            path,
            location,
            is_hooked: branch.is_hooked,
            mirror,
            owes_close: false,
            distinct,
            names: None,
            is_ambiguous: false,
            sent: 0,
            fields: Vec::new(),
            fields_sent: 0,
        })
    }

    /// Takes note of the name by which a member is sent. False if another one has been sent by it: a field by its alias,
    /// or a key that is the same in JSON.
    pub(super) fn claim(
        &mut self,
        py: Python<'_>,
        location: &Location,
        step: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let mut is_free = true;
        let is_plain = match (location, &self.growing) {
            (Location::Key(key), Growing::Dict(dict)) => {
                let is_plain = step.is(key);
                is_free = is_plain || !dict.bind(py).contains(step)?;
                is_plain
            }
            (_, Growing::Record(_, instance)) => instance.extra.is_none() && !self.inside.is_by_alias(),
            _ => true,
        };
        if is_plain && self.names.is_none() {
            return Ok(true);
        }
        let owner = match location {
            Location::Element(_) => return Ok(true),
            Location::Field(number) => number.into_pyobject(py)?.into_any(),
            Location::Key(key) => key.bind(py).clone(),
        };
        let names = self.names.get_or_insert_with(|| PyDict::new(py).unbind()).bind(py);
        match names.get_item(step)? {
            Some(other) => is_free &= other.eq(&owner)?,
            None => names.set_item(step, owner)?,
        }
        self.is_ambiguous |= !is_free;
        Ok(is_free)
    }

    /// Whether a settled member is sent already: an equal one of a set.
    pub(super) fn has(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> bool {
        self.distinct
            .as_ref()
            .is_some_and(|distinct| distinct.members.bind(py).contains(value).unwrap_or(false))
    }

    /// Takes note that a settled member has the next place. What cannot be hashed is equal to none.
    pub(super) fn take_place(&mut self, py: Python<'_>, value: &Bound<'_, PyAny>) {
        if let Some(distinct) = &mut self.distinct {
            let _ = distinct.members.bind(py).add(value);
            distinct.places += 1;
        }
    }

    /// Leaves the place of the last member open for the next one.
    pub(super) fn spare_place(&mut self) {
        if let Some(distinct) = &mut self.distinct {
            distinct.has_spare = true;
        }
    }

    /// Whether the next member has a place that is open already.
    pub(super) fn use_spare(&mut self) -> bool {
        self.distinct.as_mut().is_some_and(|distinct| std::mem::take(&mut distinct.has_spare))
    }

    /// Whether a set shows other members than those that were sent.
    pub(super) fn is_other_set(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> bool {
        self.distinct.as_ref().is_some_and(|distinct| {
            let members = distinct.members.bind(py);
            distinct.has_spare || distinct.places != members.len() || !members.eq(value).unwrap_or(false)
        })
    }

    /// What a member is called, and how it is dumped; None if it is not.
    pub(super) fn step<'py>(
        &self,
        c: Context<'_, 'py>,
        location: &Location,
        style: Style,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Manner)>> {
        let py = c.py;
        match location {
            Location::Element(place) => {
                let step = self.distinct.as_ref().map_or(*place, |distinct| distinct.places);
                Ok(Some((step.into_pyobject(py)?.into_any(), self.inside.element(*place))))
            }
            Location::Field(number) => match self.field(c, *number) {
                Some(field) => self.inside.member(field.name.bind(py), true, style),
                None => Ok(None),
            },
            Location::Key(key) => self.inside.member(key.bind(py), false, style),
        }
    }

    /// The field of a number.
    fn field<'c>(&self, c: Context<'c, '_>, number: u32) -> Option<&'c Field> {
        match &self.growing {
            Growing::Record(id, _) => c.schema.record(*id)?.fields.get(number as usize),
            _ => None,
        }
    }

    /// What stands at a place.
    pub(super) fn value_at<'py>(
        &self,
        c: Context<'_, 'py>,
        location: &Location,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = c.py;
        match (&self.growing, location) {
            (Growing::List(_, list, _), Location::Element(place)) => Ok(list.bind(py).get_item(*place).ok()),
            (Growing::Record(_, instance), Location::Field(number)) => match self.field(c, *number) {
                Some(field) if instance.arrived.bind(py).contains(&field.name)? => {
                    instance.values.bind(py).get_item(&field.name)
                }
                _ => Ok(None),
            },
            (
                Growing::Record(_, Instance { extra: Some(dict), .. }) | Growing::Dict(dict),
                Location::Key(key),
            ) => dict.bind(py).get_item(key),
            _ => Ok(None),
        }
    }

    fn keys(&self) -> Option<&Py<PyDict>> {
        match &self.growing {
            Growing::Record(_, Instance { extra: Some(dict), .. }) | Growing::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub(super) fn is_sent(&self, py: Python<'_>, location: &Location) -> bool {
        match location {
            Location::Element(place) => *place < self.sent,
            Location::Field(number) => self.is_field_sent(*number),
            Location::Key(_) => self.keys().is_some_and(|dict| dict.bind(py).len() <= self.sent),
        }
    }

    fn is_field_sent(&self, number: u32) -> bool {
        self.fields.get(number as usize).copied().unwrap_or_default()
    }

    fn note_field(&mut self, number: u32) {
        let number = number as usize;
        if self.fields.len() <= number {
            self.fields.resize(number + 1, false);
        }
        self.fields_sent += usize::from(!std::mem::replace(&mut self.fields[number], true));
    }

    /// Takes note that the open member has been sent.
    pub(super) fn note_open(&mut self, py: Python<'_>, location: &Location, stands: bool) {
        match location {
            Location::Element(place) => self.sent = self.sent.max(place + 1),
            Location::Field(number) => self.note_field(*number),
            Location::Key(_) => {
                let keys = self.keys().map_or(0, |dict| dict.bind(py).len());
                self.sent = self.sent.max(keys + usize::from(!stands));
            }
        }
    }

    /// The settled members that have not been sent, which now they are. `open` is the one that is not settled.
    pub(super) fn fresh<'py>(
        &mut self,
        c: Context<'_, 'py>,
        open: Option<&Location>,
    ) -> PyResult<Vec<Found<'py>>> {
        let py = c.py;
        let mut fresh = Vec::new();
        if let Growing::List(_, list, _) = &self.growing {
            let list = list.bind(py);
            let settled = list.len() - usize::from(open.is_some() && !list.is_empty());
            for place in self.sent..settled {
                fresh.push((Location::Element(place), list.get_item(place)?));
            }
            self.sent = self.sent.max(settled);
        }
        if let Growing::Record(id, instance) = &self.growing
            && let Some(class) = c.schema.record(*id)
        {
            let (arrived, values) = (instance.arrived.clone_ref(py), instance.values.clone_ref(py));
            let (arrived, values) = (arrived.bind(py), values.bind(py));
            let open_field = match open {
                Some(Location::Field(open)) if !self.is_field_sent(*open) => Some(*open),
                _ => None,
            };
            for (number, field) in (0..).zip(&class.fields) {
                // Keys beside the fields may have arrived, too: then all fields are looked at.
                if arrived.len() <= self.fields_sent + usize::from(open_field.is_some()) {
                    break;
                }
                if open_field == Some(number)
                    || self.is_field_sent(number)
                    || !arrived.contains(&field.name)?
                {
                    continue;
                }
                if let Some(value) = values.get_item(&field.name)? {
                    self.note_field(number);
                    fresh.push((Location::Field(number), value));
                }
            }
        }
        if let Some(dict) = self.keys() {
            let dict = dict.bind(py);
            let is_open = usize::from(matches!(open, Some(Location::Key(_))));
            let settled = dict.len().saturating_sub(is_open);
            if settled > self.sent {
                let from_the_end = dict.as_any().call_method0(intern!(py, "__reversed__"))?.try_iter()?;
                let keys =
                    from_the_end.skip(is_open).take(settled - self.sent).collect::<PyResult<Vec<_>>>()?;
                for key in keys.into_iter().rev() {
                    if let Some(value) = dict.get_item(&key)? {
                        fresh.push((Location::Key(key.unbind()), value));
                    }
                }
                self.sent = settled;
            }
        }
        Ok(fresh)
    }

    /// Takes note of the dump of a member that is settled.
    pub(super) fn note(
        &self,
        py: Python<'_>,
        step: &Bound<'_, PyAny>,
        dump: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let Some(mirror) = &self.mirror else { return Ok(()) };
        match mirror.bind(py).cast::<PyList>() {
            Ok(list) => list.append(dump),
            Err(_) if self.inside.is_root() => mirror.bind(py).set_item(intern!(py, "root"), dump),
            Err(_) => mirror.bind(py).set_item(step, dump),
        }
    }

    /// The dump of what has been sent, where that is known.
    pub(super) fn mirrored<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let mirror = self.mirror.as_ref()?.bind(py).clone();
        if self.inside.is_root() { mirror.get_item(intern!(py, "root")).ok() } else { Some(mirror) }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.growing.traverse(visit)?;
        visit.call(&self.path)?;
        visit.call(&self.mirror)?;
        visit.call(&self.names)?;
        visit.call(self.distinct.as_ref().map(|distinct| &distinct.members))?;
        self.location.as_ref().map_or(Ok(()), |location| location.traverse(visit))
    }
}
