//! A value that is read as each of several nodes at once, and shown as the best of those that it can still be.

use crate::fault::{Flow, Halt, Refusal};
use crate::plan::{Closing, Node, NodeId, Union, Verdict};
use crate::tape::Op;
use instar_json::{Event, Kind};

use super::frame::bare;
use super::{Aside, Checker, Judgement};

/// How many unions are followed within each other: deeper ones are hidden until they close.
const MAX_LEVEL: u32 = 32;

/// How many branches one value may have, those within branches counted: a recursive union has one more set of them at
/// each level.
pub(crate) const MAX_BRANCHES: usize = 1024;

/// The state of a value of a union.
#[derive(Clone, Debug)]
pub(crate) struct Branches {
    pub(crate) node: NodeId,
    /// The offset of its first byte.
    pub(crate) start: usize,
    /// The containers open in it, itself among them.
    pub(crate) depth: usize,
    /// The depth of its attempt.
    level: u32,
    exhaustive: bool,
    ordered: bool,
    /// Whether nothing shows while the value can still be several nodes.
    waits: bool,
    /// The value as each of the nodes, in the order of declaration.
    each: Vec<Branch>,
    /// Which of them shows.
    shown: Option<usize>,
}

/// The value as one of the nodes.
#[derive(Clone, Debug)]
struct Branch {
    checker: Checker,
    /// Where it turned out that the value is no such node.
    died: Option<usize>,
    /// How much of its tape has been shown.
    sent: usize,
    /// Its version as it was shown.
    version: u64,
}

/// What a value can still be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// One of the nodes.
    Alive,
    /// One of the nodes, if the host accepts a value that has closed.
    Asking,
    /// Whatever the host makes of it.
    Unknown,
    /// None of the nodes, since this offset.
    Hopeless(usize),
}

impl Branches {
    /// The branches of a value that begins at `start` in `outer` and can be one of `choices`; none if there would be
    /// too many to follow.
    fn new(outer: &Checker, node: NodeId, union: &Union, choices: Vec<NodeId>, start: usize) -> Option<Self> {
        let allowance = outer.allowance.checked_div(choices.len()).unwrap_or(1);
        if allowance == 0 || outer.level >= MAX_LEVEL {
            return None;
        }
        let branch = |choice: NodeId| {
            let mut checker = Checker::new(outer.plan.clone(), choice);
            (checker.level, checker.allowance) = (outer.level + 1, allowance);
            checker.shows_blank = outer.shows_blank
                && outer.frames.is_empty()
                && node == outer.root
                && union.choices.len() == 1;
            Branch { checker, died: None, sent: 0, version: 0 }
        };
        Some(Self {
            node,
            start,
            depth: 0,
            level: outer.level,
            exhaustive: union.exhaustive,
            ordered: union.ordered,
            waits: union.waits,
            each: choices.into_iter().map(branch).collect(),
            shown: None,
        })
    }

    /// Hands an event to every branch that is alive.
    pub(crate) fn follow(&mut self, event: Event<'_>) {
        for branch in self.each.iter_mut().filter(|branch| branch.died.is_none()) {
            let flow = event.dispatch(&mut branch.checker);
            branch.take(&flow);
        }
    }

    /// Lets the branches ask nothing.
    pub(crate) fn withdraw(&mut self) {
        for branch in &mut self.each {
            branch.checker.judgement = None;
        }
    }

    /// Hands the host's answer to the branch that asked.
    pub(crate) fn answer(&mut self, answer: impl Fn(&mut Checker) -> Flow) {
        if let Some(branch) = self.each.iter_mut().find(|branch| branch.asks()) {
            let flow = answer(&mut branch.checker);
            branch.take(&flow);
        }
    }

