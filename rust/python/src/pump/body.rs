//! The body of one response: decoded, and told apart by its choices, for the pumps that read one each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use instar_wire::choice::{Asked, Choice, Place};
use instar_wire::{Delta, DeltaKind};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::portion::{PORTION, Portions};
use crate::errors;
use crate::exclusive::{Exclusive, Flag, Lent};
use crate::once::intern;
use crate::py::{PyDelta, PyWire, bytes};

/// How many bytes of a body are kept, to show what came in place of an answer.
const BEGINNING: usize = 80;

/// The body of one response, as far as it has come.
///
/// `decoder` is a `Wire`, or whatever has its `feed` and `end`. `complain` makes an exception of the JSON text of an
/// error that the server sent. What goes wrong is kept, and raised by each reader after what it has not taken yet.
#[pyclass(frozen, module = "instar._core")]
pub(crate) struct Body {
    decoder: Py<PyAny>,
    complain: Py<PyAny>,
    state: Exclusive<State>,
    /// Whether somebody waits for its source.
    reading: Arc<Flag>,
    closed: AtomicBool,
}

pub(super) struct State {
    asked: Asked,
    choices: BTreeMap<u32, Choice>,
    usage: Option<String>,
    /// The JSON text of an error that the server sent, until an exception is made of it.
    complaint: Option<String>,
    failure: Option<Py<PyAny>>,
    over: bool,
    /// Whether the response has said that it is over.
    done: bool,
    beginning: Vec<u8>,
    /// Whether there was a line end in it.
    has_lines: bool,
    /// Whether its pieces, if they are texts, are events.
    messages: Option<bool>,
    /// What of the newest piece has not been decoded yet.
    rest: Portions,
}

#[pymethods]
impl Body {
    #[new]
    #[pyo3(signature = (
        decoder, place, complain, *,
        emit="delta", elsewhere=false, several=false, foreign=Vec::new(),
    ))]
    fn new(
        decoder: Py<PyAny>,
        place: &str,
        complain: Py<PyAny>,
        emit: &str,
        elsewhere: bool,
        several: bool,
        foreign: Vec<String>,
    ) -> PyResult<Self> {
        let joined = match emit {
            "delta" => false,
            "read" => true,
            other => {
                return Err(PyValueError::new_err(format!("emit is 'delta' or 'read', not '{other}'")));
            }
        };
        let asked = Asked { place: place_of(place)?, elsewhere, several, mended: false, joined, foreign };
        let state = State {
            asked,
            choices: BTreeMap::new(),
            usage: None,
            complaint: None,
            failure: None,
            over: false,
            done: false,
            beginning: Vec::new(),
            has_lines: false,
            messages: None,
            rest: Portions::default(),
        };
        Ok(Self {
            decoder,
            complain,
            state: Exclusive::new(state),
            reading: Arc::default(),
            closed: AtomicBool::new(false),
        })
    }

    /// Where the answer is looked for.
    #[getter]
    fn place(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(PLACES[self.lend(py)?.asked.place as usize].0)
    }

    /// What reads the bytes.
    #[getter]
    fn decoder(&self, py: Python<'_>) -> Py<PyAny> {
        self.decoder.clone_ref(py)
    }

    /// The JSON text of the token counts, once the server has told them.
    #[getter]
    fn usage(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.lend(py)?.usage.clone())
    }

    /// Whether something has come of any choice.
    #[getter]
    fn begun(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.choices.values().any(Choice::begun))
    }

    /// Whether the response has said that it is over.
    #[getter]
    fn done(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.done)
    }

    /// Whether there was a line end in the body.
    #[getter]
    fn has_lines(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.has_lines)
    }

    /// The first bytes of the body.
    #[getter]
    fn beginning<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.lend(py)?.beginning))
    }

    /// The source has been closed: nothing more comes.
    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.decoder)?;
        visit.call(&self.complain)?;
        match self.state.lend_to_collector() {
            Some(state) => visit.call(&state.failure),
            None => Ok(()),
        }
    }
}

