//! What can be wrong with a body, and where.

use instar_json::{Position, Syntax};

/// The first byte after which an event's data cannot be what it should be, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of that byte; for data that ended early, their length.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The data are not JSON.
    Syntax(Syntax),
    /// The event is longer than the limit.
    Bytes,
    /// The data ended before their value did.
    Truncated,
    /// The first event is one of no known protocol, and none was named.
    UnknownProtocol,
}

/// A fault in a body. Offset and position are those in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireFault {
    /// What is wrong with the event's data.
    pub fault: Fault,
    /// The line and column of it.
    pub position: Position,
}
