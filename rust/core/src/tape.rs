//! The compact record of what has closed or opened, read by whoever builds values from it.

use crate::plan::NodeId;
use crate::text::Span;

/// One step in the growth of a value. A key or field announces the next value of its object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// An array or object of the node opens.
    Open(NodeId, Container),
    /// The innermost container closes.
    Close,
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
    /// The next value that the host has judged.
    Judged,
    /// The innermost container closes, and the next value that the host has judged takes its place.
    Replace,
}

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
