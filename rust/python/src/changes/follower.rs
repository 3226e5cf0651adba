//! What one reader has been told of a growing value.
//!
//! Only the open spine changes, so that is what is kept: its containers, and what is open in the innermost one.

use instar_core::Parser;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::level::{Level, Location};
use super::lookout::Step;
use crate::build::{Context, Spine, whole};
use crate::dump::{Arrived, Manner, Style};
use crate::ffi;

/// What a drain goes by.
#[derive(Clone, Copy)]
pub(super) struct Sight<'s, 'py> {
    pub(super) c: Context<'s, 'py>,
    pub(super) style: Style,
    pub(super) arrived: &'s [&'s Arrived],
    pub(super) spine: &'s Spine<'s>,
}

impl<'py> Sight<'_, 'py> {
    /// The dump of a container on the open spine, with all that is open in it.
    pub(super) fn dump_whole(self, depth: usize, manner: &Manner) -> PyResult<Bound<'py, PyAny>> {
        let (value, open) = whole(self.c, &self.spine.branches[depth..], self.spine.text)?;
        let arrived: Vec<_> = self.arrived.iter().copied().chain([&open]).collect();
        manner.dump(&value, self.style, &arrived)
    }
}

/// What a delta has brought that may have brought characters of an open text.
pub(crate) enum TextNews<'py> {
    Nothing,
    Piece(Bound<'py, PyString>),
    /// Something else, or that as well.
    Else,
}

#[derive(Default)]
pub(super) struct Follower {
    pub(super) levels: Vec<Level>,
    pub(super) tip: Tip,
    /// What has been sent of the text at the tip, if one is there.
    pub(super) sent: Vec<u8>,
    /// The root, once it has been sent as closed.
    pub(super) root: Option<Py<PyAny>>,
    pub(super) revisions: u64,
    /// Where the changes are wanted; everywhere, if it is empty.
    pub(super) wanted: Vec<Vec<Step>>,
}

/// What is open in the innermost level, and is none itself.
#[derive(Default)]
pub(super) enum Tip {
    #[default]
    Nothing,
    Text(Place),
    /// A container that is sent as a whole, by its number, with its last dump.
    Whole(Place, u64, Py<PyAny>),
    /// A value that has been set and may still be taken back.
    Loose(Place, Py<PyAny>),
}

pub(super) struct Place {
    /// Where it stands in the innermost level; None for the root.
    pub(super) location: Option<Location>,
    pub(super) path: Py<PyTuple>,
    pub(super) manner: Manner,
}

impl Tip {
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Self::Nothing => None,
            Self::Text(place) | Self::Whole(place, ..) | Self::Loose(place, _) => Some(place),
        }
    }

    /// Whether another value stands where one was set.
    pub(super) fn was_taken_back(&self, stands: &Bound<'_, PyAny>) -> bool {
        matches!(self, Self::Loose(_, set) if !stands.is(set))
    }
}

impl Follower {
    pub(super) fn narrow(&mut self, wanted: Vec<Vec<Step>>) {
        self.wanted = wanted;
    }

    pub(super) fn wanted(&mut self) -> Vec<Vec<Step>> {
        std::mem::take(&mut self.wanted)
    }

    /// The path of the open text, if there is one.
    pub(super) fn open_text(&self) -> Option<&Py<PyTuple>> {
        match &self.tip {
            Tip::Text(place) => Some(&place.path),
            _ => None,
        }
    }

    /// What an open text has grown by, if that is all that has happened.
    #[inline]
    pub(super) fn text_news<'py>(&mut self, py: Python<'py>, parser: &Parser) -> PyResult<TextNews<'py>> {
        match (&self.tip, parser.open_text()) {
            (Tip::Text(_), Some(span)) => match parser.source().bytes(span).get(self.sent.len()..) {
                Some([]) => Ok(TextNews::Nothing),
                Some(more) => {
                    self.sent.extend_from_slice(more);
                    ffi::string(py, more).map(TextNews::Piece)
                }
                None => Ok(TextNews::Else),
            },
            (Tip::Nothing, None) => Ok(TextNews::Nothing),
            _ => Ok(TextNews::Else),
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.levels.iter().try_for_each(|level| level.traverse(visit))?;
        if let Some(place) = self.tip.place() {
            visit.call(&place.path)?;
            place.location.as_ref().map_or(Ok(()), |location| location.traverse(visit))?;
        }
        match &self.tip {
            Tip::Whole(_, _, value) | Tip::Loose(_, value) => visit.call(value)?,
            Tip::Nothing | Tip::Text(..) => {}
        }
        visit.call(&self.root)
    }
}
