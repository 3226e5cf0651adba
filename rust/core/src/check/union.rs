//! A value that is read as each of several nodes at once, and shown as the best of those that it can still be.

use std::collections::VecDeque;

use instar_json::{Event, Kind};

use super::checker::{Alternative, Alternatives, Checker, End, ReadBy, Scope, Shown};
use super::question::Question;
use super::stop::{Flow, Found, Halt, Place};
use crate::schema::{Close, NodeId, Reason, Refused, Rule, Union, Violation};
use crate::tape::{Op, Tape};

/// How many provisional values are followed within each other: unions that lie deeper are hidden until they close.
const MAX_DEPTH: u32 = 32;

/// What a value can still be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// One of the nodes, if the host accepts a value that has closed.
    Asking,
    /// One of the nodes.
    Alive,
    /// Whatever the host makes of it.
    Unknown,
    /// None of the nodes.
    Hopeless,
}

impl Alternatives {
    /// The alternatives `nodes` of a value that begins at `start`; none if there would be too many to follow.
    fn new(outer: &Checker, id: NodeId, union: &Union, nodes: &[NodeId], start: usize) -> Option<Self> {
        let allowance = outer.scope.allowance.checked_div(nodes.len()).unwrap_or(1);
        let depth = outer.depth();
        if allowance == 0 || depth >= MAX_DEPTH {
            return None;
        }
        let alternative = |&node: &NodeId| {
            let scope =
                Scope { root: node, depth: depth + 1, allowance, shows_blank: false, is_alternative: true };
            Alternative { node, checker: Checker::of(outer.plan.clone(), scope), eliminated: None }
        };
        let excluded = union.alternatives.iter().copied().filter(|node| !nodes.contains(node));
        Some(Self {
            node: id,
            start,
            containers: 0,
            depth,
            exhaustive: union.exhaustive,
            ordered: union.ordered,
            waits: union.waits,
            each: nodes.iter().map(alternative).collect(),
            alive: nodes.len(),
            alive_when_shown: nodes.len(),
            excluded: excluded.collect(),
            asking: VecDeque::new(),
            shown: None,
        })
    }

    /// The offset of the value's first byte.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The containers open in the value, itself among them.
    pub(super) fn containers(&self) -> usize {
        self.containers
    }

    /// Hands an event to every alternative that is alive.
    fn follow(&mut self, event: Event<'_>) {
        for index in 0..self.each.len() {
            if self.each[index].eliminated.is_none() {
                let flow = event.dispatch(&mut self.each[index].checker);
                self.take(index, flow);
            }
        }
    }

    /// Takes note of what came of an event, or of an answer.
    fn take(&mut self, index: usize, flow: Flow) {
        match flow {
            Err(Halt::Violation(found)) => {
                self.each[index].eliminated = Some(found);
                self.alive -= 1;
            }
            Err(Halt::Ask) => self.asking.push_back(index),
            // An alternative does not look for tags.
            Ok(()) | Err(Halt::Rewind(_)) => {}
        }
    }

    /// Withdraws what the alternatives ask.
    fn withdraw(&mut self) {
        for index in std::mem::take(&mut self.asking) {
            self.each[index].checker.question = None;
        }
    }

    /// What the next alternative asks the host.
    pub(super) fn question(&self) -> Option<Question> {
        let index = *self.asking.front()?;
        self.each[index].checker.question().map(Question::tentative)
    }

    /// Hands the host's answer to the alternative that asked.
    fn answer(&mut self, answer: impl Fn(&mut Checker) -> Flow) {
        if let Some(index) = self.asking.pop_front() {
            let flow = answer(&mut self.each[index].checker);
            let asks_again = matches!(flow, Err(Halt::Ask));
            self.take(index, flow);
            if asks_again {
                self.asking.rotate_right(1);
            }
        }
    }

    fn standing(&self) -> Standing {
        if !self.asking.is_empty() {
            return Standing::Asking;
        }
        match self.alive {
            0 if self.exhaustive => Standing::Hopeless,
            0 => Standing::Unknown,
            _ => Standing::Alive,
        }
    }

