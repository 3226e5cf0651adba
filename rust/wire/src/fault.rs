//! What can be wrong with a body, and where.

use instar_json::{Position, Syntax};

/// The first byte after which an event's data cannot be what it should be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of that byte; for data that ended early, their length.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// What kind of fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The data are not JSON.
    Syntax(Syntax),
    /// The event is longer than the limit.
    Bytes,
    /// The data ended before their value did.
    Truncated,
    /// The first event is one of no known protocol, and none was named.
    UnknownProtocol,
    /// The deltas of a text say something else than the text that is said to be all of it. From where they differ on,
    /// and a little before: what has come, and what is said to be all.
    Contradiction(String, String),
    /// The arguments of a tool call come again from their beginning with each event. How they begin.
    Cumulative(String),
}

/// A fault in a body. Offset and position are those in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFault {
    /// What is wrong with the event's data.
    pub fault: Fault,
    /// The line and column of it.
    pub position: Position,
    /// How the event's data begin.
    pub data: String,
}

/// How many characters of a text are quoted.
const QUOTED: usize = 60;

/// How many characters are quoted before the place in question.
const BEFORE: usize = 20;

/// The beginning of a text, to be quoted.
pub(crate) fn beginning(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(4 * QUOTED)]).chars().take(QUOTED).collect()
}

/// That two texts contradict each other: what has come of one, and what is said to be all of it.
pub(crate) fn contradiction(came: &str, all: &str) -> FaultKind {
    let same = came.chars().zip(all.chars()).take_while(|(left, right)| left == right).count();
    let quoted = |text: &str| text.chars().skip(same.saturating_sub(BEFORE)).take(QUOTED).collect();
    FaultKind::Contradiction(quoted(came), quoted(all))
}
