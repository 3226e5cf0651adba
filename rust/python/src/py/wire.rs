//! The Python classes `instar._core.Wire` and `Delta`.

use std::borrow::Cow;

use instar_wire::{
    Decoder, Delta, DeltaKind, FaultKind, Framing, PROTOCOLS, Protocol, WireFault, says_error,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::errors;
use crate::exclusive::{Exclusive, Lent};
use crate::once::Once;

/// The names of the kinds as Python has them.
static NAMES: Once<[Py<PyString>; DeltaKind::ALL.len()]> = Once::new();

/// Decodes the body of a streamed response.
///
/// `protocol` says how the deltas are packed into events; with None the first event does. `framing` says how the events
/// are cut out of the bytes, where it is not the one in which the protocol usually comes. `lane` selects one of several
/// responses in one source: the events with this `stream_id`, or with none. What is not known of an event is skipped. A
/// call while another one is at work is a `RuntimeError`.
#[pyclass(frozen, name = "Wire", module = "instar._core")]
pub(crate) struct PyWire {
    decoder: Exclusive<Decoder>,
}

/// One thing that a response said.
#[pyclass(frozen, name = "Delta", module = "instar._core")]
pub(crate) struct PyDelta {
    kind: DeltaKind,
    /// The choice it belongs to, 0 where there is only one.
    #[pyo3(get)]
    choice: u32,
    /// The tool call it belongs to: its `index`, `output_index` or block index, or for Gemini its place in the
    /// candidate.
    #[pyo3(get)]
    call: Option<u32>,
    /// The number, in its choice, of the item or block that its text stands in: what has another number is another
    /// text. 0 where there is only one.
    #[pyo3(get)]
    item: u32,
    /// The characters: of the function's name for "call", of the call's id for "id", of the reason for "finish", of
    /// an object's JSON for "usage" and "error" (or of a string's). Empty for "restart", `"call_end"` and "done" only.
    #[pyo3(get)]
    text: Py<PyString>,
}

#[pymethods]
impl PyWire {
    #[new]
    #[pyo3(signature = (protocol, framing=None, *, lane=None))]
    fn new(protocol: Option<&str>, framing: Option<&str>, lane: Option<&str>) -> PyResult<Self> {
        let known = |name| {
            Protocol::named(name)
                .ok_or_else(|| unknown("protocol", name, PROTOCOLS.iter().map(|known| known.name)))
        };
        let known_framing = |name: &str| {
            let framing = Framing::ALL.into_iter().find(|framing| framing.name() == name);
            framing.ok_or_else(|| unknown("framing", name, Framing::ALL.into_iter().map(Framing::name)))
        };
        let mut decoder =
            Decoder::new(protocol.map(known).transpose()?, framing.map(known_framing).transpose()?);
        if let Some(lane) = lane {
            decoder = decoder.in_lane(lane);
        }
        Ok(Self { decoder: Exclusive::new(decoder) })
    }

    /// The names of the protocols.
    #[classattr]
    #[pyo3(name = "PROTOCOLS")]
    fn protocols(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, PROTOCOLS.iter().map(|protocol| protocol.name))
    }

    /// The names of the protocols in which a choice has one text at most.
    #[classattr]
    #[pyo3(name = "ONE_TEXT")]
    fn one_text(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        let one_text: Vec<_> = PROTOCOLS
            .iter()
            .filter(|protocol| !protocol.several_texts)
            .map(|protocol| protocol.name)
            .collect();
        PyTuple::new(py, one_text)
    }

    /// The names of the framings.
    #[classattr]
    #[pyo3(name = "FRAMINGS")]
    fn framings(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, Framing::ALL.map(Framing::name))
    }

    /// The protocol that an event, a JSON text, belongs to; None if it is one of none.
    #[staticmethod]
    #[pyo3(signature = (event, /))]
    fn recognise(event: &[u8]) -> Option<&'static str> {
        Protocol::of(event).map(|protocol| protocol.name)
    }

    /// Whether an event of any protocol, a JSON text, is an error that a server sends in place of an answer.
    #[staticmethod]
    #[pyo3(signature = (event, /))]
    fn says_error(event: &[u8]) -> bool {
        says_error(event)
    }

    /// The deltas that these bytes complete, in their order, however the body is cut.
    ///
    /// Raises `WireError` if an event's data is not JSON, or contradicts what has come. The deltas before it are given
    /// first: the error is raised by this call if there are none, otherwise by the next one (`end` too), and by every
    /// later one. What comes behind `[DONE]` is not read.
    #[pyo3(signature = (body, /))]
    fn feed<'py>(&self, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = body.py();
        let bytes = bytes(body)?;
        self.deltas(py, |decoder, emit| decoder.feed(&bytes, emit))
    }

    /// The deltas of one event, a JSON text, that came as a message of its own.
    ///
    /// Raises as `feed` does.
    #[pyo3(signature = (event, /))]
    fn feed_event<'py>(&self, py: Python<'py>, event: &[u8]) -> PyResult<Bound<'py, PyList>> {
        self.deltas(py, |decoder, emit| decoder.feed_event(event, emit))
    }

    /// The deltas that the end of the body completes. An event that is not whole is dropped, and so is one that no
    /// blank line has dispatched, as the standard says. Another body of the same response may follow.
    ///
    /// Raises as `feed` does.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.deltas(py, |decoder, emit| decoder.end(emit))
    }

    /// The protocol that the events are read by; None until the first of them has told it.
    #[getter]
    fn protocol(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(self.decoder(py)?.protocol().map(|protocol| protocol.name))
    }

    /// Whether the response has said that it is over: `[DONE]`, `response.completed`, `response.incomplete`,
    /// `response.failed`, `response.cancelled`, `message_stop` or what the other protocols have for it. Gemini does not
    /// say so.
    #[getter]
    fn done(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.decoder(py)?.done())
    }

    /// Whether a choice was cut: it has ended by a limit, a filter or a failure; or it has not ended at all, by a
    /// reason or by the last event of the response. Before the end that is so of each.
    #[pyo3(signature = (choice=0))]
    fn is_cut(&self, py: Python<'_>, choice: u32) -> PyResult<bool> {
        Ok(self.decoder(py)?.is_cut(choice))
    }

    /// How many bytes have come, or the offset of the first one after which an event's data cannot be JSON.
    #[getter]
    fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.decoder(py)?.offset())
    }

    /// The data of the events so far, JSON texts. Events that differ only in the characters of their one delta, and
    /// in their `sequence_number` and `obfuscation`, are one event with the characters joined and the first number.
    /// `obfuscation` (Mistral's `p`) is left out everywhere. The `index` of a tool call is the number that its deltas
    /// have, whatever the server says. Every look costs a copy of them all.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let decoder = self.decoder(py)?;
        let events: Vec<_> = decoder.events().map(|event| PyBytes::new(py, &event)).collect();
        PyList::new(py, events)
    }
}

