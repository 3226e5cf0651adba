//! Pydantic's core schema, compiled: each node natively where the plan has a rule that says the same, else judged by
//! Pydantic when its value closes.
//!
//! A node is compiled natively only if every key of it is known here: a key that a newer Pydantic adds makes it a
//! judged node, never a wrong one. The keys are those of `pydantic_core.core_schema`.

use std::collections::HashMap;

use instar_core::{
    Array, Choice, Extra, FieldSet, Float, Int, Judged, Kind, Kinds, Map, Member, Node, NodeId, Pattern,
    Plan, PrefixSet, Record, Str, Verdict, View,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyType};

use crate::judge::Judge;
use crate::record::{Absent, Field, RecordClass};
use crate::schema::{Detail, Facet};

/// Deeper schemas are judged whole.
const MAX_NESTING: usize = 100;

pub(crate) struct Compiled {
    pub(crate) plan: Plan,
    pub(crate) facets: Vec<Facet>,
}

type Schema<'py> = Bound<'py, PyDict>;

/// Compiles a core schema; `None` is the schema of plain values.
pub(crate) fn compile(
    py: Python<'_>,
    core_schema: Option<&Schema<'_>>,
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
    };
    let any = compiler.node(&any)?;
    let root = core_schema.map_or(Ok(any), |schema| compiler.node(schema))?;
    let Compiler { nodes, facets, .. } = compiler;
    let nodes = nodes.into_iter().map(|node| node.unwrap_or(Node::Any)).collect();
    Ok(Compiled { plan: Plan { nodes, root, any }, facets })
}

/// Whether errors are to be shown without their inputs.
pub(crate) fn hides_input(schema: &Schema<'_>) -> PyResult<bool> {
    let Some(config) = schema.get_item("config")? else { return Ok(false) };
    flag(&config.cast_into()?, "hide_input_in_errors").map(|hidden| hidden.unwrap_or(false))
}

fn collect_definitions(schema: &Schema<'_>, definitions: &Schema<'_>) -> PyResult<()> {
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
    definitions: Schema<'py>,
    /// The config of the innermost model: models do not inherit the config of the models around them.
    config: Option<Schema<'py>>,
    nodes: Vec<Option<Node>>,
    facets: Vec<Facet>,
    by_reference: HashMap<String, NodeId>,
    nesting: usize,
}

/// A node as it was compiled: its rule, and what Python knows of it.
type Rule = (Node, Detail);

impl<'py> Compiler<'py> {
    fn node(&mut self, schema: &Schema<'py>) -> PyResult<NodeId> {
        match kind(schema)?.as_str() {
            "definitions" => return self.inner(schema, "schema"),
            "definition-ref" => return self.reference(schema),
            // In JSON mode these are their inner schema.
            "json-or-python" if only(schema, &["json_schema", "python_schema"])? => {
                return self.inner(schema, "json_schema");
            }
            "default" if on_error_raises(schema)? => return self.inner(schema, "schema"),
            _ => {}
        }
        let id = u32::try_from(self.nodes.len()).expect("a schema has fewer than 2^32 nodes");
        self.nodes.push(None);
        let judge = Judge::of_node(schema, &self.definitions, self.config.as_ref())?;
        self.facets.push(Facet { judge, detail: Detail::Plain });
        if let Some(name) = schema.get_item("ref")? {
            self.by_reference.insert(name.extract()?, id);
        }
        self.nesting += 1;
        let native = if self.nesting < MAX_NESTING { self.native(schema)? } else { None };
        self.nesting -= 1;
        let (node, detail) = match native {
            Some(rule) => rule,
            None => (self.judged(schema)?, Detail::Plain),
        };
        self.nodes[id as usize] = Some(node);
        self.facets[id as usize].detail = detail;
        Ok(id)
    }

    fn inner(&mut self, schema: &Schema<'py>, key: &str) -> PyResult<NodeId> {
        self.node(&required(schema, key)?)
    }

    fn reference(&mut self, schema: &Schema<'py>) -> PyResult<NodeId> {
        let name: String = item(schema, "schema_ref")?.extract()?;
        if let Some(&id) = self.by_reference.get(&name) {
            return Ok(id);
        }
        let definition: Schema<'py> = item(&self.definitions, &name)?.cast_into()?;
        // A definition does not stand under the config of whoever refers to it first.
        let config = self.config.take();
        let id = self.node(&definition);
        self.config = config;
        if let Ok(id) = id {
            self.by_reference.insert(name, id);
        }
        id
    }

