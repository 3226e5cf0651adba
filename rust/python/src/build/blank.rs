//! Records of which nothing has arrived.

use instar_core::NodeId;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet};

use super::context::Context;
use crate::schema::{Absent, Instance, Parts, PrivateDefault, RecordClass};

/// The record `id` with nothing arrived. `within` are the records being made blank around it: one of them again shows
/// `None`, or there would be no end.
///
/// Raises what a class, a factory or a copy raises that is no `Exception`, and what making the instance raises.
pub(super) fn blank(
    c: Context<'_, '_>,
    id: NodeId,
    class: &RecordClass,
    within: &mut Vec<NodeId>,
) -> PyResult<Instance> {
    let py = c.py;
    let values = match &class.template {
        Some(template) => template.bind(py).copy()?,
        None => {
            within.push(id);
            let values = absent_values(c, class, within);
            within.pop();
            values?
        }
    };
    let extra = if class.keeps_extra { Some(PyDict::new(py)) } else { None };
    let private = if class.private.is_empty() { None } else { Some(private_values(py, class, &values)?) };
    class.instance(&Parts {
        values: &values,
        arrived: &PySet::empty(py)?,
        extra: extra.as_ref(),
        private: private.as_ref(),
    })
}

/// What the fields of a record show before they arrive.
fn absent_values<'py>(
    c: Context<'_, 'py>,
    class: &RecordClass,
    within: &mut Vec<NodeId>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = c.py;
    let values = PyDict::new(py);
    for field in &class.fields {
        if let Some(value) = absent_value(c, &field.absent, within)? {
            values.set_item(&field.name, value)?;
        }
    }
    Ok(values)
}

/// What a field shows before it arrives, if anything.
pub(super) fn absent_value<'py>(
    c: Context<'_, 'py>,
    absent: &Absent,
    within: &mut Vec<NodeId>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = c.py;
    Ok(Some(match absent {
        Absent::Nothing => return Ok(None),
        Absent::Shared(value) => value.bind(py).clone(),
        Absent::Copied(value) => copied(value.bind(py))?,
        // Pydantic calls it only if the field stays away, and then `finish` says what it raised.
        Absent::Made(factory) => or_none(py, factory.bind(py).call0())?,
        Absent::Blank(id) => match c.schema.sole_record(*id).map(|id| (id, c.schema.record(id))) {
            Some((id, Some(class))) if !within.contains(&id) => {
                blank(c, id, class, within)?.object.into_bound(py)
            }
            _ => py.None().into_bound(py),
        },
    }))
}

/// The private attributes of a new instance, as `model_construct` makes them. One whose factory raises is not there.
fn private_values<'py>(
    py: Python<'py>,
    class: &RecordClass,
    values: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let private = PyDict::new(py);
    for attribute in &class.private {
        let made = match &attribute.absent {
            PrivateDefault::Copied(value) => copied(value.bind(py)),
            PrivateDefault::Made(factory, false) => factory.bind(py).call0(),
            PrivateDefault::Made(factory, true) => {
                let data = values.copy()?;
                data.update(private.as_mapping())?;
                factory.bind(py).call1((data,))
            }
        };
        match made {
            Ok(value) => private.set_item(&attribute.name, value)?,
            Err(error) if error.is_instance_of::<PyException>(py) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(private)
}

/// A default, copied as Pydantic copies it; `None` if it cannot be.
fn copied<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    or_none(py, py.import("copy")?.call_method1("deepcopy", (value,)))
}

fn or_none<'py>(py: Python<'py>, made: PyResult<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    match made {
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(py.None().into_bound(py)),
        made => made,
    }
}
