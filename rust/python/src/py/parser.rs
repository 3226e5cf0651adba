//! The Python class `instar._core.Parser`.

use std::borrow::Cow;
use std::ffi::CStr;

use instar_core::{Fault, Limits, OnViolation, Parser, Step};
use instar_json::Position;
use instar_repair::{Allowance, Ending, Pass, Repair, RepairKind, RepairSet};
use pyo3::exceptions::{PyBaseException, PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::mend::{Fed, Located, Mending, repairs_of, told};
use super::reading::{Growth, Reading, Start, Stopped, settings};
use crate::build::{Context, Members};
use crate::changes::{self, News};
use crate::dump::Style;
use crate::errors::{self, Place};
use crate::exclusive::{Exclusive, Lent};
use crate::ffi::{self, Method, attached};
use crate::once::{Once, intern};
use crate::schema::{RecordClass, Schema};

/// The Python function that compiles a schema, once for each type.
static SCHEMA_OF: Once<Py<PyAny>> = Once::new();

/// Turns the deltas of one JSON text into a growing object.
///
/// `schema` is anything `pydantic.TypeAdapter` takes, or None for plain Python values. With `live` there is one
/// object, grown in place; otherwise every snapshot keeps what it shows. `context` and `strict` are those of
/// `model_validate_json`. With `on_violation="defer"` what the schema refuses is withheld, and listed in `violations`;
/// the text is read to its end, and `finish` raises.
///
/// `repair` says what is mended that is not JSON: "none", "around" (prose, fences, reasoning, a byte order mark),
/// "all", a kind, or a set of kinds. What was mended is listed in `repairs`.
///
/// With `empty` a required field that can only be a list, dict, set, frozenset, deque or `tuple[X, ...]` shows that,
/// empty, before it arrives, and not None.
///
/// After any error `snapshot`, `text`, `offset`, `line`, `column`, `path` and `progress` remain readable. A call while
/// another one is at work (a second thread, or a validator that the parser is calling) is a `RuntimeError`.
#[pyclass(frozen, generic, name = "Parser", module = "instar")]
pub(crate) struct PyParser {
    schema: Py<Schema>,
    context: Option<Py<PyAny>>,
    /// What is mended.
    repairs: RepairSet,
    state: Exclusive<State>,
}

struct State {
    reading: Reading,
    /// What mends the text before it is read, if anything is to be mended.
    mending: Option<Box<Mending>>,
    /// Where the text is hopeless, as it came.
    hopeless: Option<usize>,
    /// What was raised, to be raised again.
    error: Option<Py<PyBaseException>>,
    /// What became of a text that was cut off.
    cut_off: Option<Box<CutOff>>,
    finished: bool,
}

/// The part of a delta that was taken in.
pub(crate) struct Part {
    /// Its bytes.
    pub(crate) size: usize,
    /// Whether the snapshot shows something new.
    pub(crate) changed: bool,
    /// Whether the value has closed in it.
    pub(crate) closes: bool,
}

/// A text that was cut off, and whose value was completed.
struct CutOff {
    /// The text as it came.
    raw: Vec<u8>,
    repair: Repair,
}

#[pymethods]
impl PyParser {
    #[new]
    #[pyo3(signature = (
        schema, *, live=false, limits=None, context=None, strict=None, on_violation="raise", repair=None, empty=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are the keywords of the Python class")]
    fn new(
        schema: &Bound<'_, PyAny>,
        live: bool,
        limits: Option<&Bound<'_, PyAny>>,
        context: Option<Py<PyAny>>,
        strict: Option<bool>,
        on_violation: &str,
        repair: Option<&Bound<'_, PyAny>>,
        empty: bool,
    ) -> PyResult<Self> {
        let py = schema.py();
        let on_violation = match on_violation {
            "raise" => OnViolation::Raise,
            "defer" => OnViolation::Defer,
            other => {
                let message = format!("on_violation is \"raise\" or \"defer\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        let repairs = repair.map_or(Ok(RepairSet::NONE), repairs_of)?;
        let prose = limits.map_or(Ok(DEFAULT_PROSE), |limits| limit(limits, "prose"))?;
        let limits = match limits {
            Some(limits) => Limits {
                depth: limit(limits, "depth")?,
                bytes: limit(limits, "bytes")?,
                blank: limit(limits, "blank")?,
            },
            None => Limits { depth: DEFAULT_DEPTH, bytes: DEFAULT_BYTES, blank: DEFAULT_BLANK },
        };
        let schema_of = SCHEMA_OF.import(py, "instar._schema", "schema_of")?;
        let schema: Bound<'_, Schema> = schema_of.call1((schema, strict, empty))?.cast_into()?;
        let plan = schema.get().plan.clone();
        let mending = match repairs {
            RepairSet::NONE => None,
            _ => {
                let around = Allowance { prose, blank: limits.blank };
                Some(Box::new(Mending::new(repairs, schema.get().guide(py, repairs)?, around, limits.bytes)))
            }
        };
        let state = State {
            reading: Reading::new(Start { plan, limits, on_violation, live }),
            mending,
            hopeless: None,
            error: None,
            cut_off: None,
            finished: false,
        };
        Ok(Self { schema: schema.unbind(), context, repairs, state: Exclusive::new(state) })
    }

    /// Declare the text ended. Raises `TruncatedError` if the value is not whole.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, &mut *self.state(py)?, false)
    }

    /// Declare the text ended and give what `model_validate_json` makes of it: a value that shares nothing with
    /// the snapshots.
    ///
    /// With `allow_truncated` a value that is cut off is completed: an open string is kept as far as it came,
    /// containers are closed, and a number, a word or a key that is open is left out.
    ///
    /// Raises `TruncatedError`, or the `pydantic.ValidationError` of `model_validate_json`.
    #[pyo3(signature = (*, allow_truncated=false))]
    pub(crate) fn finish(&self, py: Python<'_>, allow_truncated: bool) -> PyResult<Py<PyAny>> {
        let mut state = self.state(py)?;
        if allow_truncated {
            state.forget_truncation(py)?;
        }
        self.end(py, &mut state, allow_truncated)?;
        let c = self.context(py);
        let value = self.schema.get().root.validate(py, state.reading.core.text(), &settings(c));
        match value {
            Ok(value) => Ok(value.unbind()),
            Err(error) => Err(state.fail(py, error)),
        }
    }

    /// The elements that have settled since the last drain: for schemas `list[X]` and `dict[str, list[X]]`.
    pub(crate) fn drain(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let mut state = self.state(py)?;
        let Reading { core, builder, elements, .. } = &mut state.reading;
        match elements {
            Some(elements) => Ok(elements.drain(self.context(py), builder, core)?.unbind()),
            None => Ok(PyList::empty(py).unbind()),
        }
    }

    /// The object so far, built when asked for and kept until there is something new.
    #[getter]
    pub(crate) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.state(py)?.reading.snapshot(self.context(py))
    }

    /// What has arrived, and nothing else, as plain data: see `instar.dump`. Of dataclasses, too.
    #[pyo3(signature = (*, mode="python", by_alias=false))]
    pub(crate) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let style = Style::new(mode, by_alias)?;
        let mut state = self.state(py)?;
        state.reading.dump(self.context(py), style)
    }

    /// A reader of the changes in which `dump` grows. One that is made in mid-text begins with a `replace` of all
    /// that is there.
    #[pyo3(signature = (*, mode="json", by_alias=false))]
    fn changes(slf: &Bound<'_, Self>, mode: &str, by_alias: bool) -> PyResult<ChangeReader> {
        let style = Style::new(mode, by_alias)?;
        let state = slf.get().state(slf.py())?;
        let is_late = !state.reading.core.text().trim_ascii().is_empty();
        Ok(ChangeReader::new(slf.clone().unbind(), style, is_late))
    }

    /// Whether the root value has closed.
    #[getter]
    pub(crate) fn complete(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state(py)?.is_complete())
    }

    /// The text so far; after an error it ends with the hopeless byte.
    #[getter]
    pub(crate) fn text(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        Ok(whole_characters(&state.text()).into_owned())
    }

    /// The JSON that is read of the text: the value alone, mended.
    #[getter]
    fn mended_text(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        Ok(whole_characters(state.reading.core.text()).into_owned())
    }

    /// What was mended, in the order of the text.
    #[getter]
    fn repairs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let state = self.state(py)?;
        let mut repairs = state.mending.as_ref().map_or_else(Vec::new, |mending| mending.mender.repairs());
        repairs.extend(state.cut_off.as_ref().map(|cut_off| cut_off.repair.clone()));
        told(py, &repairs, &state.text())
    }

    /// What stands around the value in the text, and is no reasoning.
    #[getter]
    fn prose(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        Ok(state.mending.as_ref().map_or_else(String::new, |mending| mending.mender.prose()))
    }

    /// What the blocks of reasoning in the text say.
    #[getter]
    fn reasoning(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        Ok(state.mending.as_ref().map_or_else(String::new, |mending| mending.mender.reasoning()))
    }

    /// The offset in bytes of the hopeless byte, or the number of bytes that have come.
    #[getter]
    #[inline]
    pub(crate) fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.offset())
    }

    /// The line of `offset`, from 1.
    #[getter]
    pub(crate) fn line(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.position().line)
    }

    /// The column of `offset` in characters, from 1.
    #[getter]
    pub(crate) fn column(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.position().column)
    }

    /// The way from the root to the open value, as in Pydantic's `loc`.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.state(py)?.reading.path(self.context(py))
    }

    /// What the schema has refused so far, with `on_violation="defer"`.
    #[getter]
    fn violations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.state(py)?.reading.violations)
    }

    /// How far the value has come, by its top-level fields.
    #[getter]
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let outline = self.outline();
        // What is read of the snapshot below may be code of the user's, to whom the parser is free again.
        let (snapshot, Members { arrived, settled }, open, complete) = {
            let (mut state, c) = (self.state(py)?, self.context(py));
            let snapshot = state.reading.snapshot(c)?.into_bound(py);
            let members = state.reading.builder.members(c, outline, &snapshot)?;
            let complete = state.is_complete();
            let open = if complete { None } else { state.reading.open_path(c)? };
            (snapshot, members, open, complete)
        };
        let fields = outline.map_or(0, |class| class.fields.len());
        let shown = if complete { 100 } else { (100 * arrived.len()).checked_div(fields).unwrap_or(0) };
        let completion = py.import(intern!(py, "instar._completion"))?.getattr(intern!(py, "completion"))?;
        let completion = completion.call1((&snapshot, &open))?;
        let data = PyDict::new(py);
        for name in arrived {
            let value = match snapshot.cast::<PyDict>() {
                Ok(dict) => dict.as_any().get_item(&name)?,
                Err(_) => snapshot.getattr(name.cast::<PyString>()?)?,
            };
            data.set_item(name, value)?;
        }
        let class = py.import(intern!(py, "instar.progress"))?.getattr(intern!(py, "Progress"))?;
        class.call1((completion, data, PyTuple::new(py, settled)?, shown, open))
    }

    /// Of which type it is, and how far it has come.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let title = self.schema.get().title.bind(py);
        let Some(state) = self.state.lend(py) else {
            return Ok(format!("<Parser of {title}, at work>"));
        };
        let how = match &state.error {
            Some(error) => error.bind(py).get_type().name()?.to_string(),
            None if state.is_complete() => "complete".to_owned(),
            None => "open".to_owned(),
        };
        let path = state.reading.path(self.context(py))?;
        let place = if path.is_empty() { String::new() } else { format!(" at {}", path.repr()?) };
        Ok(format!("<Parser of {title}, {how}{place}: {} bytes>", state.offset()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.schema)?;
        visit.call(&self.context)?;
        match self.state.lend_to_collector() {
            Some(state) => {
                visit.call(&state.error)?;
                state.reading.traverse(&visit)
            }
            // What a call at work holds is alive.
            None => Ok(()),
        }
    }
}

