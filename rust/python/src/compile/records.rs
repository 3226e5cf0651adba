//! Models, dataclasses and typed dicts: their fields, keys, defaults and config.

use std::collections::HashSet;

use instar_core::{Close, Extra, FieldSet, Node, NodeId, Record, Rule, Show, Violations};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyString, PyType};

use super::compiler::{Compiled, Compiler};
use super::placeholder::container;
use crate::core_schema::{
    Appears, CoreSchema, Declared, Key, Scope, appears, child, declared, default, fields_as_they_come, flag,
    hides_default, is_plain_factory, item, key, kind, makes_another, only, referred, required,
    runs_post_init,
};
use crate::ffi;
use crate::schema::{Absent, Detail, Field, Form, Hook, RecordClass};

/// The fields of a record, compiled.
struct Fields {
    nodes: Vec<NodeId>,
    required: FieldSet,
    keys: Vec<(String, u32)>,
    declared: Vec<Field>,
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

impl Compiler {
    pub(super) fn model<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let class: Bound<'py, PyType> = item(schema, key!("cls"))?.cast_into()?;
        // A class without instances has no open ones either: what Pydantic makes of the text is something else.
        if !only(schema, &MODEL_KEYS)? || !ffi::has_instances(&class)? {
            return Ok(None);
        }
        let post_init =
            schema.get_item(key!("post_init"))?.filter(|_| runs_post_init(schema).unwrap_or(true));
        let post_init = post_init.map(Bound::cast_into::<PyString>).transpose()?;
        let hooks = post_init.map(|name| Hook::PostInit(name.unbind())).into_iter().collect();
        let fields = Self::fields_of(schema, scope)?;
        let scope = &under_config_of(schema, scope)?;
        if flag(schema, key!("root_model"))? == Some(true) {
            return self.root_model(&fields, class, hooks, scope);
        }
        if kind(&fields)? != "model-fields" {
            return Ok(None);
        }
        let extra = self.extra(schema, &fields, scope)?;
        self.record(schema, &fields, extra, Form::model(class)?, hooks, scope)
    }

    /// Whether a record may be given what its fields do not tell: by code that runs before them, or by keys that are
    /// paths or choices. Nothing that its outline says is sure.
    pub(super) fn is_inexact(record: &CoreSchema<'_>) -> PyResult<bool> {
        if flag(record, key!("custom_init"))? == Some(true) {
            return Ok(true);
        }
        if flag(record, key!("root_model"))? == Some(true) {
            return Ok(false);
        }
        let Some(fields) = fields_as_they_come(record)? else { return Ok(true) };
        for (_, field) in declared(&fields)? {
            let alias = field.get_item(key!("validation_alias"))?;
            let is_path = alias.is_some_and(|alias| !alias.is_instance_of::<PyString>() && !alias.is_none());
            if is_path
                || flag(&field, key!("init_only"))? == Some(true)
                || flag(&field, key!("init"))? == Some(false)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The node that holds the fields of a record: in an outline without the validators around it.
    fn fields_of<'py>(record: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<CoreSchema<'py>> {
        let mut fields = required(record, key!("schema"))?;
        while scope.enclosed && kind(&fields)?.starts_with("function-") {
            match child(&fields, key!("schema"))? {
                Some(inner) => fields = inner,
                None => break,
            }
        }
        Ok(fields)
    }

    /// A model that is written as its only field.
    fn root_model<'py>(
        &mut self,
        field: &CoreSchema<'py>,
        class: Bound<'py, PyType>,
        hooks: Vec<Hook>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let py = class.py();
        if !scope.enclosed && scope.user_code.find(field)?.looks_around {
            return Ok(None);
        }
        let inner = self.node(field, scope)?;
        let absent = match default(field)? {
            Some(default) => absent(&default, scope)?,
            None => self.absent_required(field, inner, scope)?,
        };
        let name = PyString::new(py, "root");
        let location = name.clone().into_any().unbind();
        let field = Field { name: name.unbind(), location, has_synonyms: false, absent, once_closed: None };
        let class = RecordClass::new(py, Form::root(class)?, vec![field], false)?;
        let node = Node::new(Rule::RootModel(inner));
        Ok(Some(with_hooks(node, Detail::Record(Box::new(class)), hooks, scope)))
    }

    pub(super) fn dataclass<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let fields = Self::fields_of(schema, scope)?;
        let class: Bound<'py, PyType> = item(schema, key!("cls"))?.cast_into()?;
        if !only(schema, &DATACLASS_KEYS)?
            || kind(&fields)? != "dataclass-args"
            || !ffi::has_instances(&class)?
        {
            return Ok(None);
        }
        let post_init = flag(schema, key!("post_init"))? == Some(true);
        let hooks = if post_init { vec![Hook::DataclassPostInit] } else { Vec::new() };
        let form = match flag(schema, key!("slots"))? {
            Some(true) => Form::Slotted(class.unbind()),
            _ => Form::dataclass(class)?,
        };
        let scope = &under_config_of(schema, scope)?;
        match self.extra_dropped(schema, &fields, scope)? {
            Some(extra) => self.record(schema, &fields, extra, form, hooks, scope),
            None => Ok(None),
        }
    }

