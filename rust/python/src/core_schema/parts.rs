//! The parts of nodes that have several: the fields of records, the choices of unions, defaults.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::dict::{CoreSchema, child, item, kind, required};
use super::key;
use super::walk::referred;

use crate::once::intern;

/// The names of the nodes that are records.
pub(crate) const RECORDS: [&str; 3] = ["model", "dataclass", "typed-dict"];

/// Whether a node is a record.
pub(crate) fn is_record(schema: &CoreSchema<'_>) -> PyResult<bool> {
    Ok(RECORDS.contains(&kind(schema)?.as_str()))
}

/// The node that holds the fields of a record, if no code runs before them.
pub(crate) fn fields_as_they_come<'py>(record: &CoreSchema<'py>) -> PyResult<Option<CoreSchema<'py>>> {
    let mut fields = match kind(record)?.as_str() {
        "typed-dict" => record.clone(),
        _ => required(record, key!("schema"))?,
    };
    while kind(&fields)? == "function-after" {
        fields = required(&fields, key!("schema"))?;
    }
    let holds_fields = ["model-fields", "dataclass-args", "typed-dict"].contains(&kind(&fields)?.as_str());
    Ok(holds_fields.then_some(fields))
}

/// A declared field: its name, and its node.
pub(crate) type Declared<'py> = (Bound<'py, PyString>, CoreSchema<'py>);

/// The declared fields of the node that holds them: a dict, or for dataclasses a list.
pub(crate) fn declared<'py>(schema: &CoreSchema<'py>) -> PyResult<Vec<Declared<'py>>> {
    let fields = item(schema, key!("fields"))?;
    match fields.cast::<PyDict>() {
        Ok(fields) => {
            fields.iter().map(|(name, field)| Ok((name.cast_into()?, field.cast_into()?))).collect()
        }
        Err(_) => fields
            .try_iter()?
            .map(|field| {
                let field: CoreSchema<'py> = field?.cast_into()?;
                Ok((item(&field, key!("name"))?.cast_into()?, field))
            })
            .collect(),
    }
}

/// The node of a field as one with a default, if it has one.
pub(crate) fn default<'py>(schema: &CoreSchema<'py>) -> PyResult<Option<CoreSchema<'py>>> {
    Ok((kind(schema)? == "default").then(|| schema.clone()))
}

/// When a part of a snapshot appears, where its type says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appears {
    /// When it has closed.
    Settled,
    /// When it has come: its default does not.
    Arrived,
}

/// Whether the type of a node says that its values appear so: its marks (`instar.show`) may stand within validators.
pub(crate) fn appears(schema: &CoreSchema<'_>, when: Appears) -> PyResult<bool> {
    let mut schema = schema.clone();
    loop {
        if let Some(metadata) = child(&schema, key!("metadata"))?
            && let Some(marks) = metadata.get_item(intern!(schema.py(), "instar_show"))?
            && marks.contains(when.name())?
        {
            return Ok(true);
        }
        let kind = kind(&schema)?;
        let is_around = kind == "nullable" || kind == "default" || kind.starts_with("function-");
        match child(&schema, key!("schema"))?.filter(|_| is_around) {
            Some(inner) => schema = inner,
            None => return Ok(false),
        }
    }
}

impl Appears {
    /// As a mark has it.
    fn name(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Arrived => "arrived",
        }
    }
}

/// Whether a default stands below other nodes, where Pydantic sees it and nobody else.
pub(crate) fn hides_default(field: &CoreSchema<'_>) -> PyResult<bool> {
    let mut schema = required(field, key!("schema"))?;
    while let Some(inner) = child(&schema, key!("schema"))? {
        if is_record(&schema)? {
            return Ok(false);
        }
        if kind(&inner)? == "default" {
            return Ok(true);
        }
        schema = inner;
    }
    Ok(false)
}

/// Whether a node is a record, perhaps with functions around it: what brings its own config.
pub(crate) fn has_own_config(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let mut schema = schema.clone();
    while let Some(inner) = child(&schema, key!("schema"))?
        && kind(&schema)?.starts_with("function-")
    {
        schema = inner;
    }
    is_record(&schema)
}

/// A choice of a union.
pub(crate) struct Choice<'py> {
    pub(crate) schema: CoreSchema<'py>,
    /// What error locations call it, unless they call it by its name.
    pub(crate) label: Option<Bound<'py, PyAny>>,
}

/// The choices of a union: in a list, each perhaps with a label, or in a dict by their tags.
pub(crate) fn choices<'py>(schema: &CoreSchema<'py>) -> PyResult<Vec<Choice<'py>>> {
    let choices = item(schema, key!("choices"))?;
    if let Ok(tagged) = choices.cast::<PyDict>() {
        let choice = |(tag, choice): (Bound<'py, PyAny>, Bound<'py, PyAny>)| {
            Some(Choice { schema: choice.cast_into().ok()?, label: Some(tag) })
        };
        return Ok(tagged.iter().filter_map(choice).collect());
    }
    let choice = |choice: PyResult<Bound<'py, PyAny>>| {
        let choice = choice?;
        match choice.cast::<PyTuple>() {
            Ok(labelled) => {
                Ok(Choice { schema: labelled.get_item(0)?.cast_into()?, label: Some(labelled.get_item(1)?) })
            }
            Err(_) => Ok(Choice { schema: choice.cast_into()?, label: None }),
        }
    };
    choices.try_iter()?.map(choice).collect()
}

/// Whether a node is text, or a record by reference: what shows before a validator around it has run.
pub(crate) fn references_text<'py>(
    schema: &CoreSchema<'py>,
    definitions: &CoreSchema<'py>,
) -> PyResult<bool> {
    Ok(match kind(schema)?.as_str() {
        "str" => true,
        "definition-ref" => match referred(schema, definitions)? {
            Some(definition) => has_own_config(&definition)?,
            None => false,
        },
        _ => false,
    })
}
