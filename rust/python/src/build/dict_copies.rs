//! What is known of the dicts in the last kept snapshots: how much had settled when they were made.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::growing::{Growing, Member};
use crate::ffi;

/// The dicts that the last two kept snapshots show for an open container.
#[derive(Default)]
pub(super) struct ShownDicts {
    /// Those that have the text's keys: a dict's, or a record's extra ones.
    pub(super) members: DictCopies,
    /// Those of a record's fields.
    fields: DictCopies,
    /// The fields that have been announced, from the one on that was open when the first of these dicts was made.
    announced: Vec<u32>,
}

/// Two dicts, as they were made.
#[derive(Default)]
pub(super) struct DictCopies([Option<DictCopy>; 2]);

#[derive(Clone, Copy)]
struct DictCopy {
    /// Where it is.
    address: usize,
    /// Its version: nobody has changed it while that is the same.
    version: u64,
    /// How many of its members had settled; of fields, of those that had been announced.
    settled: usize,
}

impl ShownDicts {
    /// None yet. `open` is the member that is open.
    pub(super) fn new(open: &Member) -> Self {
        let mut none = Self::default();
        none.announce(open);
        none
    }

    /// Another member opens.
    #[inline]
    pub(super) fn announce(&mut self, member: &Member) {
        if let Member::Field(index) = member {
            self.announced.push(*index);
        }
    }

    /// Notes a copy of a container as it is shown from now on. So many of its members have `settled`.
    pub(super) fn note(&mut self, py: Python<'_>, copy: &Growing, settled: usize) {
        if let Some(members) = copy.dict() {
            self.members.note(members.bind(py), settled);
        }
        if let Growing::Record(_, instance) = copy {
            // The last one may be open.
            self.fields.note(instance.values.bind(py), self.announced.len().saturating_sub(1));
        }
    }

    /// Changes a copy of a container: its dicts stay those that were noted, if they were.
    pub(super) fn stay<T>(
        &mut self,
        py: Python<'_>,
        copy: &Growing,
        change: impl FnOnce() -> PyResult<T>,
    ) -> PyResult<T> {
        let members = copy.dict().map(|members| members.bind(py));
        let fields = match copy {
            Growing::Record(_, instance) => Some(instance.values.bind(py)),
            Growing::List(..) | Growing::Dict(_) => None,
        };
        let members = members.filter(|members| self.members.settled_in(members).is_some());
        let fields = fields.filter(|fields| self.fields.settled_in(fields).is_some());
        let changed = change()?;
        if let Some(members) = members {
            self.members.note_version(members);
        }
        if let Some(fields) = fields {
            self.fields.note_version(fields);
        }
        Ok(changed)
    }

    /// The only fields that may have changed since a copy of them was made that nobody has changed.
    pub(super) fn changed_since(&self, fields: &Bound<'_, PyDict>) -> Option<&[u32]> {
        self.announced.get(self.fields.settled_in(fields)?..)
    }
}

impl DictCopies {
    /// Notes a copy as it is shown from now on.
    fn note(&mut self, dict: &Bound<'_, PyDict>, settled: usize) {
        let Some(version) = ffi::dict_version(dict) else { return };
        let address = dict.as_ptr() as usize;
        let Self([last, before]) = self;
        if last.is_some_and(|last| last.address != address) {
            *before = *last;
        }
        *last = Some(DictCopy { address, version, settled });
    }

    /// Notes that a copy has been changed by those who made it.
    fn note_version(&mut self, dict: &Bound<'_, PyDict>) {
        let address = dict.as_ptr() as usize;
        for copy in self.0.iter_mut().flatten().filter(|copy| copy.address == address) {
            copy.version = ffi::dict_version(dict).unwrap_or_default();
        }
    }

    /// Makes `old`, one of the copies, what a new copy of `now` would be, with a `child`: its key, its value, and whether
    /// one stands in `now` already. False if there has to be a new one.
    pub(super) fn renew(
        &self,
        old: &Bound<'_, PyDict>,
        now: &Bound<'_, PyDict>,
        child: Option<(&Bound<'_, PyAny>, &Bound<'_, PyAny>, bool)>,
    ) -> PyResult<bool> {
        let Some(new) = self.settled_in(old).and_then(|settled| ffi::members_from(now, settled)) else {
            return Ok(false);
        };
        for (key, value) in new {
            old.set_item(key, value)?;
        }
        let mut size = now.len();
        if let Some((key, child, stands)) = child {
            old.set_item(key, child)?;
            size += usize::from(!stands);
        }
        Ok(old.len() == size)
    }

    /// How many members had settled in a copy that nobody has changed since it was made.
    pub(super) fn settled_in(&self, dict: &Bound<'_, PyDict>) -> Option<usize> {
        let version = ffi::dict_version(dict)?;
        let copy = self.0.iter().flatten().find(|copy| copy.address == dict.as_ptr() as usize)?;
        (copy.version == version).then_some(copy.settled)
    }
}
