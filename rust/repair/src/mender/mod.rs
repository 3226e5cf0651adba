//! The mender of one text: raw bytes in, mended bytes out, in step with the engine that reads them.

mod read;
mod seen;

use instar_json::Kind;

use crate::around::{Allowance, Around, Found, Scan};
use crate::fault::{Fault, FaultKind};
use crate::guide::Guide;
use crate::kind::{RepairKind, RepairSet};
use crate::output::Output;
use crate::record::{Mark, Record};
use crate::source::Source;
use crate::value::{Flow, Pass, Value};

/// How far behind a comma that follows the value is looked.
const MAX_GAP: usize = 64;

/// Why the mender stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The engine has to read what was mended.
    More,
    /// All that came is read, but for what the engine has to read.
    Drained,
    /// The value ends with what was mended. If the engine takes it, say so by [`Mender::accept`].
    Closed,
    /// The engine has to begin anew: what it has read is no answer.
    Restart,
    /// From here on the value needs no mender: the engine reads the text as it comes. What became of it is said by
    /// [`Mender::catch_up`] and [`Mender::accept_to`] or [`Mender::refuse`].
    Passthrough,
    /// What the engine has refused is hopeless, at this byte of the text as it came.
    Refused(usize),
    /// The text is hopeless.
    Fault(Fault),
}

/// What becomes of a text whose value the engine refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is hopeless, at this byte of the text as it came.
    Final(usize),
    /// The engine has to begin anew: there may be another reading, or another value.
    Restart,
    /// What comes decides.
    Undecided,
}

/// What a text comes to that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its value is whole.
    Whole,
    /// Its value is cut off.
    Open,
    /// It has no value but those that were refused, if there were any.
    NoValue,
    /// A block of reasoning is open.
    Reasoning,
}

/// What is being read.
#[derive(Clone, Debug)]
enum Phase {
    /// What stands around values.
    Around,
    /// A candidate for the answer.
    Value(Value),
    /// A candidate that the engine has refused within what was taken for a wrapper: there may be none.
    Doubt(Value),
    /// A value that is no answer, from its first byte on.
    Skip(Value, usize),
    /// A candidate that the engine reads as it comes.
    Passthrough,
}

/// The candidate that was found last.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// Where it begins.
    start: usize,
    /// Where what the engine reads begins: there, or before the blanks in front of it.
    base: usize,
    /// Whether it is the answer, whatever it is.
    begins: bool,
    /// Whether an object around it may be a wrapper.
    wrappers: bool,
    /// The record before it.
    mark: Mark,
    /// Why its reading stopped.
    flow: Flow,
    /// Where it ended, or became hopeless.
    end: usize,
}

/// A mender of one text.
#[derive(Clone, Debug)]
pub struct Mender {
    repairs: RepairSet,
    source: Source,
    out: Output,
    record: Record,
    around: Around,
    phase: Phase,
    candidate: Option<Candidate>,
    /// Whether the accepted value is an object that stands for a list of one.
    list_of_one: bool,
    /// Where the candidate that was given up last was refused.
    refused: Option<usize>,
    fault: Option<Fault>,
}

impl Mender {
    /// A mender of a text whose value has to meet `guide`.
    #[must_use]
    pub fn new(repairs: RepairSet, guide: &Guide, allowance: Allowance) -> Self {
        let texts = guide.kinds(guide.root()).has(Kind::String);
        Self {
            repairs,
            source: Source::default(),
            out: Output::default(),
            record: Record::default(),
            around: Around::new(repairs, allowance, texts),
            phase: Phase::Around,
            candidate: None,
            list_of_one: false,
            refused: None,
            fault: None,
        }
    }

    /// Takes in a part of the text; [`Mender::advance`] reads it.
    pub fn push(&mut self, raw: &[u8]) {
        self.source.push(raw);
    }

    /// Takes in a part of the text, if nothing of it has to be looked at: then the engine reads it as it is, or there is
    /// nothing to read. Otherwise it has to be pushed.
    #[inline]
    pub fn pass(&mut self, raw: &[u8]) -> Pass {
        let Self { phase: Phase::Value(value), source, out, .. } = self else { return Pass::Looks };
        let at = source.raw.len();
        if value.reach() != at || out.silent || !source.is_direct() {
            return Pass::Looks;
        }
        let pass = value.pass(raw);
        match pass {
            Pass::Looks => return pass,
            Pass::Held => {}
            Pass::Through => out.pass(raw.len(), at),
        }
        source.pass(raw);
        pass
    }

    /// The text has ended: [`Mender::advance`] reads what was held back.
    pub fn end(&mut self) {
        self.source.ended = true;
    }

    /// Reads on.
    pub fn advance(&mut self, guide: &Guide) -> Step {
        self.out.taken();
        if let Some(fault) = self.fault {
            return Step::Fault(fault);
        }
        loop {
            let step = match &self.phase {
                Phase::Around => self.scan(guide),
                Phase::Value(_) => self.value(guide),
                Phase::Doubt(_) => self.doubt(guide),
                Phase::Skip(..) => self.skip(guide),
                Phase::Passthrough => Some(Step::Drained),
            };
            match step {
                // What comes before it is read first.
                Some(Step::Drained) if self.source.is_invalid() && !self.out.mended.is_empty() => {
                    return Step::More;
                }
                Some(Step::Drained) if self.source.is_invalid() => return self.invalid(),
                Some(step) => return step,
                None => {}
            }
        }
    }

    /// What has been mended in the last step, for the engine to read.
    #[must_use]
    pub fn mended(&self) -> &[u8] {
        &self.out.mended
    }

