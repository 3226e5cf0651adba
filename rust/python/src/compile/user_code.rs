//! Which schemas run code of the user's, and which of it looks at the fields around it.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use super::core_schema::{CoreSchema, child, flag, item, kind};
use super::walk::inner_nodes;

/// What a schema runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UserCode {
    /// Validators, factories or hooks: what must not run twice for one value.
    pub(super) any: bool,
    /// Validators that are told of the values of other fields: what cannot run for one value alone.
    pub(super) looks_around: bool,
}

/// Searches a schema, and the definitions it refers to.
pub(super) fn find(schema: &CoreSchema<'_>, definitions: &CoreSchema<'_>) -> PyResult<UserCode> {
    let mut search = Search { definitions, seen: HashSet::new(), found: UserCode::default() };
    search.node(schema, false)?;
    Ok(search.found)
}

struct Search<'s, 'py> {
    definitions: &'s CoreSchema<'py>,
    /// The definitions seen, each apart from the record searched or within it.
    seen: HashSet<(String, bool)>,
    found: UserCode,
}

impl Search<'_, '_> {
    /// `apart` is set within another record: its fields are not the ones around this schema.
    fn node(&mut self, schema: &CoreSchema<'_>, apart: bool) -> PyResult<()> {
        let kind = kind(schema)?;
        if kind == "definition-ref" {
            let name: String = item(schema, "schema_ref")?.extract()?;
            return match child(self.definitions, &name)? {
                Some(definition) if self.seen.insert((name, apart)) => self.node(&definition, apart),
                _ => Ok(()),
            };
        }
        if let Some(function) = child(schema, "function")?
            && !is_pydantics(&item(&function, "function")?)
        {
            self.found.any = true;
            let told = item(&function, "type")?.eq("with-info")?;
            self.found.looks_around |= told && !apart;
        }
        self.found.any |= runs_itself(&kind, schema)?;
        let apart = apart || matches!(kind.as_str(), "model" | "dataclass" | "typed-dict");
        inner_nodes(schema)?.iter().try_for_each(|inner| self.node(inner, apart))
    }
}

fn runs_itself(kind: &str, schema: &CoreSchema<'_>) -> PyResult<bool> {
    Ok(match kind {
        "model" => flag(schema, "custom_init")? == Some(true) || schema.contains("post_init")?,
        "dataclass" => flag(schema, "post_init")? == Some(true),
        "enum" => finds_missing(schema)?,
        "tagged-union" => item(schema, "discriminator")?.is_callable(),
        "default" => match schema.get_item("default_factory")? {
            Some(factory) => !is_plain_factory(&factory)?,
            None => false,
        },
        _ => false,
    })
}

/// Whether a function is one of Pydantic's own, which look at nothing but their value.
fn is_pydantics(function: &Bound<'_, PyAny>) -> bool {
    let module = module_of(&function.getattr("func").unwrap_or_else(|_| function.clone()));
    module == "pydantic" || module.starts_with("pydantic.")
}

/// Whether an enum looks for members of values that none has, by code of its own.
pub(super) fn finds_missing(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let py = schema.py();
    let own = item(schema, "cls")?.getattr("_missing_")?.getattr("__func__")?;
    let default = py.import("enum")?.getattr("Enum")?.getattr("_missing_")?.getattr("__func__")?;
    Ok(schema.contains("missing")? || !own.is(&default))
}

/// Whether the function of a node makes a value of another type of what it is given: a secret, a path, a size.
pub(super) fn makes_another(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let function = item(schema, "function")?.get_item("function")?;
    if let Ok(class) = function.cast::<PyType>() {
        return class.is_subclass_of::<PyString>().map(|is_text| !is_text);
    }
    let module = module_of(&function);
    Ok(["pydantic.types", "pydantic._internal._generate_schema", "pydantic._internal._std_types_schema"]
        .contains(&module.as_str()))
}

/// Whether a function is one of those with which Pydantic makes a container of the one that it validates.
pub(super) fn is_container_maker(function: &CoreSchema<'_>) -> PyResult<bool> {
    let function = item(function, "function")?;
    let called = function.getattr("func").unwrap_or(function);
    // The second is where they are up to Pydantic 2.10.
    Ok(["pydantic._internal._validators", "pydantic._internal._std_types_schema"]
        .contains(&module_of(&called).as_str()))
}

fn module_of(function: &Bound<'_, PyAny>) -> String {
    function.getattr("__module__").and_then(|module| module.extract()).unwrap_or_default()
}

/// Whether a default factory is a builtin class, such as `list`: nobody sees how often that is called.
pub(super) fn is_plain_factory(factory: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(factory.is_instance_of::<PyType>() && factory.getattr("__module__")?.eq("builtins")?)
}
