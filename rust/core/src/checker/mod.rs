//! The receiver that walks the plan: which node does an event meet, and what does that decide?

mod aside;
mod branches;
mod forgive;
mod frame;
mod receive;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use self::aside::Aside;
use self::branches::MAX_BRANCHES;
pub(crate) use self::forgive::{Scene, forgivable};
pub use self::frame::Slot;
use self::frame::{Frame, bare};
use crate::fault::{Fault, FaultKind, Flow, Halt};
use crate::pattern::Run;
use crate::plan::{Node, NodeId, Plan};
use crate::prefix::Cursor;
use crate::tape::{Op, Ticket};
use instar_json::NumberForm;
use instar_json::Span;

/// A value or a key that has closed and that only the host can judge.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The node it has to meet.
    pub node: NodeId,
    /// Its raw text.
    pub start: usize,
    /// The offset after its raw text.
    pub end: usize,
    /// The byte at which it was known to be whole: its last one, or for a number the one after.
    pub at: usize,
    /// The characters, if it is a key.
    pub key: Option<Span>,
    /// Whether a refusal is no fault of the text: it is then not what one branch of a union took it for.
    pub tentative: bool,
    /// Whether it takes the place of what has grown.
    pub(crate) replaces: bool,
}

/// A value that has closed and whose hooks only the host can run.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// The offset of its first byte.
    pub start: usize,
    /// The offset after its last byte.
    pub end: usize,
    /// The byte at which it was known to be whole.
    pub at: usize,
}

/// What becomes of the string, number or word that is open.
#[derive(Clone, Copy, Debug)]
enum Scalar {
    /// None is open.
    Closed,
    /// It is read and dropped.
    Withheld,
    /// The host will judge it.
    Judged(NodeId),
    /// The node's rule holds for it.
    Native(NodeId),
}

/// The state of the checker.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub(crate) struct Checker {
    plan: Arc<Plan>,
    /// The node of the whole value.
    root: NodeId,
    frames: Vec<Frame>,
    scalar: Scalar,
    scalar_start: usize,
    /// Whether the open string shows.
    shows_text: bool,
    /// Its characters so far.
    characters: usize,
    cursor: Cursor,
    /// The patterns met so far, each at work on its node's newest string.
    runs: HashMap<NodeId, Box<Run>>,
    aside: Aside,
    /// Whether the open key was refused and forgiven.
    forgives_key: bool,
    /// What the object that is read anew was found to be.
    chosen: Option<NodeId>,
    /// The tags by which the object that is to open, or has just closed, was chosen.
    tags: Vec<Slot>,
    judgement: Option<Judgement>,
    /// The attempts around what is open.
    level: u32,
    /// How many branches a value may have.
    allowance: usize,
    /// The declared fields that have come, at any depth.
    matched: usize,
    /// Whether a record shows with nothing arrived before its text begins.
    shows_blank: bool,
    /// Whether what is open has been taken back.
    retracted: bool,
    /// Whether the root value has closed.
    pub(crate) complete: bool,
    /// What the host has not read yet.
    pub(crate) tape: Vec<Op>,
    /// Grows whenever there is something new to see.
    pub(crate) version: u64,
}

/// Where a value ends.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The offset after its last byte.
    end: usize,
    /// The byte at which it was known to be whole.
    at: usize,
}

impl End {
    /// The end of a value that is whole with its last byte.
    fn with(end: usize) -> Self {
        Self { end, at: end - 1 }
    }

    /// The end of a number, which is known to be whole at the byte after it, but for a word at its last letter.
    fn of_number(form: NumberForm, span: Span) -> Self {
        let end = span.end as usize;
        if form == NumberForm::NonFinite { Self::with(end) } else { Self { end, at: end } }
    }
}

// What the host asks and says.
impl Checker {
    pub(crate) fn new(plan: Arc<Plan>, root: NodeId) -> Self {
        Self {
            plan,
            root,
            frames: Vec::new(),
            scalar: Scalar::Closed,
            scalar_start: 0,
            shows_text: false,
            characters: 0,
            cursor: Cursor::default(),
            runs: HashMap::new(),
            aside: Aside::Nothing,
            forgives_key: false,
            chosen: None,
            judgement: None,
            tags: Vec::new(),
            level: 0,
            allowance: MAX_BRANCHES,
            matched: 0,
            shows_blank: true,
            retracted: false,
            complete: false,
            tape: Vec::new(),
            version: 0,
        }
    }

