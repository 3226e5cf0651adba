//! The guide of a core schema: what the repairs of a text have to know of it.
//!
//! Where code of the user's sees the data before its fields do, nothing is known: that code may take what no field would.

use std::collections::HashMap;

use instar_core::{Accept, Kind};
use instar_repair::{Choice, Field, Guide, Kinds, Node, NodeId};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBool, PyInt, PyString};

use super::records::{announced_by, under_config_of};
use crate::core_schema::{
    CoreSchema, Key, Scope, UserCodeIndex, child, choices, declared, default, definitions,
    fields_as_they_come, flag, is_container_maker, item, key, kind, referred, required,
};
use crate::once::intern;

/// Of deeper schemas nothing is known.
const MAX_NESTING: usize = 100;

/// The guide of a core schema; `None` is the schema of plain values.
pub(crate) fn guide(core_schema: Option<&CoreSchema<'_>>, strict: Option<bool>) -> PyResult<Guide> {
    let Some(schema) = core_schema else { return Ok(Guide::any()) };
    let definitions = definitions(schema)?;
    let user_code = UserCodeIndex::new(schema, &definitions)?;
    let scope = Scope::root(&definitions, &user_code, strict, false).enclosed();
    let mut compiler = Compiler { nodes: Vec::new(), by_name: HashMap::new() };
    let root = compiler.node(schema, &scope)?;
    Ok(Guide::new(&compiler.nodes, root))
}

struct Compiler {
    nodes: Vec<Node>,
    by_name: HashMap<PyBackedStr, NodeId>,
}

impl Compiler {
    fn reserve(&mut self) -> NodeId {
        self.nodes.push(anything());
        NodeId::try_from(self.nodes.len() - 1).expect("a schema has fewer nodes than 2^32")
    }

    fn add(&mut self, node: Node) -> NodeId {
        let id = self.reserve();
        self.nodes[id as usize] = node;
        id
    }

