//! Sessions: one text in the core's parser, with a host that is a rule. All that is known of the core's names is here.

use std::sync::Arc;

use instar_core::{
    Accept, Array, Container, Cursor, FaultKind, FieldSet, Float, Int, Kind, Kinds, Limits, Map, Node,
    OnViolation, Op, Outline, Parser, Pattern, Plan, PrefixSet, Record, Rule, Segment, Show, Span, Step, Str,
    Tagged, Union, Violations,
};

use crate::shape::{Close, Extra, Shape, ShapeId, Shapes};
use crate::tree::{Act, Form, Grower, Tree};

/// As deep as `Limits` are unless somebody sets them.
pub const DEPTH: usize = 201;

/// One text and what it has come to.
pub struct Session {
    parser: Parser,
    plan: Arc<Plan>,
    cursor: Cursor,
    host: Host,
    grower: Grower,
    violations: Vec<usize>,
    ended: Option<Result<(), String>>,
}

/// The host: what it refuses depends on the text of the value alone.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    pub seed: u8,
}

/// What can be seen of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub shown: Option<Tree>,
    pub path: Vec<String>,
    pub fault: Option<String>,
    pub offset: usize,
    pub complete: bool,
    pub text: Vec<u8>,
    pub violations: Vec<usize>,
    pub ended: Option<Result<(), String>>,
}

impl Host {
    fn takes(self, text: &[u8]) -> bool {
        if text.windows(7).any(|window| window == b"refused") {
            return false;
        }
        let mut hash = 0xCBF2_9CE4_8422_2325_u64 ^ u64::from(self.seed);
        for byte in text {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
        }
        self.seed == 0 || !(hash >> 32).is_multiple_of(4)
    }
}

impl Session {
    #[must_use]
    pub fn new(plan: &Plan, host: Host, defers: bool) -> Self {
        let on_violation = if defers { OnViolation::Defer } else { OnViolation::Raise };
        let limits = Limits { depth: DEPTH, bytes: 1 << 20, blank: 1 << 16 };
        let plan = Arc::new(plan.clone());
        Self {
            parser: Parser::new(Arc::clone(&plan), limits, on_violation),
            plan,
            cursor: Cursor::default(),
            host,
            grower: Grower::default(),
            violations: Vec::new(),
            ended: None,
        }
    }

    pub fn feed(&mut self, piece: &[u8]) {
        if self.parser.fault().is_some() {
            return;
        }
        self.parser.push(piece);
        // The parser remembers what is wrong.
        self.drive(Parser::advance).ok();
    }

    /// The text has ended.
    pub fn end(&mut self) {
        let ended = self.drive(Parser::end);
        self.ended = Some(ended);
        if self.parser.complete() {
            self.grower.end();
        }
    }

