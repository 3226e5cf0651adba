//! The loop of sync code: it pulls the source, feeds the pump and hands out.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyIterator};
use pyo3::{PyTraverseError, PyVisit};

use super::pump::{Muted, Next, Pump};
use crate::errors;
use crate::exclusive::Exclusive;
use crate::once::intern;

/// The items of a stream.
///
/// Where `silent`, it makes no items: it gives a bool for each delta that was read, whether there would have been one;
/// `to_news`, only for those by which something may have happened at a place that is watched.
///
/// Of the stream it takes `_pump` and `_source`, with its `pieces`. Unless `silent`, `_tell()` is called after each
/// piece by which something may have happened at such a place. Where there is no source, or nothing to take and nothing
/// to read, `_advance()` does what is next: True if there may be more.
#[pyclass(frozen, generic, subclass, module = "instar._core")]
pub(crate) struct Pull {
    /// The stream.
    #[pyo3(get)]
    stream: Py<PyAny>,
    silent: bool,
    to_news: bool,
    at_work: Exclusive<Option<AtWork>>,
}

pub(super) struct AtWork {
    pub(super) pump: Py<Pump>,
    pub(super) pieces: Py<PyIterator>,
}

#[pymethods]
impl Pull {
    #[new]
    #[pyo3(signature = (stream, *, silent=false, to_news=false))]
    pub(super) fn new(stream: Py<PyAny>, silent: bool, to_news: bool) -> Self {
        Self { stream, silent, to_news, at_work: Exclusive::new(None) }
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut at_work = self.at_work.lend(py).ok_or_else(errors::reading)?;
        loop {
            if at_work.is_none() {
                *at_work = self.at_work(py)?;
            }
            if let Some(AtWork { pump, pieces }) = &*at_work {
                let next = if self.silent {
                    self.next_silently(py, pump.get(), pieces)?
                } else {
                    self.next(py, pump.get(), pieces)?
                };
                if next.is_some() {
                    return Ok(next);
                }
            }
            if !self.stream.bind(py).call_method0(intern!(py, "_advance"))?.is_truthy()? {
                return Ok(None);
            }
            *at_work = None;
        }
    }

    pub(super) fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.stream)?;
        if let Some(at_work) = self.at_work.lend_to_collector()
            && let Some(at_work) = &*at_work
        {
            at_work.traverse(&visit)?;
        }
        Ok(())
    }
}

impl AtWork {
    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.pump)?;
        visit.call(&self.pieces)
    }
}

impl Pull {
    /// What there is to do the work with, once there is a source.
    pub(super) fn at_work(&self, py: Python<'_>) -> PyResult<Option<AtWork>> {
        let stream = self.stream.bind(py);
        let source = stream.getattr(intern!(py, "_source"))?;
        if source.is_none() {
            return Ok(None);
        }
        Ok(Some(AtWork {
            pump: stream.getattr(intern!(py, "_pump"))?.extract()?,
            pieces: source.getattr(intern!(py, "pieces"))?.cast_into::<PyIterator>()?.unbind(),
        }))
    }

    /// The next item. None where there is none without more than to pull the source.
    #[inline]
    fn next(&self, py: Python<'_>, pump: &Pump, pieces: &Py<PyIterator>) -> PyResult<Option<Py<PyAny>>> {
        let mut piece = if pump.begin_item(py)? { self.read(py, pump, pieces)? } else { None };
        loop {
            let next = pump.next(py, piece)?;
            if pump.has_news(py)? {
                self.stream.call_method0(py, intern!(py, "_tell"))?;
            }
            match next {
                Next::Item(item) => return Ok(Some(item)),
                Next::Piece => piece = self.read(py, pump, pieces)?,
                Next::Nothing => return Ok(None),
            }
        }
    }

    /// The same, where no items are made.
    #[inline(never)]
    fn next_silently(
        &self,
        py: Python<'_>,
        pump: &Pump,
        pieces: &Py<PyIterator>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let mut piece = None;
        loop {
            let is_hungry = match pump.next_muted(py, piece.take().as_ref())? {
                Muted::Read(news, _) if !self.to_news || pump.has_news(py)? => {
                    return Ok(Some(PyBool::new(py, news).to_owned().into_any().unbind()));
                }
                Muted::Read(_, is_hungry) => is_hungry,
                Muted::Piece => true,
                Muted::Nothing => return Ok(None),
            };
            if is_hungry {
                piece = self.read(py, pump, pieces)?;
            }
        }
    }

    /// Reads the next piece of the source for the pump. None where there is none, which the pump has then been told.
    #[inline]
    pub(super) fn read<'py>(
        &self,
        py: Python<'py>,
        pump: &Pump,
        pieces: &Py<PyIterator>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let waiting = pump.lane().wait(py)?;
        let piece = pieces.bind(py).clone().next();
        drop(waiting);
        match piece {
            Some(Ok(piece)) => return Ok(Some(piece)),
            None => pump.end(py)?,
            Some(Err(error)) if error.is_instance_of::<PyException>(py) => {
                pump.fail(py, error.into_value(py).into_any())?;
            }
            Some(Err(interrupt)) => {
                self.stream.call_method0(py, intern!(py, "_interrupt"))?;
                return Err(interrupt);
            }
        }
        Ok(None)
    }
}
