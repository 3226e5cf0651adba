//! A lookout: whether something has happened at places of a growing value, told from the tape alone.
//!
//! Nothing is built and nothing is compared: an op costs a look at where it stands. Where that is not known it says that
//! something has happened.

use instar_core::{Container, Cursor, NodeId, Op, Parser, Rule, Source};
use instar_json::Span;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::build::{Context, Growing, Member as At, Spine};

/// One step of a path that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Any,
}

pub(super) struct Lookout {
    patterns: Vec<Vec<Step>>,
    cursor: Cursor,
    /// The open containers, from the root inwards.
    levels: Vec<Level>,
    /// Of the provisional values: how many containers are around each.
    provisional: Vec<usize>,
    /// Where the next value, or the open one, stands.
    here: Position,
    growth: (u64, u64),
    /// Whether ops were missed.
    is_lost: bool,
}

/// Where a value stands, seen from the places.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// The patterns whose beginning its path is, a bit for each; those that are many share one.
    way: u64,
    /// How long its path is.
    length: usize,
    /// Whether it is at a place or in one.
    is_in: bool,
}

impl Position {
    fn concerns(self) -> bool {
        self.is_in || self.way != 0
    }
}

struct Level {
    node: NodeId,
    container: Container,
    at: Position,
    /// A root model: its one member stands where it does.
    is_root_model: bool,
    /// Whether something is done to it when it closes.
    is_hooked: bool,
}

/// What leads to a member.
enum Member<'s> {
    Name(&'s str),
    Key(Span),
    Other,
}

impl Lookout {
    /// A lookout that begins now.
    pub(super) fn new(patterns: Vec<Vec<Step>>, parser: &Parser) -> Self {
        let mut lookout = Self {
            patterns,
            cursor: Cursor::default(),
            levels: Vec::new(),
            provisional: Vec::new(),
            here: Position::default(),
            growth: (0, 0),
            is_lost: parser.offset() > 0,
        };
        lookout.here = lookout.root();
        lookout
    }

