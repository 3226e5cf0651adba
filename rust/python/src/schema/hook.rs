//! User code that runs when a value has closed.

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::once::intern;

/// What runs on a value that has closed, and what stands for the value from then on.
pub(crate) enum Hook {
    /// The method that Pydantic calls on each new instance of a model, with the context.
    PostInit(Py<PyString>),
    /// The method that Pydantic calls on each new instance of a dataclass.
    DataclassPostInit,
    /// A validator.
    After(Py<PyAny>),
    /// A validator that is told where it stands: `SchemaValidator.validate_python`, bound, of nothing but it.
    Informed(Py<PyAny>),
    /// What a record shows for fields that have not come, where that shows only once it has closed.
    Defaults,
    /// The limits on the number of distinct members.
    Distinct { kind: &'static str, min: usize, max: usize },
}

impl Hook {
    /// The hook that calls `function`, a node of a core schema's `function-after`.
    pub(crate) fn after(function: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = function.py();
        if function.as_any().get_item("type")?.eq("no-info")? {
            return Ok(Self::After(function.as_any().get_item("function")?.unbind()));
        }
        let schema = [("type", "function-after")].into_py_dict(py)?;
        schema.set_item("function", function)?;
        schema.set_item("schema", [("type", "any")].into_py_dict(py)?)?;
        let class = py.import("pydantic_core")?.getattr("SchemaValidator")?;
        Ok(Self::Informed(class.call1((schema,))?.getattr("validate_python")?.unbind()))
    }

    /// Runs on `value`, and gives what stands for it.
    pub(crate) fn run<'py>(
        &self,
        value: Bound<'py, PyAny>,
        context: Option<&Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        match self {
            Self::PostInit(name) => {
                value.call_method1(name, (context,))?;
                Ok(value)
            }
            Self::DataclassPostInit => {
                value.call_method0(intern!(py, "__post_init__"))?;
                Ok(value)
            }
            // Only who has built the record knows what has come of it.
            Self::Defaults => Ok(value),
            Self::After(function) => function.bind(py).call1((value,)),
            Self::Informed(validate) => {
                let options = [("context", context)].into_py_dict(py)?;
                validate.bind(py).call((value,), Some(&options))
            }
            Self::Distinct { kind, min, max } => {
                let count = value.len()?;
                let (error, bound, limit) = match () {
                    () if count < *min => ("too_short", "min_length", *min),
                    () if count > *max => ("too_long", "max_length", *max),
                    () => return Ok(value),
                };
                let details = PyDict::new(py);
                details.set_item("field_type", kind)?;
                details.set_item(bound, limit)?;
                // Pydantic stops counting there.
                details.set_item("actual_length", count.min(max.saturating_add(1)))?;
                let known = py.import("pydantic_core")?.getattr("PydanticKnownError")?;
                Err(PyErr::from_value(known.call1((error, details))?))
            }
        }
    }

    /// Whether it is code of the user's.
    pub(crate) fn is_users(&self) -> bool {
        !matches!(self, Self::Distinct { .. } | Self::Defaults)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::After(function) | Self::Informed(function) => visit.call(function),
            Self::PostInit(name) => visit.call(name),
            Self::DataclassPostInit | Self::Defaults | Self::Distinct { .. } => Ok(()),
        }
    }
}
