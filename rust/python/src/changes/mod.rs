//! Changes: the steps in which the dump of a growing value grows, for whoever follows it.
//!
//! A reader costs nothing while nobody drains it. A drain costs what is new, and a look at each open container.

mod batch;
mod follower;
mod level;

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use self::batch::Batch;
use self::follower::{Follower, Sight};
use crate::build::{Context, Spine};
use crate::dump::{Arrived, Style};
use crate::errors;
use crate::exclusive::Exclusive;
use crate::py::PyParser;

/// A reader of the changes of one parser's value, with a place of its own in them.
#[pyclass(frozen, name = "Changes", module = "instar._core")]
pub(crate) struct ChangeReader {
    parser: Py<PyParser>,
    state: Exclusive<Reading>,
}

/// What one reader has read.
pub(crate) struct Reading {
    style: Style,
    follower: Follower,
    /// Whether the value had begun before, and nothing of it has been sent.
    is_late: bool,
}

#[pymethods]
impl ChangeReader {
    /// The changes since the last drain.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut state = self.state.lend(py).ok_or_else(errors::busy)?;
        self.parser.get().follow(py, &mut state)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.parser)?;
        match self.state.lend_to_collector() {
            Some(state) => state.follower.traverse(&visit),
            None => Ok(()),
        }
    }
}

impl ChangeReader {
    /// A reader that begins now. `is_late` if the value has begun.
    pub(crate) fn new(parser: Py<PyParser>, style: Style, is_late: bool) -> Self {
        let reading = Reading { style, follower: Follower::default(), is_late };
        Self { parser, state: Exclusive::new(reading) }
    }
}

impl Reading {
    /// The changes since the last time.
    pub(crate) fn read<'py>(
        &mut self,
        c: Context<'_, 'py>,
        spine: &Spine<'_>,
        arrived: &[&Arrived],
    ) -> PyResult<Bound<'py, PyList>> {
        let mut batch = Batch::default();
        let sight = Sight { c, style: self.style, arrived, spine };
        if self.is_late {
            self.follower.follow_late(sight, &mut batch)?;
            self.is_late = batch.len() == 0;
        } else {
            self.follower.follow(sight, &mut batch)?;
        }
        batch.into_list(c.py)
    }
}
