//! What has arrived of objects that do not remember it themselves: dataclasses, typed dicts and tuples with defaults,
//! and iterators, which would be used up.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PySet, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::class::{Class, Kind, kind_of};
use super::layout::{Field, LayoutId, Layouts, Record, fields_have_defaults};
use crate::core_schema::{inner_nodes, references};
use crate::ffi;
use crate::once::{Once, intern};

static FROM_JSON: Once<Py<PyAny>> = Once::new();

/// What has arrived of some objects.
#[derive(Default)]
pub(crate) struct Arrived {
    /// By the object's address, for as long as it is held here.
    known: HashMap<usize, (Py<PyAny>, Part)>,
}

/// What of an object has arrived.
pub(crate) enum Part {
    /// The fields, or keys, of these names.
    Names(Py<PySet>),
    /// So many members.
    First(usize),
    /// This JSON. To look at the object itself would use it up.
    Json(Py<PyAny>),
}

impl Arrived {
    /// Takes note of what of `object` has arrived.
    pub(crate) fn note(&mut self, object: &Bound<'_, PyAny>, part: Part) {
        self.known.insert(object.as_ptr() as usize, (object.clone().unbind(), part));
    }

    /// What of `object` has arrived. None if it is not known: then it is all that there is.
    pub(super) fn of(&self, object: &Bound<'_, PyAny>) -> Option<&Part> {
        self.known.get(&(object.as_ptr() as usize)).map(|(_, part)| part)
    }

    /// Finds out what has arrived of `value`, which was made of a JSON text, and of what is in it.
    pub(crate) fn learn(&mut self, value: &Bound<'_, PyAny>, text: &[u8], layouts: &Layouts) -> PyResult<()> {
        let py = value.py();
        let read = FROM_JSON.import(py, "pydantic_core", "from_json")?;
        self.compare(value, &read.call1((PyBytes::new(py, text),))?, layouts, layouts.root())
    }

    fn compare(
        &mut self,
        value: &Bound<'_, PyAny>,
        json: &Bound<'_, PyAny>,
        layouts: &Layouts,
        layout: Option<LayoutId>,
    ) -> PyResult<()> {
        match kind_of(&value.get_type())? {
            Kind::Array => self.compare_array(value, json, layouts, layout),
            Kind::Dict => self.compare_dict(value, json, layouts, layout),
            Kind::Root(class) => {
                let root = ffi::own_dict(value)
                    .and_then(|values| values.get_item(intern!(value.py(), "root")).ok()?);
                root.map_or(Ok(()), |root| self.compare(&root, json, &class.layouts, class.layouts.root()))
            }
            Kind::Model(class) => self.compare_model(value, json, &class),
            Kind::Opaque if json.is_instance_of::<PyList>() => {
                self.note(value, Part::Json(json.clone().unbind()));
                Ok(())
            }
            Kind::Dataclass(class) => {
                let told =
                    layout.and_then(|layout| layouts.dataclass(layout, value.get_type().as_ptr() as usize));
                match told.and_then(|told| layouts.record(told)) {
                    Some(record) => self.compare_dataclass(value, json, layouts, record),
                    None => match class.layouts.root().and_then(|root| class.layouts.record(root)) {
                        Some(record) => self.compare_dataclass(value, json, &class.layouts, record),
                        None => Ok(()),
                    },
                }
            }
            _ => Ok(()),
        }
    }

    fn compare_array(
        &mut self,
        array: &Bound<'_, PyAny>,
        json: &Bound<'_, PyAny>,
        layouts: &Layouts,
        layout: Option<LayoutId>,
    ) -> PyResult<()> {
        if let Ok(json) = json.cast::<PyDict>() {
            self.compare_named_tuple(array, json);
            return Ok(());
        }
        let Ok(json) = json.cast::<PyList>() else { return Ok(()) };
        let members = match (array.cast::<PyList>(), array.cast::<PyTuple>()) {
            (Ok(list), _) if list.len() == json.len() => list.clone(),
            (_, Ok(tuple)) if tuple.len() >= json.len() => tuple.to_list(),
            _ => return Ok(()),
        };
        if members.len() > json.len() {
            self.note(array, Part::First(json.len()));
        }
        for (place, (member, json)) in members.iter().zip(json).enumerate() {
            self.compare(&member, &json, layouts, layout.and_then(|layout| layouts.member(layout, place)))?;
        }
        Ok(())
    }

    /// A named tuple that was made of an object. What comes behind the first default shows with those before it.
    fn compare_named_tuple(&mut self, tuple: &Bound<'_, PyAny>, json: &Bound<'_, PyDict>) {
        let Ok(names) =
            tuple.getattr(intern!(tuple.py(), "_fields")).and_then(|names| names.extract::<Vec<String>>())
        else {
            return;
        };
        let last = names.iter().rposition(|name| json.contains(name).unwrap_or(false));
        self.note(tuple, Part::First(last.map_or(0, |last| last + 1)));
    }

