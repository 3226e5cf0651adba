//! The compiler: which rule a node gets, and what is left to Pydantic.

use std::collections::HashMap;

use instar_core::{Close, Kinds, Node, NodeId, Plan, Rule, Show};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyDict;

use crate::core_schema::{
    Appears, CoreSchema, Key, Scope, UserCodeIndex, appears, child, definitions, flag, has_own_config, item,
    key, kind, makes_another, name_of, on_error_raises, only, references_text, referred, required,
};
use crate::schema::{Detail, Facet, Hook, HostValidator};

/// Deeper schemas are left to Pydantic whole.
const MAX_NESTING: usize = 100;

/// Compiles a core schema to a plan, and what Python knows of each of its nodes; `None` is the schema of plain values.
/// With `empty` a required container shows empty before it arrives.
pub(crate) fn compile(
    py: Python<'_>,
    core_schema: Option<&CoreSchema<'_>>,
    strict: Option<bool>,
    empty: bool,
) -> PyResult<(Plan, Vec<Facet>)> {
    let any = PyDict::new(py);
    any.set_item("type", "any")?;
    let schema = core_schema.unwrap_or(&any);
    let definitions = definitions(schema)?;
    let user_code = UserCodeIndex::new(schema, &definitions)?;
    let scope = Scope::root(&definitions, &user_code, strict, empty);
    let mut compiler = Compiler { nodes: Vec::new(), facets: Vec::new(), by_name: HashMap::new() };
    let any = compiler.node(&any, &scope)?;
    let root = if core_schema.is_some() { compiler.node(schema, &scope)? } else { any };
    let Compiler { nodes, facets, .. } = compiler;
    let nodes = nodes.into_iter().map(|node| node.unwrap_or_else(|| Node::new(Rule::Any))).collect();
    Ok((Plan { nodes, root, any }, facets))
}

/// Whether errors are to be shown without their inputs: what the config of the outermost record says.
pub(crate) fn hides_input(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let definitions = definitions(schema)?;
    let mut schema = schema.clone();
    for _ in 0..MAX_NESTING {
        if let Some(config) = child(&schema, key!("config"))? {
            return Ok(flag(&config, key!("hide_input_in_errors"))?.unwrap_or(false));
        }
        let inner = match kind(&schema)?.as_str() {
            "definition-ref" => referred(&schema, &definitions)?.map(Bound::into_any),
            _ => schema.get_item(key!("schema"))?,
        };
        match inner {
            Some(inner) => schema = inner.cast_into()?,
            None => break,
        }
    }
    Ok(false)
}

/// What has been compiled so far.
pub(super) struct Compiler {
    pub(super) nodes: Vec<Option<Node>>,
    pub(super) facets: Vec<Facet>,
    /// The named nodes compiled so far, each as it is with and without a node around it that has the last word.
    by_name: HashMap<(PyBackedStr, bool), NodeId>,
}

/// A node as it was compiled: for the plan, and for Python.
pub(super) struct Compiled {
    pub(super) node: Node,
    pub(super) detail: Detail,
    pub(super) hooks: Vec<Hook>,
}

impl Compiled {
    pub(super) fn new(node: Node, detail: Detail) -> Self {
        Self { node, detail, hooks: Vec::new() }
    }
}

impl From<Node> for Compiled {
    fn from(node: Node) -> Self {
        Self::new(node, Detail::Plain)
    }
}

