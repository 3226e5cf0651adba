//! The state of a parser: the text that has come, how it is read and mended, and what has become of it.

use std::borrow::Cow;

use instar_core::{Fault, Parser, Step};
use instar_json::Position;
use instar_repair::{Ending, Pass, Repair, RepairKind, RepairSet};
use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::prelude::*;

use super::mend::{Fed, Located, Mending};
use super::reading::{Growth, Reading, Start, Stopped};
use crate::build::Context;
use crate::errors::{self, Place};
use crate::ffi::attached;
use crate::once::intern;

pub(super) struct State {
    pub(super) reading: Reading,
    /// What mends the text before it is read, if anything is to be mended.
    pub(super) mending: Option<Box<Mending>>,
    /// Where the text is hopeless, as it came.
    pub(super) hopeless: Option<usize>,
    /// What was raised, to be raised again.
    pub(super) error: Option<Py<PyBaseException>>,
    /// What became of a text that was cut off.
    pub(super) cut_off: Option<Box<CutOff>>,
    pub(super) finished: bool,
}

/// A text that was cut off, and whose value was completed.
pub(super) struct CutOff {
    /// The text as it came.
    pub(super) raw: Vec<u8>,
    pub(super) repair: Repair,
}

impl State {
    /// Nothing has come.
    pub(super) fn new(start: Start, mending: Option<Box<Mending>>) -> Self {
        Self {
            reading: Reading::new(start),
            mending,
            hopeless: None,
            error: None,
            cut_off: None,
            finished: false,
        }
    }

