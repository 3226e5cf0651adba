//! One text, from its first byte to its last.

use std::sync::Arc;

use instar_json::{Nesting, Position, Reader, Source, Span, Stop, Syntax, SyntaxError};

use super::checker::Checker;
use super::question::{PendingHooks, PendingValue, Question};
use super::stop::{Flow, Found, Halt, Place};
use crate::schema::{Fault, FaultKind, Plan, Segment};
use crate::tape::{Tape, Ticket};

/// What a text may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Containers within containers.
    pub depth: usize,
    /// Bytes; at most 4 GiB.
    pub bytes: usize,
    /// Blanks behind each other, before and within the value.
    pub blank: usize,
}

/// Pydantic reads no member within more containers than that: the 201st may only be empty.
const MAX_AROUND: usize = 200;

/// What becomes of a text that the schema refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// It ends at the first hopeless byte.
    #[default]
    Raise,
    /// The host hears of the violation, may recover from it by [`Parser::recover`], and goes on.
    Defer,
}

/// Why the parser stopped reading.
#[derive(Debug)]
pub enum Step {
    /// All that came is read.
    Drained,
    /// The host has to validate a value.
    Validate(PendingValue),
    /// The host has to run the hooks of a container.
    Hooks(PendingHooks),
}

/// Where a parser stands.
#[derive(Clone, Debug)]
enum State {
    /// It reads.
    Reading,
    /// The host is asked something.
    Asking(Question),
    /// The host has answered; this came of it.
    Answered(Flow),
    /// The schema has refused the text, or the host what it was asked. The host may recover.
    Violated(Fault, Violated),
    /// The text is hopeless. What had shown of the string that was open, or had just closed, still shows.
    Failed(Fault, Option<Span>),
}

/// What can be recovered from.
#[derive(Clone, Debug)]
enum Violated {
    Schema(Box<Found>),
    Host(Question),
}

/// Text that is read anew because a tag has said what it is.
#[derive(Clone, Copy, Debug, Default)]
struct Again {
    /// The last byte of the tag: what is read anew can be refused no earlier.
    through: usize,
    /// How many provisional values are open around it.
    depth: u32,
}

impl Again {
    /// A tag has its last byte at `through`. One within text that is read anew adds nothing.
    fn reach(&mut self, through: usize, depth: u32) {
        if through > self.through {
            *self = Self { through, depth };
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
    state: State,
    /// The part of the text that is read anew, or was.
    again: Again,
}

impl Parser {
    /// A parser that has seen nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>, limits: Limits, on_violation: OnViolation) -> Self {
        Self {
            text: Vec::new(),
            reader: Reader::new(Nesting { containers: limits.depth, around: MAX_AROUND })
                .with_blanks(limits.blank),
            checker: Checker::new(plan),
            limits: Limits { bytes: limits.bytes.min(u32::MAX as usize - 1), ..limits },
            on_violation,
            state: State::Reading,
            again: Again::default(),
        }
    }

    /// Takes in a delta; [`Parser::advance`] reads it. After a fault nothing is taken in.
    #[inline(never)]
    pub fn push(&mut self, delta: &[u8]) {
        let length = self.text.len() + delta.len();
        if matches!(self.state, State::Failed(..)) || length > self.limits.bytes {
            self.push_some(delta);
            return;
        }
        if length > self.text.capacity() {
            self.make_room(delta.len());
        }
        self.text.extend_from_slice(delta);
    }

    /// The same where there may be no room for all of it.
    #[cold]
    fn push_some(&mut self, delta: &[u8]) {
        if !matches!(self.state, State::Failed(..)) {
            // One byte more than the limit is enough to be over it.
            let room = (self.limits.bytes + 1).saturating_sub(self.text.len());
            self.text.extend_from_slice(&delta[..delta.len().min(room)]);
        }
    }

    /// Makes room for so many bytes: by a quarter, where a `Vec` doubles, since thousands of parsers wait with what is
    /// left of theirs.
    #[cold]
    fn make_room(&mut self, more: usize) {
        self.text.reserve_exact(more.max(self.text.len() / 4));
    }

    /// Reads on. While a question is open it is asked again.
    ///
    /// # Errors
    /// At the first byte after which no continuation can be accepted; the same again on every later call.
    #[inline]
    pub fn advance(&mut self) -> Result<Step, Fault> {
        self.step(Reader::advance)
    }

    /// The text has ended: closes a number that the end closes, and checks that the value is whole.
    ///
    /// # Errors
    /// As [`Parser::advance`], and `Truncated` if the value is not whole.
    pub fn end(&mut self) -> Result<Step, Fault> {
        let step = self.step(Reader::end)?;
        if matches!(step, Step::Drained) && !self.checker.complete() {
            return Err(Fault { offset: self.text.len(), kind: FaultKind::Truncated });
        }
        Ok(step)
    }

    /// Within `advance`, which every delta goes through.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    fn step(
        &mut self,
        read: impl Fn(&mut Reader, &[u8], &mut Checker) -> Result<(), Stop<Halt>>,
    ) -> Result<Step, Fault> {
        let limit = self.limits.bytes.min(self.text.len());
        if matches!(self.state, State::Reading) {
            match read(&mut self.reader, &self.text[..limit], &mut self.checker) {
                Ok(()) if self.text.len() <= self.limits.bytes => return Ok(Step::Drained),
                Ok(()) => {}
                Err(stop) => self.stopped(stop),
            }
        }
        self.proceed(read)
    }

