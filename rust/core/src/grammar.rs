//! Tokens to events: the nesting of arrays and objects, on a stack of its own.

use crate::events::{Kind, NumberForm, Piece, Receiver};
use crate::fault::{Fault, FaultKind, Flow, Halt, Syntax};
use crate::lexer::Tokens;
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

/// The state of the grammar.
#[derive(Clone, Debug)]
pub(crate) struct Grammar {
    expect: Expect,
    stack: Vec<Container>,
    max_depth: usize,
    /// Whether the open string is a key.
    in_key: bool,
}

/// The grammar at work for a receiver.
pub(crate) struct Parse<'p, R> {
    pub(crate) grammar: &'p mut Grammar,
    pub(crate) receiver: &'p mut R,
}

impl Grammar {
    pub(crate) fn new(max_depth: usize) -> Self {
        Self { expect: Expect::Value, stack: Vec::new(), max_depth, in_key: false }
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

    /// The fault of a byte that fits nothing expected.
    fn unexpected(&self, at: usize) -> Halt {
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

    /// The fault of a byte that fits nothing expected behind a value.
    fn unexpected_after_value(&self, at: usize) -> Halt {
        match self.stack.last() {
            Some(Container::Object) => Syntax::ExpectedCommaOrBrace,
            Some(Container::Array) => Syntax::ExpectedCommaOrBracket,
            None => Syntax::TrailingCharacters,
        }
        .at(at)
    }

    /// Checks that a value may begin here.
    fn begin_value(&self, at: usize) -> Flow {
        match self.expect {
            Expect::Value | Expect::FirstElement | Expect::NextElement => Ok(()),
            _ => Err(self.unexpected(at)),
        }
    }

    /// A value has ended.
    fn end_value(&mut self) {
        self.expect = if self.stack.is_empty() { Expect::Nothing } else { Expect::Comma };
    }

    fn open(&mut self, container: Container, at: usize) -> Flow {
        if self.stack.len() == self.max_depth {
            return Err(Halt::Fault(Fault { offset: at, kind: FaultKind::Depth }));
        }
        self.stack.push(container);
        self.expect = match container {
            Container::Array => Expect::FirstElement,
            Container::Object => Expect::FirstKey,
        };
        Ok(())
    }

    fn close(&mut self, container: Container, at: usize) -> Flow {
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

    fn comma(&mut self, at: usize) -> Flow {
        self.expect = match (self.expect, self.stack.last()) {
            (Expect::Comma, Some(Container::Array)) => Expect::NextElement,
            (Expect::Comma, Some(Container::Object)) => Expect::NextKey,
            _ => return Err(self.unexpected(at)),
        };
        Ok(())
    }
}

impl<R: Receiver> Tokens for Parse<'_, R> {
    #[inline]
    fn punctuation(&mut self, byte: u8, at: usize) -> Flow {
        match byte {
            b'{' | b'[' => {
                let (container, kind) = match byte {
                    b'{' => (Container::Object, Kind::Object),
                    _ => (Container::Array, Kind::Array),
                };
                self.grammar.begin_value(at)?;
                self.grammar.open(container, at)?;
                self.receiver.begin(kind, at)
            }
            b'}' | b']' => {
                self.grammar.close(if byte == b'}' { Container::Object } else { Container::Array }, at)?;
                self.receiver.end(at + 1)
            }
            b',' => {
                self.grammar.comma(at)?;
                self.receiver.comma(at)
            }
            _ if self.grammar.expect == Expect::Colon => {
                self.grammar.expect = Expect::Value;
                Ok(())
            }
            _ => Err(self.grammar.unexpected(at)),
        }
    }

    #[inline]
    fn open_string(&mut self, at: usize) -> Flow {
        self.grammar.in_key = matches!(self.grammar.expect, Expect::FirstKey | Expect::NextKey);
        if self.grammar.in_key {
            return self.receiver.open_key();
        }
        self.grammar.begin_value(at)?;
        self.receiver.begin(Kind::String, at)
    }

    #[inline]
    fn text(&mut self, piece: Piece<'_>) -> Flow {
        if self.grammar.in_key { self.receiver.key_text(piece) } else { self.receiver.text(piece) }
    }

    #[inline]
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Flow {
        if self.grammar.in_key {
            self.grammar.in_key = false;
            self.grammar.expect = Expect::Colon;
            return self.receiver.key(span, end - 1, source);
        }
        self.grammar.end_value();
        self.receiver.string(span, end, source)
    }

    #[inline]
    fn open_scalar(&mut self, kind: Kind, at: usize) -> Flow {
        self.grammar.begin_value(at)?;
        self.receiver.begin(kind, at)
    }

    #[inline]
    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow {
        self.receiver.number_form(form, at)
    }

    #[inline]
    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Flow {
        self.grammar.end_value();
        self.receiver.number(form, span, source)
    }

    #[inline]
    fn word(&mut self, kind: Kind, end: usize) -> Flow {
        self.grammar.end_value();
        self.receiver.word(kind, end)
    }

    #[inline]
    fn ends_scalar(&self, byte: u8, at: usize) -> Flow {
        let ends = match byte {
            b' ' | b'\n' | b'\t' | b'\r' => true,
            b',' => !self.grammar.at_root(),
            b']' => self.grammar.stack.last() == Some(&Container::Array),
            b'}' => self.grammar.stack.last() == Some(&Container::Object),
            _ => false,
        };
        if ends { Ok(()) } else { Err(self.grammar.unexpected_after_value(at)) }
    }

    fn unexpected(&self, at: usize) -> Halt {
        self.grammar.unexpected(at)
    }
}
