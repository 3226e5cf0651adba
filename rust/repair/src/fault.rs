//! What can be wrong with a text that no engine gets to see.

use std::fmt;

/// Why a text is hopeless, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the text as it came.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// The reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A byte that no UTF-8 sequence has here.
    InvalidUtf8,
    /// A quote in a string that may end it, and may be a character of it.
    UnclearQuote,
    /// Something behind the value that may be a part of it.
    UnclearEnd,
    /// A second object where one was read as a list of one.
    SecondObject,
    /// The value is whole, yet the text goes on.
    Trailing,
    /// Too much text without a value.
    TooMuchProse,
    /// Too much white space before the value.
    TooBlank,
    /// Nothing reads what comes here.
    Unread,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::UnclearQuote => {
                "a quote that may end the string, or be a character of it (it must be escaped)"
            }
            Self::UnclearEnd => "a quote right behind the value, which may have ended too early",
            Self::SecondObject => "a second object, where one was read as a list of one",
            Self::Trailing => "trailing characters after the value",
            Self::TooMuchProse => "more text without a JSON value than `Limits.prose` allows",
            Self::TooBlank => "more white space than `Limits.blank` allows",
            Self::Unread => "unexpected character",
        })
    }
}
