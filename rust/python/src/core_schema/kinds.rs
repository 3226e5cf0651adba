//! Which kinds of JSON values Pydantic may accept at a node that is left to it: the others are refused at their first
//! byte.
//!
//! The rules are those of Pydantic's conversion table for JSON. A node that is not listed may accept anything.

use instar_core::{Accept, Kind, Kinds};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use super::dict::{CoreSchema, flag, item, kind, on_error_raises, required};
use super::parts::{choices, fields_as_they_come};
use super::scope::Scope;
use super::user_code;
use super::walk::referred;
use super::{Key, key};

use crate::once::intern;

/// Schemas nested deeper are not followed.
const MAX_NESTING: usize = 30;

/// The nodes that take the same kinds of values as the node within them.
const WRAPPERS: [&str; 5] = ["function-after", "custom-error", "default", "function-before", "function-wrap"];

/// The nodes that take objects only.
const OBJECTS: [&str; 8] =
    ["dict", "typed-dict", "model", "dataclass", "tagged-union", "ordered-dict", "frozendict", "counter"];

impl<'py> Scope<'_, 'py> {
    /// The kinds that may be accepted, each left to the host.
    pub(crate) fn accepted(&self, schema: &CoreSchema<'py>) -> PyResult<Kinds> {
        Ok(Kinds::all(Accept::Never).with(&self.kinds(schema, MAX_NESTING)?, Accept::ByHost))
    }

    fn kinds(&self, schema: &CoreSchema<'py>, nesting: usize) -> PyResult<Vec<Kind>> {
        let Some(nesting) = nesting.checked_sub(1) else { return Ok(Kind::ALL.to_vec()) };
        let inner = |key: &'static Key| self.kinds(&required(schema, key)?, nesting);
        let name = kind(schema)?;
        Ok(match name.as_str() {
            "nullable" => [inner(key!("schema"))?, vec![Kind::Null]].concat(),
            wrapper if WRAPPERS.contains(&wrapper) && is_transparent(wrapper, schema)? => {
                inner(key!("schema"))?
            }
            "json-or-python" => inner(key!("json_schema"))?,
            "lax-or-strict" if self.tried_strictly && self.strict.is_none() => {
                [inner(key!("lax_schema"))?, inner(key!("strict_schema"))?].concat()
            }
            "lax-or-strict" => self.kinds(&self.side(schema)?, nesting)?,
            "chain" => self.kinds(&item(schema, key!("steps"))?.get_item(0)?.cast_into()?, nesting)?,
            "union" => {
                let within = self.of_choices(schema)?;
                let choices = choices(schema)?;
                let kinds = choices.iter().map(|choice| within.kinds(&choice.schema, nesting));
                kinds.collect::<PyResult<Vec<_>>>()?.concat()
            }
            "definition-ref" => match referred(schema, self.definitions)? {
                Some(definition) => self.kinds(&definition, nesting)?,
                None => Kind::ALL.to_vec(),
            },
            // A discriminator that is called may accept anything.
            "tagged-union" if item(schema, key!("discriminator"))?.is_callable() => Kind::ALL.to_vec(),
            "model" if flag(schema, key!("root_model"))? == Some(true) => inner(key!("schema"))?,
            // What validators within it are given before the fields may be anything.
            "model" | "dataclass" if fields_as_they_come(schema)?.is_none() => Kind::ALL.to_vec(),
            name => self.own(name, schema)?,
        })
    }

    /// The kinds that a node takes by itself.
    fn own(&self, name: &str, schema: &CoreSchema<'py>) -> PyResult<Vec<Kind>> {
        let text = vec![Kind::String];
        let numbers = vec![Kind::Number, Kind::NonFinite];
        Ok(match name {
            "str" if self.coerces_numbers(schema)? => [text, numbers].concat(),
            "date" | "time" | "datetime" | "timedelta" if self.is_strict(schema)? => text,
            "date" | "time" | "datetime" | "timedelta" => vec![Kind::String, Kind::Number],
            "complex" => [text, numbers].concat(),
            "int" | "bool" => vec![Kind::String, Kind::Number, Kind::True, Kind::False],
            "float" => [text, numbers, vec![Kind::True, Kind::False]].concat(),
            // Its three parts in a list make a decimal, too.
            "decimal" => [text, numbers, vec![Kind::Array]].concat(),
            "str" | "bytes" | "uuid" | "url" | "multi-host-url" | "json" => text,
            "none" => vec![Kind::Null],
            "list" | "tuple" | "set" | "frozenset" | "deque" => vec![Kind::Array],
            name if OBJECTS.contains(&name) => vec![Kind::Object],
            "named-tuple" | "call" => vec![Kind::Array, Kind::Object],
            "literal" => kinds_of(item(schema, key!("expected"))?.try_iter()?, &[])?,
            "enum" if !user_code::finds_missing(schema)? => {
                let value =
                    |member: PyResult<Bound<'py, PyAny>>| member?.getattr(intern!(schema.py(), "value"));
                // A number may be written as a string.
                kinds_of(item(schema, key!("members"))?.try_iter()?.map(value), &[Kind::String])?
            }
            // JSON has no such values.
            "is-instance" | "is-subclass" | "callable" => Vec::new(),
            _ => Kind::ALL.to_vec(),
        })
    }
}

/// The kinds of values that may be equal to one of these; numbers may be of `other` kinds, too.
fn kinds_of<'py>(
    values: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    other: &[Kind],
) -> PyResult<Vec<Kind>> {
    let mut kinds = Vec::new();
    for value in values {
        let value = value?;
        if value.is_exact_instance_of::<PyString>() {
            kinds.push(Kind::String);
        } else if value.is_none() {
            kinds.push(Kind::Null);
        } else if value.is_exact_instance_of::<PyInt>()
            || value.is_exact_instance_of::<PyBool>()
            || value.is_exact_instance_of::<PyFloat>()
        {
            // To Python `1.0` and `True` equal 1.
            kinds.extend([Kind::Number, Kind::NonFinite, Kind::True, Kind::False]);
            kinds.extend(other);
        } else {
            return Ok(Kind::ALL.to_vec());
        }
    }
    Ok(kinds)
}

/// Whether what a wrapper is given goes on to the node within it as it is.
fn is_transparent(wrapper: &str, schema: &CoreSchema<'_>) -> PyResult<bool> {
    match wrapper {
        "default" => on_error_raises(schema),
        "function-before" | "function-wrap" => {
            user_code::is_container_maker(&required(schema, key!("function"))?)
        }
        _ => Ok(true),
    }
}
