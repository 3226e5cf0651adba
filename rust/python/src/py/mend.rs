//! The mender of a text, at work for a reading.

use std::borrow::Cow;
use std::sync::Arc;

use instar_core::{Fault, FaultKind, Parser, Step, Syntax};
use instar_json::Position;
use instar_repair::{
    Allowance, Ending, Engine, Fault as MenderFault, FaultKind as MenderFaultKind, Guide, Mended, Mender,
    Outcome, Pass, Repair, RepairKind, RepairSet, Verdict,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyString, PyTuple};

use super::reading::{Growth, Reading, Stopped};
use crate::build::Context;
use crate::errors::{Place, stream_error};
use crate::ffi::attached;
use crate::once::intern;

/// The mender of a text, and what it has to know.
pub(super) struct Mending {
    pub(super) mender: Mender,
    guide: Arc<Guide>,
    /// How many bytes the text may have.
    limit: usize,
    /// Whether the reading begins anew before it reads more: what it has read is no answer. Until then that stays to be
    /// seen.
    begins_anew: bool,
    /// Why the value was refused that was refused last.
    refused: Option<Stopped>,
}

/// A delta.
pub(super) enum Fed<'d> {
    /// It has yet to be read.
    Raw(&'d [u8]),
    /// The reading has read it as it came, being so long before, and has stopped.
    Passthrough(&'d [u8], usize, Stopped),
    /// The mender has let it pass, and the reading has stopped.
    Passed(Stopped),
}

/// Why a text is hopeless.
pub(super) enum Hopeless {
    /// The reading has stopped, at this byte of the text as it came.
    Read(Stopped, Option<usize>),
    /// The mender knows.
    Mender(MenderFault),
    /// It is too long.
    Bytes,
}

/// An error, and where in the text as it came it lies.
pub(super) type Located = (PyErr, Option<usize>);

impl Mending {
    /// A mender for texts of at most `limit` bytes.
    pub(super) fn new(repairs: RepairSet, guide: Arc<Guide>, around: Allowance, limit: usize) -> Self {
        let mender = Mender::new(repairs, &guide, around);
        Self { mender, guide, limit, begins_anew: false, refused: None }
    }

    /// Whether the value is whole, as far as the text has been read.
    pub(super) fn is_complete(&self, core: &Parser) -> bool {
        core.complete() && !self.begins_anew && (self.mender.is_passthrough() || self.mender.is_accepted())
    }

    /// What is done with a delta that may not have to be looked at.
    #[inline]
    pub(super) fn pass(&mut self, delta: &[u8]) -> Pass {
        let fits = self.mender.length() + delta.len() <= self.limit;
        if fits && !self.begins_anew { self.mender.pass(delta) } else { Pass::Looks }
    }

    /// Takes in a delta. True if the snapshot shows something new.
    pub(super) fn feed(
        &mut self,
        c: Context<'_, '_>,
        reading: &mut Reading,
        fed: Fed<'_>,
    ) -> Result<bool, Hopeless> {
        let before = reading.core.growth();
        let Self { mender, guide, limit, begins_anew, refused } = self;
        let mut engine = Strict { c, reading, begins_anew, refused, before, seen: None, restarted: false };
        let outcome = match fed {
            Fed::Raw(delta) => {
                // One byte more than the limit is enough to be over it.
                let room = (*limit + 1).saturating_sub(mender.length());
                mender.feed(&delta[..delta.len().min(room)], &mut engine, guide)
            }
            Fed::Passthrough(delta, length, stopped) => engine
                .verdict(Err(stopped))
                .and_then(|verdict| mender.read_passthrough(delta, length, verdict, &mut engine, guide)),
            Fed::Passed(stopped) => engine
                .verdict(Err(stopped))
                .and_then(|verdict| mender.read_passed(verdict, &mut engine, guide)),
        };
        let (restarted, seen) = (engine.restarted, engine.seen.take());
        self.come_to(outcome)?;
        if !self.mender.is_passthrough() && self.mender.length() > self.limit {
            return Err(Hopeless::Bytes);
        }
        let changed = match seen {
            Some(seen) => attached(c.py, |py| reading.looks_like(c, seen.bind(py)).map(|same| !same)),
            None if restarted => Ok(true),
            None => reading.changed(|| c, before),
        };
        changed.map_err(|error| Hopeless::Read(error.into(), None))
    }

    /// The text has ended.
    pub(super) fn end(&mut self, c: Context<'_, '_>, reading: &mut Reading) -> Result<(), Hopeless> {
        let before = reading.core.growth();
        let Self { mender, guide, begins_anew, refused, .. } = self;
        let mut engine = Strict { c, reading, begins_anew, refused, before, seen: None, restarted: false };
        let outcome = mender.finish(&mut engine, guide);
        self.come_to(outcome)
    }

    fn come_to(&mut self, outcome: Result<Outcome, Stopped>) -> Result<(), Hopeless> {
        match outcome {
            Ok(Outcome::Drained) => Ok(()),
            Ok(Outcome::Fault(fault)) => Err(Hopeless::Mender(fault)),
            Ok(Outcome::Refused(at)) => match self.refused.take() {
                Some(stopped) => Err(Hopeless::Read(stopped, Some(at))),
                None => Ok(()),
            },
            Err(stopped) => Err(Hopeless::Read(stopped, None)),
        }
    }

    /// A place in the text as it came.
    pub(super) fn place<'r>(&self, offset: usize, raw: Cow<'r, [u8]>) -> Place<'r> {
        Place { raw, offset, repairs: self.mender.kinds() }
    }

    /// The error for a text that is hopeless.
    pub(super) fn error(&self, c: Context<'_, '_>, reading: &Reading, hopeless: Hopeless) -> Located {
        let raw = self.mender.raw_text(reading.core.text());
        match hopeless {
            Hopeless::Read(stopped, at) => {
                let place = self.place(at.unwrap_or(raw.len()), raw);
                (reading.error(c, stopped, Some(&place)), at)
            }
            Hopeless::Bytes => {
                let place = self.place(self.limit, raw);
                let stopped = Stopped::Fault(Fault { offset: self.limit, kind: FaultKind::Bytes });
                (reading.error(c, stopped, Some(&place)), Some(self.limit))
            }
            Hopeless::Mender(MenderFault { offset, kind }) => {
                let class = match kind {
                    MenderFaultKind::TooMuchProse | MenderFaultKind::TooBlank => "LimitError",
                    _ => "JSONError",
                };
                let place = self.place(offset, raw);
                let says = class == "JSONError" && !c.schema.hide_input;
                let quoted = if says { place.quoted(c.py) } else { Ok(String::new()) };
                let error =
                    quoted.and_then(|quoted| stream_error(c.py, class, &format!("{kind}{quoted}"), &place));
                (error.unwrap_or_else(|error| error), Some(offset))
            }
        }
    }

    /// The error for a text that has ended without a value: that of the value that was refused last, if any was.
    pub(super) fn no_value(&mut self, c: Context<'_, '_>, reading: &Reading) -> Located {
        if let Some(stopped) = self.refused.take() {
            return self.error(c, reading, Hopeless::Read(stopped, self.mender.refused_at()));
        }
        let raw = self.mender.raw_text(reading.core.text());
        let error = match self.mender.ending() {
            Ending::Reasoning => open_reasoning(c.py, &raw),
            _ if self.mender.prose().is_empty() => {
                let place = self.place(raw.len(), raw);
                return (reading.error(c, Stopped::truncated(place.offset), Some(&place)), None);
            }
            _ => no_json(c, &raw),
        };
        (error.unwrap_or_else(|error| error), None)
    }
}