    /// The node of a schema.
    fn node<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        if scope.nesting > MAX_NESTING {
            return Ok(self.add(anything()));
        }
        let scope = &scope.deeper();
        match kind(schema)?.as_str() {
            "definition-ref" => self.reference(schema, scope),
            "json-or-python" => self.node(&required(schema, key!("json_schema"))?, scope),
            "lax-or-strict" => self.node(&scope.side(schema)?, scope),
            "definitions" | "default" | "custom-error" | "function-after" => {
                self.node(&required(schema, key!("schema"))?, scope)
            }
            "function-before" | "function-wrap"
                if is_container_maker(&required(schema, key!("function"))?)? =>
            {
                self.node(&required(schema, key!("schema"))?, scope)
            }
            "model" if flag(schema, key!("root_model"))? == Some(true) => {
                self.node(&required(schema, key!("schema"))?, &under_config_of(schema, scope)?)
            }
            "nullable" => {
                let null = Node { kinds: Kinds::of(&[Kind::Null]), ..Node::default() };
                let either = vec![self.node(&required(schema, key!("schema"))?, scope)?, self.add(null)];
                Ok(self.add(Node { either, ..Node::default() }))
            }
            "union" | "tagged-union" => {
                let choices = choices(schema)?;
                let either = choices.iter().map(|choice| self.node(&choice.schema, scope));
                let either = either.collect::<PyResult<Vec<_>>>()?;
                Ok(self.add(Node { either, ..Node::default() }))
            }
            name => {
                let node = self.own(name, schema, scope)?;
                Ok(self.add(node))
            }
        }
    }

    /// The node that a reference means.
    fn reference<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        let name: PyBackedStr = item(schema, key!("schema_ref"))?.extract()?;
        if let Some(&id) = self.by_name.get(&name) {
            return Ok(id);
        }
        let Some(definition) = referred(schema, scope.definitions)? else { return Ok(self.add(anything())) };
        let id = self.reserve();
        self.by_name.insert(name, id);
        let either = vec![self.node(&definition, scope)?];
        self.nodes[id as usize] = Node { either, ..Node::default() };
        Ok(id)
    }

    /// What a node says by itself.
    fn own<'py>(&mut self, name: &str, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Node> {
        let accepts = scope.accepted(schema)?;
        let accepted = Kind::ALL.into_iter().filter(|&kind| accepts.accept(kind) != Accept::Never);
        let kinds = accepted.fold(Kinds::default(), |kinds, kind| kinds.and(Kinds::of(&[kind])));
        let mut node = Node { kinds, ..Node::default() };
        match name {
            "int" | "float" | "decimal" => node.number = true,
            "bool" => {}
            "literal" => node.choices = chosen(item(schema, key!("expected"))?.try_iter()?)?,
            "enum" => {
                let values = item(schema, key!("members"))?.try_iter()?;
                let value =
                    |member: PyResult<Bound<'py, PyAny>>| member?.getattr(intern!(schema.py(), "value"));
                node.choices = chosen(values.map(value))?;
            }
            "list" | "set" | "frozenset" | "deque" | "generator" => {
                node.item = self.optional(schema, key!("items_schema"), scope)?;
            }
            "tuple" => self.tuple(&mut node, schema, scope)?,
            "dict" | "ordered-dict" | "frozendict" | "counter" | "defaultdict" => {
                node.is_map = true;
                node.rest = self.optional(schema, key!("values_schema"), scope)?;
            }
            "model" | "dataclass" | "typed-dict" if flag(schema, key!("custom_init"))? != Some(true) => {
                match fields_as_they_come(schema)? {
                    Some(fields) => self.record(&mut node, &fields, &under_config_of(schema, scope)?)?,
                    None => return Ok(anything()),
                }
            }
            _ => node.text = kinds.has(Kind::String),
        }
        Ok(node)
    }

    fn optional<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        key: &'static Key,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<NodeId>> {
        child(schema, key)?.map(|inner| self.node(&inner, scope)).transpose()
    }

    fn tuple<'py>(
        &mut self,
        node: &mut Node,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<()> {
        for inner in item(schema, key!("items_schema"))?.try_iter()? {
            node.head.push(self.node(&inner?.cast_into()?, scope)?);
        }
        let variadic: Option<usize> =
            schema.get_item(key!("variadic_item_index"))?.map(|at| at.extract()).transpose()?;
        if let Some(at) = variadic {
            // What follows a part of any length may be any of what can follow it.
            let either = node.head.split_off(at);
            node.item = Some(self.add(Node { either, ..Node::default() }));
        }
        Ok(())
    }

    /// The declared keys of a record.
    fn record<'py>(
        &mut self,
        node: &mut Node,
        fields: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<()> {
        for (index, (name, field)) in (0..).zip(declared(fields)?) {
            let value = required(&field, key!("schema"))?;
            let id = self.node(&value, scope)?;
            let keys = announced_by(&name, &field, scope)?;
            let is_required = match flag(&field, key!("required"))? {
                Some(required) => required,
                None => default(&value)?.is_none(),
            };
            node.required |= is_required && !keys.is_empty();
            node.fields.extend(keys.into_iter().map(|key| Field { key, index, node: id }));
        }
        node.rest = self.optional(fields, key!("extras_schema"), scope)?;
        Ok(())
    }
}

/// A node of which nothing is known.
fn anything() -> Node {
    Node { kinds: Kinds::ALL, text: true, ..Node::default() }
}

/// What a string or a number has to be to mean one of these values.
fn chosen<'py>(values: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>) -> PyResult<Vec<Choice>> {
    let mut choices = Vec::new();
    for value in values {
        let value = value?;
        if value.is_exact_instance_of::<PyString>() {
            choices.push(Choice::text(value.extract()?));
        } else if value.is_exact_instance_of::<PyBool>() {
            choices.push(Choice::other(if value.extract()? { "true" } else { "false" }));
        } else if value.is_exact_instance_of::<PyInt>() {
            choices.push(Choice::other(&value.str()?.to_string()));
        }
    }
    Ok(choices)
}