    /// The rule for a node that the plan knows, none for one that must be judged.
    fn native(&mut self, schema: &Schema<'py>) -> PyResult<Option<Rule>> {
        let plain = |node: Option<Node>| node.map(|node| (node, Detail::Plain));
        Ok(match kind(schema)?.as_str() {
            "any" if only(schema, &[])? => Some((Node::Any, Detail::Plain)),
            "none" if only(schema, &[])? => Some((Node::Null, Detail::Plain)),
            "bool" => plain(self.bool(schema)?),
            "int" => plain(self.int(schema)?),
            "float" => plain(self.float(schema)?),
            "str" => plain(self.str(schema)?),
            "literal" => Self::literal(schema)?,
            "enum" => Self::enumeration(schema)?,
            "nullable" if only(schema, &["schema", "strict"])? => {
                Some((Node::Nullable(self.inner(schema, "schema")?), Detail::Plain))
            }
            "list" => plain(self.list(schema)?),
            "dict" => plain(self.dict(schema)?),
            "model" => self.model(schema)?,
            _ => None,
        })
    }

    fn is_strict(&self, schema: &Schema<'py>) -> PyResult<bool> {
        if let Some(strict) = self.strict {
            return Ok(strict);
        }
        self.setting(schema, "strict", "strict")?.map_or(Ok(false), |strict| strict.extract())
    }