    pub(super) fn typed_dict<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let scope = &under_config_of(schema, scope)?;
        match self.extra_dropped(schema, schema, scope)? {
            Some(extra) => self.record(schema, schema, extra, Form::TypedDict, Vec::new(), scope),
            None => Ok(None),
        }
    }

    /// A value, and a validator that runs on it when it is whole: it is called when it closes.
    pub(super) fn after<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let function = required(schema, key!("function"))?;
        if !only(schema, &["function", "schema"])? {
            return Ok(None);
        }
        let inner = resolved(required(schema, key!("schema"))?, scope)?;
        if ["nullable", "tagged-union"].contains(&kind(&inner)?.as_str()) || makes_another(schema)? {
            return Ok(None);
        }
        let Some(mut ruled) = self.ruled(&inner, scope)? else { return Ok(None) };
        match ruled.node.rule {
            Rule::Array(_) | Rule::Map(_) | Rule::Record(_) | Rule::RootModel(_) => {
                if !scope.enclosed {
                    ruled.node.closes = Close::Hooks;
                    ruled.hooks.push(Hook::after(&function)?);
                }
            }
            // The validator of the node runs this one, too.
            Rule::Outline(_) => {}
            Rule::Str(_) | Rule::Literal(_) => ruled.node.closes = Close::Host,
            Rule::Bool | Rule::Int(_) | Rule::Float(_) => {
                ruled.node.accepts = ruled.node.accepts.by_host();
                ruled.node.closes = Close::Host;
            }
            Rule::Any | Rule::Null | Rule::Tagged(_) | Rule::Nullable(_) | Rule::Union(_) | Rule::Opaque => {
                return Ok(None);
            }
        }
        Ok(Some(ruled))
    }

    /// What becomes of keys that no field has.
    fn extra<'py>(
        &mut self,
        owner: &CoreSchema<'py>,
        fields: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Extra> {
        let behavior = match fields.get_item(key!("extra_behavior"))? {
            Some(own) => Some(own),
            None => scope.setting(owner, key!("extra_behavior"), key!("extra_fields_behavior"))?,
        };
        Ok(match behavior.map(|behavior| behavior.extract::<PyBackedStr>()).transpose()?.as_deref() {
            Some("allow") => Extra::Allow(self.optional_inner(fields, key!("extras_schema"), scope)?),
            Some("forbid") => Extra::Forbid,
            _ => Extra::Ignore,
        })
    }

    /// The same for a record that Pydantic would put them into beside the fields, where a snapshot could not tell them
    /// apart: none if they are kept, but an outline goes without them.
    fn extra_dropped<'py>(
        &mut self,
        owner: &CoreSchema<'py>,
        fields: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Extra>> {
        Ok(match self.extra(owner, fields, scope)? {
            Extra::Allow(_) => scope.enclosed.then_some(Extra::Ignore),
            extra => Some(extra),
        })
    }

    fn record<'py>(
        &mut self,
        owner: &CoreSchema<'py>,
        schema: &CoreSchema<'py>,
        extra: Extra,
        form: Form,
        hooks: Vec<Hook>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let declared = declared(schema)?;
        if !only(schema, &FIELDS_KEYS)? {
            return Ok(None);
        }
        let whole = !scope.enclosed && depends_on_itself(&declared, scope)?;
        let within = if whole { scope.enclosed() } else { scope.clone() };
        let Some(fields) = self.fields(&declared, &form, &within)? else { return Ok(None) };
        let record = Record::new(fields.nodes, fields.required, &fields.keys, extra);
        let keeps_extra = matches!(extra, Extra::Allow(_));
        let class = RecordClass::new(schema.py(), form, fields.declared, keeps_extra)?;
        let node = Node::new(Rule::Record(Box::new(record)));
        let mut hooks = hooks;
        if class.fields.iter().any(|field| field.once_closed.is_some()) {
            hooks.insert(0, Hook::Defaults);
        }
        let ruled = with_hooks(node, Detail::Record(Box::new(class)), hooks, &within);
        if !whole {
            return Ok(Some(ruled));
        }
        // Pydantic validates it whole, and runs its hooks then.
        let inner = self.reserve(owner, scope);
        self.set(inner, ruled);
        let accepts = scope.accepted(owner)?;
        Ok(Some(Self::outlined(inner, Violations::Raised, Close::Host).accepting(accepts).into()))
    }

    fn fields<'py>(
        &mut self,
        declared: &[Declared<'py>],
        form: &Form,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Fields>> {
        let is_typed_dict = matches!(form, Form::TypedDict);
        let mut compiled = Fields {
            nodes: Vec::new(),
            required: FieldSet::none(declared.len()),
            keys: Vec::new(),
            declared: Vec::new(),
        };
        for (index, (name, field)) in (0_u32..).zip(declared) {
            let Some(names) = keys_of(name, field, scope)? else { return Ok(None) };
            let by_alias = in_config(scope, key!("loc_by_alias"))?.unwrap_or(true);
            let location = names.first().filter(|_| by_alias).cloned().unwrap_or_else(|| name.to_string());
            let has_synonyms = by_alias && names.len() > 1;
            compiled.keys.extend(names.iter().map(|key| (key.clone(), index)));
            let value = required(field, key!("schema"))?;
            let init_only = flag(field, key!("init_only"))? == Some(true);
            let id = if init_only { self.hidden(scope)? } else { self.node(&value, scope)? };
            let default = default(&value)?;
            let hides_default = hides_default(field)?;
            let waits = !is_typed_dict && appears(&value, Appears::Arrived)?;
            let waiting = default.clone().filter(|_| waits);
            let is_required = match flag(field, key!("required"))? {
                Some(required) => required,
                None => default.is_none(),
            };
            if is_required && !names.is_empty() && !hides_default {
                compiled.required.insert(index);
            }
            let absent = match default {
                _ if init_only => Absent::Nothing,
                _ if hides_default || waits => Absent::Shared(name.py().None()),
                // A typed dict has no key for what is absent, unless Pydantic puts its default there.
                None if is_typed_dict => Absent::Nothing,
                Some(_) if is_typed_dict => return Ok(None),
                Some(default) => match self.blank_of_factory(&default, id)? {
                    Some(blank) => blank,
                    None => absent(&default, scope)?,
                },
                None => self.absent_required(&value, id, scope)?,
            };
            compiled.nodes.push(id);
            let location = PyString::new(name.py(), &location).into_any().unbind();
            let once_closed = waiting.map(|default| self::absent(&default, scope)).transpose()?;
            let name = name.clone().unbind();
            compiled.declared.push(Field { name, location, has_synonyms, absent, once_closed });
        }
        // Where one key announces two fields, Pydantic gives each of them its value.
        let distinct: HashSet<&str> = compiled.keys.iter().map(|(key, _)| key.as_str()).collect();
        Ok((distinct.len() == compiled.keys.len()).then_some(compiled))
    }

    /// The node of a value that is never shown.
    fn hidden(&mut self, scope: &Scope<'_, '_>) -> PyResult<NodeId> {
        // Its validator is never asked, but has a name.
        let any = PyDict::new(scope.definitions.py());
        any.set_item("type", "any")?;
        let id = self.reserve(&any, scope);
        self.nodes[id as usize] = Some(Node::left_to_enclosing(Show::Closed));
        Ok(id)
    }

    /// What a required field shows before it arrives. (A node still being compiled is a record around this one.)
    fn absent_required<'py>(
        &self,
        schema: &CoreSchema<'py>,
        id: NodeId,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Absent> {
        if scope.empty
            && let Some(class) = container(schema, scope)?
        {
            return Ok(Absent::Made(class.into_any().unbind()));
        }
        Ok(match &self.nodes[id as usize] {
            Some(Node { rule: Rule::Record(_) | Rule::RootModel(_) | Rule::Outline(_), .. }) | None => {
                Absent::Blank(id)
            }
            Some(_) => Absent::Shared(schema.py().None()),
        })
    }

    /// Where the factory of a default is the very class of the field's record: that record with nothing arrived.
    fn blank_of_factory(&self, default: &CoreSchema<'_>, id: NodeId) -> PyResult<Option<Absent>> {
        let Some(factory) = default.get_item(key!("default_factory"))? else { return Ok(None) };
        let mut inner = id;
        while let Some(Node { rule: Rule::Outline(outline), .. }) = &self.nodes[inner as usize] {
            inner = outline.inner;
        }
        let is_its_class = match &self.facets[inner as usize].detail {
            Detail::Record(class) => class.class().is_some_and(|class| factory.is(class)),
            _ => false,
        };
        Ok(is_its_class.then_some(Absent::Blank(id)))
    }
}

