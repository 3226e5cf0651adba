//! The members of a container that have arrived, one after the other.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::iter::BoundDictIterator;
use pyo3::types::{PyDict, PyList, PySet, PyString, PyTuple, PyType};

use super::arrived::{Arrived, Part};
use super::class::Kind;
use super::json;
use super::layout::{Field, LayoutId, Layouts, Record};
use super::options::Options;
use super::style::{Mode, Style};
use crate::ffi::{self, Slot};
use crate::once::{Once, intern};

pub(super) struct Member<'py> {
    pub(super) key: Key<'py>,
    pub(super) value: Bound<'py, PyAny>,
    pub(super) layout: Option<LayoutId>,
}

pub(super) enum Key<'py> {
    /// The place in an array.
    Place(usize),
    /// A field's name or alias.
    Name(Bound<'py, PyString>),
    /// The key of a dict.
    Own(Bound<'py, PyAny>),
}

/// What members have from the containers around them.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) layouts: Arc<Layouts>,
    pub(super) options: Arc<Options>,
    /// Whether fields go by their aliases.
    pub(super) by_alias: bool,
}

impl Scope {
    pub(super) fn new(layouts: Arc<Layouts>, options: Arc<Options>, style: Style) -> Self {
        let by_alias = style.by_alias || options.by_alias;
        Self { layouts, options, by_alias }
    }
}

/// The members of a container that are still to be walked.
pub(super) struct Members<'py> {
    rest: Rest<'py>,
    pub(super) scope: Scope,
}

enum Rest<'py> {
    /// Those of a copy of a list, from a place on.
    List(Bound<'py, PyList>, usize, Option<LayoutId>),
    /// Those of a copy of a dict.
    Dict(Bound<'py, PyDict>, BoundDictIterator<'py>, Option<LayoutId>),
    Fields(Fields<'py>),
    Items(std::vec::IntoIter<Member<'py>>),
    /// What a model is.
    Root(Option<Bound<'py, PyAny>>, Option<LayoutId>),
}

/// The dump of a container, which the dumps of its members go into.
pub(super) enum Dump<'py> {
    List(Bound<'py, PyList>),
    Dict(Bound<'py, PyDict>),
    /// That of a model that is its root.
    Root(Bound<'py, PyAny>),
}

/// The fields of a model or a dataclass, from a place on.
struct Fields<'py> {
    record: LayoutId,
    place: usize,
    values: Option<Bound<'py, PyDict>>,
    /// What has some of them in slots.
    slots: Option<Bound<'py, PyAny>>,
    /// The names of those that have arrived, if that is known.
    arrived: Option<Bound<'py, PySet>>,
    /// What has arrived beside them.
    extra: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
}

impl<'py> Members<'py> {
    /// What the dump begins as: the copy, in which dumps take the places of what they are of, or nothing.
    pub(super) fn dump(&self, py: Python<'py>) -> Dump<'py> {
        match &self.rest {
            Rest::List(copy, ..) => Dump::List(copy.clone()),
            Rest::Dict(copy, ..) => Dump::Dict(copy.clone()),
            Rest::Fields(_) | Rest::Items(_) => Dump::Dict(PyDict::new(py)),
            Rest::Root(..) => Dump::Root(py.None().into_bound(py)),
        }
    }

    /// The next member. In a copy those that are dumps as they are have their places already.
    pub(super) fn next(&mut self) -> Option<Member<'py>> {
        let layouts = &self.scope.layouts;
        match &mut self.rest {
            Rest::List(list, next, layout) => {
                let (place, value) =
                    list.iter().enumerate().skip(*next).find(|(_, value)| !json::is_json(value))?;
                *next = place + 1;
                let layout = layout.and_then(|layout| layouts.member(layout, place));
                Some(Member { key: Key::Place(place), value, layout })
            }
            Rest::Dict(_, items, layout) => {
                let (key, value) = items.find(|(_, value)| !json::is_json(value))?;
                Some(Member { key: Key::Own(key), value, layout: *layout })
            }
            Rest::Fields(fields) => {
                let record = layouts.record(fields.record)?;
                if let Some((field, value)) = fields.next(record) {
                    return Some(field.member(value, self.scope.by_alias));
                }
                let extra = std::mem::take(&mut fields.extra);
                self.rest = Rest::items(extra, record.extra);
                self.next()
            }
            Rest::Items(items) => items.next(),
            Rest::Root(root, layout) => {
                root.take().map(|value| Member { key: Key::Place(0), value, layout: *layout })
            }
        }
    }
}

impl<'py> Rest<'py> {
    fn dict(copy: Bound<'py, PyDict>, layout: Option<LayoutId>) -> Self {
        let items = copy.iter();
        Self::Dict(copy, items, layout)
    }

    fn items(items: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>, layout: Option<LayoutId>) -> Self {
        let member = |(key, value)| Member { key: Key::Own(key), value, layout };
        Self::Items(items.into_iter().map(member).collect::<Vec<_>>().into_iter())
    }
}

impl<'py> Fields<'py> {
    fn next<'r>(&mut self, record: &'r Record) -> Option<(&'r Field, Bound<'py, PyAny>)> {
        loop {
            let field = record.fields.get(self.place)?;
            self.place += 1;
            let has_arrived = |arrived: &Bound<'_, PySet>| arrived.contains(&field.name).unwrap_or(false);
            if field.excluded || !self.arrived.as_ref().is_none_or(has_arrived) {
                continue;
            }
            let value = self.values.as_ref().and_then(|values| values.get_item(&field.name).ok()?);
            let value = value.or_else(|| self.slots.as_ref()?.getattr(&field.name).ok());
            if let Some(value) = value {
                return Some((field, value));
            }
        }
    }
}

impl Field {
    fn member<'py>(&self, value: Bound<'py, PyAny>, by_alias: bool) -> Member<'py> {
        let alias = self.alias.as_ref().filter(|_| by_alias);
        let name = alias.unwrap_or(&self.name).bind(value.py()).clone();
        Member { key: Key::Name(name), value, layout: self.layout }
    }
}

/// Tells what members containers have.
pub(super) struct Reader<'a> {
    style: Style,
    arrived: &'a [&'a Arrived],
    slots: &'static Slots,
}