    /// A setting of the node, or else of the config.
    fn setting(
        &self,
        schema: &Schema<'py>,
        key: &str,
        in_config: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let own = schema.get_item(key)?.filter(|value| !value.is_none());
        match (own, &self.config) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(config)) => Ok(config.get_item(in_config)?.filter(|value| !value.is_none())),
            (None, None) => Ok(None),
        }
    }

    fn bool(&self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
        let kinds = Kinds::all(Verdict::Refuse).with(&[Kind::True, Kind::False], Verdict::Native);
        let coerced: &[Kind] = if self.is_strict(schema)? { &[] } else { &[Kind::String, Kind::Number] };
        Ok(only(schema, &["strict"])?.then(|| Node::Bool(kinds.with(coerced, Verdict::Judge))))
    }

    fn int(&self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["strict", "multiple_of", "le", "ge", "lt", "gt"])? {
            return Ok(None);
        }
        let strict = self.is_strict(schema)?;
        let bound = |key: &str| -> PyResult<Option<Option<i64>>> {
            Ok(schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| exact_int(&value)))
        };
        let (ge, gt, le, lt) = (bound("ge")?, bound("gt")?, bound("le")?, bound("lt")?);
        let multiple_of = bound("multiple_of")?;
        let exclusive = |bound: Option<i64>, step: i64| bound.and_then(|value| value.checked_add(step));
        // A bound that 64 bits do not hold is left to the judge.
        let lows = [ge, gt.map(|bound| exclusive(bound, 1))];
        let highs = [le, lt.map(|bound| exclusive(bound, -1))];
        let bounds: Option<Vec<i64>> =
            lows.iter().chain(&highs).chain([&multiple_of]).flatten().copied().collect();
        if bounds.is_none() || multiple_of == Some(Some(0)) {
            return Ok(None);
        }
        let coerced: &[Kind] = if strict { &[] } else { &[Kind::String, Kind::True, Kind::False] };
        let kinds =
            Kinds::all(Verdict::Refuse).with(&[Kind::Number], Verdict::Native).with(coerced, Verdict::Judge);
        Ok(Some(Node::Int(Int {
            kinds,
            strict,
            low: lows.into_iter().flatten().flatten().max().unwrap_or(i64::MIN),
            high: highs.into_iter().flatten().flatten().min().unwrap_or(i64::MAX),
            multiple_of: multiple_of.flatten().unwrap_or(1),
        })))
    }

    fn float(&self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["strict", "allow_inf_nan", "le", "ge", "lt", "gt"])? {
            return Ok(None);
        }
        let bound = |key: &str| -> PyResult<Option<f64>> {
            schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
        };
        let (ge, gt, le, lt) = (bound("ge")?, bound("gt")?, bound("le")?, bound("lt")?);
        let low = match (ge, gt) {
            (Some(ge), Some(gt)) if ge > gt => (ge, true),
            (_, Some(gt)) => (gt, false),
            (ge, None) => (ge.unwrap_or(f64::NEG_INFINITY), true),
        };
        let high = match (le, lt) {
            (Some(le), Some(lt)) if le < lt => (le, true),
            (_, Some(lt)) => (lt, false),
            (le, None) => (le.unwrap_or(f64::INFINITY), true),
        };
        let finite = match self.setting(schema, "allow_inf_nan", "allow_inf_nan")? {
            Some(allowed) => !allowed.extract::<bool>()?,
            None => false,
        };
        let coerced: &[Kind] =
            if self.is_strict(schema)? { &[] } else { &[Kind::String, Kind::True, Kind::False] };
        let kinds = Kinds::all(Verdict::Refuse)
            .with(&[Kind::Number, Kind::NonFinite], Verdict::Native)
            .with(if finite { &[Kind::NonFinite] } else { &[] }, Verdict::Refuse)
            .with(coerced, Verdict::Judge);
        let bounded = [ge, gt, le, lt].iter().any(Option::is_some);
        Ok(Some(Node::Float(Float { kinds, finite, bounded, low, high })))
    }

    fn str(&self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
        let transforms = ["str_strip_whitespace", "str_to_lower", "str_to_upper"];
        let transformed = match &self.config {
            Some(config) => transforms.iter().map(|key| flag(config, key)).collect::<PyResult<Vec<_>>>()?,
            None => Vec::new(),
        };
        let known = only(
            schema,
            &["strict", "max_length", "min_length", "pattern", "regex_engine", "coerce_numbers_to_str"],
        )?;
        if !known || transformed.contains(&Some(true)) {
            return Ok(None);
        }
        let pattern = match schema.get_item("pattern")? {
            Some(pattern) => match self.pattern(schema, &pattern)? {
                Some(pattern) => Some(Box::new(pattern)),
                None => return Ok(None),
            },
            None => None,
        };
        let length = |key: &str, in_config: &str| -> PyResult<Option<usize>> {
            self.setting(schema, key, in_config)?.map(|value| value.extract()).transpose()
        };
        let coerces = match self.setting(schema, "coerce_numbers_to_str", "coerce_numbers_to_str")? {
            Some(coerces) => coerces.extract::<bool>()? && !self.is_strict(schema)?,
            None => false,
        };
        let numbers: &[Kind] = if coerces { &[Kind::Number, Kind::NonFinite] } else { &[] };
        Ok(Some(Node::Str(Str {
            kinds: Kinds::all(Verdict::Refuse)
                .with(&[Kind::String], Verdict::Native)
                .with(numbers, Verdict::Judge),
            min: length("min_length", "str_min_length")?.unwrap_or(0),
            max: length("max_length", "str_max_length")?.unwrap_or(usize::MAX),
            pattern,
        })))
    }

    /// A pattern's automaton, if the engine is the one that Pydantic takes by default.
    fn pattern(&self, schema: &Schema<'py>, pattern: &Bound<'py, PyAny>) -> PyResult<Option<Pattern>> {
        let engine = self.setting(schema, "regex_engine", "regex_engine")?;
        let default = engine.map_or(Ok(true), |engine| engine.eq("rust-regex"))?;
        let source = pattern.extract::<String>().ok().filter(|_| default);
        Ok(source.and_then(|source| Pattern::new(&source)))
    }

    fn literal(schema: &Schema<'py>) -> PyResult<Option<Rule>> {
        if !only(schema, &["expected"])? {
            return Ok(None);
        }
        let (mut strings, mut others) = (Vec::new(), false);
        for expected in item(schema, "expected")?.try_iter()? {
            let expected = expected?;
            if expected.is_exact_instance_of::<PyString>() {
                strings.push(expected);
            } else if expected.is_none()
                || expected.is_exact_instance_of::<PyInt>()
                || expected.is_exact_instance_of::<PyBool>()
            {
                others = true;
            } else {
                return Ok(None);
            }
        }
        // Pydantic finds expected values by Python's equality too: `1.0` and `true` are the literal 1.
        let scalars = [Kind::Number, Kind::NonFinite, Kind::True, Kind::False, Kind::Null];
        let kinds = Kinds::all(Verdict::Refuse).with(if others { &scalars } else { &[] }, Verdict::Judge);
        choice(&strings, strings.iter().map(|member| member.clone().unbind()).collect(), kinds)
    }

    fn enumeration(schema: &Schema<'py>) -> PyResult<Option<Rule>> {
        if !only(schema, &["cls", "members", "sub_type", "strict"])? {
            return Ok(None);
        }
        let members: Vec<Bound<'py, PyAny>> = item(schema, "members")?.extract()?;
        let values = members.iter().map(|member| member.getattr(intern!(member.py(), "value")));
        let values = values.collect::<PyResult<Vec<_>>>()?;
        if !values.iter().all(pyo3::types::PyAnyMethods::is_exact_instance_of::<PyString>) {
            return Ok(None);
        }
        choice(&values, members.into_iter().map(Bound::unbind).collect(), Kinds::all(Verdict::Refuse))
    }

    fn list(&mut self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["items_schema", "min_length", "max_length", "fail_fast", "strict"])? {
            return Ok(None);
        }
        let item = self.optional_inner(schema, "items_schema")?;
        let (min, max) = lengths(schema)?;
        Ok(Some(Node::Array(Array { item, min, max })))
    }

    fn dict(&mut self, schema: &Schema<'py>) -> PyResult<Option<Node>> {
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
    fn optional_inner(&mut self, schema: &Schema<'py>, key: &str) -> PyResult<NodeId> {
        match child(schema, key)? {
            Some(inner) => self.node(&inner),
            None => Ok(0),
        }
    }

    fn model(&mut self, schema: &Schema<'py>) -> PyResult<Option<Rule>> {
        let known = [
            "cls",
            "schema",
            "generic_origin",
            "custom_init",
            "root_model",
            "post_init",
            "revalidate_instances",
            "strict",
            "frozen",
            "extra_behavior",
            "config",
        ];
        let fields = required(schema, "schema")?;
        let special = flag(schema, "custom_init")? == Some(true) || flag(schema, "root_model")? == Some(true);
        if special || !only(schema, &known)? || kind(&fields)? != "model-fields" {
            return Ok(None);
        }
        let config = schema.get_item("config")?.map(Bound::cast_into).transpose()?;
        let outer = std::mem::replace(&mut self.config, config);
        let rule = self.model_fields(schema, &fields);
        self.config = outer;
        rule
    }

    fn model_fields(&mut self, model: &Schema<'py>, schema: &Schema<'py>) -> PyResult<Option<Rule>> {
        let known = [
            "fields",
            "model_name",
            "computed_fields",
            "strict",
            "extras_schema",
            "extra_behavior",
            "from_attributes",
        ];
        if !only(schema, &known)? || uses_siblings(schema)? {
            return Ok(None);
        }
        let behavior = match schema.get_item("extra_behavior")? {
            Some(own) => Some(own),
            None => self.setting(model, "extra_behavior", "extra_fields_behavior")?,
        };
        let extra = match behavior.map(|behavior| behavior.extract::<String>()).transpose()?.as_deref() {
            Some("allow") => Extra::Allow(self.optional_inner(schema, "extras_schema")?),
            Some("forbid") => Extra::Forbid,
            _ => Extra::Ignore,
        };
        let declared: Schema<'py> = item(schema, "fields")?.cast_into()?;
        let mut required_fields = FieldSet::none(declared.len());
        let (mut nodes, mut keys, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (name, field)) in (0_u32..).zip(declared.iter()) {
            let (name, field) = (name.cast_into::<PyString>()?, field.cast_into::<PyDict>()?);
            let Some(names) = self.keys_of(&name, &field)? else { return Ok(None) };
            let location = if self.locates_by_alias()? { names[0].clone() } else { name.to_string() };
            keys.extend(names.into_iter().map(|key| (key, Member::Field(index))));
            let value = required(&field, "schema")?;
            let id = self.node(&value)?;
            let absent = match default(&value)? {
                Some(default) => match absent(&default)? {
                    Some(absent) => absent,
                    None => return Ok(None),
                },
                None => {
                    required_fields.insert(index);
                    self.absent_required(name.py(), id)
                }
            };
            nodes.push(id);
            let location = PyString::new(name.py(), &location).into_any().unbind();
            fields.push(Field { name: name.unbind(), location, absent });
        }
        let post_init =
            model.get_item("post_init")?.map(Bound::cast_into::<PyString>).transpose()?.map(Bound::unbind);
        let class: Bound<'py, PyType> = item(model, "cls")?.cast_into()?;
        let record = Record::new(nodes, required_fields, &keys, extra, post_init.is_some());
        let class = RecordClass::new(class, fields, matches!(extra, Extra::Allow(_)), post_init)?;
        Ok(Some((Node::Record(Box::new(record)), Detail::Record(Box::new(class)))))
    }

    /// What a required field shows before it arrives. (A node still being compiled is a record around this one.)
    fn absent_required(&self, py: Python<'_>, id: NodeId) -> Absent {
        match &self.nodes[id as usize] {
            Some(Node::Record(_)) | None => Absent::Blank(id),
            Some(_) => Absent::Shared(py.None()),
        }
    }

    /// The keys that announce a field, the one of error locations first; none if they are paths or choices.
    fn keys_of(&self, name: &Bound<'py, PyString>, field: &Schema<'py>) -> PyResult<Option<Vec<String>>> {
        if !only(
            field,
            &["schema", "validation_alias", "serialization_alias", "serialization_exclude", "frozen"],
        )? {
            return Ok(None);
        }
        let in_config = |key: &str| self.config.as_ref().map_or(Ok(None), |config| flag(config, key));
        let name = name.to_string();
        let Some(alias) = field.get_item("validation_alias")? else { return Ok(Some(vec![name])) };
        let Ok(alias) = alias.extract::<String>() else { return Ok(None) };
        let by_alias = in_config("validate_by_alias")?.unwrap_or(true);
        let by_name = in_config("validate_by_name")?.unwrap_or(false)
            || in_config("populate_by_name")?.unwrap_or(false);
        Ok(Some(match (by_alias, by_name) {
            (true, true) => vec![alias, name],
            (true, false) => vec![alias],
            (false, _) => vec![name],
        }))
    }

    fn locates_by_alias(&self) -> PyResult<bool> {
        let in_config = self.config.as_ref().map_or(Ok(None), |config| flag(config, "loc_by_alias"))?;
        Ok(in_config.unwrap_or(true))
    }

    /// The node for a value that Pydantic judges when it closes.
    fn judged(&mut self, schema: &Schema<'py>) -> PyResult<Node> {
        let view = if self.is_text(schema)? { View::Text } else { View::Hidden };
        let kinds = match kind(schema)?.as_str() {
            "str" => Kinds::all(Verdict::Refuse)
                .with(&[Kind::String, Kind::Number, Kind::NonFinite], Verdict::Judge),
            "int" | "float" => {
                Kinds::all(Verdict::Judge).with(&[Kind::Object, Kind::Array, Kind::Null], Verdict::Refuse)
            }
            "dict" => Kinds::all(Verdict::Refuse).with(&[Kind::Object], Verdict::Judge),
            "list" => Kinds::all(Verdict::Refuse).with(&[Kind::Array], Verdict::Judge),
            _ => Kinds::all(Verdict::Judge),
        };
        Ok(Node::Judged(Judged { kinds, view }))
    }

    /// Whether a string of this node is shown while it grows: a `str`, whatever validators stand around it.
    fn is_text(&self, schema: &Schema<'py>) -> PyResult<bool> {
        let mut schema = schema.clone();
        for _ in 0..MAX_NESTING {
            let inner = match kind(&schema)?.as_str() {
                "str" => return Ok(true),
                "definition-ref" => self.definitions.get_item(item(&schema, "schema_ref")?)?,
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

fn choice(strings: &[Bound<'_, PyAny>], members: Vec<Py<PyAny>>, kinds: Kinds) -> PyResult<Option<Rule>> {
    let strings =
        strings.iter().map(pyo3::types::PyAnyMethods::extract).collect::<PyResult<Vec<String>>>()?;
    let accepted: &[Kind] = if strings.is_empty() { &[] } else { &[Kind::String] };
    let kinds = kinds.with(accepted, Verdict::Native);
    let node = Node::Choice(Choice { kinds, members: PrefixSet::new(strings.iter().map(String::as_str)) });
    Ok(Some((node, Detail::Members(members))))
}

/// What a field with this default shows before it arrives; none if only Pydantic can tell.
fn absent(default: &Schema<'_>) -> PyResult<Option<Absent>> {
    let py = default.py();
    if flag(default, "default_factory_takes_data")? == Some(true)
        || flag(default, "validate_default")? == Some(true)
    {
        return Ok(None);
    }
    if let Some(factory) = default.get_item("default_factory")? {
        return Ok(Some(Absent::Made(factory.unbind())));
    }
    let value = default.get_item("default")?.unwrap_or_else(|| py.None().into_bound(py));
    let shared = value.hash().is_ok();
    let value = value.unbind();
    Ok(Some(if shared { Absent::Shared(value) } else { Absent::Copied(value) }))
}

/// The default node of a field, if it has one.
fn default<'py>(schema: &Schema<'py>) -> PyResult<Option<Schema<'py>>> {
    Ok((kind(schema)? == "default").then(|| schema.clone()))
}

/// Whether values of some fields depend on others, or on how the field stands in its model: then only Pydantic can
/// validate them, and only together.
fn uses_siblings(fields: &Schema<'_>) -> PyResult<bool> {
    let declared: Schema<'_> = item(fields, "fields")?.cast_into()?;
    for field in declared.values() {
        let mut schema = required(&field.cast_into()?, "schema")?;
        let mut outermost = true;
        loop {
            let kind = kind(&schema)?;
            let function = child(&schema, "function")?;
            if let Some(function) = function
                && item(&function, "type")?.extract::<String>()? == "with-info"
            {
                return Ok(true);
            }
            // A default below other nodes is seen by Pydantic and not by `absent`.
            if kind == "default" && !outermost {
                return Ok(true);
            }
            outermost = false;
            match child(&schema, "schema")? {
                Some(inner) if kind != "model" && kind != "dataclass" => schema = inner,
                _ => break,
            }
        }
    }
    Ok(false)
}

fn on_error_raises(schema: &Schema<'_>) -> PyResult<bool> {
    let on_error = schema.get_item("on_error")?.map(|on_error| on_error.extract::<String>()).transpose()?;
    Ok(on_error.is_none_or(|on_error| on_error == "raise"))
}

fn lengths(schema: &Schema<'_>) -> PyResult<(usize, usize)> {
    let length = |key: &str| -> PyResult<Option<usize>> {
        schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
    };
    Ok((length("min_length")?.unwrap_or(0), length("max_length")?.unwrap_or(usize::MAX)))
}

/// Whether all keys of the node are those that every node may have, or among `known`.
fn only(schema: &Schema<'_>, known: &[&str]) -> PyResult<bool> {
    for key in schema.keys() {
        let key: String = key.extract()?;
        let common = matches!(key.as_str(), "type" | "ref" | "metadata" | "serialization");
        if !common && !known.contains(&key.as_str()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn kind(schema: &Schema<'_>) -> PyResult<String> {
    item(schema, "type")?.extract()
}

fn item<'py>(schema: &Schema<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
    match schema.get_item(key)? {
        Some(value) => Ok(value),
        None => Err(pyo3::exceptions::PyKeyError::new_err(key.to_owned())),
    }
}

fn required<'py>(schema: &Schema<'py>, key: &str) -> PyResult<Schema<'py>> {
    Ok(item(schema, key)?.cast_into()?)
}

fn child<'py>(schema: &Schema<'py>, key: &str) -> PyResult<Option<Schema<'py>>> {
    Ok(match schema.get_item(key)? {
        Some(value) => value.cast_into().ok(),
        None => None,
    })
}

fn flag(schema: &Schema<'_>, key: &str) -> PyResult<Option<bool>> {
    Ok(match schema.get_item(key)? {
        Some(value) if !value.is_none() => Some(value.extract()?),
        _ => None,
    })
}

fn exact_int(value: &Bound<'_, PyAny>) -> Option<i64> {
    if value.is_exact_instance_of::<PyInt>() { value.extract().ok() } else { None }
}
