//! How values begin and end.

use instar_json::{Kind, NumberForm, Source, Span};

use super::checker::{Checker, End, ReadAs, ReadBy};
use super::frame::{Frame, FrameKind};
use super::question::{Asked, Question};
use super::skip::Skip;
use super::stop::{Flow, Place};
use crate::schema::{Accept, Close, Extra, NodeId, Reason, Rule, Segment, Show, Violations, integer};
use crate::tape::{Container, Op};

/// What a value of a certain kind is read as.
enum Reading {
    /// This node, within those that wrap it.
    Node(NodeId),
    /// Nothing that could be shown, within these many outlines: their host may make something of it.
    Withheld(usize),
    /// What no value can be.
    Refused,
}

impl Checker {
    /// A value of `kind` begins where `target` has to be met.
    pub(super) fn begin_value(&mut self, target: NodeId, kind: Kind, at: usize) -> Flow {
        match self.reading(target, kind) {
            Reading::Node(id) => {
                if id != target {
                    self.open_wrappers(target, kind, at, usize::MAX);
                }
                self.begin_node(id, kind, at)
            }
            Reading::Withheld(outlines) => {
                self.open_wrappers(target, kind, at, outlines);
                self.drop_value(kind, at);
                Ok(())
            }
            Reading::Refused => self.violation(target, Reason::Kind(at..at + 1), at, Place::FirstByte(kind)),
        }
    }

    /// Whether a value of `kind` may be met by the node.
    pub(super) fn may_begin(&self, target: NodeId, kind: Kind) -> bool {
        !matches!(self.reading(target, kind), Reading::Refused)
    }

    fn reading(&self, target: NodeId, kind: Kind) -> Reading {
        let (mut id, mut outlines, mut withheld) = (target, 0, 0);
        loop {
            let node = self.node(id);
            if node.accepts.accept(kind) == Accept::Never {
                return if withheld > 0 { Reading::Withheld(withheld) } else { Reading::Refused };
            }
            id = match &node.rule {
                Rule::Nullable(inner) if kind != Kind::Null => *inner,
                Rule::RootModel(inner) => *inner,
                Rule::Outline(outline) => {
                    outlines += 1;
                    if outline.violations == Violations::Withheld {
                        withheld = outlines;
                    }
                    outline.inner
                }
                _ => return Reading::Node(id),
            };
        }
    }

    /// Opens the nodes that wrap a value, up to so many outlines.
    fn open_wrappers(&mut self, mut id: NodeId, kind: Kind, at: usize, mut outlines: usize) {
        while outlines > 0 {
            match self.node(id).rule {
                Rule::Nullable(inner) if kind != Kind::Null => id = inner,
                Rule::RootModel(inner) => {
                    self.open_wrapper(id, at);
                    self.output.push(Op::Open(id, Container::Object));
                    self.output.push(Op::Field(0));
                    id = inner;
                }
                Rule::Outline(outline) => {
                    self.open_wrapper(id, at);
                    outlines -= 1;
                    id = outline.inner;
                }
                _ => return,
            }
        }
    }

    /// A value of `kind` begins, which the node, no wrapper, may accept.
    fn begin_node(&mut self, id: NodeId, kind: Kind, at: usize) -> Flow {
        let node = self.node(id);
        let by_host = node.accepts.accept(kind) == Accept::ByHost;
        match (&node.rule, kind) {
            (Rule::Union(_), _) => return self.begin_union(id, kind, at),
            (Rule::Opaque, _) => self.begin_opaque(id, kind, at),
            (Rule::Tagged(_), _) if self.scope.is_alternative => self.begin_opaque(id, kind, at),
            (Rule::Tagged(_), _) => self.reader = ReadBy::Skip(Skip::until_tag(id, at)),
            _ if by_host => self.begin_opaque(id, kind, at),
            (_, Kind::Object) => self.open(id, Container::Object, at),
            (_, Kind::Array) => self.open(id, Container::Array, at),
            (_, Kind::String) => {
                let shows = node.shows == Show::Open;
                self.scalar.read_as = ReadAs::Rule(id);
                self.begin_text(id);
                if shows {
                    self.show_text();
                }
            }
            _ => self.scalar.read_as = ReadAs::Rule(id),
        }
        Ok(())
    }

