//! Classes: how their instances are dumped, found out once for each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{
    PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple, PyType, PyWeakrefMethods, PyWeakrefReference,
};

use super::layout::{Field, Layouts};
use super::options::Options;

use crate::once::{Once, intern};

/// How the instances of a class are dumped.
#[derive(Clone)]
pub(super) enum Kind {
    /// As they are, or as what Pydantic makes of them in JSON.
    Atom,
    /// As they are, or as their `str`.
    Text,
    /// As they are, or masked.
    Secret,
    /// As they are, or as their value.
    Enum,
    /// As they are. Their JSON form could not be had without running code of the user's, or using them up.
    Opaque,
    /// A list, tuple, set or deque.
    Array,
    Dict,
    Model(Arc<Class>),
    /// A model that is its root.
    Root(Arc<Class>),
    Dataclass(Arc<Class>),
}

/// A class with fields.
#[derive(Default)]
pub(super) struct Class {
    pub(super) layouts: Arc<Layouts>,
    /// What its config says.
    pub(super) options: Arc<Options>,
}

/// The classes that have been seen lately, by their addresses: it is the same one if the weak reference leads to it.
type Seen = HashMap<usize, (Py<PyWeakrefReference>, Kind)>;

static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

/// So many classes are remembered.
const MANY: usize = 4096;

/// The classes that all others are told by.
struct Bases {
    model: Py<PyType>,
    enumeration: Py<PyType>,
    deque: Py<PyType>,
}

static BASES: Once<Bases> = Once::new();

/// What Pydantic writes as text, by the module and the name of the class.
const TEXTS: [(&str, &str); 11] = [
    ("fractions", "Fraction"),
    ("ipaddress", "IPv4Address"),
    ("ipaddress", "IPv4Interface"),
    ("ipaddress", "IPv4Network"),
    ("ipaddress", "IPv6Address"),
    ("ipaddress", "IPv6Interface"),
    ("ipaddress", "IPv6Network"),
    ("pydantic.networks", "NameEmail"),
    ("pydantic.networks", "_BaseMultiHostUrl"),
    ("pydantic.networks", "_BaseUrl"),
    ("zoneinfo", "ZoneInfo"),
];

const SECRETS: [(&str, &str); 3] =
    [("pydantic.types", "Secret"), ("pydantic.types", "SecretBytes"), ("pydantic.types", "SecretStr")];

/// Mappings that are no dicts.
const MAPPINGS: [(&str, &str); 2] = [("builtins", "frozendict"), ("frozendict", "frozendict")];

/// How the instances of `class` are dumped.
pub(super) fn kind_of(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    let address = class.as_ptr() as usize;
    // While the lock is held no code of Python's runs, not even that of an object's end.
    let lock = || SEEN.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
    let seen = lock()
        .as_ref()
        .and_then(|seen| seen.get(&address).map(|(reference, kind)| (reference.clone_ref(py), kind.clone())));
    if let Some((reference, kind)) = seen
        && reference.bind(py).upgrade().is_some_and(|known| known.is(class))
    {
        return Ok(kind);
    }
    let (kind, is_complete) = find_out(class)?;
    if is_complete {
        let reference = PyWeakrefReference::new(class)?.unbind();
        let forgotten = {
            let mut seen = lock();
            let seen = seen.get_or_insert_default();
            let all = if seen.len() < MANY { Seen::new() } else { std::mem::take(seen) };
            (seen.insert(address, (reference, kind.clone())), all)
        };
        drop(forgotten);
    }
    Ok(kind)
}

/// How the instances of a class are dumped, and whether that will stay so.
fn find_out(class: &Bound<'_, PyType>) -> PyResult<(Kind, bool)> {
    let py = class.py();
    let ancestors = class.mro();
    let is = |base: &Bound<'_, PyType>| ancestors.iter().any(|ancestor| ancestor.is(base));
    let is_one_of = |names: &[(&str, &str)]| {
        ancestors
            .iter()
            .filter_map(|ancestor| name_of(&ancestor))
            .any(|(module, name)| names.contains(&(module.as_str(), name.as_str())))
    };
    let has = |name: &Bound<'_, PyString>| ancestors.iter().any(|ancestor| own(&ancestor, name).is_some());
    let arrays = [
        PyList::type_object(py),
        PyTuple::type_object(py),
        PySet::type_object(py),
        PyFrozenSet::type_object(py),
    ];
    let bases = BASES.get_or_try_init(|| bases(py))?;
    let kind = if is(bases.model.bind(py)) {
        let (class, is_root, is_complete) = model(class)?;
        let kind = if is_root { Kind::Root(class) } else { Kind::Model(class) };
        return Ok((kind, is_complete));
    } else if has(intern!(py, "__dataclass_fields__")) {
        let (class, is_complete) = dataclass(class)?;
        return Ok((Kind::Dataclass(class), is_complete));
    } else if is(bases.enumeration.bind(py)) {
        Kind::Enum
    } else if arrays.iter().any(is) || is(bases.deque.bind(py)) {
        Kind::Array
    } else if is(&PyDict::type_object(py)) || is_one_of(&MAPPINGS) {
        Kind::Dict
    } else if is_one_of(&SECRETS) {
        Kind::Secret
    } else if is_one_of(&TEXTS) {
        Kind::Text
    } else if has(intern!(py, "__next__")) || has(intern!(py, "__pydantic_serializer__")) {
        Kind::Opaque
    } else {
        Kind::Atom
    };
    Ok((kind, true))
}

