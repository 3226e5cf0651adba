//! What has arrived, as plain data: the dump of a value.
//!
//! The value itself is walked, so the cost is that of the data, and no code of the user's runs: no serializers, no
//! computed fields. A model knows which of its fields have arrived (`model_fields_set`). What no value tells is told
//! by its schema (`layout`: names and settings of typed dicts and dataclasses) and by whoever made it (`arrived`: which
//! fields of a dataclass have come).

mod arrived;
mod class;
mod json;
mod layout;
mod members;
mod walk;

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) use self::arrived::{Arrived, Part, forgets};
pub(crate) use self::layout::Layouts;
use self::walk::Walk;

/// What the atoms of a dump are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The objects themselves.
    Python,
    /// What they are in JSON.
    Json,
}

/// How to dump.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) mode: Mode,
    /// Whether fields go by their serialization aliases.
    pub(crate) by_alias: bool,
}

impl Style {
    /// Raises `ValueError` if no mode has that name.
    pub(crate) fn new(mode: &str, by_alias: bool) -> PyResult<Self> {
        let mode = match mode {
            "python" => Mode::Python,
            "json" => Mode::Json,
            other => {
                let message = format!("mode is \"python\" or \"json\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        Ok(Self { mode, by_alias })
    }
}

/// What of a value has arrived. `layouts` are those of its schema; `arrived` is what its makers know of objects in it
/// that do not remember.
///
/// Raises only what is no `Exception`: an interrupt, say.
pub(crate) fn dump_value<'py>(
    value: &Bound<'py, PyAny>,
    style: Style,
    layouts: Arc<Layouts>,
    arrived: &[&Arrived],
) -> PyResult<Bound<'py, PyAny>> {
    Walk::new(value.py(), style, arrived)?.run(value.clone(), layouts)
}

/// What of `obj` has arrived, as plain data: of a model the fields in its `model_fields_set`, and so at every depth.
///
/// `obj` is a snapshot, open or closed, or any other model, `TypedDict`, list or dict. The cost is that of the data;
/// no serializer, computed field or default of yours is asked, and nothing is raised. (A `mode` of another name is a
/// `ValueError`.)
///
/// Containers are lists and dicts: a tuple, a set, a deque are lists, a model that is its root is that. Fields with
/// `exclude=True` are left out; `by_alias` names the others by their serialization aliases (so does a config's
/// `serialize_by_alias`). With `mode="python"` atoms are what they are. With "json" they are what
/// `pydantic_core.to_jsonable_python` makes of them under the config of the model around them, keys are strings,
/// secrets are masked, and what has no JSON form is `"<ClassName>"`.
///
/// A dataclass does not remember what has arrived and shows all of its fields; `Parser.dump` knows.
#[pyfunction]
#[pyo3(signature = (obj, *, mode="python", by_alias=false))]
pub(crate) fn dump<'py>(obj: &Bound<'py, PyAny>, mode: &str, by_alias: bool) -> PyResult<Bound<'py, PyAny>> {
    dump_value(obj, Style::new(mode, by_alias)?, Arc::default(), &[])
}