    /// Writes what the best alternative shows onto the tape. Returns whether there is surely something new to see, and
    /// whether there may be.
    fn show(&mut self, tape: &mut Tape) -> (bool, bool) {
        let (mut surely, mut perhaps) = (false, false);
        let best = self.best();
        self.alive_when_shown = self.alive;
        if let Some(best) = best
            && self.shown.is_none_or(|shown| shown.index != best)
        {
            if self.shown.is_some_and(|shown| self.each[shown.index].checker.has_written()) {
                tape.push(Op::Rollback(self.depth));
                perhaps = true;
            }
            self.shown = Some(Shown { index: best, ops: 0, growth: (0, 0), frozen: false });
        }
        let Some(shown) = &mut self.shown else { return (surely, perhaps) };
        let Alternative { checker, eliminated, .. } = &self.each[shown.index];
        let ops = checker.tape().ops();
        tape.extend(&ops[shown.ops..]);
        shown.ops = ops.len();
        let (version, doubts) = checker.growth();
        surely |= version != shown.growth.0 && !perhaps;
        perhaps |= doubts != shown.growth.1;
        shown.growth = (version, doubts);
        if let Some(found) = eliminated
            && !std::mem::replace(&mut shown.frozen, true)
            && checker.shows_text()
            && let Place::Text(text) | Place::EndOfText(text) = found.place
        {
            tape.push(Op::Str(text));
        }
        (surely, perhaps)
    }

    /// Whether the string that is open shows.
    pub(super) fn shows_text(&self) -> bool {
        self.shown.is_some_and(|shown| !shown.frozen && self.each[shown.index].checker.shows_text())
    }

    /// The alternative that shows.
    pub(super) fn shown(&self) -> Option<&Checker> {
        self.shown.map(|shown| &self.each[shown.index].checker)
    }

    /// The best alternative, if it has something to show. Where none that is alive has, what has shown stays.
    fn best(&self) -> Option<usize> {
        let mut shown = self.shown.map(|shown| shown.index);
        if self.alive < self.alive_when_shown {
            // Several may have gone with one piece of a text, one behind the other: each has shown until its own end.
            let mut ends: Vec<usize> = self.eliminations().map(|found| found.offset).collect();
            ends.sort_unstable();
            ends.drain(..ends.len() + self.alive - self.alive_when_shown);
            ends.dedup();
            for end in ends {
                let lives =
                    |each: &Alternative| each.eliminated.as_ref().is_none_or(|found| found.offset >= end);
                shown = self.best_among(lives, shown).or(shown);
            }
        }
        self.best_among(|each| each.eliminated.is_none(), shown).or(shown)
    }

    /// The best of the alternatives that are alive while one of them has `shown`.
    ///
    /// As in Pydantic's smart mode the one that knows most of the fields is the best, then the first.
    fn best_among(&self, lives: impl Fn(&Alternative) -> bool, shown: Option<usize>) -> Option<usize> {
        if self.waits && self.each.iter().filter(|each| lives(each)).count() > 1 {
            return None;
        }
        let rank = |index: usize| {
            let checker = &self.each[index].checker;
            (if self.ordered { 0 } else { checker.matched() }, shown == Some(index))
        };
        let candidates = (0..self.each.len())
            .filter(|&index| lives(&self.each[index]) && self.each[index].checker.has_grown());
        // Of equals `max_by_key` takes the last.
        candidates.rev().max_by_key(|&index| rank(index))
    }

    /// Where the last alternative was eliminated.
    fn last_elimination(&self) -> Option<&Found> {
        // Of equals `max_by_key` takes the last.
        self.eliminations().rev().max_by_key(|found| found.offset)
    }

    fn eliminations(&self) -> impl DoubleEndedIterator<Item = &Found> {
        self.each.iter().filter_map(|each| each.eliminated.as_deref())
    }

    /// What holds against each of the nodes, in the order of declaration.
    fn refused(&self, union: &Union, read: usize) -> Vec<Refused> {
        let of = |&node: &NodeId| {
            let eliminated = self.each.iter().find(|each| each.node == node)?.eliminated.as_ref()?;
            Some(Refused { alternative: node, violation: eliminated.violation.clone() })
        };
        let by_kind = |node: NodeId| {
            let reason = Reason::Kind(self.start..read);
            Refused { alternative: node, violation: Violation { node, path: Vec::new(), reason } }
        };
        let is_excluded = |node: &NodeId| self.excluded.contains(node);
        union
            .alternatives
            .iter()
            .filter_map(|node| if is_excluded(node) { Some(by_kind(*node)) } else { of(node) })
            .collect()
    }
}

impl Checker {
    /// Whether anything has grown, as an alternative.
    fn has_written(&self) -> bool {
        !self.tape().ops().is_empty() || self.shows_text()
    }

    /// Whether there is anything to see of it.
    fn has_grown(&self) -> bool {
        self.has_written() && self.output.has_grown()
    }

    /// The declared fields that have come, those of the alternative that shows among them.
    fn matched(&self) -> usize {
        self.matched + self.alternatives().and_then(Alternatives::shown).map_or(0, Self::matched)
    }

