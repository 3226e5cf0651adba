//! How values begin and end.

use super::frame::Frame;
use super::{Aside, Checker, End, Hook, Judgement, Scalar, Slot};
use crate::fault::{Flow, Halt, Refusal};
use crate::plan::{Closing, Extra, Node, NodeId, Str, View};
use crate::rules::integer;
use crate::skip::Skip;
use crate::tape::{Container, Op};
use instar_json::{Kind, NumberForm};
use instar_json::{Source, Span};

impl Checker {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.plan.nodes[id as usize]
    }

    /// Ends the innermost attempt with what has grown.
    pub(super) fn keep_attempt(&mut self) {
        self.end_attempt();
        self.tape.push(Op::Keep(self.level));
    }

    pub(super) fn end_attempt(&mut self) {
        self.level -= 1;
        self.matched = self.matched();
        self.aside = Aside::Nothing;
    }

    /// The declared fields that have come, those of the branch that shows among them.
    pub(super) fn matched(&self) -> usize {
        self.matched + self.shown().map_or(0, Self::matched)
    }

    /// The branch that shows.
    pub(super) fn shown(&self) -> Option<&Self> {
        match &self.aside {
            Aside::Branches(branches) => branches.shown(),
            _ => None,
        }
    }

    /// What a tag has chosen has closed for good: the attempt that it was ends.
    pub(super) fn end_tagged(&mut self) {
        if !std::mem::take(&mut self.tags).is_empty() {
            self.level -= 1;
            self.tape.push(Op::Keep(self.level));
        }
    }

    /// The open value has ended: the innermost container waits for its next member. A record that is written as its
    /// only field ends with it.
    #[inline]
    pub(super) fn end_value(&mut self, end: End) -> Flow {
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

    pub(super) fn end_root(&mut self, end: End) -> Flow {
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
    pub(super) fn emit(&mut self, op: Op, end: End) -> Flow {
        self.tape.push(op);
        self.version += 1;
        self.end_value(end)
    }

    pub(super) fn judge(&mut self, node: NodeId, start: usize, End { end, at }: End, replaces: bool) -> Flow {
        self.judgement = Some(Judgement { node, start, end, at, key: None, tentative: false, replaces });
        Err(Halt::Judge)
    }

    /// Opens a container, or a record that is written as its only field.
    pub(super) fn open(&mut self, id: NodeId, container: Container, start: usize) {
        let node = &self.plan.nodes[id as usize];
        let shows = match node {
            // It shows with its only field.
            Node::Root(_) => false,
            Node::Record(_) => !(self.shows_blank && self.frames.is_empty() && id == self.root),
            _ => true,
        };
        self.version += u64::from(shows);
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
    pub(super) fn open_roots(&mut self, mut id: NodeId, kind: Kind, at: usize) {
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

    pub(super) fn begin_native(&mut self, id: NodeId, kind: Kind, at: usize) {
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
    pub(super) fn begin_text(&mut self, id: NodeId) -> bool {
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

    pub(super) fn show_text(&mut self) {
        self.shows_text = true;
        self.version += 1;
    }

    pub(super) fn begin_judged(&mut self, id: NodeId, kind: Kind, at: usize) {
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

    pub(super) fn begin_deferred(&mut self, id: NodeId, view: View, kind: Kind, at: usize) {
        if kind == Kind::String && view == View::Text {
            self.scalar = Scalar::Native(id);
            self.show_text();
        } else {
            self.withhold(kind, at);
        }
    }

    /// The value that begins is read and dropped.
    pub(super) fn withhold(&mut self, kind: Kind, at: usize) {
        match kind {
            Kind::Object | Kind::Array => self.aside = Aside::Skip(Skip::new(None, at)),
            _ => self.scalar = Scalar::Withheld,
        }
    }

    /// What the key of a record announces.
    pub(super) fn field(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
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
                Extra::Forbid => return Err(Refusal::ForbiddenKey { whole: true }.of(id).at(at)),
                Extra::Allow(value) => {
                    frame.target = Some(value);
                    self.tape.push(Op::Key(key));
                }
            },
        }
        Ok(())
    }

    /// The key of a map, whole now.
    pub(super) fn map_key(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Node::Map(map) = &self.plan.nodes[id as usize] else { return Ok(()) };
        if let Some(keys) = &mut frame.keys
            && keys.insert(Box::from(source.bytes(key)))
            && keys.len() > map.max
        {
            frame.slot = None;
            return Err(Refusal::TooLong.of(id).at(at));
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
                    return Err(Refusal::Key.of(node).at(at));
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
    pub(super) fn number_op(
        &self,
        id: NodeId,
        form: NumberForm,
        span: Span,
        source: Source<'_>,
    ) -> Option<Op> {
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
    pub(super) fn close(&mut self, end: usize) -> Flow {
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
}
