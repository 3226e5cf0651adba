//! Events that were already read: a second body of the same response may overlap with the first.

use std::collections::BTreeSet;

/// What is known of the events that were read.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// The highest number.
    last: Option<u64>,
    /// Whether the numbers count: they have been seen to rise, or a body has ended. Some servers give every event the
    /// same one.
    counts: bool,
    ids: BTreeSet<Vec<u8>>,
}

impl Repeats {
    /// Whether an event with this number and this id, empty if it has none, was already read.
    pub(crate) fn has(&self, number: Option<u64>, id: &[u8]) -> bool {
        let falls = |number| self.counts && self.last.is_some_and(|last| number <= last);
        number.is_some_and(falls) || !id.is_empty() && self.ids.contains(id)
    }

    /// An event with this number and this id is read.
    pub(crate) fn note(&mut self, number: Option<u64>, id: &[u8]) {
        if let Some(number) = number.filter(|&number| self.last.is_none_or(|last| number > last)) {
            self.counts |= self.last.is_some();
            self.last = Some(number);
        }
        if !id.is_empty() {
            self.ids.insert(id.to_vec());
        }
    }

    /// The body has ended: who sends another one goes by the numbers.
    pub(crate) fn end(&mut self) {
        self.counts = true;
    }
}
