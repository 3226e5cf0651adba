//! The receiver that walks the plan: which node does an event meet, and what does that decide?

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::events::{Kind, NumberForm, Piece, Receiver};
use crate::fault::{Flow, Halt, Violation};
use crate::pattern::Run;
use crate::plan::{Closing, Extra, FieldSet, Node, NodeId, Plan, Str, Verdict, View};
use crate::prefix::Cursor;
use crate::rules::integer;
use crate::skip::Skip;
use crate::tape::{Container, Op};
use crate::text::{Source, Span};

/// A value that has closed and that only the host can judge.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The node it has to meet.
    pub node: NodeId,
    /// Its raw text.
    pub start: usize,
    /// The offset after its raw text.
    pub end: usize,
    /// Whether it takes the place of the record that has closed.
    pub(crate) replaces: bool,
    /// The byte at which it was known to be whole: its last one, or for a number the one after.
    pub at: usize,
}

/// A record that has closed and whose hook only the host can run.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// The offset of its brace.
    pub start: usize,
    /// The offset of the brace that closes it.
    pub at: usize,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The element of an array.
    Index(usize),
    /// A declared field of the record node.
    Field(NodeId, u32),
    /// Any other key.
    Key(Span),
    /// The tag that the tagged node was met with: no step in the text, but one in the schema.
    Tag(NodeId, u32),
}

