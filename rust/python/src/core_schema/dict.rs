//! The nodes of a core schema: dicts with a `type`, whose other keys depend on it.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyInt};

use super::{Key, key};

/// A node of Pydantic's core schema.
pub(crate) type CoreSchema<'py> = Bound<'py, PyDict>;

/// The node's `type`.
pub(crate) fn kind(schema: &CoreSchema<'_>) -> PyResult<PyBackedStr> {
    item(schema, key!("type"))?.extract()
}

/// Whether all keys of the node are those that every node may have, or among `known`.
pub(crate) fn only(schema: &CoreSchema<'_>, known: &[&str]) -> PyResult<bool> {
    for (key, _) in schema.iter() {
        let key: PyBackedStr = key.extract()?;
        let common = matches!(key.as_str(), "type" | "ref" | "metadata" | "serialization");
        if !common && !known.contains(&key.as_str()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value of a key that the node must have.
pub(crate) fn item<'py>(schema: &CoreSchema<'py>, key: &'static Key) -> PyResult<Bound<'py, PyAny>> {
    schema.as_any().get_item(key)
}

/// The inner node that the node must have.
pub(crate) fn required<'py>(schema: &CoreSchema<'py>, key: &'static Key) -> PyResult<CoreSchema<'py>> {
    Ok(item(schema, key)?.cast_into()?)
}

/// The inner node, if there is one.
pub(crate) fn child<'py>(schema: &CoreSchema<'py>, key: &'static Key) -> PyResult<Option<CoreSchema<'py>>> {
    Ok(match schema.get_item(key)? {
        Some(value) => value.cast_into().ok(),
        None => None,
    })
}

/// The value of a switch, if it is set.
pub(crate) fn flag(schema: &CoreSchema<'_>, key: &'static Key) -> PyResult<Option<bool>> {
    Ok(match schema.get_item(key)? {
        Some(value) if !value.is_none() => Some(value.extract()?),
        _ => None,
    })
}

/// The least and the greatest length.
pub(crate) fn lengths(schema: &CoreSchema<'_>) -> PyResult<(usize, usize)> {
    let length = |key: &'static Key| -> PyResult<Option<usize>> {
        schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
    };
    Ok((length(key!("min_length"))?.unwrap_or(0), length(key!("max_length"))?.unwrap_or(usize::MAX)))
}

/// Whether a default stands in for an absent value only, not for a wrong one.
pub(crate) fn on_error_raises(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let on_error =
        schema.get_item(key!("on_error"))?.map(|on_error| on_error.extract::<PyBackedStr>()).transpose()?;
    Ok(on_error.is_none_or(|on_error| &*on_error == "raise"))
}

/// An `int` within 64 bits.
pub(crate) fn exact_int(value: &Bound<'_, PyAny>) -> Option<i64> {
    if value.is_exact_instance_of::<PyInt>() { value.extract().ok() } else { None }
}
