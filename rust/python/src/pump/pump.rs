//! The Python class `instar._core.Pump`.

use std::sync::atomic::{AtomicBool, Ordering};

use instar_repair::RepairKind;
use instar_wire::choice::Choice;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit};

use super::body::{self, Body};
use super::calls::Calls;
use super::elements::Elements;
use super::items::{Items, made};
use super::lane::Lane;
use super::partials::Partials;
use super::portion::PORTION;
use super::projection::Projection;
use super::skipped::Skipped;
use super::state::{Stage, State};
use crate::changes::News;
use crate::errors;
use crate::exclusive::{Exclusive, Lent};
use crate::py::{ChangeReader, PyParser};

/// What stands between a source and those who look: an iterator over the items that can be had without reading on.
///
/// It ends when it is hungry (`feed` it, or say that the source has come to its `end`, or to `fail`), when the answer
/// is whole, and when it is refused: `error` then says why, and after `settle` it hands out what is left. It also ends
/// when it is `full`: hand the event loop back, and `begin_step`.
#[pyclass(frozen, generic, module = "instar._core")]
pub(crate) struct Pump {
    lane: Lane,
    state: Exclusive<State>,
    /// Whether nothing more is to be taken.
    left: AtomicBool,
    /// The reader of those who watch places of the answer.
    watched: Exclusive<Option<Py<ChangeReader>>>,
}

/// What is next.
pub(super) enum Next {
    Item(Py<PyAny>),
    /// It is hungry.
    Piece,
    Nothing,
}

/// What is next, where no items are made.
pub(super) enum Muted {
    /// A delta was read: whether there would have been an item, and whether it is surely hungry now.
    Read(bool, bool),
    /// It is hungry.
    Piece,
    Nothing,
}

#[pymethods]
impl Pump {
    /// The growing object, once more after every delta that changed it.
    ///
    /// `make` makes a parser, and another one for another attempt. `look` says what is shown of the parser's value.
    /// `textual`: the value is a text, which may come as it is, and not as JSON.
    #[staticmethod]
    #[pyo3(signature = (make, *, body=None, choice=0, look=None, textual=false))]
    fn partials(
        py: Python<'_>,
        make: Py<PyAny>,
        body: Option<Py<Body>>,
        choice: u32,
        look: Option<Py<PyAny>>,
        textual: bool,
    ) -> PyResult<Self> {
        let parser = made(make.bind(py))?;
        let projection = Projection::Partials(Partials::new(make, parser.clone_ref(py), look, textual));
        Self::new(py, projection, parser, body, choice, Items::new(py, None))
    }

    /// The members of a list, each once, as it closes.
    ///
    /// `make` makes the parser of a bare list, `wrapped` that of an object of lists. What has `passed` in an earlier
    /// attempt is not handed out again. With `element`, which makes the parser of one, an element that is refused does
    /// not end the stream: it is among the `errors`.
    #[staticmethod]
    #[pyo3(signature = (make, wrapped, *, body=None, choice=0, passed=None, element=None))]
    fn elements(
        py: Python<'_>,
        make: Py<PyAny>,
        wrapped: Py<PyAny>,
        body: Option<Py<Body>>,
        choice: u32,
        passed: Option<Py<PyList>>,
        element: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let parser = made(make.bind(py))?;
        let mut elements = Elements::new(make, parser.clone_ref(py), wrapped);
        if let Some(element) = element {
            elements = elements.skipping(py, element);
        }
        Self::new(py, Projection::Elements(elements), parser, body, choice, Items::new(py, passed))
    }