impl PyWire {
    /// Reads more of the body, and emits the deltas that it completes. What comes before a fault is emitted first.
    pub(crate) fn read(&self, py: Python<'_>, body: &[u8], emit: impl FnMut(Delta<'_>)) -> PyResult<()> {
        self.decoder(py)?.feed(body, emit).map_err(|fault| raised(py, fault))
    }

    /// The same of an event that came as a message of its own.
    pub(crate) fn read_event(
        &self,
        py: Python<'_>,
        event: &[u8],
        emit: impl FnMut(Delta<'_>),
    ) -> PyResult<()> {
        self.decoder(py)?.feed_event(event, emit).map_err(|fault| raised(py, fault))
    }

    fn decoder(&self, py: Python<'_>) -> PyResult<Lent<'_, Decoder>> {
        self.decoder.lend(py).ok_or_else(errors::busy)
    }

    /// The deltas that `decode` emits. What comes before a fault is given first; the next call raises it.
    fn deltas<'py>(
        &self,
        py: Python<'py>,
        decode: impl FnOnce(&mut Decoder, &mut dyn FnMut(Delta<'_>)) -> Result<(), WireFault>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut deltas = Vec::new();
        let decoded = decode(&mut *self.decoder(py)?, &mut |delta| deltas.push(PyDelta::emitted(py, delta)));
        match decoded {
            Err(fault) if deltas.is_empty() => Err(raised(py, fault)),
            _ => PyList::new(py, deltas.into_iter().collect::<PyResult<Vec<_>>>()?),
        }
    }
}

/// The bytes of a piece of a body: copied out of a `bytearray` or `memoryview`, which may change while it is read.
pub(crate) fn bytes<'b>(piece: &'b Bound<'_, PyAny>) -> PyResult<Cow<'b, [u8]>> {
    if let Ok(bytes) = piece.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    match PyBuffer::<u8>::get(piece) {
        Ok(buffer) => buffer.to_vec(piece.py()).map(Cow::Owned),
        Err(_) => {
            let kind = piece.get_type().name()?;
            Err(PyTypeError::new_err(format!("the body of a response is bytes, not {kind}")))
        }
    }
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> PyErr {
    let known: Vec<_> = known.map(|name| format!("'{name}'")).collect();
    PyValueError::new_err(format!("{name:?} is no {what}: {} are", known.join(", ")))
}

#[pymethods]
impl PyDelta {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str) {
        ("kind", "text", "choice", "call")
    }

    #[new]
    #[pyo3(
        signature = (kind, text=None, *, choice=0, call=None, item=0),
        text_signature = "(kind, text='', *, choice=0, call=None, item=0)"
    )]
    fn new(
        py: Python<'_>,
        kind: &str,
        text: Option<Py<PyString>>,
        choice: u32,
        call: Option<u32>,
        item: u32,
    ) -> PyResult<Self> {
        let Some(&kind) = DeltaKind::ALL.iter().find(|known| known.name() == kind) else {
            let known: Vec<_> = DeltaKind::ALL.iter().map(|kind| kind.name()).collect();
            let known = known.join(", ");
            return Err(PyValueError::new_err(format!("{kind:?} is no kind of delta: {known} are")));
        };
        Ok(Self { kind, choice, call, item, text: text.unwrap_or_else(|| PyString::new(py, "").unbind()) })
    }

    /// The names of the kinds.
    #[classattr]
    #[pyo3(name = "KINDS")]
    fn kinds(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, DeltaKind::ALL.iter().map(|kind| kind.name()))
    }

    /// What it is. Of one event they come in this order, call by call, choice by choice, with what ends last.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        let names = || std::array::from_fn(|kind| PyString::intern(py, DeltaKind::ALL[kind].name()).unbind());
        NAMES.get_or_init(names)[self.kind as usize].bind(py)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let other = other.get();
        let place = |delta: &Self| (delta.kind, delta.choice, delta.call, delta.item);
        let same = place(self) == place(other) && self.text.bind(py).as_any().eq(&other.text)?;
        Ok(same.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        (self.kind.name(), self.text.bind(py), self.choice, self.call, self.item).into_pyobject(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let call = self.call.map_or_else(|| "None".to_owned(), |call| call.to_string());
        let text = self.text.bind(py).repr()?;
        let item = if self.item == 0 { String::new() } else { format!(", item={}", self.item) };
        Ok(format!("Delta('{}', {text}, choice={}, call={call}{item})", self.kind.name(), self.choice))
    }
}