impl Compiler {
    /// The node of a schema.
    pub(super) fn node<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        match kind(schema)?.as_str() {
            _ if appears(schema, Appears::Settled)? => return self.settled(schema, scope),
            "definitions" => return self.inner(schema, key!("schema"), scope),
            "definition-ref" => return self.reference(schema, scope),
            // In JSON mode this is its inner schema.
            "json-or-python" if only(schema, &["json_schema", "python_schema"])? => {
                return self.inner(schema, key!("json_schema"), scope);
            }
            "lax-or-strict" if only(schema, &["lax_schema", "strict_schema", "strict"])? => {
                if scope.tried_strictly && scope.strict.is_none() {
                    return self.opaque(schema, scope);
                }
                return self.node(&scope.side(schema)?, scope);
            }
            "default" if on_error_raises(schema)? => return self.default(schema, scope),
            _ => {}
        }
        let name =
            name_of(schema)?.filter(|_| !scope.is_configured() || has_own_config(schema).unwrap_or(false));
        let name = name.map(|name| (name, scope.enclosed));
        if let Some(&id) = name.as_ref().and_then(|name| self.by_name.get(name)) {
            return Ok(id);
        }
        if let Some(id) = self.without_code(schema, scope)? {
            return Ok(id);
        }
        let id = self.reserve(schema, scope);
        if let Some(name) = name {
            self.by_name.insert(name, id);
        }
        let compiled =
            if scope.nesting < MAX_NESTING { self.compiled(schema, &scope.deeper())? } else { None };
        let compiled = match compiled {
            Some(compiled) => compiled,
            None => Self::left(schema, scope)?.into(),
        };
        self.set(id, compiled);
        Ok(id)
    }

    /// The node of the schema at a key.
    pub(super) fn inner<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        key: &'static Key,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<NodeId> {
        self.node(&required(schema, key)?, scope)
    }

    /// A node that is read in one of the ways that the plan knows; none for one that is left to Pydantic.
    fn compiled<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let kind = kind(schema)?;
        if kind.starts_with("function-") && makes_another(schema)? {
            return Ok(None);
        }
        let ruled = match kind.as_str() {
            // Of these the parts show that run no code.
            "nullable" | "list" | "tuple" | "set" | "frozenset" | "dict" | "model" | "dataclass"
            | "typed-dict" => self.ruled(schema, scope)?,
            _ if scope.enclosed && scope.user_code.find(schema)?.any => None,
            _ => self.ruled(schema, scope)?,
        };
        match ruled {
            Some(ruled) => Ok(Some(ruled)),
            None => self.outline(schema, scope),
        }
    }

    /// The node for what a validator of the user's is given, where the node around it has the last word and runs it.
    fn without_code<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<NodeId>> {
        let is_after = scope.enclosed && kind(schema)? == "function-after" && !makes_another(schema)?;
        if !is_after || !scope.user_code.find(schema)?.any {
            return Ok(None);
        }
        let inner = required(schema, key!("schema"))?;
        let id = self.node(&inner, scope)?;
        let shows = match &self.nodes[id as usize] {
            Some(node) => grows(&node.rule) || references_text(&inner, scope.definitions)?,
            // Still being compiled: a record around this one.
            None => true,
        };
        Ok(shows.then_some(id))
    }

    /// The node by a rule of the plan; none if it has none.
    pub(super) fn ruled<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let plain = |node: Option<Node>| node.map(Compiled::from);
        Ok(match kind(schema)?.as_str() {
            "any" if only(schema, &[])? => Some(Node::new(Rule::Any).into()),
            "none" if only(schema, &[])? => Some(Node::new(Rule::Null).into()),
            "bool" => plain(Self::bool(schema, scope)?),
            "int" => plain(Self::int(schema, scope)?),
            "float" => plain(Self::float(schema, scope)?),
            "str" => plain(Self::str(schema, scope)?),
            "literal" => Self::literal(schema)?,
            "enum" => Self::enumeration(schema)?,
            "nullable" if only(schema, &["schema", "strict"])? => {
                Some(Node::new(Rule::Nullable(self.inner(schema, key!("schema"), scope)?)).into())
            }
            "list" => plain(self.list(schema, scope)?),
            "tuple" => self.tuple(schema, scope)?,
            "set" | "frozenset" => self.set_of(schema, scope)?,
            "dict" => plain(self.dict(schema, scope)?),
            "model" | "dataclass" | "typed-dict" if Self::is_inexact(schema)? => None,
            "model" => self.model(schema, scope)?,
            "dataclass" => self.dataclass(schema, scope)?,
            "typed-dict" => self.typed_dict(schema, scope)?,
            "function-after" => self.after(schema, scope)?,
            "tagged-union" if !scope.enclosed => self.tagged(schema, scope)?,
            _ => None,
        })
    }

    /// A place for the node of `schema`, with its validator.
    pub(super) fn reserve<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("a schema has fewer than 2^32 nodes");
        let validator = HostValidator::of_node(schema, scope.definitions, scope.config.as_ref());
        self.nodes.push(None);
        self.facets.push(Facet { validator, detail: Detail::Plain, hooks: Vec::new() });
        id
    }

    /// Puts a node into its place.
    pub(super) fn set(&mut self, id: NodeId, Compiled { node, detail, hooks }: Compiled) {
        self.nodes[id as usize] = Some(node);
        let facet = &mut self.facets[id as usize];
        (facet.detail, facet.hooks) = (detail, hooks);
    }

    /// The node of a value that appears when it has closed.
    fn settled<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        if kind(schema)? == "default" {
            return self.default(schema, scope);
        }
        let id = self.reserve(schema, scope);
        let node = match kind(schema)?.as_str() {
            "str" => Self::str(schema, scope)?,
            _ => None,
        };
        let node = node.map_or_else(|| Self::left(schema, scope), Ok)?;
        self.nodes[id as usize] = Some(node.showing(Show::Closed));
        Ok(id)
    }

    /// A default says nothing of a value that is there, unless a validator asks for it by `PydanticUseDefault`.
    fn default<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        let known = self.nodes.len();
        let id = self.inner(schema, key!("schema"), scope)?;
        let is_new = id as usize >= known;
        if is_new && matches!(&self.nodes[id as usize], Some(Node { rule: Rule::Opaque, .. })) {
            let validator = HostValidator::of_node(schema, scope.definitions, scope.config.as_ref());
            self.facets[id as usize].validator = validator;
        }
        Ok(id)
    }

    fn reference<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        let name = item(schema, key!("schema_ref"))?;
        let definition: CoreSchema<'py> = scope.definitions.as_any().get_item(&name)?.cast_into()?;
        if scope.is_configured() && !has_own_config(&definition)? {
            // It stands under the config of whoever refers to it: it is one node here, and another one elsewhere.
            return self.opaque(&definition, scope);
        }
        let name = (name.extract()?, scope.enclosed);
        if let Some(&id) = self.by_name.get(&name) {
            return Ok(id);
        }
        let id = self.node(&definition, &scope.under(None))?;
        self.by_name.insert(name, id);
        Ok(id)
    }

    /// A node that is left to Pydantic.
    fn opaque<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<NodeId> {
        let id = self.reserve(schema, scope);
        self.nodes[id as usize] = Some(Self::left(schema, scope)?);
        Ok(id)
    }

    /// The node for a value that Pydantic validates when it closes, or when what is around it does.
    fn left<'py>(schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Node> {
        let shows = if is_text(schema, scope.definitions)? { Show::Open } else { Show::Closed };
        let runs_code = scope.user_code.find(schema)?.any;
        if scope.enclosed && runs_code {
            return Ok(Node::left_to_enclosing(shows));
        }
        let accepts: Kinds = scope.accepted(schema)?;
        Ok(Node::new(Rule::Opaque).accepting(accepts).showing(shows).closing(Close::Host))
    }
}

