//! The Python class `instar._core.Parser`.

use std::collections::HashMap;
use std::ffi::CStr;
use std::ops::Range;
use std::sync::Arc;

use instar_core::{
    Cursor, Fault, Limits, NodeId, OnViolation, Parser, PendingHooks, PendingValue, Step, Ticket,
};
use pyo3::exceptions::{PyBaseException, PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::build::{Builder, Context, Elements, Members};
use crate::dump::{Arrived, Layouts, Style, dump_value};
use crate::errors::{self, Report};
use crate::exclusive::{Exclusive, Lent};
use crate::ffi::{self, Method, attached};
use crate::schema::{RecordClass, Schema, Settings};

/// The Python function that compiles a schema, once for each type.
static SCHEMA_OF: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Turns the deltas of one JSON text into a growing object.
///
/// `schema` is anything `pydantic.TypeAdapter` takes, or None for plain Python values. With `live` there is one
/// object, grown in place; otherwise every snapshot keeps what it shows. `context` and `strict` are those of
/// `model_validate_json`. With `on_violation="defer"` what the schema refuses is withheld, and listed in `violations`;
/// the text is read to its end, and `finish` raises.
///
/// After any error `snapshot`, `text`, `offset`, `line`, `column`, `path` and `progress` remain readable. A call while
/// another one is at work (a second thread, or a validator that the parser is calling) is a `RuntimeError`.
#[pyclass(frozen, generic, name = "Parser", module = "instar")]
pub(crate) struct PyParser {
    schema: Py<Schema>,
    context: Option<Py<PyAny>>,
    state: Exclusive<State>,
}

struct State {
    core: Parser,
    builder: Builder,
    /// The reader of elements, for schemas that have some.
    elements: Option<Elements>,
    /// What was raised, to be raised again.
    error: Option<Py<PyBaseException>>,
    /// The violations that were recovered from.
    violations: Vec<Py<PyAny>>,
    answers: Answers,
    finished: bool,
    /// Values that the host has made and that may not remember what of them has arrived: where each is in the text.
    forgetful: Vec<(Py<PyAny>, Range<usize>, Arc<Layouts>)>,
    /// What has been learned of those before them.
    learned: Arrived,
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

#[pymethods]
impl PyParser {
    #[new]
    #[pyo3(signature = (schema, *, live=false, limits=None, context=None, strict=None, on_violation="raise"))]
    fn new(
        schema: &Bound<'_, PyAny>,
        live: bool,
        limits: Option<&Bound<'_, PyAny>>,
        context: Option<Py<PyAny>>,
        strict: Option<bool>,
        on_violation: &str,
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
        let limits = match limits {
            Some(limits) => Limits { depth: limit(limits, "depth")?, bytes: limit(limits, "bytes")? },
            None => Limits { depth: DEFAULT_DEPTH, bytes: DEFAULT_BYTES },
        };
        let schema_of = SCHEMA_OF.import(py, "instar._schema", "schema_of")?;
        let schema: Bound<'_, Schema> = schema_of.call1((schema, strict))?.cast_into()?;
        let plan = schema.get().plan.clone();
        let state = State {
            elements: Elements::of(&plan),
            core: Parser::new(plan, limits, on_violation),
            builder: Builder::new(live),
            error: None,
            violations: Vec::new(),
            answers: Answers::default(),
            finished: false,
            forgetful: Vec::new(),
            learned: Arrived::default(),
        };
        Ok(Self { schema: schema.unbind(), context, state: Exclusive::new(state) })
    }

    /// Declare the text ended. Raises `TruncatedError` if the value is not whole.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, &mut *self.state(py)?)
    }

    /// Declare the text ended and give what `model_validate_json` makes of it: a value that shares nothing with
    /// the snapshots.
    ///
    /// Raises `TruncatedError`, or the `pydantic.ValidationError` of `model_validate_json`.
    pub(crate) fn finish(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut state = self.state(py)?;
        self.end(py, &mut state)?;
        let value = self.schema.get().root.validate(py, state.core.text(), &self.settings());
        match value {
            Ok(value) => Ok(value.unbind()),
            Err(error) => Err(state.fail(py, error)),
        }
    }

    /// The elements that have settled since the last drain: for schemas `list[X]` and `dict[str, list[X]]`.
    pub(crate) fn drain(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let mut state = self.state(py)?;
        let State { core, builder, elements, .. } = &mut *state;
        match elements {
            Some(elements) => Ok(elements.drain(self.context(py), builder, core)?.unbind()),
            None => Ok(PyList::empty(py).unbind()),
        }
    }

    /// The object so far, built when asked for and kept until there is something new.
    #[getter]
    pub(crate) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.state(py)?.snapshot(self.context(py))
    }

    /// What has arrived, as plain data: see `instar.dump`. What a dataclass has not been given is left out, too.
    #[pyo3(signature = (*, mode="python", by_alias=false))]
    pub(crate) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let style = Style::new(mode, by_alias)?;
        let mut state = self.state(py)?;
        let snapshot = state.snapshot(self.context(py))?.into_bound(py);
        let State { core, builder, forgetful, learned, .. } = &mut *state;
        for (value, place, layouts) in forgetful.drain(..) {
            learned.learn(value.bind(py), &core.text()[place], &layouts)?;
        }
        let open = builder.arrived(self.context(py), &snapshot)?;
        dump_value(&snapshot, style, self.schema.get().layouts(py)?, &[&open, &builder.forgotten, learned])
    }

    /// Whether the root value has closed.
    #[getter]
    pub(crate) fn complete(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state(py)?.core.complete())
    }

    /// The text so far; after an error it ends with the hopeless byte.
    #[getter]
    pub(crate) fn text(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        let text = state.core.text();
        let whole = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        Ok(String::from_utf8_lossy(&text[..whole]).into_owned())
    }

    /// The offset in bytes of the hopeless byte, or the number of bytes that have come.
    #[getter]
    pub(crate) fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.core.offset())
    }

    /// The line of `offset`, from 1.
    #[getter]
    pub(crate) fn line(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.core.position().line)
    }

    /// The column of `offset` in characters, from 1.
    #[getter]
    pub(crate) fn column(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.core.position().column)
    }

    /// The way from the root to the open value, as in Pydantic's `loc`.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let state = self.state(py)?;
        self.report(py, &state.core, &self.settings()).path()
    }

    /// What the schema has refused so far, with `on_violation="defer"`.
    #[getter]
    fn violations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.state(py)?.violations)
    }

    /// How far the value has come, by its top-level fields.
    #[getter]
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let outline = self.outline();
        // What is read of the snapshot below may be code of the user's, to whom the parser is free again.
        let (snapshot, Members { arrived, settled }, complete) = {
            let mut state = self.state(py)?;
            let snapshot = state.snapshot(self.context(py))?.into_bound(py);
            let members = state.builder.members(self.context(py), outline, &snapshot)?;
            (snapshot, members, state.core.complete())
        };
        let fields = outline.map_or(0, |class| class.fields.len());
        let completion = if complete { 100 } else { (100 * arrived.len()).checked_div(fields).unwrap_or(0) };
        let data = PyDict::new(py);
        for name in arrived {
            let value = match snapshot.cast::<PyDict>() {
                Ok(dict) => dict.as_any().get_item(&name)?,
                Err(_) => snapshot.getattr(name.cast::<PyString>()?)?,
            };
            data.set_item(name, value)?;
        }
        let class = py.import(intern!(py, "instar.progress"))?.getattr(intern!(py, "Progress"))?;
        class.call1((completion, data, PyTuple::new(py, settled)?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.schema)?;
        visit.call(&self.context)?;
        match self.state.lend_to_collector() {
            Some(state) => {
                visit.call(&state.error)?;
                state.violations.iter().try_for_each(|violation| visit.call(violation))?;
                if let Some(elements) = &state.elements {
                    elements.traverse(&visit)?;
                }
                state.forgetful.iter().try_for_each(|(value, ..)| visit.call(value))?;
                state.learned.traverse(&visit)?;
                state.builder.traverse(&visit)
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
            Some(text) => state.core.push(text),
            None => attached(py, |py| state.push_bytes(py, delta))?,
        }
        self.advance(py, &mut state)
    }
}

