//! The members of a list, each once, as it closes.
//!
//! The list is the whole answer (`[...]`), or what an object holds (`{"users": [...]}`, under any key; the lists of
//! several keys are read as one): the first character that is not white space decides.

use std::borrow::Cow;

use instar_repair::{Allowance, Guide, Mender, Step};
use instar_wire::choice::Event;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::delta::Reader;
use super::items::{Items, made};
use super::lane::Lane;
use super::skipped::Skipped;
use super::split::{Member, Splitter};
use crate::ffi::string;
use crate::once::intern;
use crate::py::PyParser;

pub(super) struct Elements {
    /// Makes the parser of a bare list.
    make: Py<PyAny>,
    parser: Py<PyParser>,
    /// Makes the parser of an object of lists.
    wrapped: Py<PyAny>,
    begun: bool,
    /// Whether the text is an object of lists.
    is_wrapped: bool,
    /// What stands before the list, where that is to be mended.
    opening: Option<Box<Opening>>,
    skipping: Option<Box<Skipping>>,
}

/// The text up to the first value in it, which says what the list is in.
struct Opening {
    mender: Mender,
    guide: Guide,
    held: Vec<u8>,
}

/// What it takes to go on behind an element that is refused: each is read by itself, by a parser of its own.
struct Skipping {
    /// Makes the parser of an element.
    element: Py<PyAny>,
    splitter: Splitter,
    is_wrapped: bool,
    /// Those that were not refused.
    good: Py<PyList>,
    skipped: Skipped,
    /// How much of the mended text the splitter has, and of which attempt, where the text is mended.
    read: (u32, usize),
}

impl Elements {
    pub(super) fn new(make: Py<PyAny>, parser: Py<PyParser>, wrapped: Py<PyAny>) -> Self {
        let opening = Opening::new(parser.get());
        Self { make, parser, wrapped, begun: false, is_wrapped: false, opening, skipping: None }
    }

    /// The same, going on behind an element that is refused.
    pub(super) fn skipping(mut self, py: Python<'_>, element: Py<PyAny>) -> Self {
        let (good, skipped) = (PyList::empty(py).unbind(), Skipped::new(py));
        let splitter = Splitter::new(false);
        let skipping = Skipping { element, splitter, is_wrapped: false, good, skipped, read: (0, 0) };
        self.skipping = Some(Box::new(skipping));
        self
    }

    /// The elements that were refused.
    pub(super) fn skipped(&self) -> Option<&Skipped> {
        self.skipping.as_ref().map(|skipping| &skipping.skipped)
    }

    pub(super) fn take(
        &mut self,
        py: Python<'_>,
        lane: &Lane,
        reader: &mut Reader,
        event: Event,
        text: &[u8],
        items: &mut Items,
    ) -> PyResult<()> {
        match event {
            Event::Text | Event::Arguments(_) | Event::Input(_) => {
                let mut text = Cow::Borrowed(text);
                if !self.begun {
                    if let Some(opening) = &mut self.opening {
                        let Some(held) = opening.take(&text) else { return Ok(()) };
                        text = Cow::Owned(held);
                    }
                    self.begin(py, lane, &text)?;
                }
                let read = reader.feed(py, self.parser.get(), &text);
                self.skip(py, &text, items)?;
                read?;
                self.rest(py, items)
            }
            Event::Restart => {
                self.parser = made(self.make.bind(py))?;
                lane.switch(py, &self.parser)?;
                (self.begun, self.is_wrapped) = (false, false);
                self.opening = Opening::new(self.parser.get());
                if let Some(skipping) = &mut self.skipping {
                    skipping.restart(py)?;
                }
                *reader = Reader::default();
                items.begin_again(py);
                Ok(())
            }
            Event::Call(_) | Event::Id(_) | Event::End(_) | Event::Prose | Event::Reasoning => Ok(()),
        }
    }

    /// Hands out the elements that have closed.
    pub(super) fn rest(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        if self.skipping.is_some() {
            return Ok(());
        }
        for element in self.parser.get().drain(py)?.bind(py) {
            items.push_once(element)?;
        }
        Ok(())
    }

    /// Hands out the elements that a delta completes, where those that are refused are skipped.
    fn skip(&mut self, py: Python<'_>, text: &[u8], items: &mut Items) -> PyResult<()> {
        let Some(skipping) = &mut self.skipping else { return Ok(()) };
        if self.opening.is_none() {
            return skipping.take(py, text, items);
        }
        let (attempt, mended) = self.parser.get().mended_since(py, skipping.read)?;
        if attempt != skipping.read.0 {
            skipping.restart(py)?;
            skipping.read = (attempt, 0);
        }
        skipping.read.1 += mended.len();
        skipping.take(py, &mended, items)
    }

    pub(super) fn end(&mut self, py: Python<'_>, items: &mut Items) -> PyResult<()> {
        if let Some(opening) = self.opening.as_mut().filter(|_| !self.begun) {
            self.parser.get().feed_bytes(py, &std::mem::take(&mut opening.held))?;
        }
        self.parser.get().close(py)?;
        match &self.skipping {
            Some(skipping) => skipping.check(py, &self.parser),
            None => self.rest(py, items),
        }
    }

