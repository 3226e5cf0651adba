//! Bytes to tokens, resumable at every byte.

use crate::event::{Kind, NumberForm, Piece, StoppedAt};
use crate::scan::plain_run;
use crate::strings::Strings;
use crate::syntax::{Stop, Syntax, SyntaxError};
use crate::text::{Source, Span, character_length, character_start};

/// Python refuses to read integers of more digits, and jiter, which Pydantic reads with, any number.
const MAX_DIGITS: usize = 4300;

/// Blanks are counted whenever so many bytes have been read, for to count each costs more than to read it.
const BLANK_STEP: usize = 64;

/// A receiver of tokens. Offsets count in the raw text.
pub(crate) trait Tokens {
    /// Why the receiver of the events stops.
    type Stop;
    /// One of `{}[]:,` is at `at`.
    fn punctuation(&mut self, byte: u8, at: usize) -> Result<(), Stop<Self::Stop>>;
    /// The quote that opens a string is at `at`.
    fn open_string(&mut self, at: usize) -> Result<(), Stop<Self::Stop>>;
    /// More characters of the open string.
    fn text(&mut self, piece: Piece<'_>) -> Result<(), StoppedAt<Self::Stop>>;
    /// The open string has closed with the quote before `end`.
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Result<(), Stop<Self::Stop>>;
    /// A number or a literal name begins at `at`.
    fn open_scalar(&mut self, kind: Kind, at: usize) -> Result<(), Stop<Self::Stop>>;
    /// The open number turns out at `at` to be no integer but of this form.
    fn number_form(&mut self, form: NumberForm, at: usize) -> Result<(), Stop<Self::Stop>>;
    /// The open number ends before the byte at the span's end.
    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Result<(), Stop<Self::Stop>>;
    /// The open literal name has its last letter before `end`.
    fn name(&mut self, kind: Kind, end: usize) -> Result<(), Stop<Self::Stop>>;
    /// Checks that `byte` at `at` may come behind a number: one that may not has not closed it.
    fn ends_scalar(&self, byte: u8, at: usize) -> Result<(), SyntaxError>;
    /// The error of a byte at `at` that begins no token.
    fn unexpected(&self, at: usize) -> SyntaxError;
    /// Checks that there may be too many blanks up to `at`: behind the root value there may.
    fn blank(&self, at: usize) -> Result<(), SyntaxError>;
}

/// Where the lexer is between two bytes.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Between,
    String,
    Escape,
    /// In the four digits of `\u`, perhaps after a high surrogate.
    Hex {
        value: u16,
        digits: u8,
        high: Option<u16>,
    },
    /// After a high surrogate, before the `\` of the low one.
    LowBackslash {
        high: u16,
    },
    /// After a high surrogate and a `\`, before its `u`.
    LowLetter {
        high: u16,
    },
    Number(Number),
    Name {
        rest: &'static [u8],
        kind: Kind,
    },
}

/// Where in a number.
#[derive(Clone, Copy, Debug)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// The state of the lexer.
#[derive(Clone, Debug)]
pub(crate) struct Lexer {
    mode: Mode,
    /// Offset of the first byte not yet read. Up to three bytes of an unfinished UTF-8 sequence may lie behind it.
    at: usize,
    /// Offset of the first byte of the open token.
    start: usize,
    strings: Strings,
    /// The characters of the open string before the one at which the receiver stopped.
    accepted: Option<Span>,
    /// How many blanks there are before the multiple of [`BLANK_STEP`] that a blank has reached last.
    blanks: usize,
    /// How many blanks may follow each other.
    pub(crate) most_blanks: usize,
}

impl Lexer {
    pub(crate) fn new() -> Self {
        Self {
            mode: Mode::Between,
            at: 0,
            start: 0,
            strings: Strings::default(),
            accepted: None,
            blanks: 0,
            most_blanks: usize::MAX,
        }
    }

    /// The bytes that spans refer to.
    pub(crate) fn source<'t>(&'t self, raw: &'t [u8]) -> Source<'t> {
        self.strings.source(raw)
    }

    /// The characters of the open string that the receiver has taken.
    pub(crate) fn open_text(&self) -> Span {
        self.accepted.unwrap_or_else(|| self.string_span())
    }

    /// The characters of the string whose closing quote was the byte read last.
    pub(crate) fn closed_text(&self) -> Span {
        self.strings.span(self.at - 1)
    }

    /// The characters of the string that is open or has just closed, the one at which the receiver stopped with them.
    pub(crate) fn read_text(&self) -> Span {
        match self.mode {
            Mode::Between => self.closed_text(),
            _ => self.string_span(),
        }
    }

