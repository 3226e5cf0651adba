//! Pydantic's own validator for one node: it validates what the plan has no rule for, and words every refusal.

use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::core_schema::references;
use crate::dump::{self, Layouts};
use crate::once::intern;

/// The validator of one node, built when it is first needed.
pub(crate) struct HostValidator {
    source: Option<Source>,
    /// A `SchemaValidator`. A lock that can be read without a token, as the collector does.
    validator: OnceLock<Py<PyAny>>,
    /// The layouts of the node, if its values may forget what has arrived.
    forgetful: OnceLock<Option<Arc<Layouts>>>,
}

/// What a validator is built from.
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

impl HostValidator {
    /// The validator of the node `schema`, which may refer to `definitions` and stands under `config`.
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
        Self { source: Some(source), validator: OnceLock::new(), forgetful: OnceLock::new() }
    }

    /// `validator`, a `SchemaValidator`.
    pub(crate) fn of_validator(validator: &Bound<'_, PyAny>) -> Self {
        Self {
            source: None,
            validator: OnceLock::from(validator.clone().unbind()),
            forgetful: OnceLock::new(),
        }
    }

    fn validator<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        if let Some(validator) = self.validator.get() {
            return Ok(validator.bind(py));
        }
        let Some(source) = &self.source else { unreachable!("built from a validator") };
        let validator = schema_validator(py)?.call1((source.whole(py)?, &source.config))?;
        // Another thread may have been first: one is as good as the other.
        Ok(self.validator.get_or_init(|| validator.unbind()).bind(py))
    }

    /// The layouts of the node, if its values may hold anything that does not remember what has arrived.
    pub(crate) fn forgetful(&self, py: Python<'_>) -> PyResult<Option<Arc<Layouts>>> {
        let Some(source) = &self.source else { return Ok(None) };
        if let Some(known) = self.forgetful.get() {
            return Ok(known.clone());
        }
        let layouts = if dump::forgets(source.schema.bind(py), source.definitions.bind(py))? {
            Some(Arc::new(Layouts::of_schema(&source.whole(py)?)?))
        } else {
            None
        };
        Ok(self.forgetful.get_or_init(|| layouts).clone())
    }

    /// Pydantic's name for the node.
    pub(crate) fn title(&self, py: Python<'_>) -> PyResult<String> {
        let title = intern!(py, "title");
        match &self.source {
            Some(source) => {
                let config = source.config.as_ref().map(|config| config.bind(py).copy()).transpose()?;
                if let Some(config) = &config
                    && config.contains(title)?
                {
                    // It is that of the record around the node.
                    config.del_item(title)?;
                }
                schema_validator(py)?.call1((source.whole(py)?, config))?.getattr(title)?.extract()
            }
            None => self.validator(py)?.getattr(title)?.extract(),
        }
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
        self.call(intern!(py, "validate_json"), PyBytes::new(py, json).into_any(), settings)
    }

    /// What the node makes of a key. To Pydantic the keys of JSON objects are strings that stand for other values.
    ///
    /// Raises as [`HostValidator::validate`].
    pub(crate) fn validate_key<'py>(
        &self,
        key: Bound<'py, PyString>,
        settings: &Settings<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(intern!(key.py(), "validate_strings"), key.into_any(), settings)
    }

    fn call<'py>(
        &self,
        method: &Bound<'py, PyString>,
        input: Bound<'py, PyAny>,
        settings: &Settings<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = input.py();
        let validator = self.validator(py)?;
        if settings.strict.is_none() && settings.context.is_none() {
            return validator.call_method1(method, (input,));
        }
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "strict"), settings.strict)?;
        arguments.set_item(intern!(py, "context"), settings.context)?;
        validator.call_method(method, (input,), Some(&arguments))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(source) = &self.source {
            visit.call(&source.schema)?;
            visit.call(&source.definitions)?;
            visit.call(&source.config)?;
        }
        visit.call(self.validator.get())
    }
}

fn schema_validator(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "pydantic_core"))?.getattr(intern!(py, "SchemaValidator"))
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