    /// The engine has taken the value that has closed.
    pub fn accept(&mut self) {
        let Some(candidate) = self.candidate else { return };
        if let Phase::Value(value) = &self.phase {
            self.list_of_one = value.is_list_of_one();
        }
        self.source.leave_all();
        self.around.accepted = true;
        self.around.go_on(candidate.end);
        self.phase = Phase::Around;
    }

    /// Whether the engine has taken a value that stands.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.around.accepted
    }

    /// Whether the engine reads the text as it comes.
    #[must_use]
    pub fn is_passthrough(&self) -> bool {
        matches!(self.phase, Phase::Passthrough)
    }

    /// Hands over what the engine has read as it came, and what came last.
    pub fn catch_up(&mut self, read: &[u8], raw: &[u8]) {
        let Some(candidate) = self.candidate else { return };
        self.source.truncate(candidate.base);
        self.source.push(read);
        self.source.push(raw);
    }

    /// The engine has taken the value that it read as it came, which ends before the offset `end` of that.
    pub fn accept_to(&mut self, end: usize) {
        if let Some(candidate) = &mut self.candidate {
            candidate.end = candidate.base + end;
        }
        self.accept();
    }

    /// The engine refuses the byte at the offset `at` of what was mended. `whole` says whether the value ends with it.
    pub fn refuse(&mut self, at: usize, whole: bool, guide: &Guide) -> Refusal {
        let offset = self.raw_offset(at);
        let Some(candidate) = self.candidate else { return Refusal::Final(offset) };
        self.refused = Some(offset);
        match &self.phase {
            Phase::Value(value) if value.is_wrapped() => return self.refuse_wrapped(guide),
            // What is no answer would be prose.
            _ if candidate.begins && !(whole && self.repairs.has(RepairKind::Prose)) => {
                self.settle(offset + 1, guide);
                return Refusal::Final(offset);
            }
            Phase::Passthrough if whole => self.resume(candidate.start, offset + 1),
            Phase::Passthrough => {
                let value = Value::new(self.repairs, guide.root(), candidate.start, false);
                self.begin_skip(value, candidate.start);
            }
            _ => self.give_up(),
        }
        Refusal::Restart
    }

    fn fail(&mut self, offset: usize, kind: FaultKind) -> Step {
        let fault = Fault { offset, kind };
        self.fault = Some(fault);
        Step::Fault(fault)
    }

    /// All that could be read was, and what comes is no UTF-8.
    fn invalid(&mut self) -> Step {
        let at = self.source.invalid_byte();
        self.source.truncate(at + 1);
        self.fail(at, FaultKind::InvalidUtf8)
    }

    /// Reads on around values.
    fn scan(&mut self, guide: &Guide) -> Option<Step> {
        let whole = self.source.is_whole();
        let accepted = self.around.accepted;
        if accepted && let Some(step) = self.unclear_end(whole) {
            return Some(step);
        }
        match self.around.scan(self.source.text(), whole, &mut self.record) {
            Scan::Drained => Some(Step::Drained),
            Scan::TooLong(at) => {
                self.source.truncate(at + 1);
                Some(self.fail(at, FaultKind::TooMuchProse))
            }
            Scan::TooBlank(at) => {
                self.source.truncate(at + 1);
                Some(self.fail(at, FaultKind::TooBlank))
            }
            Scan::Unopened => {
                self.record.reset(&Mark::default());
                self.list_of_one = false;
                self.candidate.take().map(|_| Step::Restart)
            }
            Scan::Candidate(found) if accepted => {
                let value = Value::new(self.repairs.without_schema(), Guide::ANY, found.at, false);
                self.begin_skip(value, found.at);
                None
            }
            Scan::Refused(at) if accepted => {
                self.source.truncate(at + 1);
                Some(self.fail(at, FaultKind::Trailing))
            }
            Scan::Candidate(found) => self.begin(found, guide),
            Scan::Refused(at) => self.begin(Found { at, begins: true, scalar: false }, guide),
        }
    }

    /// Looks whether what comes right behind the value may have been a part of it: a quote, perhaps behind a comma.
    fn unclear_end(&mut self, whole: bool) -> Option<Step> {
        let Candidate { start, end, .. } = self.candidate?;
        if self.around.at != end || !self.repairs.has(RepairKind::InnerQuote) {
            return None;
        }
        let behind = &self.source.text()[end..];
        let mut gap = 0;
        if behind.first() == Some(&b',') {
            gap = 1 + behind[1..].iter().take(MAX_GAP).take_while(|byte| byte.is_ascii_whitespace()).count();
        }
        match behind.get(gap) {
            _ if gap > MAX_GAP => None,
            None if !whole => Some(Step::Drained),
            // Unless it closes one before the value.
            Some(b'"') if gap > 0 || !self.source.text()[..start].ends_with(b"\"") => {
                self.source.truncate(end + gap + 1);
                Some(self.fail(end + gap, FaultKind::UnclearEnd))
            }
            _ => None,
        }
    }

    /// A candidate begins.
    fn begin(&mut self, found: Found, guide: &Guide) -> Option<Step> {
        let Found { at: start, begins, scalar } = found;
        let mark = self.record.mark();
        let untouched = mark.is_empty() && self.around.prose.is_empty() && self.around.reasoning.is_empty();
        let base = if untouched { 0 } else { start };
        self.candidate =
            Some(Candidate { start, base, begins, wrappers: true, mark, flow: Flow::Drained, end: start });
        self.out.restart(base);
        if self.repairs.only_around() && !scalar {
            self.phase = Phase::Passthrough;
            // Whether what comes is UTF-8 is the engine's to say.
            self.out.mended.extend_from_slice(&self.source.raw[base..]);
            return Some(Step::Passthrough);
        }
        self.phase = Phase::Value(Value::new(self.repairs, guide.root(), start, true));
        None
    }
}
