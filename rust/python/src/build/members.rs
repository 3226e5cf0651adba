//! The members of the root: which have something to show, and which of those have closed.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet};

use super::builder::{Builder, Place};
use super::context::Context;
use super::growing::Growing;
use crate::dump::{Arrived, Part};
use crate::ffi;
use crate::schema::RecordClass;

/// The names of the root's fields or keys: those that have something to show, and those of them that have closed.
pub(crate) struct Members<'py> {
    pub(crate) arrived: Vec<Bound<'py, PyAny>>,
    pub(crate) settled: Vec<Bound<'py, PyAny>>,
}

impl Builder {
    /// The members of a `snapshot` that is up to date: by the fields of its class if it is a record, in the order of
    /// their declaration.
    pub(crate) fn members<'py>(
        &self,
        c: Context<'_, 'py>,
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
    pub(crate) fn arrived(&self, c: Context<'_, '_>, snapshot: &Bound<'_, PyAny>) -> PyResult<Arrived> {
        let py = c.py;
        let mut arrived = Arrived::default();
        let mut shown = Some(snapshot.clone());
        for (depth, frame) in self.frames.iter().enumerate() {
            let Some(open) = shown.take_if(|_| matches!(frame.place, Place::Shown)) else {
                return Ok(arrived);
            };
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
    fn open_member(&self, c: Context<'_, '_>) -> Option<Py<PyAny>> {
        let root = self.frames.first()?;
        let inner = self.frames.get(1);
        let open = self.text.is_some()
            || root.stands
            || inner.is_some_and(|frame| !matches!(frame.place, Place::Waiting));
        if open { root.growing.member_name(c, &root.member) } else { None }
    }
}