    /// Why the text is hopeless, if it is. Asking the parser again changes nothing.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.parser.fault().map(|fault| format!("{fault:?}"))
    }

    /// Whether the text is no JSON from its last byte on. Else it is too deep, too long, or against the schema.
    #[must_use]
    pub fn is_syntax_error(&self) -> bool {
        self.parser.fault().is_some_and(|fault| matches!(fault.kind, FaultKind::Syntax(_)))
    }

    #[must_use]
    pub fn is_too_deep(&self) -> bool {
        self.parser.fault().is_some_and(|fault| fault.kind == FaultKind::Depth)
    }

    #[must_use]
    pub fn offset(&self) -> usize {
        self.parser.offset()
    }

    #[must_use]
    pub fn shown(&self) -> Option<Tree> {
        let text = self.parser.open_text().map(|span| read(&self.parser, span));
        self.grower.shown(text)
    }

    #[must_use]
    pub fn state(&self) -> State {
        State {
            shown: self.shown(),
            path: self.parser.path().into_iter().map(|segment| step(&self.parser, segment)).collect(),
            fault: self.fault(),
            offset: self.offset(),
            complete: self.parser.complete(),
            text: self.parser.text().to_vec(),
            violations: self.violations.clone(),
            ended: self.ended.clone(),
        }
    }

    /// Reads on, and answers the parser's questions, until all is read or the text is hopeless.
    fn drive(
        &mut self,
        read_on: impl Fn(&mut Parser) -> Result<Step, instar_core::Fault>,
    ) -> Result<(), String> {
        let read = loop {
            match read_on(&mut self.parser) {
                Ok(Step::Drained) => break Ok(()),
                Ok(Step::Validate(pending)) => {
                    let asked = pending.asked();
                    let key = asked.key.map(|key| self.parser.source().bytes(key));
                    let text = key.unwrap_or(&self.parser.text()[asked.start..asked.end]);
                    if self.host.takes(text) {
                        self.parser.accept(pending, u32::try_from(asked.start).unwrap_or(u32::MAX));
                    } else if asked.tentative {
                        self.parser.reject(pending);
                    } else {
                        self.violations.push(self.parser.refuse(pending).offset);
                    }
                }
                Ok(Step::Hooks(pending)) => {
                    let asked = pending.asked();
                    if self.host.takes(&self.parser.text()[asked.start..asked.end]) {
                        self.parser.hooks_ran(pending);
                    } else {
                        self.violations.push(self.parser.hooks_refused(pending).offset);
                    }
                }
                Err(fault) if self.parser.can_recover() => self.violations.push(fault.offset),
                Err(fault) => break Err(format!("{fault:?}")),
            }
            self.parser.recover();
        };
        let ops =
            self.parser.tape().after(self.cursor).expect("nothing is forgotten that was not read").to_vec();
        self.cursor = self.parser.tape().end();
        self.parser.tape_mut().trim(self.cursor, []);
        for op in ops {
            self.grower.take(act(&self.parser, &self.plan, op));
        }
        read
    }
}

fn read(parser: &Parser, span: Span) -> String {
    String::from_utf8(parser.source().bytes(span).to_vec()).expect("spans of strings are UTF-8")
}

fn step(parser: &Parser, segment: Segment) -> String {
    match segment {
        Segment::Key(span) => read(parser, span),
        Segment::Field(node, index, key) => format!("{node}.{index} {}", read(parser, key)),
        other => format!("{other:?}"),
    }
}

fn act(parser: &Parser, plan: &Plan, op: Op) -> Act {
    match op {
        Op::Open(node, container) => {
            let form = match (container, &plan.node(node).rule) {
                (_, Rule::RootModel(_)) => Form::Root,
                (Container::Array, _) => Form::Array,
                (Container::Object, _) => Form::Object,
            };
            Act::Open { node, form }
        }
        Op::Close | Op::Leave => Act::Close,
        Op::Field(index) => Act::Name(format!(".{index}")),
        Op::Key(span) => Act::Name(read(parser, span)),
        Op::MemberKey(node, index) => Act::Name(format!("{node}.{index}")),
        Op::HostKey(ticket) => Act::Name(format!("#{ticket}")),
        Op::Int(span) | Op::Float(span) => Act::Value(read(parser, span)),
        Op::Str(span) => Act::Value(format!("{:?}", read(parser, span))),
        Op::HostValue(ticket) => Act::Value(format!("#{ticket}")),
        Op::Null | Op::Bool(_) | Op::Member(..) => Act::Value(format!("{op:?}")),
        Op::Begin => Act::Begin,
        Op::Rollback(depth) => Act::Rollback(depth as usize),
        Op::Replace(depth, ticket) => Act::Replace(depth as usize, format!("#{ticket}")),
        Op::Commit(depth) => Act::Commit(depth as usize),
    }
}

/// The plan of some shapes.
#[must_use]
pub fn plan(Shapes { shapes, any }: &Shapes) -> Plan {
    let mut nodes: Vec<_> = shapes.iter().map(node).collect();
    // What the host has the last word on is read as another node meanwhile.
    for (index, shape) in shapes.iter().enumerate() {
        if let Shape::Record { close: Close::Host, .. } = shape {
            let inner = id(nodes.len());
            let outline = Rule::Outline(Outline { inner, violations: Violations::Raised });
            let record =
                std::mem::replace(&mut nodes[index], Node::new(outline).closing(instar_core::Close::Host));
            nodes.push(record);
        }
    }
    Plan { nodes, root: 0, any: id(*any) }
}