/// The scope of what is within a record.
pub(super) fn under_config_of<'s, 'py>(
    record: &CoreSchema<'py>,
    scope: &Scope<'s, 'py>,
) -> PyResult<Scope<'s, 'py>> {
    Ok(scope.under(record.get_item(key!("config"))?.map(Bound::cast_into).transpose()?))
}

/// A node with the hooks that run when it closes. Where a node around it has the last word, they run then.
fn with_hooks(node: Node, detail: Detail, hooks: Vec<Hook>, scope: &Scope<'_, '_>) -> Compiled {
    if hooks.is_empty() || scope.enclosed {
        return Compiled::new(node, detail);
    }
    Compiled { node: node.closing(Close::Hooks), detail, hooks }
}

/// The definition that a reference to an enum or another scalar means; any other node as it is.
fn resolved<'py>(schema: CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<CoreSchema<'py>> {
    if kind(&schema)? != "definition-ref" {
        return Ok(schema);
    }
    Ok(match referred(&schema, scope.definitions)? {
        Some(definition)
            if ["enum", "literal", "str", "int", "float"].contains(&kind(&definition)?.as_str()) =>
        {
            definition
        }
        _ => schema,
    })
}

/// Whether values of some fields depend on those of others: then only Pydantic can validate them, and only together.
fn depends_on_itself<'py>(declared: &[Declared<'py>], scope: &Scope<'_, 'py>) -> PyResult<bool> {
    for (_, field) in declared {
        if hides_default(field)? {
            return Ok(true);
        }
        let schema = required(field, key!("schema"))?;
        let depends = match default(&schema)? {
            Some(default) => {
                flag(&default, key!("default_factory_takes_data"))? == Some(true)
                    || scope.is_set(&default, key!("validate_default"))?
            }
            None => false,
        };
        if depends || scope.user_code.find(&schema)?.looks_around {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys that announce a field, the one of error locations first; none if they are paths or choices.
fn keys_of<'py>(
    name: &Bound<'py, PyString>,
    field: &CoreSchema<'py>,
    scope: &Scope<'_, 'py>,
) -> PyResult<Option<Vec<String>>> {
    let special = flag(field, key!("init"))? == Some(false) || flag(field, key!("init_only"))? == Some(true);
    if (special && !scope.enclosed) || !only(field, &FIELD_KEYS)? {
        return Ok(None);
    }
    let name = name.to_string();
    let Some(alias) = field.get_item(key!("validation_alias"))? else { return Ok(Some(vec![name])) };
    let Ok(alias) = alias.extract::<String>() else {
        return Ok(scope.enclosed.then(|| choices_of(&alias)));
    };
    let by_alias = in_config(scope, key!("validate_by_alias"))?.unwrap_or(true);
    let by_name = in_config(scope, key!("validate_by_name"))?.unwrap_or(false)
        || in_config(scope, key!("populate_by_name"))?.unwrap_or(false);
    Ok(Some(match (by_alias, by_name) {
        (true, true) if alias != name => vec![alias, name],
        (true, _) => vec![alias],
        (false, _) => vec![name],
    }))
}

/// The keys that may announce a field, be they the beginnings of paths.
pub(super) fn announced_by<'py>(
    name: &Bound<'py, PyString>,
    field: &CoreSchema<'py>,
    scope: &Scope<'_, 'py>,
) -> PyResult<Vec<String>> {
    Ok(keys_of(name, field, scope)?.unwrap_or_else(|| vec![name.to_string()]))
}

/// A switch of the config in force.
fn in_config(scope: &Scope<'_, '_>, key: &'static Key) -> PyResult<Option<bool>> {
    scope.config.as_ref().map_or(Ok(None), |config| flag(config, key))
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

/// What a field with this default shows before it arrives: the default itself, which nobody has validated. Where a node
/// around it has the last word, that one calls the user's factories: until then they show `None`.
fn absent(default: &CoreSchema<'_>, scope: &Scope<'_, '_>) -> PyResult<Absent> {
    let py = default.py();
    let none = || Absent::Shared(py.None());
    if let Some(factory) = default.get_item(key!("default_factory"))? {
        let callable = !scope.enclosed || is_plain_factory(&factory);
        return Ok(if callable { Absent::Made(factory.unbind()) } else { none() });
    }
    let value = default.get_item(key!("default"))?.unwrap_or_else(|| py.None().into_bound(py));
    let shared = value.hash().is_ok();
    let value = value.unbind();
    Ok(if shared { Absent::Shared(value) } else { Absent::Copied(value) })
}
