//! Models: their fields, keys, defaults and config.

use instar_core::{Extra, FieldSet, Member, Node, NodeId, Record};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use super::core_schema::{CoreSchema, child, default, flag, item, kind, only, required};
use super::{Compiler, Rule};
use crate::record::{Absent, Field, RecordClass};
use crate::schema::Detail;

impl<'py> Compiler<'py> {
    pub(super) fn model(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
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

    fn model_fields(&mut self, model: &CoreSchema<'py>, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
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
        let declared: CoreSchema<'py> = item(schema, "fields")?.cast_into()?;
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
    fn keys_of(&self, name: &Bound<'py, PyString>, field: &CoreSchema<'py>) -> PyResult<Option<Vec<String>>> {
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
}

/// What a field with this default shows before it arrives; none if only Pydantic can tell.
fn absent(default: &CoreSchema<'_>) -> PyResult<Option<Absent>> {
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

/// Whether values of some fields depend on others, or on how the field stands in its model: then only Pydantic can
/// validate them, and only together.
fn uses_siblings(fields: &CoreSchema<'_>) -> PyResult<bool> {
    let declared: CoreSchema<'_> = item(fields, "fields")?.cast_into()?;
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
