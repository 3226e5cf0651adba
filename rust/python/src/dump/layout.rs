//! Layouts: what a core schema says of values that they do not tell themselves.
//!
//! A model tells everything by its class. That a dict is a typed dict, with fields that have aliases or are excluded,
//! only its schema tells; and so for a dataclass of the standard library. Where there is nothing of the kind, which is
//! nearly everywhere, there is no layout.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::options::Options;

/// The layouts that a schema refers to.
#[derive(Default)]
pub(crate) struct Layouts {
    layouts: Vec<Layout>,
    root: Option<LayoutId>,
}

/// A layout, by its place among those of its schema.
pub(super) type LayoutId = usize;

enum Layout {
    /// The members of an array, or the values of a dict, have this layout.
    Each(LayoutId),
    /// The first members of an array have layouts of their own, those behind them the last one.
    Places(Vec<Option<LayoutId>>, Option<LayoutId>),
    Record(Record),
    /// It has one of these. Empty until what it refers to has been read.
    OneOf(Vec<LayoutId>),
}

/// A record: something with named fields.
pub(super) struct Record {
    form: Form,
    pub(super) fields: Vec<Field>,
    /// The places of the fields, by name.
    places: Py<PyDict>,
    /// The layout of what no field names.
    pub(super) extra: Option<LayoutId>,
    /// What the config says, where it is the record's own that counts.
    pub(super) options: Option<Arc<Options>>,
}

#[derive(PartialEq, Eq)]
enum Form {
    Model,
    TypedDict,
    /// A dataclass, by the address of the class.
    Dataclass(usize),
}

/// A declared field.
pub(super) struct Field {
    pub(super) name: Py<PyString>,
    pub(super) excluded: bool,
    /// The serialization alias.
    pub(super) alias: Option<Py<PyString>>,
    /// Whether it may be there without having arrived.
    has_default: bool,
    /// Where in the input it is, unless under its name: a key, a path of keys, or a list of paths.
    pub(super) source: Option<Py<PyAny>>,
    pub(super) layout: Option<LayoutId>,
}

impl Field {
    /// A field of which only the name is known.
    pub(super) fn plain(name: Py<PyString>) -> Self {
        Self { name, excluded: false, alias: None, has_default: true, source: None, layout: None }
    }
}

impl Layouts {
    /// The layouts of the values that a core schema describes.
    pub(crate) fn of_schema(schema: &Bound<'_, PyDict>) -> PyResult<Self> {
        let mut compiler = Compiler::default();
        let root = compiler.layout(schema)?;
        Ok(Self { layouts: compiler.layouts, root })
    }

    /// The layouts of a class, a model or a dataclass, by its core schema, and what its config says. None if the
    /// schema is not one of a class.
    pub(super) fn of_class(schema: &Bound<'_, PyDict>) -> PyResult<Option<(Self, Arc<Options>)>> {
        let mut compiler = Compiler::default();
        let mut class = schema.clone();
        let fields = loop {
            let is_class = matches!(text(&class, "type")?.as_deref(), Some("model" | "dataclass"));
            match compiler.within(&class)? {
                Some(inner) if is_class => break inner,
                Some(inner) => class = inner,
                None => return Ok(None),
            }
        };
        let options = Arc::new(Options::of_config(child(&class, "config")?.as_ref())?);
        let root = if flag(&class, "root_model")? {
            compiler.layout(&fields)?
        } else {
            let record = compiler.fields_within(fields, Form::Model)?;
            record.map(|record| compiler.add(Layout::Record(record)))
        };
        Ok(Some((Self { layouts: compiler.layouts, root }, options)))
    }

    /// The layout of a record of which no schema is known.
    pub(super) fn of_fields(py: Python<'_>, fields: Vec<Field>) -> PyResult<Self> {
        let record = Record::new(py, Form::Model, fields, None)?;
        Ok(Self { layouts: vec![Layout::Record(record)], root: Some(0) })
    }

    pub(super) fn root(&self) -> Option<LayoutId> {
        self.root
    }