impl Body {
    pub(super) fn lend(&self, py: Python<'_>) -> PyResult<Lent<'_, State>> {
        self.state.lend(py).ok_or_else(errors::busy)
    }

    pub(super) fn reading(&self) -> Arc<Flag> {
        self.reading.clone()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Those who read it look for JSON behind prose.
    pub(super) fn mend(&self, py: Python<'_>) -> PyResult<()> {
        self.lend(py)?.asked.mended = true;
        Ok(())
    }

    /// Takes in the next piece. What is wrong with it is kept. Gives how many bytes have been decoded: not all of a long
    /// piece, the rest of which comes by `feed_rest`.
    pub(super) fn feed(&self, py: Python<'_>, piece: &Bound<'_, PyAny>) -> PyResult<usize> {
        let read = self.decode(py, piece);
        self.keep(py, read)
    }

    /// Takes in the next portion of a long piece.
    pub(super) fn feed_rest(&self, py: Python<'_>) -> PyResult<usize> {
        let mut rest = std::mem::take(&mut self.lend(py)?.rest);
        let read = self.decode_bytes(py, rest.take());
        let taken = self.keep(py, read)?;
        let mut state = self.lend(py)?;
        if !state.over() {
            state.rest = rest;
        }
        Ok(taken)
    }

    /// The source has ended.
    pub(super) fn end(&self, py: Python<'_>) -> PyResult<()> {
        let read = self.decode_end(py);
        self.keep(py, read)?;
        self.lend(py)?.finish();
        Ok(())
    }

    /// The source has failed.
    pub(super) fn fail(&self, py: Python<'_>, error: Py<PyAny>) -> PyResult<()> {
        self.lend(py)?.failure.get_or_insert(error);
        Ok(())
    }

    fn decode(&self, py: Python<'_>, piece: &Bound<'_, PyAny>) -> PyResult<usize> {
        let Ok(wire) = self.decoder.bind(py).cast::<PyWire>() else {
            return match piece.cast::<PyBytes>() {
                Ok(piece) => self.decode_bytes(py, piece.as_bytes()),
                Err(_) => self.decode_by_python(py, piece),
            };
        };
        if piece.is_none() {
            return Ok(0);
        }
        if let Ok(text) = piece.cast::<PyString>() {
            let text = text.to_str()?;
            let mut state = self.lend(py)?;
            if state.is_message(text) {
                state.note(text.as_bytes());
                wire.get().read_event(py, text.as_bytes(), |delta| state.take(delta))?;
                return Ok(text.len());
            }
            drop(state);
            return self.decode_bytes(py, text.as_bytes());
        }
        if is_decoded(piece) {
            let to_bytes = py.import(intern!(py, "instar._chunks"))?.getattr(intern!(py, "to_bytes"))?;
            let event = to_bytes.call1((piece,))?;
            let event = event.cast::<PyBytes>()?.as_bytes();
            let mut state = self.lend(py)?;
            wire.get().read_event(py, event, |delta| state.take(delta))?;
            return Ok(event.len());
        }
        self.decode_bytes(py, &bytes(piece)?)
    }

    /// Decodes bytes that may be cut anywhere: the first portion of them where they are many.
    fn decode_bytes(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<usize> {
        if bytes.len() > PORTION {
            self.lend(py)?.rest = Portions::of(bytes);
            return self.feed_rest(py);
        }
        let mut state = self.lend(py)?;
        state.note(bytes);
        if let Ok(wire) = self.decoder.bind(py).cast::<PyWire>() {
            wire.get().read(py, bytes, |delta| state.take(delta))?;
        } else {
            drop(state);
            self.decode_by_python(py, &PyBytes::new(py, bytes))?;
        }
        Ok(bytes.len())
    }

    /// Decodes a piece where Python does. Gives how long the texts in it are.
    fn decode_by_python(&self, py: Python<'_>, piece: &Bound<'_, PyAny>) -> PyResult<usize> {
        let deltas = self.decoder.bind(py).call_method1(intern!(py, "feed"), (piece,))?;
        self.take_all(py, &deltas)
    }

    fn decode_end(&self, py: Python<'_>) -> PyResult<()> {
        let deltas = self.decoder.bind(py).call_method0(intern!(py, "end"))?;
        self.take_all(py, &deltas).map(drop)
    }

    /// Takes in deltas that are Python objects. Gives how long their texts are.
    fn take_all(&self, py: Python<'_>, deltas: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut taken = 0;
        for delta in deltas.try_iter()? {
            let delta = delta?.cast_into::<PyDelta>()?;
            let delta = delta.get().delta(py)?;
            taken += delta.text.len();
            self.lend(py)?.take(delta);
        }
        Ok(taken)
    }

    /// Keeps what went wrong; what is no `Exception` is raised at once.
    fn keep<T: Default>(&self, py: Python<'_>, read: PyResult<T>) -> PyResult<T> {
        let complaint = self.lend(py)?.complaint.take();
        let complained = complaint.map(|error| self.complain.bind(py).call1((error,)));
        if let Some(exception) = complained.transpose()? {
            self.lend(py)?.failure.get_or_insert(exception.unbind());
        }
        match read {
            Err(error) if error.is_instance_of::<PyException>(py) => {
                self.lend(py)?.failure.get_or_insert(error.into_value(py).into_any());
                Ok(T::default())
            }
            read => read,
        }
    }
}

impl State {
    /// A choice, which may not have begun.
    pub(super) fn choice(&mut self, choice: u32) -> &mut Choice {
        let (asked, over) = (&self.asked, self.over);
        self.choices.entry(choice).or_insert_with(|| {
            let mut choice = Choice::new(asked.clone());
            if over {
                choice.end();
            }
            choice
        })
    }

    /// Whether nothing more comes.
    pub(super) fn over(&self) -> bool {
        self.over || self.failure.is_some()
    }

    /// Whether it wants no other piece, or none yet.
    pub(super) fn is_sated(&self) -> bool {
        self.over() || self.has_rest()
    }

    /// Whether a portion of the newest piece has not been decoded yet.
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    /// What has ended the reading before its time.
    pub(super) fn failure(&self) -> Option<&Py<PyAny>> {
        self.failure.as_ref()
    }

    /// Keeps what may have to be told of the body.
    fn note(&mut self, piece: &[u8]) {
        let missing = BEGINNING - self.beginning.len();
        self.beginning.extend_from_slice(&piece[..piece.len().min(missing)]);
        self.has_lines = self.has_lines || piece.contains(&b'\n') || piece.contains(&b'\r');
    }

    /// Whether texts are events, and not pieces of a body: the first of them tells.
    fn is_message(&mut self, text: &str) -> bool {
        let begins = text.trim_ascii_start().chars().next();
        if self.messages.is_none() {
            self.messages = begins.map(|first| first == '{' || first == '[');
        }
        self.messages.unwrap_or(false)
    }

    fn take(&mut self, delta: Delta<'_>) {
        if self.complaint.is_some() || self.over() {
            return;
        }
        match delta.kind {
            DeltaKind::Usage => self.usage = Some(delta.text.to_owned()),
            DeltaKind::Error => {
                self.complaint.get_or_insert_with(|| delta.text.to_owned());
            }
            DeltaKind::Done => {
                self.done = true;
                self.finish();
            }
            _ => self.choice(delta.choice).take(delta),
        }
    }

    fn finish(&mut self) {
        if !self.over {
            self.over = true;
            self.choices.values_mut().for_each(Choice::end);
        }
    }
}

/// The places by their names.
const PLACES: [(&str, Place); 5] = [
    ("auto", Place::First),
    ("text", Place::Text),
    ("call", Place::Call),
    ("calls", Place::Calls),
    ("turn", Place::Turn),
];

/// The place of this name.
fn place_of(name: &str) -> PyResult<Place> {
    let found = PLACES.into_iter().find(|(known, _)| *known == name);
    let message = || format!("answer is 'auto', 'text' or 'call', not '{name}'");
    found.map(|(_, place)| place).ok_or_else(|| PyValueError::new_err(message()))
}

/// Whether a piece is an event that somebody has decoded: the bytes of none.
fn is_decoded(piece: &Bound<'_, PyAny>) -> bool {
    let is_bytes = piece.is_instance_of::<PyBytes>()
        || piece.is_instance_of::<PyByteArray>()
        || piece.is_instance_of::<PyMemoryView>();
    !is_bytes
}

/// What has come of a choice, for those who say what is missing of its answer.
pub(super) fn found<'py>(py: Python<'py>, choice: &Choice) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("answer", choice.answer())?;
    found.set_item("prose", choice.prose())?;
    found.set_item("calls", choice.calls().collect::<Vec<_>>())?;
    found.set_item("reasoning", choice.reasoning())?;
    Ok(found)
}
