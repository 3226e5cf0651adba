//! One text, from its first byte to its last.

use std::sync::Arc;

use crate::checker::{Checker, Hook, Judgement, Scene, Slot, forgivable};
use crate::fault::{Fault, FaultKind, Halt};
use crate::plan::Plan;
use crate::tape::{Op, Ticket};
use instar_json::Kind;
use instar_json::{Nesting, Position, Reader, Source, Span, Stop, Syntax, SyntaxError};

/// What a text may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Containers within containers.
    pub depth: usize,
    /// Bytes; at most 4 GiB.
    pub bytes: usize,
}

/// What becomes of a text that the schema refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// It ends at the first hopeless byte.
    #[default]
    Raise,
    /// The host hears of the violation, may forgive it by [`Parser::forgive`], and goes on.
    Defer,
}

/// Why the parser stopped reading.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// All that came is read.
    Drained,
    /// The host has to judge a value, and to say so by [`Parser::accept`], [`Parser::reject`] or [`Parser::refuse`].
    Judge(Judgement),
    /// The host has to run the hooks of the value whose `Close` is the last op, and to say so by [`Parser::hooked`] or
    /// [`Parser::refuse`].
    Hook(Hook),
}

/// Text that is read anew because a tag has said what it is.
#[derive(Clone, Copy, Debug, Default)]
struct Again {
    /// The last byte of the tag: what is read anew can be refused no earlier.
    through: usize,
    /// The depth of the attempt that it is.
    level: u32,
}

impl Again {
    /// A tag whose last byte is at `through` begins an attempt at `level`. One within text that is read anew adds
    /// nothing.
    fn reach(&mut self, through: usize, level: u32) {
        if through > self.through {
            *self = Self { through, level };
        }
    }
}

/// A parser of one text by one plan. After a fault it stays as it was before the hopeless byte.
#[derive(Clone, Debug)]
pub struct Parser {
    text: Vec<u8>,
    reader: Reader,
    checker: Checker,
    limits: Limits,
    on_violation: OnViolation,
    fault: Option<Fault>,
    /// The violation that waits to be forgiven, where it was found.
    violated: Option<Fault>,
    /// What the host's last answer led to.
    halted: Option<Halt>,
    /// The hooks that the host runs.
    hook: Option<Hook>,
    /// The string that waits for its judgement, or did not get it.
    judged_text: Option<Span>,
    /// The part of the text that is read anew, or was.
    again: Again,
    /// How much of the text had been read, or read anew, when the fault was found.
    read: usize,
}