    pub(super) fn record(&self, id: LayoutId) -> Option<&Record> {
        match self.layouts.get(id)? {
            Layout::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The layout of the member at `place` of an array.
    pub(super) fn member(&self, id: LayoutId, place: usize) -> Option<LayoutId> {
        match &self.layouts[id] {
            Layout::Each(each) => Some(*each),
            Layout::Places(places, rest) => *places.get(place).unwrap_or(rest),
            Layout::OneOf(choices) => choices.iter().find_map(|choice| self.member(*choice, place)),
            Layout::Record(_) => None,
        }
    }

    /// The layout of the values of a dict that is no typed one.
    pub(super) fn value(&self, id: LayoutId) -> Option<LayoutId> {
        match &self.layouts[id] {
            Layout::Each(each) => Some(*each),
            Layout::OneOf(choices) => choices.iter().find_map(|choice| self.value(*choice)),
            Layout::Places(..) | Layout::Record(_) => None,
        }
    }

    /// The typed dict that a dict is: of several the one that names most of its keys.
    pub(super) fn typed_dict(&self, id: LayoutId, dict: &Bound<'_, PyDict>) -> Option<LayoutId> {
        let mut records = Vec::new();
        self.find(id, &Form::TypedDict, &mut records);
        let known = |id: &LayoutId| {
            let record = self.record(*id);
            dict.keys().iter().filter(|key| record.is_some_and(|record| record.field(key).is_some())).count()
        };
        match *records {
            [] => None,
            [only] => Some(only),
            // The last of the greatest is the first of them.
            _ => records.into_iter().rev().max_by_key(known),
        }
    }

    /// Whether it depends on what is in a dict which typed dict it is.
    pub(super) fn is_ambiguous(&self, id: LayoutId) -> bool {
        let mut records = Vec::new();
        self.find(id, &Form::TypedDict, &mut records);
        records.len() > 1
    }

    /// The dataclass that the instances of `class` are.
    pub(super) fn dataclass(&self, id: LayoutId, class: usize) -> Option<LayoutId> {
        let mut records = Vec::new();
        self.find(id, &Form::Dataclass(class), &mut records);
        records.first().copied()
    }

    fn find(&self, id: LayoutId, form: &Form, found: &mut Vec<LayoutId>) {
        match &self.layouts[id] {
            Layout::Record(record) if record.form == *form => found.push(id),
            Layout::OneOf(choices) => choices.iter().for_each(|choice| self.find(*choice, form, found)),
            _ => {}
        }
    }
}

impl Record {
    fn new(py: Python<'_>, form: Form, fields: Vec<Field>, extra: Option<LayoutId>) -> PyResult<Self> {
        let places = PyDict::new(py);
        for (place, field) in fields.iter().enumerate() {
            places.set_item(&field.name, place)?;
        }
        Ok(Self { form, fields, places: places.unbind(), extra, options: None })
    }

    /// The field that has a name.
    pub(super) fn field(&self, name: &Bound<'_, PyAny>) -> Option<&Field> {
        let place: usize = self.places.bind(name.py()).get_item(name).ok()??.extract().ok()?;
        self.fields.get(place)
    }

    /// Whether its values alone are its dump, but for what is in them.
    pub(super) fn is_plain(&self, by_alias: bool) -> bool {
        let plain =
            |field: &Field| !field.excluded && field.layout.is_none() && (field.alias.is_none() || !by_alias);
        self.fields.iter().all(plain)
    }

    /// Whether it says anything that its values do not.
    fn tells(&self) -> bool {
        let tells = |field: &Field| {
            let is_named = field.alias.is_some() || field.source.is_some();
            field.excluded || field.has_default || is_named || field.layout.is_some()
        };
        self.options.is_some() || self.extra.is_some() || self.fields.iter().any(tells)
    }
}

#[derive(Default)]
struct Compiler<'py> {
    layouts: Vec<Layout>,
    definitions: HashMap<String, Bound<'py, PyDict>>,
    /// The layouts of the definitions that have been referred to.
    referred: HashMap<String, LayoutId>,
}

impl<'py> Compiler<'py> {
    fn add(&mut self, layout: Layout) -> LayoutId {
        self.layouts.push(layout);
        self.layouts.len() - 1
    }

