//! Faults as the exceptions that people see: what happened, where, and what to do.

use std::borrow::Cow;
use std::ops::Range;

use instar_core::{Fault, FaultKind, NodeId, Parser, Position, Reason, Rule, Segment, Syntax, Violation};
use instar_json::Completion;
use instar_repair::{RepairSet, diagnose};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::wrap_pyfunction;

use crate::once::intern;
use crate::schema::{Detail, Schema, Settings, Shape};

/// How many characters before the place of an error are quoted.
const QUOTED: usize = 40;

/// What an error is made from.
#[derive(Clone, Copy)]
pub(crate) struct Report<'r, 'py> {
    pub(super) py: Python<'py>,
    pub(super) schema: &'r Schema,
    pub(super) parser: &'r Parser,
    pub(super) settings: &'r Settings<'r>,
    /// Where in the text as it came the fault lies, if the parser reads it mended.
    pub(super) place: Option<&'r Place<'r>>,
    /// Whether lines are left out that only some continuations of the text would have.
    pub(super) certain: bool,
}

/// A place in the text as it came.
#[derive(Clone, Debug)]
pub(crate) struct Place<'r> {
    /// The text, up to that place at least.
    pub(crate) raw: Cow<'r, [u8]>,
    pub(crate) offset: usize,
    /// What would have been mended.
    pub(crate) repairs: RepairSet,
}

impl<'r, 'py> Report<'r, 'py> {
    pub(crate) fn new(
        py: Python<'py>,
        schema: &'r Schema,
        parser: &'r Parser,
        settings: &'r Settings<'r>,
        place: Option<&'r Place<'r>>,
    ) -> Self {
        Self { py, schema, parser, settings, place, certain: true }
    }

    /// The exception for a fault.
    pub(crate) fn fault(self, fault: &Fault) -> PyErr {
        let raised = match &fault.kind {
            FaultKind::Schema(violation) => self.violation(violation),
            FaultKind::Syntax(syntax) => self.syntax(*syntax, fault),
            FaultKind::Depth => {
                self.stream_error("LimitError", "nested deeper than `Limits.depth` allows", fault)
            }
            FaultKind::Blank => {
                self.stream_error("LimitError", "more white space than `Limits.blank` allows", fault)
            }
            FaultKind::Bytes => self.stream_error("LimitError", "longer than `Limits.bytes` allows", fault),
            FaultKind::Truncated => self.truncated(fault),
            FaultKind::Host => Ok(PyRuntimeError::new_err("the text was refused before")),
        };
        raised.unwrap_or_else(|error| error)
    }

    fn stream_error(self, class: &str, what: &str, fault: &Fault) -> PyResult<PyErr> {
        stream_error(self.py, class, what, &self.place(fault))
    }

