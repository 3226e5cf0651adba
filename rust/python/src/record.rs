//! The class of a record: how its instances are made, whole or in the making.

use instar_core::NodeId;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyType};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::ffi::{self, Slot};
use crate::schema::Schema;

/// What a field shows before it arrives.
pub(crate) enum Absent {
    /// A value that all may share: an immutable default, or `None` for a required field.
    Shared(Py<PyAny>),
    /// A mutable default, copied for each instance as Pydantic copies it.
    Copied(Py<PyAny>),
    /// A factory, called once for each instance.
    Made(Py<PyAny>),
    /// A required value that may be a record: then itself with nothing arrived, `None` otherwise.
    Blank(NodeId),
    /// Nothing: a typed dict lacks the key.
    Nothing,
}

/// A declared field.
pub(crate) struct Field {
    /// Its name in Python.
    pub(crate) name: Py<PyString>,
    /// What Pydantic's error locations call it where it is missing.
    pub(crate) location: Py<PyAny>,
    /// Whether error locations call it by one of several keys, the one that came.
    pub(crate) has_synonyms: bool,
    pub(crate) absent: Absent,
}

/// What the instances of a record are.
pub(crate) enum Form {
    Model(Py<PyType>, Slots),
    /// A model that is written as its only field: it keeps nothing but that.
    Root(Py<PyType>, Slot),
    Dataclass(Py<PyType>),
    /// A dataclass whose instances have slots instead of a dict.
    Slotted(Py<PyType>),
    /// Dicts.
    TypedDict,
}

/// What Pydantic keeps of a model beside its `__dict__`.
pub(crate) struct Slots {
    fields_set: Slot,
    extra: Slot,
    private: Slot,
    /// Whether an instance has nothing but these and its `__dict__`.
    are_all: bool,
}

/// A class of records.
pub(crate) struct RecordClass {
    form: Form,
    pub(crate) fields: Vec<Field>,
    /// All fields with what they show before they arrive, where nothing of it is made anew for each instance.
    template: Option<Py<PyDict>>,
    keeps_extra: bool,
}

/// An instance in the making.
pub(crate) struct Instance {
    pub(crate) object: Py<PyAny>,
    /// Its fields, those of a class in the order of declaration.
    pub(crate) values: Py<PyDict>,
    /// The names of the fields that have something to show.
    pub(crate) arrived: Py<PySet>,
    /// The values of keys that no field has, if the class keeps them.
    pub(crate) extra: Option<Py<PyDict>>,
}

impl Form {
    pub(crate) fn model(class: Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let slots = Slots {
            fields_set: Slot::find(&class, intern!(py, "__pydantic_fields_set__"))?,
            extra: Slot::find(&class, intern!(py, "__pydantic_extra__"))?,
            private: Slot::find(&class, intern!(py, "__pydantic_private__"))?,
            are_all: ffi::slots_of_its_own(&class, py.import("pydantic")?.getattr("BaseModel")?.cast()?) == 0,
        };
        Ok(Self::Model(class.unbind(), slots))
    }

    pub(crate) fn root(class: Bound<'_, PyType>) -> PyResult<Self> {
        let fields_set = Slot::find(&class, intern!(class.py(), "__pydantic_fields_set__"))?;
        Ok(Self::Root(class.unbind(), fields_set))
    }
}

impl RecordClass {
    pub(crate) fn new(py: Python<'_>, form: Form, fields: Vec<Field>, keeps_extra: bool) -> PyResult<Self> {
        let template = PyDict::new(py);
        let mut all_shared = true;
        for field in &fields {
            match &field.absent {
                Absent::Shared(value) => template.set_item(&field.name, value)?,
                Absent::Nothing => {}
                _ => all_shared = false,
            }
        }
        let template = all_shared.then(|| template.unbind());
        Ok(Self { form, fields, template, keeps_extra })
    }

