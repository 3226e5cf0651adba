//! What can be wrong with a text, where, and by which evidence.

use std::ops::Range;

use instar_json::{Span, Syntax};

use super::id::NodeId;
use super::path::Segment;

/// The first byte after which no continuation of the text can be accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of that byte; for a text that ended early, its length.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// What kind of fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not JSON.
    Syntax(Syntax),
    /// The schema has no value that begins like this.
    Schema(Violation),
    /// The host refused a value that it was asked about.
    Host,
    /// Containers are nested deeper than the limit.
    Depth,
    /// The text is longer than the limit.
    Bytes,
    /// There is more white space in one piece than the limit.
    Blank,
    /// The text ended before its value did.
    Truncated,
}

/// What the schema refuses: a value, and what holds against it for every continuation of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The node that had to be met.
    pub node: NodeId,
    /// The way to the value.
    pub path: Vec<Segment>,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a value. Ranges are those of the raw text that had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No value of the node begins like this one.
    Kind(Range<usize>),
    /// No string of the node begins with these characters.
    Text(Span),
    /// No key of the node begins with these characters.
    Key(Span),
    /// No tag of the node begins like this value.
    Tag(Range<usize>),
    /// The array or object of the node has one member too many.
    TooLong(Range<usize>),
    /// The array or object of the node has closed with too few members: so many.
    TooShort(Range<usize>, usize),
    /// The object of the node has closed without these required fields.
    Missing(Range<usize>, Vec<u32>),
    /// The object of the node allows no key that begins with these characters. None: the key is whole, and the last
    /// segment of the path.
    ForbiddenKey(Option<Span>),
    /// The host refused the value, or the key with these characters, on behalf of one alternative of a union.
    Host(Range<usize>, Option<Span>),
    /// The value can be none of the alternatives of the union any more.
    NoAlternative(Range<usize>, Vec<Refused>),
    /// A part of the outlined value is refused, for a reason that the host words.
    Outline(Range<usize>, Box<Violation>),
}

/// An alternative of a union, and what holds against it. Its path begins at the union's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The node of the alternative.
    pub alternative: NodeId,
    /// Why it was eliminated.
    pub violation: Violation,
}
