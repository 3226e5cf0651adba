//! The growing object: empty at first, then once more after every delta that changed it.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::Items;
use super::delta::Reader;
use crate::parser::PyParser;

pub(super) struct Partials {
    parser: Py<PyParser>,
    /// What is shown of the parser's value, where that is only what the answer is wrapped in.
    look: Option<Py<PyAny>>,
}

impl Partials {
    pub(super) fn new(parser: Py<PyParser>, look: Option<Py<PyAny>>) -> Self {
        Self { parser, look }
    }

    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        reader: &mut Reader,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        if reader.feed(py, self.parser.get(), text)? {
            items.push(self.snapshot(py)?);
        }
        Ok(())
    }

    /// The text has ended. A number that nothing but the end closes shows now.
    pub(super) fn end(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        let was_complete = self.parser.get().complete(py)?;
        self.parser.get().close(py)?;
        if !was_complete {
            items.push(self.snapshot(py)?);
        }
        Ok(())
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.seen(py, self.parser.get().snapshot(py)?)
    }

    pub(super) fn last(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.seen(py, self.parser.get().finish(py)?)
    }

    fn seen(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        match &self.look {
            Some(look) => look.call1(py, (value,)),
            None => Ok(value),
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parser)?;
        visit.call(&self.look)
    }
}
