//! Faults as the exceptions that people see: what happened, where, and what to do.

use instar_core::{Fault, FaultKind, Node, NodeId, Parser, Refusal, Slot, Violation};
use instar_json::{Completion, Member};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::{intern, wrap_pyfunction};

use crate::hook::Shape;
use crate::judge::Settings;
use crate::schema::{Detail, Schema};

/// What an error is told from.
#[derive(Clone, Copy)]
pub(crate) struct Report<'r, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) schema: &'r Schema,
    pub(crate) parser: &'r Parser,
    pub(crate) settings: &'r Settings<'r>,
}

impl<'py> Report<'_, 'py> {
    /// The exception for a fault.
    pub(crate) fn fault(self, fault: Fault) -> PyErr {
        let raised = match fault.kind {
            FaultKind::Schema(violation) => self.violation(violation),
            FaultKind::Syntax(syntax) => self.stream_error("JSONError", &syntax.to_string(), fault),
            FaultKind::Depth => {
                self.stream_error("LimitError", "nested deeper than `Limits.depth` allows", fault)
            }
            FaultKind::Bytes => self.stream_error("LimitError", "longer than `Limits.bytes` allows", fault),
            FaultKind::Truncated => self.truncated(fault),
            FaultKind::Judged => Ok(PyRuntimeError::new_err("the text was refused before")),
        };
        raised.unwrap_or_else(|error| error)
    }

    fn stream_error(self, class: &str, what: &str, fault: Fault) -> PyResult<PyErr> {
        let position = self.parser.position();
        let class = self.py.import("instar.errors")?.getattr(class)?;
        let error = class.call1((what, fault.offset, position.line, position.column))?;
        Ok(PyErr::from_value(error))
    }

    fn truncated(self, fault: Fault) -> PyResult<PyErr> {
        let position = self.parser.position();
        let class = self.py.import("instar.errors")?.getattr("TruncatedError")?;
        let error = class.call1((self.path()?, fault.offset, position.line, position.column))?;
        Ok(PyErr::from_value(error))
    }

    /// The way to the open value, as Pydantic's `loc` has it.
    pub(crate) fn path(self) -> PyResult<Bound<'py, PyTuple>> {
        self.steps(self.parser.path())
    }

    /// The way to what is wrong. What is wrong with a union is wrong with all that its value could be.
    fn location(self) -> PyResult<Bound<'py, PyTuple>> {
        self.steps(self.parser.trunk())
    }

    fn steps(self, slots: Vec<Slot>) -> PyResult<Bound<'py, PyTuple>> {
        let py = self.py;
        let source = self.parser.source();
        let steps = slots.into_iter().map(|slot| match slot {
            Slot::Index(index) => Ok(index.into_pyobject(py)?.into_any()),
            Slot::Field(id, index, key) => {
                match self.schema.record(id).map(|class| &class.fields[index as usize]) {
                    Some(field) if !field.has_synonyms => Ok(field.location.bind(py).clone()),
                    _ => Ok(PyString::from_bytes(py, source.bytes(key))?.into_any()),
                }
            }
            Slot::Tag(id, tag) => match &self.schema.facet(id).detail {
                Detail::Tags(tags) => Ok(tags[tag as usize].bind(py).clone()),
                _ => Ok(tag.into_pyobject(py)?.into_any()),
            },
            Slot::Key(span) => Ok(PyString::from_bytes(py, source.bytes(span))?.into_any()),
        });
        PyTuple::new(py, steps.collect::<PyResult<Vec<_>>>()?)
    }

    fn violation(self, Violation { node, what }: Violation) -> PyResult<PyErr> {
        match what {
            Refusal::Kind => {
                let scalar = self.parser.scalar();
                // Prose begins with an `I` sooner than a text does with `Infinity`: the letter says more.
                let letter = matches!(scalar, b"I" | b"N").then(|| PyString::from_bytes(self.py, scalar));
                self.witnessed(node, &Completion::of(scalar).json, letter.transpose()?.as_deref())
            }
            Refusal::Text => {
                let text = self.parser.source().bytes(self.parser.refused_text());
                let json = self.py.import("json")?.getattr("dumps")?;
                let text = json.call1((PyString::from_bytes(self.py, text)?,))?;
                self.witnessed(node, text.extract::<String>()?.as_bytes(), None)
            }
            Refusal::Tag => self.witnessed(node, &Completion::of(self.parser.scalar()).json, None),
            Refusal::Union => self.of_union(node),
            Refusal::Key => {
                let text = self.parser.source().bytes(self.parser.refused_text());
                let key = PyString::from_bytes(self.py, text)?;
                match self.schema.facet(node).judge.validate_key(key.clone(), self.settings) {
                    Err(error) => self.judged_key(&error, &key),
                    Ok(_) => Ok(disagreement(&key.to_string())),
                }
            }
            Refusal::TooLong => self.length("too_long", node),
            Refusal::TooShort => self.too_short(node),
            Refusal::Missing => self.missing(node),
            Refusal::ForbiddenKey { whole } => self.forbidden_key(node, whole),
        }
    }

    /// The error of the node's judge for the value as far as it had come.
    fn witnessed(self, node: NodeId, json: &[u8], input: Option<&Bound<'py, PyAny>>) -> PyResult<PyErr> {
        match self.schema.facet(node).judge.validate(self.py, json, self.settings) {
            Err(error) => self.judged(&error, input),
            Ok(_) => Ok(disagreement(&String::from_utf8_lossy(json))),
        }
    }

    /// What each choice of a union has against the value, but for what it lacks only because it is not whole.
    fn of_union(self, node: NodeId) -> PyResult<PyErr> {
        let whole = Completion::of(self.parser.attempt());
        let Err(error) = self.schema.facet(node).judge.validate(self.py, &whole.json, self.settings) else {
            return Ok(disagreement(&String::from_utf8_lossy(&whole.json)));
        };
        let Some(lines) = self.lines(&error, &self.location()?)? else { return Ok(error) };
        let pending = match whole.pending {
            Some(Member::Index(index)) => Some(index.into_pyobject(self.py)?.into_any()),
            Some(Member::Key(key)) => Some(PyString::new(self.py, &key).into_any()),
            None => None,
        };
        let told = PyList::empty(self.py);
        for line in &lines {
            if !is_made_up(&line, pending.as_ref())? {
                told.append(line)?;
            }
        }
        self.validation_error(if told.is_empty() { &lines } else { &told })
    }

    fn parsed(self, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        self.py.import("pydantic_core")?.getattr("from_json")?.call1((PyBytes::new(self.py, json),))
    }

    /// A judge's error, told from the root: `ValidationError` with the whole `loc` and title, anything else as it is.
    pub(crate) fn judged(self, error: &PyErr, input: Option<&Bound<'py, PyAny>>) -> PyResult<PyErr> {
        let Some(lines) = self.lines(error, &self.location()?)? else { return Ok(error.clone_ref(self.py)) };
        if let Some(input) = input {
            for line in &lines {
                line.set_item("input", input)?;
            }
        }
        self.validation_error(&lines)
    }

    /// A judge's error about a key.
    pub(crate) fn judged_key(self, error: &PyErr, key: &Bound<'py, PyString>) -> PyResult<PyErr> {
        let location = self.location()?.add((key, "[key]"))?.cast_into()?;
        match self.lines(error, &location)? {
            Some(lines) => self.validation_error(&lines),
            None => Ok(error.clone_ref(self.py)),
        }
    }

    /// The lines of a `ValidationError`, as `from_exception_data` takes them, with `prefix` before each `loc`.
    fn lines(self, error: &PyErr, prefix: &Bound<'py, PyTuple>) -> PyResult<Option<Bound<'py, PyList>>> {
        let py = self.py;
        if !is_validation_error(error, py)? {
            return Ok(None);
        }
        let lines = lines_of(error, py)?;
        for line in &lines {
            let line = line.cast_into::<PyDict>()?;
            let location = line
                .get_item("loc")?
                .map_or_else(|| Ok(PyTuple::empty(py)), |loc| Ok::<_, PyErr>(loc.cast_into()?))?;
            line.set_item("loc", prefix.add(location)?)?;
            line.set_item("type", error_type(&line)?)?;
        }
        Ok(Some(lines))
    }

    /// What a container that closed with too few members lacks: a tuple those at certain places.
    fn too_short(self, node: NodeId) -> PyResult<PyErr> {
        let begun = self.parser.members();
        let Node::Array(array) = &self.schema.plan.nodes[node as usize] else {
            return self.length("too_short", node);
        };
        if begun >= array.head.len() {
            return self.length("too_short", node);
        }
        let (input, path) = (self.container()?, self.location()?);
        let lines = (begun..array.head.len())
            .map(|index| Ok(("missing", path.add((index,))?.cast_into::<PyTuple>()?, input.clone(), None)));
        self.line_errors(lines.collect::<PyResult<Vec<_>>>()?)
    }

    fn length(self, kind: &'static str, node: NodeId) -> PyResult<PyErr> {
        let sequence = if self.schema.shape(node) == Shape::Tuple { "Tuple" } else { "List" };
        let Some((field_type, bound, limit)) = (match (&self.schema.plan.nodes[node as usize], kind) {
            (Node::Array(array), "too_long") => Some((sequence, "max_length", array.max)),
            (Node::Array(array), _) => Some((sequence, "min_length", array.min)),
            (Node::Map(map), "too_long") => Some(("Dictionary", "max_length", map.max)),
            (Node::Map(map), _) => Some(("Dictionary", "min_length", map.min)),
            _ => None,
        }) else {
            return Err(PyRuntimeError::new_err("only arrays and maps have lengths"));
        };
        let py = self.py;
        let input = self.container()?;
        let actual = if kind == "too_long" { limit + 1 } else { input.len()? };
        let context = PyDict::new(py);
        context.set_item("field_type", field_type)?;
        context.set_item(bound, limit)?;
        context.set_item("actual_length", actual)?;
        self.line_errors([(kind, self.location()?, input, Some(context))])
    }

    fn missing(self, node: NodeId) -> PyResult<PyErr> {
        let (input, path) = (self.container()?, self.location()?);
        let Some(class) = self.schema.record(node) else {
            return Err(PyRuntimeError::new_err("only records have required fields"));
        };
        let lines = self.parser.missing().map(|index| {
            let location = path.add((&class.fields[index as usize].location,))?.cast_into::<PyTuple>()?;
            Ok(("missing", location, input.clone(), None))
        });
        let lines = lines.collect::<PyResult<Vec<_>>>()?;
        self.line_errors(lines)
    }

    fn forbidden_key(self, node: NodeId, whole: bool) -> PyResult<PyErr> {
        let py = self.py;
        let mut path = self.location()?;
        if !whole {
            let source = self.parser.source();
            let key = PyString::from_bytes(py, source.bytes(self.parser.refused_text()))?;
            path = path.add((key,))?.cast_into::<PyTuple>()?;
        }
        let kind = match self.schema.record(node) {
            Some(class) if class.is_dataclass() => "unexpected_keyword_argument",
            _ => "extra_forbidden",
        };
        self.line_errors([(kind, path, py.None().into_bound(py), None)])
    }

    /// The open container as far as it had come, as plain values.
    fn container(self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let options = PyDict::new(py);
        options.set_item("allow_partial", true)?;
        let json = PyBytes::new(py, self.parser.container());
        // Nested deeper than Pydantic reads, it is told without its input.
        let read = py.import("pydantic_core")?.getattr("from_json")?.call((json,), Some(&options));
        Ok(read.unwrap_or_else(|_| py.None().into_bound(py)))
    }

    fn line_errors(
        self,
        lines: impl IntoIterator<
            Item = (&'static str, Bound<'py, PyTuple>, Bound<'py, PyAny>, Option<Bound<'py, PyDict>>),
        >,
    ) -> PyResult<PyErr> {
        let py = self.py;
        let details = PyList::empty(py);
        for (kind, location, input, context) in lines {
            let line = PyDict::new(py);
            line.set_item("type", kind)?;
            line.set_item("loc", location)?;
            line.set_item("input", input)?;
            if let Some(context) = context {
                line.set_item("ctx", context)?;
            }
            details.append(line)?;
        }
        self.validation_error(&details)
    }

    fn validation_error(self, lines: &Bound<'py, PyList>) -> PyResult<PyErr> {
        let py = self.py;
        let make = validation_error(py)?.getattr(intern!(py, "from_exception_data"))?;
        let error = make.call1((&self.schema.title, lines, "json", self.schema.hide_input))?;
        Ok(PyErr::from_value(error))
    }

    /// The lines of a `ValidationError` as `instar.errors.Violation`s that were found at `offset`.
    pub(crate) fn violations(self, error: &PyErr, offset: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = self.py;
        let class = py.import("instar.errors")?.getattr("Violation")?;
        let violation = |line: PyResult<Bound<'py, PyAny>>| {
            let line = line?;
            class.call1((line.get_item("type")?, line.get_item("loc")?, line.get_item("msg")?, offset))
        };
        lines_of(error, py)?.try_iter()?.map(violation).collect()
    }

    /// What Pydantic makes of an exception that a hook of the user's raised on `input`.
    pub(crate) fn hook(self, error: PyErr, json: &[u8]) -> PyResult<PyErr> {
        let py = self.py;
        let function = PyDict::new(py);
        function.set_item("type", "no-info")?;
        function.set_item("function", wrap_pyfunction!(raise, py)?)?;
        let schema = PyDict::new(py);
        schema.set_item("type", "function-plain")?;
        schema.set_item("function", function)?;
        let validator = py.import("pydantic_core")?.getattr("SchemaValidator")?.call1((schema,))?;
        let input = self.parsed(json)?;
        match validator.call_method1("validate_python", (error.into_value(py),)) {
            Err(converted) => self.judged(&converted, Some(&input)),
            Ok(_) => Err(PyRuntimeError::new_err("an exception did not raise")),
        }
    }
}

