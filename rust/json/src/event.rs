//! The events of a JSON text, and who receives them.

use crate::strings::Strings;
use crate::text::{Source, Span, character_length, character_start, is_continuation};

/// The kind of a value, as its first byte tells.
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
    /// All kinds, each at its number.
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

/// The form of a number.
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
/// is no integer, and ends; a literal name ends; a container gives its members and ends.
///
/// A receiver that returns an error stops the reader behind the byte of the event. The reader can go on from there.
/// The events that need not be looked at are taken in as they are.
pub trait Receiver {
    /// Why the receiver stops the reader.
    type Stop;

    /// The first byte of a value is at `at`.
    ///
    /// # Errors
    /// The receiver's own, as in all of these.
    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), Self::Stop>;

    /// More characters of the open string value.
    ///
    /// # Errors
    /// The character at which the receiver stops; those before it are taken in.
    fn text(&mut self, _piece: Piece<'_>) -> Result<(), StoppedAt<Self::Stop>> {
        Ok(())
    }

    /// The open number turns out at `at` to be no integer but of this form.
    ///
    /// # Errors
    /// The receiver's own.
    fn number_form(&mut self, _form: NumberForm, _at: usize) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// The open string has closed: its characters, and the offset after its closing quote.
    ///
    /// # Errors
    /// The receiver's own.
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Result<(), Self::Stop>;

    /// The open number has closed: the byte at the span's end no longer belongs to it.
    ///
    /// # Errors
    /// The receiver's own.
    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Result<(), Self::Stop>;

    /// The open literal name (`true`, `false`, `null`) has closed.
    ///
    /// # Errors
    /// The receiver's own.
    fn name(&mut self, kind: Kind, end: usize) -> Result<(), Self::Stop>;

    /// A key begins.
    ///
    /// # Errors
    /// The receiver's own.
    fn open_key(&mut self) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// More characters of the open key.
    ///
    /// # Errors
    /// As [`Receiver::text`].
    fn key_text(&mut self, _piece: Piece<'_>) -> Result<(), StoppedAt<Self::Stop>> {
        Ok(())
    }

    /// The key is whole, with its closing quote at `at`; its value comes next.
    ///
    /// # Errors
    /// The receiver's own.
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Result<(), Self::Stop>;

    /// Another member of the innermost container comes after the comma at `at`.
    ///
    /// # Errors
    /// The receiver's own.
    fn comma(&mut self, _at: usize) -> Result<(), Self::Stop> {
        Ok(())
    }

    /// The innermost container has closed with the byte before `end`.
    ///
    /// # Errors
    /// The receiver's own.
    fn end(&mut self, end: usize) -> Result<(), Self::Stop>;
}

/// Where in a piece of a string its receiver stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoppedAt<S> {
    /// The index in the piece of a byte of the character that the receiver does not take.
    pub index: usize,
    /// Why it stops.
    pub stop: S,
}

/// Characters of a string as they arrive.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'t> {
    /// Whole characters in UTF-8.
    pub bytes: &'t [u8],
    /// Offset in the raw text of the first byte, or, for one escaped character, of the escape's last byte.
    pub at: usize,
    /// Whether it is one character that came as an escape.
    pub escaped: bool,
    /// The characters of the string before this piece.
    pub(crate) strings: &'t Strings,
}

impl Piece<'_> {
    /// The characters of the string before this piece.
    #[must_use]
    pub fn before(&self) -> Span {
        self.strings.span(self.at)
    }

    /// The characters of the string before the one that holds byte `index` of the piece.
    #[must_use]
    pub fn before_character(&self, index: usize) -> Span {
        let taken = if self.escaped { 0 } else { character_start(self.bytes, index) };
        let before = self.before();
        Span { end: before.end + crate::text::offset(taken), ..before }
    }

    /// The characters of the string up to the one that holds byte `index` of the piece, and that one.
    #[must_use]
    pub fn through_character(&self, index: usize) -> Span {
        let before = self.before_character(index);
        let from = if self.escaped { 0 } else { character_start(self.bytes, index) };
        Span { end: before.end + crate::text::offset(character_length(&self.bytes[from..])), ..before }
    }

    /// The offset of the byte that completed the character which holds byte `index` of the piece.
    #[must_use]
    pub fn offset_of(&self, index: usize) -> usize {
        if self.escaped {
            return self.at;
        }
        let rest = &self.bytes[index + 1..];
        let tail = rest.iter().take_while(|&&byte| is_continuation(byte)).count();
        self.at + index + tail
    }
}

/// One event as a value, to be handed to several receivers.
#[derive(Clone, Copy, Debug)]
pub enum Event<'t> {
    /// [`Receiver::begin`]
    Begin(Kind, usize),
    /// [`Receiver::text`]
    Text(Piece<'t>),
    /// [`Receiver::number_form`]
    NumberForm(NumberForm, usize),
    /// [`Receiver::string`]
    String(Span, usize, Source<'t>),
    /// [`Receiver::number`]
    Number(NumberForm, Span, Source<'t>),
    /// [`Receiver::name`]
    Name(Kind, usize),
    /// [`Receiver::open_key`]
    OpenKey,
    /// [`Receiver::key_text`]
    KeyText(Piece<'t>),
    /// [`Receiver::key`]
    Key(Span, usize, Source<'t>),
    /// [`Receiver::comma`]
    Comma(usize),
    /// [`Receiver::end`]
    End(usize),
}

impl Event<'_> {
    /// Hands the event to a receiver.
    ///
    /// # Errors
    /// The receiver's own; where in a piece it stopped is left out.
    pub fn dispatch<R: Receiver>(self, receiver: &mut R) -> Result<(), R::Stop> {
        match self {
            Self::Begin(kind, at) => receiver.begin(kind, at),
            Self::Text(piece) => receiver.text(piece).map_err(|at| at.stop),
            Self::NumberForm(form, at) => receiver.number_form(form, at),
            Self::String(span, end, source) => receiver.string(span, end, source),
            Self::Number(form, span, source) => receiver.number(form, span, source),
            Self::Name(kind, end) => receiver.name(kind, end),
            Self::OpenKey => receiver.open_key(),
            Self::KeyText(piece) => receiver.key_text(piece).map_err(|at| at.stop),
            Self::Key(span, at, source) => receiver.key(span, at, source),
            Self::Comma(at) => receiver.comma(at),
            Self::End(end) => receiver.end(end),
        }
    }
}
