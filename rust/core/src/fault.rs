//! What can be wrong with a text, and where.

use std::fmt;

use crate::checker::Hook;
use crate::plan::NodeId;

/// The first byte after which no continuation of the text can be accepted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of that byte; for a text that ended early, its length.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not JSON.
    Syntax(Syntax),
    /// The schema has no value that begins like this.
    Schema(Violation),
    /// The host refused a value it was asked to judge.
    Judged,
    /// Containers are nested deeper than the limit.
    Depth,
    /// The text is longer than the limit.
    Bytes,
    /// The text ended before its value did.
    Truncated,
}

/// The ways in which a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// A value had to begin here.
    ExpectedValue,
    /// A value or the end of the array had to come here.
    ExpectedValueOrEnd,
    /// A key had to begin here.
    ExpectedKey,
    /// A key or the end of the object had to come here.
    ExpectedKeyOrEnd,
    /// A colon had to come here.
    ExpectedColon,
    /// A comma or the end of the array had to come here.
    ExpectedCommaOrBracket,
    /// A comma or the end of the object had to come here.
    ExpectedCommaOrBrace,
    /// The comma before this byte is followed by the end of its container.
    TrailingComma,
    /// The value is whole, yet the text goes on.
    TrailingCharacters,
    /// A letter that does not go on with the word begun.
    InvalidWord,
    /// A byte that does not go on with the number begun.
    InvalidNumber,
    /// An integer part of more than 4,300 digits.
    NumberTooLong,
    /// A raw control character in a string.
    ControlCharacter,
    /// An escape that JSON does not have.
    InvalidEscape,
    /// Half of a surrogate pair without its other half.
    LoneSurrogate,
    /// A byte that no UTF-8 sequence has here.
    InvalidUtf8,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExpectedValue => "expected a value",
            Self::ExpectedValueOrEnd => "expected a value or `]`",
            Self::ExpectedKey => "expected a key in double quotes",
            Self::ExpectedKeyOrEnd => "expected a key in double quotes or `}`",
            Self::ExpectedColon => "expected `:`",
            Self::ExpectedCommaOrBracket => "expected `,` or `]`",
            Self::ExpectedCommaOrBrace => "expected `,` or `}`",
            Self::TrailingComma => "trailing comma",
            Self::TrailingCharacters => "trailing characters after the value",
            Self::InvalidWord => "expected `true`, `false`, `null`, `NaN` or `Infinity`",
            Self::InvalidNumber => "invalid number",
            Self::NumberTooLong => "number with more than 4300 digits",
            Self::ControlCharacter => "raw control character in a string (it must be escaped)",
            Self::InvalidEscape => "invalid escape",
            Self::LoneSurrogate => "lone surrogate in an escape",
            Self::InvalidUtf8 => "invalid UTF-8",
        })
    }
}

/// What the schema refuses before the value is whole. (What can only be judged whole is the host's to refuse.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The node that had to be met.
    pub node: NodeId,
    /// What is wrong.
    pub what: Refusal,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No value of the node begins with this byte.
    Kind,
    /// No string of the node begins with these characters.
    Text,
    /// No key of the node begins with these characters.
    Key,
    /// The value can be none of the nodes of the union any more.
    Union,
    /// No tag of the node begins with these characters.
    Tag,
    /// The array or object of the node has one member too many.
    TooLong,
    /// The array or object of the node closed with too few members.
    TooShort,
    /// The object of the node closed without some of its required fields.
    Missing,
    /// The object of the node allows no such key.
    ForbiddenKey {
        /// Whether the key is whole, and so the last step of the path, or refused at its first hopeless character.
        whole: bool,
    },
}

/// Why the parsing of a delta stops before the delta's end.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The text is hopeless.
    Fault(Fault),
    /// A value has closed that the host must judge before anything else is read.
    Judge,
    /// A container has closed whose hooks the host must run before anything else is read.
    Hook(Hook),
    /// The tag of the object that begins at this offset is known: it can be read as the record it is.
    Rewind(usize),
}

/// Whether to go on.
pub(crate) type Flow = Result<(), Halt>;

impl Syntax {
    /// Halts at `offset` for this reason.
    pub(crate) fn at(self, offset: usize) -> Halt {
        Halt::Fault(Fault { offset, kind: FaultKind::Syntax(self) })
    }
}

impl Refusal {
    /// This, of a value that had to meet the node.
    pub(crate) fn of(self, node: NodeId) -> Violation {
        Violation { node, what: self }
    }
}

impl Violation {
    /// Halts at `offset` for this reason.
    pub(crate) fn at(self, offset: usize) -> Halt {
        Halt::Fault(Fault { offset, kind: FaultKind::Schema(self) })
    }
}
