//! What the members of an array are shown as.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PyList, PySet};

/// The members of an array, as they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    List,
    Tuple,
    Set,
    Frozen,
}

impl Shape {
    /// These members in this shape. What cannot be hashed stays a list, until Pydantic refuses it.
    pub(crate) fn of<'py>(self, members: &Bound<'py, PyList>) -> PyResult<Bound<'py, PyAny>> {
        let py = members.py();
        Ok(match self {
            Self::List => members.clone().into_any(),
            Self::Tuple => members.to_tuple().into_any(),
            Self::Set | Self::Frozen => match PySet::new(py, members.iter()) {
                Ok(set) if self == Self::Set => set.into_any(),
                Ok(set) => PyFrozenSet::new(py, set.iter())?.into_any(),
                Err(error) if error.is_instance_of::<PyTypeError>(py) => members.clone().into_any(),
                Err(error) => return Err(error),
            },
        })
    }
}