/// Where Pydantic keeps what it knows of a model.
struct Slots {
    fields_set: Slot,
    extra: Slot,
}

static SLOTS: Once<Slots> = Once::new();

impl<'a> Reader<'a> {
    pub(super) fn new(py: Python<'_>, style: Style, arrived: &'a [&'a Arrived]) -> PyResult<Self> {
        let slots = SLOTS.get_or_try_init(|| {
            let model = py.import("pydantic")?.getattr("BaseModel")?.cast_into::<PyType>()?;
            Ok::<_, PyErr>(Slots {
                fields_set: Slot::find(&model, intern!(py, "__pydantic_fields_set__"))?,
                extra: Slot::find(&model, intern!(py, "__pydantic_extra__"))?,
            })
        })?;
        Ok(Self { style, arrived, slots })
    }

    /// The members of an array, a dict, or an instance of a class with fields.
    pub(super) fn members<'py>(
        &self,
        container: &Bound<'py, PyAny>,
        kind: &Kind,
        layout: Option<LayoutId>,
        around: Scope,
    ) -> PyResult<Members<'py>> {
        let class = match kind {
            Kind::Model(class) | Kind::Root(class) | Kind::Dataclass(class) => class,
            Kind::Dict => return self.dict(container, layout, around),
            _ => {
                let list = self.list(container)?;
                return Ok(Members { rest: Rest::List(list, 0, layout), scope: around });
            }
        };
        let address = container.get_type().as_ptr() as usize;
        if matches!(kind, Kind::Dataclass(_))
            && let Some(told) = layout.and_then(|layout| around.layouts.dataclass(layout, address))
        {
            let options =
                around.layouts.record(told).and_then(|record| record.options.clone()).unwrap_or_default();
            let scope = Scope::new(around.layouts, options, self.style);
            return Ok(Members { rest: self.dataclass(container, told, &scope), scope });
        }
        let scope = Scope::new(class.layouts.clone(), class.options.clone(), self.style);
        let root = scope.layouts.root();
        let rest = match (kind, root) {
            (Kind::Root(_), _) => self.root(container, root),
            (_, None) => Rest::Items(Vec::new().into_iter()),
            (Kind::Model(_), Some(record)) => self.model(container, record, &scope)?,
            (_, Some(record)) => self.dataclass(container, record, &scope),
        };
        Ok(Members { rest, scope })
    }

    fn model<'py>(&self, model: &Bound<'py, PyAny>, id: LayoutId, scope: &Scope) -> PyResult<Rest<'py>> {
        let py = model.py();
        let arrived = read(&self.slots.fields_set, model, intern!(py, "__pydantic_fields_set__"));
        let arrived = arrived.and_then(|arrived| arrived.cast_into().ok());
        let extra = read(&self.slots.extra, model, intern!(py, "__pydantic_extra__"));
        let extra = extra.and_then(|extra| Some(items(extra.cast().ok()?))).unwrap_or_default();
        // Of a model that was never made nothing has arrived.
        let values = ffi::own_dict(model).filter(|_| arrived.is_some());
        if let (Some(values), Some(arrived), Some(record)) = (&values, &arrived, scope.layouts.record(id))
            && extra.is_empty()
            && record.is_plain(scope.by_alias)
            && are_all(record, values, arrived)
        {
            return Ok(Rest::dict(values.copy()?, None));
        }
        Ok(Rest::Fields(Fields { record: id, place: 0, values, slots: None, arrived, extra }))
    }

    fn root<'py>(&self, model: &Bound<'py, PyAny>, layout: Option<LayoutId>) -> Rest<'py> {
        let py = model.py();
        let root = intern!(py, "root");
        let arrived = read(&self.slots.fields_set, model, intern!(py, "__pydantic_fields_set__"));
        let has_arrived = arrived.is_some_and(|names| names.contains(root).unwrap_or(false));
        let values = ffi::own_dict(model).filter(|_| has_arrived);
        Rest::Root(values.and_then(|values| values.get_item(root).ok()?), layout)
    }

    fn dataclass<'py>(&self, object: &Bound<'py, PyAny>, record: LayoutId, scope: &Scope) -> Rest<'py> {
        let values = ffi::own_dict(object);
        let arrived = self.names(object).map(|names| names.bind(object.py()).clone());
        // What it has beside its fields may be what its own code keeps there, unless somebody knows better.
        let mut extra = Vec::new();
        if let (Some(values), Some(arrived), Some(record)) = (&values, &arrived, scope.layouts.record(record))
        {
            extra = items(values);
            extra.retain(|(name, _)| record.field(name).is_none() && arrived.contains(name).unwrap_or(false));
        }
        Rest::Fields(Fields { record, place: 0, values, slots: Some(object.clone()), arrived, extra })
    }

    fn dict<'py>(
        &self,
        dict: &Bound<'py, PyAny>,
        layout: Option<LayoutId>,
        around: Scope,
    ) -> PyResult<Members<'py>> {
        let py = dict.py();
        let arrived = self.names(dict);
        let dict = match dict.cast::<PyDict>() {
            Ok(dict) => dict.clone(),
            Err(_) => py.get_type::<PyDict>().call1((dict,))?.cast_into()?,
        };
        let told = layout.and_then(|layout| around.layouts.typed_dict(layout, &dict));
        if told.is_none() && arrived.is_none() && self.has_keys_of_json(&dict) {
            let layout = layout.and_then(|layout| around.layouts.value(layout));
            return Ok(Members { rest: Rest::dict(dict.copy()?, layout), scope: around });
        }
        let mut items = items(&dict);
        if let Some(names) = arrived {
            items.retain(|(key, _)| names.bind(py).contains(key).unwrap_or(false));
        }
        let Some(told) = told else {
            let layout = layout.and_then(|layout| around.layouts.value(layout));
            return Ok(Members { rest: Rest::items(items, layout), scope: around });
        };
        let Some(record) = around.layouts.record(told) else { unreachable!("a typed dict is a record") };
        let members = items.into_iter().filter_map(|(key, value)| match record.field(&key) {
            Some(field) if field.excluded => None,
            Some(field) => Some(field.member(value, around.by_alias)),
            None => Some(Member { key: Key::Own(key), value, layout: record.extra }),
        });
        let rest = Rest::Items(members.collect::<Vec<_>>().into_iter());
        Ok(Members { rest, scope: around })
    }

    /// Whether the keys of a dict are what they are in its dump.
    fn has_keys_of_json(&self, dict: &Bound<'_, PyDict>) -> bool {
        let all_text = || dict.iter().all(|(key, _)| key.is_exact_instance_of::<PyString>());
        self.style.mode == Mode::Python || with_critical_section(dict, all_text)
    }

    /// The members of an array, in a list of their own.
    fn list<'py>(&self, array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let list = match (array.cast::<PyList>(), array.cast::<PyTuple>()) {
            (Ok(list), _) => list.get_slice(0, list.len()),
            (_, Ok(tuple)) => tuple.to_list(),
            _ => array.py().get_type::<PyList>().call1((array,))?.cast_into()?,
        };
        if let Some(Part::First(most)) = self.part(array) {
            list.del_slice(*most, list.len())?;
        }
        Ok(list)
    }

    pub(super) fn part(&self, object: &Bound<'_, PyAny>) -> Option<&'a Part> {
        self.arrived.iter().find_map(|arrived| arrived.of(object))
    }

    /// The names that have arrived in an object that does not remember it, if somebody else does.
    fn names(&self, object: &Bound<'_, PyAny>) -> Option<&'a Py<PySet>> {
        match self.part(object)? {
            Part::Names(names) => Some(names),
            Part::First(_) | Part::Json(_) => None,
        }
    }
}

/// Whether the fields of a record have all arrived, and there is nothing else among its values.
fn are_all(record: &Record, values: &Bound<'_, PyDict>, arrived: &Bound<'_, PySet>) -> bool {
    let is_there = |field: &Field| {
        let name = field.name.bind(values.py());
        arrived.contains(name).unwrap_or(false) && values.contains(name).unwrap_or(false)
    };
    values.len() == record.fields.len() && record.fields.iter().all(is_there)
}

/// What a dict holds at this moment. What is done with it may be code of the user's, who may change the dict.
fn items<'py>(dict: &Bound<'py, PyDict>) -> Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    with_critical_section(dict, || dict.iter().collect())
}

/// What a model has in a slot, of which `CPython` before 3.11 does not tell the place.
fn read<'py>(
    slot: &Slot,
    model: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    slot.read(model).or_else(|| model.getattr(name).ok())
}