    /// The characters of the open string so far.
    fn string_span(&self) -> Span {
        self.strings.span(self.at)
    }

    /// The offset of the first byte not yet read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether a string is open.
    pub(crate) fn in_string(&self) -> bool {
        !matches!(self.mode, Mode::Between | Mode::Number(_) | Mode::Name { .. })
    }

    /// What begins with the token that was opened last, if it was at `at`.
    pub(crate) fn begins(&self, at: usize) -> Option<Kind> {
        let is_open = !matches!(self.mode, Mode::Between);
        (is_open && self.start == at).then_some(match self.mode {
            Mode::Number(_) => Kind::Number,
            Mode::Name { kind, .. } => kind,
            _ => Kind::String,
        })
    }

    /// Goes on behind a character at which the receiver has stopped.
    pub(crate) fn resume(&mut self) {
        self.accepted = None;
    }

    /// Forgets the text, to read another one.
    pub(crate) fn reset(&mut self) {
        self.rewind(0);
        self.strings.clear();
    }

    /// Goes back to the value that begins at `start`.
    pub(crate) fn rewind(&mut self, start: usize) {
        self.mode = Mode::Between;
        self.at = start;
    }

    /// Reads what lies in `raw` behind the bytes already read.
    pub(crate) fn advance<T: Tokens>(&mut self, raw: &[u8], tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        while self.at < raw.len() {
            match self.mode {
                Mode::Between => self.between(raw, tokens)?,
                Mode::String => {
                    if !self.string(raw, tokens)? {
                        break;
                    }
                }
                Mode::Number(state) => self.number(state, raw, tokens)?,
                Mode::Name { rest, kind } => self.name(rest, kind, raw, tokens)?,
                _ => self.escape(raw[self.at], tokens)?,
            }
        }
        Ok(())
    }

    /// The end of the text closes a number that could end here. Whether all is whole is the grammar's to say.
    pub(crate) fn end<T: Tokens>(&mut self, raw: &[u8], tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        match self.mode {
            Mode::Number(state) if state.may_end() => self.close_number(state.form(), raw, tokens),
            _ => Ok(()),
        }
    }

    /// Closes what is open at the end of `raw`, the text that was read. False if nothing is.
    pub(crate) fn close(&self, raw: &mut Vec<u8>) -> bool {
        match self.mode {
            Mode::Between => return false,
            Mode::Number(Number::Minus | Number::Point | Number::Exponent | Number::ExponentSign) => {
                raw.push(b'0');
            }
            Mode::Number(_) => {}
            Mode::Name { rest, .. } => raw.extend_from_slice(rest),
            _ => {
                raw.truncate(self.characters_end());
                raw.push(b'"');
            }
        }
        true
    }

    /// Where the whole characters of the open string end.
    pub(crate) fn characters_end(&self) -> usize {
        let surrogate = r"\ud83d".len();
        let escape = match self.mode {
            Mode::Escape => 1,
            Mode::Hex { digits, high, .. } => 2 + digits as usize + high.map_or(0, |_| surrogate),
            Mode::LowBackslash { .. } => surrogate,
            Mode::LowLetter { .. } => surrogate + 1,
            _ => 0,
        };
        self.at - escape
    }

    fn between<T: Tokens>(&mut self, raw: &[u8], tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        let at = self.at;
        match raw[at] {
            b' ' | b'\n' | b'\t' | b'\r' => {
                self.at += 1;
                if self.at.is_multiple_of(BLANK_STEP) { self.count_blanks(raw, tokens) } else { Ok(()) }
            }
            byte @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => {
                self.at += 1;
                tokens.punctuation(byte, at)
            }
            b'"' => {
                self.open(Mode::String);
                self.strings.open(self.at);
                tokens.open_string(at)
            }
            byte => {
                let (mode, kind) = match byte {
                    b'0' => (Mode::Number(Number::Zero), Kind::Number),
                    b'1'..=b'9' => (Mode::Number(Number::Integer), Kind::Number),
                    b'-' => (Mode::Number(Number::Minus), Kind::Number),
                    b't' => (Mode::Name { rest: b"rue", kind: Kind::True }, Kind::True),
                    b'f' => (Mode::Name { rest: b"alse", kind: Kind::False }, Kind::False),
                    b'n' => (Mode::Name { rest: b"ull", kind: Kind::Null }, Kind::Null),
                    b'N' => (Mode::Name { rest: b"aN", kind: Kind::NonFinite }, Kind::NonFinite),
                    b'I' => (Mode::Name { rest: b"nfinity", kind: Kind::NonFinite }, Kind::NonFinite),
                    _ => return Err(tokens.unexpected(at).into()),
                };
                self.open(mode);
                tokens.open_scalar(kind, at)
            }
        }
    }

