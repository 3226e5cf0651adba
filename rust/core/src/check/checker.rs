//! The receiver that walks the plan: which node does an event meet, and what does that decide?

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use instar_json::{NumberForm, Span};

use super::frame::{Frame, FrameKind};
use super::question::Question;
use super::skip::{Skip, Tag};
use super::stop::{Flow, Found, Halt};
use crate::schema::{Cursor, Node, NodeId, Plan, Search, Segment, Violations};
use crate::tape::{Op, Tape};

/// How many alternatives one value may have, those within them counted: a recursive union has one more set of them at
/// each level.
pub(super) const MAX_ALTERNATIVES: usize = 1024;

/// The state of the checker of one value: the root, or the value of a union as one of its alternatives.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    pub(super) plan: Arc<Plan>,
    pub(super) scope: Scope,
    pub(super) frames: Vec<Frame>,
    pub(super) scalar: Scalar,
    pub(super) reader: ReadBy,
    /// The tag of the object that is read anew.
    pub(super) tag: Option<Tag>,
    /// What the host is asked.
    pub(super) question: Option<Question>,
    /// The patterns met so far, each at work on its node's newest string.
    pub(super) searches: HashMap<NodeId, Box<Search>>,
    /// The declared fields that have come, at any depth.
    pub(super) matched: usize,
    pub(super) output: Output,
    /// Whether the value has closed.
    pub(super) complete: bool,
}

/// Where a checker stands among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// The node of the whole value.
    pub(super) root: NodeId,
    /// How many provisional values are open around the value.
    pub(super) depth: u32,
    /// How many alternatives a value may have, those within them counted.
    pub(super) allowance: usize,
    /// Whether a record shows with nothing arrived before its text begins.
    pub(super) shows_blank: bool,
    /// Whether the value is read as one of several alternatives.
    pub(super) is_alternative: bool,
}

/// The string, number or literal name that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalar {
    pub(super) read_as: ReadAs,
    pub(super) start: usize,
    /// Whether it is a string that shows.
    pub(super) shows: bool,
    /// The characters of the string so far, where their number matters.
    pub(super) characters: usize,
    /// The members of a literal, or the keys, that begin with its characters.
    pub(super) cursor: Cursor,
}

/// What a scalar is read as.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReadAs {
    /// None is open.
    Nothing,
    /// It is read and dropped.
    Dropped,
    /// The host will validate it.
    Host(NodeId),
    /// The node's rule holds for it.
    Rule(NodeId),
}

/// Who reads the value that is open.
#[derive(Clone, Debug)]
pub(super) enum ReadBy {
    Checker,
    Skip(Skip),
    Alternatives(Box<Alternatives>),
}

/// The state of a value of a union.
#[derive(Clone, Debug)]
pub(super) struct Alternatives {
    pub(super) node: NodeId,
    /// The offset of its first byte.
    pub(super) start: usize,
    /// The containers open in it, itself among them.
    pub(super) containers: usize,
    /// How many provisional values are open around it.
    pub(super) depth: u32,
    pub(super) exhaustive: bool,
    pub(super) ordered: bool,
    pub(super) waits: bool,
    /// The value as each of the nodes that it could be by its first byte, in the order of declaration.
    pub(super) each: Vec<Alternative>,
    pub(super) alive: usize,
    /// How many were alive when the best of them was shown last.
    pub(super) alive_when_shown: usize,
    /// The nodes that it could not be, with the kind of value that it is.
    pub(super) excluded: Vec<NodeId>,
    /// Which of the alternatives wait for the host's answer.
    pub(super) asking: VecDeque<usize>,
    pub(super) shown: Option<Shown>,
}

/// The value as one of the nodes.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    pub(super) node: NodeId,
    pub(super) checker: Checker,
    /// Where it turned out that the value is no such node, and why.
    pub(super) eliminated: Option<Box<Found>>,
}

/// The alternative that shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) index: usize,
    /// How many of its ops are on the tape.
    pub(super) ops: usize,
    /// Its growth as it was shown.
    pub(super) growth: (u64, u64),
    /// Whether the text that was open when it was eliminated stays as it was.
    pub(super) frozen: bool,
}

/// What the checker has found: what grew, and whether there is something new to see.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub(super) tape: Tape,
    /// How many provisional values are open.
    pub(super) depth: u32,
    /// Grows whenever there is surely something new to see.
    pub(super) version: u64,
    /// The same, for what only the host can tell.
    pub(super) doubts: u64,
    /// Whether what has shown was taken back, for good.
    pub(super) taken_back: bool,
}

impl Output {
    pub(super) fn push(&mut self, op: Op) {
        self.tape.push(op);
    }

    /// There is something new to see, unless that is in doubt.
    #[inline]
    pub(super) fn grow(&mut self, doubtful: bool) {
        if doubtful {
            self.doubts += 1;
        } else {
            self.version += 1;
        }
    }

    /// Whether there has been anything to see.
    pub(super) fn has_grown(&self) -> bool {
        self.version > 0 || self.doubts > 0
    }

    /// A provisional value begins.
    pub(super) fn begin(&mut self) {
        self.tape.push(Op::Begin);
        self.depth += 1;
    }

    /// The innermost provisional value ends with what has grown.
    pub(super) fn commit(&mut self) {
        self.depth -= 1;
        self.tape.push(Op::Commit(self.depth));
    }
}

/// Where a value ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// The offset after its last byte.
    pub(super) end: usize,
    /// The byte at which it was known to be whole.
    pub(super) at: usize,
}

