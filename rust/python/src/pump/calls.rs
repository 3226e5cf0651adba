//! The calls of functions, each parsed by the schema that its name selects, and what is said beside them.

use instar_repair::RepairKind;
use instar_wire::choice::Event;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::delta::{MOST_BLANK, Quoter};
use super::items::Items;
use super::lane::Lane;
use super::skipped::Skipped;
use crate::ffi::string;
use crate::once::intern;
use crate::py::PyParser;

pub(super) struct Calls {
    /// Makes the object of a call. Nothing of a call that is none of ours.
    begin: Py<PyAny>,
    /// The parser of no call, which stands for the first one until that has begun.
    none: Py<PyParser>,
    view: View,
    /// By their numbers in the choice.
    begun: Vec<Option<Call>>,
    /// How many bytes of white space have come behind the arguments, where the answer is one call.
    blank: usize,
    /// The calls that were refused, if that does not end the stream.
    skipped: Option<Skipped>,
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
    /// Makes JSON of its input, if that is a text.
    quoter: Option<Quoter>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Its arguments are whole.
    Whole,
    /// Something is wrong with them.
    Refused,
}

impl Calls {
    pub(super) fn new(
        begin: Py<PyAny>,
        none: Py<PyParser>,
        view: &str,
        skipped: Option<Skipped>,
    ) -> PyResult<Self> {
        let view = match view {
            "parts" => View::Parts,
            "finals" => View::Finals,
            "first" => View::First,
            other => return Err(PyValueError::new_err(format!("no view of calls is called {other:?}"))),
        };
        Ok(Self { begin, none, view, begun: Vec::new(), blank: 0, skipped })
    }

    /// The calls that were refused.
    pub(super) fn skipped(&self) -> Option<&Skipped> {
        self.skipped.as_ref()
    }

    /// Whether so much white space has come behind the only call that nothing else will.
    pub(super) fn stopped(&self) -> bool {
        self.blank >= MOST_BLANK
    }

    /// Whether the answer is one call.
    pub(super) fn is_one(&self) -> bool {
        self.view == View::First
    }

    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        lane: &Lane,
        event: Event,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        match event {
            Event::Call(index) => self.begin(py, lane, index, text, items),
            Event::Id(index) => match self.begun.get(index).and_then(Option::as_ref) {
                Some(call) => call.object.setattr(py, intern!(py, "id"), string(py, text)?),
                None => Ok(()),
            },
            Event::Arguments(index) | Event::Input(index) | Event::End(index) => {
                let Some(call) = self.begun.get_mut(index).and_then(Option::as_mut) else { return Ok(()) };
                lane.switch(py, &call.parser)?;
                if self.view == View::First && call.stage == Stage::Whole && text.trim_ascii().is_empty() {
                    self.blank += text.len();
                }
                let grown = call.take(py, event, text);
                if matches!(event, Event::End(_)) && self.view == View::Parts {
                    call.end(py, lane, index)?;
                }
                self.grow(py, index, grown, items)
            }
            Event::Prose | Event::Reasoning if self.view == View::Parts => {
                let kind =
                    if event == Event::Prose { intern!(py, "prose") } else { intern!(py, "reasoning") };
                let part =
                    self.begin.bind(py).getattr(intern!(py, "beside"))?.call1((kind, string(py, text)?))?;
                items.push(part.unbind());
                Ok(())
            }
            Event::Restart => {
                self.begun.clear();
                lane.switch(py, &self.none)?;
                if self.view == View::Parts {
                    self.begin.call_method0(py, intern!(py, "restart"))?;
                }
                if let Some(skipped) = &self.skipped {
                    skipped.clear(py)?;
                }
                items.begin_again(py);
                if self.is_one() {
                    items.push(py.None());
                }
                Ok(())
            }
            Event::Prose | Event::Reasoning | Event::Text => Ok(()),
        }
    }

    /// The response has ended: what is open of a call stays so.
    pub(super) fn end(&mut self, py: Python<'_>, lane: &Lane, items: &mut Items) -> PyResult<()> {
        for index in 0..self.begun.len() {
            let Some(call) = &mut self.begun[index] else { continue };
            if self.view == View::Parts {
                call.end(py, lane, index)?;
            }
            if call.stage == Stage::Open {
                let closed = call.close(py);
                self.grow(py, index, closed, items)?;
            }
        }
        Ok(())
    }

    /// The parser of the first call, or of none.
    pub(super) fn first(&self, py: Python<'_>) -> Py<PyParser> {
        self.ours().next().map_or(&self.none, |call| &call.parser).clone_ref(py)
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.shown(py, |call| call.parser.get().snapshot(py))
    }

    pub(super) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dumped = |call: &Call| Ok(call.parser.get().dump(py, mode, by_alias)?.unbind());
        Ok(self.shown(py, dumped)?.into_bound(py))
    }

    pub(super) fn last(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.shown(py, |call| call.last(py))
    }

    pub(super) fn text(&self, py: Python<'_>) -> PyResult<String> {
        let mut ours = self.ours();
        if self.is_one() {
            return ours.next().map_or_else(|| Ok(String::new()), |call| call.parser.get().text(py));
        }
        let lines = ours.map(|call| {
            let name: String = call.object.getattr(py, intern!(py, "name"))?.extract(py)?;
            Ok(format!("{name} {}", call.parser.get().text(py)?))
        });
        Ok(lines.collect::<PyResult<Vec<_>>>()?.join("\n"))
    }

    /// The objects of the calls.
    pub(super) fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.ours().map(|call| &call.object).collect::<Vec<_>>())
    }

    fn begin(
        &mut self,
        py: Python<'_>,
        lane: &Lane,
        index: usize,
        name: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        if self.begun.len() <= index {
            self.begun.resize_with(index + 1, || None);
        }
        let number = self.ours().count();
        let id = lane.of_choice(py, |choice| choice.id(index).to_owned())?.filter(|id| !id.is_empty());
        let object = self.begin.bind(py).call1((number, id, string(py, name)?))?;
        if object.is_none() {
            return Ok(());
        }
        let parser: Py<PyParser> = object.getattr(intern!(py, "parser"))?.extract()?;
        lane.switch(py, &parser)?;
        match self.view {
            View::Parts => items.push(object.clone().unbind()),
            View::First if number == 0 => items.push_made(|| parser.get().snapshot(py))?,
            View::First | View::Finals => {}
        }
        let textual = object.getattr(intern!(py, "textual"))?.is_truthy()?;
        let quoter = textual.then(Quoter::default);
        self.begun[index] = Some(Call { object: object.unbind(), parser, quoter, stage: Stage::Open });
        Ok(())
    }

    /// Hands out what a call that has taken something in shows of it.
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
        let before = call.stage;
        let (grown, error) = match grown {
            Ok(grown) => (grown, None),
            Err(error) if view == View::Parts && error.is_instance_of::<PyException>(py) => {
                (true, Some(error.into_value(py)))
            }
            Err(error) => return Err(error),
        };
        if error.is_some() {
            call.stage = Stage::Refused;
        } else if before == Stage::Open && call.parser.get().complete(py)? {
            call.stage = Stage::Whole;
        }
        let closes = call.stage != before;
        if closes {
            call.object.call_method1(py, intern!(py, "_close"), (error,))?;
        }
        match view {
            View::Parts => {
                items.push_grown(grown || closes, || Ok(call.object.clone_ref(py)))?;
            }
            View::Finals if closes => match call.last(py) {
                Ok(arguments) => items.push_once(arguments.into_bound(py))?,
                Err(error) => {
                    call.stage = Stage::Refused;
                    let text = call.parser.get().text(py)?;
                    self.refuse(py, index, error, text.as_bytes())?;
                }
            },
            View::First if is_first => {
                items.push_grown(grown, || call.parser.get().snapshot(py))?;
            }
            View::Finals | View::First => {}
        }
        Ok(())
    }

    /// Notes what is wrong with a call, or raises it.
    fn refuse(&self, py: Python<'_>, index: usize, error: PyErr, text: &[u8]) -> PyResult<()> {
        match &self.skipped {
            Some(skipped) => skipped.note(py, error, PyTuple::new(py, [index])?, 0, text),
            None => Err(error),
        }
    }

    /// This of the first call, or of each.
    fn shown(&self, py: Python<'_>, show: impl Fn(&Call) -> PyResult<Py<PyAny>>) -> PyResult<Py<PyAny>> {
        let skips = self.skipped.is_some();
        let mut shown = self.ours().filter(|call| !(skips && call.stage == Stage::Refused)).map(show);
        if self.is_one() {
            return shown.next().unwrap_or_else(|| Ok(py.None()));
        }
        Ok(PyList::new(py, shown.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
    }

    fn ours(&self) -> impl Iterator<Item = &Call> {
        self.begun.iter().flatten()
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.begin)?;
        visit.call(&self.none)?;
        if let Some(skipped) = &self.skipped {
            skipped.traverse(visit)?;
        }
        self.ours().try_for_each(|call| {
            visit.call(&call.object)?;
            visit.call(&call.parser)
        })
    }
}

