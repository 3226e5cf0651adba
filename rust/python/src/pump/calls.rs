//! The calls of functions, each parsed by the schema that its name selects, and what is said beside them.

use instar_wire::choice::Event;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit, intern};

use super::{Items, Pump, string};
use crate::parser::PyParser;

pub(super) struct Calls {
    /// Makes the object of a call. Nothing of a call that is none of ours.
    begin: Py<PyAny>,
    view: View,
    /// By their numbers in the choice.
    begun: Vec<Option<Call>>,
}

/// What is handed out of the calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    /// The object of each call whenever it has grown, and what is said beside them.
    Parts,
    /// The validated arguments of each call, as it closes.
    Finals,
    /// The growing arguments of the first call.
    First,
}

struct Call {
    object: Py<PyAny>,
    parser: Py<PyParser>,
    /// Whether nothing more of it is read.
    closed: bool,
}

impl Calls {
    pub(super) fn new(begin: Py<PyAny>, view: &str) -> PyResult<Self> {
        let view = match view {
            "parts" => View::Parts,
            "finals" => View::Finals,
            "first" => View::First,
            other => return Err(PyValueError::new_err(format!("no view of calls is called {other:?}"))),
        };
        Ok(Self { begin, view, begun: Vec::new() })
    }

    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        pump: &Pump,
        event: Event,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        match event {
            Event::Call(index) => self.begin(py, pump, index, text, items),
            Event::Arguments(index) | Event::End(index) => {
                let Some(call) = self.begun.get(index).and_then(Option::as_ref).filter(|call| !call.closed)
                else {
                    return Ok(());
                };
                pump.switch(py, &call.parser)?;
                let parser = call.parser.get();
                let grown = match event {
                    Event::End(_) => parser.close(py).map(|()| true),
                    _ => parser.feed_bytes(py, text),
                };
                self.grow(py, index, grown, items)
            }
            Event::Prose | Event::Reasoning if self.view == View::Parts => {
                let kind =
                    if event == Event::Prose { intern!(py, "prose") } else { intern!(py, "reasoning") };
                items.push(
                    self.begin.getattr(py, intern!(py, "beside"))?.call1(py, (kind, string(py, text)?))?,
                );
                Ok(())
            }
            Event::Prose | Event::Reasoning | Event::Text => Ok(()),
        }
    }

    pub(super) fn end(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.view != View::Parts && self.ours().next().is_none() {
            let class = py.import("instar.errors")?.getattr("TruncatedError")?;
            return Err(PyErr::from_value(class.call1((pyo3::types::PyTuple::empty(py),))?));
        }
        Ok(())
    }

    /// Whether the answer is one call.
    pub(super) fn is_one(&self) -> bool {
        self.view == View::First
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut snapshots = self.ours().map(|call| call.parser.get().snapshot(py));
        if self.view == View::First {
            return snapshots.next().unwrap_or_else(|| Ok(py.None()));
        }
        Ok(PyList::new(py, snapshots.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
    }

    pub(super) fn text(&self, py: Python<'_>) -> PyResult<String> {
        let mut ours = self.ours();
        if self.view == View::First {
            return ours.next().map_or_else(|| Ok(String::new()), |call| call.parser.get().text(py));
        }
        let lines = ours.map(|call| {
            let name: String = call.object.getattr(py, intern!(py, "name"))?.extract(py)?;
            Ok(format!("{name} {}", call.parser.get().text(py)?))
        });
        Ok(lines.collect::<PyResult<Vec<_>>>()?.join("\n"))
    }

    pub(super) fn last(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut finals = self.ours().map(|call| call.object.call_method0(py, intern!(py, "final")));
        if self.view == View::First {
            return finals.next().unwrap_or_else(|| Ok(py.None()));
        }
        Ok(PyList::new(py, finals.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
    }

    pub(super) fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.ours().map(|call| &call.object))
    }

    fn begin(
        &mut self,
        py: Python<'_>,
        pump: &Pump,
        index: usize,
        name: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        let id = pump.of_choice(py, |choice| choice.id(index).to_owned())?.filter(|id| !id.is_empty());
        if self.begun.len() <= index {
            self.begun.resize_with(index + 1, || None);
        }
        let object = self.begin.bind(py).call1((self.ours().count(), id, string(py, name)?))?;
        if object.is_none() {
            return Ok(());
        }
        let parser: Py<PyParser> = object.getattr(intern!(py, "parser"))?.extract()?;
        pump.switch(py, &parser)?;
        let is_first = self.ours().next().is_none();
        match self.view {
            View::Parts => items.push(object.clone().unbind()),
            View::First if is_first => items.push(parser.get().snapshot(py)?),
            View::First | View::Finals => {}
        }
        self.begun[index] = Some(Call { object: object.unbind(), parser, closed: false });
        Ok(())
    }

    /// What has come of a delta that a call was given.
    fn grow(
        &mut self,
        py: Python<'_>,
        index: usize,
        grown: PyResult<bool>,
        items: &mut Items,
    ) -> PyResult<()> {
        let view = self.view;
        let is_first = !self.begun[..index].iter().any(Option::is_some);
        let Some(call) = &mut self.begun[index] else { return Ok(()) };
        let (grown, error) = match grown {
            Ok(grown) => (grown, None),
            Err(error) if view == View::Parts && error.is_instance_of::<PyException>(py) => {
                (true, Some(error))
            }
            Err(error) => return Err(error),
        };
        call.closed = error.is_some() || call.parser.get().complete(py)?;
        match view {
            View::Parts => {
                if call.closed {
                    let error = error.map(|error| error.into_value(py));
                    call.object.call_method1(py, intern!(py, "_close"), (error,))?;
                }
                if grown || call.closed {
                    items.push(call.object.clone_ref(py));
                }
            }
            View::Finals if call.closed => {
                items.push_once(call.object.bind(py).call_method0(intern!(py, "final"))?)?;
            }
            View::First if grown && is_first => items.push(call.parser.get().snapshot(py)?),
            View::Finals | View::First => {}
        }
        Ok(())
    }

    fn ours(&self) -> impl Iterator<Item = &Call> {
        self.begun.iter().flatten()
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.begin)?;
        self.ours().try_for_each(|call| {
            visit.call(&call.object)?;
            visit.call(&call.parser)
        })
    }
}
