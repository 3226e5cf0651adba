//! Sessions: one text in the core's parser, with a host that is a rule. All that is known of the core's names is here.

use std::sync::Arc;

use instar_core::{
    Array, Choice, Closing, Container, FaultKind, FieldSet, Float, Int, Judged, Kind, Kinds, Limits, Map,
    Node, OnViolation, Op, Parser, Pattern, Plan, PrefixSet, Record, Root, Slot, Span, Step, Str, Tagged,
    Union, Verdict, View,
};

use crate::shape::{Close, Extra, Shape, ShapeId, Shapes};
use crate::tree::{Act, Form, Grower, Tree};

/// As deep as `Limits` are unless somebody sets them.
pub const DEPTH: usize = 201;

/// One text and what it has come to.
pub struct Session {
    parser: Parser,
    plan: Arc<Plan>,
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
        let limits = Limits { depth: DEPTH, bytes: 1 << 20 };
        let plan = Arc::new(plan.clone());
        Self {
            parser: Parser::new(Arc::clone(&plan), limits, on_violation),
            plan,
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
            path: self.parser.path().into_iter().map(|slot| step(&self.parser, slot)).collect(),
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
        let mut ops = Vec::new();
        let read = loop {
            match read_on(&mut self.parser) {
                Ok(Step::Drained) => break Ok(()),
                Ok(Step::Judge(judgement)) => {
                    let key = judgement.key.map(|key| self.parser.source().bytes(key));
                    let text = key.unwrap_or(&self.parser.text()[judgement.start..judgement.end]);
                    if self.host.takes(text) {
                        let ticket = u32::try_from(judgement.start).unwrap_or(u32::MAX);
                        self.parser.accept(ticket, false);
                    } else if judgement.tentative {
                        self.parser.reject();
                    } else {
                        self.violations.push(self.parser.refuse(judgement.at).offset);
                    }
                }
                Ok(Step::Hook(hook)) => {
                    if self.host.takes(&self.parser.text()[hook.start..hook.end]) {
                        self.parser.hooked();
                    } else {
                        take_ops(&mut self.parser, &mut ops);
                        assert_eq!(
                            ops.pop(),
                            Some(Op::Close),
                            "a container with hooks closes, or stays open"
                        );
                        self.violations.push(self.parser.refuse(hook.at).offset);
                    }
                }
                Err(fault) if self.parser.can_forgive() => self.violations.push(fault.offset),
                Err(fault) => break Err(format!("{fault:?}")),
            }
            self.parser.forgive();
        };
        take_ops(&mut self.parser, &mut ops);
        for op in ops {
            self.grower.take(act(&self.parser, &self.plan, op));
        }
        read
    }
}

fn take_ops(parser: &mut Parser, ops: &mut Vec<Op>) {
    let mut more = Vec::new();
    parser.take_ops(&mut more);
    ops.append(&mut more);
}

fn read(parser: &Parser, span: Span) -> String {
    String::from_utf8(parser.source().bytes(span).to_vec()).expect("spans of strings are UTF-8")
}

fn step(parser: &Parser, slot: Slot) -> String {
    match slot {
        Slot::Key(span) => read(parser, span),
        Slot::Field(node, index, key) => format!("{node}.{index} {}", read(parser, key)),
        other => format!("{other:?}"),
    }
}

fn act(parser: &Parser, plan: &Plan, op: Op) -> Act {
    match op {
        Op::Open(node, container) => {
            let form = match (container, &plan.nodes[node as usize]) {
                (_, Node::Root(_)) => Form::Root,
                (Container::Array, _) => Form::Array,
                (Container::Object, _) => Form::Object,
            };
            Act::Open { node, form }
        }
        Op::Close | Op::Leave => Act::Close,
        Op::Field(index) => Act::Name(format!(".{index}")),
        Op::Key(span) => Act::Name(read(parser, span)),
        Op::MemberKey(node, index) => Act::Name(format!("{node}.{index}")),
        Op::JudgedKey(ticket) => Act::Name(format!("#{ticket}")),
        Op::Int(span) | Op::Float(span) => Act::Value(read(parser, span)),
        Op::Str(span) => Act::Value(format!("{:?}", read(parser, span))),
        Op::Judged(ticket) => Act::Value(format!("#{ticket}")),
        Op::Null | Op::Bool(_) | Op::Member(..) => Act::Value(format!("{op:?}")),
        Op::Attempt => Act::Begin,
        Op::Retract(depth) => Act::Rollback(depth as usize),
        Op::Replace(depth, ticket) => Act::Replace(depth as usize, format!("#{ticket}")),
        Op::Keep(depth) => Act::Commit(depth as usize),
    }
}

