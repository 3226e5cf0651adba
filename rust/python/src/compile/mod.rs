//! Pydantic's core schema, compiled: each node natively where the plan has a rule that says the same, else judged by
//! Pydantic when its value closes.
//!
//! A node is compiled natively only if every key of it is known here: a key that a newer Pydantic adds makes it a
//! judged node, never a wrong one. The keys are those of `pydantic_core.core_schema`.

mod containers;
mod core_schema;
mod kinds;
mod records;
mod scalars;
mod scope;
mod unions;
mod user_code;
mod walk;

use std::collections::HashMap;

use instar_core::{Closing, Judged, Node, NodeId, Plan, Union, View};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use self::core_schema::{CoreSchema, child, flag, item, kind, on_error_raises, only, required};
use self::scope::Scope;
pub(crate) use self::walk::{inner_nodes, references};
use crate::hook::Hook;
use crate::judge::Judge;
use crate::schema::{Detail, Facet};

/// Deeper schemas are judged whole.
const MAX_NESTING: usize = 100;

pub(crate) struct Compiled {
    pub(crate) plan: Plan,
    pub(crate) facets: Vec<Facet>,
}

/// Compiles a core schema; `None` is the schema of plain values.
pub(crate) fn compile(
    py: Python<'_>,
    core_schema: Option<&CoreSchema<'_>>,
    strict: Option<bool>,
) -> PyResult<Compiled> {
    let any = PyDict::new(py);
    any.set_item("type", "any")?;
    let definitions = PyDict::new(py);
    if let Some(schema) = core_schema {
        collect_definitions(schema, &definitions)?;
    }
    let mut compiler = Compiler {
        strict,
        definitions,
        config: None,
        nodes: Vec::new(),
        facets: Vec::new(),
        by_reference: HashMap::new(),
        nesting: 0,
        deferring: false,
        bare: false,
    };
    let any = compiler.node(&any)?;
    let root = core_schema.map_or(Ok(any), |schema| compiler.node(schema))?;
    let Compiler { nodes, facets, .. } = compiler;
    let nodes = nodes.into_iter().map(|node| node.unwrap_or(Node::Any)).collect();
    Ok(Compiled { plan: Plan { nodes, root, any }, facets })
}

/// Whether errors are to be shown without their inputs: what the config of the outermost record says.
pub(crate) fn hides_input(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let definitions = PyDict::new(schema.py());
    collect_definitions(schema, &definitions)?;
    let mut schema = schema.clone();
    for _ in 0..MAX_NESTING {
        if let Some(config) = child(&schema, "config")? {
            return Ok(flag(&config, "hide_input_in_errors")?.unwrap_or(false));
        }
        let inner = match kind(&schema)?.as_str() {
            "definition-ref" => definitions.get_item(item(&schema, "schema_ref")?)?,
            _ => schema.get_item("schema")?,
        };
        match inner {
            Some(inner) => schema = inner.cast_into()?,
            None => break,
        }
    }
    Ok(false)
}

fn collect_definitions(schema: &CoreSchema<'_>, definitions: &CoreSchema<'_>) -> PyResult<()> {
    if kind(schema)? != "definitions" {
        return Ok(());
    }
    if let Some(list) = schema.get_item("definitions")? {
        for definition in list.try_iter()? {
            let definition = definition?;
            definitions.set_item(definition.get_item("ref")?, definition)?;
        }
    }
    match child(schema, "schema")? {
        Some(inner) => collect_definitions(&inner, definitions),
        None => Ok(()),
    }
}

struct Compiler<'py> {
    /// What the caller of `model_validate_json` would pass: it overrules the schema's own.
    strict: Option<bool>,
    definitions: CoreSchema<'py>,
    /// The config of the innermost model: models do not inherit the config of the models around them.
    config: Option<CoreSchema<'py>>,
    nodes: Vec<Option<Node>>,
    facets: Vec<Facet>,
    /// The definitions compiled so far, each as it is with and without `deferring`.
    by_reference: HashMap<(String, bool), NodeId>,
    nesting: usize,
    /// Whether what runs the user's code is left to the judge of what is around it.
    deferring: bool,
    /// Whether the next node is the outline of a node that is judged whole.
    bare: bool,
}

/// A node as it was compiled: its rule, and what Python knows of it.
struct Rule {
    node: Node,
    detail: Detail,
    hooks: Vec<Hook>,
}

impl Rule {
    fn plain(node: Node) -> Self {
        Self::new(node, Detail::Plain)
    }

    fn new(node: Node, detail: Detail) -> Self {
        Self { node, detail, hooks: Vec::new() }
    }
}