fn node(shape: &Shape) -> Node {
    match shape {
        Shape::Any => Node::new(Rule::Any),
        Shape::Null => Node::new(Rule::Null),
        Shape::Bool => Node::new(Rule::Bool),
        Shape::Int { low, high, lax } => {
            let node = Node::new(Rule::Int(Int { strict: !lax, low: *low, high: *high, multiple_of: 1 }));
            if *lax {
                let kinds = Kinds::only(&[Kind::Number]).with(&[Kind::String, Kind::True], Accept::ByHost);
                node.accepting(kinds)
            } else {
                node
            }
        }
        Shape::Float => Node::new(Rule::Float(Float {
            finite: false,
            bounded: false,
            low: (f64::NEG_INFINITY, true),
            high: (f64::INFINITY, true),
        })),
        Shape::Str { min, max, pattern, host } => {
            let pattern = pattern.and_then(Pattern::new).map(Box::new);
            asking(Node::new(Rule::Str(Str { min: *min, max: *max, pattern })), *host)
        }
        Shape::Literal { words, host } => {
            asking(Node::new(Rule::Literal(PrefixSet::new(words.iter().copied()))), *host)
        }
        Shape::List { head, item, min, max, close } => {
            let head = head.iter().map(|inner| id(*inner)).collect();
            let array = Array { head, item: id(*item), min: *min, max: *max, distinct: false };
            Node::new(Rule::Array(array)).closing(closing(*close))
        }
        Shape::Dict { key, value, min, max, close } => {
            let map = Map { key: key.map(id), value: id(*value), min: *min, max: *max };
            Node::new(Rule::Map(map)).closing(closing(*close))
        }
        Shape::Record { fields, extra, close } => record(fields, *extra, *close),
        Shape::Tagged { keys, choices } => Node::new(Rule::Tagged(Box::new(Tagged {
            keys: keys.iter().map(|key| Box::from(key.as_bytes())).collect(),
            tags: PrefixSet::new(choices.iter().map(|(tag, _)| *tag)),
            alternatives: choices.iter().map(|(_, choice)| id(*choice)).collect(),
        }))),
        Shape::Union { choices, exhaustive, ordered, waits, host } => {
            let union = Union {
                alternatives: choices.iter().map(|choice| id(*choice)).collect(),
                exhaustive: *exhaustive,
                ordered: *ordered,
                waits: *waits,
            };
            let close = if *host { instar_core::Close::Host } else { instar_core::Close::Enclosing };
            Node::new(Rule::Union(union)).closing(close)
        }
        Shape::Root { inner, close } => Node::new(Rule::RootModel(id(*inner))).closing(closing(*close)),
        Shape::Nullable(inner) => Node::new(Rule::Nullable(id(*inner))),
        Shape::Host { shows } => {
            let node = Node::new(Rule::Opaque).closing(instar_core::Close::Host);
            if *shows { node.showing(Show::Open) } else { node }
        }
    }
}

/// A node on whose strings the host has the last word.
fn asking(node: Node, host: bool) -> Node {
    if host { node.closing(instar_core::Close::Host) } else { node }
}

fn record(fields: &[(&str, ShapeId, bool)], extra: Extra, close: Close) -> Node {
    let mut required = FieldSet::none(fields.len());
    for (index, (.., is_required)) in fields.iter().enumerate() {
        if *is_required {
            required.insert(id(index));
        }
    }
    let keys: Vec<_> = fields.iter().zip(0..).map(|((key, ..), index)| ((*key).to_owned(), index)).collect();
    let extra = match extra {
        Extra::Ignored => instar_core::Extra::Ignore,
        Extra::Forbidden => instar_core::Extra::Forbid,
        Extra::Allowed(shape) => instar_core::Extra::Allow(id(shape)),
    };
    let nodes = fields.iter().map(|(_, shape, _)| id(*shape)).collect();
    Node::new(Rule::Record(Box::new(Record::new(nodes, required, &keys, extra)))).closing(closing(close))
}

fn closing(close: Close) -> instar_core::Close {
    match close {
        Close::Hooks => instar_core::Close::Hooks,
        // The host has the last word by way of an outline.
        Close::Nothing | Close::Host => instar_core::Close::Rule,
    }
}

fn id(shape: ShapeId) -> u32 {
    u32::try_from(shape).unwrap_or(u32::MAX)
}