    /// What a branch asks the host.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        self.each.iter().filter(|branch| branch.died.is_none()).find_map(|branch| branch.checker.judgement())
    }

    /// What the value can still be.
    pub(crate) fn standing(&self) -> Standing {
        if self.each.iter().any(Branch::asks) {
            return Standing::Asking;
        }
        if self.each.iter().any(|branch| branch.died.is_none()) {
            return Standing::Alive;
        }
        match self.last_death() {
            Some(at) if self.exhaustive => Standing::Hopeless(at),
            _ => Standing::Unknown,
        }
    }

    /// Writes what the best branch shows onto the tape, the value standing so. True if there is something new to see.
    pub(crate) fn show(&mut self, standing: Standing, tape: &mut Vec<Op>) -> bool {
        let best = self.best(standing);
        let mut changed = false;
        if best != self.shown {
            if let Some(shown) = self.shown.map(|shown| &self.each[shown].checker)
                && shown.has_written()
            {
                tape.push(Op::Retract(self.level));
                changed = shown.shows();
            }
            self.shown = best;
            if let Some(branch) = best.map(|best| &mut self.each[best]) {
                (branch.sent, branch.version) = (0, 0);
            }
        }
        if let Some(branch) = self.shown.map(|shown| &mut self.each[shown]) {
            tape.extend_from_slice(&branch.checker.tape[branch.sent..]);
            branch.sent = branch.checker.tape.len();
            changed |= branch.checker.version != branch.version;
            branch.version = branch.checker.version;
        }
        changed
    }

    /// The branch that shows.
    pub(crate) fn shown(&self) -> Option<&Checker> {
        self.shown.map(|shown| &self.each[shown].checker)
    }

    /// The best branch of those alive; if none is, and that is hopeless, of those that were until then.
    ///
    /// As in Pydantic's smart mode the one that knows most of the fields is the best, then the first. One that has
    /// something to show comes before one that has not.
    fn best(&self, standing: Standing) -> Option<usize> {
        let last = match standing {
            Standing::Unknown => return None,
            Standing::Hopeless(at) => Some(at),
            Standing::Alive | Standing::Asking => None,
        };
        let candidates = (0..self.each.len()).filter(|&index| self.each[index].died == last);
        if self.waits && candidates.clone().count() > 1 {
            return None;
        }
        let rank = |index: usize| {
            let checker = &self.each[index].checker;
            let matched = if self.ordered { 0 } else { checker.matched() };
            (matched, checker.shows(), self.shown == Some(index))
        };
        // Of equals `max_by_key` takes the last.
        candidates.rev().max_by_key(|&index| rank(index))
    }

    fn last_death(&self) -> Option<usize> {
        self.each.iter().filter_map(|branch| branch.died).max()
    }
}

impl Branch {
    /// Goes on with what came of an event.
    fn take(&mut self, flow: &Flow) {
        // What it asks the host, its checker remembers.
        if let Err(Halt::Fault(fault)) = flow {
            self.died = Some(fault.offset);
        }
    }

    fn asks(&self) -> bool {
        self.died.is_none() && self.checker.judgement().is_some()
    }
}

impl Checker {
    /// Whether anything has grown, in a branch.
    fn has_written(&self) -> bool {
        !self.tape.is_empty() || self.shows_text()
    }

    /// Whether there is anything to see of it. A record that is written as its only field shows with that.
    fn shows(&self) -> bool {
        self.has_written() && (self.version > 0 || self.shows_blank)
    }

    /// Begins a value of a union.
    pub(super) fn begin_union(&mut self, id: NodeId, kind: Kind, at: usize) -> Flow {
        let Node::Union(union) = &self.plan.nodes[id as usize] else { return Ok(()) };
        let plan = &self.plan;
        let can_be =
            |choice: NodeId| plan.nodes[bare(plan, choice, kind) as usize].verdict(kind) != Verdict::Refuse;
        let choices: Vec<NodeId> = union.choices.iter().copied().filter(|&choice| can_be(choice)).collect();
        if choices.is_empty() && union.exhaustive {
            return Err(Refusal::Kind.of(id).at(at));
        }
        match Branches::new(self, id, union, choices, at) {
            Some(branches) => {
                self.tape.push(Op::Attempt);
                self.level += 1;
                self.aside = Aside::Branches(Box::new(branches));
                self.branch(Event::Begin(kind, at))
            }
            None if union.closing == Closing::Judge => {
                self.begin_judged(id, kind, at);
                Ok(())
            }
            None => {
                self.withhold(kind, at);
                Ok(())
            }
        }
    }
}