    /// Whether the elements are those of the lists in an object.
    pub(super) fn is_wrapped(&self) -> bool {
        self.is_wrapped
    }

    pub(super) fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        members(self.parser.get().snapshot(py)?.into_bound(py))
    }

    pub(super) fn dump<'py>(
        &self,
        py: Python<'py>,
        mode: &str,
        by_alias: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok(members(self.parser.get().dump(py, mode, by_alias)?)?.into_bound(py))
    }

    pub(super) fn last(&mut self, py: Python<'_>, allow_truncated: bool) -> PyResult<Py<PyAny>> {
        match &self.skipping {
            Some(skipping) => Ok(skipping.good.clone_ref(py).into_any()),
            None => members(self.parser.get().finish(py, allow_truncated)?.into_bound(py)),
        }
    }

    /// Chooses the parser by the first character.
    fn begin(&mut self, py: Python<'_>, lane: &Lane, text: &[u8]) -> PyResult<()> {
        let first = match &self.opening {
            Some(opening) => opening.first(),
            None => text.trim_ascii_start().first().copied(),
        };
        self.begun = first.is_some() || self.opening.is_some();
        self.is_wrapped = first == Some(b'{');
        if self.is_wrapped {
            let blank = self.parser.get().text(py)?;
            self.parser = made(self.wrapped.bind(py))?;
            lane.switch(py, &self.parser)?;
            self.parser.get().feed_bytes(py, blank.as_bytes())?;
            if let Some(skipping) = &mut self.skipping {
                skipping.splitter = Splitter::new(true);
                skipping.is_wrapped = true;
                skipping.splitter.push(blank.as_bytes());
            }
        }
        Ok(())
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.make)?;
        visit.call(&self.parser)?;
        visit.call(&self.wrapped)?;
        match &self.skipping {
            Some(skipping) => {
                visit.call(&skipping.element)?;
                visit.call(&skipping.good)?;
                skipping.skipped.traverse(visit)
            }
            None => Ok(()),
        }
    }
}

impl Opening {
    /// The opening of a text that this parser mends; none if it mends nothing around values.
    fn new(parser: &PyParser) -> Option<Box<Self>> {
        let repairs = parser.repairs_around()?;
        let guide = Guide::any();
        let mender = Mender::new(repairs, &guide, Allowance::UNLIMITED);
        Some(Box::new(Self { mender, guide, held: Vec::new() }))
    }

    /// Takes in a delta. All that has come, once a value has begun in it.
    fn take(&mut self, delta: &[u8]) -> Option<Vec<u8>> {
        self.held.extend_from_slice(delta);
        self.mender.push(delta);
        let has_begun = self.mender.advance(&self.guide) != Step::Drained;
        has_begun.then(|| std::mem::take(&mut self.held))
    }

    /// The first byte of the value.
    fn first(&self) -> Option<u8> {
        self.mender.mended().trim_ascii_start().first().copied()
    }
}

impl Skipping {
    /// Takes in a delta, and hands out the elements that it completes, or notes what is wrong with them.
    fn take(&mut self, py: Python<'_>, text: &[u8], items: &mut Items) -> PyResult<()> {
        for member in self.splitter.push(text) {
            let text = self.splitter.text(&member);
            let parser = made(self.element.bind(py))?;
            let read = parser.get().feed_bytes(py, text).and_then(|_| parser.get().finish(py, false));
            match read {
                Ok(element) => {
                    self.good.bind(py).append(&element)?;
                    items.push_once(element.into_bound(py))?;
                }
                Err(error) => {
                    let path = path(py, &member)?;
                    self.skipped.note(py, error, path, member.bytes.start, text)?;
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self, py: Python<'_>) -> PyResult<()> {
        self.splitter = Splitter::new(false);
        self.is_wrapped = false;
        self.good = PyList::empty(py).unbind();
        self.skipped.clear(py)
    }

    /// Raises what is wrong with the list itself.
    fn check(&self, py: Python<'_>, parser: &Py<PyParser>) -> PyResult<()> {
        let depth = if self.is_wrapped { 2 } else { 1 };
        for violation in parser.bind(py).getattr(intern!(py, "violations"))?.try_iter()? {
            if violation?.getattr(intern!(py, "loc"))?.len()? < depth {
                return parser.get().finish(py, false).map(drop);
            }
        }
        Ok(())
    }
}

/// The way to a member.
fn path<'py>(py: Python<'py>, member: &Member) -> PyResult<Bound<'py, PyTuple>> {
    let index = member.index.into_pyobject(py)?.into_any();
    match &member.key {
        Some(key) => PyTuple::new(py, [string(py, key.as_bytes())?.into_any(), index]),
        None => PyTuple::new(py, [index]),
    }
}

/// The list of an answer that may carry it in an object.
fn members(answer: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let Ok(lists) = answer.cast::<PyDict>() else { return Ok(answer.unbind()) };
    let lists = lists.values();
    if lists.len() == 1 {
        return Ok(lists.get_item(0)?.unbind());
    }
    let all = PyList::empty(answer.py());
    for list in lists {
        for member in list.try_iter()? {
            all.append(member?)?;
        }
    }
    Ok(all.into_any().unbind())
}
