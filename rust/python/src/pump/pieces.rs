//! The pieces of one text that somebody watches, read by the loop of sync code: most deltas bring one, and nothing else.

use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::pull::{AtWork, Pull};
use super::pump::{Muted, Pump};
use crate::changes::TextNews;
use crate::errors;
use crate::exclusive::{Exclusive, Lent};
use crate::py::ChangeReader;

/// The pieces of the text that is open for the reader of those who watch places: what each delta brings. It ends
/// where one brings anything else, or none is left.
///
/// `kept` has the pieces so far, all of which have been handed out, and takes in the others; `others` are lists of
/// those who keep them, too. It also ends as soon as there is something in one of the lists of what is `called` for
/// each piece.
#[pyclass(frozen, module = "instar._core")]
pub(crate) struct Pieces {
    pull: Pull,
    reader: Py<ChangeReader>,
    path: Py<PyTuple>,
    kept: Py<PyList>,
    others: Vec<Py<PyList>>,
    called: Vec<Py<PyList>>,
    state: Exclusive<State>,
}

struct State {
    /// How many of the pieces that are kept have been handed out.
    read: usize,
    at_work: AtWork,
}

#[pymethods]
impl Pieces {
    /// None where no text is open that is read as it comes.
    #[staticmethod]
    fn of(
        py: Python<'_>,
        stream: Py<PyAny>,
        reader: Py<ChangeReader>,
        kept: Py<PyList>,
        others: Vec<Py<PyList>>,
        called: Vec<Py<PyList>>,
    ) -> PyResult<Option<Self>> {
        let pull = Pull::new(stream, true, false);
        let (Some(at_work), Some(path)) = (pull.at_work(py)?, reader.get().open_text(py)?) else {
            return Ok(None);
        };
        let state = Exclusive::new(State { read: kept.bind(py).len(), at_work });
        Ok(Some(Self { pull, reader, path, kept, others, called, state }))
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        let mut state = self.lend(py)?;
        let kept = self.kept.bind(py);
        let (read, now) = (state.read, kept.len());
        if read < now {
            state.read = now;
            let new = kept.get_slice(read, now);
            return Ok(Some(PyString::new(py, "").call_method1("join", (new,))?.cast_into()?));
        }
        let piece = self.next(py, &state.at_work)?;
        if let Some(piece) = &piece {
            state.read += 1;
            kept.append(piece)?;
            self.others.iter().try_for_each(|other| other.bind(py).append(piece))?;
        }
        Ok(piece)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.pull.__traverse__(visit)?;
        visit.call(&self.reader)?;
        visit.call(&self.path)?;
        visit.call(&self.kept)?;
        self.others.iter().chain(&self.called).try_for_each(|list| visit.call(list))?;
        match self.state.lend_to_collector() {
            Some(state) => state.at_work.traverse(&visit),
            None => Ok(()),
        }
    }
}

impl Pieces {
    fn lend(&self, py: Python<'_>) -> PyResult<Lent<'_, State>> {
        self.state.lend(py).ok_or_else(errors::reading)
    }

    /// Reads on to the next piece. None where something else has come, or nothing can be read.
    #[inline]
    fn next<'py>(
        &self,
        py: Python<'py>,
        AtWork { pump, pieces }: &AtWork,
    ) -> PyResult<Option<Bound<'py, PyString>>> {
        let (pump, reader) = (pump.get(), self.reader.get());
        if self.called.iter().any(|calls| !calls.bind(py).is_empty()) {
            return Ok(None);
        }
        // Another attempt has another parser.
        while reader.is_at(py, &self.path)? && pump.is_watched_by(py, &self.reader)? {
            let (is_read, delta) = self.read_on(py, pump, pieces)?;
            if !is_read {
                break;
            }
            let delta = delta.as_ref().and_then(|delta| delta.cast_exact().ok());
            match reader.text_news(py, &self.path, delta)? {
                TextNews::Piece(piece) => return Ok(Some(piece)),
                TextNews::Nothing => {}
                TextNews::Else => break,
            }
        }
        Ok(None)
    }

    /// Reads the next delta, and returns what of the source it has read for that. False if that takes more than to pull the
    /// source.
    #[inline]
    fn read_on<'py>(
        &self,
        py: Python<'py>,
        pump: &Pump,
        pieces: &Py<PyIterator>,
    ) -> PyResult<(bool, Option<Bound<'py, PyAny>>)> {
        let mut piece = if pump.wants_piece(py)? { self.pull.read(py, pump, pieces)? } else { None };
        loop {
            match pump.next_muted(py, piece.as_ref())? {
                Muted::Read(..) => return Ok((true, piece)),
                Muted::Piece => piece = self.pull.read(py, pump, pieces)?,
                Muted::Nothing => return Ok((false, None)),
            }
        }
    }
}