/// Whether a string of this node shows while it grows: a `str`, whatever validators stand around it.
fn is_text<'py>(schema: &CoreSchema<'py>, definitions: &CoreSchema<'py>) -> PyResult<bool> {
    let mut schema = schema.clone();
    for _ in 0..MAX_NESTING {
        let inner = match kind(&schema)?.as_str() {
            "str" => return Ok(true),
            "definition-ref" => referred(&schema, definitions)?.map(Bound::into_any),
            "function-before" | "function-after" | "function-wrap" if makes_another(&schema)? => None,
            "function-before" | "function-after" | "function-wrap" | "default" | "nullable"
            | "custom-error" => schema.get_item(key!("schema"))?,
            "lax-or-strict" => schema.get_item(key!("lax_schema"))?,
            "chain" => schema.get_item(key!("steps"))?.map(|steps| steps.get_item(0)).transpose()?,
            _ => None,
        };
        match inner {
            Some(inner) => schema = inner.cast_into()?,
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// Whether parts of a value of the rule are seen before it closes.
pub(super) fn grows(rule: &Rule) -> bool {
    match rule {
        Rule::Array(_)
        | Rule::Map(_)
        | Rule::Record(_)
        | Rule::RootModel(_)
        | Rule::Union(_)
        | Rule::Outline(_)
        | Rule::Tagged(_)
        | Rule::Any
        | Rule::Nullable(_) => true,
        Rule::Null
        | Rule::Bool
        | Rule::Int(_)
        | Rule::Float(_)
        | Rule::Str(_)
        | Rule::Literal(_)
        | Rule::Opaque => false,
    }
}
