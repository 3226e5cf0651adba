//! The receiver that walks the plan: which node does an event meet, and what does that decide?

mod branches;
mod forgive;
mod frame;
mod receive;

use std::collections::HashMap;
use std::sync::Arc;

use self::branches::{Branches, MAX_BRANCHES, Standing};
pub(crate) use self::forgive::{Scene, forgivable};
pub use self::frame::Slot;
use self::frame::{Frame, bare};
use crate::events::{Kind, NumberForm};
use crate::fault::{Fault, FaultKind, Flow, Halt, Violation};
use crate::pattern::Run;
use crate::plan::{Closing, Extra, Node, NodeId, Plan, Str, View};
use crate::prefix::Cursor;
use crate::rules::integer;
use crate::skip::Skip;
use crate::tape::{Container, Op, Ticket};
use crate::text::{Source, Span};

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

/// Who reads the value that is open, if it is not the checker itself.
#[derive(Clone, Debug)]
enum Aside {
    Nothing,
    Skip(Skip),
    Branches(Box<Branches>),
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
            complete: false,
            tape: Vec::new(),
            version: 0,
        }
    }

    /// Whether the string that is open, or waits for its judgement, shows.
    pub(crate) fn shows_text(&self) -> bool {
        match &self.aside {
            // Unions within unions are few, whatever the text.
            Aside::Branches(branches) => branches.shown().is_some_and(Self::shows_text),
            _ => self.shows_text,
        }
    }

    /// The attempts around what is open.
    pub(crate) fn level(&self) -> u32 {
        self.level
    }

    /// Takes back what has grown in the attempt at `level`.
    pub(crate) fn retract(&mut self, level: u32) {
        self.tape.push(Op::Retract(level));
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

// How values begin and end.
impl Checker {
    fn node(&self, id: NodeId) -> &Node {
        &self.plan.nodes[id as usize]
    }

    /// Lets the branches take something in, and shows the best of them.
    fn in_branches(&mut self, take_in: impl FnOnce(&mut Branches)) -> Flow {
        let Aside::Branches(branches) = &mut self.aside else { return Ok(()) };
        take_in(branches);
        let standing = branches.standing();
        if standing == Standing::Asking {
            // Who is the best turns out with the answer.
            return Err(Halt::Judge);
        }
        self.version += u64::from(branches.show(&mut self.tape));
        match standing {
            Standing::Hopeless(at) => Err(Violation::Union { node: branches.node }.at(at)),
            _ => Ok(()),
        }
    }

    /// Ends the innermost attempt with what has grown.
    fn keep_attempt(&mut self) {
        self.end_attempt();
        self.tape.push(Op::Keep(self.level));
    }

    fn end_attempt(&mut self) {
        self.level -= 1;
        self.matched = self.matched();
        self.aside = Aside::Nothing;
    }

    /// The declared fields that have come, those of the branch that shows among them.
    fn matched(&self) -> usize {
        self.matched + self.shown().map_or(0, Self::matched)
    }

    /// The branch that shows.
    fn shown(&self) -> Option<&Self> {
        match &self.aside {
            Aside::Branches(branches) => branches.shown(),
            _ => None,
        }
    }

    /// What a tag has chosen has closed for good: the attempt that it was ends.
    fn end_tagged(&mut self) {
        if !std::mem::take(&mut self.tags).is_empty() {
            self.level -= 1;
            self.tape.push(Op::Keep(self.level));
        }
    }

    /// The open value has ended: the innermost container waits for its next member. A record that is written as its
    /// only field ends with it.
    #[inline]
    fn end_value(&mut self, end: End) -> Flow {
        self.scalar = Scalar::Closed;
        match self.frames.last_mut() {
            Some(frame) if !frame.is_root => {
                frame.slot = None;
                Ok(())
            }
            Some(_) => self.end_root(end),
            None => {
                self.complete = true;
                Ok(())
            }
        }
    }

    fn end_root(&mut self, end: End) -> Flow {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.tape.push(if frame.spoilt { Op::Leave } else { Op::Close });
        match self.node(frame.node) {
            Node::Root(root) if root.closing == Closing::Hook && !frame.spoilt => {
                Err(Halt::Hook(Hook { start: frame.start, end: end.end, at: end.at }))
            }
            _ => self.end_value(end),
        }
    }

    /// Emits a scalar and ends it.
    #[inline]
    fn emit(&mut self, op: Op, end: End) -> Flow {
        self.tape.push(op);
        self.version += 1;
        self.end_value(end)
    }

    fn judge(&mut self, node: NodeId, start: usize, End { end, at }: End, replaces: bool) -> Flow {
        self.judgement = Some(Judgement { node, start, end, at, key: None, tentative: false, replaces });
        Err(Halt::Judge)
    }

    /// Opens a container, or a record that is written as its only field.
    fn open(&mut self, id: NodeId, container: Container, start: usize) {
        let node = &self.plan.nodes[id as usize];
        let is_blank_root = self.shows_blank
            && self.frames.is_empty()
            && id == self.root
            && matches!(node, Node::Record(_) | Node::Root(_));
        self.version += u64::from(!is_blank_root);
        let is_judged = node.closing() == Closing::Judge;
        let tags = std::mem::take(&mut self.tags);
        for _ in 0..u32::from(!tags.is_empty()) + u32::from(is_judged) {
            self.tape.push(Op::Attempt);
            self.level += 1;
        }
        self.frames.push(Frame::new(&self.plan, id, tags, start));
        self.tape.push(Op::Open(id, container));
    }

    /// Opens the records that are written as their only field.
    fn open_roots(&mut self, mut id: NodeId, kind: Kind, at: usize) {
        loop {
            match *self.node(id) {
                Node::Nullable(inner) if kind != Kind::Null => id = inner,
                Node::Root(root) => {
                    self.open(id, Container::Object, at);
                    self.tape.push(Op::Field(0));
                    id = root.inner;
                }
                _ => return,
            }
        }
    }

    fn begin_native(&mut self, id: NodeId, kind: Kind, at: usize) {
        match kind {
            Kind::Object if matches!(self.node(id), Node::Tagged(_)) => {
                self.aside = Aside::Skip(Skip::until_tag(id, at));
            }
            Kind::Object => self.open(id, Container::Object, at),
            Kind::Array => self.open(id, Container::Array, at),
            Kind::String => {
                self.scalar = Scalar::Native(id);
                if self.begin_text(id) {
                    self.show_text();
                }
            }
            _ => self.scalar = Scalar::Native(id),
        }
    }

    /// Readies the rule of the node for a new string. True if the string shows while it grows.
    fn begin_text(&mut self, id: NodeId) -> bool {
        self.characters = 0;
        match &self.plan.nodes[id as usize] {
            Node::Choice(choice) => {
                self.cursor = choice.members.start();
                return false;
            }
            Node::Str(Str { pattern: Some(pattern), .. }) => {
                pattern.start(self.runs.entry(id).or_insert_with(|| Box::new(pattern.run())));
            }
            _ => {}
        }
        true
    }

    fn show_text(&mut self) {
        self.shows_text = true;
        self.version += 1;
    }

    fn begin_judged(&mut self, id: NodeId, kind: Kind, at: usize) {
        if matches!(kind, Kind::Object | Kind::Array) {
            self.aside = Aside::Skip(Skip::new(Some(id), at));
            return;
        }
        self.scalar = Scalar::Judged(id);
        let view = match self.node(id) {
            Node::Judged(judged) => judged.view,
            _ => View::Hidden,
        };
        if kind == Kind::String && view == View::Text {
            self.show_text();
        }
    }

    fn begin_deferred(&mut self, id: NodeId, view: View, kind: Kind, at: usize) {
        if kind == Kind::String && view == View::Text {
            self.scalar = Scalar::Native(id);
            self.show_text();
        } else {
            self.withhold(kind, at);
        }
    }

    /// The value that begins is read and dropped.
    fn withhold(&mut self, kind: Kind, at: usize) {
        match kind {
            Kind::Object | Kind::Array => self.aside = Aside::Skip(Skip::new(None, at)),
            _ => self.scalar = Scalar::Withheld,
        }
    }

    /// What the key of a record announces.
    fn field(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Node::Record(record) = &self.plan.nodes[id as usize] else { return Ok(()) };
        match record.field(source.bytes(key), frame.likely) {
            Some(index) => {
                frame.slot = Some(Slot::Field(id, index, key));
                frame.likely = index as usize + 1;
                // What has settled never changes, so a field that comes twice shows as it came first.
                if frame.seen.insert(index) {
                    frame.target = Some(record.fields[index as usize]);
                    self.matched += 1;
                    self.tape.push(Op::Field(index));
                }
            }
            None => match record.extra {
                Extra::Ignore => {}
                Extra::Forbid => return Err(Violation::ForbiddenKey { node: id, whole: true }.at(at)),
                Extra::Allow(value) => {
                    frame.target = Some(value);
                    self.tape.push(Op::Key(key));
                }
            },
        }
        Ok(())
    }

    /// The key of a map, whole now.
    fn map_key(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Node::Map(map) = &self.plan.nodes[id as usize] else { return Ok(()) };
        if let Some(keys) = &mut frame.keys
            && keys.insert(Box::from(source.bytes(key)))
            && keys.len() > map.max
        {
            frame.slot = None;
            return Err(Violation::TooLong { node: id }.at(at));
        }
        frame.target = Some(map.value);
        let Some(node) = map.key else {
            self.tape.push(Op::Key(key));
            return Ok(());
        };
        match &self.plan.nodes[node as usize] {
            Node::Str(rule) if rule.accepts(self.characters, self.runs.get_mut(&node)) => {
                self.tape.push(Op::Key(key));
            }
            Node::Choice(choice) if !choice.judged => match choice.members.member(self.cursor) {
                Some(member) => self.tape.push(Op::MemberKey(node, member)),
                None => {
                    frame.slot = None;
                    return Err(Violation::Key { node }.at(at));
                }
            },
            _ => {
                frame.slot = None;
                let (start, end) = (at, at + 1);
                self.judgement = Some(Judgement {
                    node,
                    start,
                    end,
                    at,
                    key: Some(key),
                    tentative: false,
                    replaces: false,
                });
                return Err(Halt::Judge);
            }
        }
        Ok(())
    }

    /// What a number becomes at a node, none if the host must say.
    fn number_op(&self, id: NodeId, form: NumberForm, span: Span, source: Source<'_>) -> Option<Op> {
        let digits = source.bytes(span);
        match (self.node(id), form) {
            (Node::Int(int), NumberForm::Integer) => int.accepts(digits).then_some(Op::Int(span)),
            (Node::Float(float), _) => float.accepts(digits, form).then_some(Op::Float(span)),
            (Node::Any, NumberForm::Integer) => integer(digits).map(|_| Op::Int(span)),
            (Node::Any, _) => Some(Op::Float(span)),
            _ => None,
        }
    }

    /// The container whose last byte is at `end` closes.
    fn close(&mut self, end: usize) -> Flow {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let end = End::with(end);
        self.tags = frame.tags;
        let closing = self.node(frame.node).closing();
        if frame.spoilt {
            self.tape.push(Op::Leave);
            if closing == Closing::Judge {
                self.keep_attempt();
            }
            self.end_tagged();
            return self.end_value(end);
        }
        match closing {
            Closing::Settled => {
                self.tape.push(Op::Close);
                self.end_tagged();
                self.end_value(end)
            }
            Closing::Hook => {
                self.tape.push(Op::Close);
                Err(Halt::Hook(Hook { start: frame.start, end: end.end, at: end.at }))
            }
            Closing::Judge => self.judge(frame.node, frame.start, end, true),
        }
    }

    /// The value of a union closes with the event, which its branches have not seen.
    fn close_union(&mut self, end: End, event: impl Fn(&mut Self) -> Flow) -> Flow {
        let Aside::Branches(branches) = &mut self.aside else { return Ok(()) };
        let (node, start) = (branches.node, branches.start);
        if let Node::Union(union) = &self.plan.nodes[node as usize]
            && union.closing == Closing::Judge
        {
            return self.judge(node, start, end, true);
        }
        // What a branch would ask the host now is not worth an answer: the judge of what is around gives the value.
        match self.in_branches(|branches| branches.follow(event)) {
            Ok(()) | Err(Halt::Judge) => {}
            Err(halt) => return Err(halt),
        }
        self.keep_attempt();
        self.end_value(end)
    }
}