    /// A value begins of which only the host knows what it is.
    pub(super) fn begin_opaque(&mut self, id: NodeId, kind: Kind, at: usize) {
        let node = self.node(id);
        let shows_text =
            kind == Kind::String && node.shows == Show::Open && matches!(node.rule, Rule::Opaque);
        match (node.closes, kind) {
            (Close::Enclosing, _) if shows_text => self.scalar.read_as = ReadAs::Rule(id),
            (Close::Enclosing, _) => return self.drop_value(kind, at),
            (_, Kind::Object | Kind::Array) => {
                self.reader = ReadBy::Skip(Skip::new(Some(id), at));
                return;
            }
            _ => self.scalar.read_as = ReadAs::Host(id),
        }
        if shows_text {
            self.show_text();
        }
    }

    /// The value that begins is read and dropped.
    pub(super) fn drop_value(&mut self, kind: Kind, at: usize) {
        match kind {
            Kind::Object | Kind::Array => self.reader = ReadBy::Skip(Skip::new(None, at)),
            _ => self.scalar.read_as = ReadAs::Dropped,
        }
    }

    /// Readies the rule of the node for a new string.
    pub(super) fn begin_text(&mut self, id: NodeId) {
        self.scalar.characters = 0;
        match &self.plan.node(id).rule {
            Rule::Literal(members) => self.scalar.cursor = members.start(),
            Rule::Str(rule) => {
                if let Some(pattern) = &rule.pattern {
                    pattern.start(self.searches.entry(id).or_insert_with(|| Box::new(pattern.search())));
                }
            }
            _ => {}
        }
    }

    fn show_text(&mut self) {
        self.scalar.shows = true;
        let doubtful = self.is_doubtful();
        self.output.grow(doubtful);
    }

    /// Opens an array or object.
    fn open(&mut self, id: NodeId, container: Container, start: usize) {
        let doubtful = self.is_doubtful();
        if !(matches!(self.node(id).rule, Rule::Record(_)) && self.shows_before(id)) {
            self.output.grow(doubtful);
        }
        self.frames.push(Frame::new(&self.plan, id, start, doubtful));
        self.output.push(Op::Open(id, container));
    }

    /// The open value has ended: the innermost container waits for its next member, and what wraps it ends with it.
    #[inline]
    pub(super) fn end_value(&mut self, end: End) -> Flow {
        self.scalar.read_as = ReadAs::Nothing;
        match self.frames.last_mut() {
            Some(frame) if frame.is_container() => {
                frame.segment = None;
                Ok(())
            }
            Some(_) => self.close_wrapper(end),
            None => {
                self.complete = true;
                Ok(())
            }
        }
    }

    fn close_wrapper(&mut self, end: End) -> Flow {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        match frame.kind {
            FrameKind::Container | FrameKind::RootModel => return self.close_grown(&frame, end),
            FrameKind::Tagged => self.output.commit(),
            FrameKind::Outline(_) => {
                if self.node(frame.node).closes == Close::Host && !frame.tainted {
                    return self.ask_value(frame.node, frame.start, end, None, true);
                }
                self.output.commit();
            }
        }
        self.end_value(end)
    }

    /// The container whose last byte is before `end` closes.
    pub(super) fn close_container(&mut self, end: usize) -> Flow {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.close_grown(&frame, End::with(end))
    }

    /// A container or root model closes with what has grown in it.
    fn close_grown(&mut self, frame: &Frame, end: End) -> Flow {
        if frame.tainted {
            self.output.push(Op::Leave);
        } else if self.node(frame.node).closes == Close::Hooks && !self.is_enclosed() {
            return self.ask(Question::Hooks(asked(frame.node, frame.start, end)));
        } else {
            self.output.push(Op::Close);
        }
        self.end_value(end)
    }

