//! The ways in which a text is not JSON.

use std::fmt;

/// The first byte after which no continuation of a text is JSON, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset of that byte.
    pub offset: usize,
    /// The reason.
    pub kind: Syntax,
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
    /// A letter that does not go on with the literal name begun.
    InvalidName,
    /// A byte that does not go on with the number begun.
    InvalidNumber,
    /// An integer part of more than 4,300 digits.
    NumberTooLong,
    /// A raw control character in a string.
    ControlCharacter,
    /// An escape that JSON does not have.
    InvalidEscape,
    /// A surrogate without the other one of its pair.
    LoneSurrogate,
    /// A byte that no UTF-8 sequence has here.
    InvalidUtf8,
    /// A container, or a member of one, that is nested deeper than the limit.
    TooDeep,
    /// More blanks behind each other than the limit.
    TooBlank,
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
            Self::InvalidName => "expected `true`, `false`, `null`, `NaN` or `Infinity`",
            Self::InvalidNumber => "invalid number",
            Self::NumberTooLong => "number with more than 4300 digits",
            Self::ControlCharacter => "raw control character in a string (it must be escaped)",
            Self::InvalidEscape => "invalid escape",
            Self::LoneSurrogate => "lone surrogate in an escape",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::TooDeep => "nested too deeply",
            Self::TooBlank => "too much white space",
        })
    }
}

impl Syntax {
    /// The error at `offset`.
    pub(crate) fn at(self, offset: usize) -> SyntaxError {
        SyntaxError { offset, kind: self }
    }
}

/// Why a reader stops before the end of what has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop<S> {
    /// The text is not JSON.
    Syntax(SyntaxError),
    /// The receiver of the events stops it.
    Receiver(S),
}

impl<S> From<SyntaxError> for Stop<S> {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}
