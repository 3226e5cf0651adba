//! A live set: it grows in place, from the members that stand in a list.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PySet, PyString};
use pyo3::{PyTraverseError, PyVisit};

/// A set that shows the members of a list.
pub(super) struct LiveSet {
    set: Py<PySet>,
    /// How many members of the list are in it for good.
    settled: usize,
    /// The open string in it, unless an equal one is there for good.
    open: Option<Py<PyAny>>,
}

impl LiveSet {
    pub(super) fn new(py: Python<'_>) -> PyResult<Self> {
        Ok(Self { set: PySet::empty(py)?.unbind(), settled: 0, open: None })
    }

    /// The set with the members of the list as they are now, of which the last one may be open. What cannot be hashed
    /// stays a list, until Pydantic refuses it.
    pub(super) fn show<'py>(
        &mut self,
        members: &Bound<'py, PyList>,
        is_open: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = members.py();
        match self.update(members, is_open) {
            Ok(()) => Ok(self.set.bind(py).clone().into_any()),
            Err(error) => {
                self.settled = usize::MAX;
                if error.is_instance_of::<PyTypeError>(py) {
                    Ok(members.clone().into_any())
                } else {
                    Err(error)
                }
            }
        }
    }

    fn update(&mut self, members: &Bound<'_, PyList>, is_open: bool) -> PyResult<()> {
        let py = members.py();
        let set = self.set.bind(py);
        if let Some(open) = self.open.take() {
            set.discard(open)?;
        }
        let settled = members.len() - usize::from(is_open && !members.is_empty());
        if self.settled > settled {
            // Something was taken back, or has another hash than it had.
            set.clear();
            self.settled = 0;
        }
        for at in self.settled..settled {
            set.add(members.get_item(at)?)?;
        }
        self.settled = settled;
        if settled < members.len() {
            let open = members.get_item(settled)?;
            if !open.is_exact_instance_of::<PyString>() {
                // It changes in the set, and its hash with it.
                self.settled = usize::MAX;
                return set.add(open);
            }
            if !set.contains(&open)? {
                set.add(&open)?;
                self.open = Some(open.unbind());
            }
        }
        Ok(())
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.set)?;
        visit.call(&self.open)
    }
}