    /// An instance with nothing arrived. `within` are the records being made blank around it: one of them again
    /// shows `None`, or there would be no end.
    pub(crate) fn blank(
        &self,
        py: Python<'_>,
        schema: &Schema,
        within: &mut Vec<NodeId>,
    ) -> PyResult<Instance> {
        let values = match &self.template {
            Some(template) => template.bind(py).copy()?,
            None => self.absent_values(py, schema, within)?,
        };
        let arrived = PySet::empty(py)?;
        let extra = if self.keeps_extra { Some(PyDict::new(py)) } else { None };
        self.instance(&values, &arrived, extra.as_ref())
    }

    fn absent_values<'py>(
        &self,
        py: Python<'py>,
        schema: &Schema,
        within: &mut Vec<NodeId>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for field in &self.fields {
            let value = match &field.absent {
                Absent::Nothing => continue,
                Absent::Shared(value) => value.bind(py).clone(),
                Absent::Copied(value) => py.import("copy")?.call_method1("deepcopy", (value,))?,
                // Pydantic calls it only if the field stays away, and then `finish` says what it raised.
                Absent::Made(factory) => match factory.bind(py).call0() {
                    Ok(value) => value,
                    Err(error) if error.is_instance_of::<PyException>(py) => py.None().into_bound(py),
                    Err(error) => return Err(error),
                },
                Absent::Blank(id) => match schema.sole_record(*id).map(|id| (id, schema.record(id))) {
                    Some((id, Some(class))) if !within.contains(&id) => {
                        within.push(id);
                        let blank = class.blank(py, schema, within)?;
                        within.pop();
                        blank.object.into_bound(py)
                    }
                    _ => py.None().into_bound(py),
                },
            };
            values.set_item(&field.name, value)?;
        }
        Ok(values)
    }

    /// The instance that these parts make.
    fn instance(
        &self,
        values: &Bound<'_, PyDict>,
        arrived: &Bound<'_, PySet>,
        extra: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Instance> {
        let py = values.py();
        let object = match &self.form {
            Form::Model(class, slots) => {
                let object = ffi::new_instance(class.bind(py))?;
                let none = py.None().into_bound(py);
                ffi::set_own_dict(&object, values)?;
                slots.fields_set.fill(&object, arrived)?;
                slots.extra.fill(&object, extra.map_or(&none, |extra| extra))?;
                slots.private.fill(&object, &none)?;
                object
            }
            Form::Root(class, fields_set) => {
                let object = ffi::new_instance(class.bind(py))?;
                ffi::set_own_dict(&object, values)?;
                fields_set.fill(&object, arrived)?;
                object
            }
            Form::Dataclass(class) => {
                let object = ffi::new_instance(class.bind(py))?;
                ffi::set_own_dict(&object, values)?;
                object
            }
            Form::Slotted(class) => {
                let object = ffi::new_instance(class.bind(py))?;
                for (name, value) in values.iter() {
                    ffi::set_attribute(&object, name.cast()?, &value)?;
                }
                object
            }
            Form::TypedDict => values.clone().into_any(),
        };
        Ok(Instance {
            object: object.unbind(),
            values: values.clone().unbind(),
            arrived: arrived.clone().unbind(),
            extra: extra.map(|extra| extra.clone().unbind()),
        })
    }

    /// A copy of an instance in the making: what it holds is shared, the rest is not.
    pub(crate) fn copy(&self, py: Python<'_>, instance: &Instance) -> PyResult<Instance> {
        let extra = instance.extra.as_ref().map(|extra| extra.bind(py).copy()).transpose()?;
        self.instance(
            &instance.values.bind(py).copy()?,
            &ffi::copy_set(instance.arrived.bind(py))?,
            extra.as_ref(),
        )
    }

    /// A copy of `blank`, a blank instance that has been shown: what it made for its absent fields is kept, so that no
    /// factory is called twice for one value.
    ///
    /// None if it is no instance of the class: a live object is in the user's hands.
    pub(crate) fn of_blank(&self, blank: &Bound<'_, PyAny>) -> PyResult<Option<Instance>> {
        let py = blank.py();
        let values = match &self.form {
            Form::TypedDict => blank.clone(),
            Form::Model(class, _) | Form::Root(class, _) | Form::Dataclass(class)
                if blank.is_instance(class.bind(py))? =>
            {
                blank.getattr(intern!(py, "__dict__"))?
            }
            _ => return Ok(None),
        };
        let Ok(values) = values.cast::<PyDict>() else { return Ok(None) };
        let extra = if self.keeps_extra { Some(PyDict::new(py)) } else { None };
        self.instance(&values.copy()?, &PySet::empty(py)?, extra.as_ref()).map(Some)
    }

    /// Whether nothing in an instance would escape a `refill`, and nobody would miss one that is not freed or not made.
    pub(crate) fn is_refillable(&self, py: Python<'_>) -> bool {
        match &self.form {
            // Somebody may have given the class a `__del__` in the meantime.
            Form::Model(class, slots) => slots.are_all && !self.keeps_extra && ffi::is_plain(class.bind(py)),
            _ => false,
        }
    }

    /// An instance that `copy` made, in its parts, if it still is one and they can be told without calling anyone.
    pub(crate) fn parts(&self, object: Bound<'_, PyAny>) -> Option<Instance> {
        let Form::Model(class, slots) = &self.form else { return None };
        if !object.get_type().is(class) {
            return None;
        }
        let values = ffi::own_dict(&object)?.unbind();
        let arrived = slots.fields_set.read(&object)?.cast_into_exact::<PySet>().ok()?.unbind();
        Some(Instance { object: object.unbind(), values, arrived, extra: None })
    }

    /// Gives an instance that was taken apart what a new one is given beside its fields, and other `arrived` ones.
    pub(crate) fn refill(
        &self,
        py: Python<'_>,
        instance: &Instance,
        arrived: Option<&Bound<'_, PySet>>,
    ) -> PyResult<()> {
        let Form::Model(_, slots) = &self.form else { return Ok(()) };
        let (object, none) = (instance.object.bind(py), py.None().into_bound(py));
        if let Some(arrived) = arrived {
            slots.fields_set.fill(object, arrived)?;
        }
        slots.extra.fill(object, &none)?;
        slots.private.fill(object, &none)
    }

    /// Whether an instance does not tell what of it has arrived.
    pub(crate) fn forgets(&self, py: Python<'_>, instance: &Instance) -> bool {
        self.is_dataclass() && instance.arrived.bind(py).len() < self.fields.len()
    }

    pub(crate) fn is_dataclass(&self) -> bool {
        matches!(self.form, Form::Dataclass(_) | Form::Slotted(_))
    }

    /// Gives a field of an instance its value.
    pub(crate) fn set(
        &self,
        instance: &Instance,
        name: &Bound<'_, PyString>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = value.py();
        instance.values.bind(py).set_item(name, value)?;
        match self.form {
            Form::Slotted(_) => ffi::set_attribute(instance.object.bind(py), name, value),
            _ => Ok(()),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.form {
            Form::Model(class, slots) => {
                visit.call(class)?;
                [&slots.fields_set, &slots.extra, &slots.private]
                    .iter()
                    .try_for_each(|slot| slot.traverse(visit))?;
            }
            Form::Root(class, fields_set) => {
                visit.call(class)?;
                fields_set.traverse(visit)?;
            }
            Form::Dataclass(class) | Form::Slotted(class) => visit.call(class)?,
            Form::TypedDict => {}
        }
        visit.call(&self.template)?;
        self.fields.iter().try_for_each(|field| {
            visit.call(&field.name)?;
            visit.call(&field.location)?;
            match &field.absent {
                Absent::Shared(value) | Absent::Copied(value) | Absent::Made(value) => visit.call(value),
                Absent::Blank(_) | Absent::Nothing => Ok(()),
            }
        })
    }
}

impl Instance {
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.object)?;
        visit.call(&self.values)?;
        visit.call(&self.arrived)?;
        visit.call(&self.extra)
    }
}