    /// Emits a scalar and ends it.
    #[inline]
    pub(super) fn emit(&mut self, op: Op, end: End) -> Flow {
        let doubtful = self.is_doubtful();
        self.output.push(op);
        self.output.grow(doubtful);
        self.end_value(end)
    }

    /// Asks the host for a value that has closed. `text` are the characters of a string that shows.
    pub(super) fn ask_value(
        &mut self,
        node: NodeId,
        start: usize,
        end: End,
        text: Option<Span>,
        replaces: bool,
    ) -> Flow {
        self.ask(Question::Validate(Asked { replaces, text, ..asked(node, start, end) }))
    }

    /// Asks the host for the scalar that has closed.
    pub(super) fn ask_scalar(&mut self, node: NodeId, end: End, text: Option<Span>) -> Flow {
        // It shows until the answer comes.
        let text = text.filter(|_| self.scalar.shows);
        self.ask_value(node, self.scalar.start, end, text, false)
    }

    /// What the key of a record announces.
    pub(super) fn field(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Rule::Record(record) = &self.plan.node(id).rule else { return Ok(()) };
        match record.field(source.bytes(key), frame.likely) {
            Some(index) => {
                frame.segment = Some(Segment::Field(id, index, key));
                frame.likely = index as usize + 1;
                // What has settled never changes, so a field that comes twice shows as it came first.
                if frame.seen.insert(index) {
                    frame.target = Some(record.fields[index as usize]);
                    self.matched += 1;
                    self.output.push(Op::Field(index));
                }
            }
            None => match record.extra {
                Extra::Ignore => {}
                Extra::Forbid => {
                    return self.violation(id, Reason::ForbiddenKey(None), at, Place::EndOfKey(key));
                }
                Extra::Allow(value) => {
                    frame.target = Some(value);
                    self.output.push(Op::Key(key));
                }
            },
        }
        Ok(())
    }

    /// The key of a map, whole now.
    pub(super) fn map_key(&mut self, id: NodeId, key: Span, at: usize, source: Source<'_>) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let Rule::Map(map) = &self.plan.node(id).rule else { return Ok(()) };
        if let Some(keys) = &mut frame.keys
            && keys.insert(Box::from(source.bytes(key)))
            && keys.len() > map.max
        {
            frame.segment = None;
            let range = frame.start..at + 1;
            return self.violation(id, Reason::TooLong(range), at, Place::EndOfKey(key));
        }
        frame.target = Some(map.value);
        let Some(key_node) = map.key else {
            self.output.push(Op::Key(key));
            return Ok(());
        };
        let node = self.plan.node(key_node);
        let search = self.searches.get_mut(&key_node);
        match &node.rule {
            Rule::Str(rule) if node.closes == Close::Rule && rule.accepts(self.scalar.characters, search) => {
                self.output.push(Op::Key(key));
            }
            Rule::Literal(members) if node.closes == Close::Rule => {
                match members.member(self.scalar.cursor) {
                    Some(member) => self.output.push(Op::MemberKey(key_node, member)),
                    None => {
                        frame.segment = None;
                        return self.violation(key_node, Reason::Key(key), at, Place::EndOfKey(key));
                    }
                }
            }
            _ => {
                frame.segment = None;
                let asked = Asked { key: Some(key), ..asked(key_node, at, End::with(at + 1)) };
                return self.ask(Question::Validate(asked));
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
        match (&self.node(id).rule, form) {
            (Rule::Int(int), NumberForm::Integer) => int.accepts(digits).then_some(Op::Int(span)),
            (Rule::Float(float), _) => float.accepts(digits, form).then_some(Op::Float(span)),
            (Rule::Any, NumberForm::Integer) => integer(digits).map(|_| Op::Int(span)),
            (Rule::Any, _) => Some(Op::Float(span)),
            _ => None,
        }
    }
}

fn asked(node: NodeId, start: usize, End { end, at }: End) -> Asked {
    Asked { node, start, end, at, key: None, tentative: false, replaces: false, text: None }
}
