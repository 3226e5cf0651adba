//! An open container: what it holds so far, and what goes into it.

use instar_core::NodeId;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet};
use pyo3::{PyTraverseError, PyVisit};

use super::context::Context;
use crate::ffi;
use crate::schema::{Instance, RecordClass, Shape};

/// Where the next value of an open container goes.
pub(crate) enum Member {
    /// Behind the last element.
    Element,
    Field(u32),
    Key(Py<PyAny>),
}

impl Member {
    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Element | Self::Field(_) => Ok(()),
            Self::Key(key) => visit.call(key),
        }
    }
}

/// An open container.
pub(crate) enum Growing {
    /// The members of an array, whatever the shape that they are shown in; those of a set by themselves, too.
    List(Shape, Py<PyList>, Option<Py<PySet>>),
    Dict(Py<PyDict>),
    Record(NodeId, Instance),
}

impl Growing {
    pub(super) fn list(py: Python<'_>, shape: Shape) -> PyResult<Self> {
        let distinct = match shape {
            Shape::Set | Shape::Frozen => Some(PySet::empty(py)?.unbind()),
            Shape::List | Shape::Tuple => None,
        };
        Ok(Self::List(shape, PyList::empty(py).unbind(), distinct))
    }

    /// The same container, for another holder.
    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::List(shape, list, distinct) => Self::List(
                *shape,
                list.clone_ref(py),
                distinct.as_ref().map(|distinct| distinct.clone_ref(py)),
            ),
            Self::Dict(dict) => Self::Dict(dict.clone_ref(py)),
            Self::Record(id, instance) => Self::Record(*id, instance.clone_ref(py)),
        }
    }

    /// What grows, which for some shapes is not what is shown.
    pub(crate) fn object<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        match self {
            Self::List(_, list, _) => list.bind(py),
            Self::Dict(dict) => dict.bind(py),
            Self::Record(_, instance) => instance.object.bind(py),
        }
    }

    pub(crate) fn grows_in_place(&self) -> bool {
        !matches!(self, Self::List(Shape::Tuple | Shape::Set | Shape::Frozen, ..))
    }

    /// What is shown.
    #[inline]
    pub(crate) fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::List(shape, list, _) => shape.of(list.bind(py)),
            Self::Dict(_) | Self::Record(..) => Ok(self.object(py).clone()),
        }
    }

    /// The same of one that is not needed any more.
    pub(super) fn into_shown(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::List(Shape::List, list, _) => Ok(list.into_bound(py).into_any()),
            Self::List(..) => self.shown(py),
            Self::Dict(dict) => Ok(dict.into_bound(py).into_any()),
            Self::Record(_, instance) => Ok(instance.object.into_bound(py)),
        }
    }

    pub(crate) fn copy(&self, c: Context<'_, '_>) -> PyResult<Self> {
        let py = c.py;
        Ok(match self {
            Self::List(shape, list, _) => {
                Self::List(*shape, list.bind(py).get_slice(0, list.bind(py).len()).unbind(), None)
            }
            Self::Dict(dict) => Self::Dict(dict.bind(py).copy()?.unbind()),
            Self::Record(id, instance) => Self::Record(*id, class(c, *id).copy(py, instance)?),
        })
    }

    /// What stands at a member: in a field that has not arrived, what it shows meanwhile.
    pub(crate) fn standing(&self, c: Context<'_, '_>, member: &Member) -> PyResult<Option<Py<PyAny>>> {
        let py = c.py;
        let found = match (self, member) {
            (Self::List(_, list, _), _) => {
                let list = list.bind(py);
                list.len().checked_sub(1).map(|last| list.get_item(last)).transpose()?
            }
            (Self::Record(id, instance), Member::Field(index)) => {
                instance.values.bind(py).get_item(&class(c, *id).fields[*index as usize].name)?
            }
            (Self::Record(_, Instance { extra: Some(dict), .. }) | Self::Dict(dict), Member::Key(key)) => {
                dict.bind(py).get_item(key)?
            }
            _ => None,
        };
        Ok(found.map(Bound::unbind))
    }

    /// What a field shows before it arrives.
    pub(super) fn before(&self, c: Context<'_, '_>, member: &Member) -> PyResult<Option<Py<PyAny>>> {
        match (self, member) {
            (Self::Record(..), Member::Field(_)) => self.standing(c, member),
            _ => Ok(None),
        }
    }

    /// Takes the value of `member` out again. A field shows what stood there `before`.
    pub(crate) fn remove(
        &self,
        c: Context<'_, '_>,
        member: &Member,
        before: Option<&Py<PyAny>>,
    ) -> PyResult<()> {
        let py = c.py;
        match (self, member) {
            (Self::List(_, list, _), _) => {
                let list = list.bind(py);
                if let Some(last) = list.len().checked_sub(1) {
                    list.del_item(last)?;
                }
            }
            (Self::Record(id, instance), Member::Field(index)) => {
                let class = class(c, *id);
                let name = class.fields[*index as usize].name.bind(py);
                instance.arrived.bind(py).discard(name)?;
                match before {
                    Some(before) => class.set(instance, name, before.bind(py))?,
                    None => instance.values.bind(py).del_item(name)?,
                }
            }
            (Self::Record(_, Instance { extra: Some(dict), .. }) | Self::Dict(dict), Member::Key(key)) => {
                dict.bind(py).del_item(key)?;
                if let Self::Record(_, instance) = self {
                    instance.arrived.bind(py).discard(key)?;
                }
            }
            _ => unreachable!("every member of an object is announced"),
        }
        Ok(())
    }

    /// Puts a value where `member` says, or in the place of the one there. False if the place is taken.
    pub(crate) fn insert(
        &self,
        c: Context<'_, '_>,
        member: &Member,
        value: &Bound<'_, PyAny>,
        replace: bool,
    ) -> PyResult<bool> {
        let py = c.py;
        match (self, member) {
            (Self::List(_, list, _), _) => {
                let list = list.bind(py);
                // A live list is in the user's hands, who may have emptied it.
                match list.len().checked_sub(1).filter(|_| replace) {
                    Some(place) => list.set_item(place, value)?,
                    None => list.append(value)?,
                }
            }
            (Self::Record(id, instance), Member::Field(index)) => {
                let class = class(c, *id);
                let name = class.fields[*index as usize].name.bind(py);
                class.set(instance, name, value)?;
                if !replace {
                    instance.arrived.bind(py).add(name)?;
                }
            }
            (Self::Record(_, Instance { extra: Some(dict), .. }) | Self::Dict(dict), Member::Key(key)) => {
                let dict = dict.bind(py);
                // What has settled never changes, so a key that comes twice shows as it came first.
                if !replace && dict.contains(key)? {
                    return Ok(false);
                }
                dict.set_item(key, value)?;
                if let Self::Record(_, instance) = self {
                    instance.arrived.bind(py).add(key)?;
                }
            }
            _ => unreachable!("every member of an object is announced"),
        }
        Ok(true)
    }

    /// Whether a string that has stood in it open is there as it is when it has closed: not so in a set, of which an
    /// equal member is none.
    pub(super) fn takes_open_text(&self) -> bool {
        !matches!(self, Self::List(_, _, Some(_)))
    }

    /// Whether a member that has settled adds something to what is shown: an equal one adds nothing to a set. What
    /// cannot be hashed always does.
    pub(super) fn adds(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> bool {
        let Self::List(_, _, Some(distinct)) = self else { return true };
        let distinct = distinct.bind(py);
        let before = distinct.len();
        distinct.add(value).is_err() || distinct.len() > before
    }

    /// Whether a member that is open would add something, were it to settle as it is.
    pub(super) fn lacks(&self, value: &Bound<'_, PyAny>) -> bool {
        let Self::List(_, _, Some(distinct)) = self else { return true };
        !distinct.bind(value.py()).contains(value).unwrap_or(false)
    }

    /// Whether it shows equal members once.
    pub(super) fn is_distinct(&self) -> bool {
        matches!(self, Self::List(_, _, Some(_)))
    }

    /// Whether the place of `member` is taken by one that came before.
    pub(super) fn is_taken(&self, py: Python<'_>, member: &Member) -> PyResult<bool> {
        match (self, member) {
            (Self::Record(_, Instance { extra: Some(dict), .. }) | Self::Dict(dict), Member::Key(key)) => {
                dict.bind(py).contains(key)
            }
            _ => Ok(false),
        }
    }

    /// Whether a field, or a key, of this name has something to show.
    pub(crate) fn has_arrived(&self, py: Python<'_>, name: &str) -> bool {
        match self {
            Self::List(..) => Ok(false),
            Self::Dict(dict) => dict.bind(py).contains(name),
            Self::Record(_, instance) => instance.arrived.bind(py).contains(name),
        }
        .unwrap_or(false)
    }

    pub(crate) fn member_name(&self, c: Context<'_, '_>, member: &Member) -> Option<Py<PyAny>> {
        match (self, member) {
            (Self::Record(id, _), Member::Field(index)) => {
                Some(class(c, *id).fields[*index as usize].name.clone_ref(c.py).into_any())
            }
            (Self::Dict(_), Member::Key(key)) => Some(key.clone_ref(c.py)),
            _ => None,
        }
    }

    /// What `shown`, which this container shows as, has for a member.
    pub(crate) fn child_in<'py>(
        &self,
        c: Context<'_, 'py>,
        shown: &Bound<'py, PyAny>,
        member: &Member,
    ) -> Option<Bound<'py, PyAny>> {
        match (self, member) {
            (Self::List(Shape::List | Shape::Tuple, ..), _) => {
                shown.get_item(shown.len().ok()?.checked_sub(1)?).ok()
            }
            (Self::Dict(_), Member::Key(key)) => shown.get_item(key).ok(),
            (Self::Record(..), Member::Key(key)) => {
                shown.getattr("__pydantic_extra__").ok()?.get_item(key).ok()
            }
            (Self::Record(..), _) => {
                let name = self.member_name(c, member)?;
                let values = ffi::own_dict(shown).and_then(|values| values.get_item(&name).ok()?);
                values.or_else(|| shown.getattr(name.bind(c.py).cast().ok()?).ok())
            }
            // The members of a set have no place in it.
            _ => None,
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::List(_, list, distinct) => {
                visit.call(list)?;
                visit.call(distinct)
            }
            Self::Dict(dict) => visit.call(dict),
            Self::Record(_, instance) => instance.traverse(visit),
        }
    }
}

/// The class of a record node.
pub(super) fn class<'c>(c: Context<'c, '_>, id: NodeId) -> &'c RecordClass {
    match c.schema.record(id) {
        Some(class) => class,
        None => unreachable!("a record node has a class"),
    }
}