/// The error for a text in which there is no JSON.
fn no_json(c: Context<'_, '_>, raw: &[u8]) -> PyResult<PyErr> {
    let what = if c.schema.hide_input {
        "there is no JSON in the text".to_owned()
    } else {
        let beginning = instar_repair::quotation(raw.trim_ascii_start());
        let beginning = PyString::new(c.py, &beginning).repr()?;
        format!("there is no JSON in the text, which begins with {beginning}")
    };
    let class = c.py.import("instar.errors")?.getattr("JSONError")?;
    Ok(PyErr::from_value(class.call1((what,))?))
}

/// The error for a text that ends in a block of reasoning.
fn open_reasoning(py: Python<'_>, raw: &[u8]) -> PyResult<PyErr> {
    let Position { line, column } = Position::find(raw, raw.len());
    let class = py.import("instar.errors")?.getattr("TruncatedError")?;
    let reason = [("reason", "in a block of reasoning")].into_py_dict(py)?;
    Ok(PyErr::from_value(class.call((PyTuple::empty(py), raw.len(), line, column), Some(&reason))?))
}

/// A reading as the engine of a mender.
struct Strict<'e, 'c, 'py> {
    c: Context<'c, 'py>,
    reading: &'e mut Reading,
    begins_anew: &'e mut bool,
    refused: &'e mut Option<Stopped>,
    /// The growth before the delta.
    before: Growth,
    /// What was to be seen before the delta, if somebody has looked and the reading has begun anew since.
    seen: Option<Py<PyAny>>,
    restarted: bool,
}

