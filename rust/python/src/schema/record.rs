//! The class of a record: what its instances are, and how they are put together.

use instar_core::NodeId;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::ffi::{self, Slot};
use crate::once::{Once, intern};

static BASE_MODEL: Once<Py<PyType>> = Once::new();
static UNDEFINED: Once<Py<PyAny>> = Once::new();
/// A class whose instances have nothing but a `__dict__`.
static BARE: Once<Py<PyType>> = Once::new();

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
    /// What it shows from then on, if the record closes without it, where that is another value.
    pub(crate) once_closed: Option<Absent>,
}

/// What the instances of a record are.
pub(crate) enum Form {
    Model(Py<PyType>, Slots),
    /// A model that is written as its only field: it keeps nothing but that.
    Root(Py<PyType>, Slots),
    /// A dataclass, and whether its instances have nothing but a `__dict__`.
    Dataclass(Py<PyType>, bool),
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
    pub(crate) template: Option<Py<PyDict>>,
    /// The private attributes of its instances, if it has any.
    pub(crate) private: Vec<Private>,
    pub(crate) keeps_extra: bool,
}

/// A private attribute.
pub(crate) struct Private {
    pub(crate) name: Py<PyString>,
    pub(crate) absent: PrivateDefault,
}

/// What a private attribute is in a new instance.
pub(crate) enum PrivateDefault {
    /// A copy of this value.
    Copied(Py<PyAny>),
    /// What this factory makes, of the fields and private attributes before it if it takes those.
    Made(Py<PyAny>, bool),
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
    /// Its private attributes, if the class has any.
    pub(crate) private: Option<Py<PyDict>>,
}

/// What an instance is made of.
pub(crate) struct Parts<'p, 'py> {
    pub(crate) values: &'p Bound<'py, PyDict>,
    pub(crate) arrived: &'p Bound<'py, PySet>,
    pub(crate) extra: Option<&'p Bound<'py, PyDict>>,
    pub(crate) private: Option<&'p Bound<'py, PyDict>>,
}

impl Form {
    pub(crate) fn model(class: Bound<'_, PyType>) -> PyResult<Self> {
        let slots = Slots::of(&class)?;
        Ok(Self::Model(class.unbind(), slots))
    }

    pub(crate) fn root(class: Bound<'_, PyType>) -> PyResult<Self> {
        let slots = Slots::of(&class)?;
        Ok(Self::Root(class.unbind(), slots))
    }

    pub(crate) fn dataclass(class: Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let bare = BARE.get_or_try_init(|| {
            let class = py.get_type::<PyType>().call1(("Bare", PyTuple::empty(py), PyDict::new(py)))?;
            Ok(class.cast_into()?.unbind())
        })?;
        let has_only_dict = ffi::slots_of_its_own(&class, bare.bind(py)) == 0;
        Ok(Self::Dataclass(class.unbind(), has_only_dict))
    }
}

impl Slots {
    fn of(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let base = BASE_MODEL.import(py, "pydantic", "BaseModel")?;
        Ok(Self {
            fields_set: Slot::find(class, intern!(py, "__pydantic_fields_set__"))?,
            extra: Slot::find(class, intern!(py, "__pydantic_extra__"))?,
            private: Slot::find(class, intern!(py, "__pydantic_private__"))?,
            are_all: ffi::slots_of_its_own(class, base) == 0,
        })
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.fields_set.traverse(visit)?;
        self.extra.traverse(visit)?;
        self.private.traverse(visit)
    }
}

impl Instance {
    /// The same instance, for another holder.
    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            object: self.object.clone_ref(py),
            values: self.values.clone_ref(py),
            arrived: self.arrived.clone_ref(py),
            extra: self.extra.as_ref().map(|extra| extra.clone_ref(py)),
            private: self.private.as_ref().map(|private| private.clone_ref(py)),
        }
    }
}

impl RecordClass {
    pub(crate) fn new(py: Python<'_>, form: Form, fields: Vec<Field>, keeps_extra: bool) -> PyResult<Self> {
        let private = match &form {
            Form::Model(class, _) => privates(class.bind(py))?,
            _ => Vec::new(),
        };
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
        Ok(Self { form, fields, template, private, keeps_extra })
    }

    /// The instance that these parts make.
    pub(crate) fn instance(&self, parts: &Parts<'_, '_>) -> PyResult<Instance> {
        let Parts { values, arrived, extra, private } = *parts;
        let py = values.py();
        let object = match &self.form {
            Form::Model(class, slots) => {
                let object = ffi::new_instance(class.bind(py))?;
                let none = py.None().into_bound(py);
                ffi::set_own_dict(&object, values)?;
                slots.fields_set.fill(&object, arrived)?;
                slots.extra.fill(&object, extra.map_or(&none, |extra| extra))?;
                slots.private.fill(&object, private.map_or(&none, |private| private))?;
                object
            }
            Form::Root(class, slots) => {
                let object = ffi::new_instance(class.bind(py))?;
                ffi::set_own_dict(&object, values)?;
                slots.fields_set.fill(&object, arrived)?;
                object
            }
            Form::Dataclass(class, _) => {
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
            private: private.map(|private| private.clone().unbind()),
        })
    }