    /// Goes on from wherever the parser stands.
    #[inline(never)]
    fn proceed(
        &mut self,
        read: impl Fn(&mut Reader, &[u8], &mut Checker) -> Result<(), Stop<Halt>>,
    ) -> Result<Step, Fault> {
        let limit = self.limits.bytes.min(self.text.len());
        loop {
            match &self.state {
                State::Reading => match read(&mut self.reader, &self.text[..limit], &mut self.checker) {
                    Ok(()) if self.text.len() > self.limits.bytes => {
                        let fault = Fault { offset: self.limits.bytes, kind: FaultKind::Bytes };
                        let text = self.open_text();
                        return Err(self.fail(fault, text));
                    }
                    Ok(()) => return Ok(Step::Drained),
                    Err(stop) => self.stopped(stop),
                },
                State::Asking(Question::Validate(asked)) => return Ok(Step::Validate(PendingValue(*asked))),
                State::Asking(Question::Hooks(asked)) => return Ok(Step::Hooks(PendingHooks(*asked))),
                State::Failed(fault, _) | State::Violated(fault, _) => return Err(fault.clone()),
                State::Answered(_) => {
                    let State::Answered(flow) = std::mem::replace(&mut self.state, State::Reading) else {
                        continue;
                    };
                    match flow {
                        Ok(()) => {}
                        Err(Halt::Violation(found)) => return Err(self.violated(*found)),
                        Err(Halt::Ask) => {
                            if let Some(question) = self.checker.question() {
                                self.state = State::Asking(question);
                            }
                        }
                        Err(Halt::Rewind(start)) => {
                            self.again.reach(self.reader.at() - 1, self.checker.depth());
                            self.reader.rewind(start, self.checker.containers());
                        }
                    }
                }
            }
        }
    }

    /// The host accepts the value that it was asked for, and gives the one it made this number.
    pub fn accept(&mut self, _pending: PendingValue, ticket: Ticket) {
        if matches!(self.state, State::Asking(Question::Validate(_))) {
            self.state = State::Answered(self.checker.accept(ticket));
        }
    }

    /// The host rejects the value that it was asked for, tentatively.
    pub fn reject(&mut self, _pending: PendingValue) {
        if matches!(self.state, State::Asking(Question::Validate(_))) {
            self.state = State::Answered(self.checker.reject());
        }
    }

    /// The host refuses the value that it was asked for. The fault may lie behind it, where the text was read anew.
    pub fn refuse(&mut self, PendingValue(asked): PendingValue) -> Fault {
        self.refused(Question::Validate(asked))
    }

    /// The hooks that the host was asked to run have run.
    pub fn hooks_ran(&mut self, _pending: PendingHooks) {
        if matches!(self.state, State::Asking(Question::Hooks(_))) {
            self.state = State::Answered(self.checker.hooks_ran());
        }
    }

    /// The hooks that the host was asked to run refuse the value.
    pub fn hooks_refused(&mut self, PendingHooks(asked): PendingHooks) -> Fault {
        self.refused(Question::Hooks(asked))
    }

    fn refused(&mut self, question: Question) -> Fault {
        let (Question::Validate(asked) | Question::Hooks(asked)) = question;
        self.fail_or_defer(asked.at, FaultKind::Host, asked.text, Violated::Host(question))
    }

