//! The growing object: empty at first, then once more after every delta that changed it.

use instar_wire::choice::Event;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use super::delta::{Quoter, Reader};
use super::items::{Items, made};
use super::lane::Lane;
use crate::py::PyParser;

pub(super) struct Partials {
    /// Makes a parser.
    make: Py<PyAny>,
    parser: Py<PyParser>,
    /// What is shown of the parser's value, where that is only what the answer is wrapped in.
    look: Option<Py<PyAny>>,
    /// Makes JSON of a text, if that is what the answer is.
    quoter: Option<Quoter>,
    /// Whether something has shown since the last beginning.
    shown: bool,
}

impl Partials {
    pub(super) fn new(make: Py<PyAny>, parser: Py<PyParser>, look: Option<Py<PyAny>>, textual: bool) -> Self {
        Self { make, parser, look, quoter: textual.then(Quoter::default), shown: false }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        lane: &Lane,
        reader: &mut Reader,
        event: Event,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        let changed = match (event, &mut self.quoter) {
            (Event::Input(_), Some(quoter)) => reader.feed(py, self.parser.get(), &quoter.quote(text))?,
            (Event::End(_), Some(quoter)) => reader.feed(py, self.parser.get(), quoter.end())?,
            (Event::Text | Event::Arguments(_) | Event::Input(_), _) => {
                reader.feed(py, self.parser.get(), text)?
            }
            (Event::Restart, _) => {
                self.parser = made(self.make.bind(py))?;
                lane.switch(py, &self.parser)?;
                *reader = Reader::default();
                if self.quoter.is_some() {
                    self.quoter = Some(Quoter::default());
                }
                if std::mem::take(&mut self.shown) {
                    items.push(self.snapshot(py)?);
                }
                false
            }
            (Event::Call(_) | Event::Id(_) | Event::End(_) | Event::Prose | Event::Reasoning, _) => false,
        };
        self.shown |= items.push_grown(changed, || self.snapshot(py))?;
        Ok(())
    }

    /// The text has ended. A number that nothing but the end closes shows now.
    pub(super) fn end(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        let was_complete = self.parser.get().complete(py)?;
        self.parser.get().close(py)?;
        if !was_complete {
            items.push_made(|| self.snapshot(py))?;
        }
        Ok(())
    }

    /// Whether the answer is only what the parser's value wraps.
    pub(super) fn is_wrapped(&self) -> bool {
        self.look.is_some()
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.seen(py, self.parser.get().snapshot(py)?)
    }

    pub(super) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dump = self.parser.get().dump(py, mode, by_alias)?;
        if self.look.is_none() {
            return Ok(dump);
        }
        // What the answer is wrapped in has one field.
        let value = dump.cast::<PyDict>()?.values().iter().next();
        Ok(value.unwrap_or_else(|| py.None().into_bound(py)))
    }

    pub(super) fn last(&mut self, py: Python<'_>, allow_truncated: bool) -> PyResult<Py<PyAny>> {
        self.seen(py, self.parser.get().finish(py, allow_truncated)?)
    }

    fn seen(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        match &self.look {
            Some(look) => look.call1(py, (value,)),
            None => Ok(value),
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.make)?;
        visit.call(&self.parser)?;
        visit.call(&self.look)
    }
}