/// The error for what follows whole arguments.
fn trailing(py: Python<'_>, parser: &PyParser) -> PyResult<PyErr> {
    let class = py.import("instar.errors")?.getattr("JSONError")?;
    let message = instar_json::Syntax::TrailingCharacters.to_string();
    let place = (message, parser.offset(py)?, parser.line(py)?, parser.column(py)?);
    Ok(PyErr::from_value(class.call1(place)?))
}

impl Call {
    /// Takes in an event. True if the snapshot shows something new.
    fn take(&mut self, py: Python<'_>, event: Event, text: &[u8]) -> PyResult<bool> {
        let parser = self.parser.get();
        match (event, &mut self.quoter) {
            _ if self.stage == Stage::Refused => Ok(false),
            _ if self.stage == Stage::Whole && parser.is_finished(py)? => {
                let is_mended =
                    parser.repairs_around().is_some_and(|kinds| kinds.has(RepairKind::ExtraValue));
                if is_mended || text.trim_ascii().is_empty() { Ok(false) } else { Err(trailing(py, parser)?) }
            }
            (Event::End(_), _) if self.stage == Stage::Whole => Ok(false),
            (Event::Input(_), Some(quoter)) => parser.feed_bytes(py, &quoter.quote(text)),
            (Event::End(_), Some(quoter)) if quoter.is_open() || parser.offset(py)? == 0 => {
                parser.feed_bytes(py, quoter.end())
            }
            (Event::End(_), _) => self.close(py),
            _ => parser.feed_bytes(py, text),
        }
    }

    /// Nothing more comes of it: tells its object all that has come.
    fn end(&self, py: Python<'_>, lane: &Lane, index: usize) -> PyResult<()> {
        let text = lane.of_choice(py, |choice| choice.arguments(index).to_owned())?;
        self.object.call_method1(py, intern!(py, "_end"), (text,)).map(drop)
    }

    /// Declares the text ended. True if the end shows something new: it closes a number.
    fn close(&self, py: Python<'_>) -> PyResult<bool> {
        let was_complete = self.parser.get().complete(py)?;
        self.parser.get().close(py).map(|()| !was_complete)
    }

    /// The validated arguments.
    fn last(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.object.call_method0(py, intern!(py, "final"))
    }
}
