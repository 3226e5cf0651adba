//! One text as it is read: the core's parser, what its tape is built to, and the answers to what it asks.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use instar_core::{
    Cursor, Fault, FaultKind, Limits, NodeId, OnViolation, Parser, PendingHooks, PendingValue, Plan, Step,
    Ticket,
};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::build::{Builder, Context, Elements, looks_same};
use crate::changes;
use crate::dump::{Arrived, Layouts, Style, dump_value};
use crate::errors::{self, Place, Report};
use crate::ffi::attached;
use crate::schema::Settings;

/// How much has grown: see [`Parser::growth`].
pub(super) type Growth = (u64, u64);

/// One text as it is read.
pub(super) struct Reading {
    pub(super) core: Parser,
    pub(super) builder: Builder,
    /// The reader of elements, for schemas that have some.
    pub(super) elements: Option<Elements>,
    /// The violations that were recovered from.
    pub(super) violations: Vec<Py<PyAny>>,
    answers: Answers,
    /// Values that the host has made and that may not remember what of them has arrived: where each is in the text.
    forgetful: Vec<(Py<PyAny>, Range<usize>, Arc<Layouts>)>,
    /// What has been learned of those before them.
    learned: Arrived,
    start: Start,
    /// How many texts were given up before this one.
    restarts: u32,
    /// How far those have read the tape who look out for what happens at places.
    lookout: Option<Cursor>,
}

/// What a reading begins with.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) plan: Arc<Plan>,
    pub(super) limits: Limits,
    pub(super) on_violation: OnViolation,
    pub(super) live: bool,
}

/// Why a reading stops.
pub(super) enum Stopped {
    /// The text is hopeless.
    Fault(Fault),
    /// The host refuses what it was asked about, which makes the text hopeless at an offset.
    Refused(PyErr, usize),
    /// Something that is no fault of the text.
    Failed(PyErr),
}

/// What alternatives were answered for values that end at an offset: many may ask for the same one.
#[derive(Default)]
struct Answers {
    end: usize,
    by_value: HashMap<(NodeId, usize), Answer>,
}

/// What an alternative was answered.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Accepted(Ticket),
    Rejected,
}

impl Reading {
    pub(super) fn new(start: Start) -> Self {
        Self {
            elements: Elements::of(&start.plan),
            core: Parser::new(start.plan.clone(), start.limits, start.on_violation),
            builder: Builder::new(start.live),
            violations: Vec::new(),
            answers: Answers::default(),
            forgetful: Vec::new(),
            learned: Arrived::default(),
            start,
            restarts: 0,
            lookout: None,
        }
    }

    /// Begins anew, with an empty text.
    pub(super) fn restart(&mut self) {
        *self = Self { restarts: self.restarts + 1, ..Self::new(self.start.clone()) };
    }

    /// How many texts were given up before this one.
    pub(super) fn restarts(&self) -> u32 {
        self.restarts
    }

    /// The cursor of the slowest of those who read the tape besides the builder.
    fn slowest_cursor(&self) -> Option<Cursor> {
        let elements = self.elements.as_ref().and_then(Elements::cursor);
        match (elements, self.lookout) {
            (Some(elements), Some(lookout)) => Some(elements.min(lookout)),
            (elements, lookout) => elements.or(lookout),
        }
    }

    pub(super) fn snapshot(&mut self, c: Context<'_, '_>) -> PyResult<Py<PyAny>> {
        let others = self.slowest_cursor();
        self.builder.snapshot(c, &mut self.core, others.as_slice())
    }