/// The plan of some shapes.
#[must_use]
pub fn plan(Shapes { shapes, any }: &Shapes) -> Plan {
    Plan { nodes: shapes.iter().map(node).collect(), root: 0, any: id(*any) }
}

fn node(shape: &Shape) -> Node {
    let only = |kinds: &[Kind]| Kinds::all(Verdict::Refuse).with(kinds, Verdict::Native);
    match shape {
        Shape::Any => Node::Any,
        Shape::Null => Node::Null,
        Shape::Bool => Node::Bool(only(&[Kind::True, Kind::False])),
        Shape::Int { low, high, lax } => {
            let kinds = only(&[Kind::Number]);
            let kinds = if *lax { kinds.with(&[Kind::String, Kind::True], Verdict::Judge) } else { kinds };
            Node::Int(Int { kinds, strict: !lax, low: *low, high: *high, multiple_of: 1 })
        }
        Shape::Float => Node::Float(Float {
            kinds: only(&[Kind::Number, Kind::NonFinite]),
            finite: false,
            bounded: false,
            low: (f64::NEG_INFINITY, true),
            high: (f64::INFINITY, true),
        }),
        Shape::Str { min, max, pattern, host } => Node::Str(Str {
            kinds: only(&[Kind::String]),
            min: *min,
            max: *max,
            pattern: pattern.and_then(Pattern::new).map(Box::new),
            judged: *host,
        }),
        Shape::Literal { words, host } => Node::Choice(Choice {
            kinds: only(&[Kind::String]),
            members: PrefixSet::new(words.iter().copied()),
            judged: *host,
        }),
        Shape::List { head, item, min, max, close } => Node::Array(Array {
            head: head.iter().map(|inner| id(*inner)).collect(),
            item: id(*item),
            min: *min,
            max: *max,
            closing: closing(*close),
        }),
        Shape::Dict { key, value, min, max, close } => Node::Map(Map {
            key: key.map(id),
            value: id(*value),
            min: *min,
            max: *max,
            closing: closing(*close),
        }),
        Shape::Record { fields, extra, close } => record(fields, *extra, *close),
        Shape::Tagged { keys, choices } => Node::Tagged(Box::new(Tagged {
            keys: keys.iter().map(|key| Box::from(key.as_bytes())).collect(),
            tags: PrefixSet::new(choices.iter().map(|(tag, _)| *tag)),
            choices: choices.iter().map(|(_, choice)| id(*choice)).collect(),
        })),
        Shape::Union { choices, exhaustive, ordered, waits, host } => Node::Union(Union {
            choices: choices.iter().map(|choice| id(*choice)).collect(),
            kinds: Kinds::all(Verdict::Judge),
            exhaustive: *exhaustive,
            ordered: *ordered,
            waits: *waits,
            closing: if *host { Closing::Judge } else { Closing::Settled },
        }),
        Shape::Root { inner, close } => Node::Root(Root { inner: id(*inner), closing: closing(*close) }),
        Shape::Nullable(inner) => Node::Nullable(id(*inner)),
        Shape::Host { shows } => Node::Judged(Judged {
            kinds: Kinds::all(Verdict::Judge),
            view: if *shows { View::Text } else { View::Hidden },
        }),
    }
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
    Node::Record(Box::new(Record::new(nodes, required, &keys, extra, closing(close))))
}

fn closing(close: Close) -> Closing {
    match close {
        Close::Nothing => Closing::Settled,
        Close::Hooks => Closing::Hook,
        Close::Host => Closing::Judge,
    }
}

fn id(shape: ShapeId) -> u32 {
    u32::try_from(shape).unwrap_or(u32::MAX)
}
