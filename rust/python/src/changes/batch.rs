//! The changes of one drain.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use crate::ffi;
use crate::once::{Once, intern};

static CHANGE: Once<Py<PyType>> = Once::new();

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Append,
    Set,
    Replace,
    Close,
}

#[derive(Default)]
pub(super) struct Batch {
    changes: Vec<(Kind, Py<PyTuple>, Py<PyAny>)>,
}

impl Batch {
    pub(super) fn push(&mut self, kind: Kind, path: &Bound<'_, PyTuple>, value: Bound<'_, PyAny>) {
        self.changes.push((kind, path.clone().unbind(), value.unbind()));
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Makes one value of the changes from a place on: that which they build at `path`. None if they build nothing.
    pub(super) fn fold<'py>(
        &mut self,
        py: Python<'py>,
        start: usize,
        path: &Bound<'py, PyTuple>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let top = PyList::empty(py);
        for (kind, at, value) in self.changes.drain(start..) {
            let steps: Vec<_> = at.bind(py).iter().skip(path.len()).collect();
            let value = value.bind(py);
            if kind == Kind::Close {
                continue;
            }
            let (container, step) = match steps.split_last() {
                None => (top.as_any().clone(), 0_usize.into_bound_py_any(py)?),
                Some((step, around)) => {
                    let mut container = top.get_item(0)?;
                    for step in around {
                        container = container.get_item(step)?;
                    }
                    (container, step.clone())
                }
            };
            if kind == Kind::Append {
                let text = container.get_item(&step)?.add(value)?;
                container.set_item(&step, text)?;
                continue;
            }
            // What is folded is not what somebody else may have in hand.
            let value = match (value.cast::<PyDict>(), value.cast::<PyList>()) {
                (Ok(dict), _) => dict.copy()?.into_any(),
                (_, Ok(list)) => list.get_slice(0, list.len()).into_any(),
                _ => value.clone(),
            };
            match container.cast::<PyList>() {
                Ok(list) if step.extract::<usize>()? == list.len() => list.append(value)?,
                _ => container.set_item(&step, value)?,
            }
        }
        Ok(top.get_item(0).ok())
    }

    pub(super) fn into_list(self, py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
        PyList::new(py, self.changes.into_iter().map(Entry))
    }
}

/// A change that becomes an object as it is put into a list.
struct Entry((Kind, Py<PyTuple>, Py<PyAny>));

impl<'py> IntoPyObject<'py> for Entry {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let (kind, path, value) = self.0;
        change(py, class(py)?, kind, path, value)
    }
}

/// The path of the last part of a value that could still grow, if it were open.
pub(super) fn end_of<'py>(value: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = value.py();
    let (mut value, mut path) = (value.clone(), Vec::new());
    loop {
        let last = match (value.cast::<PyDict>(), value.cast::<PyList>()) {
            (Ok(dict), _) => dict
                .as_any()
                .call_method0(intern!(py, "items"))?
                .call_method0(intern!(py, "__reversed__"))?
                .try_iter()?
                .next()
                .transpose()?
                .map(|last| last.extract())
                .transpose()?,
            (_, Ok(list)) if !list.is_empty() => {
                let place = list.len() - 1;
                Some((place.into_bound_py_any(py)?, list.get_item(place)?))
            }
            _ => None,
        };
        let Some((step, last)): Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> = last else {
            return Ok(path);
        };
        let grows = last.is_instance_of::<PyString>()
            || last.is_instance_of::<PyDict>()
            || last.is_instance_of::<PyList>();
        if !grows {
            return Ok(path);
        }
        path.push(step);
        value = last;
    }
}

/// The one change by which a text grows.
pub(super) fn appended<'py>(
    py: Python<'py>,
    path: &Py<PyTuple>,
    piece: Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyList>> {
    let piece = piece.into_any().unbind();
    PyList::new(py, [change(py, class(py)?, Kind::Append, path.clone_ref(py), piece)?])
}

fn change<'py>(
    py: Python<'py>,
    class: &Bound<'py, PyType>,
    kind: Kind,
    path: Py<PyTuple>,
    value: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    ffi::new_tuple(
        class,
        [kind.name(py).clone().into_any(), path.into_bound(py).into_any(), value.into_bound(py)],
    )
}

fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    CHANGE.import(py, "instar.changes", "Change")
}

impl Kind {
    fn name(self, py: Python<'_>) -> &Bound<'_, PyString> {
        match self {
            Self::Open => intern!(py, "open"),
            Self::Append => intern!(py, "append"),
            Self::Set => intern!(py, "set"),
            Self::Replace => intern!(py, "replace"),
            Self::Close => intern!(py, "close"),
        }
    }
}