/// jiter reads 201 containers within each other, and so does Pydantic.
const DEFAULT_DEPTH: usize = 201;
const DEFAULT_BYTES: usize = 1 << 30;

impl PyParser {
    /// Takes in a delta of bytes: `feed`, for callers that have no Python object of it.
    pub(crate) fn feed_bytes(&self, py: Python<'_>, delta: &[u8]) -> PyResult<bool> {
        let mut state = self.state(py)?;
        if state.error.is_some() || state.finished {
            return state.check(py).and_then(|()| Err(errors::finished()));
        }
        state.core.push(delta);
        self.advance(py, &mut state)
    }

    /// The whole characters from an offset on, the one that lies there included.
    pub(crate) fn text_from(&self, py: Python<'_>, offset: usize) -> PyResult<String> {
        let state = self.state(py)?;
        let text = state.core.text();
        let start = (0..=offset.min(text.len()))
            .rev()
            .find(|&at| text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80));
        let text = &text[start.unwrap_or(0)..];
        let whole = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        Ok(String::from_utf8_lossy(&text[..whole]).into_owned())
    }

    #[inline]
    fn advance(&self, py: Python<'_>, state: &mut State) -> PyResult<bool> {
        let before = state.core.growth();
        match state.core.advance() {
            Ok(Step::Drained) => {}
            step => attached(py, |py| self.drive(py, state, step, before, Parser::advance))?,
        }
        let (grown, doubts) = state.core.growth();
        if grown == before.0 && doubts != before.1 {
            return attached(py, |py| state.has_changed(self.context(py), before));
        }
        Ok(grown != before.0)
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

    fn settings(&self) -> Settings<'_> {
        Settings { strict: self.schema.get().strict, context: self.context.as_ref() }
    }

    fn context<'c, 'py>(&'c self, py: Python<'py>) -> Context<'c, 'py> {
        Context { py, schema: self.schema.get(), passed: self.context.as_ref() }
    }

    fn report<'r, 'py>(
        &'r self,
        py: Python<'py>,
        parser: &'r Parser,
        settings: &'r Settings<'r>,
    ) -> Report<'r, 'py> {
        Report { py, schema: self.schema.get(), parser, settings }
    }

    fn end(&self, py: Python<'_>, state: &mut State) -> PyResult<()> {
        state.check(py)?;
        let before = state.core.growth();
        let step = state.core.end();
        self.drive(py, state, step, before, Parser::end)?;
        state.finished = true;
        Ok(())
    }

    /// Goes on from `step` until all is read, answering what is asked on the way. `before` is the parser's growth before
    /// the delta.
    #[inline(never)]
    fn drive(
        &self,
        py: Python<'_>,
        state: &mut State,
        mut step: Result<Step, Fault>,
        before: (u64, u64),
        read: impl Fn(&mut Parser) -> Result<Step, Fault>,
    ) -> PyResult<()> {
        state.builder.note_growth(before);
        loop {
            let answered = match step {
                Ok(Step::Drained) => return Ok(()),
                Ok(Step::Validate(pending)) => self.validate(py, state, pending),
                Ok(Step::Hooks(pending)) => self.run_hooks(py, state, pending),
                Err(fault) => {
                    let error = self.report(py, &state.core, &self.settings()).fault(&fault);
                    self.violated(py, state, error, fault.offset)
                }
            };
            answered.map_err(|error| state.fail(py, error))?;
            step = read(&mut state.core);
        }
    }

    fn validate(&self, py: Python<'_>, state: &mut State, pending: PendingValue) -> PyResult<()> {
        let asked = pending.asked();
        if let Some(answer) = state.answers.find(&pending) {
            match answer {
                Answer::Accepted(ticket) => state.core.accept(pending, ticket),
                Answer::Rejected => state.core.reject(pending),
            }
            return Ok(());
        }
        let settings = self.settings();
        let validator = &self.schema.get().facet(asked.node).validator;
        let key =
            asked.key.map(|key| PyString::from_bytes(py, state.core.source().bytes(key))).transpose()?;
        let validated = match &key {
            Some(key) => validator.validate_key(key.clone(), &settings),
            None => validator.validate(py, &state.core.text()[asked.start..asked.end], &settings),
        };
        let error = match validated {
            Ok(value) => {
                let ticket = state.builder.keep(value.clone().unbind());
                state.answers.note(&pending, Answer::Accepted(ticket));
                if let Some(layouts) = validator.forgetful(py)? {
                    state.forgetful.push((value.unbind(), asked.start..asked.end, layouts));
                }
                state.core.accept(pending, ticket);
                return Ok(());
            }
            Err(error) => error,
        };
        if asked.tentative && errors::is_validation_error(&error, py)? {
            state.answers.note(&pending, Answer::Rejected);
            state.core.reject(pending);
            return Ok(());
        }
        let report = self.report(py, &state.core, &settings);
        let raised = match &key {
            Some(key) => report.raised_of_key(&error, key),
            None => report.raised(&error, None),
        };
        let fault = state.core.refuse(pending);
        self.violated(py, state, raised.unwrap_or_else(|error| error), fault.offset)
    }

    fn run_hooks(&self, py: Python<'_>, state: &mut State, pending: PendingHooks) -> PyResult<()> {
        let others = state.cursors();
        let Err(error) = state.builder.run_hooks(self.context(py), &mut state.core, others.as_slice()) else {
            state.core.hooks_ran(pending);
            return Ok(());
        };
        let settings = self.settings();
        let asked = pending.asked();
        let json = &state.core.text()[asked.start..asked.end];
        let raised = self.report(py, &state.core, &settings).hook(error, json);
        let fault = state.core.hooks_refused(pending);
        self.violated(py, state, raised.unwrap_or_else(|error| error), fault.offset)
    }

    /// Raises the error of what was refused at `offset`, or notes it and goes on.
    fn violated(&self, py: Python<'_>, state: &mut State, error: PyErr, offset: usize) -> PyResult<()> {
        if !state.core.can_recover() || !errors::is_validation_error(&error, py)? {
            return Err(error);
        }
        let settings = self.settings();
        let violations = self.report(py, &state.core, &settings).violations(&error, offset)?;
        state.violations.extend(violations.into_iter().map(Bound::unbind));
        state.core.recover();
        Ok(())
    }
}