impl Method for PyParser {
    const METHOD: &CStr = c"feed";
    const DOCSTRING: &CStr = c"feed($self, delta, /)\n--\n
Take in a delta. True if the snapshot shows something that it did not show before.

Raises, at the first byte after which no continuation can be accepted, `JSONError`, `LimitError` or
`pydantic.ValidationError`; the same again when called again. `TypeError` for anything but str and bytes,
`ValueError` after `finish` or `close`.";

    fn call(&self, delta: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = delta.py();
        let mut state = self.state(py)?;
        if state.error.is_some() || state.finished {
            return attached(py, |py| state.check(py).and_then(|()| Err(errors::finished())));
        }
        match delta.cast::<PyString>().ok().and_then(|text| ffi::utf8(text)) {
            Some(text) => self.take(py, &mut state, text),
            None => attached(py, |py| self.take_bytes(py, &mut state, &bytes_of(py, delta)?)),
        }
    }
}

/// jiter reads 201 containers within each other, and so does Pydantic.
const DEFAULT_DEPTH: usize = 201;
const DEFAULT_BYTES: usize = 1 << 30;
const DEFAULT_BLANK: usize = 1 << 16;
const DEFAULT_PROSE: usize = 1 << 20;

impl PyParser {
    /// Takes in a delta of bytes: `feed`, for callers that have no Python object of it.
    pub(crate) fn feed_bytes(&self, py: Python<'_>, delta: &[u8]) -> PyResult<bool> {
        let mut state = self.state(py)?;
        if state.error.is_some() || state.finished {
            return state.check(py).and_then(|()| Err(errors::finished()));
        }
        self.take_bytes(py, &mut state, delta)
    }