    fn violated(&mut self, found: Found) -> Fault {
        let kind = FaultKind::Schema(found.violation.clone());
        let text = self.checker.shows_text().then(|| match found.place {
            Place::EndOfText(text) => text,
            _ => self.reader.open_text(),
        });
        self.fail_or_defer(found.offset, kind, text, Violated::Schema(Box::new(found)))
    }

    /// The text is refused at `offset`. The fault may lie behind it, where the text was read anew.
    fn fail_or_defer(
        &mut self,
        offset: usize,
        kind: FaultKind,
        text: Option<Span>,
        violated: Violated,
    ) -> Fault {
        let fault = Fault { offset: offset.max(self.again.through), kind };
        if self.on_violation == OnViolation::Defer {
            self.state = State::Violated(fault.clone(), violated);
            return fault;
        }
        if self.again.through > 0 && offset <= self.again.through {
            // Until the tag came nothing of it had shown.
            self.checker.take_back(self.again.depth);
        }
        let text = text.filter(|_| self.checker.shows_text());
        self.fail(fault, text)
    }

    /// The reader has stopped.
    fn stopped(&mut self, stop: Stop<Halt>) {
        match stop {
            Stop::Syntax(SyntaxError { offset, kind }) => {
                let kind = match kind {
                    Syntax::TooDeep => FaultKind::Depth,
                    Syntax::TooBlank => FaultKind::Blank,
                    kind => FaultKind::Syntax(kind),
                };
                let text = self.open_text();
                self.fail(Fault { offset, kind }, text);
            }
            Stop::Receiver(halt) => self.state = State::Answered(Err(halt)),
        }
    }

    fn fail(&mut self, fault: Fault, text: Option<Span>) -> Fault {
        self.state = State::Failed(fault.clone(), text);
        // What came behind the hopeless byte was never read: however the text was cut, it ends here.
        self.text.truncate(fault.offset + 1);
        fault
    }

    /// Whether there is a violation that was found last, to recover from.
    #[must_use]
    pub fn can_recover(&self) -> bool {
        matches!(self.state, State::Violated(..))
    }

    /// Goes on behind the violation that was found last: what it refused is withheld, and what has shown of it stays as
    /// it is.
    pub fn recover(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Reading) {
            State::Violated(_, Violated::Schema(found)) => {
                self.reader.resume();
                State::Answered(self.checker.recover(*found))
            }
            State::Violated(_, Violated::Host(question)) => {
                State::Answered(self.checker.recover_refused(question))
            }
            state => state,
        };
    }

    /// The fault, if the text is hopeless.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.state {
            State::Failed(fault, _) => Some(fault),
            _ => None,
        }
    }

    /// Whether the root value has closed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.checker.complete()
    }

    /// Whether the root value has closed, as far as JSON goes: the schema may refuse it for that.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.reader.complete()
    }

    /// Forgets what came at `at`, behind a root value that has closed, and that it was refused.
    pub fn cut(&mut self, at: usize) {
        self.text.truncate(at);
        self.reader.cut(at);
        self.state = State::Reading;
    }

    /// The text so far; after a fault it ends with the hopeless byte.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The offset of the hopeless byte, or the number of bytes that have come.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.fault().map_or(self.text.len(), |fault| fault.offset)
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

    /// How often there was surely something new to see, and how often only the host can tell whether there was.
    #[inline]
    #[must_use]
    pub fn growth(&self) -> (u64, u64) {
        self.checker.growth()
    }

    /// The ops of what has grown.
    #[inline]
    #[must_use]
    pub fn tape(&self) -> &Tape {
        self.checker.tape()
    }

    /// The same, to forget those that have been read.
    #[inline]
    pub fn tape_mut(&mut self) -> &mut Tape {
        self.checker.tape_mut()
    }

    /// The string that is open and shows, or has closed and waits for the host.
    #[must_use]
    pub fn open_text(&self) -> Option<Span> {
        match &self.state {
            State::Asking(Question::Validate(asked))
            | State::Violated(_, Violated::Host(Question::Validate(asked))) => asked.text,
            State::Failed(_, text) => *text,
            _ => self.checker.shows_text().then(|| self.reader.open_text()),
        }
    }

    /// The way from the root to the open value.
    #[must_use]
    pub fn path(&self) -> Vec<Segment> {
        self.checker.path()
    }

    /// The way to the value that the host is asked for.
    #[must_use]
    pub fn path_to_asked(&self) -> Vec<Segment> {
        self.checker.own_path()
    }

    /// Whether what grows may be taken back.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        self.checker.depth() > 0
    }
}
