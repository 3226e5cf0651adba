//! The transcript of a response: its events so far, for those who put it together.

use std::ops::Range;

/// What the transcript has in place of some bytes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) at: Range<usize>,
    pub(crate) text: String,
}

/// The data of the events. Those that were coalesced are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transcript {
    events: Vec<Vec<u8>>,
    /// What comes behind the characters that the last event may still be given.
    tail: Vec<u8>,
}

impl Transcript {
    /// Adds an event with these edits. Those that are like it go on with it at `growth`.
    pub(crate) fn push(&mut self, data: &[u8], edits: &mut [Edit], growth: Option<usize>) {
        if let Some(last) = self.events.last_mut() {
            last.append(&mut self.tail);
            last.shrink_to_fit();
        }
        edits.sort_by_key(|edit| edit.at.start);
        let growth = growth.unwrap_or(data.len());
        let behind = edits.partition_point(|edit| edit.at.start < growth);
        self.events.push(edited(data, 0..growth, &edits[..behind]));
        self.tail = edited(data, growth..data.len(), &edits[behind..]);
    }

    /// Gives the last event more characters, in raw JSON.
    pub(crate) fn extend(&mut self, characters: &[u8]) {
        if let Some(last) = self.events.last_mut() {
            last.extend_from_slice(characters);
        }
    }

    /// The events, whole.
    pub(crate) fn events(&self) -> impl Iterator<Item = Vec<u8>> {
        let last = self.events.len().saturating_sub(1);
        self.events.iter().enumerate().map(move |(index, event)| {
            let tail: &[u8] = if index == last { &self.tail } else { &[] };
            [event, tail].concat()
        })
    }
}

/// A part of an event with the edits of it, which are in order.
fn edited(data: &[u8], part: Range<usize>, edits: &[Edit]) -> Vec<u8> {
    let (mut text, mut at) = (Vec::with_capacity(part.len()), part.start);
    for edit in edits {
        // Two members that are taken out may both reach for the comma between them.
        text.extend_from_slice(&data[at..edit.at.start.max(at)]);
        text.extend_from_slice(edit.text.as_bytes());
        at = edit.at.end.max(at);
    }
    text.extend_from_slice(&data[at..part.end]);
    text
}
