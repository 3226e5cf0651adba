//! Models, dataclasses and typed dicts: their fields, keys, defaults and config.

use std::collections::HashSet;

use instar_core::{Closing, Extra, FieldSet, Node, NodeId, Record, Root, View};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::core_schema::{CoreSchema, child, default, flag, item, kind, only, required};
use super::{Compiler, Rule, user_code};
use crate::hook::Hook;
use crate::record::{Absent, Field, Form, RecordClass};
use crate::schema::Detail;

/// The fields of a record, compiled.
struct Compiled {
    nodes: Vec<NodeId>,
    required: FieldSet,
    keys: Vec<(String, u32)>,
    fields: Vec<Field>,
}

const MODEL_KEYS: [&str; 11] = [
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

const DATACLASS_KEYS: [&str; 10] = [
    "cls",
    "schema",
    "generic_origin",
    "cls_name",
    "fields",
    "post_init",
    "slots",
    "revalidate_instances",
    "frozen",
    "config",
];

/// The keys of the three nodes that hold fields.
const FIELDS_KEYS: [&str; 13] = [
    "fields",
    "model_name",
    "dataclass_name",
    "cls",
    "cls_name",
    "total",
    "collect_init_only",
    "computed_fields",
    "strict",
    "extras_schema",
    "extra_behavior",
    "from_attributes",
    "config",
];

const FIELD_KEYS: [&str; 11] = [
    "name",
    "schema",
    "required",
    "validation_alias",
    "serialization_alias",
    "serialization_exclude",
    "serialization_exclude_if",
    "frozen",
    "kw_only",
    "init",
    "init_only",
];

impl<'py> Compiler<'py> {
    pub(super) fn model(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        if !only(schema, &MODEL_KEYS)? {
            return Ok(None);
        }
        let post_init = schema.get_item("post_init")?.map(Bound::cast_into::<PyString>).transpose()?;
        let hooks = post_init.map(|name| Hook::PostInit(name.unbind())).into_iter().collect();
        let class: Bound<'py, PyType> = item(schema, "cls")?.cast_into()?;
        let fields = self.fields_of(schema)?;
        let is_root = flag(schema, "root_model")? == Some(true);
        self.under_config_of(schema, |compiler| {
            if is_root {
                return compiler.root(&fields, class, hooks);
            }
            if kind(&fields)? != "model-fields" {
                return Ok(None);
            }
            let extra = compiler.extra(schema, &fields)?;
            compiler.record(&fields, extra, Form::model(class)?, hooks)
        })
    }

    /// Whether a record may be given what its fields do not tell: by code that runs before them, or by keys that are
    /// paths or choices. Nothing that its outline says is sure.
    pub(super) fn is_inexact(record: &CoreSchema<'py>) -> PyResult<bool> {
        match kind(record)?.as_str() {
            "model" | "dataclass" | "typed-dict" => {}
            "deque" | "ordered-dict" | "frozendict" | "counter" => return Ok(true),
            _ => return Ok(false),
        }
        if flag(record, "custom_init")? == Some(true) {
            return Ok(true);
        }
        if flag(record, "root_model")? == Some(true) {
            return Ok(false);
        }
        let Some(fields) = fields_as_they_come(record)? else { return Ok(true) };
        for (_, field) in declared(&fields)? {
            let alias = field.get_item("validation_alias")?;
            let is_path = alias.is_some_and(|alias| !alias.is_instance_of::<PyString>() && !alias.is_none());
            if is_path || flag(&field, "init_only")? == Some(true) || flag(&field, "init")? == Some(false) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The node that holds the fields of a record: in an outline without the validators around it.
    fn fields_of(&self, record: &CoreSchema<'py>) -> PyResult<CoreSchema<'py>> {
        let mut fields = required(record, "schema")?;
        while self.deferring && kind(&fields)?.starts_with("function-") {
            match child(&fields, "schema")? {
                Some(inner) => fields = inner,
                None => break,
            }
        }
        Ok(fields)
    }

    /// A model that is written as its only field.
    fn root(
        &mut self,
        field: &CoreSchema<'py>,
        class: Bound<'py, PyType>,
        hooks: Vec<Hook>,
    ) -> PyResult<Option<Rule>> {
        let py = class.py();
        if !self.deferring && user_code::find(field, &self.definitions)?.looks_around {
            return Ok(None);
        }
        let inner = self.node(field)?;
        let absent = match default(field)? {
            Some(default) => absent(&default, self.deferring)?,
            None => self.absent_required(py, inner),
        };
        let name = PyString::new(py, "root");
        let location = name.clone().into_any().unbind();
        let field = Field { name: name.unbind(), location, has_synonyms: false, absent };
        let class = RecordClass::new(py, Form::root(class)?, vec![field], false)?;
        let (closing, hooks) = self.closing(hooks);
        Ok(Some(Rule {
            node: Node::Root(Root { inner, closing }),
            detail: Detail::Record(Box::new(class)),
            hooks,
        }))
    }

    pub(super) fn dataclass(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let fields = self.fields_of(schema)?;
        if !only(schema, &DATACLASS_KEYS)? || kind(&fields)? != "dataclass-args" {
            return Ok(None);
        }
        let post_init = flag(schema, "post_init")? == Some(true);
        let hooks = if post_init { vec![Hook::DataclassPostInit] } else { Vec::new() };
        let class: Bound<'py, PyType> = item(schema, "cls")?.cast_into()?;
        let form = match flag(schema, "slots")? {
            Some(true) => Form::Slotted(class.unbind()),
            _ => Form::Dataclass(class.unbind()),
        };
        self.under_config_of(schema, |compiler| match compiler.extra_dropped(schema, &fields)? {
            Some(extra) => compiler.record(&fields, extra, form, hooks),
            None => Ok(None),
        })
    }

    pub(super) fn typed_dict(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        self.under_config_of(schema, |compiler| match compiler.extra_dropped(schema, schema)? {
            Some(extra) => compiler.record(schema, extra, Form::TypedDict, Vec::new()),
            None => Ok(None),
        })
    }

    /// A value, and a validator that runs on it when it is whole: it is called when it closes.
    pub(super) fn after(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let function = required(schema, "function")?;
        if !only(schema, &["function", "schema"])? {
            return Ok(None);
        }
        let inner = self.resolved(required(schema, "schema")?)?;
        if ["nullable", "tagged-union"].contains(&kind(&inner)?.as_str()) || user_code::makes_another(schema)?
        {
            return Ok(None);
        }
        let Some(mut rule) = self.native(&inner)? else { return Ok(None) };
        let closing = match &mut rule.node {
            Node::Array(array) => &mut array.closing,
            Node::Map(map) => &mut map.closing,
            Node::Record(record) => &mut record.closing,
            Node::Root(root) => &mut root.closing,
            // Of a scalar it is the judge that calls the validator.
            _ => return Ok(rule.node.with_judge().map(Rule::plain)),
        };
        // The judge of this node runs the validator, too.
        if *closing != Closing::Judge && !self.deferring {
            *closing = Closing::Hook;
            rule.hooks.push(Hook::after(&function)?);
        }
        Ok(Some(rule))
    }

    /// The definition that a reference to an enum or another scalar means; any other node as it is.
    fn resolved(&self, schema: CoreSchema<'py>) -> PyResult<CoreSchema<'py>> {
        if kind(&schema)? != "definition-ref" {
            return Ok(schema);
        }
        let name: String = item(&schema, "schema_ref")?.extract()?;
        Ok(match child(&self.definitions, &name)? {
            Some(definition)
                if ["enum", "literal", "str", "int", "float"].contains(&kind(&definition)?.as_str()) =>
            {
                definition
            }
            _ => schema,
        })
    }

    /// What is done at the close of a record with these hooks. One that is judged later runs them then.
    fn closing(&self, hooks: Vec<Hook>) -> (Closing, Vec<Hook>) {
        if hooks.is_empty() || self.deferring {
            (Closing::Settled, Vec::new())
        } else {
            (Closing::Hook, hooks)
        }
    }

    fn under_config_of(
        &mut self,
        schema: &CoreSchema<'py>,
        compile: impl FnOnce(&mut Self) -> PyResult<Option<Rule>>,
    ) -> PyResult<Option<Rule>> {
        let config = schema.get_item("config")?.map(Bound::cast_into).transpose()?;
        let outer = std::mem::replace(&mut self.config, config);
        let rule = compile(self);
        self.config = outer;
        rule
    }

    /// What becomes of keys that no field has.
    fn extra(&mut self, owner: &CoreSchema<'py>, fields: &CoreSchema<'py>) -> PyResult<Extra> {
        let behavior = match fields.get_item("extra_behavior")? {
            Some(own) => Some(own),
            None => self.scope().setting(owner, "extra_behavior", "extra_fields_behavior")?,
        };
        Ok(match behavior.map(|behavior| behavior.extract::<String>()).transpose()?.as_deref() {
            Some("allow") => Extra::Allow(self.optional_inner(fields, "extras_schema")?),
            Some("forbid") => Extra::Forbid,
            _ => Extra::Ignore,
        })
    }

    /// The same for a record that Pydantic would put them into beside the fields, where a snapshot could not tell them
    /// apart: none if they are kept, but an outline goes without them.
    fn extra_dropped(
        &mut self,
        owner: &CoreSchema<'py>,
        fields: &CoreSchema<'py>,
    ) -> PyResult<Option<Extra>> {
        Ok(match self.extra(owner, fields)? {
            Extra::Allow(_) => self.deferring.then_some(Extra::Ignore),
            extra => Some(extra),
        })
    }

    fn record(
        &mut self,
        schema: &CoreSchema<'py>,
        extra: Extra,
        form: Form,
        hooks: Vec<Hook>,
    ) -> PyResult<Option<Rule>> {
        let declared = declared(schema)?;
        if !only(schema, &FIELDS_KEYS)? {
            return Ok(None);
        }
        let outlined = self.deferring;
        let whole = !outlined && self.is_judged_whole(&declared)?;
        self.deferring |= whole;
        let compiled = self.fields(&declared, matches!(form, Form::TypedDict));
        self.deferring = outlined;
        let Some(Compiled { nodes, required, keys, fields }) = compiled? else { return Ok(None) };
        // The judge runs the hooks too.
        let (closing, hooks) = if whole { (Closing::Judge, Vec::new()) } else { self.closing(hooks) };
        let record = Record::new(nodes, required, &keys, extra, closing);
        let class = RecordClass::new(schema.py(), form, fields, matches!(extra, Extra::Allow(_)))?;
        Ok(Some(Rule {
            node: Node::Record(Box::new(record)),
            detail: Detail::Record(Box::new(class)),
            hooks,
        }))
    }

    /// Whether values of some fields depend on those of others: then only Pydantic can validate them, and only
    /// together.
    fn is_judged_whole(&self, declared: &[(Bound<'py, PyString>, CoreSchema<'py>)]) -> PyResult<bool> {
        for (_, field) in declared {
            if hides_default(field)? {
                return Ok(true);
            }
            let schema = required(field, "schema")?;
            let depends = match default(&schema)? {
                Some(default) => {
                    flag(&default, "default_factory_takes_data")? == Some(true)
                        || self.scope().is_set(&default, "validate_default")?
                }
                None => false,
            };
            if depends || user_code::find(&schema, &self.definitions)?.looks_around {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fields(
        &mut self,
        declared: &[(Bound<'py, PyString>, CoreSchema<'py>)],
        is_typed_dict: bool,
    ) -> PyResult<Option<Compiled>> {
        let mut compiled = Compiled {
            nodes: Vec::new(),
            required: FieldSet::none(declared.len()),
            keys: Vec::new(),
            fields: Vec::new(),
        };
        for (index, (name, field)) in (0_u32..).zip(declared) {
            let Some(names) = self.keys_of(name, field)? else { return Ok(None) };
            let by_alias = self.locates_by_alias()?;
            let location = names.first().filter(|_| by_alias).cloned().unwrap_or_else(|| name.to_string());
            let has_synonyms = by_alias && names.len() > 1;
            compiled.keys.extend(names.iter().map(|key| (key.clone(), index)));
            let value = required(field, "schema")?;
            let init_only = flag(field, "init_only")? == Some(true);
            let id = if init_only { self.hidden()? } else { self.node(&value)? };
            let default = default(&value)?;
            let hides_default = hides_default(field)?;
            let is_required = match flag(field, "required")? {
                Some(required) => required,
                None => default.is_none(),
            };
            if is_required && !names.is_empty() && !hides_default {
                compiled.required.insert(index);
            }
            let absent = match default {
                _ if init_only => Absent::Nothing,
                _ if hides_default => Absent::Shared(name.py().None()),
                // A typed dict has no key for what is absent, unless Pydantic puts its default there.
                None if is_typed_dict => Absent::Nothing,
                Some(_) if is_typed_dict => return Ok(None),
                Some(default) => absent(&default, self.deferring)?,
                None => self.absent_required(name.py(), id),
            };
            compiled.nodes.push(id);
            let location = PyString::new(name.py(), &location).into_any().unbind();
            compiled.fields.push(Field { name: name.clone().unbind(), location, has_synonyms, absent });
        }
        // Where one key announces two fields, Pydantic gives each of them its value.
        let distinct: HashSet<&str> = compiled.keys.iter().map(|(key, _)| key.as_str()).collect();
        Ok((distinct.len() == compiled.keys.len()).then_some(compiled))
    }

    /// The node of a value that is never shown.
    fn hidden(&mut self) -> PyResult<NodeId> {
        // Its judge is never asked, but has a name.
        let any = PyDict::new(self.definitions.py());
        any.set_item("type", "any")?;
        let id = self.reserve(&any);
        self.nodes[id as usize] = Some(Node::Deferred(View::Hidden));
        Ok(id)
    }

    /// What a required field shows before it arrives. (A node still being compiled is a record around this one.)
    fn absent_required(&self, py: Python<'_>, id: NodeId) -> Absent {
        match &self.nodes[id as usize] {
            Some(Node::Record(_) | Node::Root(_) | Node::Union(_)) | None => Absent::Blank(id),
            Some(_) => Absent::Shared(py.None()),
        }
    }

    /// The keys that announce a field, the one of error locations first; none if they are paths or choices.
    fn keys_of(&self, name: &Bound<'py, PyString>, field: &CoreSchema<'py>) -> PyResult<Option<Vec<String>>> {
        let special = flag(field, "init")? == Some(false) || flag(field, "init_only")? == Some(true);
        if (special && !self.deferring) || !only(field, &FIELD_KEYS)? {
            return Ok(None);
        }
        let in_config = |key: &str| self.config.as_ref().map_or(Ok(None), |config| flag(config, key));
        let name = name.to_string();
        let Some(alias) = field.get_item("validation_alias")? else { return Ok(Some(vec![name])) };
        let Ok(alias) = alias.extract::<String>() else {
            return Ok(self.deferring.then(|| choices_of(&alias)));
        };
        let by_alias = in_config("validate_by_alias")?.unwrap_or(true);
        let by_name = in_config("validate_by_name")?.unwrap_or(false)
            || in_config("populate_by_name")?.unwrap_or(false);
        Ok(Some(match (by_alias, by_name) {
            (true, true) if alias != name => vec![alias, name],
            (true, _) => vec![alias],
            (false, _) => vec![name],
        }))
    }

    fn locates_by_alias(&self) -> PyResult<bool> {
        let in_config = self.config.as_ref().map_or(Ok(None), |config| flag(config, "loc_by_alias"))?;
        Ok(in_config.unwrap_or(true))
    }
}

/// The node that holds the fields of a record, if no code runs before them.
pub(super) fn fields_as_they_come<'py>(record: &CoreSchema<'py>) -> PyResult<Option<CoreSchema<'py>>> {
    let mut fields = match kind(record)?.as_str() {
        "typed-dict" => record.clone(),
        _ => required(record, "schema")?,
    };
    while kind(&fields)? == "function-after" {
        fields = required(&fields, "schema")?;
    }
    let holds_fields = ["model-fields", "dataclass-args", "typed-dict"].contains(&kind(&fields)?.as_str());
    Ok(holds_fields.then_some(fields))
}

/// Those of a field's alias choices that are keys; a path is none.
fn choices_of(alias: &Bound<'_, PyAny>) -> Vec<String> {
    let paths: Vec<Vec<Bound<'_, PyAny>>> = alias.extract().unwrap_or_default();
    paths
        .iter()
        .filter_map(|path| match path.as_slice() {
            [key] => key.extract().ok(),
            _ => None,
        })
        .collect()
}

/// What a field with this default shows before it arrives: the default itself, which nobody has validated. In a record
/// that is judged `later` it is the judge that calls factories of the user's: until then they show `None`.
fn absent(default: &CoreSchema<'_>, later: bool) -> PyResult<Absent> {
    let py = default.py();
    let none = || Absent::Shared(py.None());
    if let Some(factory) = default.get_item("default_factory")? {
        let callable = !later || user_code::is_plain_factory(&factory)?;
        return Ok(if callable { Absent::Made(factory.unbind()) } else { none() });
    }
    let value = default.get_item("default")?.unwrap_or_else(|| py.None().into_bound(py));
    let shared = value.hash().is_ok();
    let value = value.unbind();
    Ok(if shared { Absent::Shared(value) } else { Absent::Copied(value) })
}

/// Whether a default stands below other nodes, where Pydantic sees it and `absent` does not.
fn hides_default(field: &CoreSchema<'_>) -> PyResult<bool> {
    let mut schema = required(field, "schema")?;
    while let Some(inner) = child(&schema, "schema")? {
        if matches!(kind(&schema)?.as_str(), "model" | "dataclass" | "typed-dict") {
            return Ok(false);
        }
        if kind(&inner)? == "default" {
            return Ok(true);
        }
        schema = inner;
    }
    Ok(false)
}

/// The declared fields with their names: a dict of them, or for dataclasses a list.
fn declared<'py>(schema: &CoreSchema<'py>) -> PyResult<Vec<(Bound<'py, PyString>, CoreSchema<'py>)>> {
    let fields = item(schema, "fields")?;
    match fields.cast::<PyDict>() {
        Ok(fields) => {
            fields.iter().map(|(name, field)| Ok((name.cast_into()?, field.cast_into()?))).collect()
        }
        Err(_) => fields
            .try_iter()?
            .map(|field| {
                let field: CoreSchema<'py> = field?.cast_into()?;
                Ok((item(&field, "name")?.cast_into()?, field))
            })
            .collect(),
    }
}