    /// The calls of functions. `begin(index, id, name)` makes the object of each, `make` the parser of none.
    ///
    /// With `skip` a call that is refused does not end the stream: it is among the `errors`.
    #[staticmethod]
    #[pyo3(signature = (make, begin, view, *, body=None, choice=0, passed=None, skip=false))]
    #[expect(clippy::too_many_arguments, reason = "keywords")]
    fn calls(
        py: Python<'_>,
        make: &Bound<'_, PyAny>,
        begin: Py<PyAny>,
        view: &str,
        body: Option<Py<Body>>,
        choice: u32,
        passed: Option<Py<PyList>>,
        skip: bool,
    ) -> PyResult<Self> {
        let none = made(make)?;
        let calls = Calls::new(begin, none.clone_ref(py), view, skip.then(|| Skipped::new(py)))?;
        Self::new(py, Projection::Calls(calls), none, body, choice, Items::new(py, passed))
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut state = self.lend(py)?;
        Ok(match self.take(py, &mut state, PORTION)? {
            Next::Item(item) => Some(item),
            Next::Piece | Next::Nothing => None,
        })
    }

    /// Whether this step of the event loop has taken in enough.
    #[getter]
    fn full(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.taken >= PORTION)
    }

    /// Another step of the event loop begins.
    fn begin_step(&self, py: Python<'_>) -> PyResult<()> {
        self.lend(py)?.taken = 0;
        Ok(())
    }

    /// Whether there is nothing to take before more has been read.
    #[getter]
    fn hungry(&self, py: Python<'_>) -> PyResult<bool> {
        let state = self.lend(py)?;
        self.is_hungry(py, &state)
    }

    /// Read the next delta, and make no item of it: for those who look at something else. None where there is none,
    /// and where the pump is `full`; else whether there would have been an item.
    fn read_on(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        let mut state = self.lend(py)?;
        if self.is_over(&state) {
            return Ok(None);
        }
        self.mute(py, &mut state)?;
        while !self.is_over(&state) && state.taken < PORTION && self.step(py, &mut state)? {
            if !state.items.is_held() {
                return Ok(Some(state.items.take_missed()));
            }
        }
        Ok(None)
    }

    /// The parser of the answer, and how the answer lies in its value: it is the "whole" of it, its one "member", or
    /// what its "lists" hold. Before a call has begun that is the answer, it is a parser to which nothing comes.
    ///
    /// Raises `TypeError` where the calls of a turn are the answer: each has a parser of its own.
    #[getter]
    fn answer(&self, py: Python<'_>) -> PyResult<(Py<PyParser>, &'static str)> {
        self.lend(py)?.projection.answer(py, &self.lane)
    }

    /// What reads for those who watch places of the answer. When it may have news, `Pull` calls the stream's `_tell`.
    #[getter]
    fn watched(&self, py: Python<'_>) -> PyResult<Option<Py<ChangeReader>>> {
        let watched = self.watched.lend(py).ok_or_else(errors::busy)?;
        Ok(watched.as_ref().map(|reader| reader.clone_ref(py)))
    }

    #[setter]
    fn set_watched(&self, py: Python<'_>, watched: Option<Py<ChangeReader>>) -> PyResult<()> {
        match watched {
            Some(_) => self.lane.stir(),
            None => self.lane.parser(py)?.get().unwatch(py)?,
        }
        let mut now = self.watched.lend(py).ok_or_else(errors::busy)?;
        let before = std::mem::replace(&mut *now, watched);
        drop(now);
        drop(before);
        Ok(())
    }

    /// Whether something may have happened at a place that somebody watches, and was not told of.
    #[inline]
    pub(super) fn has_news(&self, py: Python<'_>) -> PyResult<bool> {
        if self.lane.is_stirring() { self.news(py) } else { Ok(false) }
    }

    /// Whether each item is the answer so far, in the place of the one before.
    #[getter]
    fn is_growing(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.projection.is_growing())
    }

    /// Take in the next piece of the source.
    #[pyo3(name = "feed", signature = (piece, /))]
    fn py_feed(&self, piece: &Bound<'_, PyAny>) -> PyResult<()> {
        self.feed(piece.py(), piece)
    }

    /// The source has come to its end.
    pub(super) fn end(&self, py: Python<'_>) -> PyResult<()> {
        match &self.lane.body {
            Some(body) => body.get().end(py),
            None => {
                let mut state = self.lend(py)?;
                if state.stage != Stage::Stopped {
                    state.stage = Stage::Ended;
                }
                Ok(())
            }
        }
    }

    /// Whether somebody waits for the source.
    #[getter]
    fn reading(&self) -> bool {
        self.lane.is_read()
    }

    /// The source has failed.
    #[pyo3(signature = (error, /))]
    pub(super) fn fail(&self, py: Python<'_>, error: Py<PyAny>) -> PyResult<()> {
        match &self.lane.body {
            Some(body) => body.get().fail(py, error),
            None => {
                let mut state = self.lend(py)?;
                state.fail(error);
                Ok(())
            }
        }
    }

    /// Hand out no more, and be hungry no more.
    fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether there would be more to read, had the source not been closed for other reasons.
    #[getter]
    fn abandoned(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(body) = &self.lane.body else { return Ok(false) };
        let state = self.lend(py)?;
        let reading = state.error.is_none() && state.stage == Stage::Reading;
        Ok(reading && body.get().is_closed() && !body.get().lend(py)?.over())
    }

    /// Go on to hand out what is left: whatever had to be done about the error has been done.
    fn settle(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(error) = &mut self.lend(py)?.error {
            error.settled = true;
        }
        Ok(())
    }

    /// Check that what has come is a whole answer. The end may show something that was not shown before.
    fn conclude(&self, py: Python<'_>) -> PyResult<()> {
        let mut state = self.lend(py)?;
        let State { projection, items, .. } = &mut *state;
        projection.end(py, &self.lane, items)?;
        let is_growing = projection.is_growing();
        drop(state);
        if is_growing { self.py_final(py, false).map(drop) } else { Ok(()) }
    }

    /// Read the answer in the next place where it may stand, all of it: where it should, there is prose without
    /// JSON. False if there is no such place.
    fn instead(&self, py: Python<'_>) -> PyResult<bool> {
        let moved = self.lane.of_choice(py, Choice::instead)?.unwrap_or_default();
        let mut state = self.lend(py)?;
        while moved && self.read(py, &mut state)? {}
        Ok(moved)
    }

    /// What has ended the reading before its time.
    #[getter]
    fn error(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.lend(py)?.error.as_ref().map(|error| error.value.clone_ref(py)))
    }

    /// Whether it is the answer that is wrong, and not its source.
    #[getter]
    fn refused(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.lend(py)?.error.as_ref().is_some_and(|error| error.refused))
    }

    /// The choice that it reads.
    #[getter]
    fn choice(&self) -> u32 {
        self.lane.choice
    }

    /// The body that it reads, if it reads one.
    #[getter]
    fn body(&self, py: Python<'_>) -> Option<Py<Body>> {
        self.lane.body.as_ref().map(|body| body.clone_ref(py))
    }

    /// The parser that reads the answer.
    #[getter]
    fn parser(&self, py: Python<'_>) -> PyResult<Py<PyParser>> {
        self.lane.parser(py)
    }

    /// The answer so far.
    #[getter]
    fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.lend(py)?.projection.snapshot(py)
    }

    /// What of the snapshot has arrived, as plain data: see `instar.dump`.
    #[pyo3(signature = (*, mode="python", by_alias=false))]
    fn dump<'py>(&self, py: Python<'py>, mode: &str, by_alias: bool) -> PyResult<Bound<'py, PyAny>> {
        self.lend(py)?.projection.dump(py, mode, by_alias)
    }

    /// The text of the answer so far. Of calls each is on a line of its own: the name and the arguments.
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        self.lend(py)?.projection.text(py, &self.lane)
    }

    /// The text that has come since the item before the newest one was taken.
    #[getter]
    fn delta(&self, py: Python<'_>) -> PyResult<String> {
        self.lane.delta(py)
    }

    /// The calls so far, as `begin` has made them.
    #[getter]
    fn made<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.lend(py)?.projection.made(py)
    }

    /// The validated answer, made once. With `allow_truncated` a value that is cut off is completed.
    #[pyo3(name = "final", signature = (*, allow_truncated=false))]
    fn py_final(&self, py: Python<'_>, allow_truncated: bool) -> PyResult<Py<PyAny>> {
        let mut state = self.lend(py)?;
        if let Some(last) = &state.last {
            return Ok(last.clone_ref(py));
        }
        let last = state.projection.last(py, allow_truncated)?;
        Ok(state.last.insert(last).clone_ref(py))
    }

    /// The elements that this attempt and those before it have handed out.
    #[getter]
    fn passed(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        Ok(self.lend(py)?.items.passed(py))
    }

    /// The elements or calls that were refused, in a stream that goes on behind them.
    #[getter]
    fn errors(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let state = self.lend(py)?;
        let skipped = state.projection.skipped();
        Ok(skipped.map_or_else(|| PyList::empty(py).unbind(), |skipped| skipped.list(py)))
    }

    /// Why the model stopped, in the provider's words, once it has.
    #[getter]
    fn finish_reason(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.lane.of_choice(py, |choice| choice.finish_reason().map(str::to_owned)).map(Option::flatten)
    }

    /// What the model has thought so far.
    #[getter]
    fn reasoning(&self, py: Python<'_>) -> PyResult<String> {
        self.lane.of_choice(py, |choice| choice.reasoning().to_owned()).map(Option::unwrap_or_default)
    }

    /// What stands beside the answer.
    #[getter]
    fn prose(&self, py: Python<'_>) -> PyResult<String> {
        self.lane.of_choice(py, |choice| choice.prose()).map(Option::unwrap_or_default)
    }

    /// In which words the model has refused to answer.
    #[getter]
    fn refusal(&self, py: Python<'_>) -> PyResult<String> {
        self.lane.of_choice(py, |choice| choice.refusal().to_owned()).map(Option::unwrap_or_default)
    }

    /// Whether the choice that it reads has begun.
    #[getter]
    fn begun(&self, py: Python<'_>) -> PyResult<bool> {
        self.lane.of_choice(py, |choice| choice.begun()).map(Option::unwrap_or_default)
    }

    /// What has come of the choice, wherever it stands: "answer" (or None), "prose", "calls" and "reasoning".
    fn found<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.lane.of_choice(py, |choice| body::found(py, choice))?;
        found.unwrap_or_else(|| Ok(PyDict::new(py)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.lane.traverse(&visit)?;
        if let Some(watched) = self.watched.lend_to_collector() {
            visit.call(&*watched)?;
        }
        match self.state.lend_to_collector() {
            Some(state) => state.traverse(&visit),
            // What a call at work holds is alive.
            None => Ok(()),
        }
    }
}