    /// Whether the text has been declared ended.
    pub(crate) fn is_finished(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state(py)?.finished)
    }

    /// What is mended around values, if anything is.
    pub(crate) fn repairs_around(&self) -> Option<RepairSet> {
        Some(self.repairs.around()).filter(|around| !around.is_empty())
    }

    /// What has been mended since: how many texts had been given up, and how much of this one was read. Gives the first
    /// anew, and the text behind the second, or all of it where it is another text.
    pub(crate) fn mended_since(
        &self,
        py: Python<'_>,
        (restarts, read): (u32, usize),
    ) -> PyResult<(u32, Vec<u8>)> {
        let state = self.state(py)?;
        let now = state.reading.restarts();
        let from = if now == restarts { read } else { 0 };
        Ok((now, state.reading.core.text().get(from..).unwrap_or_default().to_vec()))
    }

    /// Takes in as much of a delta as `size` says, which is told whether the value has closed already.
    #[inline]
    pub(crate) fn feed_part(
        &self,
        py: Python<'_>,
        delta: &[u8],
        size: impl FnOnce(bool) -> usize,
    ) -> PyResult<Part> {
        let mut state = self.state(py)?;
        if state.error.is_some() || state.finished {
            return state.check(py).and_then(|()| Err(errors::finished()));
        }
        let was_complete = state.is_complete();
        let size = size(was_complete);
        let changed = self.take(py, &mut state, &delta[..size])?;
        Ok(Part { size, changed, closes: !was_complete && state.is_complete() })
    }

    /// The changes that a reader has not read.
    pub(crate) fn follow<'py>(
        &self,
        py: Python<'py>,
        reader: &mut changes::Reading,
    ) -> PyResult<Bound<'py, PyList>> {
        self.state(py)?.reading.follow(self.context(py), reader)
    }

    /// The JSON that has come since a reader, in so many bytes of the text behind so many others, has read: up to the
    /// last whole character. None if the text that it has read of was given up.
    pub(crate) fn json_since(&self, py: Python<'_>, read: &mut (u32, usize)) -> PyResult<Option<String>> {
        let state = self.state(py)?;
        let (restarts, core) = (state.reading.restarts(), &state.reading.core);
        if *read != (restarts, read.1) && read.1 > 0 {
            return Ok(None);
        }
        let text = &core.text()[..core.offset()];
        let new = whole_characters(text.get(read.1..).unwrap_or_default()).into_owned();
        *read = (restarts, read.1 + new.len());
        Ok(Some(new))
    }

    /// What has come since a reader has read, by a delta, if nothing but an open text can have grown since.
    #[inline]
    fn text_news<'py>(
        &self,
        py: Python<'py>,
        reader: &mut changes::Reading,
        delta: Option<&Bound<'py, PyString>>,
    ) -> PyResult<changes::TextNews<'py>> {
        self.state(py)?.reading.text_news(py, reader, delta)
    }

    /// Whether there may be changes that a reader has not read.
    pub(crate) fn has_news(&self, py: Python<'_>, reader: &mut changes::Reading) -> PyResult<News> {
        let mut state = self.state(py)?;
        Ok(match state.reading.has_news(self.context(py), reader) {
            // What is mended may be given up, and begin anew.
            News::Over if state.mending.is_some() => News::Nothing,
            news => news,
        })
    }

    /// Nobody looks out for what happens at places any more.
    pub(crate) fn unwatch(&self, py: Python<'_>) -> PyResult<()> {
        self.state(py)?.reading.unwatch();
        Ok(())
    }

    /// Leaves out of what a reader reads what is not at these places.
    fn narrow(
        &self,
        py: Python<'_>,
        reader: &mut changes::Reading,
        patterns: Vec<Vec<Option<String>>>,
    ) -> PyResult<()> {
        let step = |step: Option<String>| step.map_or(changes::Step::Any, changes::Step::Name);
        let patterns = patterns.into_iter().map(|pattern| pattern.into_iter().map(step).collect());
        reader.narrow(patterns.collect(), &self.state(py)?.reading.core);
        Ok(())
    }

    /// The whole characters from an offset on, the one that lies there included.
    pub(crate) fn text_from(&self, py: Python<'_>, offset: usize) -> PyResult<String> {
        let state = self.state(py)?;
        // A character has four bytes at most.
        let from = offset.saturating_sub(3);
        let text = state.text_from(from);
        let start = (0..=(offset - from).min(text.len()))
            .rev()
            .find(|&at| text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80));
        Ok(whole_characters(&text[start.unwrap_or(0)..]).into_owned())
    }

    /// The same as `take`, apart from `call`, which it would make too large.
    #[inline(never)]
    fn take_bytes(&self, py: Python<'_>, state: &mut State, delta: &[u8]) -> PyResult<bool> {
        self.take(py, state, delta)
    }

    /// Takes in a delta. True if the snapshot shows something new. Within `call`: 20 instructions a delta.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn take(&self, py: Python<'_>, state: &mut State, delta: &[u8]) -> PyResult<bool> {
        if state.mending.is_some() {
            return self.take_mended(py, state, delta);
        }
        let reading = &mut state.reading;
        let before = reading.core.growth();
        reading.core.push(delta);
        match reading.core.advance() {
            Ok(Step::Drained) => {}
            step => self.go_on(py, state, step, before)?,
        }
        state.reading.changed(|| self.context(py), before)
    }

    /// Goes on from a step that is not the last.
    #[inline(never)]
    fn go_on(
        &self,
        py: Python<'_>,
        state: &mut State,
        step: Result<Step, Fault>,
        before: Growth,
    ) -> PyResult<()> {
        attached(py, |py| {
            let read = state.reading.run(self.context(py), step, before, Parser::advance, &|at| at);
            read.map_err(|stopped| {
                let error = state.reading.error(self.context(py), stopped, None);
                state.fail(py, error)
            })
        })
    }

    /// Takes in a delta of a text that may have to be mended.
    fn take_mended(&self, py: Python<'_>, state: &mut State, delta: &[u8]) -> PyResult<bool> {
        let State { reading, mending: Some(mending), .. } = state else { return Ok(false) };
        let is_passthrough = mending.mender.is_passthrough();
        if !is_passthrough {
            match mending.pass(delta) {
                Pass::Looks => return self.mend(py, state, Fed::Raw(delta)),
                Pass::Held => return Ok(false),
                Pass::Through => {}
            }
        }
        let c = self.context(py);
        let (before, length) = (reading.core.growth(), reading.core.text().len());
        reading.core.push(delta);
        match reading.core.advance() {
            Ok(Step::Drained) => {}
            step => {
                let place = |at| mending.mender.raw_offset(at);
                let read = attached(py, |_| reading.run(c, step, before, Parser::advance, &place));
                if let Err(stopped) = read {
                    let fed = if is_passthrough {
                        Fed::Passthrough(delta, length, stopped)
                    } else {
                        Fed::Passed(stopped)
                    };
                    return self.mend(py, state, fed);
                }
            }
        }
        state.reading.changed(|| c, before)
    }

    /// The same by way of the mender.
    #[inline(never)]
    fn mend(&self, py: Python<'_>, state: &mut State, fed: Fed<'_>) -> PyResult<bool> {
        let Some(mut mending) = state.mending.take() else { return Ok(false) };
        let c = self.context(py);
        let fed = mending.feed(c, &mut state.reading, fed);
        let fed = fed.map_err(|hopeless| attached(py, |_| mending.error(c, &state.reading, hopeless)));
        state.mending = Some(mending);
        fed.map_err(|(error, hopeless)| {
            state.hopeless = hopeless;
            attached(py, |py| state.fail(py, error))
        })
    }

    #[inline]
    fn state(&self, py: Python<'_>) -> PyResult<Lent<'_, State>> {
        self.state.lend(py).ok_or_else(errors::busy)
    }

    /// The record that the whole text is.
    fn outline(&self) -> Option<&RecordClass> {
        let schema = self.schema.get();
        schema.record(schema.sole_record(schema.plan.root)?)
    }

    fn context<'c, 'py>(&'c self, py: Python<'py>) -> Context<'c, 'py> {
        Context { py, schema: self.schema.get(), passed: self.context.as_ref() }
    }

    fn end(&self, py: Python<'_>, state: &mut State, allow_truncated: bool) -> PyResult<()> {
        state.check(py)?;
        let ended = match state.mending.take() {
            None => self.end_read(py, state, allow_truncated, None),
            Some(mut mending) => {
                let ended = self.end_mended(py, state, allow_truncated, &mut mending);
                state.mending = Some(mending);
                ended
            }
        };
        ended.map_err(|(error, hopeless)| {
            state.hopeless = hopeless;
            state.fail(py, error)
        })?;
        state.finished = true;
        Ok(())
    }

    /// The mended text has ended.
    fn end_mended(
        &self,
        py: Python<'_>,
        state: &mut State,
        allow_truncated: bool,
        mending: &mut Mending,
    ) -> Result<(), Located> {
        let c = self.context(py);
        if let Err(stopped) = mending.end(c, &mut state.reading) {
            return Err(mending.error(c, &state.reading, stopped));
        }
        match mending.mender.ending() {
            Ending::Whole => self.end_read(py, state, false, Some(mending)),
            Ending::Open => self.end_read(py, state, allow_truncated, Some(mending)),
            Ending::NoValue | Ending::Reasoning => Err(mending.no_value(c, &state.reading)),
        }
    }

    /// What is read has ended.
    fn end_read(
        &self,
        py: Python<'_>,
        state: &mut State,
        allow_truncated: bool,
        mending: Option<&Mending>,
    ) -> Result<(), Located> {
        let c = self.context(py);
        let reading = &mut state.reading;
        let raw = mending.map_or(Cow::Borrowed(reading.core.text()), |mending| {
            mending.mender.raw_text(reading.core.text())
        });
        let raw = raw.into_owned();
        // What is left out around the value may be open, too.
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
                    state.cut_off = Some(Box::new(CutOff { raw, repair }));
                    reading.core.push(&text);
                    let step = reading.core.advance();
                    reading.run(c, step, (0, 0), Parser::advance, &|_| at_end)?;
                    let step = reading.core.end();
                    reading.run(c, step, (0, 0), Parser::end, &|_| at_end)
                });
                let raw = state.cut_off.as_ref().map_or_else(Vec::new, |cut_off| cut_off.raw.clone());
                ended.map_err(|stopped| {
                    let place = Place { offset: raw.len(), raw: Cow::Owned(raw), repairs: self.repairs };
                    (state.reading.error(c, stopped, Some(&place)), None)
                })
            }
            ended => ended.map_err(|stopped| {
                let place = Place { offset: raw.len(), raw: Cow::Owned(raw), repairs: self.repairs };
                let place = mending.is_some().then_some(&place);
                (state.reading.error(c, stopped, place), None)
            }),
        }
    }
}

