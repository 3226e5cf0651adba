//! Pydantic's own validator for one node: it judges what the plan has no rule for, and words every refusal.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::compile::references;

/// A validator of one node, built when it is first needed.
pub(crate) struct Judge {
    source: Option<Source>,
    /// `SchemaValidator.validate_json`, bound. A lock that can be read without a token, as the collector does.
    validate: OnceLock<Py<PyAny>>,
}

/// What a judge is built from.
struct Source {
    schema: Py<PyDict>,
    /// All definitions, by name.
    definitions: Py<PyDict>,
    /// The config that the node stands under.
    config: Option<Py<PyDict>>,
}

/// What a caller of `model_validate_json` may pass.
pub(crate) struct Settings<'a> {
    pub(crate) strict: Option<bool>,
    pub(crate) context: Option<&'a Py<PyAny>>,
}

impl Judge {
    /// A judge for the node `schema`, which may refer to `definitions` and stands under `config`.
    pub(crate) fn of_node(
        schema: &Bound<'_, PyDict>,
        definitions: &Bound<'_, PyDict>,
        config: Option<&Bound<'_, PyDict>>,
    ) -> Self {
        let source = Source {
            schema: schema.clone().unbind(),
            definitions: definitions.clone().unbind(),
            config: config.map(|config| config.clone().unbind()),
        };
        Self { source: Some(source), validate: OnceLock::new() }
    }

    /// The judge that `validator`, a `SchemaValidator`, is.
    pub(crate) fn of_validator(validator: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { source: None, validate: OnceLock::from(validator.getattr("validate_json")?.unbind()) })
    }

    fn validator<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(validate) = self.validate.get() {
            return Ok(validate.bind(py).clone());
        }
        let Some(source) = &self.source else { unreachable!("built from a validator") };
        let class = py.import("pydantic_core")?.getattr("SchemaValidator")?;
        let validate = class.call1((source.whole(py)?, &source.config))?.getattr("validate_json")?;
        // Another thread may have been first: one is as good as the other.
        Ok(self.validate.get_or_init(|| validate.unbind()).bind(py).clone())
    }

    /// What the node makes of a JSON text.
    ///
    /// Raises `ValidationError`, or whatever a validator of the user's raises.
    pub(crate) fn validate<'py>(
        &self,
        py: Python<'py>,
        json: &[u8],
        settings: &Settings<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let json = PyBytes::new(py, json);
        let validate = self.validator(py)?;
        if settings.strict.is_none() && settings.context.is_none() {
            return validate.call1((json,));
        }
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "strict"), settings.strict)?;
        arguments.set_item(intern!(py, "context"), settings.context)?;
        validate.call((json,), Some(&arguments))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(source) = &self.source {
            visit.call(&source.schema)?;
            visit.call(&source.definitions)?;
            visit.call(&source.config)?;
        }
        visit.call(self.validate.get())
    }
}

impl Source {
    /// The schema with the definitions that it reaches.
    fn whole<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (schema, definitions) = (self.schema.bind(py), self.definitions.bind(py));
        let reached = references(schema, definitions)?;
        if reached.is_empty() {
            return Ok(schema.clone());
        }
        let inner = match schema.get_item("ref")? {
            // A definition is referred to: it may stand only once in a schema.
            Some(name) if reached.contains(&name)? => {
                [("type", intern!(py, "definition-ref").as_any()), ("schema_ref", &name)].into_py_dict(py)?
            }
            _ => schema.clone(),
        };
        let wrapper = [("type", "definitions")].into_py_dict(py)?;
        wrapper.set_item("schema", inner)?;
        wrapper.set_item("definitions", reached.values())?;
        Ok(wrapper)
    }
}
