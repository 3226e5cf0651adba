//! Pydantic's own validator for one node: it judges what the plan has no rule for, and words every refusal.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit, intern};

/// A validator of one node, built when it is first needed.
pub(crate) struct Judge {
    /// The node's core schema with all it refers to, and the config it stands under.
    source: Option<(Py<PyDict>, Option<Py<PyDict>>)>,
    /// `SchemaValidator.validate_json`, bound.
    validate: PyOnceLock<Py<PyAny>>,
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
    ) -> PyResult<Self> {
        let py = schema.py();
        let source = if definitions.is_empty() {
            schema.clone()
        } else {
            let inner = match schema.get_item("ref")? {
                // A definition is referred to: it may stand only once in a schema.
                Some(name) if definitions.contains(&name)? => {
                    [("type", intern!(py, "definition-ref").as_any()), ("schema_ref", &name)]
                        .into_py_dict(py)?
                }
                _ => schema.clone(),
            };
            let wrapper = [("type", "definitions")].into_py_dict(py)?;
            wrapper.set_item("schema", inner)?;
            wrapper.set_item("definitions", PyList::new(py, definitions.values())?)?;
            wrapper
        };
        let source = (source.unbind(), config.map(|config| config.clone().unbind()));
        Ok(Self { source: Some(source), validate: PyOnceLock::new() })
    }

    /// The judge that `validator`, a `SchemaValidator`, is.
    pub(crate) fn of_validator(validator: &Bound<'_, PyAny>) -> PyResult<Self> {
        let validate = PyOnceLock::new();
        validate.set(validator.py(), validator.getattr("validate_json")?.unbind()).ok();
        Ok(Self { source: None, validate })
    }

    fn validator<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        let validate = self.validate.get_or_try_init(py, || {
            let Some((schema, config)) = &self.source else { unreachable!("built from a validator") };
            let class = py.import("pydantic_core")?.getattr("SchemaValidator")?;
            Ok::<_, PyErr>(class.call1((schema, config))?.getattr("validate_json")?.unbind())
        })?;
        Ok(validate.bind(py))
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
        if let Some((schema, config)) = &self.source {
            visit.call(schema)?;
            visit.call(config)?;
        }
        Ok(())
    }
}
