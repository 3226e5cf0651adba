//! Atoms and keys as they are in JSON: what `pydantic_core.to_jsonable_python` makes of them.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString, PyTuple};

use super::class::{Kind, kind_of};
use super::options::Options;

use crate::once::{Once, intern};

static TO_JSONABLE: Once<Py<PyAny>> = Once::new();

/// An atom as it is in JSON.
pub(super) fn atom<'py>(
    value: &Bound<'py, PyAny>,
    kind: &Kind,
    options: &Options,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let written = match kind {
        Kind::Secret => value.call_method0(intern!(py, "get_secret_value")).and_then(|secret| {
            let mask = if secret.is_truthy()? { MASK } else { "" };
            Ok(PyString::new(py, mask).into_any())
        }),
        Kind::Text => value.str().map(Bound::into_any),
        Kind::Atom if options.writes_null_for(value) => return Ok(py.None().into_bound(py)),
        Kind::Atom => jsonable(value, options),
        _ => return class_name(value),
    };
    match written {
        Ok(written) => Ok(written),
        Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        Err(_) if matches!(kind, Kind::Secret) => Ok(PyString::new(py, MASK).into_any()),
        Err(_) => class_name(value),
    }
}

/// As Pydantic masks secrets.
const MASK: &str = "**********";

/// Whether a value is the same in JSON.
pub(super) fn is_json(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_none()
        || value.cast_exact::<PyFloat>().is_ok_and(|float| float.value().is_finite())
}

/// A key as it is in JSON: a string.
pub(super) fn key<'py>(value: &Bound<'py, PyAny>, options: &Options) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if value.is_exact_instance_of::<PyString>() {
        return Ok(value.clone());
    }
    if let Ok(parts) = value.cast::<PyTuple>() {
        let parts =
            parts.iter().map(|part| key(&part, options)?.extract()).collect::<PyResult<Vec<String>>>()?;
        return Ok(PyString::new(py, &parts.join(",")).into_any());
    }
    match kind_of(&value.get_type())? {
        Kind::Enum => key(&value.getattr(intern!(py, "_value_"))?, options),
        Kind::Atom => {
            let dict = PyDict::new(py);
            let written = dict.set_item(value, py.None()).and_then(|()| jsonable(&dict, options));
            match written.and_then(|dict| dict.cast_into::<PyDict>().map_err(PyErr::from)) {
                Ok(dict) => dict.keys().get_item(0),
                Err(error) if error.is_instance_of::<PyException>(py) => class_name(value),
                Err(error) => Err(error),
            }
        }
        kind => atom(value, &kind, options),
    }
}

/// What stands for a value that has no JSON form.
pub(super) fn class_name<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    Ok(PyString::new(value.py(), &format!("<{}>", value.get_type().name()?)).into_any())
}

fn jsonable<'py>(value: &Bound<'py, PyAny>, options: &Options) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let function = TO_JSONABLE.import(py, "pydantic_core", "to_jsonable_python")?;
    function.call((value,), options.arguments.as_ref().map(|arguments| arguments.bind(py)))
}