impl State {
    /// The text as it came; after an error it ends with the hopeless byte.
    fn text(&self) -> Cow<'_, [u8]> {
        self.text_from(0)
    }

    /// The same, from an offset on.
    fn text_from(&self, from: usize) -> Cow<'_, [u8]> {
        let read = self.reading.core.text();
        let text = match (&self.cut_off, &self.mending) {
            (Some(cut_off), _) => &cut_off.raw,
            (None, Some(mending)) => return mending.mender.raw_text_from(read, from),
            (None, None) => read,
        };
        Cow::Borrowed(text.get(from..).unwrap_or_default())
    }

    /// The offset of the hopeless byte, or the number of bytes that have come.
    fn offset(&self) -> usize {
        match (self.hopeless, &self.mending, &self.cut_off) {
            (Some(offset), ..) => offset,
            (None, None, None) => self.reading.core.offset(),
            (None, _, Some(cut_off)) => cut_off.raw.len(),
            (None, Some(mending), None) => mending.mender.raw_length(self.reading.core.text().len()),
        }
    }

    fn position(&self) -> Position {
        Position::find(&self.text(), self.offset())
    }

    /// Whether the value is whole.
    fn is_complete(&self) -> bool {
        match &self.mending {
            Some(mending) if self.cut_off.is_none() => mending.is_complete(&self.reading.core),
            _ => self.reading.core.complete(),
        }
    }

    /// Forgets that the text was found to be cut off, to complete it.
    fn forget_truncation(&mut self, py: Python<'_>) -> PyResult<()> {
        let truncated = py.import(intern!(py, "instar.errors"))?.getattr(intern!(py, "TruncatedError"))?;
        if let Some(error) = &self.error
            && error.bind(py).is_instance(&truncated)?
        {
            self.error = None;
        }
        Ok(())
    }

    /// Raises again what was raised.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        match &self.error {
            Some(error) => Err(PyErr::from_value(error.bind(py).clone().into_any())),
            None => Ok(()),
        }
    }

    /// Remembers what is raised. What is no `Exception`, such as a `KeyboardInterrupt`, is raised only once.
    fn fail(&mut self, py: Python<'_>, error: PyErr) -> PyErr {
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

/// The bytes of a delta that is no `str` of UTF-8. Those that Python writes for half a surrogate pair are not UTF-8, which
/// the lexer will say.
fn bytes_of<'d>(py: Python<'_>, delta: &'d Bound<'_, PyAny>) -> PyResult<Cow<'d, [u8]>> {
    if let Ok(bytes) = delta.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if let Ok(text) = delta.cast::<PyString>() {
        let bytes = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogatepass"))?;
        return Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    Err(PyTypeError::new_err(format!("a delta is str or bytes, not {}", delta.get_type().name()?)))
}

