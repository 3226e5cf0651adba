//! One text, from its first byte to its last.

use std::sync::Arc;

use crate::checker::{Checker, Hook, Judgement, Slot};
use crate::fault::{Fault, FaultKind, Flow, Halt};
use crate::grammar::{Grammar, Parse};
use crate::lexer::Lexer;
use crate::plan::Plan;
use crate::tape::Op;
use crate::text::{Position, Source, Span};

/// What a text may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Containers within containers.
    pub depth: usize,
    /// Bytes; at most 4 GiB.
    pub bytes: usize,
}

/// Why the parser stopped reading.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// All that came is read.
    Drained,
    /// The host has to judge a value, and to say so by [`Parser::accept`] or [`Parser::refuse`].
    Judge(Judgement),
    /// The host has to run the hook of the record whose `Close` is the last op, and to say so by
    /// [`Parser::hooked`] or [`Parser::refuse`].
    Hook(Hook),
}

/// A parser of one text by one plan. After a fault it stays as it was before the hopeless byte.
#[derive(Clone, Debug)]
pub struct Parser {
    text: Vec<u8>,
    lexer: Lexer,
    grammar: Grammar,
    checker: Checker,
    limits: Limits,
    fault: Option<Fault>,
    /// The string that waits for its judgement, or did not get it.
    judged_text: Option<Span>,
    /// The byte at which the last tag became known: what was read anew because of it can be refused no earlier.
    rewound_at: usize,
    /// How much of the text had been read, or read anew, when the fault was found.
    read: usize,
}

impl Parser {
    /// A parser that has seen nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>, limits: Limits) -> Self {
        Self {
            text: Vec::new(),
            lexer: Lexer::new(),
            grammar: Grammar::new(limits.depth),
            checker: Checker::new(plan),
            limits: Limits { bytes: limits.bytes.min(u32::MAX as usize - 1), ..limits },
            fault: None,
            judged_text: None,
            rewound_at: 0,
            read: 0,
        }
    }

    /// Takes in a delta; [`Parser::advance`] reads it.
    pub fn push(&mut self, delta: &[u8]) {
        // One byte more than the limit is enough to be over it.
        let room = self.limits.bytes + 1 - self.text.len().min(self.limits.bytes + 1);
        self.text.extend_from_slice(&delta[..delta.len().min(room)]);
    }

    /// Reads on.
    ///
    /// # Errors
    /// At the first byte after which no continuation can be accepted; the same again on every later call.
    pub fn advance(&mut self) -> Result<Step, Fault> {
        self.step(|lexer, text, parse| lexer.advance(text, parse))
    }

    /// The text has ended: closes a number that the end closes, and checks that the value is whole.
    ///
    /// # Errors
    /// As [`Parser::advance`], and `Truncated` if the value is not whole.
    pub fn end(&mut self) -> Result<Step, Fault> {
        // Within a container a number could go on: only at the root does the end of the text close it.
        let step = self.step(
            |lexer, text, parse| {
                if parse.grammar.at_root() { lexer.end(text, parse) } else { Ok(()) }
            },
        )?;
        if matches!(step, Step::Drained) && !self.checker.complete {
            return Err(Fault { offset: self.text.len(), kind: FaultKind::Truncated });
        }
        Ok(step)
    }

    fn step(
        &mut self,
        read: impl Fn(&mut Lexer, &[u8], &mut Parse<'_, Checker>) -> Flow,
    ) -> Result<Step, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let limit = self.limits.bytes.min(self.text.len());
        loop {
            let mut parse = Parse { grammar: &mut self.grammar, receiver: &mut self.checker };
            return match read(&mut self.lexer, &self.text[..limit], &mut parse) {
                Ok(()) if self.text.len() > self.limits.bytes => {
                    Err(self.fail(Fault { offset: self.limits.bytes, kind: FaultKind::Bytes }))
                }
                Ok(()) => Ok(Step::Drained),
                Err(Halt::Fault(fault)) => Err(self.fail(fault)),
                Err(Halt::Hook(hook)) => Ok(Step::Hook(hook)),
                Err(Halt::Judge) => {
                    let judgement =
                        self.checker.judgement().expect("the checker stopped to have a value judged");
                    self.judged_text = self.checker.shows_text().then(|| self.lexer.closed_text());
                    Ok(Step::Judge(judgement))
                }
                Err(Halt::Rewind(start)) => {
                    self.rewound_at = self.lexer.at() - 1;
                    self.lexer.rewind(start);
                    self.grammar.rewind(self.checker.depth());
                    continue;
                }
            };
        }
    }

    /// The host accepts the value it was asked to judge. `seen` says whether it has shown all along, as a string that
    /// the host did not change.
    pub fn accept(&mut self, seen: bool) {
        self.checker.accept(seen);
        self.judged_text = None;
    }

    /// The hook that the host was asked to run has run.
    pub fn hooked(&mut self) {
        self.checker.hooked();
    }

    /// The host refuses what it was asked about at `offset`.
    pub fn refuse(&mut self, offset: usize) {
        self.fail(Fault { offset, kind: FaultKind::Judged });
    }

    fn fail(&mut self, fault: Fault) -> Fault {
        self.read = fault.offset + 1;
        let fault = Fault { offset: fault.offset.max(self.rewound_at), ..fault };
        self.fault = Some(fault);
        // What came behind the hopeless byte was never read: however the text was cut, it ends here.
        self.text.truncate(fault.offset + 1);
        fault
    }

    /// The fault, if the text is hopeless.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether the root value has closed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.checker.complete
    }

    /// The text so far; after a fault it ends with the hopeless byte.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The offset of the hopeless byte, or the number of bytes that have come.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.fault.map_or(self.text.len(), |fault| fault.offset)
    }

    /// The line and column of [`Parser::offset`].
    #[must_use]
    pub fn position(&self) -> Position {
        Position::find(&self.text, self.offset())
    }

    /// What spans refer to.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        self.lexer.source(&self.text)
    }

    /// Grows whenever there is something new to see.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.checker.version
    }

    /// Moves the ops that have not been read yet to the end of `tape`.
    pub fn take_ops(&mut self, tape: &mut Vec<Op>) {
        tape.append(&mut self.checker.tape);
    }

    /// Whether there are ops that have not been read.
    #[must_use]
    pub fn has_ops(&self) -> bool {
        !self.checker.tape.is_empty()
    }

    /// The string that is open and shows.
    #[must_use]
    pub fn open_text(&self) -> Option<Span> {
        self.judged_text.or_else(|| self.checker.shows_text().then(|| self.lexer.open_text()))
    }

    /// The string that was refused, with the character at which it was.
    #[must_use]
    pub fn refused_text(&self) -> Span {
        self.lexer.refused_text()
    }

    /// Whether the text ends within a string.
    #[must_use]
    pub fn in_string(&self) -> bool {
        self.lexer.in_string()
    }

    /// The way from the root to the open value.
    pub fn path(&self) -> impl Iterator<Item = Slot> {
        self.checker.path()
    }

    /// The required fields that the innermost record has not seen.
    pub fn missing(&self) -> impl Iterator<Item = u32> {
        self.checker.missing()
    }

    /// After a fault, the raw text of the innermost open container up to it.
    #[must_use]
    pub fn container(&self) -> &[u8] {
        &self.text[self.checker.container_start()..self.read]
    }

    /// After a fault, the raw text of the value that began last, up to it.
    #[must_use]
    pub fn scalar(&self) -> &[u8] {
        &self.text[self.checker.scalar_start()..self.read]
    }
}
