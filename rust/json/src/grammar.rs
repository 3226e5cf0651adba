//! Tokens to events: the nesting of arrays and objects, on a stack of its own.

use crate::event::{Kind, NumberForm, Piece, Receiver, StoppedAt};
use crate::lexer::Tokens;
use crate::syntax::{Stop, Syntax, SyntaxError};
use crate::text::{Source, Span};

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value after a comma: the container may not close.
    NextElement,
    /// A value or `]`.
    FirstElement,
    /// A key after a comma: the container may not close.
    NextKey,
    /// A key or `}`.
    FirstKey,
    Colon,
    /// A comma or the end of the innermost container.
    Comma,
    /// Nothing: the root value has closed.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

/// How deep containers may be nested.
#[derive(Clone, Copy, Debug)]
pub struct Nesting {
    /// How many containers may be open.
    pub containers: usize,
    /// How many containers may be open around a member: one that lies deeper can only be empty.
    pub around: usize,
}

impl Nesting {
    /// Any depth. One byte a level is what it costs.
    pub const UNLIMITED: Self = Self { containers: usize::MAX, around: usize::MAX };
}

/// The state of the grammar.
#[derive(Clone, Debug)]
pub(crate) struct Grammar {
    expect: Expect,
    stack: Vec<Container>,
    nesting: Nesting,
    /// Whether the open string is a key.
    in_key: bool,
}

/// The grammar at work for a receiver.
pub(crate) struct Parse<'p, R> {
    pub(crate) grammar: &'p mut Grammar,
    pub(crate) receiver: &'p mut R,
}

impl Grammar {
    pub(crate) fn new(nesting: Nesting) -> Self {
        Self { expect: Expect::Value, stack: Vec::new(), nesting, in_key: false }
    }

    /// Goes back to the beginning of a value within `depth` containers.
    pub(crate) fn rewind(&mut self, depth: usize) {
        self.stack.truncate(depth);
        self.expect = Expect::Value;
    }

    /// Whether the root value has closed.
    pub(crate) fn complete(&self) -> bool {
        self.expect == Expect::Nothing
    }

    /// Whether what comes is in no container.
    pub(crate) fn at_root(&self) -> bool {
        self.stack.is_empty()
    }

    /// Whether the open string is a key.
    pub(crate) fn in_key(&self) -> bool {
        self.in_key
    }

    /// What a text that ends here lacks at its end.
    pub(crate) fn pending(&self) -> Pending {
        match self.expect {
            Expect::Colon => Pending::ColonAndValue,
            Expect::Value if !self.at_root() => Pending::Value,
            Expect::NextElement => Pending::Value,
            Expect::NextKey => Pending::Key,
            _ => Pending::Nothing,
        }
    }

    /// The brackets that close what is open, from the innermost outwards.
    pub(crate) fn closing(&self) -> impl Iterator<Item = u8> {
        self.stack.iter().rev().map(|container| match container {
            Container::Array => b']',
            Container::Object => b'}',
        })
    }

    /// The error of a byte that fits nothing expected.
    fn unexpected(&self, at: usize) -> SyntaxError {
        match self.expect {
            Expect::Value | Expect::NextElement => Syntax::ExpectedValue,
            Expect::FirstElement => Syntax::ExpectedValueOrEnd,
            Expect::NextKey => Syntax::ExpectedKey,
            Expect::FirstKey => Syntax::ExpectedKeyOrEnd,
            Expect::Colon => Syntax::ExpectedColon,
            Expect::Comma | Expect::Nothing => return self.unexpected_after_value(at),
        }
        .at(at)
    }

    /// The error of a byte that fits nothing expected behind a value.
    fn unexpected_after_value(&self, at: usize) -> SyntaxError {
        match self.stack.last() {
            Some(Container::Object) => Syntax::ExpectedCommaOrBrace,
            Some(Container::Array) => Syntax::ExpectedCommaOrBracket,
            None => Syntax::TrailingCharacters,
        }
        .at(at)
    }

    /// Checks that a member may begin in the innermost container.
    #[inline]
    fn begin_member(&self, at: usize) -> Result<(), SyntaxError> {
        if self.stack.len() > self.nesting.around { Err(Syntax::TooDeep.at(at)) } else { Ok(()) }
    }

    /// Checks that a value may begin here.
    #[inline]
    fn begin_value(&self, at: usize) -> Result<(), SyntaxError> {
        match self.expect {
            Expect::Value | Expect::FirstElement | Expect::NextElement => self.begin_member(at),
            _ => Err(self.unexpected(at)),
        }
    }

    /// A value has ended.
    fn end_value(&mut self) {
        self.expect = if self.stack.is_empty() { Expect::Nothing } else { Expect::Comma };
    }

    fn open(&mut self, container: Container, at: usize) -> Result<(), SyntaxError> {
        if self.stack.len() == self.nesting.containers {
            return Err(Syntax::TooDeep.at(at));
        }
        self.stack.push(container);
        self.expect = match container {
            Container::Array => Expect::FirstElement,
            Container::Object => Expect::FirstKey,
        };
        Ok(())
    }

