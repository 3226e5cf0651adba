//! Whether two values look the same: their types, members, fields and fields set, without asking users' `__eq__`.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use super::context::Context;
use crate::ffi;

/// Whether nobody could tell the values apart by looking at them. False where that cannot be said.
pub(super) fn looks_same(
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
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyList>(), other.cast_exact::<PyList>()) {
        return all_same(c, one.iter(), other.iter());
    }
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyTuple>(), other.cast_exact::<PyTuple>()) {
        return all_same(c, one.iter(), other.iter());
    }
    if let (Ok(one), Ok(other)) = (one.cast_exact::<PyDict>(), other.cast_exact::<PyDict>()) {
        return same_dicts(c, one, other);
    }
    if is_atom(one) {
        return one.eq(other);
    }
    if one.is_exact_instance_of::<PySet>() || one.is_exact_instance_of::<PyFrozenSet>() {
        // Members are hashed by what they are equal by: that of users' classes is theirs.
        let all_atoms = |set: &Bound<'_, PyAny>| -> PyResult<bool> {
            set.try_iter()?.try_fold(true, |all, member| Ok(all && is_atom(&member?)))
        };
        return Ok(all_atoms(one)? && all_atoms(other)? && one.eq(other)?);
    }
    if c.schema.class_of(one).is_some()
        && let (Some(mine), Some(others)) = (ffi::own_dict(one), ffi::own_dict(other))
    {
        for name in ["__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"] {
            match (one.getattr(name), other.getattr(name)) {
                (Ok(one), Ok(other)) if !looks_same(c, &one, &other)? => return Ok(false),
                _ => {}
            }
        }
        return same_dicts(c, &mine, &others);
    }
    Ok(false)
}

/// Whether a value is one of Python's own that have no parts.
fn is_atom(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyBytes>()
}

fn all_same<'py>(
    c: Context<'_, 'py>,
    one: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    other: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
) -> PyResult<bool> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for (one, other) in one.zip(other) {
        if !looks_same(c, &one, &other)? {
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