impl Pump {
    fn new(
        py: Python<'_>,
        projection: Projection,
        parser: Py<PyParser>,
        body: Option<Py<Body>>,
        choice: u32,
        items: Items,
    ) -> PyResult<Self> {
        let around = parser.get().repairs_around();
        if let Some(body) = body.as_ref().filter(|_| around.is_some_and(|kinds| kinds.has(RepairKind::Prose)))
        {
            body.get().mend(py)?;
        }
        Ok(Self {
            lane: Lane::new(parser, body, choice),
            state: Exclusive::new(State::new(projection, items)),
            left: AtomicBool::new(false),
            watched: Exclusive::new(None),
        })
    }

    /// Whether there is something for those who watch.
    #[inline(never)]
    fn news(&self, py: Python<'_>) -> PyResult<bool> {
        let watched = self.watched.lend(py).ok_or_else(errors::busy)?;
        let news = match &*watched {
            None => News::Over,
            Some(reader) if self.lane.is_read_by(py, reader.get())? => reader.get().news(py)?,
            Some(_) => News::Something,
        };
        if news == News::Over {
            self.lane.rest();
        }
        Ok(news == News::Something)
    }

    #[inline]
    fn lend(&self, py: Python<'_>) -> PyResult<Lent<'_, State>> {
        self.state.lend(py).ok_or_else(errors::busy)
    }

    /// Whether what reads for those who watch places is this reader, and the answer is still read by its parser.
    #[inline]
    pub(super) fn is_watched_by(&self, py: Python<'_>, reader: &Py<ChangeReader>) -> PyResult<bool> {
        let watched = self.watched.lend(py).ok_or_else(errors::busy)?;
        Ok(watched.as_ref().is_some_and(|watched| watched.is(reader))
            && self.lane.is_read_by(py, reader.get())?)
    }

    /// What the loop that reads for it has to know.
    pub(super) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Takes in the next piece of the source.
    pub(super) fn feed(&self, py: Python<'_>, piece: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Some(body) = &self.lane.body {
            let taken = body.get().feed(py, piece)?;
            self.lend(py)?.taken += taken;
            return Ok(());
        }
        let mut state = self.lend(py)?;
        if state.pending.is_some() {
            return Err(PyRuntimeError::new_err("the delta before has not been taken yet"));
        }
        state.pending = Some(piece.clone().unbind());
        Ok(())
    }