impl<'py> Compiler<'py> {
    fn node(&mut self, schema: &CoreSchema<'py>) -> PyResult<NodeId> {
        match kind(schema)?.as_str() {
            "definitions" => return self.inner(schema, "schema"),
            "definition-ref" => return self.reference(schema),
            // In JSON mode these are their inner schema.
            "json-or-python" if only(schema, &["json_schema", "python_schema"])? => {
                return self.inner(schema, "json_schema");
            }
            "lax-or-strict" if only(schema, &["lax_schema", "strict_schema", "strict"])? => {
                let which = if self.scope().is_strict(schema)? { "strict_schema" } else { "lax_schema" };
                return self.inner(schema, which);
            }
            "default" if on_error_raises(schema)? => return self.default(schema),
            // Text and records show as they came, and what refuses them before a validator has seen them still does.
            "function-after" if self.deferring && self.is_seen_before_validator(schema)? => {
                return self.inner(schema, "schema");
            }
            _ => {}
        }
        let id = self.reserve(schema);
        let bare = std::mem::take(&mut self.bare);
        if let Some(name) = schema.get_item("ref")?
            && !bare
        {
            self.by_reference.insert((name.extract()?, self.deferring), id);
        }
        self.nesting += 1;
        let rule = match () {
            () if self.nesting >= MAX_NESTING => None,
            () if self.deferring && !bare && Self::is_inexact(schema)? => self.attempt(schema)?,
            () => self.rule(schema, bare)?,
        };
        self.nesting -= 1;
        let Rule { node, detail, hooks } = match rule {
            Some(rule) => rule,
            None => Rule::plain(self.judged(schema)?),
        };
        self.nodes[id as usize] = Some(node);
        let facet = &mut self.facets[id as usize];
        (facet.detail, facet.hooks) = (detail, hooks);
        Ok(id)
    }

    /// The rule for a node, none for one of which nothing is known until Pydantic has judged it. A `bare` one is an
    /// outline already.
    fn rule(&mut self, schema: &CoreSchema<'py>, bare: bool) -> PyResult<Option<Rule>> {
        if !self.deferring || !user_code::find(schema, &self.definitions)?.any {
            return Ok(match self.native(schema)? {
                Some(rule) => Some(rule),
                None if bare => None,
                None => self.attempt(schema)?,
            });
        }
        // What shows of it is made of those parts that run no code.
        let outline = match kind(schema)?.as_str() {
            "function-after" => self.rule(&required(schema, "schema")?, false)?,
            "nullable" | "list" | "tuple" | "set" | "frozenset" | "dict" | "model" | "dataclass"
            | "typed-dict" => self.native(schema)?,
            _ => self.attempt(schema)?,
        };
        Ok(match outline {
            // What is around it will run the code, and tell what it is.
            Some(Rule { node: Node::Union(union), detail, hooks }) => {
                Some(Rule { node: Node::Union(Union { closing: Closing::Settled, ..union }), detail, hooks })
            }
            Some(rule) if grows(&rule.node) => Some(rule),
            _ => Some(Rule::plain(Node::Deferred(self.view(schema)?))),
        })
    }

    /// Whether what a validator is given shows before it has run: text, or a record by reference.
    fn is_seen_before_validator(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        let inner = required(schema, "schema")?;
        let shows = match kind(&inner)?.as_str() {
            "str" => true,
            "definition-ref" => match child(&self.definitions, item(&inner, "schema_ref")?.extract()?)? {
                Some(definition) => has_own_config(&definition)?,
                None => false,
            },
            _ => false,
        };
        Ok(shows && !user_code::makes_another(schema)?)
    }

    /// A place for the node of `schema`, with its judge.
    fn reserve(&mut self, schema: &CoreSchema<'py>) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("a schema has fewer than 2^32 nodes");
        let judge = Judge::of_node(schema, &self.definitions, self.config.as_ref());
        self.nodes.push(None);
        self.facets.push(Facet { judge, detail: Detail::Plain, hooks: Vec::new() });
        id
    }

    /// A default says nothing of a value that is there, unless a validator asks for it by `PydanticUseDefault`.
    fn default(&mut self, schema: &CoreSchema<'py>) -> PyResult<NodeId> {
        let known = self.nodes.len();
        let id = self.inner(schema, "schema")?;
        if id as usize >= known && matches!(self.nodes[id as usize], Some(Node::Judged(_))) {
            self.facets[id as usize].judge = Judge::of_node(schema, &self.definitions, self.config.as_ref());
        }
        Ok(id)
    }

    fn inner(&mut self, schema: &CoreSchema<'py>, key: &str) -> PyResult<NodeId> {
        self.node(&required(schema, key)?)
    }

