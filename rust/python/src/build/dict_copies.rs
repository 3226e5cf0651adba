//! What is known of the dicts in the last kept snapshots: which of their members had settled when they were made.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::ffi;

/// The dicts that the last two kept snapshots show for an open container, as they were made.
#[derive(Default)]
pub(super) struct DictCopies([Option<DictCopy>; 2]);

#[derive(Clone, Copy)]
struct DictCopy {
    /// Where it is.
    address: usize,
    /// Its version: nobody has changed it while that is the same.
    version: u64,
    /// How many of its members had settled.
    settled: usize,
}

impl DictCopies {
    /// Notes a copy as it is shown from now on.
    pub(super) fn note(&mut self, dict: &Bound<'_, PyDict>, settled: usize) {
        let Some(version) = ffi::dict_version(dict) else { return };
        let address = dict.as_ptr() as usize;
        let Self([last, before]) = self;
        if last.is_some_and(|last| last.address != address) {
            *before = *last;
        }
        *last = Some(DictCopy { address, version, settled });
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