/// The whole characters at the beginning of a text.
fn whole_characters(text: &[u8]) -> Cow<'_, str> {
    let whole = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
    String::from_utf8_lossy(&text[..whole])
}

/// One of the limits that an `instar.Limits` sets.
fn limit(limits: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    match limits.getattr(name) {
        Ok(limit) => limit.extract(),
        Err(_) => Err(PyTypeError::new_err(format!(
            "limits is an instar.Limits, not {}",
            limits.get_type().name()?
        ))),
    }
}

/// A reader of the changes of one parser's value, with a place of its own in them: from the first one on, where
/// `Parser.changes` begins with what is there.
#[pyclass(frozen, name = "Changes", module = "instar._core")]
pub(crate) struct ChangeReader {
    parser: Py<PyParser>,
    state: Exclusive<changes::Reading>,
}

#[pymethods]
impl ChangeReader {
    /// A reader from the first change on, however much has come.
    #[new]
    #[pyo3(signature = (parser, *, mode="json", by_alias=false))]
    fn from_the_first(parser: Py<PyParser>, mode: &str, by_alias: bool) -> PyResult<Self> {
        Ok(Self::new(parser, Style::new(mode, by_alias)?, false))
    }

    /// Leave out what is not at one of these places, in one, or on the way to one: before the first drain. A step is
    /// a name, or None for any.
    #[pyo3(signature = (patterns, /))]
    fn narrow(&self, py: Python<'_>, patterns: Vec<Vec<Option<String>>>) -> PyResult<()> {
        let mut state = self.state.lend(py).ok_or_else(errors::busy)?;
        self.parser.get().narrow(py, &mut state, patterns)
    }

