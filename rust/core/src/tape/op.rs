//! The ops: what opens and closes, as whoever builds values from it reads it.

use instar_json::Span;

use crate::schema::NodeId;

/// One step in the growth of a value. A key or field announces the next value of its object.
///
/// Ops between a [`Op::Begin`] and its end are provisional. Begins are nested; each has one end, and rollbacks before
/// that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// An array or object of the node opens.
    Open(NodeId, Container),
    /// The innermost container closes. If it has hooks, the host has run them.
    Close,
    /// The innermost container closes as it is, for something in it was refused.
    Leave,
    /// The next value belongs to this field of a record.
    Field(u32),
    /// The next value belongs to this key.
    Key(Span),
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer within 64 bits.
    Int(Span),
    /// A number as a float.
    Float(Span),
    /// A whole string.
    Str(Span),
    /// The member of a literal, by its place in the declaration.
    Member(NodeId, u32),
    /// The next value belongs to the key that is this member of a literal.
    MemberKey(NodeId, u32),
    /// The next value belongs to the key that the host has made.
    HostKey(Ticket),
    /// A value that the host has made.
    HostValue(Ticket),
    /// A provisional value begins.
    Begin,
    /// What has grown since the begin at this depth (the outermost is at 0) is taken back. The provisional value goes
    /// on.
    Rollback(u32),
    /// The provisional value at this depth ends: one that the host has made takes the place of what has grown.
    Replace(u32, Ticket),
    /// The provisional value at this depth ends: what has grown stays.
    Commit(u32),
}

/// The number of a value that the host has made.
pub type Ticket = u32;

/// The two containers of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// `[`
    Array,
    /// `{`
    Object,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_stay_small() {
        assert!(size_of::<Op>() <= 16, "{}", size_of::<Op>());
    }
}
