//! Walks over a schema and what it refers to.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::dict::{CoreSchema, child, item, kind};
use super::key;

/// The nodes that stand directly within `schema`.
pub(crate) fn inner_nodes<'py>(schema: &CoreSchema<'py>) -> PyResult<Vec<CoreSchema<'py>>> {
    let mut nodes = Vec::new();
    for (key, value) in schema.iter() {
        let key: PyBackedStr = key.extract()?;
        if !matches!(
            key.as_str(),
            "metadata" | "serialization" | "config" | "function" | "default" | "expected"
        ) {
            collect(&value, &mut nodes)?;
        }
    }
    Ok(nodes)
}

/// A value in a node is a node itself, or holds nodes by name or in a list.
fn collect<'py>(value: &Bound<'py, PyAny>, nodes: &mut Vec<CoreSchema<'py>>) -> PyResult<()> {
    if let Ok(dict) = value.cast::<PyDict>() {
        // A field or a tag may be called `type`, too: only in a node is it a string.
        if dict.get_item(key!("type"))?.is_some_and(|kind| kind.is_instance_of::<PyString>()) {
            nodes.push(dict.clone());
            return Ok(());
        }
        return dict.iter().try_for_each(|(_, inner)| collect(&inner, nodes));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return value.try_iter()?.try_for_each(|inner| collect(&inner?, nodes));
    }
    Ok(())
}

/// All definitions of a core schema, by name.
pub(crate) fn definitions<'py>(schema: &CoreSchema<'py>) -> PyResult<CoreSchema<'py>> {
    let definitions = PyDict::new(schema.py());
    let mut schema = schema.clone();
    while kind(&schema)? == "definitions" {
        if let Some(list) = schema.get_item(key!("definitions"))? {
            for definition in list.try_iter()? {
                let definition = definition?;
                definitions.set_item(definition.get_item(key!("ref"))?, definition)?;
            }
        }
        match child(&schema, key!("schema"))? {
            Some(inner) => schema = inner,
            None => break,
        }
    }
    Ok(definitions)
}

/// The definition that a `definition-ref` means.
pub(crate) fn referred<'py>(
    reference: &CoreSchema<'py>,
    definitions: &CoreSchema<'py>,
) -> PyResult<Option<CoreSchema<'py>>> {
    let definition = definitions.get_item(item(reference, key!("schema_ref"))?)?;
    Ok(definition.and_then(|definition| definition.cast_into().ok()))
}

/// The definitions that `schema` reaches, by name.
pub(crate) fn references<'py>(
    schema: &CoreSchema<'py>,
    definitions: &CoreSchema<'py>,
) -> PyResult<CoreSchema<'py>> {
    let reached = PyDict::new(schema.py());
    if definitions.is_empty() {
        return Ok(reached);
    }
    let mut waiting = vec![schema.clone()];
    // Pydantic may write a node down more than once, each time with the same name.
    let mut seen = HashSet::new();
    while let Some(node) = waiting.pop() {
        if kind(&node)? == "definition-ref" {
            let name = item(&node, key!("schema_ref"))?;
            if !reached.contains(&name)?
                && let Some(definition) = referred(&node, definitions)?
            {
                reached.set_item(&name, &definition)?;
                waiting.push(definition);
            }
        }
        if name_of(&node)?.is_none_or(|name| seen.insert(name)) {
            waiting.extend(inner_nodes(&node)?);
        }
    }
    Ok(reached)
}

/// The name by which other nodes may refer to this one.
pub(crate) fn name_of(schema: &CoreSchema<'_>) -> PyResult<Option<PyBackedStr>> {
    schema.get_item(key!("ref"))?.map(|name| name.extract()).transpose()
}
