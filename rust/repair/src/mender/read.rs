//! The reading of values: of the candidate for the answer, and of what is none.

use super::{Mender, Phase, Refusal, Step};
use crate::fault::FaultKind;
use crate::guide::Guide;
use crate::kind::RepairKind;
use crate::record::Repair;
use crate::value::{Flow, Io, Value};

/// How much is read before the engine is asked what it says of it.
const STEP: usize = 64 * 1024;

impl Mender {
    /// Reads on in the candidate.
    pub(super) fn value(&mut self, guide: &Guide) -> Option<Step> {
        let candidate = self.candidate?;
        match candidate.flow {
            // The engine has been asked, and does not mind.
            Flow::Hopeless(_) => {
                self.settle(candidate.end + 1, guide);
                return Some(self.fail(candidate.end, FaultKind::Unread));
            }
            Flow::Unclear(_) if candidate.begins => {
                self.settle(candidate.end + 1, guide);
                return Some(self.fail(candidate.end, FaultKind::UnclearQuote));
            }
            Flow::Unclear(_) => {
                self.give_up();
                return Some(Step::Restart);
            }
            _ => {}
        }
        let (flow, at, more) = self.read(guide)?;
        if let Some(candidate) = &mut self.candidate {
            candidate.flow = flow;
            candidate.end = self.source.raw_offset(at);
        }
        match flow {
            Flow::Drained if more => Some(Step::More),
            Flow::Drained => Some(Step::Drained),
            Flow::Closed => Some(Step::Closed),
            Flow::NoWrapper => {
                self.retry(guide);
                Some(Step::Restart)
            }
            _ => Some(Step::More),
        }
    }

    /// Reads a part of the value at hand: why that stopped, where, and whether more can be read. None if it goes on in
    /// another text.
    fn read(&mut self, guide: &Guide) -> Option<(Flow, usize, bool)> {
        let Self {
            phase: Phase::Value(value) | Phase::Doubt(value) | Phase::Skip(value, _),
            source,
            out,
            record,
            ..
        } = self
        else {
            return None;
        };
        source.fill();
        let text = source.text();
        let mut end = text.len().min(value.reach() + STEP);
        while text.get(end).is_some_and(|&byte| instar_json::is_continuation(byte)) {
            end += 1;
        }
        let more = end < text.len();
        let whole = source.is_whole() && !more;
        let flow = value.advance(&mut Io { text: &text[..end], whole, source, guide, out, record });
        let at = match flow {
            Flow::Hopeless(at) | Flow::Unclear(at) => at,
            _ => value.at(),
        };
        match flow {
            Flow::Enter(at) => source.enter(at),
            Flow::Leave => {
                let around = source.leave(at);
                value.move_to(around);
                out.move_to(around);
                return None;
            }
            _ => return Some((flow, at, more)),
        }
        value.move_to(0);
        out.move_to(0);
        None
    }

    /// The engine refuses the candidate within what was taken for a wrapper. If that is none, what lies in it is not the
    /// value.
    pub(super) fn refuse_wrapped(&mut self, guide: &Guide) -> Refusal {
        let flow = self.candidate.map_or(Flow::Drained, |candidate| candidate.flow);
        if flow == Flow::Drained
            && let Phase::Value(value) = std::mem::replace(&mut self.phase, Phase::Around)
        {
            self.out.restart(value.at());
            self.out.silent = true;
            self.phase = Phase::Doubt(value);
            return Refusal::Undecided;
        }
        match self.refuse_wrapper(flow, guide) {
            Step::Refused(offset) => Refusal::Final(offset),
            _ => Refusal::Restart,
        }
    }

    /// Looks whether the wrapper is one.
    pub(super) fn doubt(&mut self, guide: &Guide) -> Option<Step> {
        let (flow, at, more) = self.read(guide)?;
        if let Some(candidate) = &mut self.candidate {
            candidate.flow = flow;
            candidate.end = self.source.raw_offset(at);
        }
        match flow {
            Flow::Drained => (!more).then_some(Step::Drained),
            Flow::NoWrapper => {
                self.silence(false);
                self.retry(guide);
                Some(Step::Restart)
            }
            _ => Some(self.refuse_wrapper(flow, guide)),
        }
    }

