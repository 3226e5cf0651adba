//! The state of a pump: what has been read, how far, and what has ended it.

use instar_wire::choice::Event;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{PyTraverseError, PyVisit};

use super::delta::{self, Reader};
use super::items::Items;
use super::lane::Lane;
use super::portion::{PORTION, Portions};
use super::projection::Projection;

pub(super) struct State {
    pub(super) projection: Projection,
    pub(super) items: Items,
    /// A delta that has not been read yet, where there is no body.
    pub(super) pending: Option<Py<PyAny>>,
    /// The characters of the event at hand.
    pub(super) text: String,
    /// What of the delta or event at hand has not been read yet, where it is read by portions.
    pub(super) rest: Option<(Event, Portions)>,
    /// How many bytes have been taken in by this step of the event loop.
    pub(super) taken: usize,
    pub(super) reader: Reader,
    pub(super) stage: Stage,
    pub(super) error: Option<Error>,
    /// Whether the newest item has been handed out.
    pub(super) handed: bool,
    /// The validated answer, once somebody has asked for it.
    pub(super) last: Option<Py<PyAny>>,
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not even what is shown before the first delta has been asked for.
    New,
    Reading,
    /// The source has ended; what has come of it may still be read.
    Ended,
    /// Nothing more is read.
    Stopped,
}

/// What has ended the reading.
pub(super) struct Error {
    pub(super) value: Py<PyAny>,
    /// Whether it is the answer that is wrong, and not its source.
    pub(super) refused: bool,
    /// Whether what had to be done about it has been done.
    pub(super) settled: bool,
}

impl State {
    /// Nothing has been read.
    pub(super) fn new(projection: Projection, items: Items) -> Self {
        Self {
            projection,
            items,
            pending: None,
            text: String::new(),
            rest: None,
            taken: 0,
            reader: Reader::default(),
            stage: Stage::New,
            error: None,
            handed: false,
            last: None,
        }
    }

    /// Whether no delta has come that was not read.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_none() && self.rest.is_none()
    }

    /// What is shown before the first delta is asked for.
    pub(super) fn open(&mut self, py: Python<'_>) -> PyResult<()> {
        self.stage = Stage::Reading;
        self.projection.open(py, &mut self.items)
    }

    /// Reads a delta. Within `next`, for every delta of a loop goes through it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn read(&mut self, py: Python<'_>, lane: &Lane, delta: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = delta::bytes(delta)?;
        self.show(py, lane, Event::Text, &bytes)
    }

    /// The source has failed, if nothing has ended the reading before.
    pub(super) fn fail(&mut self, error: Py<PyAny>) {
        self.error.get_or_insert(Error { value: error, refused: false, settled: false });
    }

    /// The answer is refused by this error, or the reading interrupted.
    #[cold]
    pub(super) fn refuse(&mut self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        if !error.is_instance_of::<PyException>(py) {
            return Err(error);
        }
        self.error = Some(Error { value: error.into_value(py).into_any(), refused: true, settled: false });
        self.items.refuse();
        self.projection.refuse(py, &mut self.items)
    }

    /// Gives the projection an event, and keeps what becomes visible by it. A long text that has to be parsed is kept, and
    /// given to it by portions.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn show(&mut self, py: Python<'_>, lane: &Lane, event: Event, text: &[u8]) -> PyResult<()> {
        if text.len() > PORTION && matches!(event, Event::Text | Event::Arguments(_) | Event::Input(_)) {
            self.items.hold();
            self.rest = Some((event, Portions::of(text)));
            return Ok(());
        }
        self.taken += text.len();
        self.show_all(py, lane, event, text)
    }

    /// Gives the projection the next portion of an event.
    #[inline(never)]
    pub(super) fn show_portion(
        &mut self,
        py: Python<'_>,
        lane: &Lane,
        event: Event,
        mut portions: Portions,
    ) -> PyResult<()> {
        let text = portions.take();
        self.taken += text.len();
        self.show_all(py, lane, event, text)?;
        if portions.is_empty() || self.stage == Stage::Stopped {
            self.items.release();
            self.show_all(py, lane, event, b"")?;
        } else {
            self.rest = Some((event, portions));
        }
        Ok(())
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn show_all(&mut self, py: Python<'_>, lane: &Lane, event: Event, text: &[u8]) -> PyResult<()> {
        let Self { projection, items, reader, .. } = self;
        let stopped = projection.take(py, lane, reader, event, text, items);
        if stopped.map_err(|error| advised(py, lane, error, text))? {
            self.stage = Stage::Stopped;
        }
        Ok(())
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.pending)?;
        visit.call(&self.last)?;
        if let Some(error) = &self.error {
            visit.call(&error.value)?;
        }
        self.items.traverse(visit)?;
        self.projection.traverse(visit)
    }
}

/// The error of a delta that was refused, with what to do about it where it is no delta, but a part of a response's body.
#[cold]
fn advised(py: Python<'_>, lane: &Lane, error: PyErr, delta: &[u8]) -> PyErr {
    let advise = || {
        let advise = py.import("instar._body")?.getattr("advise")?;
        advise.call1((error.value(py), lane.parser(py)?, PyBytes::new(py, delta)))
    };
    match &lane.body {
        Some(_) => error,
        None => advise().err().unwrap_or(error),
    }
}