    fn is_hungry(&self, py: Python<'_>, state: &State) -> PyResult<bool> {
        let left = self.left.load(Ordering::Relaxed);
        if left || state.error.is_some() || matches!(state.stage, Stage::Ended | Stage::Stopped) {
            return Ok(false);
        }
        match &self.lane.body {
            Some(body) => Ok(!(body.get().is_closed() || body.get().lend(py)?.is_sated())),
            None => Ok(state.is_empty()),
        }
    }

    /// Whether only a delta can bring what is next.
    pub(super) fn wants_piece(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.awaits_delta(&*self.lend(py)?))
    }

    /// Begins to look for the next item. True if only a delta can bring it.
    #[inline]
    pub(super) fn begin_item(&self, py: Python<'_>) -> PyResult<bool> {
        let mut state = self.lend(py)?;
        self.unmute(py, &mut state)?;
        Ok(self.awaits_delta(&state))
    }

    /// Whether it reads a source of deltas, and there is nothing to do before the next one comes.
    #[inline]
    fn awaits_delta(&self, state: &State) -> bool {
        self.lane.body.is_none()
            && state.stage == Stage::Reading
            && state.is_empty()
            && state.items.is_empty()
            && !self.is_over(state)
    }

    /// What is next, once this piece of the source has been taken in, if there is one.
    #[inline]
    pub(super) fn next(&self, py: Python<'_>, piece: Option<Bound<'_, PyAny>>) -> PyResult<Next> {
        let mut state = match piece {
            Some(delta) if self.lane.body.is_none() => {
                let mut state = self.lend(py)?;
                self.unmute(py, &mut state)?;
                // Somebody may have left while the source was waited for.
                if !self.left.load(Ordering::Relaxed) {
                    state.read(py, &self.lane, &delta).or_else(|error| state.refuse(py, error))?;
                }
                // Half of the deltas of an invoice change nothing: 60 instructions less for each than by `take`.
                if self.awaits_delta(&state) {
                    return Ok(Next::Piece);
                }
                state
            }
            Some(piece) => {
                self.feed(py, &piece)?;
                self.lend(py)?
            }
            None => self.lend(py)?,
        };
        self.take(py, &mut state, usize::MAX)
    }

    /// Reads the next delta, once this piece of the source has been taken in, if there is one, and makes no item of it.
    #[inline]
    pub(super) fn next_muted(&self, py: Python<'_>, piece: Option<&Bound<'_, PyAny>>) -> PyResult<Muted> {
        let is_plain = self.lane.body.is_none();
        if let Some(piece) = piece.filter(|_| !is_plain) {
            self.feed(py, piece)?;
        }
        let mut lent = self.lend(py)?;
        let state = &mut *lent;
        if self.is_over(state) {
            return Ok(Muted::Nothing);
        }
        self.mute(py, state)?;
        let mut is_read = false;
        if let Some(delta) = piece.filter(|_| is_plain) {
            state.read(py, &self.lane, delta).or_else(|error| state.refuse(py, error))?;
            is_read = !state.items.is_held();
        }
        while !is_read && !self.is_over(state) && self.step(py, state)? {
            is_read = !state.items.is_held();
        }
        if is_read {
            return Ok(Muted::Read(state.items.take_missed(), self.awaits_delta(state)));
        }
        Ok(if self.is_hungry(py, state)? { Muted::Piece } else { Muted::Nothing })
    }

    /// What is read from here on makes no items, unless a delta is in the middle of its portions.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn mute(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        if state.items.is_held() {
            return Ok(());
        }
        state.items.mute();
        state.handed = false;
        self.lane.mark(py)
    }

    /// What is read from here on makes items. If the newest item has been handed out, the text of the next begins here.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn unmute(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        state.items.unmute();
        if std::mem::take(&mut state.handed) { self.lane.mark(py) } else { Ok(()) }
    }

    /// Whether nothing more is read.
    #[inline]
    fn is_over(&self, state: &State) -> bool {
        state.error.is_some() || state.stage == Stage::Stopped || self.left.load(Ordering::Relaxed)
    }

    /// What is next in a step that takes in so many bytes. Within those who call it, for it is what every delta goes
    /// through.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn take(&self, py: Python<'_>, state: &mut State, step: usize) -> PyResult<Next> {
        self.unmute(py, state)?;
        loop {
            if self.left.load(Ordering::Relaxed) || state.error.as_ref().is_some_and(|error| !error.settled) {
                return Ok(Next::Nothing);
            }
            if let Some(item) = state.items.pop() {
                state.handed = true;
                return Ok(Next::Item(item));
            }
            if state.error.is_some() || state.stage == Stage::Stopped || state.taken >= step {
                return Ok(Next::Nothing);
            }
            if !self.step(py, state)? {
                let wants_more = match &self.lane.body {
                    Some(_) => self.is_hungry(py, state)?,
                    None => state.stage == Stage::Reading,
                };
                return Ok(if wants_more { Next::Piece } else { Next::Nothing });
            }
        }
    }

    /// Makes what is next into items. False where there is nothing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn step(&self, py: Python<'_>, state: &mut State) -> PyResult<bool> {
        let made =
            if state.stage == Stage::New { state.open(py).map(|()| true) } else { self.read(py, state) };
        made.or_else(|error| state.refuse(py, error).map(|()| true))
    }

    /// Reads the next delta or event, or a portion of it. False where there is none.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn read(&self, py: Python<'_>, state: &mut State) -> PyResult<bool> {
        if state.rest.is_some()
            && let Some((event, portions)) = state.rest.take()
        {
            return state.show_portion(py, &self.lane, event, portions).map(|()| true);
        }
        if let Some(body) = &self.lane.body {
            return self.read_event(py, state, body.get());
        }
        let Some(piece) = state.pending.take() else { return Ok(false) };
        state.read(py, &self.lane, piece.bind(py)).map(|()| true)
    }

    /// Reads the next event of a body.
    #[inline(never)]
    fn read_event(&self, py: Python<'_>, state: &mut State, body: &Body) -> PyResult<bool> {
        let mut lent = body.lend(py)?;
        if lent.has_rest() {
            drop(lent);
            state.taken += body.feed_rest(py)?;
            return Ok(true);
        }
        let mut text = std::mem::take(&mut state.text);
        let event = lent.choice(self.lane.choice).next_event().map(|(event, characters)| {
            text.clear();
            text.push_str(characters);
            event
        });
        if event.is_none()
            && let Some(failure) = lent.failure()
        {
            state.fail(failure.clone_ref(py));
        }
        drop(lent);
        let shown = event.map(|event| state.show(py, &self.lane, event, text.as_bytes()));
        state.text = text;
        shown.transpose().map(|shown| shown.is_some())
    }
}
