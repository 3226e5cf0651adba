//! Which schemas run code of the user's, and which of it looks at the fields around it.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyString, PyType};

use super::dict::{CoreSchema, child, flag, item, kind};
use super::key;
use super::parts::RECORDS;
use super::walk::{inner_nodes, name_of};
use crate::once::{Once, intern};

/// The function by which `Enum` finds no member.
static DEFAULT_MISSING: Once<Py<PyAny>> = Once::new();

/// What a schema runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserCode {
    /// Validators, factories or hooks: what must not run twice for one value.
    pub(crate) any: bool,
    /// Validators that are told of the values of other fields: what cannot run for one value alone.
    pub(crate) looks_around: bool,
}

/// What the named nodes of a core schema run, each with all that is within it.
#[derive(Debug, Default)]
pub(crate) struct UserCodeIndex {
    by_name: HashMap<PyBackedStr, UserCode>,
}

/// A named node: what it runs itself, and the named nodes within it.
#[derive(Default)]
struct Entry {
    code: UserCode,
    inner: Vec<Inner>,
}

/// A named node within another one.
struct Inner {
    name: PyBackedStr,
    /// Whether a record lies between the two: its fields are then not the ones around the outer node.
    apart: bool,
}

impl UserCodeIndex {
    /// Indexes a core schema. Costs one look at each named node, however often it is written down.
    pub(crate) fn new(schema: &CoreSchema<'_>, definitions: &CoreSchema<'_>) -> PyResult<Self> {
        let mut entries: HashMap<PyBackedStr, Entry> = HashMap::new();
        let mut waiting = vec![schema.clone()];
        for (_, definition) in definitions.iter() {
            waiting.push(definition.cast_into()?);
        }
        while let Some(schema) = waiting.pop() {
            let name = name_of(&schema)?;
            if name.as_ref().is_some_and(|name| entries.contains_key(name)) {
                continue;
            }
            let mut entry = Entry::default();
            entry.read(&schema, false, &mut |named| waiting.push(named.clone()))?;
            if let Some(name) = name {
                entries.insert(name, entry);
            }
        }
        Ok(Self { by_name: closed(schema.py(), &entries) })
    }

    /// What a node runs.
    pub(crate) fn find(&self, schema: &CoreSchema<'_>) -> PyResult<UserCode> {
        if let Some(code) = name_of(schema)?.and_then(|name| self.by_name.get(&name)) {
            return Ok(*code);
        }
        let mut entry = Entry::default();
        entry.read(schema, false, &mut |_| {})?;
        let mut code = entry.code;
        for Inner { name, apart } in &entry.inner {
            if let Some(inner) = self.by_name.get(name) {
                code.take(*inner, *apart);
            }
        }
        Ok(code)
    }
}

/// What the named nodes run, all that is within them counted.
fn closed(py: Python<'_>, entries: &HashMap<PyBackedStr, Entry>) -> HashMap<PyBackedStr, UserCode> {
    let mut outer: HashMap<&str, Vec<(&str, bool)>> = HashMap::new();
    for (name, entry) in entries {
        for inner in &entry.inner {
            outer.entry(&inner.name).or_default().push((name, inner.apart));
        }
    }
    let mut codes: HashMap<PyBackedStr, UserCode> =
        entries.iter().map(|(name, entry)| (name.clone_ref(py), entry.code)).collect();
    let mut waiting: Vec<&str> = entries.keys().map(PyBackedStr::as_str).collect();
    while let Some(name) = waiting.pop() {
        let Some(&code) = codes.get(name) else { continue };
        for &(outer, apart) in outer.get(name).into_iter().flatten() {
            if codes.get_mut(outer).is_some_and(|codes| codes.take(code, apart)) {
                waiting.push(outer);
            }
        }
    }
    codes
}

impl UserCode {
    /// Takes in what a node within this one runs. True if that is new.
    fn take(&mut self, inner: Self, apart: bool) -> bool {
        let before = *self;
        self.any |= inner.any;
        self.looks_around |= inner.looks_around && !apart;
        *self != before
    }
}