    fn close(&mut self, container: Container, at: usize) -> Result<(), SyntaxError> {
        let may_close = match self.expect {
            Expect::Comma => self.stack.last() == Some(&container),
            Expect::FirstElement => container == Container::Array,
            Expect::FirstKey => container == Container::Object,
            Expect::NextElement if container == Container::Array => return Err(Syntax::TrailingComma.at(at)),
            Expect::NextKey if container == Container::Object => return Err(Syntax::TrailingComma.at(at)),
            _ => false,
        };
        if !may_close {
            return Err(self.unexpected(at));
        }
        self.stack.pop();
        self.end_value();
        Ok(())
    }

    fn comma(&mut self, at: usize) -> Result<(), SyntaxError> {
        self.expect = match (self.expect, self.stack.last()) {
            (Expect::Comma, Some(Container::Array)) => Expect::NextElement,
            (Expect::Comma, Some(Container::Object)) => Expect::NextKey,
            _ => return Err(self.unexpected(at)),
        };
        Ok(())
    }
}

/// What a text that ends here lacks at its end, its closing brackets apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Nothing,
    /// The value of an element or of a key.
    Value,
    /// The colon behind a key, and its value.
    ColonAndValue,
    /// A key behind a comma.
    Key,
}

impl<R: Receiver> Tokens for Parse<'_, R> {
    type Stop = R::Stop;

    #[inline]
    fn punctuation(&mut self, byte: u8, at: usize) -> Result<(), Stop<R::Stop>> {
        match byte {
            b'{' | b'[' => {
                let (container, kind) = match byte {
                    b'{' => (Container::Object, Kind::Object),
                    _ => (Container::Array, Kind::Array),
                };
                self.grammar.begin_value(at)?;
                self.grammar.open(container, at)?;
                self.receiver.begin(kind, at).map_err(Stop::Receiver)
            }
            b'}' | b']' => {
                self.grammar.close(if byte == b'}' { Container::Object } else { Container::Array }, at)?;
                self.receiver.end(at + 1).map_err(Stop::Receiver)
            }
            b',' => {
                self.grammar.comma(at)?;
                self.receiver.comma(at).map_err(Stop::Receiver)
            }
            _ if self.grammar.expect == Expect::Colon => {
                self.grammar.expect = Expect::Value;
                Ok(())
            }
            _ => Err(self.grammar.unexpected(at).into()),
        }
    }

    #[inline]
    fn open_string(&mut self, at: usize) -> Result<(), Stop<R::Stop>> {
        self.grammar.in_key = matches!(self.grammar.expect, Expect::FirstKey | Expect::NextKey);
        if self.grammar.in_key {
            self.grammar.begin_member(at)?;
            return self.receiver.open_key().map_err(Stop::Receiver);
        }
        self.grammar.begin_value(at)?;
        self.receiver.begin(Kind::String, at).map_err(Stop::Receiver)
    }

    #[inline]
    fn text(&mut self, piece: Piece<'_>) -> Result<(), StoppedAt<R::Stop>> {
        if self.grammar.in_key { self.receiver.key_text(piece) } else { self.receiver.text(piece) }
    }

    #[inline]
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Result<(), Stop<R::Stop>> {
        let received = if self.grammar.in_key {
            self.grammar.in_key = false;
            self.grammar.expect = Expect::Colon;
            self.receiver.key(span, end - 1, source)
        } else {
            self.grammar.end_value();
            self.receiver.string(span, end, source)
        };
        received.map_err(Stop::Receiver)
    }

    #[inline]
    fn open_scalar(&mut self, kind: Kind, at: usize) -> Result<(), Stop<R::Stop>> {
        self.grammar.begin_value(at)?;
        self.receiver.begin(kind, at).map_err(Stop::Receiver)
    }

    #[inline]
    fn number_form(&mut self, form: NumberForm, at: usize) -> Result<(), Stop<R::Stop>> {
        self.receiver.number_form(form, at).map_err(Stop::Receiver)
    }

    #[inline]
    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Result<(), Stop<R::Stop>> {
        self.grammar.end_value();
        self.receiver.number(form, span, source).map_err(Stop::Receiver)
    }

    #[inline]
    fn name(&mut self, kind: Kind, end: usize) -> Result<(), Stop<R::Stop>> {
        self.grammar.end_value();
        self.receiver.name(kind, end).map_err(Stop::Receiver)
    }

    #[inline]
    fn ends_scalar(&self, byte: u8, at: usize) -> Result<(), SyntaxError> {
        let ends = match byte {
            b' ' | b'\n' | b'\t' | b'\r' => true,
            b',' => !self.grammar.at_root(),
            b']' => self.grammar.stack.last() == Some(&Container::Array),
            b'}' => self.grammar.stack.last() == Some(&Container::Object),
            _ => false,
        };
        if ends { Ok(()) } else { Err(self.grammar.unexpected_after_value(at)) }
    }

    fn unexpected(&self, at: usize) -> SyntaxError {
        self.grammar.unexpected(at)
    }

    fn blank(&self, at: usize) -> Result<(), SyntaxError> {
        if self.grammar.complete() { Ok(()) } else { Err(Syntax::TooBlank.at(at)) }
    }
}
