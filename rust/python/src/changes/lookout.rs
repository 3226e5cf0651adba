//! A lookout: whether something has happened at places of a growing value, told from the tape alone.
//!
//! Nothing is built and nothing is compared: an op costs a look at where it stands. Where that is not known it says that
//! something has happened. Once all that the places can have is settled for good, no op is looked at any more.

use instar_core::{Close, Container, Cursor, Extra, NodeId, Op, Parser, Plan, Rule, Source};
use instar_json::Span;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::build::{Branch, Context, Growing, Member as At, Spine};

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
    /// The patterns whose places have all settled for good, a bit for each.
    settled: u64,
    /// Whether the value at hand has anything yet: not right behind its name, nor when it was rolled back.
    has_grown: bool,
}

/// Where a value stands, seen from the places.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// The patterns whose beginning, or whole, its path is, a bit for each; those that are many share one.
    way: u64,
    /// Those of them that nothing outside this value can meet: they are settled when it is.
    alone: u64,
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
    /// Whether no two of its members go by one name.
    is_distinct: bool,
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
            settled: 0,
            has_grown: false,
        };
        lookout.here = lookout.root();
        lookout
    }

    /// How far it has read the tape; none if it does not.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        (!self.is_lost && !self.is_over()).then_some(self.cursor)
    }

    /// Whether nothing more can happen at its places.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.settled == self.all()
    }

    /// Whether something may have happened since the last time.
    #[inline]
    pub(super) fn has_news(&mut self, c: Context<'_, '_>, parser: &Parser) -> bool {
        if self.is_over() {
            return false;
        }
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
        if spine.closed.is_some() {
            self.settled = self.here.alone;
        }
        for (depth, branch) in (1..).zip(&spine.branches) {
            let container = match branch.growing {
                Growing::Record(..) | Growing::Dict(_) => Container::Object,
                Growing::List(..) => Container::Array,
            };
            self.levels.push(Level::new(c, branch.node, container, self.here));
            let name = match branch.member {
                At::Key(key) => Some(key.clone_ref(c.py)),
                At::Field(_) => branch.growing.member_name(c, branch.member),
                At::Element => None,
            };
            let name = name.as_ref().and_then(|name| name.bind(c.py).cast::<PyString>().ok()?.to_str().ok());
            let is_open = depth < spine.branches.len() || spine.text.is_some() || branch.stands;
            self.note_arrived(c, branch, name.filter(|_| is_open));
            self.go_to(&name.map_or(Member::Other, Member::Name), source);
        }
        (self.cursor, self.growth) = (parser.tape().end(), parser.growth());
        self.is_lost = false;
    }

    fn read(&mut self, op: Op, c: Context<'_, '_>, source: Source<'_>) -> bool {
        let schema = c.schema;
        let here = self.here;
        self.has_grown = match op {
            Op::Field(_) | Op::Key(_) | Op::MemberKey(..) | Op::HostKey(_) | Op::Begin | Op::Rollback(_) => {
                false
            }
            Op::Commit(_) => self.has_grown,
            _ => true,
        };
        match op {
            Op::Open(node, container) => {
                self.levels.push(Level::new(c, node, container, here));
                self.go_to(&Member::Other, source);
                return here.is_in;
            }
            Op::Close | Op::Leave => {
                let Some(level) = self.levels.pop() else { return here.concerns() };
                self.here = level.at;
                self.end_value();
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
                let news = self.go_back(around);
                self.end_value();
                return news;
            }
            Op::HostValue(_) => {
                self.end_value();
                return here.concerns();
            }
            Op::Null | Op::Bool(_) | Op::Int(_) | Op::Float(_) | Op::Str(_) | Op::Member(..) => {
                self.end_value();
                return here.is_in;
            }
        }
        false
    }

    /// The value that stands here has ended: it stays as it is, unless it is provisional. That of a root model ends with
    /// the model.
    fn end_value(&mut self) {
        let is_inner = self.levels.last().is_some_and(|level| level.is_root_model);
        if self.provisional.is_empty() && self.has_grown && !is_inner && !self.is_lost {
            self.settled |= self.here.alone;
        }
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
        // What is in a container that hooks may change is settled with it.
        let alone = if level.is_distinct && !level.is_hooked { around.alone } else { 0 };
        if around.is_in || level.is_root_model {
            self.here = Position { alone: if level.is_root_model { alone } else { 0 }, ..around };
            return;
        }
        let is_array = level.container == Container::Array;
        let mut here = Position { length: around.length + 1, ..Position::default() };
        if around.way != 0 {
            for (number, pattern) in self.patterns.iter().enumerate() {
                let bit = 1 << (number % 64);
                let (fits, is_named) = match (pattern.get(around.length), member) {
                    (None, _) => (false, false),
                    (Some(Step::Name(_)), _) if is_array => (false, false),
                    (Some(Step::Name(wanted)), Member::Name(name)) => (wanted == name, true),
                    (Some(Step::Name(wanted)), Member::Key(span)) => {
                        (source.bytes(*span) == wanted.as_bytes(), true)
                    }
                    (Some(Step::Any), _) | (Some(Step::Name(_)), Member::Other) => (true, false),
                };
                if fits && around.way & bit != 0 {
                    here.way |= bit;
                    here.is_in |= pattern.len() == here.length;
                    here.alone |= if is_named { alone & bit } else { 0 };
                }
            }
        }
        self.here = here;
    }

    /// Where the root stands.
    fn root(&self) -> Position {
        let way = self.all();
        let alone = if self.patterns.len() > 64 { 0 } else { way };
        Position { way, alone, length: 0, is_in: self.patterns.iter().any(Vec::is_empty) }
    }

    /// A bit for each pattern.
    fn all(&self) -> u64 {
        u64::MAX >> 64_usize.saturating_sub(self.patterns.len()).min(63)
    }

    /// Takes note of what has settled of the innermost level, in which nothing is open but the member of this name.
    fn note_arrived(&mut self, c: Context<'_, '_>, branch: &Branch<'_>, open: Option<&str>) {
        let Some(level) = self.levels.last() else { return };
        if level.is_hooked || level.is_root_model || !level.is_distinct {
            return;
        }
        let around = level.at;
        for (number, pattern) in self.patterns.iter().enumerate() {
            let bit = around.alone & (1 << (number % 64));
            if bit != 0
                && let Some(Step::Name(name)) = pattern.get(around.length)
                && open != Some(name)
                && branch.growing.has_arrived(c.py, name)
            {
                self.settled |= bit;
            }
        }
    }
}

impl Level {
    fn new(c: Context<'_, '_>, node: NodeId, container: Container, at: Position) -> Self {
        let plan = &c.schema.plan;
        Self {
            node,
            container,
            at,
            is_root_model: matches!(plan.node(node).rule, Rule::RootModel(_)),
            is_hooked: !c.schema.facet(node).hooks.is_empty(),
            is_distinct: is_distinct(plan, node),
        }
    }
}

/// Whether no two members of a container go by one name: a field may have the alias that another one bears as its name,
/// and two keys may be validated as the same.
fn is_distinct(plan: &Plan, node: NodeId) -> bool {
    match &plan.node(node).rule {
        Rule::Record(record) => !matches!(record.extra, Extra::Allow(_)),
        Rule::Map(map) => map.key.is_none_or(|key| plan.node(key).closes == Close::Rule),
        _ => true,
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
