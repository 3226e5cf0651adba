//! The members of a list, each once, as it closes.
//!
//! The list is the whole answer (`[...]`), or what an object holds (`{"users": [...]}`, under any key; the lists of
//! several keys are read as one): the first character that is not white space decides.

use instar_wire::choice::Event;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit};

use super::delta::Reader;
use super::{Items, Pump, made};
use crate::parser::PyParser;

pub(super) struct Elements {
    /// Makes the parser of a bare list.
    make: Py<PyAny>,
    parser: Py<PyParser>,
    /// Makes the parser of an object of lists.
    wrapped: Py<PyAny>,
    begun: bool,
}

impl Elements {
    pub(super) fn new(make: Py<PyAny>, parser: Py<PyParser>, wrapped: Py<PyAny>) -> Self {
        Self { make, parser, wrapped, begun: false }
    }

    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        pump: &Pump,
        reader: &mut Reader,
        event: Event,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        match event {
            Event::Text | Event::Arguments(_) | Event::Input(_) => {
                if !self.begun {
                    self.begin(py, pump, text)?;
                }
                reader.feed(py, self.parser.get(), text)?;
                self.rest(py, items)
            }
            Event::Restart => {
                self.parser = made(self.make.bind(py))?;
                pump.switch(py, &self.parser)?;
                self.begun = false;
                *reader = Reader::default();
                items.once.again(py);
                Ok(())
            }
            Event::Call(_) | Event::End(_) | Event::Prose | Event::Reasoning => Ok(()),
        }
    }

    /// Hands out the elements that have closed.
    pub(super) fn rest(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        for element in self.parser.get().drain(py)?.bind(py) {
            items.push_once(element)?;
        }
        Ok(())
    }

    pub(super) fn end(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        self.parser.get().close(py)?;
        self.rest(py, items)
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        members(self.parser.get().snapshot(py)?.into_bound(py))
    }

    pub(super) fn last(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        members(self.parser.get().finish(py)?.into_bound(py))
    }

    /// Chooses the parser by the first character.
    fn begin(&mut self, py: Python<'_>, pump: &Pump, text: &[u8]) -> PyResult<()> {
        let first = text.trim_ascii_start().first();
        self.begun = first.is_some();
        if first == Some(&b'{') {
            let blank = self.parser.get().text(py)?;
            self.parser = made(self.wrapped.bind(py))?;
            pump.switch(py, &self.parser)?;
            self.parser.get().feed_bytes(py, blank.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.make)?;
        visit.call(&self.parser)?;
        visit.call(&self.wrapped)
    }
}

/// The list of an answer that may carry it in an object.
fn members(answer: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let Ok(lists) = answer.cast::<PyDict>() else { return Ok(answer.unbind()) };
    let lists = lists.values();
    if lists.len() == 1 {
        return Ok(lists.get_item(0)?.unbind());
    }
    let all = PyList::empty(answer.py());
    for list in lists {
        for member in list.try_iter()? {
            all.append(member?)?;
        }
    }
    Ok(all.into_any().unbind())
}