    /// How far it has read the tape; none if it does not.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        (!self.is_lost).then_some(self.cursor)
    }

    /// Whether something may have happened since the last time.
    #[inline]
    pub(super) fn has_news(&mut self, c: Context<'_, '_>, parser: &Parser) -> bool {
        let end = parser.tape().end();
        if self.cursor == end && !self.here.is_in {
            return self.is_lost;
        }
        let mut news = self.is_lost;
        match parser.tape().after(self.cursor) {
            Ok(ops) => {
                for &op in ops {
                    news |= self.read(op, c, parser.source());
                }
            }
            Err(_) => (self.is_lost, news) = (true, true),
        }
        self.cursor = end;
        let growth = parser.growth();
        news |= self.here.is_in && growth != self.growth;
        self.growth = growth;
        news
    }

    /// Goes on from where a spine ends that has just been looked at, if ops were missed and that is known.
    pub(super) fn resume(&mut self, c: Context<'_, '_>, spine: &Spine<'_>, parser: &Parser) {
        if !self.is_lost || !spine.is_whole || parser.is_provisional() {
            return;
        }
        self.levels.clear();
        self.provisional.clear();
        self.here = self.root();
        let source = parser.source();
        for branch in &spine.branches {
            let (node, container) = match branch.growing {
                Growing::Record(id, _) => (*id, Container::Object),
                Growing::List(..) => (c.schema.plan.any, Container::Array),
                Growing::Dict(_) => (c.schema.plan.any, Container::Object),
            };
            let is_root_model = matches!(c.schema.plan.node(node).rule, Rule::RootModel(_));
            let (at, is_hooked) = (self.here, branch.is_hooked);
            self.levels.push(Level { node, container, at, is_root_model, is_hooked });
            let name = match branch.member {
                At::Key(key) => Some(key.clone_ref(c.py)),
                At::Field(_) => branch.growing.member_name(c, branch.member),
                At::Element => None,
            };
            let name = name.as_ref().and_then(|name| name.bind(c.py).cast::<PyString>().ok()?.to_str().ok());
            self.go_to(&name.map_or(Member::Other, Member::Name), source);
        }
        (self.cursor, self.growth) = (parser.tape().end(), parser.growth());
        self.is_lost = false;
    }

    fn read(&mut self, op: Op, c: Context<'_, '_>, source: Source<'_>) -> bool {
        let schema = c.schema;
        let here = self.here;
        match op {
            Op::Open(node, container) => {
                let is_root_model = matches!(schema.plan.node(node).rule, Rule::RootModel(_));
                let is_hooked = !schema.facet(node).hooks.is_empty();
                self.levels.push(Level { node, container, at: here, is_root_model, is_hooked });
                self.go_to(&Member::Other, source);
                return here.is_in;
            }
            Op::Close | Op::Leave => {
                let Some(level) = self.levels.pop() else { return here.concerns() };
                self.here = level.at;
                // What is on the way to a place closes without a word to that, unless hooks have changed it.
                let may_change = level.is_hooked || op == Op::Leave;
                return level.at.is_in || (may_change && level.at.concerns());
            }
            Op::Field(number) => {
                let class = self.levels.last().and_then(|level| schema.record(level.node));
                let field = class.and_then(|class| class.fields.get(number as usize));
                let name = field.and_then(|field| field.name.bind(c.py).to_str().ok());
                let member = name.map_or(Member::Other, Member::Name);
                self.go_to(&member, source);
                return false;
            }
            Op::Key(span) => self.go_to(&Member::Key(span), source),
            Op::MemberKey(..) | Op::HostKey(_) => self.go_to(&Member::Other, source),
            Op::Begin => self.provisional.push(self.levels.len()),
            Op::Rollback(depth) => {
                self.provisional.truncate(depth as usize + 1);
                return self.go_back(self.provisional.last().copied());
            }
            Op::Replace(depth, _) | Op::Commit(depth) => {
                self.provisional.truncate(depth as usize + 1);
                let around = self.provisional.pop();
                return self.go_back(around);
            }
            Op::HostValue(_) => return here.concerns(),
            Op::Null | Op::Bool(_) | Op::Int(_) | Op::Float(_) | Op::Str(_) | Op::Member(..) => {
                return here.is_in;
            }
        }
        false
    }

    /// Goes back to the value within so many containers.
    fn go_back(&mut self, around: Option<usize>) -> bool {
        if let Some(level) = around.and_then(|around| self.levels.get(around)) {
            self.here = level.at;
        }
        self.levels.truncate(around.unwrap_or(self.levels.len()));
        self.here.concerns()
    }

    /// Goes to a member of the innermost container.
    fn go_to(&mut self, member: &Member<'_>, source: Source<'_>) {
        let Some(level) = self.levels.last() else { return };
        let around = level.at;
        if around.is_in || level.is_root_model {
            self.here = around;
            return;
        }
        let is_array = level.container == Container::Array;
        let mut here = Position { length: around.length + 1, ..Position::default() };
        if around.way != 0 {
            for (number, pattern) in self.patterns.iter().enumerate() {
                let bit = 1 << (number % 64);
                let fits = match pattern.get(around.length) {
                    None => false,
                    Some(Step::Any) => true,
                    Some(Step::Name(_)) if is_array => false,
                    Some(Step::Name(wanted)) => match member {
                        Member::Name(name) => wanted == name,
                        Member::Key(span) => source.bytes(*span) == wanted.as_bytes(),
                        Member::Other => true,
                    },
                };
                let fits = fits && around.way & bit != 0;
                if fits && pattern.len() == here.length {
                    here.is_in = true;
                } else if fits {
                    here.way |= bit;
                }
            }
        }
        self.here = here;
    }

    /// Where the root stands.
    fn root(&self) -> Position {
        let mut root = Position::default();
        for (number, pattern) in self.patterns.iter().enumerate() {
            root.is_in |= pattern.is_empty();
            root.way |= 1 << (number % 64);
        }
        root
    }
}

/// Whether a path leads to a place, or is at one or in one.
pub(super) fn is_wanted(patterns: &[Vec<Step>], path: &Bound<'_, PyTuple>) -> bool {
    patterns.is_empty()
        || patterns.iter().any(|pattern| {
            pattern.iter().zip(path.iter()).all(|(wanted, step)| match wanted {
                Step::Any => true,
                Step::Name(name) => {
                    step.cast::<PyString>().is_ok_and(|step| step.to_str().is_ok_and(|step| step == name))
                }
            })
        })
}