    /// Counts the blanks before a multiple of the step, which is reached now.
    #[cold]
    fn count_blanks<T: Tokens>(&mut self, raw: &[u8], tokens: &T) -> Result<(), Stop<T::Stop>> {
        let from = self.at - BLANK_STEP;
        let goes_on = from > 0 && is_blank(raw[from - 1]);
        let blanks = raw[from..self.at].iter().rev().take_while(|byte| is_blank(**byte)).count();
        self.blanks = if blanks == BLANK_STEP && goes_on { self.blanks + blanks } else { blanks };
        if self.blanks > self.most_blanks { tokens.blank(self.at - 1).map_err(Stop::from) } else { Ok(()) }
    }

    fn open(&mut self, mode: Mode) {
        self.mode = mode;
        self.start = self.at;
        self.at += 1;
    }

    /// Reads plain characters and what ends them. False if only a part of a UTF-8 sequence is left to read.
    fn string<T: Tokens>(&mut self, raw: &[u8], tokens: &mut T) -> Result<bool, Stop<T::Stop>> {
        let run = plain_run(raw, self.at);
        let bytes = &raw[self.at..run.end];
        let invalid = if run.ascii { None } else { std::str::from_utf8(bytes).err() };
        let whole = invalid.map_or(bytes.len(), |error| error.valid_up_to());
        self.plain(&bytes[..whole], tokens)?;
        if let Some(error) = invalid {
            let cut_off = error.error_len().is_none() && run.end == raw.len();
            return if cut_off {
                Ok(false)
            } else {
                Err(Syntax::InvalidUtf8.at(invalid_byte(raw, self.at)).into())
            };
        }
        let Some(&byte) = raw.get(self.at) else { return Ok(true) };
        match byte {
            b'"' => {
                let span = self.string_span();
                self.at += 1;
                self.mode = Mode::Between;
                tokens.string(span, self.at, self.source(raw))?;
            }
            b'\\' => {
                self.at += 1;
                self.mode = Mode::Escape;
                self.strings.decode(raw, self.at - 1);
            }
            _ => return Err(Syntax::ControlCharacter.at(self.at).into()),
        }
        Ok(true)
    }

    /// Hands on a run of plain characters. Where the receiver stops at one, those before it still count.
    fn plain<T: Tokens>(&mut self, bytes: &[u8], tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        if bytes.is_empty() {
            return Ok(());
        }
        let piece = Piece { bytes, at: self.at, escaped: false, strings: &self.strings };
        let Err(StoppedAt { index, stop }) = tokens.text(piece) else {
            self.take(bytes);
            return Ok(());
        };
        let (before, rest) = bytes.split_at(character_start(bytes, index));
        self.take(before);
        self.accepted = Some(self.string_span());
        self.take(&rest[..character_length(rest)]);
        Err(Stop::Receiver(stop))
    }

    fn take(&mut self, plain: &[u8]) {
        self.strings.push_plain(plain);
        self.at += plain.len();
    }

    /// Reads one byte of an escape.
    fn escape<T: Tokens>(&mut self, byte: u8, tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        let at = self.at;
        self.mode = match self.mode {
            Mode::Escape => match byte {
                b'u' => Mode::Hex { value: 0, digits: 0, high: None },
                _ => return self.character(simple_escape(byte).ok_or(Syntax::InvalidEscape.at(at))?, tokens),
            },
            Mode::LowBackslash { high } if byte == b'\\' => Mode::LowLetter { high },
            Mode::LowLetter { high } if byte == b'u' => Mode::Hex { value: 0, digits: 0, high: Some(high) },
            Mode::Hex { value, digits, high } => {
                let digit = char::from(byte).to_digit(16).ok_or(Syntax::InvalidEscape.at(at))?;
                #[expect(clippy::cast_possible_truncation, reason = "a hex digit")]
                let value = value << 4 | digit as u16;
                let digits = digits + 1;
                // The second digit tells surrogates (high ones D8-DB, low ones DC-DF) from everything else.
                let is_low = |value: u16| (0xDC..=0xDF).contains(&value);
                if (digits == 1 && high.is_some() && value != 0xD)
                    || (digits == 2 && is_low(value) != high.is_some())
                {
                    return Err(Syntax::LoneSurrogate.at(at).into());
                }
                match (digits, high) {
                    (4, Some(high)) => return self.character(join(high, value), tokens),
                    (4, None) => match char::from_u32(value.into()) {
                        Some(character) => return self.character(character, tokens),
                        None => Mode::LowBackslash { high: value },
                    },
                    _ => Mode::Hex { value, digits, high },
                }
            }
            _ => return Err(Syntax::LoneSurrogate.at(at).into()),
        };
        self.at += 1;
        Ok(())
    }

