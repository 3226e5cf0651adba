//! The C calls that `PyO3` has no safe form of: all the `unsafe` of the package but the cell in `exclusive`.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PySet, PyString, PyType};

/// A new instance of `class` without `__init__`, as Pydantic makes them: `class.__new__(class)`.
///
/// 43 ns against 118 ns for looking `__new__` up and calling it (`CPython` 3.11).
pub(crate) fn new_instance<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let no_arguments = pyo3::types::PyTuple::empty(py);
    // SAFETY: `class` is a type that `class` keeps alive, so its slots can be read; `tp_new` takes the type and a
    // tuple, and gives a new reference or sets an exception.
    unsafe {
        let class = class.as_type_ptr();
        let Some(new) = (*class).tp_new else {
            return Err(PyTypeError::new_err("the class has no __new__"));
        };
        Bound::from_owned_ptr_or_err(py, new(class, no_arguments.as_ptr(), std::ptr::null_mut()))
    }
}

/// Sets an attribute below the class's own `__setattr__`, as Pydantic does: frozen models too.
pub(crate) fn set_attribute(
    object: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: three live objects; the call borrows them and reports failure by -1 and an exception.
    let status = unsafe { ffi::PyObject_GenericSetAttr(object.as_ptr(), name.as_ptr(), value.as_ptr()) };
    if status == -1 { Err(PyErr::fetch(object.py())) } else { Ok(()) }
}

/// An attribute that a class keeps in a slot of its instances (`__slots__`).
pub(crate) struct Slot {
    class: Py<PyType>,
    name: Py<PyString>,
    /// Where in an instance the slot lies, if the attribute is nothing but a slot.
    offset: Option<isize>,
}

impl Slot {
    /// The slot of `class` for the attribute `name`.
    pub(crate) fn find(class: &Bound<'_, PyType>, name: &Bound<'_, PyString>) -> PyResult<Self> {
        let descriptor = class.getattr(name)?;
        Ok(Self {
            class: class.clone().unbind(),
            name: name.clone().unbind(),
            offset: member_offset(class, &descriptor),
        })
    }

    /// Sets the attribute of an instance. By name, three attributes of two models make a kept snapshot 630 ns instead of
    /// 560 (`CPython` 3.11).
    pub(crate) fn fill(&self, object: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        // A `__new__` of the user's may give an object of another class, where the slot is elsewhere or nowhere.
        let is_of_class = object.get_type().is(&self.class);
        let Some(offset) = self.offset.filter(|_| is_of_class) else {
            return set_attribute(object, self.name.bind(object.py()), value);
        };
        // SAFETY: the object's class is the one whose member descriptor says that an object pointer lies at this offset of
        // every instance; the old pointer, null in a new instance, is the slot's own reference.
        unsafe {
            let slot = object.as_ptr().byte_offset(offset).cast::<*mut ffi::PyObject>();
            let old = slot.replace(value.clone().into_ptr());
            ffi::Py_XDECREF(old);
        }
        Ok(())
    }
}

#[cfg(Py_3_11)]
fn member_offset(class: &Bound<'_, PyType>, descriptor: &Bound<'_, PyAny>) -> Option<isize> {
    // SAFETY: an object whose type is exactly the member descriptors' has their layout, and points to a member that
    // lives as long as its class; what it says holds for the instances of that class and of its subclasses.
    unsafe {
        let is_member = std::ptr::eq(descriptor.get_type_ptr(), &raw const ffi::PyMemberDescr_Type);
        if !is_member {
            return None;
        }
        let descriptor = descriptor.as_ptr().cast::<ffi::PyMemberDescrObject>();
        if ffi::PyType_IsSubtype(class.as_type_ptr(), (*descriptor).d_common.d_type) == 0 {
            return None;
        }
        let member = (*descriptor).d_member;
        ((*member).type_code == ffi::Py_T_OBJECT_EX && (*member).flags == 0).then_some((*member).offset)
    }
}

/// Before CPython 3.11 the descriptor's member has another type in `pyo3-ffi`.
#[cfg(not(Py_3_11))]
fn member_offset(_class: &Bound<'_, PyType>, _descriptor: &Bound<'_, PyAny>) -> Option<isize> {
    None
}

/// `text + more`, in place where nobody else holds `text`: what makes a long string linear in its length.
///
/// `CPython` itself decides by the reference count, so a snapshot that holds `text` keeps what it had.
pub(crate) fn append<'py>(
    text: Bound<'py, PyString>,
    more: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyString>> {
    let py = text.py();
    let mut pointer = text.into_ptr();
    // SAFETY: `pointer` is the one reference that `into_ptr` gave up; the call replaces it by a new one to a string,
    // or releases it, sets null and an exception.
    unsafe {
        ffi::PyUnicode_Append(&raw mut pointer, more.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(py, pointer)?.cast_into_unchecked())
    }
}

/// A copy of a set: 71 ns against 190 ns through an iterator (`CPython` 3.11, three names).
pub(crate) fn copy_set<'py>(set: &Bound<'py, PySet>) -> PyResult<Bound<'py, PySet>> {
    // SAFETY: a live iterable; the call gives a new reference to a set or sets an exception.
    unsafe { Ok(Bound::from_owned_ptr_or_err(set.py(), ffi::PySet_New(set.as_ptr()))?.cast_into_unchecked()) }
}
