//! What can be wrong with the data of an event, and where.

use instar_json::Syntax;

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
}