    fn compare_dict(
        &mut self,
        dict: &Bound<'_, PyAny>,
        json: &Bound<'_, PyAny>,
        layouts: &Layouts,
        layout: Option<LayoutId>,
    ) -> PyResult<()> {
        let (Ok(values), Ok(json)) = (dict.cast::<PyDict>(), json.cast::<PyDict>()) else { return Ok(()) };
        let told = layout.and_then(|layout| layouts.typed_dict(layout, values));
        if let Some(record) = told.and_then(|told| layouts.record(told)) {
            let names = PySet::empty(dict.py())?;
            for (name, value) in values.iter() {
                let field = record.field(&name);
                let json = match field {
                    Some(field) => field.find(json)?,
                    None => json.get_item(&name)?,
                };
                if let Some(json) = json {
                    names.add(name)?;
                    self.compare(&value, &json, layouts, field.map_or(record.extra, |field| field.layout))?;
                }
            }
            if names.len() < values.len() {
                self.note(dict, Part::Names(names.unbind()));
            }
        } else if values.len() == json.len() {
            let layout = layout.and_then(|layout| layouts.value(layout));
            for (value, json) in values.values().iter().zip(json.values()) {
                self.compare(&value, &json, layouts, layout)?;
            }
        }
        Ok(())
    }

    fn compare_model(
        &mut self,
        model: &Bound<'_, PyAny>,
        json: &Bound<'_, PyAny>,
        class: &Class,
    ) -> PyResult<()> {
        let record = class.layouts.root().and_then(|root| class.layouts.record(root));
        let (Some(record), Some(values), Ok(json)) = (record, ffi::own_dict(model), json.cast::<PyDict>())
        else {
            return Ok(());
        };
        for field in &record.fields {
            if let (Some(value), Some(json)) = (values.get_item(&field.name)?, field.find(json)?) {
                self.compare(&value, &json, &class.layouts, field.layout)?;
            }
        }
        Ok(())
    }

    fn compare_dataclass(
        &mut self,
        object: &Bound<'_, PyAny>,
        json: &Bound<'_, PyAny>,
        layouts: &Layouts,
        record: &Record,
    ) -> PyResult<()> {
        let Ok(json) = json.cast::<PyDict>() else { return Ok(()) };
        let names = PySet::empty(object.py())?;
        for field in &record.fields {
            if let (Ok(value), Some(json)) = (object.getattr(&field.name), field.find(json)?) {
                names.add(&field.name)?;
                self.compare(&value, &json, layouts, field.layout)?;
            }
        }
        for (key, _) in json.iter().filter(|(key, _)| record.field(key).is_none()) {
            names.add(key)?;
        }
        self.note(object, Part::Names(names.unbind()));
        Ok(())
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.known.values().try_for_each(|(object, part)| {
            visit.call(object)?;
            match part {
                Part::Names(names) => visit.call(names),
                Part::Json(json) => visit.call(json),
                Part::First(_) => Ok(()),
            }
        })
    }
}

/// Whether a value of the node `schema` may hold anything that does not remember what has arrived.
pub(crate) fn forgets<'py>(schema: &Bound<'py, PyDict>, definitions: &Bound<'py, PyDict>) -> PyResult<bool> {
    let mut waiting = vec![schema.clone()];
    for definition in references(schema, definitions)?.values() {
        waiting.push(definition.cast_into()?);
    }
    while let Some(node) = waiting.pop() {
        let kind: String = node.get_item("type")?.map_or(Ok(String::new()), |kind| kind.extract())?;
        if matches!(kind.as_str(), "dataclass" | "named-tuple" | "call" | "generator") {
            return Ok(true);
        }
        if kind == "typed-dict" && fields_have_defaults(&node)? {
            return Ok(true);
        }
        waiting.extend(inner_nodes(&node)?);
    }
    Ok(false)
}

impl Field {
    /// Its value in an object.
    fn find<'py>(&self, json: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = json.py();
        let sources = match &self.source {
            None => return json.get_item(&self.name),
            Some(source) => source.bind(py),
        };
        let found = match sources.cast::<PyList>() {
            // A list of paths, or a path.
            Ok(paths) if paths.get_item(0)?.is_instance_of::<PyList>() => {
                let found = |path: Bound<'py, PyAny>| follow(json, path.cast().ok()?);
                paths.iter().find_map(found)
            }
            Ok(path) => follow(json, path),
            Err(_) => json.get_item(sources.cast::<PyString>()?)?,
        };
        // The config may allow names beside aliases.
        found.map_or_else(|| json.get_item(&self.name), |found| Ok(Some(found)))
    }
}

/// What is at the end of a path of keys and places.
fn follow<'py>(json: &Bound<'py, PyDict>, path: &Bound<'py, PyList>) -> Option<Bound<'py, PyAny>> {
    path.iter().try_fold(json.clone().into_any(), |json, step| json.get_item(step).ok())
}