/// Whether a line of an error is about what is not there only because the value is not whole: missing fields and tags,
/// and the `null` of a pending key.
fn is_made_up(line: &Bound<'_, PyAny>, pending: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
    // Only the errors that Pydantic knows are told by their names here.
    let kind: String = line.get_item("type")?.extract().unwrap_or_default();
    let is_missing = ["missing", "union_tag_not_found"].contains(&kind.as_str());
    let Some(pending) = pending else { return Ok(is_missing) };
    let is_of_key = ["extra_forbidden", "unexpected_keyword_argument"].contains(&kind.as_str());
    let location: Vec<Bound<'_, PyAny>> = line.get_item("loc")?.extract()?;
    let ends_there = location.last().is_some_and(|last| last.eq(pending).unwrap_or(false));
    Ok(is_missing || (ends_there && !is_of_key && line.get_item("input")?.is_none()))
}

/// Raises what it is given.
#[pyfunction]
fn raise(error: Bound<'_, PyAny>) -> PyResult<()> {
    Err(PyErr::from_value(error))
}

/// The lines of a `ValidationError`, as dicts.
fn lines_of<'py>(error: &PyErr, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
    let options = [("include_url", false)].into_py_dict(py)?;
    Ok(error.value(py).call_method("errors", (), Some(&options))?.cast_into()?)
}

