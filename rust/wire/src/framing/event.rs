//! An event: the data that a framing cuts out of a body, and where in the body they came from.

use instar_json::{Position, characters, is_continuation};

/// An event, or as much of it as has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// Its name, where the framing has names.
    pub(crate) name: Vec<u8>,
    data: Vec<u8>,
    origins: Vec<Origin>,
}

/// Where a line of the data came from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// Where it begins in the data.
    start: usize,
    place: Place,
}

/// The place in a body of the byte that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: usize,
    pub(crate) position: Position,
    /// Whether the byte before it was a CR: a LF belongs to that line end.
    pub(crate) after_cr: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self { offset: 0, position: Position { line: 1, column: 1 }, after_cr: false }
    }
}

impl Place {
    /// Goes behind `byte`.
    pub(crate) fn pass(&mut self, byte: u8) {
        self.offset += 1;
        let ends_line = byte == b'\r' || byte == b'\n' && !self.after_cr;
        self.after_cr = byte == b'\r';
        if ends_line {
            self.position = Position { line: self.position.line + 1, column: 1 };
        } else if byte != b'\n' && !is_continuation(byte) {
            self.position.column += 1;
        }
    }
}

impl Event {
    /// An event that came whole, as a message of its own, whose first byte is at `offset`.
    pub(crate) fn message(data: &[u8], offset: usize) -> Self {
        let mut event = Self::default();
        let mut place = Place { offset, ..Place::default() };
        event.begin_line(place);
        for &byte in data {
            event.push(byte, &mut place);
        }
        event
    }

    /// The data so far.
    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether it only keeps the connection alive. What it holds may be anything.
    pub(crate) fn keeps_alive(&self) -> bool {
        let names: [&[u8]; 5] = [b"heartbeat", b"ping", b"keepalive", b"keep-alive", b"keep_alive"];
        let is_named = |name: &&[u8]| self.name.eq_ignore_ascii_case(name);
        !self.name.is_empty() && names.iter().any(is_named) || self.data.trim_ascii().is_empty()
    }

    /// Whether a line of data has begun.
    pub(crate) fn has_data(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Adds a line of data that came from `place`. A line feed stands between lines.
    pub(crate) fn add_line(&mut self, line: &[u8], place: Place) {
        if self.has_data() {
            self.data.push(b'\n');
        }
        self.begin_line(place);
        self.data.extend_from_slice(line);
    }

    /// What is pushed next comes from `place`.
    pub(crate) fn begin_line(&mut self, place: Place) {
        self.origins.push(Origin { start: self.data.len(), place });
    }

    /// Adds the byte at `place`, which goes behind it.
    pub(crate) fn push(&mut self, byte: u8, place: &mut Place) {
        self.data.push(byte);
        place.pass(byte);
        if byte == b'\n' || byte == b'\r' {
            self.begin_line(*place);
        }
    }

    /// Where byte `at` of the data, or their end, lies in the body. None if there are no data.
    pub(crate) fn origin(&self, at: usize) -> Option<(usize, Position)> {
        let line = self.origins.iter().rfind(|line| line.start <= at)?;
        let before = &self.data[line.start..at];
        let Position { line: number, column } = line.place.position;
        Some((
            line.place.offset + before.len(),
            Position { line: number, column: column + characters(before) },
        ))
    }

    pub(crate) fn clear(&mut self) {
        self.name.clear();
        self.data.clear();
        self.origins.clear();
    }
}
