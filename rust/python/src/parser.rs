//! The Python class `instar._core.Parser`.

use std::collections::HashMap;
use std::ffi::CStr;
use std::ops::Range;
use std::sync::Arc;

use instar_core::{Fault, Hook, Judgement, Limits, Node, NodeId, OnViolation, Parser, Plan, Step, Ticket};
use pyo3::exceptions::{PyBaseException, PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::builder::{Build, Builder, Members};
use crate::dump::{Arrived, Layouts, Style, dump_value};
use crate::errors::{self, Report};
use crate::exclusive::{Exclusive, Lent};
use crate::ffi::{self, Method, attached};
use crate::judge::Settings;
use crate::record::RecordClass;
use crate::schema::Schema;

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
    /// What was raised, to be raised again.
    error: Option<Py<PyBaseException>>,
    /// The violations that were forgiven.
    violations: Vec<Py<PyAny>>,
    /// What the branches of unions were told of values that end at an offset: many may ask about the same one.
    verdicts: (usize, HashMap<(NodeId, usize), Answer>),
    finished: bool,
    /// Values that the judge has accepted and that may not remember what of them has arrived: where each is in the text.
    forgetful: Vec<(Py<PyAny>, Range<usize>, Arc<Layouts>)>,
    /// What has been learned of those before them.
    learned: Arrived,
}

/// What a branch of a union was told of a value.
#[derive(Clone, Copy)]
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
        let schema_of = SCHEMA_OF.import(py, "instar.schema", "schema_of")?;
        let schema: Bound<'_, Schema> = schema_of.call1((schema, strict))?.cast_into()?;
        let plan = schema.get().plan.clone();
        let builder = Builder::new(live, element_depth(&plan));
        let core = Parser::new(plan, limits, on_violation);
        let state = State {
            core,
            builder,
            error: None,
            violations: Vec::new(),
            verdicts: (0, HashMap::new()),
            finished: false,
            forgetful: Vec::new(),
            learned: Arrived::default(),
        };
        Ok(Self { schema: schema.unbind(), context, state: Exclusive::new(state) })
    }

    /// Declare the text ended. Raises `TruncatedError` if the value is not whole.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, &mut *self.state(py)?)
    }

    /// Declare the text ended and give what `model_validate_json` makes of it: a value that shares nothing with
    /// the snapshots.
    ///
    /// Raises `TruncatedError`, or the `pydantic.ValidationError` of `model_validate_json`.
    fn finish(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut state = self.state(py)?;
        self.end(py, &mut state)?;
        let value = self.schema.get().root.validate(py, state.core.text(), &self.settings());
        match value {
            Ok(value) => Ok(value.unbind()),
            Err(error) => Err(state.fail(py, error)),
        }
    }

    /// The elements that have settled since the last drain: for schemas `list[X]` and `dict[str, list[X]]`.
    fn drain(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let mut state = self.state(py)?;
        let State { core, builder, .. } = &mut *state;
        builder.drain(self.build(py), core)
    }

    /// The object so far, built when asked for and kept until there is something new.
    #[getter]
    fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut state = self.state(py)?;
        let State { core, builder, .. } = &mut *state;
        builder.snapshot(self.build(py), core)
    }

    /// What has arrived, and nothing else, as plain data: see `instar.dump`. Of dataclasses, too.
    #[pyo3(signature = (*, mode="python", by_alias=false))]
    fn dump<'py>(&self, py: Python<'py>, mode: &str, by_alias: bool) -> PyResult<Bound<'py, PyAny>> {
        let style = Style::new(mode, by_alias)?;
        let mut state = self.state(py)?;
        let State { core, builder, forgetful, learned, .. } = &mut *state;
        let snapshot = builder.snapshot(self.build(py), core)?.into_bound(py);
        for (value, place, layouts) in forgetful.drain(..) {
            learned.learn(value.bind(py), &core.text()[place], &layouts)?;
        }
        let open = builder.arrived(self.build(py), &snapshot)?;
        dump_value(&snapshot, style, self.schema.get().layouts(py)?, &[&open, &builder.forgotten, learned])
    }

    /// Whether the root value has closed.
    #[getter]
    fn complete(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.state(py)?.core.complete())
    }

    /// The text so far; after an error it ends with the hopeless byte.
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        let state = self.state(py)?;
        let text = state.core.text();
        let whole = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        Ok(String::from_utf8_lossy(&text[..whole]).into_owned())
    }

    /// The offset in bytes of the hopeless byte, or the number of bytes that have come.
    #[getter]
    fn offset(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.core.offset())
    }

    /// The line of `offset`, from 1.
    #[getter]
    fn line(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.state(py)?.core.position().line)
    }

    /// The column of `offset` in characters, from 1.
    #[getter]
    fn column(&self, py: Python<'_>) -> PyResult<usize> {
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
            let State { core, builder, .. } = &mut *state;
            let snapshot = builder.snapshot(self.build(py), core)?.into_bound(py);
            let members = builder.members(self.build(py), outline, &snapshot)?;
            (snapshot, members, core.complete())
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
        let before = state.core.version();
        match state.core.advance() {
            Ok(Step::Drained) => {}
            step => attached(py, |py| self.drive(py, &mut state, step, Parser::advance))?,
        }
        Ok(state.core.version() != before)
    }
}

/// jiter reads 201 containers within each other, and so does Pydantic.
const DEFAULT_DEPTH: usize = 201;
const DEFAULT_BYTES: usize = 1 << 30;

