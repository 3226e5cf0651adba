//! Arrays and objects of one kind of member.

use instar_core::{Array, Close, Map, Node, NodeId, Rule};
use pyo3::prelude::*;

use super::compiler::{Compiled, Compiler};
use crate::core_schema::{CoreSchema, Key, Scope, child, item, key, kind, lengths, only};
use crate::schema::{Detail, Hook, Shape};

impl Compiler {
    pub(super) fn list<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Node>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, key!("items_schema"), scope)?;
        let (min, max) = lengths(schema)?;
        Ok(Some(array(Array { head: Box::default(), item, min, max, distinct: false })))
    }

    /// A tuple whose variable part, if it has one, is its end.
    pub(super) fn tuple<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let known =
            ["items_schema", "variadic_item_index", "min_length", "max_length", "fail_fast", "strict"];
        if !only(schema, &known)? {
            return Ok(None);
        }
        let items: Vec<CoreSchema<'py>> = item(schema, key!("items_schema"))?.extract()?;
        let variadic: Option<usize> = match schema.get_item(key!("variadic_item_index"))? {
            Some(index) => index.extract()?,
            None => None,
        };
        if variadic.is_some_and(|index| index + 1 != items.len()) {
            return Ok(None);
        }
        let (min, max) = lengths(schema)?;
        let mut nodes = items.iter().map(|item| self.node(item, scope)).collect::<PyResult<Vec<NodeId>>>()?;
        let rest = if variadic.is_some() { nodes.pop() } else { None };
        let fixed = nodes.len();
        let array = Array {
            item: rest.unwrap_or(0),
            min: min.max(fixed),
            max: if rest.is_some() { max } else { max.min(fixed) },
            head: nodes.into(),
            distinct: false,
        };
        Ok(Some(Compiled::new(Node::new(Rule::Array(array)), Detail::Shape(Shape::Tuple))))
    }

    /// A set: how many distinct members it has is known when it closes.
    pub(super) fn set_of<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, key!("items_schema"), scope)?;
        let (shape, name) =
            if kind(schema)? == "set" { (Shape::Set, "Set") } else { (Shape::Frozen, "Frozenset") };
        let (min, max) = lengths(schema)?;
        let limited = !scope.enclosed && (min, max) != (0, usize::MAX);
        let node = array(Array { head: Box::default(), item, min: 0, max: usize::MAX, distinct: true });
        let node = if limited { node.closing(Close::Hooks) } else { node };
        let hooks = if limited { vec![Hook::Distinct { kind: name, min, max }] } else { Vec::new() };
        Ok(Some(Compiled { node, detail: Detail::Shape(shape), hooks }))
    }

    pub(super) fn dict<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Node>> {
        let known = ["keys_schema", "values_schema", "min_length", "max_length", "fail_fast", "strict"];
        if !only(schema, &known)? {
            return Ok(None);
        }
        let key = match child(schema, key!("keys_schema"))? {
            Some(keys) => match kind(&keys)?.as_str() {
                "any" => None,
                // To a union a key is a string first, and to its members what they read it as: only Pydantic tells
                // them apart.
                "union" | "tagged-union" | "nullable" => return Ok(None),
                _ => Some(self.node(&keys, scope)?),
            },
            None => None,
        };
        let key = key.filter(|&key| !self.is_any_text(key));
        let value = self.optional_inner(schema, key!("values_schema"), scope)?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::new(Rule::Map(Map { key, value, min, max }))))
    }

    /// Whether every string is a value of the node, as it is.
    fn is_any_text(&self, id: NodeId) -> bool {
        match &self.nodes[id as usize] {
            Some(Node { rule: Rule::Str(rule), closes: Close::Rule, .. }) => rule.is_free(),
            Some(node) => matches!(node.rule, Rule::Any),
            None => false,
        }
    }

    /// The node of an inner schema, that of any value if there is none.
    pub(super) fn optional_inner<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        key: &'static Key,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<NodeId> {
        match child(schema, key)? {
            Some(inner) => self.node(&inner, scope),
            None => Ok(0),
        }
    }
}

fn array(array: Array) -> Node {
    Node::new(Rule::Array(array))
}
