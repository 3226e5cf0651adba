//! The Python class `instar._core.Events`.

use instar_wire::{Events, Framing};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::errors;
use crate::exclusive::{Exclusive, Lent};

/// The events of a body whose protocol is the caller's own: server-sent ones, or JSON texts one behind the other.
#[pyclass(frozen, name = "Events", module = "instar._core")]
pub(crate) struct PyEvents {
    events: Exclusive<Events>,
}

#[pymethods]
impl PyEvents {
    #[new]
    fn new() -> Self {
        Self { events: Exclusive::new(Events::new(Framing::Sse)) }
    }

    /// The data of the events that these bytes complete. What comes behind `[DONE]` is not read.
    #[pyo3(signature = (body, /))]
    fn feed<'py>(&self, py: Python<'py>, body: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let mut data = Vec::new();
        self.events(py)?.feed(body, |event| data.push(PyBytes::new(py, event)));
        PyList::new(py, data)
    }

    /// The body has ended: the data of the event that this completes, if one is.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut data = Vec::new();
        self.events(py)?.end(|event| data.push(PyBytes::new(py, event)));
        PyList::new(py, data)
    }

    /// How many bytes have come.
    #[getter]
    fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.events(py)?.offset())
    }

    /// Whether `[DONE]` has come.
    #[getter]
    fn done(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.events(py)?.done())
    }
}

impl PyEvents {
    fn events(&self, py: Python<'_>) -> PyResult<Lent<'_, Events>> {
        self.events.lend(py).ok_or_else(errors::busy)
    }
}