impl Entry {
    /// Reads a node up to the named nodes within it, of which `named` is told. `apart` is set within a record.
    fn read<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        apart: bool,
        named: &mut impl FnMut(&CoreSchema<'py>),
    ) -> PyResult<()> {
        let kind = kind(schema)?;
        if kind == "definition-ref" {
            let name = item(schema, key!("schema_ref"))?.extract()?;
            self.inner.push(Inner { name, apart });
            return Ok(());
        }
        if let Some(function) = child(schema, key!("function"))?
            && !is_pydantics(&item(&function, key!("function"))?)
        {
            self.code.any = true;
            let told = item(&function, key!("type"))?.eq("with-info")?;
            self.code.looks_around |= told && !apart;
        }
        self.code.any |= runs_itself(&kind, schema)?;
        let apart = apart || RECORDS.contains(&kind.as_str());
        for inner in inner_nodes(schema)? {
            match name_of(&inner)? {
                Some(name) => {
                    named(&inner);
                    self.inner.push(Inner { name, apart });
                }
                None => self.read(&inner, apart, named)?,
            }
        }
        Ok(())
    }
}

fn runs_itself(kind: &str, schema: &CoreSchema<'_>) -> PyResult<bool> {
    Ok(match kind {
        "model" => flag(schema, key!("custom_init"))? == Some(true) || runs_post_init(schema)?,
        "dataclass" => flag(schema, key!("post_init"))? == Some(true),
        "enum" => finds_missing(schema)?,
        "tagged-union" => item(schema, key!("discriminator"))?.is_callable(),
        "default" => match schema.get_item(key!("default_factory"))? {
            Some(factory) => !is_plain_factory(&factory),
            None => false,
        },
        _ => false,
    })
}

/// Whether a model has a `model_post_init` of the user's. Pydantic's own makes the private attributes.
pub(crate) fn runs_post_init(model: &CoreSchema<'_>) -> PyResult<bool> {
    let Some(name) = model.get_item(key!("post_init"))? else { return Ok(false) };
    let method = item(model, key!("cls"))?.getattr(name.cast::<PyString>()?)?;
    Ok(!is_pydantics(&method))
}

/// Whether a function is one of Pydantic's own, which look at nothing but their value.
fn is_pydantics(function: &Bound<'_, PyAny>) -> bool {
    let module = module_of(&called(function));
    module.is_some_and(|module| &*module == "pydantic" || module.starts_with("pydantic."))
}

/// Whether an enum looks for members of values that none has, by code of its own.
pub(crate) fn finds_missing(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let py = schema.py();
    let function = |class: &Bound<'_, PyAny>| {
        class.getattr(intern!(py, "_missing_"))?.getattr(intern!(py, "__func__")).map(Bound::unbind)
    };
    let own = function(&item(schema, key!("cls"))?)?;
    let default = DEFAULT_MISSING.get_or_try_init(|| function(&py.import("enum")?.getattr("Enum")?))?;
    Ok(schema.contains(key!("missing"))? || !own.is(default))
}

/// Whether the function of a node makes a value of another type of what it is given: a secret, a path, a size.
pub(crate) fn makes_another(schema: &CoreSchema<'_>) -> PyResult<bool> {
    let function = item(schema, key!("function"))?.get_item(key!("function"))?;
    if let Ok(class) = function.cast::<PyType>() {
        return class.is_subclass_of::<PyString>().map(|is_text| !is_text);
    }
    Ok(is_of(
        &function,
        &["pydantic.types", "pydantic._internal._generate_schema", "pydantic._internal._std_types_schema"],
    ))
}

/// Whether a function is one of those with which Pydantic makes a container of the one that it validates.
pub(crate) fn is_container_maker(function: &CoreSchema<'_>) -> PyResult<bool> {
    let function = item(function, key!("function"))?;
    // The second is where they are up to Pydantic 2.10.
    let modules = ["pydantic._internal._validators", "pydantic._internal._std_types_schema"];
    Ok(is_of(&called(&function), &modules))
}

/// What a `functools.partial` calls; any other function is itself.
fn called<'py>(function: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    let inner = function.getattr_opt(intern!(function.py(), "func"));
    inner.ok().flatten().unwrap_or_else(|| function.clone())
}

/// Whether a function is of one of these modules.
fn is_of(function: &Bound<'_, PyAny>, modules: &[&str]) -> bool {
    module_of(function).is_some_and(|module| modules.contains(&module.as_str()))
}

fn module_of(function: &Bound<'_, PyAny>) -> Option<PyBackedStr> {
    function.getattr(intern!(function.py(), "__module__")).ok()?.extract().ok()
}

/// Whether a default factory is a builtin class, such as `list`: nobody sees how often that is called.
pub(crate) fn is_plain_factory(factory: &Bound<'_, PyAny>) -> bool {
    factory.is_instance_of::<PyType>() && is_of(factory, &["builtins"])
}