impl PyParser {
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

    fn build<'c, 'py>(&'c self, py: Python<'py>) -> Build<'c, 'py> {
        Build { py, schema: self.schema.get(), context: self.context.as_ref() }
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
        let step = state.core.end();
        self.drive(py, state, step, Parser::end)?;
        state.finished = true;
        Ok(())
    }

    /// Goes on from `step` until all is read, judging what has to be judged on the way.
    #[inline(never)]
    fn drive(
        &self,
        py: Python<'_>,
        state: &mut State,
        mut step: Result<Step, Fault>,
        read: impl Fn(&mut Parser) -> Result<Step, Fault>,
    ) -> PyResult<()> {
        loop {
            let answered = match step {
                Ok(Step::Drained) => return Ok(()),
                Ok(Step::Judge(judgement)) => self.judge(py, state, judgement),
                Ok(Step::Hook(hook)) => self.run_hooks(py, state, hook),
                Err(fault) => {
                    let error = self.report(py, &state.core, &self.settings()).fault(fault);
                    self.violated(py, state, error, fault.offset)
                }
            };
            answered.map_err(|error| state.fail(py, error))?;
            step = read(&mut state.core);
        }
    }

    fn judge(&self, py: Python<'_>, state: &mut State, judgement: Judgement) -> PyResult<()> {
        if let Some(verdict) = state.verdict(judgement) {
            match verdict {
                Answer::Accepted(ticket) => state.core.accept(ticket, false),
                Answer::Rejected => state.core.reject(),
            }
            return Ok(());
        }
        let settings = self.settings();
        let judge = &self.schema.get().facet(judgement.node).judge;
        let key =
            judgement.key.map(|key| PyString::from_bytes(py, state.core.source().bytes(key))).transpose()?;
        let verdict = match &key {
            Some(key) => judge.validate_key(key.clone(), &settings),
            None => judge.validate(py, &state.core.text()[judgement.start..judgement.end], &settings),
        };
        let error = match verdict {
            Ok(value) => {
                let seen = state.shows(&value);
                let ticket = state.builder.keep(value.clone().unbind());
                state.note(judgement, Answer::Accepted(ticket));
                if let Some(layouts) = judge.forgetful(py)? {
                    state.forgetful.push((value.unbind(), judgement.start..judgement.end, layouts));
                }
                state.core.accept(ticket, seen);
                return Ok(());
            }
            Err(error) => error,
        };
        if judgement.tentative && errors::is_validation_error(&error, py)? {
            state.note(judgement, Answer::Rejected);
            state.core.reject();
            return Ok(());
        }
        let report = self.report(py, &state.core, &settings);
        let told = match &key {
            Some(key) => report.judged_key(&error, key),
            None => report.judged(&error, None),
        };
        let fault = state.core.refuse(judgement.at);
        self.violated(py, state, told.unwrap_or_else(|error| error), fault.offset)
    }

    fn run_hooks(&self, py: Python<'_>, state: &mut State, hook: Hook) -> PyResult<()> {
        let Err(error) = state.builder.catch_up(self.build(py), &mut state.core) else {
            state.core.hooked();
            return Ok(());
        };
        let settings = self.settings();
        let json = &state.core.text()[hook.start..hook.end];
        let told = self.report(py, &state.core, &settings).hook(error, json);
        let fault = state.core.refuse(hook.at);
        self.violated(py, state, told.unwrap_or_else(|error| error), fault.offset)
    }

    /// Raises the error of what was refused at `offset`, or notes it and goes on.
    fn violated(&self, py: Python<'_>, state: &mut State, error: PyErr, offset: usize) -> PyResult<()> {
        if !state.core.can_forgive() || !errors::is_validation_error(&error, py)? {
            return Err(error);
        }
        let settings = self.settings();
        let violations = self.report(py, &state.core, &settings).violations(&error, offset)?;
        state.violations.extend(violations.into_iter().map(Bound::unbind));
        state.core.forgive();
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

    /// Whether the open string shows as this very value.
    fn shows(&self, value: &Bound<'_, PyAny>) -> bool {
        let Some(shown) = self.core.open_text() else { return false };
        let Ok(value) = value.cast_exact::<PyString>() else { return false };
        value.to_str().is_ok_and(|value| value.as_bytes() == self.core.source().bytes(shown))
    }

    /// What another branch was told of the same value.
    fn verdict(&self, judgement: Judgement) -> Option<Answer> {
        let (end, known) = &self.verdicts;
        let asked = judgement.tentative && judgement.key.is_none() && *end == judgement.end;
        known.get(&(judgement.node, judgement.start)).copied().filter(|_| asked)
    }

    /// Remembers what a branch is told.
    fn note(&mut self, judgement: Judgement, verdict: Answer) {
        if !judgement.tentative || judgement.key.is_some() {
            return;
        }
        let (end, known) = &mut self.verdicts;
        if *end != judgement.end {
            known.clear();
            *end = judgement.end;
        }
        known.insert((judgement.node, judgement.start), verdict);
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

/// At which depth the elements of a list of results lie: in a bare array, or in the lists of an object.
fn element_depth(plan: &Plan) -> Option<usize> {
    let is_list = |id: u32| matches!(plan.nodes[id as usize], Node::Array(_));
    match &plan.nodes[plan.root as usize] {
        Node::Array(_) => Some(1),
        Node::Map(map) if is_list(map.value) => Some(2),
        _ => None,
    }
}