    /// What has arrived, and nothing else, as plain data.
    pub(super) fn dump<'py>(&mut self, c: Context<'_, 'py>, style: Style) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = self.snapshot(c)?.into_bound(c.py);
        for (value, place, layouts) in self.forgetful.drain(..) {
            self.learned.learn(value.bind(c.py), &self.core.text()[place], &layouts)?;
        }
        let open = self.builder.arrived(c, &snapshot)?;
        dump_value(
            &snapshot,
            style,
            c.schema.layouts(c.py)?,
            &[&open, &self.builder.forgotten, &self.learned],
        )
    }

    /// The way through the dump to the innermost value that shows and may still grow, of a snapshot that is up to date.
    pub(super) fn open_path<'py>(&self, c: Context<'_, 'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.builder.spine(c, &self.core)?.path(c)
    }

    /// Whether there may be changes that a reader has not read.
    pub(super) fn has_news(&mut self, c: Context<'_, '_>, reader: &mut changes::Reading) -> changes::News {
        let (news, cursor) = reader.has_news(c, &self.core, self.restarts);
        self.lookout = cursor;
        news
    }

    /// Nobody looks out any more.
    pub(super) fn unwatch(&mut self) {
        self.lookout = None;
    }

    /// The changes that a reader has not read. One that has read of a text before this one begins anew.
    pub(super) fn follow<'py>(
        &mut self,
        c: Context<'_, 'py>,
        reader: &mut changes::Reading,
    ) -> PyResult<Bound<'py, PyList>> {
        if let Some(changes) = reader.read_text(c.py, &self.core, self.restarts)? {
            return Ok(changes);
        }
        let others = self.slowest_cursor();
        self.builder.catch_up(c, &mut self.core, others.as_slice())?;
        for (value, place, layouts) in self.forgetful.drain(..) {
            self.learned.learn(value.bind(c.py), &self.core.text()[place], &layouts)?;
        }
        reader.turn_to(self.restarts, &self.core);
        let spine = self.builder.spine(c, &self.core)?;
        reader.read(c, &spine, &[&self.builder.forgotten, &self.learned], &self.core)
    }

    /// What has come since a reader has read, by a delta, if nothing but an open text can have grown since.
    #[inline]
    pub(super) fn text_news<'py>(
        &self,
        py: Python<'py>,
        reader: &mut changes::Reading,
        delta: Option<&Bound<'py, PyString>>,
    ) -> PyResult<changes::TextNews<'py>> {
        reader.text_news(py, &self.core, self.restarts, delta)
    }

    /// Whether a delta before which the parser's growth was `before` has changed something that can be seen.
    #[inline(never)]
    fn has_changed(&mut self, c: Context<'_, '_>, before: Growth) -> PyResult<bool> {
        let others = self.slowest_cursor();
        self.builder.note_growth(before);
        self.builder.has_changed(c, &mut self.core, others.as_slice())
    }

    /// Whether a delta has changed something that can be seen, before which the parser's growth was `before`. Within
    /// `take`, which every delta goes through.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn changed<'c, 'py>(
        &mut self,
        context: impl FnOnce() -> Context<'c, 'py>,
        before: Growth,
    ) -> PyResult<bool> {
        let (grown, doubts) = self.core.growth();
        if grown == before.0 && doubts != before.1 {
            let c = context();
            return attached(c.py, |_| self.has_changed(c, before));
        }
        Ok(grown != before.0)
    }

    /// Whether what is to be seen looks like what was seen before.
    pub(super) fn looks_like(&mut self, c: Context<'_, '_>, seen: &Bound<'_, PyAny>) -> PyResult<bool> {
        let snapshot = self.snapshot(c)?;
        looks_same(c, snapshot.bind(c.py), seen)
    }

    /// Goes on from `step` until all is read, answering what is asked on the way. `before` is the parser's growth before
    /// the delta; `place` tells where an offset lies in the text as it came.
    #[inline(never)]
    pub(super) fn run(
        &mut self,
        c: Context<'_, '_>,
        mut step: Result<Step, Fault>,
        before: Growth,
        read: impl Fn(&mut Parser) -> Result<Step, Fault>,
        place: &dyn Fn(usize) -> usize,
    ) -> Result<(), Stopped> {
        self.builder.note_growth(before);
        loop {
            match step {
                Ok(Step::Drained) => return Ok(()),
                Ok(Step::Validate(pending)) => self.validate(c, pending, place)?,
                Ok(Step::Hooks(pending)) => self.run_hooks(c, pending, place)?,
                Err(fault) if !self.core.can_recover() => return Err(Stopped::Fault(fault)),
                Err(fault) => {
                    let offset = fault.offset;
                    let error = report(c, &self.core, &settings(c), None).fault(&fault);
                    self.violated(c, error, offset, place)?;
                }
            }
            step = read(&mut self.core);
        }
    }

    fn validate(
        &mut self,
        c: Context<'_, '_>,
        pending: PendingValue,
        place: &dyn Fn(usize) -> usize,
    ) -> Result<(), Stopped> {
        let asked = pending.asked();
        if let Some(answer) = self.answers.find(&pending) {
            match answer {
                Answer::Accepted(ticket) => self.core.accept(pending, ticket),
                Answer::Rejected => self.core.reject(pending),
            }
            return Ok(());
        }
        let settings = settings(c);
        let validator = &c.schema.facet(asked.node).validator;
        let key =
            asked.key.map(|key| PyString::from_bytes(c.py, self.core.source().bytes(key))).transpose()?;
        let validated = match &key {
            Some(key) => validator.validate_key(key.clone(), &settings),
            None => validator.validate(c.py, &self.core.text()[asked.start..asked.end], &settings),
        };
        let error = match validated {
            Ok(value) => {
                let ticket = self.builder.keep(value.clone().unbind());
                self.answers.note(&pending, Answer::Accepted(ticket));
                if let Some(layouts) = validator.forgetful(c.py)? {
                    self.forgetful.push((value.unbind(), asked.start..asked.end, layouts));
                }
                self.core.accept(pending, ticket);
                return Ok(());
            }
            Err(error) => error,
        };
        if asked.tentative && errors::is_validation_error(&error, c.py)? {
            self.answers.note(&pending, Answer::Rejected);
            self.core.reject(pending);
            return Ok(());
        }
        let report = report(c, &self.core, &settings, None);
        let raised = match &key {
            Some(key) => report.raised_of_key(&error, key),
            None => report.raised(&error, None),
        };
        let fault = self.core.refuse(pending);
        self.violated(c, raised.unwrap_or_else(|error| error), fault.offset, place)
    }

    fn run_hooks(
        &mut self,
        c: Context<'_, '_>,
        pending: PendingHooks,
        place: &dyn Fn(usize) -> usize,
    ) -> Result<(), Stopped> {
        let others = self.slowest_cursor();
        let Err(error) = self.builder.run_hooks(c, &mut self.core, others.as_slice()) else {
            self.core.hooks_ran(pending);
            return Ok(());
        };
        let asked = pending.asked();
        let json = &self.core.text()[asked.start..asked.end];
        let raised = report(c, &self.core, &settings(c), None).hook(error, json);
        let fault = self.core.hooks_refused(pending);
        self.violated(c, raised.unwrap_or_else(|error| error), fault.offset, place)
    }

    /// Stops for what was refused at `offset`, or notes it and goes on.
    fn violated(
        &mut self,
        c: Context<'_, '_>,
        error: PyErr,
        offset: usize,
        place: &dyn Fn(usize) -> usize,
    ) -> Result<(), Stopped> {
        if !errors::is_validation_error(&error, c.py)? {
            return Err(Stopped::Failed(error));
        }
        if !self.core.can_recover() {
            return Err(Stopped::Refused(error, offset));
        }
        let violations = report(c, &self.core, &settings(c), None).violations(&error, place(offset))?;
        self.violations.extend(violations.into_iter().map(Bound::unbind));
        self.core.recover();
        Ok(())
    }

    /// The way to the open value, as in Pydantic's `loc`.
    pub(super) fn path<'py>(&self, c: Context<'_, 'py>) -> PyResult<Bound<'py, PyTuple>> {
        report(c, &self.core, &settings(c), None).path()
    }

    /// The error of what has stopped the reading, which lies at `place` of the text as it came.
    pub(super) fn error(&self, c: Context<'_, '_>, stopped: Stopped, place: Option<&Place<'_>>) -> PyErr {
        match stopped {
            Stopped::Fault(fault) => report(c, &self.core, &settings(c), place).fault(&fault),
            Stopped::Refused(error, _) | Stopped::Failed(error) => error,
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.violations.iter().try_for_each(|violation| visit.call(violation))?;
        if let Some(elements) = &self.elements {
            elements.traverse(visit)?;
        }
        self.forgetful.iter().try_for_each(|(value, ..)| visit.call(value))?;
        self.learned.traverse(visit)?;
        self.builder.traverse(visit)
    }
}