    fn reference(&mut self, schema: &CoreSchema<'py>) -> PyResult<NodeId> {
        let name: String = item(schema, "schema_ref")?.extract()?;
        if let Some(&id) = self.by_reference.get(&(name.clone(), self.deferring)) {
            return Ok(id);
        }
        let definition: CoreSchema<'py> = item(&self.definitions, &name)?.cast_into()?;
        if self.is_configured() && !has_own_config(&definition)? {
            // It stands under the config of whoever refers to it: it is one node here, and another one elsewhere.
            let id = self.reserve(&definition);
            self.nodes[id as usize] = Some(self.judged(&definition)?);
            return Ok(id);
        }
        let config = self.config.take();
        let id = self.node(&definition);
        self.config = config;
        if let Ok(id) = id {
            self.by_reference.insert((name, self.deferring), id);
        }
        id
    }

    /// Whether the config in force says anything of values.
    fn is_configured(&self) -> bool {
        let Some(config) = &self.config else { return false };
        let keys = config.keys();
        let of_records =
            ["title", "extra_fields_behavior", "validate_by_name", "validate_by_alias", "loc_by_alias"];
        keys.iter().any(|key| !key.extract::<String>().is_ok_and(|key| of_records.contains(&key.as_str())))
    }

    /// The rule for a node that the plan knows, none for one that must be judged.
    fn native(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let plain = |node: Option<Node>| node.map(Rule::plain);
        Ok(match kind(schema)?.as_str() {
            "any" if only(schema, &[])? => Some(Rule::plain(Node::Any)),
            "none" if only(schema, &[])? => Some(Rule::plain(Node::Null)),
            "bool" => plain(self.bool(schema)?),
            "int" => plain(self.int(schema)?),
            "float" => plain(self.float(schema)?),
            "str" => plain(self.str(schema)?),
            "literal" => Self::literal(schema)?,
            "enum" => Self::enumeration(schema)?,
            "nullable" if only(schema, &["schema", "strict"])? => {
                Some(Rule::plain(Node::Nullable(self.inner(schema, "schema")?)))
            }
            "list" => plain(self.list(schema)?),
            "tuple" => self.tuple(schema)?,
            "set" | "frozenset" => self.set(schema)?,
            "dict" => plain(self.dict(schema)?),
            "deque" if self.deferring => plain(self.list(schema)?),
            "ordered-dict" | "frozendict" | "counter" if self.deferring => plain(self.dict(schema)?),
            "model" | "dataclass" | "typed-dict" if !self.deferring && Self::is_inexact(schema)? => None,
            "model" => self.model(schema)?,
            "dataclass" => self.dataclass(schema)?,
            "typed-dict" => self.typed_dict(schema)?,
            "function-after" => self.after(schema)?,
            "tagged-union" if !self.deferring => self.tagged(schema)?,
            _ => None,
        })
    }

    /// Where the node at hand stands.
    fn scope(&self) -> Scope<'_, 'py> {
        Scope { definitions: &self.definitions, config: self.config.as_ref(), strict: self.strict }
    }

    /// The node for a value that Pydantic judges when it closes.
    fn judged(&mut self, schema: &CoreSchema<'py>) -> PyResult<Node> {
        Ok(Node::Judged(Judged { kinds: self.scope().accepted(schema)?, view: self.view(schema)? }))
    }

    fn view(&self, schema: &CoreSchema<'py>) -> PyResult<View> {
        Ok(if self.is_text(schema)? { View::Text } else { View::Hidden })
    }

    /// Whether a string of this node is shown while it grows: a `str`, whatever validators stand around it.
    fn is_text(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        let mut schema = schema.clone();
        for _ in 0..MAX_NESTING {
            let inner = match kind(&schema)?.as_str() {
                "str" => return Ok(true),
                "definition-ref" => self.definitions.get_item(item(&schema, "schema_ref")?)?,
                "function-before" | "function-after" | "function-wrap"
                    if user_code::makes_another(&schema)? =>
                {
                    None
                }
                "function-before" | "function-after" | "function-wrap" | "default" | "nullable"
                | "custom-error" => schema.get_item("schema")?,
                "lax-or-strict" => schema.get_item("lax_schema")?,
                "chain" => schema.get_item("steps")?.map(|steps| steps.get_item(0)).transpose()?,
                _ => None,
            };
            match inner {
                Some(inner) => schema = inner.cast_into()?,
                None => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// Whether parts of a value of the node are seen before it closes.
fn grows(node: &Node) -> bool {
    matches!(
        node,
        Node::Array(_)
            | Node::Map(_)
            | Node::Record(_)
            | Node::Root(_)
            | Node::Union(_)
            | Node::Tagged(_)
            | Node::Any
            | Node::Nullable(_)
    )
}

/// Whether a node is a record, perhaps with functions around it: what brings its own config.
fn has_own_config(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let mut schema = schema.clone();
    while let Some(inner) = child(&schema, "schema")?
        && kind(&schema)?.starts_with("function-")
    {
        schema = inner;
    }
    Ok(matches!(kind(&schema)?.as_str(), "model" | "dataclass" | "typed-dict"))
}
