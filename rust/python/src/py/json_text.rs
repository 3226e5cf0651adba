//! The JSON text of a parser, for whoever follows it.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::parser::PyParser;
use crate::errors;
use crate::exclusive::Exclusive;

/// A reader of the JSON text that a parser reads, mended where that is asked for.
#[pyclass(frozen, module = "instar._core")]
pub(crate) struct JsonText {
    parser: Py<PyParser>,
    /// How many texts were given up before the one that it reads, and how many bytes of that have been read.
    read: Exclusive<(u32, usize)>,
}

#[pymethods]
impl JsonText {
    #[new]
    fn new(parser: Py<PyParser>) -> Self {
        Self { parser, read: Exclusive::new((0, 0)) }
    }

    /// The characters that have come since the last time. None if the text that it has read of was given up.
    fn read(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let mut read = self.read.lend(py).ok_or_else(errors::busy)?;
        self.parser.get().json_since(py, &mut read)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parser)
    }
}
