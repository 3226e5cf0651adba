//! The elements that are refused, where that does not end the stream.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::errors::is_validation_error;
use crate::ffi::string;
use crate::once::intern;

/// What is wrong with which element: `instar.ElementError`s.
pub(super) struct Skipped(Py<PyList>);

impl Skipped {
    pub(super) fn new(py: Python<'_>) -> Self {
        Self(PyList::empty(py).unbind())
    }

    /// The list of them, which grows.
    pub(super) fn list(&self, py: Python<'_>) -> Py<PyList> {
        self.0.clone_ref(py)
    }

    /// Notes what is wrong with an element. What is no matter of its schema is raised.
    pub(super) fn note(
        &self,
        py: Python<'_>,
        error: PyErr,
        path: Bound<'_, PyTuple>,
        offset: usize,
        text: &[u8],
    ) -> PyResult<()> {
        if !is_validation_error(&error, py)? && !is_stream_error(&error, py)? {
            return Err(error);
        }
        let class = py.import(intern!(py, "instar.errors"))?.getattr(intern!(py, "ElementError"))?;
        let index = path.get_item(path.len() - 1)?;
        let line = class.call1((index, path, offset, string(py, text)?, error.into_value(py)))?;
        self.0.bind(py).append(line)
    }

    pub(super) fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.0.bind(py).call_method0(intern!(py, "clear")).map(drop)
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

/// Whether it says that there is no such function: all other errors of this kind are those of the text.
fn is_stream_error(error: &PyErr, py: Python<'_>) -> PyResult<bool> {
    let class = py.import(intern!(py, "instar.errors"))?.getattr(intern!(py, "StreamError"))?;
    Ok(error.get_type(py).is(&class))
}