impl End {
    /// The end of a value that is whole with its last byte.
    pub(super) fn with(end: usize) -> Self {
        Self { end, at: end - 1 }
    }

    /// The end of a number, which is known to be whole at the byte after it, but for a name at its last letter.
    pub(super) fn of_number(form: NumberForm, span: Span) -> Self {
        let end = span.end as usize;
        if form == NumberForm::NonFinite { Self::with(end) } else { Self { end, at: end } }
    }
}

impl Checker {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let scope = Scope {
            root: plan.root,
            depth: 0,
            allowance: MAX_ALTERNATIVES,
            shows_blank: true,
            is_alternative: false,
        };
        Self::of(plan, scope)
    }

    pub(super) fn of(plan: Arc<Plan>, scope: Scope) -> Self {
        Self {
            plan,
            scope,
            frames: Vec::new(),
            scalar: Scalar {
                read_as: ReadAs::Nothing,
                start: 0,
                shows: false,
                characters: 0,
                cursor: Cursor::default(),
            },
            reader: ReadBy::Checker,
            tag: None,
            question: None,
            searches: HashMap::new(),
            matched: 0,
            output: Output { depth: scope.depth, ..Output::default() },
            complete: false,
        }
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.plan.node(id)
    }

    /// Whether what grows next may turn out to be nothing new.
    #[inline]
    pub(super) fn is_doubtful(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.doubtful)
    }

    /// Whether the open value is read by another reader than the checker itself.
    #[inline]
    pub(super) fn is_delegated(&self) -> bool {
        !matches!(self.reader, ReadBy::Checker)
    }

    /// The alternatives that read the open value, if it is that of a union.
    pub(super) fn alternatives(&self) -> Option<&Alternatives> {
        match &self.reader {
            ReadBy::Alternatives(alternatives) => Some(alternatives),
            ReadBy::Checker | ReadBy::Skip(_) => None,
        }
    }

    /// Whether the root value has closed.
    pub(crate) fn complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn tape(&self) -> &Tape {
        &self.output.tape
    }

    pub(crate) fn tape_mut(&mut self) -> &mut Tape {
        &mut self.output.tape
    }

    /// How often there was surely something new to see, and how often only the host can tell.
    #[inline]
    pub(crate) fn growth(&self) -> (u64, u64) {
        (self.output.version, self.output.doubts)
    }

    /// How many provisional values are open.
    pub(crate) fn depth(&self) -> u32 {
        self.output.depth
    }

    /// How many containers of the text are open.
    pub(crate) fn containers(&self) -> usize {
        self.frames.iter().filter(|frame| frame.is_container()).count()
    }

    /// Whether the string that is open shows.
    pub(crate) fn shows_text(&self) -> bool {
        match &self.reader {
            _ if self.output.taken_back => false,
            // Unions within unions are few, whatever the text.
            ReadBy::Alternatives(alternatives) => alternatives.shows_text(),
            ReadBy::Checker | ReadBy::Skip(_) => self.scalar.shows,
        }
    }

    /// The way from the root to the open value.
    pub(crate) fn path(&self) -> Vec<Segment> {
        let mut path = self.own_path();
        path.extend(self.alternatives().and_then(Alternatives::shown).map(Self::path).unwrap_or_default());
        path
    }

    /// The way to the value that this checker reads, or has others read.
    pub(crate) fn own_path(&self) -> Vec<Segment> {
        self.path_within(self.frames.len())
    }

    /// The way to the value that is open in the first so many frames.
    pub(super) fn path_within(&self, frames: usize) -> Vec<Segment> {
        self.frames[..frames].iter().filter_map(|frame| frame.segment).collect()
    }

    /// Takes back, for good, what has grown in the provisional value at `depth`, if it has begun.
    pub(crate) fn take_back(&mut self, depth: u32) {
        if self.output.depth > depth {
            self.output.push(Op::Rollback(depth));
            self.output.taken_back = true;
        }
    }

    /// Whether what has grown is not the value: what is around it gives that in the end, and nobody runs hooks before.
    pub(super) fn is_enclosed(&self) -> bool {
        self.scope.is_alternative
            || self.frames.iter().any(|frame| matches!(frame.kind, FrameKind::Outline(_)))
    }

    /// The host is asked something.
    pub(super) fn ask(&mut self, question: Question) -> Flow {
        let is_guess = |frame: &Frame| {
            matches!(frame.kind, FrameKind::Outline(Violations::Withheld | Violations::Worded))
        };
        let tentative = self.frames.iter().any(is_guess);
        self.question = Some(if tentative { question.tentative() } else { question });
        Err(Halt::Ask)
    }

    /// What the host is asked, by this checker or for an alternative.
    pub(crate) fn question(&self) -> Option<Question> {
        if self.question.is_some() {
            return self.question;
        }
        self.alternatives().and_then(Alternatives::question)
    }

    /// Pushes a frame for a wrapper that begins at `start`.
    pub(super) fn open_wrapper(&mut self, id: NodeId, start: usize) {
        let frame = Frame::new(&self.plan, id, start, self.is_doubtful());
        match frame.kind {
            FrameKind::Container | FrameKind::RootModel => {}
            FrameKind::Outline(_) | FrameKind::Tagged => self.output.begin(),
        }
        self.frames.push(frame);
    }

    /// Whether a record of this node, were it to open now, shows already with nothing arrived.
    pub(super) fn shows_before(&self, id: NodeId) -> bool {
        self.scope.shows_blank
            && self.frames.iter().all(|frame| matches!(frame.kind, FrameKind::Outline(_)))
            && self.plan.outlined(self.scope.root) == id
    }
}
