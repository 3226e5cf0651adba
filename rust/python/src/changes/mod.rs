//! Changes: the steps in which the dump of a growing value grows, for whoever follows it.
//!
//! A reader costs nothing while nobody drains it. A drain costs what is new, and a look at each open container.

mod batch;
mod follower;
mod level;

use instar_core::{Cursor, Parser};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use self::batch::Batch;
use self::follower::{Follower, Sight};
use crate::build::{Context, Spine};
use crate::dump::{Arrived, Style};

/// What one reader has read.
pub(crate) struct Reading {
    style: Style,
    follower: Follower,
    /// Whether the value had begun before, and nothing of it has been sent.
    is_late: bool,
    /// How many texts were given up before the one that it reads.
    restarts: u32,
    /// How far the tape was at the last look.
    cursor: Option<Cursor>,
}

impl Reading {
    /// A reader that begins now. `is_late` if the value has begun.
    pub(crate) fn new(style: Style, is_late: bool) -> Self {
        Self { style, follower: Follower::default(), is_late, restarts: 0, cursor: None }
    }

    /// Begins anew, unless the text is still the one that comes behind so many others.
    pub(crate) fn turn_to(&mut self, restarts: u32) {
        if self.restarts != restarts {
            *self = Self { restarts, ..Self::new(self.style, true) };
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.follower.traverse(visit)
    }

    /// The changes since the last time, if nothing but an open text can have grown since; None if more has happened.
    #[inline]
    pub(crate) fn read_text<'py>(
        &mut self,
        py: Python<'py>,
        parser: &Parser,
        restarts: u32,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        if self.cursor != Some(parser.tape().end()) || self.restarts != restarts {
            return Ok(None);
        }
        self.follower.follow_text(py, parser)
    }

    /// The changes since the last time, when the tape was at `cursor`.
    pub(crate) fn read<'py>(
        &mut self,
        c: Context<'_, 'py>,
        spine: &Spine<'_>,
        arrived: &[&Arrived],
        cursor: Cursor,
    ) -> PyResult<Bound<'py, PyList>> {
        self.cursor = None;
        let mut batch = Batch::default();
        let sight = Sight { c, style: self.style, arrived, spine };
        if self.is_late {
            self.follower.follow_late(sight, &mut batch)?;
            self.is_late = batch.len() == 0;
        } else {
            self.follower.follow(sight, &mut batch)?;
        }
        self.cursor = Some(cursor);
        batch.into_list(c.py)
    }
}