impl State {
    /// Takes in a delta of bytes, or of text that is not Unicode: half a surrogate pair, say. The bytes that Python
    /// writes for that are not UTF-8, which the lexer will say.
    fn push_bytes(&mut self, py: Python<'_>, delta: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(bytes) = delta.cast::<PyBytes>() {
            self.core.push(bytes.as_bytes());
        } else if let Ok(text) = delta.cast::<PyString>() {
            let bytes = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogatepass"))?;
            self.core.push(bytes.cast::<PyBytes>()?.as_bytes());
        } else {
            let kind = delta.get_type().name()?;
            return Err(PyTypeError::new_err(format!("a delta is str or bytes, not {kind}")));
        }
        Ok(())
    }

    /// The cursors of those who read the tape besides the builder.
    fn cursors(&self) -> Option<Cursor> {
        self.elements.as_ref().and_then(Elements::cursor)
    }

    fn snapshot(&mut self, c: Context<'_, '_>) -> PyResult<Py<PyAny>> {
        let others = self.cursors();
        self.builder.snapshot(c, &mut self.core, others.as_slice())
    }

    /// Whether a delta before which the parser's growth was `before` has changed something that can be seen.
    #[inline(never)]
    fn has_changed(&mut self, c: Context<'_, '_>, before: (u64, u64)) -> PyResult<bool> {
        let others = self.cursors();
        self.builder.note_growth(before);
        self.builder.has_changed(c, &mut self.core, others.as_slice())
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
