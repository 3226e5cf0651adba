//! The events so far, for those who put a whole response together.

/// The data of the events, those of a run as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    events: Vec<Vec<u8>>,
    /// What comes behind the characters that the last event may still be given.
    tail: Vec<u8>,
}

impl Log {
    /// Adds an event. Those that are like it go on with it at `growth`.
    pub(super) fn push(&mut self, data: &[u8], growth: Option<usize>) {
        if let Some(last) = self.events.last_mut() {
            last.append(&mut self.tail);
            last.shrink_to_fit();
        }
        let (head, tail) = data.split_at(growth.unwrap_or(data.len()));
        self.events.push(head.to_vec());
        self.tail.extend_from_slice(tail);
    }

    /// Gives the last event more characters, in raw JSON.
    pub(super) fn extend(&mut self, characters: &[u8]) {
        if let Some(last) = self.events.last_mut() {
            last.extend_from_slice(characters);
        }
    }

    /// The events, whole.
    pub(super) fn events(&self) -> impl Iterator<Item = Vec<u8>> {
        let last = self.events.len().saturating_sub(1);
        self.events.iter().enumerate().map(move |(index, event)| {
            let tail: &[u8] = if index == last { &self.tail } else { &[] };
            [event, tail].concat()
        })
    }
}
