//! The items that a pump has made and nobody has taken yet, and what comes from Python for them.

use std::collections::VecDeque;

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use crate::py::PyParser;

/// The items that have not been taken yet.
pub(super) struct Items {
    queue: VecDeque<Py<PyAny>>,
    once: Once,
    /// Whether nobody takes them: then none are kept.
    muted: bool,
    /// Whether there would have been one.
    missed: bool,
    at_hand: AtHand,
}

/// The delta that is read, by portions if it is a long one.
#[derive(Default)]
struct AtHand {
    /// Whether it has not been read to its end: until then nothing is taken.
    held: bool,
    /// Whether it has made something grow.
    grown: bool,
}

/// Lets each element pass once, however many attempts repeat it.
struct Once {
    passed: Py<PyList>,
    /// What an earlier attempt has handed out, and this one has not repeated yet.
    expected: Py<PyList>,
}

impl Items {
    /// No items. What has `passed` in an earlier attempt is not handed out again.
    pub(super) fn new(py: Python<'_>, passed: Option<Py<PyList>>) -> Self {
        let (queue, once) = (VecDeque::new(), Once::new(py, passed));
        Self { queue, once, muted: false, missed: false, at_hand: AtHand::default() }
    }

    /// Drops what there is, and keeps none until somebody wants them.
    #[inline]
    pub(super) fn mute(&mut self) {
        self.muted = true;
        // Mostly there are none, and a text that is read on piece by piece comes here for each.
        if !self.queue.is_empty() {
            self.queue.clear();
        }
    }

    /// Somebody wants them.
    pub(super) fn unmute(&mut self) {
        self.muted = false;
    }

    /// Whether there would have been some since the last time.
    pub(super) fn take_missed(&mut self) -> bool {
        std::mem::take(&mut self.missed)
    }

    /// The delta at hand is read by portions: what comes of it is held back until `release`.
    pub(super) fn hold(&mut self) {
        self.at_hand.held = true;
    }

    /// Only the end of the delta at hand is to come.
    pub(super) fn release(&mut self) {
        self.at_hand.held = false;
    }

    /// Whether the delta at hand has not been read to its end.
    pub(super) fn is_held(&self) -> bool {
        self.at_hand.held
    }

    /// The delta at hand has been refused: no more is read of it, and what has grown by it is not shown.
    pub(super) fn refuse(&mut self) {
        self.at_hand = AtHand::default();
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<Py<PyAny>> {
        if self.at_hand.held { None } else { self.queue.pop_front() }
    }

    pub(super) fn push(&mut self, item: Py<PyAny>) {
        if self.muted {
            self.missed = true;
        } else {
            self.queue.push_back(item);
        }
    }

    /// Adds what `make` makes, if somebody wants it.
    pub(super) fn push_made(&mut self, make: impl FnOnce() -> PyResult<Py<PyAny>>) -> PyResult<()> {
        if self.muted {
            self.missed = true;
        } else {
            self.queue.push_back(make()?);
        }
        Ok(())
    }

    /// Adds what `make` makes if the delta at hand has made it grow, once for all of the delta.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn push_grown(
        &mut self,
        grown: bool,
        make: impl FnOnce() -> PyResult<Py<PyAny>>,
    ) -> PyResult<bool> {
        self.at_hand.grown |= grown;
        let shows = !self.at_hand.held && std::mem::take(&mut self.at_hand.grown);
        if shows {
            self.push_made(make)?;
        }
        Ok(shows)
    }

    /// Adds an element, unless an earlier attempt has handed it out.
    pub(super) fn push_once(&mut self, item: Bound<'_, PyAny>) -> PyResult<()> {
        let Once { passed, expected } = &self.once;
        let expected = expected.bind(item.py());
        if expected.contains(&item)? {
            return expected.del_item(expected.index(&item)?);
        }
        passed.bind(item.py()).append(&item)?;
        self.push(item.unbind());
        Ok(())
    }

    /// Another attempt begins: what has passed comes once more.
    pub(super) fn begin_again(&mut self, py: Python<'_>) {
        self.once = Once::new(py, Some(self.once.passed.clone_ref(py)));
    }

    /// The elements that this attempt and those before it have handed out.
    pub(super) fn passed(&self, py: Python<'_>) -> Py<PyList> {
        self.once.passed.clone_ref(py)
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.queue.iter().try_for_each(|item| visit.call(item))?;
        visit.call(&self.once.passed)?;
        visit.call(&self.once.expected)
    }
}

impl Once {
    fn new(py: Python<'_>, passed: Option<Py<PyList>>) -> Self {
        let passed = passed.unwrap_or_else(|| PyList::empty(py).unbind());
        let expected = passed.bind(py).get_slice(0, passed.bind(py).len()).unbind();
        Self { passed, expected }
    }
}

/// The parser that this function makes.
pub(super) fn made(make: &Bound<'_, PyAny>) -> PyResult<Py<PyParser>> {
    Ok(make.call0()?.extract()?)
}