    /// Whether the string that is open, or waits for its judgement, shows.
    pub(crate) fn shows_text(&self) -> bool {
        match &self.aside {
            _ if self.retracted => false,
            // Unions within unions are few, whatever the text.
            Aside::Branches(branches) => branches.shown().is_some_and(Self::shows_text),
            _ => self.shows_text,
        }
    }

    /// The attempts around what is open.
    pub(crate) fn level(&self) -> u32 {
        self.level
    }

    /// Takes back, for good, what has grown in the attempt at `level`.
    pub(crate) fn retract(&mut self, level: u32) {
        self.tape.push(Op::Retract(level));
        self.retracted = true;
    }

    /// The value that waits for its judgement.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        match &self.aside {
            Aside::Branches(branches) if self.judgement.is_none() => {
                branches.judgement().map(|judgement| Judgement { tentative: true, ..judgement })
            }
            _ => self.judgement,
        }
    }

    /// The host has accepted the value that waited. `seen` says whether it shows already.
    pub(crate) fn accept(&mut self, ticket: Ticket, seen: bool) -> Flow {
        let Some(judgement) = self.judgement.take() else {
            return self.in_branches(|branches| branches.answer(|checker| checker.accept(ticket, seen)));
        };
        if let Some(key) = judgement.key {
            if let Some(frame) = self.frames.last_mut() {
                frame.slot = Some(Slot::Key(key));
            }
            self.tape.push(Op::JudgedKey(ticket));
            return Ok(());
        }
        let seen = seen && !(judgement.replaces && self.is_within());
        if judgement.replaces {
            self.end_attempt();
            self.tape.push(Op::Replace(self.level, ticket));
            self.end_tagged();
        } else {
            self.tape.push(Op::Judged(ticket));
            self.tags.clear();
        }
        self.shows_text = false;
        self.version += u64::from(!seen);
        self.end_value(End { end: judgement.end, at: judgement.at })
    }

    /// Whether what shows of the open value shows within something else: the text of a record that is written as its
    /// only field.
    fn is_within(&self) -> bool {
        self.shown().is_some_and(|shown| !shown.frames.is_empty() || shown.is_within())
    }

    /// The host has refused the value that waited, which was but an attempt.
    pub(crate) fn reject(&mut self) -> Flow {
        match self.judgement.take() {
            Some(judgement) => Err(Halt::Fault(Fault { offset: judgement.at, kind: FaultKind::Judged })),
            None => self.in_branches(|branches| branches.answer(Checker::reject)),
        }
    }

    /// The host has run the hooks of the value that closed.
    pub(crate) fn hooked(&mut self, hook: Hook) -> Flow {
        self.version += 1;
        self.end_tagged();
        self.end_value(End { end: hook.end, at: hook.at })
    }

    /// The way from the root to the open value.
    pub(crate) fn path(&self) -> Vec<Slot> {
        let mut path = self.trunk();
        path.extend(self.shown().map(Self::path).unwrap_or_default());
        path
    }

    /// The way to the value that is open in no branch.
    pub(crate) fn trunk(&self) -> Vec<Slot> {
        let steps = self.frames.iter().flat_map(|frame| frame.tags.iter().chain(&frame.slot));
        steps.chain(&self.tags).copied().collect()
    }

    /// How many containers of the text are open.
    pub(crate) fn depth(&self) -> usize {
        self.frames.iter().filter(|frame| !frame.is_root).count()
    }

    /// The required fields that the innermost record has not seen.
    pub(crate) fn missing(&self) -> impl Iterator<Item = u32> {
        let frame = self.frames.last();
        let record = frame.and_then(|frame| match &self.plan.nodes[frame.node as usize] {
            Node::Record(record) => Some((frame, record)),
            _ => None,
        });
        record.into_iter().flat_map(|(frame, record)| {
            #[expect(clippy::cast_possible_truncation, reason = "a record has fewer fields than 2^32")]
            let fields = 0..record.fields.len() as u32;
            fields.filter(|&index| record.required.contains(index) && !frame.seen.contains(index))
        })
    }

    /// The members of the innermost container that have begun.
    pub(crate) fn members(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.count)
    }

    /// The offset of the innermost open container.
    pub(crate) fn container_start(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.start)
    }

    /// The offset of the open value of a union.
    pub(crate) fn attempt_start(&self) -> usize {
        match &self.aside {
            Aside::Branches(branches) => branches.start,
            _ => 0,
        }
    }

    /// The offset of the value begun last, not counting the parts of what is skipped or attempted.
    pub(crate) fn scalar_start(&self) -> usize {
        self.scalar_start
    }
}