    /// Whether there may be something to drain: where the changes are narrowed, nothing is built to tell.
    #[pyo3(name = "has_news")]
    fn py_has_news(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.news(py)? == News::Something)
    }

    /// Whether nothing more will come of this text where the changes are wanted.
    #[getter]
    fn is_over(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.news(py)? == News::Over)
    }

    /// The changes since the last drain.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut state = self.state.lend(py).ok_or_else(errors::busy)?;
        self.parser.get().follow(py, &mut state)
    }

    /// The path of the open text, if one was open at the last drain.
    #[getter]
    pub(crate) fn open_text(&self, py: Python<'_>) -> PyResult<Option<Py<PyTuple>>> {
        let state = self.state.lend(py).ok_or_else(errors::busy)?;
        Ok(state.open_text().map(|path| path.clone_ref(py)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parser)?;
        match self.state.lend_to_collector() {
            Some(state) => state.traverse(&visit),
            None => Ok(()),
        }
    }
}

impl ChangeReader {
    /// Whether there may be something to drain.
    #[inline]
    pub(crate) fn news(&self, py: Python<'_>) -> PyResult<News> {
        let mut state = self.state.lend(py).ok_or_else(errors::busy)?;
        self.parser.get().has_news(py, &mut state)
    }

    /// Whether the text that has this path, the same object, was open when somebody last looked.
    #[inline]
    pub(crate) fn is_at(&self, py: Python<'_>, path: &Py<PyTuple>) -> PyResult<bool> {
        let state = self.state.lend(py).ok_or_else(errors::busy)?;
        Ok(state.open_text().is_some_and(|open| open.is(path)))
    }

    /// What has come since the last drain, by a delta, if it can be nothing but characters of the open text that has this
    /// path.
    #[inline]
    pub(crate) fn text_news<'py>(
        &self,
        py: Python<'py>,
        path: &Py<PyTuple>,
        delta: Option<&Bound<'py, PyString>>,
    ) -> PyResult<changes::TextNews<'py>> {
        let mut state = self.state.lend(py).ok_or_else(errors::busy)?;
        if state.open_text().is_some_and(|open| open.is(path)) {
            self.parser.get().text_news(py, &mut state, delta)
        } else {
            Ok(changes::TextNews::Else)
        }
    }

    /// Whether it reads this parser.
    pub(crate) fn reads(&self, parser: &Py<PyParser>) -> bool {
        self.parser.is(parser)
    }

    /// A reader that begins now. `is_late` if the value has begun.
    pub(crate) fn new(parser: Py<PyParser>, style: Style, is_late: bool) -> Self {
        Self { parser, state: Exclusive::new(changes::Reading::new(style, is_late)) }
    }
}