impl Parser {
    /// A parser that has seen nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>, limits: Limits, on_violation: OnViolation) -> Self {
        let root = plan.root;
        Self {
            text: Vec::new(),
            reader: Reader::new(Nesting { containers: limits.depth, around: MAX_AROUND }),
            checker: Checker::new(plan, root),
            limits: Limits { bytes: limits.bytes.min(u32::MAX as usize - 1), ..limits },
            on_violation,
            fault: None,
            violated: None,
            halted: None,
            hook: None,
            judged_text: None,
            again: Again::default(),
            read: 0,
        }
    }

    /// Takes in a delta; [`Parser::advance`] reads it.
    pub fn push(&mut self, delta: &[u8]) {
        // One byte more than the limit is enough to be over it.
        let room = (self.limits.bytes + 1).saturating_sub(self.text.len());
        let delta = &delta[..delta.len().min(room)];
        if self.text.capacity() - self.text.len() < delta.len() {
            // By a quarter, where a `Vec` doubles: thousands of parsers wait with what is left of theirs.
            self.text.reserve_exact(delta.len().max(self.text.len() / 4));
        }
        self.text.extend_from_slice(delta);
    }

    /// Reads on.
    ///
    /// # Errors
    /// At the first byte after which no continuation can be accepted; the same again on every later call.
    pub fn advance(&mut self) -> Result<Step, Fault> {
        self.step(Reader::advance)
    }

    /// The text has ended: closes a number that the end closes, and checks that the value is whole.
    ///
    /// # Errors
    /// As [`Parser::advance`], and `Truncated` if the value is not whole.
    pub fn end(&mut self) -> Result<Step, Fault> {
        let step = self.step(Reader::end)?;
        if matches!(step, Step::Drained) && !self.checker.complete {
            return Err(Fault { offset: self.text.len(), kind: FaultKind::Truncated });
        }
        Ok(step)
    }

    fn step(
        &mut self,
        read: impl Fn(&mut Reader, &[u8], &mut Checker) -> Result<(), Stop<Halt>>,
    ) -> Result<Step, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let limit = self.limits.bytes.min(self.text.len());
        loop {
            let flow = if self.halted.is_some() {
                self.halted.take().map_or(Ok(()), Err)
            } else {
                read(&mut self.reader, &self.text[..limit], &mut self.checker).map_err(halt)
            };
            match flow {
                Ok(()) if self.text.len() > self.limits.bytes => {
                    return Err(self.fail(Fault { offset: self.limits.bytes, kind: FaultKind::Bytes }));
                }
                Ok(()) => return Ok(Step::Drained),
                Err(Halt::Fault(fault)) => return Err(self.fail(fault)),
                Err(Halt::Hook(hook)) => {
                    self.hook = Some(hook);
                    return Ok(Step::Hook(hook));
                }
                Err(Halt::Judge) => {
                    let Some(judgement) = self.checker.judgement() else { continue };
                    self.judged_text = self.checker.shows_text().then(|| self.reader.closed_text());
                    return Ok(Step::Judge(judgement));
                }
                Err(Halt::Rewind(start)) => {
                    self.again.reach(self.reader.at() - 1, self.checker.level());
                    self.reader.rewind(start, self.checker.depth());
                }
            }
        }
    }

    /// The host accepts the value it was asked to judge, and calls it `ticket`. `seen` says whether it has shown all
    /// along, as a string that the host did not change.
    pub fn accept(&mut self, ticket: Ticket, seen: bool) {
        self.judged_text = None;
        self.halted = self.checker.accept(ticket, seen).err();
    }

    /// The host refuses the value it was asked about, which was tentative.
    pub fn reject(&mut self) {
        self.judged_text = None;
        self.halted = self.checker.reject().err();
    }

    /// The hooks that the host was asked to run have run.
    pub fn hooked(&mut self) {
        if let Some(hook) = self.hook.take() {
            self.halted = self.checker.hooked(hook).err();
        }
    }

    /// The host refuses what it was asked about, at `offset`. The fault may lie behind it, where the text was read anew.
    pub fn refuse(&mut self, offset: usize) -> Fault {
        self.fail(Fault { offset, kind: FaultKind::Judged })
    }

    /// Whether the violation that was found last is one of the schema, and to be deferred.
    #[must_use]
    pub fn can_forgive(&self) -> bool {
        self.violated.is_some()
    }

    /// Goes on behind the violation that was found last: what it refused is withheld, and what has shown of it stays as
    /// it is.
    pub fn forgive(&mut self) {
        let Some(fault) = self.violated.take() else { return };
        self.halted = match forgivable(fault) {
            Some(violation) => {
                let scene = self.scene(fault.offset);
                self.reader.resume();
                self.checker.forgive(violation, fault.offset, scene).err()
            }
            None => match self.hook.take() {
                Some(hook) => self.checker.forgive_hook(hook).err(),
                None => self.checker.forgive_judgement(self.judged_text.take()).err(),
            },
        };
    }

    fn scene(&self, at: usize) -> Scene {
        let begins = match self.text[at] {
            b'{' => Some(Kind::Object),
            b'[' => Some(Kind::Array),
            _ => self.reader.begins(at),
        };
        let in_string = self.reader.in_string();
        let text = if in_string { self.reader.open_text() } else { self.reader.closed_text() };
        Scene { begins, in_string, text }
    }

    fn fail(&mut self, found: Fault) -> Fault {
        self.read = found.offset + 1;
        let fault = Fault { offset: found.offset.max(self.again.through), ..found };
        if self.on_violation == OnViolation::Defer
            && matches!(fault.kind, FaultKind::Schema(_) | FaultKind::Judged)
        {
            self.violated = Some(found);
            return fault;
        }
        self.fault = Some(fault);
        if self.again.through > 0 && found.offset <= self.again.through {
            // Until the tag came nothing of it had shown.
            self.checker.retract(self.again.level);
            self.judged_text = None;
        }
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
        self.reader.source(&self.text)
    }

    /// Grows whenever there is something new to see.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.checker.version
    }

    /// Gives the ops that have not been read yet for an empty tape, where the next ones will be written.
    pub fn take_ops(&mut self, tape: &mut Vec<Op>) {
        debug_assert!(tape.is_empty(), "what is on the tape would be read again");
        std::mem::swap(tape, &mut self.checker.tape);
    }

    /// Whether there are ops that have not been read.
    #[must_use]
    pub fn has_ops(&self) -> bool {
        !self.checker.tape.is_empty()
    }

    /// The string that is open and shows.
    #[must_use]
    pub fn open_text(&self) -> Option<Span> {
        self.judged_text.or_else(|| self.checker.shows_text().then(|| self.reader.open_text()))
    }

    /// The string that was refused, with the character at which it was.
    #[must_use]
    pub fn refused_text(&self) -> Span {
        self.reader.read_text()
    }

    /// Whether the text ends within a string.
    #[must_use]
    pub fn in_string(&self) -> bool {
        self.reader.in_string()
    }

    /// The way from the root to the open value.
    #[must_use]
    pub fn path(&self) -> Vec<Slot> {
        self.checker.path()
    }

    /// The way from the root to the open value, as far as it is sure: to the union of which it may be a part.
    #[must_use]
    pub fn trunk(&self) -> Vec<Slot> {
        self.checker.trunk()
    }

    /// Whether what grows may be taken back.
    #[must_use]
    pub fn attempts(&self) -> bool {
        self.checker.level() > 0
    }

    /// The required fields that the innermost record has not seen.
    pub fn missing(&self) -> impl Iterator<Item = u32> {
        self.checker.missing()
    }

    /// The members of the innermost open container that have begun.
    #[must_use]
    pub fn members(&self) -> usize {
        self.checker.members()
    }

    /// After a fault, the raw text of the innermost open container up to it.
    #[must_use]
    pub fn container(&self) -> &[u8] {
        &self.text[self.checker.container_start()..self.read]
    }

    /// After a fault, the raw text of the value of a union, up to it.
    #[must_use]
    pub fn attempt(&self) -> &[u8] {
        &self.text[self.checker.attempt_start()..self.read]
    }

    /// After a fault, the raw text of the value that began last, up to it.
    #[must_use]
    pub fn scalar(&self) -> &[u8] {
        &self.text[self.checker.scalar_start()..self.read]
    }
}

/// Pydantic reads no member within more containers than that: the 201st may only be empty.
const MAX_AROUND: usize = 200;

/// A fault of the text, or what the checker stops for.
fn halt(stop: Stop<Halt>) -> Halt {
    match stop {
        Stop::Syntax(SyntaxError { offset, kind: Syntax::TooDeep }) => {
            Halt::Fault(Fault { offset, kind: FaultKind::Depth })
        }
        Stop::Syntax(SyntaxError { offset, kind }) => {
            Halt::Fault(Fault { offset, kind: FaultKind::Syntax(kind) })
        }
        Stop::Receiver(halt) => halt,
    }
}
