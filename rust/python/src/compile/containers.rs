//! Arrays and objects of one kind of member.

use instar_core::{Array, Closing, Map, Node, NodeId};
use pyo3::prelude::*;

use super::core_schema::{CoreSchema, child, item, kind, lengths, only};
use super::{Compiler, Rule};
use crate::hook::{Hook, Shape};
use crate::schema::Detail;

impl<'py> Compiler<'py> {
    pub(super) fn list(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, "items_schema")?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::Array(Array { head: Box::default(), item, min, max, closing: Closing::Settled })))
    }

    /// A tuple whose variable part, if it has one, is its end.
    pub(super) fn tuple(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let known =
            ["items_schema", "variadic_item_index", "min_length", "max_length", "fail_fast", "strict"];
        if !only(schema, &known)? {
            return Ok(None);
        }
        let items: Vec<CoreSchema<'py>> = item(schema, "items_schema")?.extract()?;
        let variadic: Option<usize> = match schema.get_item("variadic_item_index")? {
            Some(index) => index.extract()?,
            None => None,
        };
        if variadic.is_some_and(|index| index + 1 != items.len()) {
            return Ok(None);
        }
        let (min, max) = lengths(schema)?;
        let mut nodes = items.iter().map(|item| self.node(item)).collect::<PyResult<Vec<NodeId>>>()?;
        let rest = if variadic.is_some() { nodes.pop() } else { None };
        let fixed = nodes.len();
        let array = Array {
            item: rest.unwrap_or(0),
            min: min.max(fixed),
            max: if rest.is_some() { max } else { max.min(fixed) },
            head: nodes.into(),
            closing: Closing::Settled,
        };
        Ok(Some(Rule::new(Node::Array(array), Detail::Shape(Shape::Tuple))))
    }

    /// A set: how many distinct members it has is known when it closes.
    pub(super) fn set(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, "items_schema")?;
        let (shape, name) =
            if kind(schema)? == "set" { (Shape::Set, "Set") } else { (Shape::Frozen, "Frozenset") };
        let (min, max) = lengths(schema)?;
        let limited = !self.deferring && (min, max) != (0, usize::MAX);
        let closing = if limited { Closing::Hook } else { Closing::Settled };
        let array = Array { head: Box::default(), item, min: 0, max: usize::MAX, closing };
        let hooks = if limited { vec![Hook::Distinct { kind: name, min, max }] } else { Vec::new() };
        Ok(Some(Rule { node: Node::Array(array), detail: Detail::Shape(shape), hooks }))
    }

    pub(super) fn dict(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Node>> {
        let known = ["keys_schema", "values_schema", "min_length", "max_length", "fail_fast", "strict"];
        if !only(schema, &known)? {
            return Ok(None);
        }
        let key = match child(schema, "keys_schema")? {
            Some(keys) => match kind(&keys)?.as_str() {
                "any" => None,
                // To a union a key is a string first, and to its members what they read it as: only Pydantic tells
                // them apart.
                "union" | "tagged-union" | "nullable" => return Ok(None),
                _ => Some(self.node(&keys)?),
            },
            None => None,
        };
        let key = key.filter(|&key| !self.is_any_text(key));
        let value = self.optional_inner(schema, "values_schema")?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::Map(Map { key, value, min, max, closing: Closing::Settled })))
    }

    /// Whether every string is a value of the node, as it is.
    fn is_any_text(&self, id: NodeId) -> bool {
        match &self.nodes[id as usize] {
            Some(Node::Str(rule)) => rule.is_free() && !rule.judged,
            Some(node) => matches!(node, Node::Any),
            None => false,
        }
    }

    /// The node of an inner schema, that of any value if there is none.
    pub(super) fn optional_inner(&mut self, schema: &CoreSchema<'py>, key: &str) -> PyResult<NodeId> {
        match child(schema, key)? {
            Some(inner) => self.node(&inner),
            None => Ok(0),
        }
    }
}
