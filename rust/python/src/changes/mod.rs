//! Changes: the steps in which the dump of a growing value grows, for whoever follows it.
//!
//! A reader costs nothing while nobody drains it. A drain costs what is new, and a look at each open container.

mod batch;
mod comparison;
mod descent;
mod follower;
mod level;
mod lookout;

use instar_core::{Cursor, Parser};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use self::batch::Batch;
pub(crate) use self::follower::TextNews;
use self::follower::{Follower, Sight};
use self::lookout::Lookout;
pub(crate) use self::lookout::Step;
use crate::build::{Context, Spine};
use crate::dump::{Arrived, Style};

/// Whether there are changes that a reader has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Nothing,
    /// There may be some.
    Something,
    /// There are none, and none will come of this text: all that the reader wants has settled.
    Over,
}

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
    /// Where the changes are wanted, if not everywhere.
    lookout: Option<Box<Lookout>>,
    /// Whether it has told of something that has not been read.
    has_news: bool,
}

impl Reading {
    /// A reader that begins now. `is_late` if the value has begun.
    pub(crate) fn new(style: Style, is_late: bool) -> Self {
        Self {
            style,
            follower: Follower::default(),
            is_late,
            restarts: 0,
            cursor: None,
            lookout: None,
            has_news: false,
        }
    }

    /// Begins anew, unless the text is still the one that comes behind so many others.
    pub(crate) fn turn_to(&mut self, restarts: u32, parser: &Parser) {
        if self.restarts != restarts {
            let patterns = self.follower.wanted();
            *self = Self { restarts, ..Self::new(self.style, true) };
            if !patterns.is_empty() {
                self.narrow(patterns, parser);
            }
        }
    }

    /// Leaves out what is not at one of these places, in one, or on the way to one. To be called before the first look.
    pub(crate) fn narrow(&mut self, patterns: Vec<Vec<Step>>, parser: &Parser) {
        self.lookout = Some(Box::new(Lookout::new(patterns.clone(), parser)));
        self.follower.narrow(patterns);
    }

    /// Whether there may be changes since the last time, and how far the tape has been read to know that.
    #[inline]
    pub(crate) fn has_news(
        &mut self,
        c: Context<'_, '_>,
        parser: &Parser,
        restarts: u32,
    ) -> (News, Option<Cursor>) {
        match &mut self.lookout {
            Some(lookout) if self.restarts == restarts => {
                self.has_news |= lookout.has_news(c, parser);
                let news = if self.has_news {
                    News::Something
                } else if lookout.is_over() {
                    News::Over
                } else {
                    News::Nothing
                };
                (news, lookout.cursor())
            }
            _ => (News::Something, None),
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
        match self.text_news(py, parser, restarts, None)? {
            TextNews::Nothing => Ok(Some(PyList::empty(py))),
            TextNews::Piece(piece) => match self.follower.open_text() {
                Some(path) => batch::appended(py, path, piece).map(Some),
                None => Ok(None),
            },
            TextNews::Else => Ok(None),
        }
    }

    /// What has come since the last time by a delta, if nothing but an open text can have grown since.
    #[inline]
    pub(crate) fn text_news<'py>(
        &mut self,
        py: Python<'py>,
        parser: &Parser,
        restarts: u32,
        delta: Option<&Bound<'py, PyString>>,
    ) -> PyResult<TextNews<'py>> {
        if self.cursor != Some(parser.tape().end()) || self.restarts != restarts {
            return Ok(TextNews::Else);
        }
        self.has_news = false;
        self.follower.text_news(py, parser, delta)
    }

    /// The path of the open text, if what was read last is one.
    #[inline]
    pub(crate) fn open_text(&self) -> Option<&Py<PyTuple>> {
        self.follower.open_text()
    }

    /// The changes since the last time.
    pub(crate) fn read<'py>(
        &mut self,
        c: Context<'_, 'py>,
        spine: &Spine<'_>,
        arrived: &[&Arrived],
        parser: &Parser,
    ) -> PyResult<Bound<'py, PyList>> {
        (self.cursor, self.has_news) = (None, false);
        if let Some(lookout) = &mut self.lookout {
            lookout.resume(c, spine, parser);
        }
        let mut batch = Batch::default();
        let sight = Sight { c, style: self.style, arrived, spine };
        if self.is_late {
            self.follower.follow_late(sight, &mut batch)?;
            self.is_late = batch.len() == 0;
        } else {
            self.follower.follow(sight, &mut batch)?;
        }
        self.cursor = Some(parser.tape().end());
        batch.into_list(c.py)
    }
}