    /// Takes in a delta. True if the snapshot shows something new. Within `call`: 20 instructions a delta, and 5 for a
    /// context that most deltas do not need.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn take<'c, 'py>(
        &mut self,
        context: impl Fn() -> Context<'c, 'py>,
        delta: &[u8],
    ) -> PyResult<bool> {
        if self.mending.is_some() {
            return self.take_mended(context(), delta);
        }
        let reading = &mut self.reading;
        let before = reading.core.growth();
        reading.core.push(delta);
        match reading.core.advance() {
            Ok(Step::Drained) => {}
            step => self.go_on(context(), step, before)?,
        }
        self.reading.changed(context, before)
    }

    /// The same as `take`, in a function of its own: a second copy of it would make `feed` too large.
    #[inline(never)]
    pub(super) fn take_bytes(&mut self, c: Context<'_, '_>, delta: &[u8]) -> PyResult<bool> {
        self.take(|| c, delta)
    }

    /// Goes on from a step that is not the last.
    #[inline(never)]
    fn go_on(&mut self, c: Context<'_, '_>, step: Result<Step, Fault>, before: Growth) -> PyResult<()> {
        attached(c.py, |py| {
            let read = self.reading.run(c, step, before, Parser::advance, &|at| at);
            read.map_err(|stopped| {
                let error = self.reading.error(c, stopped, None);
                self.fail(py, error)
            })
        })
    }

    /// Takes in a delta of a text that may have to be mended.
    fn take_mended(&mut self, c: Context<'_, '_>, delta: &[u8]) -> PyResult<bool> {
        let Self { reading, mending: Some(mending), .. } = self else { return Ok(false) };
        let is_passthrough = mending.mender.is_passthrough();
        if !is_passthrough {
            match mending.pass(delta) {
                Pass::Looks => return self.mend(c, Fed::Raw(delta)),
                Pass::Held => return Ok(false),
                Pass::Through => {}
            }
        }
        let (before, length) = (reading.core.growth(), reading.core.text().len());
        reading.core.push(delta);
        match reading.core.advance() {
            Ok(Step::Drained) => {}
            step => {
                let place = |at| mending.mender.raw_offset(at);
                let read = attached(c.py, |_| reading.run(c, step, before, Parser::advance, &place));
                if let Err(stopped) = read {
                    let fed = if is_passthrough {
                        Fed::Passthrough(delta, length, stopped)
                    } else {
                        Fed::Passed(stopped)
                    };
                    return self.mend(c, fed);
                }
            }
        }
        self.reading.changed(|| c, before)
    }

    /// The same by way of the mender.
    #[inline(never)]
    fn mend(&mut self, c: Context<'_, '_>, fed: Fed<'_>) -> PyResult<bool> {
        let Some(mut mending) = self.mending.take() else { return Ok(false) };
        let fed = mending.feed(c, &mut self.reading, fed);
        let fed = fed.map_err(|hopeless| attached(c.py, |_| mending.error(c, &self.reading, hopeless)));
        self.mending = Some(mending);
        fed.map_err(|(error, hopeless)| {
            self.hopeless = hopeless;
            attached(c.py, |py| self.fail(py, error))
        })
    }

    /// The text has ended. With `allow_truncated` a value that is cut off is completed.
    pub(super) fn end(&mut self, c: Context<'_, '_>, allow_truncated: bool) -> PyResult<()> {
        self.check(c.py)?;
        let ended = match self.mending.take() {
            None => self.end_read(c, allow_truncated, None),
            Some(mut mending) => {
                let ended = self.end_mended(c, allow_truncated, &mut mending);
                self.mending = Some(mending);
                ended
            }
        };
        ended.map_err(|(error, hopeless)| {
            self.hopeless = hopeless;
            self.fail(c.py, error)
        })?;
        self.finished = true;
        Ok(())
    }

    /// The mended text has ended.
    fn end_mended(
        &mut self,
        c: Context<'_, '_>,
        allow_truncated: bool,
        mending: &mut Mending,
    ) -> Result<(), Located> {
        if let Err(stopped) = mending.end(c, &mut self.reading) {
            return Err(mending.error(c, &self.reading, stopped));
        }
        match mending.mender.ending() {
            Ending::Whole => self.end_read(c, false, Some(mending)),
            Ending::Open => self.end_read(c, allow_truncated, Some(mending)),
            Ending::NoValue | Ending::Reasoning => Err(mending.no_value(c, &self.reading)),
        }
    }

    /// What is read has ended.
    fn end_read(
        &mut self,
        c: Context<'_, '_>,
        allow_truncated: bool,
        mending: Option<&Mending>,
    ) -> Result<(), Located> {
        let reading = &mut self.reading;
        let raw = mending.map_or(Cow::Borrowed(reading.core.text()), |mending| {
            mending.mender.raw_text(reading.core.text())
        });
        let raw = raw.into_owned();
        // What is left out around the value may be open, too.
        let repairs = mending.map_or(RepairSet::NONE, |mending| mending.mender.kinds());
        let is_open = mending.is_some_and(|mending| {
            mending.mender.ending() == Ending::Open && !mending.mender.is_passthrough()
        });
        let before = reading.core.growth();
        let at_end = raw.len();
        let mut ended = match reading.core.end() {
            Ok(Step::Drained) => Ok(()),
            step => reading.run(c, step, before, Parser::end, &|_| at_end),
        };
        if is_open && ended.is_ok() {
            ended = Err(Stopped::truncated(reading.core.text().len()));
        }
        match ended {
            Err(stopped) if allow_truncated && stopped.is_truncated() => {
                let repair = cut_off(reading, &raw).ok_or(stopped);
                let ended = repair.and_then(|(text, repair)| {
                    reading.restart();
                    self.cut_off = Some(Box::new(CutOff { raw, repair }));
                    reading.core.push(&text);
                    let step = reading.core.advance();
                    reading.run(c, step, (0, 0), Parser::advance, &|_| at_end)?;
                    let step = reading.core.end();
                    reading.run(c, step, (0, 0), Parser::end, &|_| at_end)
                });
                let raw = self.cut_off.as_ref().map_or_else(Vec::new, |cut_off| cut_off.raw.clone());
                ended.map_err(|stopped| {
                    let place = Place { offset: raw.len(), raw: Cow::Owned(raw), repairs };
                    (self.reading.error(c, stopped, Some(&place)), None)
                })
            }
            ended => ended.map_err(|stopped| {
                let place = Place { offset: raw.len(), raw: Cow::Owned(raw), repairs };
                let place = mending.is_some().then_some(&place);
                (self.reading.error(c, stopped, place), None)
            }),
        }
    }

    /// The text as it came; after an error it ends with the hopeless byte.
    pub(super) fn text(&self) -> Cow<'_, [u8]> {
        self.text_from(0)
    }

    /// The same, from an offset on.
    pub(super) fn text_from(&self, from: usize) -> Cow<'_, [u8]> {
        let read = self.reading.core.text();
        let text = match (&self.cut_off, &self.mending) {
            (Some(cut_off), _) => &cut_off.raw,
            (None, Some(mending)) => return mending.mender.raw_text_from(read, from),
            (None, None) => read,
        };
        Cow::Borrowed(text.get(from..).unwrap_or_default())
    }

    /// The offset of the hopeless byte, or the number of bytes that have come.
    pub(super) fn offset(&self) -> usize {
        match (self.hopeless, &self.mending, &self.cut_off) {
            (Some(offset), ..) => offset,
            (None, None, None) => self.reading.core.offset(),
            (None, _, Some(cut_off)) => cut_off.raw.len(),
            (None, Some(mending), None) => mending.mender.raw_length(self.reading.core.text().len()),
        }
    }

    /// Where that is.
    pub(super) fn position(&self) -> Position {
        Position::find(&self.text(), self.offset())
    }

    /// Whether the value is whole.
    pub(super) fn is_complete(&self) -> bool {
        match &self.mending {
            Some(mending) if self.cut_off.is_none() => mending.is_complete(&self.reading.core),
            _ => self.reading.core.complete(),
        }
    }

    /// Forgets that the text was found to be cut off, to complete it.
    pub(super) fn forget_truncation(&mut self, py: Python<'_>) -> PyResult<()> {
        let truncated = py.import(intern!(py, "instar.errors"))?.getattr(intern!(py, "TruncatedError"))?;
        if let Some(error) = &self.error
            && error.bind(py).is_instance(&truncated)?
        {
            self.error = None;
        }
        Ok(())
    }

    /// Raises again what was raised.
    pub(super) fn check(&self, py: Python<'_>) -> PyResult<()> {
        match &self.error {
            Some(error) => Err(PyErr::from_value(error.bind(py).clone().into_any())),
            None => Ok(()),
        }
    }

    /// Remembers what is raised. What is no `Exception`, such as a `KeyboardInterrupt`, is raised only once.
    pub(super) fn fail(&mut self, py: Python<'_>, error: PyErr) -> PyErr {
        let is_exception = error.is_instance_of::<PyException>(py);
        let remembered = if is_exception { error.clone_ref(py) } else { errors::interrupted() };
        self.error = Some(remembered.into_value(py));
        error
    }
}

/// The whole value of a text that is cut off, and what it took to complete it.
fn cut_off(reading: &Reading, raw: &[u8]) -> Option<(Vec<u8>, Repair)> {
    let read = reading.core.text();
    let text = instar_repair::complete(read)?;
    let same = read.iter().zip(&text).take_while(|(a, b)| a == b).count();
    let repair = Repair {
        kind: RepairKind::Truncated,
        start: raw.len(),
        end: raw.len(),
        read: instar_repair::quotation(&read[same..]),
        understood: instar_repair::quotation(&text[same..]),
        count: 1,
    };
    Some((text, repair))
}
