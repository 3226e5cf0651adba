//! What the grammar tells its receiver.

use crate::fault::Flow;
use crate::text::{Source, Span};

/// What a value is, as its first byte tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or `-`.
    Number,
    /// `N` or `I`: `NaN` or `Infinity`.
    NonFinite,
    /// `t`
    True,
    /// `f`
    False,
    /// `n`
    Null,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Object,
        Self::Array,
        Self::String,
        Self::Number,
        Self::NonFinite,
        Self::True,
        Self::False,
        Self::Null,
    ];
}

/// What a number turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberForm {
    /// Digits only.
    Integer,
    /// With a fraction or an exponent.
    Decimal,
    /// `NaN`, `Infinity` or `-Infinity`.
    NonFinite,
}

/// A receiver of events. Offsets count in the raw text.
///
/// Every value begins once. A string then gives its characters as they come and ends; a number may tell that it
/// left the integers and ends; a word ends; a container gives its members and ends.
pub(crate) trait Receiver {
    /// The first byte of a value is at `at`.
    fn begin(&mut self, kind: Kind, at: usize) -> Flow;

    /// More characters of the open string value: whole ones, in UTF-8. A run of the raw text starts at `at`; a
    /// character that came as an escape has `at` at the escape's last byte.
    fn text(&mut self, piece: Piece<'_>) -> Flow;

    /// The open number turns out at `at` to be no integer but of this form.
    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow;

    /// The open string has closed: its characters, and the offset after its closing quote.
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Flow;

    /// The open number has closed: the byte at `end` no longer belongs to it.
    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Flow;

    /// The open word (`true`, `false`, `null`) has closed.
    fn word(&mut self, kind: Kind, end: usize) -> Flow;

    /// A key begins.
    fn open_key(&mut self) -> Flow;

    /// More characters of the open key.
    fn key_text(&mut self, piece: Piece<'_>) -> Flow;

    /// The key is whole; its value comes next.
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Flow;

    /// Another member of the innermost container comes after the comma at `at`.
    fn comma(&mut self, at: usize) -> Flow;

    /// The innermost container has closed with the byte before `end`.
    fn end(&mut self, end: usize) -> Flow;
}

/// One event, to be handed on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'t> {
    Begin(Kind, usize),
    Text(Piece<'t>),
    NumberForm(NumberForm, usize),
    String(Span, usize, Source<'t>),
    Number(NumberForm, Span, Source<'t>),
    Word(Kind, usize),
    OpenKey,
    KeyText(Piece<'t>),
    Key(Span, usize, Source<'t>),
    Comma(usize),
    End(usize),
}

impl Event<'_> {
    /// Tells a receiver of it.
    pub(crate) fn tell(self, receiver: &mut impl Receiver) -> Flow {
        match self {
            Self::Begin(kind, at) => receiver.begin(kind, at),
            Self::Text(piece) => receiver.text(piece),
            Self::NumberForm(form, at) => receiver.number_form(form, at),
            Self::String(span, end, source) => receiver.string(span, end, source),
            Self::Number(form, span, source) => receiver.number(form, span, source),
            Self::Word(kind, end) => receiver.word(kind, end),
            Self::OpenKey => receiver.open_key(),
            Self::KeyText(piece) => receiver.key_text(piece),
            Self::Key(span, at, source) => receiver.key(span, at, source),
            Self::Comma(at) => receiver.comma(at),
            Self::End(end) => receiver.end(end),
        }
    }
}

/// Characters of a string as they arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    /// Whole characters in UTF-8.
    pub(crate) bytes: &'t [u8],
    /// Offset in the raw text of the first byte, or, for one escaped character, of the escape's last byte.
    pub(crate) at: usize,
    /// Whether it is one character that came as an escape.
    pub(crate) escaped: bool,
}

impl Piece<'_> {
    /// The offset of the byte that completed the character which holds byte `index` of the piece.
    pub(crate) fn offset_of(&self, index: usize) -> usize {
        if self.escaped {
            return self.at;
        }
        let rest = &self.bytes[index + 1..];
        let tail = rest.iter().take_while(|&&byte| crate::text::is_continuation(byte)).count();
        self.at + index + tail
    }
}
