//! Arrays and objects of one kind of member.

use instar_core::{Array, Map, Node, NodeId, Str};
use pyo3::prelude::*;

use super::Compiler;
use super::core_schema::{CoreSchema, child, kind, lengths, only};

impl<'py> Compiler<'py> {
    pub(super) fn list(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, "items_schema")?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::Array(Array { item, min, max })))
    }

    pub(super) fn dict(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Node>> {
        if !only(
            schema,
            &["keys_schema", "values_schema", "min_length", "max_length", "fail_fast", "strict"],
        )? {
            return Ok(None);
        }
        if let Some(keys) = child(schema, "keys_schema")? {
            let plain = match kind(&keys)?.as_str() {
                "any" => only(&keys, &[])?,
                // Keys are strings: that they need not be coerced is all that strictness could say of them.
                "str" => {
                    matches!(
                        self.str(&keys)?,
                        Some(Node::Str(Str { min: 0, max: usize::MAX, pattern: None, .. }))
                    )
                }
                _ => false,
            };
            if !plain {
                return Ok(None);
            }
        }
        let value = self.optional_inner(schema, "values_schema")?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::Map(Map { value, min, max })))
    }

    /// The node of an inner schema, that of any value if there is none.
    pub(super) fn optional_inner(&mut self, schema: &CoreSchema<'py>, key: &str) -> PyResult<NodeId> {
        match child(schema, key)? {
            Some(inner) => self.node(&inner),
            None => Ok(0),
        }
    }
}