/// Whether an exception is Pydantic's.
pub(crate) fn is_validation_error(error: &PyErr, py: Python<'_>) -> PyResult<bool> {
    error.value(py).is_instance(validation_error(py)?.as_any())
}

fn validation_error(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    Ok(py.import(intern!(py, "pydantic_core"))?.getattr(intern!(py, "ValidationError"))?.cast_into()?)
}

/// The `type` that `from_exception_data` takes for this line: a name that Pydantic knows, or a custom error.
fn error_type<'py>(line: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = line.py();
    let core = py.import("pydantic_core")?;
    let item = |key: &str| line.get_item(key).map(|found| found.unwrap_or_else(|| py.None().into_bound(py)));
    let (kind, context) = (item("type")?, item("ctx")?);
    let known = if context.is_none() {
        core.getattr("PydanticKnownError")?.call1((&kind,))
    } else {
        core.getattr("PydanticKnownError")?.call1((&kind, &context))
    };
    // A custom error may bear the name of one that Pydantic knows, with another message.
    if let Ok(known) = known
        && known.call_method0("message")?.eq(item("msg")?)?
    {
        return Ok(kind);
    }
    core.getattr("PydanticCustomError")?.call1((kind, item("msg")?, context))
}

/// The error for what cannot be: the plan refused what Pydantic accepts.
fn disagreement(json: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "instar refused {json} where Pydantic accepts it: please report this with the model"
    ))
}

/// The error for a reader while another one waits for the source.
pub(crate) fn reading() -> PyErr {
    PyRuntimeError::new_err("another thread is reading this stream: one at a time, or a stream for each")
}

/// The error for a call while another call is at work.
pub(crate) fn busy() -> PyErr {
    PyRuntimeError::new_err(
        "this parser or wire is at work in another thread, or in a validator that it is calling: use one for each \
         stream, from one thread at a time",
    )
}

/// The error for a call after one that was interrupted.
pub(crate) fn interrupted() -> PyErr {
    PyRuntimeError::new_err("this parser was interrupted in the middle of a delta: start a new one")
}

/// The error for a delta after `finish`.
pub(crate) fn finished() -> PyErr {
    PyValueError::new_err("the text was declared finished: start a new Parser for another text")
}