    /// A copy of an instance in the making: what it holds is shared, the rest is not.
    pub(crate) fn copy(&self, py: Python<'_>, instance: &Instance) -> PyResult<Instance> {
        let copied = |dict: &Option<Py<PyDict>>| dict.as_ref().map(|dict| dict.bind(py).copy()).transpose();
        self.instance(&Parts {
            values: &instance.values.bind(py).copy()?,
            arrived: &ffi::copy_set(instance.arrived.bind(py))?,
            extra: copied(&instance.extra)?.as_ref(),
            private: copied(&instance.private)?.as_ref(),
        })
    }

    /// The dicts that an instance of the very class keeps its parts in.
    pub(crate) fn dicts<'py>(&self, object: &Bound<'py, PyAny>) -> Vec<Bound<'py, PyDict>> {
        let hidden = match &self.form {
            Form::Model(_, slots) => [slots.extra.read(object), slots.private.read(object)],
            Form::Root(..) | Form::Dataclass(..) | Form::Slotted(_) | Form::TypedDict => [None, None],
        };
        let hidden = hidden.into_iter().flatten().filter_map(|dict| dict.cast_into_exact().ok());
        ffi::own_dict(object).into_iter().chain(hidden).collect()
    }

    /// A copy of a whole instance of the very class: what it holds is shared. None of one whose parts are unknown.
    pub(crate) fn copied<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = object.py();
        let Some(values) = ffi::own_dict(object) else { return Ok(None) };
        let dict = |slot: &Slot| {
            let dict = slot.read(object).and_then(|dict| dict.cast_into_exact::<PyDict>().ok());
            dict.map(|dict| dict.copy()).transpose()
        };
        let (slots, extra, private) = match &self.form {
            Form::Model(_, slots) => (Some(slots), dict(&slots.extra)?, dict(&slots.private)?),
            Form::Root(_, slots) => (Some(slots), None, None),
            Form::Dataclass(..) => (None, None, None),
            Form::Slotted(_) | Form::TypedDict => return Ok(None),
        };
        let arrived = match slots.map(|slots| slots.fields_set.read(object)) {
            Some(Some(arrived)) => match arrived.cast_into_exact::<PySet>() {
                Ok(arrived) => ffi::copy_set(&arrived)?,
                Err(_) => return Ok(None),
            },
            Some(None) => return Ok(None),
            None => PySet::empty(py)?,
        };
        let values = values.copy()?;
        let parts =
            Parts { values: &values, arrived: &arrived, extra: extra.as_ref(), private: private.as_ref() };
        Ok(Some(self.instance(&parts)?.object.into_bound(py)))
    }

    /// A copy of `blank`, a blank instance that has been shown: what it made for its absent fields is kept, so that no
    /// factory is called twice for one value.
    ///
    /// None if it is no instance of the class: a live object is in the user's hands.
    pub(crate) fn of_blank(&self, blank: &Bound<'_, PyAny>) -> PyResult<Option<Instance>> {
        let py = blank.py();
        let values = match &self.form {
            Form::TypedDict => blank.clone(),
            Form::Model(class, _) | Form::Root(class, _) | Form::Dataclass(class, _)
                if blank.is_instance(class.bind(py))? =>
            {
                blank.getattr(intern!(py, "__dict__"))?
            }
            _ => return Ok(None),
        };
        let Ok(values) = values.cast::<PyDict>() else { return Ok(None) };
        let private = match &self.form {
            Form::Model(class, slots) if blank.get_type().is(class) => {
                slots.private.read(blank).and_then(|private| private.cast_into::<PyDict>().ok())
            }
            _ => None,
        };
        let extra = if self.keeps_extra { Some(PyDict::new(py)) } else { None };
        self.instance(&Parts {
            values: &values.copy()?,
            arrived: &PySet::empty(py)?,
            extra: extra.as_ref(),
            private: private.map(|private| private.copy()).transpose()?.as_ref(),
        })
        .map(Some)
    }

    /// Whether nothing in an instance would escape a `refill`, and nobody would miss one that is not freed or not made.
    #[inline]
    pub(crate) fn is_refillable(&self, py: Python<'_>) -> bool {
        match &self.form {
            // Somebody may have given the class a `__del__` in the meantime.
            Form::Model(class, Slots { are_all, .. })
            | Form::Root(class, Slots { are_all, .. })
            | Form::Dataclass(class, are_all) => *are_all && ffi::is_plain(class.bind(py)),
            Form::TypedDict => true,
            Form::Slotted(_) => false,
        }
    }

    /// An instance that `copy` made, in its parts, if it still is one and they can be told without calling anyone.
    pub(crate) fn parts(&self, object: Bound<'_, PyAny>) -> Option<Instance> {
        let (values, arrived, extra) = match &self.form {
            Form::Model(class, slots) | Form::Root(class, slots) => {
                if !object.get_type().is(class) {
                    return None;
                }
                let extra = if self.keeps_extra { slots.extra.read(&object) } else { None };
                let extra = extra.map(Bound::cast_into_exact::<PyDict>).transpose().ok()?;
                if self.keeps_extra && extra.is_none() {
                    return None;
                }
                let arrived = slots.fields_set.read(&object)?.cast_into_exact::<PySet>().ok()?;
                (ffi::own_dict(&object)?, arrived, extra.map(Bound::unbind))
            }
            Form::Dataclass(class, _) if object.get_type().is(class) => {
                (ffi::own_dict(&object)?, PySet::empty(object.py()).ok()?, None)
            }
            Form::TypedDict => {
                let values = object.cast_exact::<PyDict>().ok()?.clone();
                (values, PySet::empty(object.py()).ok()?, None)
            }
            Form::Dataclass(..) | Form::Slotted(_) => return None,
        };
        let (object, values, arrived) = (object.unbind(), values.unbind(), arrived.unbind());
        Some(Instance { object, values, arrived, extra, private: None })
    }

    /// Gives an instance that was taken apart what a copy of `now` is given beside its fields, and other `arrived` ones.
    pub(crate) fn refill(
        &self,
        py: Python<'_>,
        instance: &Instance,
        now: &Instance,
        arrived: Option<&Bound<'_, PySet>>,
    ) -> PyResult<()> {
        let (Form::Model(_, slots) | Form::Root(_, slots)) = &self.form else { return Ok(()) };
        let (object, none) = (instance.object.bind(py), py.None().into_bound(py));
        if let Some(arrived) = arrived {
            slots.fields_set.fill(object, arrived)?;
        }
        if matches!(self.form, Form::Root(..)) {
            slots.extra.empty(object);
            slots.private.empty(object);
            return Ok(());
        }
        if instance.extra.is_none() {
            slots.extra.fill(object, &none)?;
        }
        match &now.private {
            Some(private) => slots.private.fill(object, private.bind(py).copy()?.as_any()),
            None => slots.private.fill(object, &none),
        }
    }

    /// The class, unless instances are dicts.
    pub(crate) fn class(&self) -> Option<&Py<PyType>> {
        match &self.form {
            Form::Model(class, _)
            | Form::Root(class, _)
            | Form::Dataclass(class, _)
            | Form::Slotted(class) => Some(class),
            Form::TypedDict => None,
        }
    }

    /// Whether an instance does not tell what of it has arrived.
    pub(crate) fn forgets(&self, py: Python<'_>, instance: &Instance) -> bool {
        self.is_dataclass() && instance.arrived.bind(py).len() < self.fields.len()
    }

    /// Whether an instance keeps the names of the fields that have arrived.
    pub(crate) fn tells_arrived(&self) -> bool {
        matches!(self.form, Form::Model(..) | Form::Root(..))
    }

    pub(crate) fn is_dataclass(&self) -> bool {
        matches!(self.form, Form::Dataclass(..) | Form::Slotted(_))
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
            Form::Model(class, slots) | Form::Root(class, slots) => {
                visit.call(class)?;
                slots.traverse(visit)?;
            }
            Form::Dataclass(class, _) | Form::Slotted(class) => visit.call(class)?,
            Form::TypedDict => {}
        }
        visit.call(&self.template)?;
        for private in &self.private {
            visit.call(&private.name)?;
            let (PrivateDefault::Copied(value) | PrivateDefault::Made(value, _)) = &private.absent;
            visit.call(value)?;
        }
        self.fields.iter().try_for_each(|field| {
            visit.call(&field.name)?;
            visit.call(&field.location)?;
            [Some(&field.absent), field.once_closed.as_ref()].into_iter().flatten().try_for_each(|absent| {
                match absent {
                    Absent::Shared(value) | Absent::Copied(value) | Absent::Made(value) => visit.call(value),
                    Absent::Blank(_) | Absent::Nothing => Ok(()),
                }
            })
        })
    }
}

