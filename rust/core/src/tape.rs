//! The compact record of what has closed or opened, read by whoever builds values from it.

use crate::plan::NodeId;
use instar_json::Span;

/// One step in the growth of a value. A key or field announces the next value of its object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// An array or object of the node opens.
    Open(NodeId, Container),
    /// The innermost container closes, and its hooks run.
    Close,
    /// The innermost container closes as it is: what it holds was refused.
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
    /// The member of a choice, by its place in the declaration.
    Member(NodeId, u32),
    /// The next value belongs to the key that is this member of a choice.
    MemberKey(NodeId, u32),
    /// The next value belongs to the key that the host has judged.
    JudgedKey(Ticket),
    /// A value that the host has judged.
    Judged(Ticket),
    /// An attempt begins: the value that follows grows only until the host has judged it.
    Attempt,
    /// What has grown in the attempt at this depth (the outermost is at 0) is taken back. The attempt goes on.
    Retract(u32),
    /// The attempt at this depth ends: a value that the host has judged takes the place of what has grown.
    Replace(u32, Ticket),
    /// The attempt at this depth ends: what has grown stays.
    Keep(u32),
}

/// What the host calls a value that it has judged.
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
