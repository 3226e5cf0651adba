//! The lane of a pump: the choice of a body that it reads, if it reads a body, and the parser at work on it.

use std::sync::Arc;

use instar_wire::choice::Choice;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::body::Body;
use crate::errors;
use crate::exclusive::{Exclusive, Flag, Lent};
use crate::py::{ChangeReader, PyParser};

pub(super) struct Lane {
    pub(super) body: Option<Py<Body>>,
    pub(super) choice: u32,
    /// Can be asked for while an item is made.
    current: Exclusive<Current>,
    /// Whether somebody reads the source.
    reading: Arc<Flag>,
    /// Whether something may happen at a place that somebody watches; not so once all that is watched has settled.
    stirring: Flag,
}

/// The parser at work.
struct Current {
    parser: Py<PyParser>,
    /// How much of its text had been read before the newest item was asked for.
    mark: usize,
}

impl Lane {
    pub(super) fn new(parser: Py<PyParser>, body: Option<Py<Body>>, choice: u32) -> Self {
        let reading = body.as_ref().map_or_else(Arc::default, |body| body.get().reading());
        Self {
            body,
            choice,
            current: Exclusive::new(Current { parser, mark: 0 }),
            reading,
            stirring: Flag::default(),
        }
    }

    /// Something may happen at a place that somebody watches.
    pub(super) fn stir(&self) {
        self.stirring.set();
    }

    /// Nothing can happen at such a place, unless another parser goes on.
    pub(super) fn rest(&self) {
        self.stirring.clear();
    }

    /// Whether something may happen at such a place.
    #[inline]
    pub(super) fn is_stirring(&self) -> bool {
        self.stirring.is_set()
    }

    /// The parser at work.
    pub(super) fn parser(&self, py: Python<'_>) -> PyResult<Py<PyParser>> {
        Ok(self.current(py)?.parser.clone_ref(py))
    }

    /// Whether the parser at work is the one that this reader reads.
    #[inline]
    pub(super) fn is_read_by(&self, py: Python<'_>, reader: &ChangeReader) -> PyResult<bool> {
        Ok(reader.reads(&self.current(py)?.parser))
    }

    /// Lets this parser go on with the text.
    pub(super) fn switch(&self, py: Python<'_>, parser: &Py<PyParser>) -> PyResult<()> {
        let mut current = self.current(py)?;
        if !current.parser.is(parser) {
            *current = Current { parser: parser.clone_ref(py), mark: parser.get().offset(py)? };
            self.stir();
        }
        Ok(())
    }

    /// What comes from now on is new.
    #[inline]
    pub(super) fn mark(&self, py: Python<'_>) -> PyResult<()> {
        let mut current = self.current(py)?;
        current.mark = current.parser.get().offset(py)?;
        Ok(())
    }

    /// The text since the mark.
    pub(super) fn delta(&self, py: Python<'_>) -> PyResult<String> {
        let current = self.current(py)?;
        current.parser.get().text_from(py, current.mark)
    }

    /// Asks the choice, if there is a body.
    pub(super) fn of_choice<T>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&mut Choice) -> T,
    ) -> PyResult<Option<T>> {
        match &self.body {
            Some(body) => Ok(Some(ask(body.get().lend(py)?.choice(self.choice)))),
            None => Ok(None),
        }
    }

    /// Whether somebody waits for the source.
    pub(super) fn is_read(&self) -> bool {
        self.reading.is_set()
    }

    /// Lets the caller wait for the source, unless somebody else does.
    #[inline]
    pub(super) fn wait(&self, _py: Python<'_>) -> PyResult<Waiting<'_>> {
        if self.reading.set() { Ok(Waiting(&self.reading)) } else { Err(errors::reading()) }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.body)?;
        match self.current.lend_to_collector() {
            Some(current) => visit.call(&current.parser),
            None => Ok(()),
        }
    }

    #[inline]
    fn current(&self, py: Python<'_>) -> PyResult<Lent<'_, Current>> {
        self.current.lend(py).ok_or_else(errors::busy)
    }
}

/// While there is one, its holder waits for the source.
pub(super) struct Waiting<'l>(&'l Flag);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.clear();
    }
}
