//! The Python classes `instar._core.Wire` and `Delta`.

use instar_wire::{Delta, Envelope, FaultKind, Kind, Wire, WireFault};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::errors;
use crate::exclusive::{Exclusive, Lent};

/// The kinds as Python has them.
static NAMES: PyOnceLock<[Py<PyString>; Kind::ALL.len()]> = PyOnceLock::new();

/// Reads the body of a streamed response: server-sent events with a provider's envelopes.
///
/// What is not known of an event is skipped. A call while another one is at work is a `RuntimeError`.
#[pyclass(frozen, name = "Wire", module = "instar._core")]
pub(crate) struct PyWire {
    wire: Exclusive<Wire>,
}

/// One thing that a response said.
#[pyclass(frozen, name = "Delta", module = "instar._core")]
pub(crate) struct PyDelta {
    kind: Kind,
    /// The choice it belongs to, 0 where there is only one.
    #[pyo3(get)]
    choice: u32,
    /// The tool call it belongs to: its `index`, `output_index` or block index, or for Gemini its place in the
    /// candidate.
    #[pyo3(get)]
    call: Option<u32>,
    /// The characters: of the function's name for "call", of the call's id for "id", of the reason for "finish", of
    /// an object's JSON for "usage" and "error" (or of a string's). Empty for "done" only.
    #[pyo3(get)]
    text: Py<PyString>,
}

#[pymethods]
impl PyWire {
    #[new]
    #[pyo3(signature = (envelope))]
    fn new(envelope: &str) -> PyResult<Self> {
        let envelope = match envelope {
            "openai-chat" => Envelope::Chat,
            "openai-responses" => Envelope::Responses,
            "anthropic" => Envelope::Anthropic,
            "gemini" => Envelope::Gemini,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "no envelope is called {envelope:?}: 'openai-chat', 'openai-responses', 'anthropic' and 'gemini' are"
                )));
            }
        };
        Ok(Self { wire: Exclusive::new(Wire::new(envelope)) })
    }

    /// The deltas that these bytes complete, in their order, however the body is cut.
    ///
    /// Raises `WireError` if an event's data is not JSON. The deltas before it are given first: the error is raised by
    /// this call if there are none, otherwise by the next one (`end` too), and by every later one. What comes behind
    /// `[DONE]` is not read.
    #[pyo3(signature = (body, /))]
    fn feed<'py>(&self, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = body.py();
        let mut deltas = Vec::new();
        let read = self.read(py, Self::bytes(body)?, |delta| deltas.push(PyDelta::told(py, delta)));
        match read {
            // What came before the fault is told first; the next call raises it.
            Err(error) if deltas.is_empty() => Err(error),
            _ => PyList::new(py, deltas.into_iter().collect::<PyResult<Vec<_>>>()?),
        }
    }

    /// The body has ended. An event that no blank line has dispatched is dropped, as the standard says.
    ///
    /// Raises as `feed` does.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.wire(py)?.end().map_err(|fault| raised(py, fault))?;
        Ok(PyList::empty(py))
    }

    /// Whether the response has said that it is over: `[DONE]`, `response.completed`, `response.incomplete`,
    /// `response.failed`, `response.cancelled` or `message_stop`. Gemini does not say so.
    #[getter]
    fn done(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.wire(py)?.done())
    }

    /// How many bytes have come, or the offset of the first one after which an event's data cannot be JSON.
    #[getter]
    fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.wire(py)?.offset())
    }

    /// The data of the events so far, JSON texts. A run of events that differ only in the characters of their one
    /// delta, and in their `sequence_number` and `obfuscation`, is one event with the characters joined and the first
    /// number. `obfuscation` (Mistral's `p`) is left out everywhere. The `index` of a tool call is the number that its
    /// deltas have, whatever the server said. Every look costs a copy of them all.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let wire = self.wire(py)?;
        let events: Vec<_> = wire.events().map(|event| PyBytes::new(py, &event)).collect();
        PyList::new(py, events)
    }
}

