//! The changes of one drain.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyo3::{IntoPyObjectExt, intern};

static CHANGE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
/// What a named tuple's own `__new__`, which is Python's code, comes to.
static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

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
        let class = CHANGE.import(py, "instar.changes", "Change")?;
        let new = NEW
            .get_or_try_init(py, || Ok::<_, PyErr>(py.get_type::<PyTuple>().getattr("__new__")?.unbind()))?;
        let list = PyList::empty(py);
        for (kind, path, value) in self.changes {
            list.append(new.bind(py).call1((class, (kind.name(py), path, value)))?)?;
        }
        Ok(list)
    }
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