    /// Begins a value of a union.
    pub(super) fn begin_union(&mut self, id: NodeId, kind: Kind, at: usize) -> Flow {
        let node = self.plan.node(id);
        let Rule::Union(union) = &node.rule else { return Ok(()) };
        let can_be = |&node: &NodeId| self.may_begin(node, kind);
        let nodes: Vec<NodeId> = union.alternatives.iter().copied().filter(can_be).collect();
        if nodes.is_empty() && union.exhaustive {
            return self.violation(id, Reason::Kind(at..at + 1), at, Place::FirstByte(kind));
        }
        match Alternatives::new(self, id, union, &nodes, at) {
            Some(alternatives) => {
                self.output.begin();
                self.reader = ReadBy::Alternatives(Box::new(alternatives));
                self.read_alternatives(Event::Begin(kind, at))
            }
            None => {
                self.begin_opaque(id, kind, at);
                Ok(())
            }
        }
    }

    /// Hands an event to the alternatives. It may be the end of the union's value.
    pub(super) fn read_alternatives(&mut self, event: Event<'_>) -> Flow {
        let ReadBy::Alternatives(alternatives) = &mut self.reader else { return Ok(()) };
        let end = match event {
            Event::Begin(Kind::Object | Kind::Array, _) => {
                alternatives.containers += 1;
                None
            }
            Event::End(end) => {
                alternatives.containers -= 1;
                Some(End::with(end))
            }
            Event::String(_, end, _) | Event::Name(_, end) => Some(End::with(end)),
            Event::Number(form, span, _) => Some(End::of_number(form, span)),
            _ => None,
        };
        match end.filter(|_| alternatives.containers == 0) {
            Some(end) => self.close_union(end, event),
            None => self.with_alternatives(|alternatives| alternatives.follow(event)),
        }
    }

    /// Hands the host's answer to the alternative that asked.
    pub(super) fn answer_alternative(&mut self, answer: impl Fn(&mut Self) -> Flow) -> Flow {
        self.with_alternatives(|alternatives| alternatives.answer(answer))
    }

    /// Lets the alternatives take something in, and shows the best of them.
    fn with_alternatives(&mut self, take_in: impl FnOnce(&mut Alternatives)) -> Flow {
        let ReadBy::Alternatives(alternatives) = &mut self.reader else { return Ok(()) };
        take_in(alternatives);
        let standing = alternatives.standing();
        if standing == Standing::Asking {
            // Which is the best turns out with the answer.
            return Err(Halt::Ask);
        }
        let (surely, perhaps) = alternatives.show(&mut self.output.tape);
        let doubtful = self.is_doubtful();
        if surely {
            self.output.grow(doubtful);
        }
        if perhaps {
            self.output.grow(true);
        }
        if standing == Standing::Hopeless { self.no_alternative() } else { Ok(()) }
    }

    /// The union has no alternative left.
    #[cold]
    fn no_alternative(&mut self) -> Flow {
        let Some(alternatives) = self.alternatives() else { return Ok(()) };
        let node = alternatives.node;
        let Rule::Union(union) = &self.plan.node(node).rule else { return Ok(()) };
        let Some(last) = alternatives.last_elimination() else { return Ok(()) };
        let (offset, place) = (last.offset, last.place);
        let read = alternatives.start..offset + 1;
        let refused = alternatives.refused(union, read.end);
        self.violation(node, Reason::NoAlternative(read, refused), offset, place)
    }

    /// The value of a union closes with the event, which its alternatives have not been handed.
    fn close_union(&mut self, end: End, event: Event<'_>) -> Flow {
        let ReadBy::Alternatives(alternatives) = &mut self.reader else { return Ok(()) };
        let (node, start, text) = (alternatives.node, alternatives.start, alternatives.shows_text());
        let text = match event {
            Event::String(span, ..) if text => Some(span),
            _ => None,
        };
        if self.plan.node(node).closes == Close::Host {
            return self.ask_value(node, start, end, text, true);
        }
        // What an alternative would ask the host now is not worth an answer: what is around it gives the value.
        self.with_alternatives(|alternatives| {
            alternatives.follow(event);
            alternatives.withdraw();
        })?;
        if !self.is_delegated() {
            // None was left, and that was withheld: the value has ended.
            return Ok(());
        }
        if let (Event::String(span, ..), true) = (event, self.shows_text()) {
            self.output.push(Op::Str(span));
        }
        self.reader = ReadBy::Checker;
        self.output.commit();
        self.end_value(end)
    }
}