/// An open array or object.
#[derive(Clone, Debug)]
struct Frame {
    node: NodeId,
    /// The tag by which the node was chosen.
    tag: Option<Slot>,
    /// Offset of its bracket or brace.
    start: usize,
    /// The members begun so far.
    count: usize,
    /// The member that is open, if one is.
    slot: Option<Slot>,
    /// The node of the open or next member; `None` withholds it.
    target: Option<NodeId>,
    /// The field that most likely comes next.
    likely: usize,
    /// The fields that have come.
    seen: FieldSet,
    /// The distinct keys, where their number is limited.
    keys: Option<HashSet<Box<[u8]>>>,
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
pub(crate) struct Checker {
    plan: Arc<Plan>,
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
    skip: Option<Skip>,
    /// The object to be read anew, and the tagged node and tag that it was found to have.
    chosen: Option<(NodeId, u32)>,
    judgement: Option<Judgement>,
    /// The tag of the record that has closed and whose hook runs.
    closing_tag: Option<Slot>,
    /// Whether the root value has closed.
    pub(crate) complete: bool,
    /// What the host has not read yet.
    pub(crate) tape: Vec<Op>,
    /// Grows whenever there is something new to see.
    pub(crate) version: u64,
}

impl Checker {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            frames: Vec::new(),
            scalar: Scalar::Closed,
            scalar_start: 0,
            shows_text: false,
            characters: 0,
            cursor: Cursor::default(),
            runs: HashMap::new(),
            skip: None,
            chosen: None,
            judgement: None,
            closing_tag: None,
            complete: false,
            tape: Vec::new(),
            version: 0,
        }
    }

    /// Whether the string that is open, or waits for its judgement, shows.
    pub(crate) fn shows_text(&self) -> bool {
        self.shows_text
    }

    /// The value that waits for its judgement.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        self.judgement
    }

    /// The host has accepted the value that waited.
    pub(crate) fn accept(&mut self, seen: bool) {
        let replaces = self.judgement.take().is_some_and(|judgement| judgement.replaces);
        self.shows_text = false;
        self.closing_tag = None;
        self.tape.push(if replaces { Op::Replace } else { Op::Judged });
        self.version += u64::from(!seen);
        self.end_value();
    }

    /// The host has run the hook of the record that closed.
    pub(crate) fn hooked(&mut self) {
        self.version += 1;
        self.closing_tag = None;
        self.end_value();
    }

    /// The way from the root to the open value.
    pub(crate) fn path(&self) -> impl Iterator<Item = Slot> {
        let steps = self.frames.iter().flat_map(|frame| [frame.tag, frame.slot]);
        steps.chain([self.closing_tag]).flatten()
    }

    /// How many containers are open.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
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

    /// The offset of the innermost open container.
    pub(crate) fn container_start(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.start)
    }

    /// The offset of the value begun last.
    pub(crate) fn scalar_start(&self) -> usize {
        self.scalar_start
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.plan.nodes[id as usize]
    }

    /// The node of the value that begins at `at`, none if it is withheld.
    fn target(&mut self, at: usize) -> Result<Option<NodeId>, Halt> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Some(self.plan.root)) };
        if let Node::Array(array) = &self.plan.nodes[frame.node as usize]
            && frame.count == array.max
        {
            return Err(Violation::TooLong { node: frame.node }.at(at));
        }
        // The members of an object have their slot from their keys.
        if frame.slot.is_none() {
            frame.slot = Some(Slot::Index(frame.count));
        }
        frame.count += 1;
        Ok(frame.target)
    }

    /// The open value has ended: the innermost container waits for its next member.
    fn end_value(&mut self) {
        self.scalar = Scalar::Closed;
        match self.frames.last_mut() {
            Some(frame) => frame.slot = None,
            None => self.complete = true,
        }
    }

    /// Emits a scalar and ends it.
    fn emit(&mut self, op: Op) {
        self.tape.push(op);
        self.version += 1;
        self.end_value();
    }

    fn judge(&mut self, node: NodeId, start: usize, end: usize, at: usize) -> Flow {
        self.judgement = Some(Judgement { node, start, end, at, replaces: false });
        Err(Halt::Judge)
    }

    fn open(&mut self, id: NodeId, container: Container, start: usize) {
        let node = &self.plan.nodes[id as usize];
        let (target, seen, keys) = match node {
            Node::Array(array) => (Some(array.item), FieldSet::none(0), None),
            Node::Map(map) => {
                let limited = map.min > 0 || map.max < usize::MAX;
                (Some(map.value), FieldSet::none(0), limited.then(HashSet::new))
            }
            Node::Record(record) => (None, FieldSet::none(record.fields.len()), None),
            _ => (Some(self.plan.any), FieldSet::none(0), None),
        };
        // A record shows with nothing arrived before its text begins.
        let blank_root = self.frames.is_empty() && id == self.plan.root && matches!(node, Node::Record(_));
        self.version += u64::from(!blank_root);
        let tag = self.chosen.take().map(|(tagged, tag)| Slot::Tag(tagged, tag));
        self.frames.push(Frame { node: id, tag, start, count: 0, slot: None, target, likely: 0, seen, keys });
        self.tape.push(Op::Open(id, container));
    }

    fn begin_native(&mut self, id: NodeId, kind: Kind, at: usize) {
        match kind {
            Kind::Object if matches!(self.node(id), Node::Tagged(_)) => {
                self.skip = Some(Skip::until_tag(id, at));
            }
            Kind::Object => self.open(id, Container::Object, at),
            Kind::Array => self.open(id, Container::Array, at),
            Kind::String => {
                self.scalar = Scalar::Native(id);
                self.characters = 0;
                match &self.plan.nodes[id as usize] {
                    Node::Choice(choice) => self.cursor = choice.members.start(),
                    Node::Str(Str { pattern: Some(pattern), .. }) => {
                        pattern.start(self.runs.entry(id).or_insert_with(|| Box::new(pattern.run())));
                        self.show_text();
                    }
                    _ => self.show_text(),
                }
            }
            _ => self.scalar = Scalar::Native(id),
        }
    }

    fn show_text(&mut self) {
        self.shows_text = true;
        self.version += 1;
    }

    fn begin_judged(&mut self, id: NodeId, kind: Kind, at: usize) {
        if matches!(kind, Kind::Object | Kind::Array) {
            self.skip = Some(Skip::new(Some(id), at));
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
            Kind::Object | Kind::Array => self.skip = Some(Skip::new(None, at)),
            _ => self.scalar = Scalar::Withheld,
        }
    }

    /// What the key of a record announces.
    fn field(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Node::Record(record) = &self.plan.nodes[id as usize] else { return Ok(()) };
        frame.target = None;
        match record.field(source.bytes(key), frame.likely) {
            Some(index) => {
                frame.slot = Some(Slot::Field(id, index));
                frame.likely = index as usize + 1;
                // What has settled never changes, so a field that comes twice shows as it came first.
                if frame.seen.insert(index) {
                    frame.target = Some(record.fields[index as usize]);
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

    /// Checks what can be said of a container only when it closes.
    fn check_members(&self, frame: &Frame, at: usize) -> Flow {
        let node = frame.node;
        match self.node(node) {
            Node::Array(array) if frame.count < array.min => Err(Violation::TooShort { node }.at(at)),
            Node::Map(map) if frame.keys.as_ref().is_some_and(|keys| keys.len() < map.min) => {
                Err(Violation::TooShort { node }.at(at))
            }
            Node::Record(record) if !frame.seen.covers(&record.required) => {
                Err(Violation::Missing { node }.at(at))
            }
            _ => Ok(()),
        }
    }
}

impl Receiver for Checker {
    #[inline]
    fn begin(&mut self, kind: Kind, at: usize) -> Flow {
        if let Some(skip) = &mut self.skip {
            skip.begin(&self.plan, kind);
            return Ok(());
        }
        self.scalar_start = at;
        if let Some((tagged, tag)) = self.chosen
            && let Node::Tagged(tagged) = self.node(tagged)
        {
            let choice = tagged.choices[tag as usize];
            self.open(choice, Container::Object, at);
            return Ok(());
        }
        let Some(outer) = self.target(at)? else {
            self.withhold(kind, at);
            return Ok(());
        };
        let mut id = outer;
        while let Node::Nullable(inner) = self.node(id) {
            if kind == Kind::Null {
                break;
            }
            id = *inner;
        }
        if let Node::Deferred(view) = *self.node(id) {
            self.begin_deferred(id, view, kind, at);
            return Ok(());
        }
        match self.node(id).verdict(kind) {
            Verdict::Native => self.begin_native(id, kind, at),
            Verdict::Judge => self.begin_judged(id, kind, at),
            Verdict::Refuse => return Err(Violation::Kind { node: outer }.at(at)),
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, piece: Piece<'_>) -> Flow {
        if let Some(skip) = &mut self.skip {
            return skip.text(&self.plan, piece);
        }
        if self.shows_text {
            self.version += 1;
        }
        let Scalar::Native(id) = self.scalar else { return Ok(()) };
        match &self.plan.nodes[id as usize] {
            Node::Str(rule) => return rule.follow(id, piece, &mut self.characters, self.runs.get_mut(&id)),
            Node::Choice(choice) => {
                if let Err(index) = choice.members.advance(&mut self.cursor, piece.bytes) {
                    return Err(Violation::Text { node: id }.at(piece.offset_of(index)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow {
        let (Scalar::Native(id) | Scalar::Judged(id)) = self.scalar else { return Ok(()) };
        let node = self.node(id);
        let refused = match form {
            NumberForm::NonFinite => node.verdict(Kind::NonFinite) == Verdict::Refuse,
            _ => matches!(node, Node::Int(int) if int.strict),
        };
        if refused { Err(Violation::Kind { node: id }.at(at)) } else { Ok(()) }
    }

    #[inline]
    fn string(&mut self, span: Span, end: usize, _source: Source<'_>) -> Flow {
        if let Some(skip) = &mut self.skip {
            self.chosen = skip.string(&self.plan, end)?;
            return match self.chosen {
                // The object is read anew, as what it is.
                Some(_) => {
                    let start = skip.start;
                    self.skip = None;
                    Err(Halt::Rewind(start))
                }
                None => Ok(()),
            };
        }
        let start = self.scalar_start;
        match self.scalar {
            Scalar::Judged(id) => self.judge(id, start, end, end - 1),
            Scalar::Native(id) => {
                match &self.plan.nodes[id as usize] {
                    Node::Choice(choice) => {
                        let Some(member) = choice.members.member(self.cursor) else {
                            return Err(Violation::Text { node: id }.at(end - 1));
                        };
                        self.emit(Op::Member(id, member));
                    }
                    Node::Str(rule) if !rule.accepts(self.characters, self.runs.get_mut(&id)) => {
                        return self.judge(id, start, end, end - 1);
                    }
                    _ => {
                        // The text has shown all along: nothing new is seen.
                        self.shows_text = false;
                        self.tape.push(Op::Str(span));
                        self.end_value();
                    }
                }
                Ok(())
            }
            Scalar::Withheld | Scalar::Closed => {
                self.end_value();
                Ok(())
            }
        }
    }

    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Flow {
        if self.skip.is_some() {
            return Ok(());
        }
        let end = span.end as usize;
        // A number is known to be whole at the byte after it, a word at its last letter.
        let at = if form == NumberForm::NonFinite { end - 1 } else { end };
        match self.scalar {
            Scalar::Judged(id) => self.judge(id, span.start as usize, end, at),
            Scalar::Native(id) => match self.number_op(id, form, span, source) {
                Some(op) => {
                    self.emit(op);
                    Ok(())
                }
                None => self.judge(id, span.start as usize, end, at),
            },
            Scalar::Withheld | Scalar::Closed => {
                self.end_value();
                Ok(())
            }
        }
    }

    fn word(&mut self, kind: Kind, end: usize) -> Flow {
        if self.skip.is_some() {
            return Ok(());
        }
        match self.scalar {
            Scalar::Judged(id) => return self.judge(id, self.scalar_start, end, end - 1),
            Scalar::Native(_) => self.emit(match kind {
                Kind::Null => Op::Null,
                _ => Op::Bool(kind == Kind::True),
            }),
            Scalar::Withheld | Scalar::Closed => self.end_value(),
        }
        Ok(())
    }

    fn open_key(&mut self) -> Flow {
        if let Some(frame) = self.frames.last()
            && self.skip.is_none()
            && let Node::Record(record) = self.node(frame.node)
        {
            self.cursor = record.prefixes().start();
        }
        Ok(())
    }

    #[inline]
    fn key_text(&mut self, piece: Piece<'_>) -> Flow {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let Node::Record(record) = &self.plan.nodes[frame.node as usize] else { return Ok(()) };
        if self.skip.is_some() || record.extra != Extra::Forbid {
            return Ok(());
        }
        match record.prefixes().advance(&mut self.cursor, piece.bytes) {
            Ok(()) => Ok(()),
            Err(index) => {
                Err(Violation::ForbiddenKey { node: frame.node, whole: false }.at(piece.offset_of(index)))
            }
        }
    }

    #[inline]
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Flow {
        if let Some(skip) = &mut self.skip {
            skip.key(&self.plan, source.bytes(span));
            return Ok(());
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let id = frame.node;
        frame.slot = Some(Slot::Key(span));
        match &self.plan.nodes[id as usize] {
            Node::Record(_) => return self.field(id, span, at, source),
            Node::Map(map) => {
                if let Some(keys) = &mut frame.keys
                    && keys.insert(Box::from(source.bytes(span)))
                    && keys.len() > map.max
                {
                    frame.slot = None;
                    return Err(Violation::TooLong { node: id }.at(at));
                }
            }
            _ => {}
        }
        self.tape.push(Op::Key(span));
        Ok(())
    }

    fn end(&mut self, end: usize) -> Flow {
        if let Some(skip) = &mut self.skip {
            if !skip.end() {
                return Ok(());
            }
            let Skip { judge, start, .. } = *skip;
            self.skip = None;
            return if let Some(node) = judge {
                self.judge(node, start, end, end - 1)
            } else {
                self.end_value();
                Ok(())
            };
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        self.check_members(frame, end - 1)?;
        let closing = match self.node(frame.node) {
            Node::Record(record) => record.closing,
            _ => Closing::Settled,
        };
        let Frame { node, start, tag, .. } = *frame;
        self.frames.pop();
        match closing {
            Closing::Settled => {
                self.tape.push(Op::Close);
                self.end_value();
                Ok(())
            }
            Closing::Hook => {
                self.tape.push(Op::Close);
                self.closing_tag = tag;
                Err(Halt::Hook(Hook { start, at: end - 1 }))
            }
            Closing::Judge => {
                self.closing_tag = tag;
                self.judgement = Some(Judgement { node, start, end, at: end - 1, replaces: true });
                Err(Halt::Judge)
            }
        }
    }
}

impl Checker {
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
}