impl PyWire {
    /// The bytes of a piece of a body.
    pub(crate) fn bytes<'b>(piece: &'b Bound<'_, PyAny>) -> PyResult<&'b [u8]> {
        match piece.cast::<PyBytes>() {
            Ok(bytes) => Ok(bytes.as_bytes()),
            Err(_) => {
                let kind = piece.get_type().name()?;
                Err(PyTypeError::new_err(format!("the body of a response is bytes, not {kind}")))
            }
        }
    }

    /// Reads more of the body, and tells `hear` the deltas that it completes.
    pub(crate) fn read(&self, py: Python<'_>, body: &[u8], hear: impl FnMut(Delta<'_>)) -> PyResult<()> {
        self.wire(py)?.feed(body, hear).map_err(|fault| raised(py, fault))
    }

    fn wire(&self, py: Python<'_>) -> PyResult<Lent<'_, Wire>> {
        self.wire.lend(py).ok_or_else(errors::busy)
    }
}

#[pymethods]
impl PyDelta {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str) {
        ("kind", "text", "choice", "call")
    }

    #[new]
    #[pyo3(
        signature = (kind, text=None, *, choice=0, call=None),
        text_signature = "(kind, text='', *, choice=0, call=None)"
    )]
    fn new(
        py: Python<'_>,
        kind: &str,
        text: Option<Py<PyString>>,
        choice: u32,
        call: Option<u32>,
    ) -> PyResult<Self> {
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.name() == kind) else {
            let known = Kind::ALL.map(Kind::name).join(", ");
            return Err(PyValueError::new_err(format!("{kind:?} is no kind of delta: {known} are")));
        };
        Ok(Self { kind, choice, call, text: text.unwrap_or_else(|| PyString::new(py, "").unbind()) })
    }

    /// What it is. Of one event they come in this order, call by call, choice by choice, with what ends last.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        NAMES.get_or_init(py, || Kind::ALL.map(|kind| PyString::intern(py, kind.name()).unbind()))
            [self.kind as usize]
            .bind(py)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let other = other.get();
        let same = (self.kind, self.choice, self.call) == (other.kind, other.choice, other.call)
            && self.text.bind(py).as_any().eq(&other.text)?;
        Ok(same.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        (self.kind.name(), self.text.bind(py), self.choice, self.call).into_pyobject(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let call = self.call.map_or_else(|| "None".to_owned(), |call| call.to_string());
        let text = self.text.bind(py).repr()?;
        Ok(format!("Delta('{}', {text}, choice={}, call={call})", self.kind.name(), self.choice))
    }
}

impl PyDelta {
    /// The delta that it is.
    pub(crate) fn delta<'d>(&'d self, py: Python<'d>) -> PyResult<Delta<'d>> {
        let Self { kind, choice, call, ref text } = *self;
        Ok(Delta { kind, choice, call, text: text.bind(py).to_str()? })
    }

    fn told<'py>(py: Python<'py>, delta: Delta<'_>) -> PyResult<Bound<'py, Self>> {
        let Delta { kind, choice, call, text } = delta;
        Bound::new(py, Self { kind, choice, call, text: PyString::new(py, text).unbind() })
    }
}

fn raised(py: Python<'_>, WireFault { fault, position }: WireFault) -> PyErr {
    let what = match fault.kind {
        FaultKind::Syntax(syntax) => format!("an event's data is not JSON: {syntax}"),
        FaultKind::Bytes => "an event is longer than 1 GiB".to_owned(),
        FaultKind::Truncated => "an event's data is not JSON: it ends within a value".to_owned(),
    };
    let class = py.import("instar.errors").and_then(|errors| errors.getattr("WireError"));
    let error = class.and_then(|class| class.call1((what, fault.offset, position.line, position.column)));
    error.map_or_else(|error| error, PyErr::from_value)
}