impl Instance {
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.object)?;
        visit.call(&self.values)?;
        visit.call(&self.arrived)?;
        visit.call(&self.extra)?;
        visit.call(&self.private)
    }
}

/// The private attributes of a model class that have a default.
fn privates(class: &Bound<'_, PyType>) -> PyResult<Vec<Private>> {
    let py = class.py();
    let undefined = UNDEFINED.import(py, "pydantic_core", "PydanticUndefined")?;
    let mut privates = Vec::new();
    // `BaseModel` itself has none.
    let Some(attributes) = class.getattr_opt(intern!(py, "__private_attributes__"))? else {
        return Ok(privates);
    };
    for (name, attribute) in attributes.cast::<PyDict>()?.iter() {
        let (default, factory) = (attribute.getattr("default")?, attribute.getattr("default_factory")?);
        let absent = if !factory.is_none() {
            // Pydantic 2.10 has factories that take nothing only.
            let takes_data = attribute.getattr("default_factory_takes_validated_data");
            let takes_data = takes_data.and_then(|takes| takes.extract()).unwrap_or(false);
            PrivateDefault::Made(factory.unbind(), takes_data)
        } else if default.is(undefined) {
            continue;
        } else {
            PrivateDefault::Copied(default.unbind())
        };
        privates.push(Private { name: name.cast_into()?.unbind(), absent });
    }
    Ok(privates)
}
