//! Empty containers: what required fields show before they arrive, where a parser is told `empty=True`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyTuple, PyType};

use crate::core_schema::{CoreSchema, Scope, choices, item, key, kind, required};
use crate::once::Once;

/// References that are followed to what they refer to: more than any type has in a row.
const MAX_STEPS: usize = 16;

static DEQUE: Once<Py<PyType>> = Once::new();
static ORDERED_DICT: Once<Py<PyType>> = Once::new();
static COUNTER: Once<Py<PyType>> = Once::new();

/// The class of the container that a value of this node is, where it can only be one, and be empty.
pub(super) fn container<'py>(
    schema: &CoreSchema<'py>,
    scope: &Scope<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyType>>> {
    container_within(schema, scope, MAX_STEPS)
}

fn container_within<'py>(
    schema: &CoreSchema<'py>,
    scope: &Scope<'_, 'py>,
    steps: usize,
) -> PyResult<Option<Bound<'py, PyType>>> {
    let py = schema.py();
    if steps == 0 {
        return Ok(None);
    }
    let inner = match kind(schema)?.as_str() {
        "list" => return Ok(Some(py.get_type::<PyList>())),
        "set" => return Ok(Some(py.get_type::<PySet>())),
        "frozenset" => return Ok(Some(py.get_type::<PyFrozenSet>())),
        "dict" => return Ok(Some(py.get_type::<PyDict>())),
        "deque" => return DEQUE.import(py, "collections", "deque").map(|class| Some(class.clone())),
        "ordered-dict" => {
            return ORDERED_DICT.import(py, "collections", "OrderedDict").map(|class| Some(class.clone()));
        }
        "counter" => return COUNTER.import(py, "collections", "Counter").map(|class| Some(class.clone())),
        "tuple" => {
            let is_of_any_length = schema.contains(key!("variadic_item_index"))?
                && item(schema, key!("items_schema"))?.len()? == 1;
            return Ok(is_of_any_length.then(|| py.get_type::<PyTuple>()));
        }
        "union" => return common(schema, scope, steps),
        "definition-ref" => match scope.definitions.get_item(item(schema, key!("schema_ref"))?)? {
            Some(definition) => definition.cast_into()?,
            None => return Ok(None),
        },
        "json-or-python" => required(schema, key!("json_schema"))?,
        "lax-or-strict" => scope.side(schema)?,
        "definitions" | "custom-error" | "function-after" | "function-before" | "function-wrap" => {
            required(schema, key!("schema"))?
        }
        _ => return Ok(None),
    };
    container_within(&inner, scope, steps - 1)
}

/// The class that all alternatives of a union have in common.
fn common<'py>(
    schema: &CoreSchema<'py>,
    scope: &Scope<'_, 'py>,
    steps: usize,
) -> PyResult<Option<Bound<'py, PyType>>> {
    let mut common: Option<Bound<'py, PyType>> = None;
    for choice in choices(schema)? {
        match (container_within(&choice.schema, scope, steps - 1)?, &common) {
            (Some(class), Some(other)) if !class.is(other) => return Ok(None),
            (Some(class), _) => common = Some(class),
            (None, _) => return Ok(None),
        }
    }
    Ok(common)
}
