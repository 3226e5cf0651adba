//! Why the checker stops the reader.

use instar_json::{Kind, Span};

use crate::schema::Violation;

/// Why the checker stops.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The text violates the schema.
    Violation(Box<Found>),
    /// The host is asked something, which the checker remembers.
    Ask,
    /// The tag of the object that begins at this offset is known: it can be read as the node that the tag chooses.
    Rewind(usize),
}

/// Whether to go on.
pub(crate) type Flow = Result<(), Halt>;

/// A violation where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) violation: Violation,
    /// Offset of the hopeless byte.
    pub(crate) offset: usize,
    pub(crate) place: Place,
}

/// What the hopeless byte belongs to: what it takes to go on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the first byte of a value of this kind.
    FirstByte(Kind),
    /// It is within a number.
    Number,
    /// It is within a string of which these characters were taken.
    Text(Span),
    /// It is the closing quote of the string of these characters.
    EndOfText(Span),
    /// It is within a key.
    Key,
    /// It is the closing quote of the key of these characters.
    EndOfKey(Span),
    /// It is a comma.
    Comma,
    /// It closes a container.
    EndOfContainer,
}