fn bases(py: Python<'_>) -> PyResult<Bases> {
    let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
        Ok(py.import(module)?.getattr(name)?.cast_into()?.unbind())
    };
    Ok(Bases {
        model: class("pydantic", "BaseModel")?,
        enumeration: class("enum", "Enum")?,
        deque: class("collections", "deque")?,
    })
}

fn name_of(class: &Bound<'_, PyAny>) -> Option<(String, String)> {
    let class = class.cast::<PyType>().ok()?;
    Some((class.module().ok()?.to_string(), class.name().ok()?.to_string()))
}

/// What the class itself has under a name, by nobody's `__getattr__`.
fn own<'py>(class: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    let namespace = class.getattr(intern!(class.py(), "__dict__")).ok()?;
    namespace.get_item(name).ok()
}

/// A model, whether it is its root, and whether that will stay so.
fn model(class: &Bound<'_, PyType>) -> PyResult<(Arc<Class>, bool, bool)> {
    let py = class.py();
    let is_root =
        class.getattr(intern!(py, "__pydantic_root_model__")).is_ok_and(|is| is.is_truthy().unwrap_or(false));
    if let Some(known) = by_schema(class) {
        return Ok((Arc::new(known), is_root, true));
    }
    // Its schema is not complete yet, or one of the user's own.
    let config = class.getattr(intern!(py, "model_config")).ok().and_then(|config| config.cast_into().ok());
    let options = Options::of_config(config.as_ref()).unwrap_or_default();
    let layouts = if is_root { Layouts::default() } else { declared(class)? };
    Ok((Arc::new(Class { layouts: Arc::new(layouts), options: Arc::new(options) }), is_root, false))
}

fn dataclass(class: &Bound<'_, PyType>) -> PyResult<(Arc<Class>, bool)> {
    let py = class.py();
    if let Some(known) = by_schema(class) {
        return Ok((Arc::new(known), true));
    }
    let mut fields = Vec::new();
    for field in py.import("dataclasses")?.getattr("fields")?.call1((class,))?.try_iter()? {
        fields.push(Field::plain(field?.getattr("name")?.cast_into()?.unbind()));
    }
    let layouts = Layouts::of_fields(py, fields)?;
    // One of Pydantic's may not be complete yet.
    let is_complete = own(class, intern!(py, "__pydantic_core_schema__")).is_none();
    Ok((Arc::new(Class { layouts: Arc::new(layouts), options: Arc::default() }), is_complete))
}

/// A class, as its own core schema has it.
fn by_schema(class: &Bound<'_, PyType>) -> Option<Class> {
    let schema = own(class, intern!(class.py(), "__pydantic_core_schema__"))?.cast_into().ok()?;
    let (layouts, options) = Layouts::of_class(&schema).ok()??;
    Some(Class { layouts: Arc::new(layouts), options })
}

/// The layout of a model, as its fields are declared.
fn declared(class: &Bound<'_, PyType>) -> PyResult<Layouts> {
    let py = class.py();
    let mut fields = Vec::new();
    if let Ok(declared) =
        class.getattr(intern!(py, "__pydantic_fields__")).and_then(|fields| Ok(fields.cast_into::<PyDict>()?))
    {
        for (name, info) in declared.iter() {
            let Ok(name) = name.cast_into::<PyString>() else { continue };
            let alias = info.getattr(intern!(py, "serialization_alias")).ok();
            let excluded = info.getattr(intern!(py, "exclude")).ok();
            let mut field = Field::plain(name.unbind());
            field.alias = alias.and_then(|alias| alias.cast_into().ok()).map(Bound::unbind);
            field.excluded = excluded.is_some_and(|excluded| excluded.extract().unwrap_or(false));
            fields.push(field);
        }
    }
    Layouts::of_fields(py, fields)
}