impl Strict<'_, '_, '_> {
    fn verdict(&mut self, read: Result<(), Stopped>) -> Result<Verdict, Stopped> {
        let Err(stopped) = read else { return Ok(Verdict::Taken) };
        let Some(at) = stopped.offset() else { return Err(stopped) };
        let is_trailing = matches!(
            stopped,
            Stopped::Fault(Fault { kind: FaultKind::Syntax(Syntax::TrailingCharacters), .. })
        );
        *self.refused = Some(stopped);
        let whole = self.reading.core.is_whole();
        Ok(if is_trailing { Verdict::Trailing(at) } else { Verdict::Refused { at, whole } })
    }

    /// Begins anew, if it has to.
    fn begin(&mut self) {
        if !std::mem::take(self.begins_anew) {
            return;
        }
        attached(self.c.py, |py| {
            let seen = self.reading.builder.seen(py, self.before);
            self.seen = self.seen.take().or(seen);
            self.restarted = true;
            self.before = (0, 0);
            self.reading.restart();
            *self.refused = None;
        });
    }
}

impl Engine for Strict<'_, '_, '_> {
    type Error = Stopped;

    fn read(&mut self, mended: Mended<'_>) -> Result<Verdict, Stopped> {
        self.begin();
        self.reading.core.push(mended.bytes);
        let read = match self.reading.core.advance() {
            Ok(Step::Drained) => Ok(()),
            step => {
                let Self { c, before, ref mut reading, .. } = *self;
                let place = |at| mended.raw_offset(at);
                attached(c.py, |_| reading.run(c, step, before, Parser::advance, &place))
            }
        };
        self.verdict(read)
    }

    fn restart(&mut self) {
        *self.begins_anew = true;
    }

    fn text(&self) -> &[u8] {
        self.reading.core.text()
    }

    fn cut(&mut self, at: usize) {
        self.reading.core.cut(at);
        *self.refused = None;
    }
}

/// The repairs that a caller names: `"none"`, `"around"`, `"all"`, a kind, or several.
pub(super) fn repairs_of(given: &Bound<'_, PyAny>) -> PyResult<RepairSet> {
    if let Ok(name) = given.cast::<PyString>() {
        return set_of(&name.to_string());
    }
    let Ok(names) = given.try_iter() else {
        let message =
            format!("repair is \"none\", \"around\", \"all\" or a set of kinds, not {}", given.repr()?);
        return Err(PyTypeError::new_err(message));
    };
    let mut all = RepairSet::NONE;
    for name in names {
        all = all.and(set_of(&name?.extract::<String>()?)?);
    }
    Ok(all)
}

fn set_of(name: &str) -> PyResult<RepairSet> {
    match name {
        "none" => Ok(RepairSet::NONE),
        "around" => Ok(RepairSet::AROUND),
        "all" => Ok(RepairSet::ALL),
        kind => match RepairKind::named(kind) {
            Some(kind) => Ok(RepairSet::of(&[kind])),
            None => {
                let kinds = RepairKind::ALL.map(RepairKind::name).join(", ");
                let message = format!("repair is \"none\", \"around\", \"all\" or of {kinds}; not {kind:?}");
                Err(PyValueError::new_err(message))
            }
        },
    }
}

/// Repairs of a text as people see them: in the order of the text.
pub(super) fn told<'py>(py: Python<'py>, repairs: &[Repair], raw: &[u8]) -> PyResult<Bound<'py, PyTuple>> {
    let class = py.import(intern!(py, "instar.repair"))?.getattr(intern!(py, "Repair"))?;
    let mut at = 0;
    let mut position = Position::find(raw, at);
    let told = repairs.iter().map(|repair| {
        let Repair { kind, start, end, read, understood, count } = repair;
        position = position.behind(&raw[at..(*start).clamp(at, raw.len())]);
        at = at.max((*start).min(raw.len()));
        let Position { line, column } = position;
        class.call1((kind.name(), start, end, line, column, read, understood, count))
    });
    PyTuple::new(py, told.collect::<PyResult<Vec<_>>>()?)
}