    /// Where a fault lies in the text as it came.
    fn place(&self, fault: &Fault) -> Place<'_> {
        match self.place {
            Some(place) => place.clone(),
            None => Place {
                raw: Cow::Borrowed(self.parser.text()),
                offset: fault.offset,
                repairs: RepairSet::NONE,
            },
        }
    }

    /// The error for a text that is not JSON: what was there, and, as its advice, which repair would have read it.
    fn syntax(self, syntax: Syntax, fault: &Fault) -> PyResult<PyErr> {
        let place = self.place(fault);
        let mut what = syntax.to_string();
        if !self.schema.hide_input {
            what = format!("{what}{}", place.quoted(self.py)?);
        }
        let read = self.parser.text();
        let kind = diagnose(&read[..read.len().min(fault.offset + 1)]);
        let error = stream_error(self.py, "JSONError", &what, &place)?;
        if let Some(kind) = kind.filter(|&kind| !place.repairs.has(kind)) {
            let set = if RepairSet::AROUND.has(kind) { "around" } else { "all" };
            let advice = format!(", which repair=\"{set}\" would read ({kind}),");
            error.value(self.py).setattr("advice", advice)?;
        }
        Ok(error)
    }

    fn truncated(self, fault: &Fault) -> PyResult<PyErr> {
        let place = self.place(fault);
        let position = Position::find(&place.raw, place.offset);
        let class = self.py.import("instar.errors")?.getattr("TruncatedError")?;
        let error = class.call1((self.path()?, place.offset, position.line, position.column))?;
        Ok(PyErr::from_value(error))
    }

    /// The way to the open value, as Pydantic's `loc` has it.
    pub(crate) fn path(self) -> PyResult<Bound<'py, PyTuple>> {
        self.location(&self.parser.path())
    }

    fn location(self, path: &[Segment]) -> PyResult<Bound<'py, PyTuple>> {
        let py = self.py;
        let source = self.parser.source();
        let segments = path.iter().map(|segment| match *segment {
            Segment::Index(index) => Ok(index.into_pyobject(py)?.into_any()),
            Segment::Field(id, index, key) => {
                match self.schema.record(id).map(|class| &class.fields[index as usize]) {
                    Some(field) if !field.has_synonyms => Ok(field.location.bind(py).clone()),
                    _ => Ok(PyString::from_bytes(py, source.bytes(key))?.into_any()),
                }
            }
            Segment::Tag(id, tag) => match &self.schema.facet(id).detail {
                Detail::Tags(tags) => Ok(tags[tag as usize].bind(py).clone()),
                _ => Ok(tag.into_pyobject(py)?.into_any()),
            },
            Segment::Key(span) => Ok(PyString::from_bytes(py, source.bytes(span))?.into_any()),
        });
        PyTuple::new(py, segments.collect::<PyResult<Vec<_>>>()?)
    }

    fn violation(self, violation: &Violation) -> PyResult<PyErr> {
        let lines = PyList::empty(self.py);
        match self.add_lines(&lines, &PyTuple::empty(self.py), violation)? {
            Some(other) => Ok(other),
            // Whichever tag comes, one of the lines will hold.
            None if lines.is_empty() && self.certain => Self { certain: false, ..self }.violation(violation),
            None => self.validation_error(&lines),
        }
    }

    /// Adds the lines of a violation, with `prefix` before each `loc`. What a validator raises that is no
    /// `ValidationError` is returned.
    pub(super) fn add_lines(
        self,
        lines: &Bound<'py, PyList>,
        prefix: &Bound<'py, PyTuple>,
        violation: &Violation,
    ) -> PyResult<Option<PyErr>> {
        let node = violation.node;
        let location: Bound<'py, PyTuple> = prefix.add(self.location(&violation.path)?)?.cast_into()?;
        let validate = |json: &[u8]| self.schema.facet(node).validator.validate(self.py, json, self.settings);
        match &violation.reason {
            Reason::Kind(range) => {
                let value = self.raw(range);
                // Prose begins with an `I` sooner than a text does with `Infinity`: the letter says more.
                let letter = matches!(value, b"I" | b"N").then(|| PyString::from_bytes(self.py, value));
                let letter = letter.transpose()?;
                let json = Completion::of(value).json;
                self.add_raised(lines, &location, validate(&json), &json, letter.as_deref())
            }
            Reason::Text(span) => {
                let text = PyString::from_bytes(self.py, self.parser.source().bytes(*span))?;
                let json: String = self.py.import("json")?.getattr("dumps")?.call1((text,))?.extract()?;
                self.add_raised(lines, &location, validate(json.as_bytes()), json.as_bytes(), None)
            }
            Reason::Tag(range) => {
                let json = Completion::of(self.raw(range)).json;
                self.add_raised(lines, &location, validate(&json), &json, None)
            }
            Reason::Host(range, None) => {
                let json = self.raw(range);
                self.add_raised(lines, &location, validate(json), json, None)
            }
            Reason::Key(span) | Reason::Host(_, Some(span)) => {
                let bytes = self.parser.source().bytes(*span);
                let key = PyString::from_bytes(self.py, bytes)?;
                let validated = self.schema.facet(node).validator.validate_key(key.clone(), self.settings);
                let location = location.add((key, "[key]"))?.cast_into()?;
                self.add_raised(lines, &location, validated, bytes, None)
            }
            Reason::TooLong(range) => self.add_length(lines, &location, "too_long", node, range),
            Reason::TooShort(range, begun) => self.add_too_short(lines, &location, node, range, *begun),
            Reason::Missing(range, fields) => self.add_missing(lines, &location, node, range, fields),
            Reason::ForbiddenKey(key) => self.add_forbidden_key(lines, location, node, *key),
            Reason::NoAlternative(range, refused) => {
                self.add_alternatives(lines, &location, node, range, refused)
            }
            Reason::Outline(range, cause) => self.add_outline(lines, prefix, &location, node, range, cause),
        }
    }

    pub(super) fn raw(&self, range: &Range<usize>) -> &[u8] {
        &self.parser.text()[range.clone()]
    }

    /// Adds the lines of what a node's validator raised for the value as far as it had come.
    fn add_raised(
        self,
        lines: &Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        validated: PyResult<Bound<'py, PyAny>>,
        json: &[u8],
        input: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<PyErr>> {
        let Err(error) = validated else { return Ok(Some(disagreement(&String::from_utf8_lossy(json)))) };
        let Some(raised) = self.lines(&error, location)? else { return Ok(Some(error)) };
        for line in raised {
            if let Some(input) = input {
                line.set_item("input", input)?;
            }
            lines.append(line)?;
        }
        Ok(None)
    }

    /// A validator's error about the value that is open, told from the root: a `ValidationError` with the whole `loc` and
    /// title, anything else as it is.
    pub(crate) fn raised(self, error: &PyErr, input: Option<&Bound<'py, PyAny>>) -> PyResult<PyErr> {
        let Some(lines) = self.lines(error, &self.location(&self.parser.path_to_asked())?)? else {
            return Ok(error.clone_ref(self.py));
        };
        if let Some(input) = input {
            for line in &lines {
                line.set_item("input", input)?;
            }
        }
        self.validation_error(&lines)
    }

    /// A validator's error about a key.
    pub(crate) fn raised_of_key(self, error: &PyErr, key: &Bound<'py, PyString>) -> PyResult<PyErr> {
        let location = self.location(&self.parser.path_to_asked())?.add((key, "[key]"))?.cast_into()?;
        match self.lines(error, &location)? {
            Some(lines) => self.validation_error(&lines),
            None => Ok(error.clone_ref(self.py)),
        }
    }

    /// The lines of a `ValidationError`, as `from_exception_data` takes them, with `prefix` before each `loc`.
    pub(super) fn lines(
        self,
        error: &PyErr,
        prefix: &Bound<'py, PyTuple>,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
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

    /// Adds what a container that closed with too few members lacks: a tuple those at certain places.
    fn add_too_short(
        self,
        lines: &Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
        begun: usize,
    ) -> PyResult<Option<PyErr>> {
        let head = match &self.schema.plan.node(node).rule {
            Rule::Array(array) => array.head.len(),
            _ => 0,
        };
        if begun >= head {
            return self.add_length(lines, location, "too_short", node, range);
        }
        let input = self.partial(range)?;
        for index in begun..head {
            self.add_line(lines, "missing", &location.add((index,))?, &input, None)?;
        }
        Ok(None)
    }

    fn add_length(
        self,
        lines: &Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        kind: &'static str,
        node: NodeId,
        range: &Range<usize>,
    ) -> PyResult<Option<PyErr>> {
        let sequence = if self.schema.shape(node) == Shape::Tuple { "Tuple" } else { "List" };
        let Some((field_type, bound, limit)) = (match (&self.schema.plan.node(node).rule, kind) {
            (Rule::Array(array), "too_long") => Some((sequence, "max_length", array.max)),
            (Rule::Array(array), _) => Some((sequence, "min_length", array.min)),
            (Rule::Map(map), "too_long") => Some(("Dictionary", "max_length", map.max)),
            (Rule::Map(map), _) => Some(("Dictionary", "min_length", map.min)),
            _ => None,
        }) else {
            return Err(PyRuntimeError::new_err("only arrays and maps have lengths"));
        };
        let input = self.partial(range)?;
        let actual = if kind == "too_long" { limit + 1 } else { input.len()? };
        let context = PyDict::new(self.py);
        context.set_item("field_type", field_type)?;
        context.set_item(bound, limit)?;
        context.set_item("actual_length", actual)?;
        self.add_line(lines, kind, location, &input, Some(&context))
    }

    fn add_missing(
        self,
        lines: &Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
        fields: &[u32],
    ) -> PyResult<Option<PyErr>> {
        let input = self.partial(range)?;
        let Some(class) = self.schema.record(node) else {
            return Err(PyRuntimeError::new_err("only records have required fields"));
        };
        for &index in fields {
            let place = location.add((&class.fields[index as usize].location,))?;
            self.add_line(lines, "missing", &place, &input, None)?;
        }
        Ok(None)
    }

    fn add_forbidden_key(
        self,
        lines: &Bound<'py, PyList>,
        location: Bound<'py, PyTuple>,
        node: NodeId,
        key: Option<instar_core::Span>,
    ) -> PyResult<Option<PyErr>> {
        let py = self.py;
        let mut location = location.into_any();
        if let Some(key) = key {
            let key = PyString::from_bytes(py, self.parser.source().bytes(key))?;
            location = location.add((key,))?;
        }
        let kind = match self.schema.record(node) {
            Some(class) if class.is_dataclass() => "unexpected_keyword_argument",
            _ => "extra_forbidden",
        };
        self.add_line(lines, kind, &location, &py.None().into_bound(py), None)
    }

    /// The value as far as it had come, as plain values.
    fn partial(self, range: &Range<usize>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let options = PyDict::new(py);
        options.set_item("allow_partial", true)?;
        let json = PyBytes::new(py, self.raw(range));
        // Nested deeper than Pydantic reads, it is told without its input.
        let read = py.import("pydantic_core")?.getattr("from_json")?.call((json,), Some(&options));
        Ok(read.unwrap_or_else(|_| py.None().into_bound(py)))
    }

    fn add_line(
        self,
        lines: &Bound<'py, PyList>,
        kind: &'static str,
        location: &Bound<'py, PyAny>,
        input: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<PyErr>> {
        let line = PyDict::new(self.py);
        line.set_item("type", kind)?;
        line.set_item("loc", location)?;
        line.set_item("input", input)?;
        if let Some(context) = context {
            line.set_item("ctx", context)?;
        }
        lines.append(line)?;
        Ok(None)
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
        let input = py.import("pydantic_core")?.getattr("from_json")?.call1((PyBytes::new(py, json),))?;
        match validator.call_method1("validate_python", (error.into_value(py),)) {
            Err(converted) => self.raised(&converted, Some(&input)),
            Ok(_) => Err(PyRuntimeError::new_err("an exception did not raise")),
        }
    }
}

/// The name of a line's error, whether it is one that Pydantic knows or a custom one.
pub(super) fn type_name<'py>(line: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let kind = line.get_item("type")?;
    Ok(kind.getattr("type").unwrap_or(kind))
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

impl Place<'_> {
    /// What the text says there, as a part of a sentence.
    pub(crate) fn quoted(&self, py: Python<'_>) -> PyResult<String> {
        let until = &self.raw[..self.raw.len().min(self.offset + 1)];
        let text = String::from_utf8_lossy(until);
        if text.is_empty() {
            return Ok(String::new());
        }
        let length = text.chars().count();
        let tail: String = text.chars().skip(length.saturating_sub(QUOTED)).collect();
        let quoted = PyString::new(py, &tail).repr()?;
        Ok(if length > QUOTED {
            format!(" at the end of {quoted}")
        } else {
            format!(": the text begins with {quoted}")
        })
    }
}

/// A `StreamError` of a class, at a place.
pub(crate) fn stream_error(py: Python<'_>, class: &str, what: &str, place: &Place<'_>) -> PyResult<PyErr> {
    let position = Position::find(&place.raw, place.offset);
    let class = py.import("instar.errors")?.getattr(class)?;
    let error = class.call1((what, place.offset, position.line, position.column))?;
    Ok(PyErr::from_value(error))
}