    /// The byte at hand completes an escape.
    fn character<T: Tokens>(&mut self, character: char, tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        let piece = Piece { bytes, at: self.at, escaped: true, strings: &self.strings };
        let taken = tokens.text(piece);
        if taken.is_err() {
            self.accepted = Some(self.string_span());
        }
        self.strings.push(character);
        self.mode = Mode::String;
        self.at += 1;
        taken.map_err(|at| Stop::Receiver(at.stop))
    }

    fn number<T: Tokens>(&mut self, state: Number, raw: &[u8], tokens: &mut T) -> Result<(), Stop<T::Stop>> {
        let at = self.at;
        let next = match (state, raw[at]) {
            (Number::Integer, b'0'..=b'9') => {
                self.at = digits_end(raw, at);
                let first = self.start + usize::from(raw[self.start] == b'-');
                let limit = first + MAX_DIGITS;
                return if self.at > limit { Err(Syntax::NumberTooLong.at(limit).into()) } else { Ok(()) };
            }
            (Number::Fraction | Number::ExponentDigits, b'0'..=b'9') => {
                self.at = digits_end(raw, at);
                return Ok(());
            }
            (Number::Minus, b'0') => Number::Zero,
            (Number::Minus, b'1'..=b'9') => Number::Integer,
            (Number::Minus, b'I') => {
                self.mode = Mode::Name { rest: b"nfinity", kind: Kind::NonFinite };
                self.at += 1;
                return tokens.number_form(NumberForm::NonFinite, at);
            }
            (Number::Point, b'0'..=b'9') => Number::Fraction,
            (Number::Exponent, b'+' | b'-') => Number::ExponentSign,
            (Number::Exponent | Number::ExponentSign, b'0'..=b'9') => Number::ExponentDigits,
            (Number::Zero | Number::Integer, byte @ (b'.' | b'e' | b'E')) => {
                self.mode = Mode::Number(if byte == b'.' { Number::Point } else { Number::Exponent });
                self.at += 1;
                return tokens.number_form(NumberForm::Decimal, at);
            }
            (Number::Fraction, b'e' | b'E') => Number::Exponent,
            (Number::Zero, b'0'..=b'9') => return Err(Syntax::InvalidNumber.at(at).into()),
            (_, byte) if state.may_end() => {
                tokens.ends_scalar(byte, at)?;
                return self.close_number(state.form(), raw, tokens);
            }
            _ => return Err(Syntax::InvalidNumber.at(at).into()),
        };
        self.mode = Mode::Number(next);
        self.at += 1;
        Ok(())
    }

    fn close_number<T: Tokens>(
        &mut self,
        form: NumberForm,
        raw: &[u8],
        tokens: &mut T,
    ) -> Result<(), Stop<T::Stop>> {
        self.mode = Mode::Between;
        tokens.number(form, Span::raw(self.start, self.at), self.source(raw))
    }

    fn name<T: Tokens>(
        &mut self,
        rest: &'static [u8],
        kind: Kind,
        raw: &[u8],
        tokens: &mut T,
    ) -> Result<(), Stop<T::Stop>> {
        if raw[self.at] != rest[0] {
            return Err(Syntax::InvalidName.at(self.at).into());
        }
        self.at += 1;
        if rest.len() > 1 {
            self.mode = Mode::Name { rest: &rest[1..], kind };
            return Ok(());
        }
        if kind == Kind::NonFinite {
            self.close_number(NumberForm::NonFinite, raw, tokens)
        } else {
            self.mode = Mode::Between;
            tokens.name(kind, self.at)
        }
    }
}

impl Number {
    /// Whether a number may end here.
    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::ExponentDigits)
    }

    /// What the number is if it ends here.
    fn form(self) -> NumberForm {
        match self {
            Self::Minus | Self::Zero | Self::Integer => NumberForm::Integer,
            _ => NumberForm::Decimal,
        }
    }
}

fn digits_end(raw: &[u8], from: usize) -> usize {
    raw[from..].iter().position(|byte| !byte.is_ascii_digit()).map_or(raw.len(), |length| from + length)
}

fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// The character of a surrogate pair.
fn join(high: u16, low: u16) -> char {
    let code = 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
    char::from_u32(code).expect("both surrogates were checked")
}

/// The first byte of the invalid sequence at `start` that makes it invalid.
fn invalid_byte(raw: &[u8], start: usize) -> usize {
    let possible = |end: usize| match std::str::from_utf8(&raw[start..end]) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    (start..raw.len()).find(|&at| !possible(at + 1)).unwrap_or(raw.len())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}