impl PyDelta {
    /// The delta that it is.
    pub(crate) fn delta<'d>(&'d self, py: Python<'d>) -> PyResult<Delta<'d>> {
        let Self { kind, choice, call, item, ref text } = *self;
        Ok(Delta { kind, choice, call, item, text: text.bind(py).to_str()? })
    }

    fn emitted<'py>(py: Python<'py>, delta: Delta<'_>) -> PyResult<Bound<'py, Self>> {
        let Delta { kind, choice, call, item, text } = delta;
        Bound::new(py, Self { kind, choice, call, item, text: PyString::new(py, text).unbind() })
    }
}

fn raised(py: Python<'_>, WireFault { fault, position, data }: WireFault) -> PyErr {
    let what = match fault.kind {
        FaultKind::Syntax(syntax) => format!("an event's data, {data:?}, is not JSON: {syntax}"),
        FaultKind::Bytes => "an event is longer than 1 GiB".to_owned(),
        FaultKind::Truncated => format!("an event's data, {data:?}, is not JSON: it ends within a value"),
        FaultKind::UnknownProtocol => {
            let known: Vec<_> = PROTOCOLS.iter().map(|protocol| protocol.name).collect();
            format!(
                "the first event, {data:?}, is one of no known protocol: name the one it is, of {}",
                known.join(", ")
            )
        }
        FaultKind::Contradiction(came, whole) => format!(
            "the server contradicts itself: what it streamed goes on with {came:?}, but what it says to be the whole \
             goes on with {whole:?}"
        ),
        FaultKind::Cumulative(beginning) => format!(
            "the arguments of a call are cumulative: each event sends them again from their beginning, \
             {beginning:?}. Have the server send what comes next, as OpenAI does, or turn its streaming of calls off"
        ),
    };
    let class = py.import("instar.errors").and_then(|errors| errors.getattr("WireError"));
    let error = class.and_then(|class| class.call1((what, fault.offset, position.line, position.column)));
    error.map_or_else(|error| error, PyErr::from_value)
}