    /// The node that stands within another one, and describes the same value.
    fn within(&mut self, schema: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyDict>>> {
        match text(schema, "type")?.as_deref() {
            Some("definitions") => {
                for definition in list(schema, "definitions")? {
                    if let Some(name) = text(&definition, "ref")? {
                        self.definitions.insert(name, definition);
                    }
                }
                child(schema, "schema")
            }
            Some("definition-ref") => {
                Ok(text(schema, "schema_ref")?.and_then(|name| self.definitions.get(&name).cloned()))
            }
            Some("lax-or-strict") => child(schema, "lax_schema"),
            Some("json-or-python") => child(schema, "json_schema"),
            _ => child(schema, "schema"),
        }
    }

    fn layout(&mut self, schema: &Bound<'py, PyDict>) -> PyResult<Option<LayoutId>> {
        match text(schema, "type")?.as_deref() {
            Some("list" | "deque" | "set" | "frozenset") => self.each(schema, "items_schema"),
            Some("dict" | "frozendict" | "ordered-dict" | "counter") => self.each(schema, "values_schema"),
            Some("tuple") => self.tuple(schema),
            Some("named-tuple") => {
                let fields = list(schema, "fields")?.into_iter();
                self.places(fields.map(|field| child(&field, "schema")).collect::<PyResult<_>>()?, None)
            }
            Some("union") => self.one_of(list(schema, "choices")?),
            Some("chain") => self.one_of(list(schema, "steps")?),
            Some("tagged-union") => {
                let choices = child(schema, "choices")?.map(|choices| choices.values());
                let choices = choices.iter().flatten().filter_map(|choice| choice.cast_into().ok());
                self.one_of(choices.collect())
            }
            Some("definition-ref") => self.reference(schema),
            // Pydantic writes its values by the config around it, not by its own.
            Some("typed-dict") => self.record(schema.clone(), Form::TypedDict, None),
            Some("dataclass") => match (schema.get_item("cls")?, child(schema, "schema")?) {
                (Some(class), Some(fields)) => {
                    let options = Options::of_config(child(schema, "config")?.as_ref())?;
                    let form = Form::Dataclass(class.as_ptr() as usize);
                    self.record(fields, form, Some(options).filter(|options| *options != Options::default()))
                }
                _ => Ok(None),
            },
            // It tells its own.
            Some("model") => Ok(None),
            _ => match self.within(schema)? {
                Some(inner) => self.layout(&inner),
                None => Ok(None),
            },
        }
    }

    fn each(&mut self, schema: &Bound<'py, PyDict>, key: &str) -> PyResult<Option<LayoutId>> {
        let Some(inner) = child(schema, key)? else { return Ok(None) };
        let each = self.layout(&inner)?;
        Ok(each.map(|each| self.add(Layout::Each(each))))
    }

    fn tuple(&mut self, schema: &Bound<'py, PyDict>) -> PyResult<Option<LayoutId>> {
        let mut items = list(schema, "items_schema")?;
        let variadic: Option<usize> =
            schema.get_item("variadic_item_index")?.and_then(|index| index.extract().ok());
        let rest = variadic.filter(|variadic| *variadic < items.len()).map(|variadic| {
            // What comes behind has no place of its own.
            items.truncate(variadic + 1);
            items.remove(variadic)
        });
        self.places(items.into_iter().map(Some).collect(), rest)
    }

    fn places(
        &mut self,
        items: Vec<Option<Bound<'py, PyDict>>>,
        rest: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Option<LayoutId>> {
        let mut layout = |item: Option<Bound<'py, PyDict>>| item.map_or(Ok(None), |item| self.layout(&item));
        let places = items.into_iter().map(&mut layout).collect::<PyResult<Vec<_>>>()?;
        let rest = layout(rest)?;
        let tells = rest.is_some() || places.iter().any(Option::is_some);
        Ok(tells.then(|| self.add(Layout::Places(places, rest))))
    }

    fn one_of(&mut self, choices: Vec<Bound<'py, PyDict>>) -> PyResult<Option<LayoutId>> {
        let mut layouts = Vec::new();
        for choice in choices {
            layouts.extend(self.layout(&choice)?);
        }
        Ok(match *layouts {
            [] => None,
            [only] => Some(only),
            _ => Some(self.add(Layout::OneOf(layouts))),
        })
    }

    fn reference(&mut self, schema: &Bound<'py, PyDict>) -> PyResult<Option<LayoutId>> {
        let Some(name) = text(schema, "schema_ref")? else { return Ok(None) };
        if let Some(id) = self.referred.get(&name) {
            return Ok(Some(*id));
        }
        let Some(definition) = self.definitions.get(&name).cloned() else { return Ok(None) };
        // It may refer to itself.
        let id = self.add(Layout::OneOf(Vec::new()));
        self.referred.insert(name, id);
        let layout = self.layout(&definition)?;
        self.layouts[id] = Layout::OneOf(layout.into_iter().collect());
        Ok(layout.map(|_| id))
    }

    /// The layout of a record whose fields are declared in a node.
    fn record(
        &mut self,
        fields: Bound<'py, PyDict>,
        form: Form,
        options: Option<Options>,
    ) -> PyResult<Option<LayoutId>> {
        let Some(mut record) = self.fields_within(fields, form)? else { return Ok(None) };
        record.options = options.map(Arc::new);
        Ok(record.tells().then(|| self.add(Layout::Record(record))))
    }

    /// The record whose fields are declared in a node, which may stand within validators.
    fn fields_within(&mut self, schema: Bound<'py, PyDict>, form: Form) -> PyResult<Option<Record>> {
        let mut schema = schema;
        while !schema.contains("fields")? {
            match self.within(&schema)? {
                Some(inner) => schema = inner,
                None => return Ok(None),
            }
        }
        let mut fields = Vec::new();
        for (name, field) in named(&schema)? {
            if flag(&field, "init_only")? {
                continue;
            }
            let inner = child(&field, "schema")?;
            let has_default = inner.as_ref().is_some_and(has_default);
            let layout = inner.map_or(Ok(None), |inner| self.layout(&inner))?;
            let alias = field.get_item("serialization_alias")?;
            let source = field.get_item("validation_alias")?;
            fields.push(Field {
                name: name.unbind(),
                excluded: flag(&field, "serialization_exclude")?,
                alias: alias.and_then(|alias| alias.cast_into().ok()).map(Bound::unbind),
                has_default,
                source: source.filter(|source| !source.is_none()).map(Bound::unbind),
                layout,
            });
        }
        let extra = match child(&schema, "extras_schema")? {
            Some(inner) => self.layout(&inner)?,
            None => None,
        };
        Record::new(schema.py(), form, fields, extra).map(Some)
    }
}

/// Whether the record that a node declares has fields with defaults.
pub(super) fn fields_have_defaults(schema: &Bound<'_, PyDict>) -> PyResult<bool> {
    let mut fields = named(schema)?.into_iter();
    Ok(fields
        .any(|(_, field)| child(&field, "schema").is_ok_and(|inner| inner.as_ref().is_some_and(has_default))))
}

fn has_default(schema: &Bound<'_, PyDict>) -> bool {
    text(schema, "type").is_ok_and(|kind| kind.as_deref() == Some("default"))
}

fn text(schema: &Bound<'_, PyDict>, key: &str) -> PyResult<Option<String>> {
    schema.get_item(key)?.map(|value| value.extract()).transpose()
}

fn flag(schema: &Bound<'_, PyDict>, key: &str) -> PyResult<bool> {
    Ok(schema.get_item(key)?.is_some_and(|value| value.extract().unwrap_or(false)))
}

fn child<'py>(schema: &Bound<'py, PyDict>, key: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
    Ok(schema.get_item(key)?.and_then(|value| value.cast_into().ok()))
}

/// The nodes in a list, of which a choice may come with a label.
fn list<'py>(schema: &Bound<'py, PyDict>, key: &str) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let items = schema.get_item(key)?.and_then(|items| items.cast_into::<PyList>().ok());
    let unlabelled = |item: Bound<'py, PyAny>| match item.cast::<PyTuple>() {
        Ok(labelled) => labelled.get_item(0).ok(),
        Err(_) => Some(item),
    };
    Ok(items.iter().flatten().filter_map(|item| unlabelled(item)?.cast_into().ok()).collect())
}

/// The fields that a node declares, by name or in a list.
fn named<'py>(schema: &Bound<'py, PyDict>) -> PyResult<Vec<(Bound<'py, PyString>, Bound<'py, PyDict>)>> {
    if let Some(fields) = child(schema, "fields")? {
        return fields.iter().map(|(name, field)| Ok((name.cast_into()?, field.cast_into()?))).collect();
    }
    let fields = list(schema, "fields")?.into_iter();
    fields
        .filter_map(|field| field.get_item("name").transpose().map(|name| Ok((name?.cast_into()?, field))))
        .collect()
}
