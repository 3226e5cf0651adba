//! The projection of an answer: what there is to see of it.

use instar_wire::choice::Event;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use super::calls::Calls;
use super::delta::Reader;
use super::elements::Elements;
use super::items::Items;
use super::lane::Lane;
use super::partials::Partials;
use super::skipped::Skipped;
use crate::py::PyParser;

pub(super) enum Projection {
    /// The growing object.
    Partials(Partials),
    /// Each member of a list.
    Elements(Elements),
    /// Each call of a function, or the arguments of the first one.
    Calls(Calls),
}

impl Projection {
    /// What is shown before the first delta is asked for.
    pub(super) fn open(&self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        match self {
            Self::Partials(partials) => items.push_made(|| partials.snapshot(py))?,
            Self::Calls(calls) if calls.is_one() => items.push(py.None()),
            Self::Calls(_) | Self::Elements(_) => {}
        }
        Ok(())
    }

    /// Takes in an event. True if nothing more is to be read.
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
    ) -> PyResult<bool> {
        match self {
            Self::Partials(partials) => {
                partials.take(py, lane, reader, event, text, items).map(|()| reader.stopped())
            }
            Self::Elements(elements) => {
                elements.take(py, lane, reader, event, text, items).map(|()| reader.stopped())
            }
            Self::Calls(calls) => calls.take(py, lane, event, text, items).map(|()| calls.stopped()),
        }
    }

    /// What it took in has been refused. What a delta made visible before that counts, however the text was cut.
    pub(super) fn refuse(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        match self {
            Self::Elements(elements) => elements.rest(py, items),
            Self::Partials(_) | Self::Calls(_) => Ok(()),
        }
    }

    /// The text has ended.
    pub(super) fn end(&mut self, py: Python<'_>, lane: &Lane, items: &mut Items) -> PyResult<()> {
        match self {
            Self::Partials(partials) => partials.end(py, items),
            Self::Elements(elements) => elements.end(py, items),
            Self::Calls(calls) => calls.end(py, lane, items),
        }
    }

    /// Whether each item is the answer so far, in the place of the one before.
    pub(super) fn is_growing(&self) -> bool {
        match self {
            Self::Partials(_) => true,
            Self::Elements(_) => false,
            Self::Calls(calls) => calls.is_one(),
        }
    }

    /// The parser of the answer, and how the answer lies in its value. Before a call has begun that is the answer, it is a
    /// parser to which nothing comes.
    pub(super) fn answer(&self, py: Python<'_>, lane: &Lane) -> PyResult<(Py<PyParser>, &'static str)> {
        Ok(match self {
            Self::Partials(partials) if partials.is_wrapped() => (lane.parser(py)?, "member"),
            Self::Elements(elements) if elements.is_wrapped() => (lane.parser(py)?, "lists"),
            Self::Partials(_) | Self::Elements(_) => (lane.parser(py)?, "whole"),
            Self::Calls(calls) if calls.is_one() => (calls.first(py), "whole"),
            Self::Calls(_) => {
                return Err(PyTypeError::new_err(
                    "the answer is several calls, each with a value of its own: watch those, by call.parser.changes()",
                ));
            }
        })
    }

    /// The answer so far.
    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Partials(partials) => partials.snapshot(py),
            Self::Elements(elements) => elements.snapshot(py),
            Self::Calls(calls) => calls.snapshot(py),
        }
    }

    /// What of the snapshot has arrived, as plain data.
    pub(super) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Partials(partials) => partials.dump(py, mode, by_alias),
            Self::Elements(elements) => elements.dump(py, mode, by_alias),
            Self::Calls(calls) => calls.dump(py, mode, by_alias),
        }
    }

    /// The text of the answer so far.
    pub(super) fn text(&self, py: Python<'_>, lane: &Lane) -> PyResult<String> {
        match self {
            Self::Calls(calls) => calls.text(py),
            Self::Partials(_) | Self::Elements(_) => lane.parser(py)?.get().text(py),
        }
    }

    /// The objects of the calls so far.
    pub(super) fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match self {
            Self::Calls(calls) => calls.made(py),
            Self::Partials(_) | Self::Elements(_) => Ok(PyList::empty(py)),
        }
    }

    /// The validated answer. With `allow_truncated` a value that is cut off is completed.
    pub(super) fn last(&mut self, py: Python<'_>, allow_truncated: bool) -> PyResult<Py<PyAny>> {
        match self {
            Self::Partials(partials) => partials.last(py, allow_truncated),
            Self::Elements(elements) => elements.last(py, allow_truncated),
            Self::Calls(calls) => calls.last(py),
        }
    }

    /// The elements or calls that were refused, if that does not end the stream.
    pub(super) fn skipped(&self) -> Option<&Skipped> {
        match self {
            Self::Partials(_) => None,
            Self::Elements(elements) => elements.skipped(),
            Self::Calls(calls) => calls.skipped(),
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Partials(partials) => partials.traverse(visit),
            Self::Elements(elements) => elements.traverse(visit),
            Self::Calls(calls) => calls.traverse(visit),
        }
    }
}
