//! The Python class `instar._core.Parser`.

use std::borrow::Cow;
use std::ffi::CStr;

use instar_core::{Limits, OnViolation};
use instar_repair::{Allowance, RepairSet};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::mend::{Mending, repairs_of, told};
use super::reading::{Reading, Start, settings};
use super::state::State;
use crate::build::{Context, Members};
use crate::changes::{self, News};
use crate::dump::Style;
use crate::errors;
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

/// The part of a delta that was taken in.
pub(crate) struct Part {
    /// Its bytes.
    pub(crate) size: usize,
    /// Whether the snapshot shows something new.
    pub(crate) changed: bool,
    /// Whether the value has closed in it.
    pub(crate) closes: bool,
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
        let state = State::new(Start { plan, limits, on_violation, live }, mending);
        Ok(Self { schema: schema.unbind(), context, repairs, state: Exclusive::new(state) })
    }

    /// Declare the text ended. Raises `TruncatedError` if the value is not whole.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.state(py)?.end(self.context(py), false)
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
        let c = self.context(py);
        state.end(c, allow_truncated)?;
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
            Some(text) => state.take(|| self.context(py), text),
            None => attached(py, |py| state.take_bytes(self.context(py), &bytes_of(py, delta)?)),
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
        state.take_bytes(self.context(py), delta)
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
        let changed = state.take(|| self.context(py), &delta[..size])?;
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