impl Stopped {
    /// The text ends before its value does.
    pub(super) fn truncated(offset: usize) -> Self {
        Self::Fault(Fault { offset, kind: FaultKind::Truncated })
    }

    /// Whether the text ends before its value does.
    pub(super) fn is_truncated(&self) -> bool {
        matches!(self, Self::Fault(Fault { kind: FaultKind::Truncated, .. }))
    }

    /// Where the text is hopeless, if it is.
    pub(super) fn offset(&self) -> Option<usize> {
        match self {
            Self::Fault(Fault { kind: FaultKind::Bytes, .. }) | Self::Failed(_) => None,
            Self::Fault(fault) => Some(fault.offset),
            Self::Refused(_, offset) => Some(*offset),
        }
    }
}

impl From<PyErr> for Stopped {
    fn from(error: PyErr) -> Self {
        Self::Failed(error)
    }
}

pub(super) fn settings<'c>(c: Context<'c, '_>) -> Settings<'c> {
    Settings { strict: c.schema.strict, context: c.passed }
}

fn report<'r, 'py>(
    c: Context<'r, 'py>,
    parser: &'r Parser,
    settings: &'r Settings<'r>,
    place: Option<&'r Place<'r>>,
) -> Report<'r, 'py> {
    Report::new(c.py, c.schema, parser, settings, place)
}

impl Answers {
    /// What another alternative was answered for the same value.
    fn find(&self, pending: &PendingValue) -> Option<Answer> {
        let asked = pending.asked();
        if !asked.tentative || asked.key.is_some() || asked.end != self.end {
            return None;
        }
        self.by_value.get(&(asked.node, asked.start)).copied()
    }

    /// Remembers what an alternative is answered.
    fn note(&mut self, pending: &PendingValue, answer: Answer) {
        let asked = pending.asked();
        if !asked.tentative || asked.key.is_some() {
            return;
        }
        if self.end != asked.end {
            self.by_value.clear();
            self.end = asked.end;
        }
        self.by_value.insert((asked.node, asked.start), answer);
    }
}
