//! Whether two values look the same: their types, members, fields and fields set, without asking users' `__eq__`.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyIterator, PyList, PySet, PyString, PyTuple,
};

use super::context::Context;
use crate::ffi;
use crate::schema::RecordClass;

/// The modules whose values have no parts, and a `repr` that tells all of them. (One of `pydantic_core`: a URL.)
const TOLD_BY_REPR: [&str; 8] =
    ["datetime", "decimal", "fractions", "ipaddress", "pathlib", "uuid", "zoneinfo", "pydantic_core"];

/// Whether nobody could tell the values apart by looking at them. False where that cannot be said.
pub(crate) fn looks_same(
    c: Context<'_, '_>,
    one: &Bound<'_, PyAny>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    if one.is(other) {
        return Ok(true);
    }
    if !one.get_type().is(other.get_type()) {
        return Ok(false);
    }
    if is_exact(one) {
        return one.eq(other);
    }
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyDict>(), other.cast_exact::<PyDict>()) {
        return same_dicts(c, one, other);
    }
    if let Some(class) = c.schema.class_of(one) {
        return same_instances(c, class, one, other);
    }
    if is_sequence(one)? {
        return Ok(one.len()? == other.len()? && all_same(c, &one.try_iter()?, &other.try_iter()?)?);
    }
    if is_set(one) {
        return Ok(one.len()? == other.len()? && looks(one)?.eq(looks(other)?)?);
    }
    Ok(is_told_by_repr(one)? && one.repr()?.as_any().eq(other.repr()?)?)
}

/// Whether a value is one of Python's own that have no parts, and are equal only to what looks like them.
fn is_exact(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyBytes>()
}

/// Whether a value has no parts, and its `repr` tells all of it.
fn is_told_by_repr(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none() || is_exact(value) || value.is_exact_instance_of::<PyFloat>() {
        return Ok(true);
    }
    let module = value.get_type().module()?;
    let module = module.to_str()?;
    Ok(TOLD_BY_REPR.contains(&module.split_once('.').map_or(module, |(package, _)| package)))
}

fn is_sequence(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_deque = || {
        let class = value.get_type();
        Ok::<_, PyErr>(class.name()? == "deque" && class.module()? == "collections")
    };
    Ok(value.is_exact_instance_of::<PyList>() || value.is_exact_instance_of::<PyTuple>() || is_deque()?)
}

fn is_set(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PySet>() || value.is_exact_instance_of::<PyFrozenSet>()
}

/// How the members of a set look, as a set. Their own hashes are those of users' classes.
fn looks<'py>(set: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyFrozenSet>> {
    let members = set.try_iter()?.map(|member| look(&member?)).collect::<PyResult<Vec<_>>>()?;
    PyFrozenSet::new(set.py(), members)
}

/// A value that is equal to another's exactly when both look the same, for what a set can hold.
fn look<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let inside = if is_told_by_repr(value)? {
        value.repr()?.into_any()
    } else if value.is_exact_instance_of::<PyTuple>() {
        let parts = value.try_iter()?.map(|part| look(&part?)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, parts)?.into_any()
    } else if is_set(value) {
        looks(value)?.into_any()
    } else {
        // What else it is only it can say: it looks like itself.
        (value.as_ptr() as usize).into_pyobject(py)?.into_any()
    };
    Ok((value.get_type(), inside).into_pyobject(py)?.into_any())
}

fn all_same(
    c: Context<'_, '_>,
    one: &Bound<'_, PyIterator>,
    other: &Bound<'_, PyIterator>,
) -> PyResult<bool> {
    for (one, other) in one.clone().zip(other.clone()) {
        if !looks_same(c, &one?, &other?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same_dicts(c: Context<'_, '_>, one: &Bound<'_, PyDict>, other: &Bound<'_, PyDict>) -> PyResult<bool> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for ((key, value), (other_key, other_value)) in one.iter().zip(other.iter()) {
        if !looks_same(c, &key, &other_key)? || !looks_same(c, &value, &other_value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same_instances(
    c: Context<'_, '_>,
    class: &RecordClass,
    one: &Bound<'_, PyAny>,
    other: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let hidden = ["__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"];
    let is_same = |one: PyResult<Bound<'_, PyAny>>, other: PyResult<Bound<'_, PyAny>>| match (one, other) {
        (Ok(one), Ok(other)) => looks_same(c, &one, &other),
        (one, other) => Ok(one.is_err() && other.is_err()),
    };
    for name in hidden {
        if !is_same(one.getattr(name), other.getattr(name))? {
            return Ok(false);
        }
    }
    if let (Some(mine), Some(others)) = (ffi::own_dict(one), ffi::own_dict(other)) {
        return same_dicts(c, &mine, &others);
    }
    for field in &class.fields {
        if !is_same(one.getattr(&field.name), other.getattr(&field.name))? {
            return Ok(false);
        }
    }
    Ok(true)
}
