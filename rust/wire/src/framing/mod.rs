//! Framings: how events are cut out of the bytes of a body. An event that comes as a message of its own needs none.

mod event;
mod ndjson;
mod sse;

use instar_json::Position;

pub(crate) use event::Event;
use ndjson::Ndjson;
use sse::Sse;

/// How events are cut out of the bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events. JSON texts that stand between them for themselves are events, too.
    Sse,
    /// JSON texts, one behind the other: a line each, over several lines, or as the elements of one array.
    Ndjson,
}

impl Framing {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sse, Self::Ndjson];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::Ndjson => "ndjson",
        }
    }
}

/// The state of cutting a body. It fits between any two bytes.
#[derive(Clone, Debug)]
pub(crate) enum Framer {
    Sse(Sse),
    Ndjson(Ndjson),
}

impl Framer {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => Self::Sse(Sse::default()),
            Framing::Ndjson => Self::Ndjson(Ndjson::default()),
        }
    }

    /// Reads `body` to the end of the next event, which `event` then gives. Returns what lies behind it, or `None` if
    /// there was no such end.
    pub(crate) fn next<'b>(&mut self, body: &'b [u8]) -> Option<&'b [u8]> {
        match self {
            Self::Sse(sse) => sse.next(body),
            Self::Ndjson(ndjson) => ndjson.next(body),
        }
    }

    /// The body has ended: whether that completes an event. What is not whole is dropped by `clear`.
    pub(crate) fn end(&mut self) -> bool {
        match self {
            Self::Sse(sse) => sse.end(),
            Self::Ndjson(ndjson) => ndjson.end(),
        }
    }

    /// The event that is whole.
    pub(crate) fn event(&self) -> &Event {
        match self {
            Self::Sse(sse) => sse.event(),
            Self::Ndjson(ndjson) => ndjson.event(),
        }
    }

    /// The event is dealt with.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Sse(sse) => sse.clear(),
            Self::Ndjson(ndjson) => ndjson.clear(),
        }
    }

    /// The length of what is held until its event is whole.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Sse(sse) => sse.held(),
            Self::Ndjson(ndjson) => ndjson.event().data().len(),
        }
    }

    /// How many bytes have come, and the position of the next one.
    pub(crate) fn place(&self) -> (usize, Position) {
        let place = match self {
            Self::Sse(sse) => sse.place(),
            Self::Ndjson(ndjson) => ndjson.place(),
        };
        (place.offset, place.position)
    }
}
