//! The way to a value.

use instar_json::Span;

use super::id::NodeId;

/// One segment of the way from the root to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The element of an array.
    Index(usize),
    /// A declared field of the record node, and the key by which it came.
    Field(NodeId, u32, Span),
    /// Any other key.
    Key(Span),
    /// The tag that the tagged node was met with: no segment in the text, but one in the schema.
    Tag(NodeId, u32),
}