    /// It is one: no declared key stands beside the value, so that the object is not what is wanted either.
    fn refuse_wrapper(&mut self, flow: Flow, guide: &Guide) -> Step {
        self.silence(false);
        let begins = self.candidate.is_some_and(|candidate| candidate.begins);
        let refused = self.refused.unwrap_or_default();
        if begins && !(flow == Flow::Closed && self.repairs.has(RepairKind::Prose)) {
            self.settle(refused + 1, guide);
            return Step::Refused(refused);
        }
        self.give_up();
        Step::Restart
    }

    /// Whether what is read is written and noted.
    fn silence(&mut self, silent: bool) {
        self.out.silent = silent;
        self.record.muted = silent;
    }

    /// Reads the candidate once more, as if no object could be a wrapper.
    fn retry(&mut self, guide: &Guide) {
        let Some(candidate) = &mut self.candidate else { return };
        candidate.wrappers = false;
        candidate.flow = Flow::Drained;
        self.record.reset(&candidate.mark);
        self.source.leave_all();
        self.out.restart(candidate.base);
        self.phase = Phase::Value(Value::new(self.repairs, guide.root(), candidate.start, false));
    }

    /// The text ends before `end`: however it was cut, nothing behind has been read.
    pub(super) fn settle(&mut self, end: usize, guide: &Guide) {
        self.source.leave_all();
        self.source.truncate(end);
        self.source.ended = false;
        let (Phase::Value(_) | Phase::Doubt(_), Some(candidate)) = (&self.phase, self.candidate) else {
            return;
        };
        self.record.reset(&candidate.mark);
        self.out.restart(candidate.base);
        self.out.silent = true;
        self.phase =
            Phase::Value(Value::new(self.repairs, guide.root(), candidate.start, candidate.wrappers));
        loop {
            match self.read(guide) {
                None | Some((Flow::Drained, _, true)) => {}
                Some(_) => return,
            }
        }
    }

    /// The candidate is no answer: it is prose, and the search goes on behind it.
    pub(super) fn give_up(&mut self) {
        let Some(candidate) = self.candidate else { return };
        self.record.reset(&candidate.mark);
        match (std::mem::replace(&mut self.phase, Phase::Around), candidate.flow) {
            (Phase::Value(value), Flow::Drained) => self.begin_skip(value, candidate.start),
            _ => self.resume(candidate.start, candidate.end),
        }
    }

    /// What begins at `start` is read, but is no answer.
    pub(super) fn begin_skip(&mut self, value: Value, start: usize) {
        self.out.restart(value.at());
        self.silence(true);
        self.phase = Phase::Skip(value, start);
    }

    pub(super) fn skip(&mut self, guide: &Guide) -> Option<Step> {
        let Phase::Skip(_, start) = self.phase else { return None };
        let (flow, at, more) = self.read(guide)?;
        let end = self.source.raw_offset(at);
        if flow == Flow::Drained {
            return (!more).then_some(Step::Drained);
        }
        let accepted = self.around.accepted;
        self.resume(start, end);
        if accepted && flow == Flow::Closed && self.repairs.has(RepairKind::ExtraValue) {
            let value = Repair::left_out(RepairKind::ExtraValue, &self.source.raw, start, end);
            self.record.note(value, None);
            if self.list_of_one && self.source.raw[start] == b'{' {
                self.source.truncate(end);
                return Some(self.fail(end - 1, FaultKind::SecondObject));
            }
        }
        None
    }

    /// What lies from `start` to `end` is prose; reading goes on behind it.
    pub(super) fn resume(&mut self, start: usize, end: usize) {
        let end = end.max(start + 1);
        self.silence(false);
        self.source.leave_all();
        self.around.add_prose(start, end);
        self.around.go_on(end);
        self.phase = Phase::Around;
    }
}
