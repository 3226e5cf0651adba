//! One value, read as it was written and mended as it is read: a lexer and a grammar that know what models write.
//!
//! What needs no repair is copied as it is, in long stretches. What may need one is held back until that is known; see
//! [`Look`] and [`Probe`] for the two questions that take more than a few bytes.

mod between;
mod key;
mod scalar;
mod text;
mod unwrap;

use instar_json::{Kind, plain_run};

use crate::guide::{Guide, NodeId};
use crate::inner_quote::{Look, Within};
use crate::kind::{RepairKind, RepairSet};
use crate::output::Output;
use crate::probe::Probe;
use crate::quote::Quote;
use crate::record::{Record, Repair, quotation};
use crate::source::Source;

/// How deep containers may be nested: deeper than any engine reads.
const MAX_DEPTH: usize = 1000;
/// How many blanks are held back with the comma or the key in front of them.
const MAX_GAP: usize = 512;
/// How many wrappers may lie within one another.
const MAX_WRAPPERS: usize = 3;

/// What no engine takes, wherever it comes.
const REFUSED: &[u8] = b"\x01";

/// What a value is read with.
pub(crate) struct Io<'a> {
    /// The bytes that may be read now, of the innermost text.
    pub(crate) text: &'a [u8],
    /// Whether nothing comes behind them.
    pub(crate) whole: bool,
    pub(crate) source: &'a Source,
    pub(crate) guide: &'a Guide,
    pub(crate) out: &'a mut Output,
    pub(crate) record: &'a mut Record,
}

/// Why reading stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// All that came is read.
    Drained,
    /// The value has closed.
    Closed,
    /// What comes here is no JSON, and no repair that was asked for makes it so. The engine has it, and will say so.
    Hopeless(usize),
    /// The quote here can be read in two ways.
    Unclear(usize),
    /// What was taken for a wrapper is none.
    NoWrapper,
    /// The escapes of an outer string begin here.
    Enter(usize),
    /// The string whose escapes are being decoded has closed.
    Leave,
}

/// What is done with bytes that go on with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// They have to be looked at.
    Looks,
    /// They are held back with the token.
    Held,
    /// They are handed on as they are.
    Through,
}

/// The state of reading one value.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    repairs: RepairSet,
    /// Whether objects that the schema does not know may be wrappers.
    wrappers: bool,
    /// Whether one has been taken for that.
    wrapped: bool,
    /// Whether the root is an object that stands for a list of one.
    list_of_one: bool,
    stack: Vec<Frame>,
    expect: Expect,
    token: Token,
    /// The comma that was read last, as long as it is not known whether anything follows it.
    comma: Option<Comma>,
    /// The first byte not yet read of the innermost text.
    at: usize,
}

/// Something that is open around what comes.
#[derive(Clone, Debug)]
enum Frame {
    Object(Object),
    Array {
        node: NodeId,
        index: u32,
    },
    /// A bracket around the only element, left out.
    Single,
    /// Quotes around a value that was encoded once more; the offset of the first in the text as it came.
    Quotes {
        quote: Quote,
        start: usize,
        is_decoded: bool,
    },
    /// An object that the schema does not know, left out.
    Wrapper(Probe),
}

#[derive(Clone, Debug)]
struct Object {
    node: NodeId,
    /// The fields that have come.
    seen: Seen,
    /// The field that comes next, if they come in their order.
    likely: usize,
    /// Whether its first key stands without quotes.
    bare_keys: bool,
    /// Whether it stands for a list of one.
    is_list: bool,
}

/// A set of fields.
#[derive(Clone, Debug, Default)]
struct Seen {
    first: u64,
    more: Vec<u64>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value of this node.
    Value(NodeId),
    /// An element: the first, or one behind a comma.
    Element { first: bool },
    /// A key: the first, or one behind a comma.
    Key { first: bool },
    /// The colon behind a key, whose value has this node.
    Colon { node: NodeId, declared: bool },
    /// A comma or the end of the container.
    Separator,
}

/// What is being read.
#[derive(Clone, Debug)]
enum Token {
    None,
    /// A string that is handed on as it comes.
    Text(Text),
    /// The quote at `at`, of `length` bytes, in such a string.
    Quote {
        text: Text,
        at: usize,
        length: usize,
        look: Look,
    },
    /// A string that is held back until it is whole.
    Held(Held),
    /// A quote that may begin a value encoded once more.
    Encoded {
        start: usize,
        quote: Quote,
        node: NodeId,
    },
    /// A key in quotes, held back until it is whole.
    Key(Held),
    /// A key without quotes, whose end is known behind it.
    BareKey {
        start: usize,
        end: Option<usize>,
    },
    Number {
        start: usize,
        node: NodeId,
    },
    Word {
        start: usize,
    },
    LineComment {
        start: usize,
    },
    BlockComment {
        start: usize,
    },
    /// An object that may be a wrapper.
    Probe {
        start: usize,
        node: NodeId,
        probe: Probe,
    },
    /// What closes a frame that was left out.
    Unwrap {
        comma: bool,
    },
}

#[derive(Clone, Copy, Debug)]
struct Text {
    /// Where its opening quote is.
    start: usize,
    quote: Quote,
    /// Whether a quote within it was opened and not closed, as far as their number tells.
    odd: bool,
    /// Where the last quote within it is.
    inner: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    /// Where its opening quote is.
    start: usize,
    quote: Quote,
    node: NodeId,
    /// Whether it is JSON as it is.
    clean: bool,
}

#[derive(Clone, Copy, Debug)]
enum Comma {
    /// It is held back, at this offset of the innermost text.
    Held(usize),
    /// It has been left out, to be put in again when something follows: where it is in the text as it came, for the
    /// innermost text may be another by then.
    LeftOut { start: usize, end: usize },
}

impl Seen {
    fn insert(&mut self, field: u32) {
        match field {
            0..64 => self.first |= 1 << field,
            _ => {
                let word = field as usize / 64 - 1;
                if self.more.len() <= word {
                    self.more.resize(word + 1, 0);
                }
                self.more[word] |= 1 << (field % 64);
            }
        }
    }

    fn has(&self, field: u32) -> bool {
        let word = match field {
            0..64 => self.first,
            _ => self.more.get(field as usize / 64 - 1).copied().unwrap_or_default(),
        };
        word >> (field % 64) & 1 == 1
    }
}

impl Io<'_> {
    /// Copies what has been read up to `to`.
    fn copy(&mut self, to: usize) {
        self.out.copy(self.source, to);
    }

    /// Writes `mended` in place of `from..to`.
    fn replace(&mut self, from: usize, to: usize, mended: &[u8]) {
        self.out.replace(self.source, from, to, mended);
    }

    /// Notes that `from..to` was taken for `understood`; `string` is where the string begins in which it lies.
    fn note(&mut self, kind: RepairKind, from: usize, to: usize, understood: &[u8], string: Option<usize>) {
        let string = string.map(|start| self.source.raw_offset(start));
        let repair = Repair {
            kind,
            start: self.source.raw_offset(from),
            end: self.source.raw_offset(to),
            read: quotation(&self.text[from..to]),
            understood: quotation(understood),
            count: 1,
        };
        self.record.note(repair, string);
    }

    /// The comma of `length` bytes at `at`, left out.
    fn left_out(&self, at: usize, length: usize) -> Comma {
        Comma::LeftOut { start: self.source.raw_offset(at), end: self.source.raw_offset(at + length) }
    }

    /// Notes that `start..end` of the text as it came was left out.
    fn note_left_out(&mut self, kind: RepairKind, start: usize, end: usize) {
        self.record.note(Repair::left_out(kind, &self.source.raw, start, end), None);
    }

    /// Writes `mended` in place of `from..to`, and notes it.
    fn mend(&mut self, kind: RepairKind, from: usize, to: usize, mended: &[u8], string: Option<usize>) {
        self.replace(from, to, mended);
        self.note(kind, from, to, mended, string);
    }
}

impl Value {
    /// A value that begins at `at` and has to meet `node`.
    pub(crate) fn new(repairs: RepairSet, node: NodeId, at: usize, wrappers: bool) -> Self {
        Self {
            repairs,
            wrappers: wrappers && repairs.has(RepairKind::Wrapper),
            wrapped: false,
            list_of_one: false,
            stack: Vec::new(),
            expect: Expect::Value(node),
            token: Token::None,
            comma: None,
            at,
        }
    }

    /// The first byte not yet read of the innermost text.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on in another text, at `at`.
    pub(crate) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Whether something around the root was taken for a wrapper.
    pub(crate) fn is_wrapped(&self) -> bool {
        self.wrapped
    }

    /// How far has been looked.
    pub(crate) fn reach(&self) -> usize {
        let looked = match &self.token {
            Token::Probe { probe, .. } => probe.at(),
            Token::Quote { look, .. } => look.at(),
            _ => 0,
        };
        let probed = match self.stack.last() {
            Some(Frame::Wrapper(probe)) => probe.at(),
            _ => 0,
        };
        self.at.max(looked).max(probed)
    }

    /// Whether the root was an object that stands for a list of one.
    pub(crate) fn is_list_of_one(&self) -> bool {
        self.list_of_one
    }

    /// Takes `raw`, which comes behind all that has been read, if it goes on with a token and needs no look.
    #[inline]
    pub(crate) fn pass(&mut self, raw: &[u8]) -> Pass {
        let is_plain = || {
            let run = plain_run(raw, 0);
            run.ascii && run.end == raw.len()
        };
        let pass = match &mut self.token {
            Token::Text(Text { quote: Quote::Double, .. }) if is_plain() => Pass::Through,
            Token::Key(Held { quote: Quote::Double, .. }) if is_plain() => Pass::Held,
            // The look is ahead of what has been read.
            Token::Quote { look, .. } if is_plain() => {
                return if look.pass(raw.len()) { Pass::Held } else { Pass::Looks };
            }
            Token::Number { .. } if raw.iter().all(u8::is_ascii_digit) => Pass::Held,
            _ => return Pass::Looks,
        };
        self.at += raw.len();
        pass
    }

    /// Reads on.
    pub(crate) fn advance(&mut self, io: &mut Io<'_>) -> Flow {
        let flow = loop {
            let flow = match self.token {
                Token::None => self.between(io),
                Token::Text(text) => self.text(text, io),
                Token::Quote { text, at, length, look } => self.quote(text, at, length, look, io),
                Token::Held(held) => self.held(held, io),
                Token::Encoded { start, quote, node } => self.encoded(start, quote, node, io),
                Token::Key(held) => self.key(held, io),
                Token::BareKey { start, end } => self.bare_key(start, end, io),
                Token::Number { start, node } => self.number(start, node, io),
                Token::Word { start } => self.word(start, io),
                Token::LineComment { start } => self.line_comment(start, io),
                Token::BlockComment { start } => self.block_comment(start, io),
                Token::Probe { start, node, probe } => self.probe(start, node, probe, io),
                Token::Unwrap { comma } => self.unwrap(comma, io),
            };
            if let Some(flow) = flow {
                break flow;
            }
        };
        io.copy(self.decided(flow));
        flow
    }

    /// Up to where what was read needs no repair, as far as is known.
    fn decided(&self, flow: Flow) -> usize {
        if matches!(flow, Flow::Closed | Flow::Hopeless(_)) {
            return 0;
        }
        let token = match &self.token {
            Token::Quote { at, .. } => *at,
            Token::Held(Held { start, .. })
            | Token::Key(Held { start, .. })
            | Token::Encoded { start, .. }
            | Token::BareKey { start, .. }
            | Token::Number { start, .. }
            | Token::Word { start }
            | Token::LineComment { start }
            | Token::BlockComment { start }
            | Token::Probe { start, .. } => *start,
            Token::None | Token::Text(_) | Token::Unwrap { .. } => self.at,
        };
        match self.comma {
            Some(Comma::Held(at)) => at.min(token),
            _ => token,
        }
    }

    /// The bytes up to `to` are handed on for the engine to refuse them.
    fn hopeless(&mut self, to: usize, io: &mut Io<'_>) -> Flow {
        let at = self.at;
        self.settle_comma(io);
        match self.stack.last() {
            // The engine does not know what is open, and might take them.
            Some(Frame::Single | Frame::Quotes { .. } | Frame::Wrapper(_)) => io.replace(at, at, REFUSED),
            _ => io.copy(to.min(io.text.len())),
        }
        Flow::Hopeless(at)
    }

    /// A value has closed.
    fn closed(&mut self, io: &mut Io<'_>) -> Option<Flow> {
        self.token = Token::None;
        match self.stack.last_mut() {
            None => {
                io.copy(self.at);
                return Some(Flow::Closed);
            }
            Some(Frame::Object(_) | Frame::Array { .. }) => self.expect = Expect::Separator,
            Some(Frame::Wrapper(probe)) => {
                probe.go_on(self.at);
                self.token = Token::Unwrap { comma: false };
            }
            Some(Frame::Single | Frame::Quotes { .. }) => self.token = Token::Unwrap { comma: false },
        }
        None
    }

    /// What a string that comes here lies in.
    fn within(&self) -> Within {
        match self.stack.last() {
            Some(Frame::Object(object)) => Within::Object { bare_keys: object.bare_keys },
            Some(Frame::Array { .. } | Frame::Single) => Within::Array,
            _ => Within::Nothing,
        }
    }

    /// Whether nothing that the schema knows is open.
    fn at_root(&self) -> bool {
        self.stack.len() <= MAX_WRAPPERS + 2
            && !self.stack.iter().any(|frame| matches!(frame, Frame::Object(_) | Frame::Array { .. }))
    }

    /// Leaves the comma that was read last out, to be put in again when something follows.
    fn detach_comma(&mut self, io: &mut Io<'_>) {
        if let Some(Comma::Held(at)) = self.comma {
            io.replace(at, at + 1, b"");
            self.comma = Some(io.left_out(at, 1));
        }
    }

    /// Something follows the comma that was read last.
    fn settle_comma(&mut self, io: &mut Io<'_>) {
        if let Some(Comma::LeftOut { .. }) = self.comma.take() {
            io.replace(self.at, self.at, b",");
        }
    }

    /// Opens an object that has to meet `node`, or a list of one such object.
    fn open_object(&mut self, node: NodeId, is_list: bool, io: &mut Io<'_>) -> Option<Flow> {
        if self.stack.len() >= MAX_DEPTH {
            return Some(self.hopeless(self.at + 1, io));
        }
        if is_list {
            self.list_of_one |= self.at_root();
            io.mend(RepairKind::Wrapper, self.at, self.at, b"[", None);
        }
        let object = Object { node, seen: Seen::default(), likely: 0, bare_keys: false, is_list };
        self.stack.push(Frame::Object(object));
        self.token = Token::None;
        self.expect = Expect::Key { first: true };
        self.at += 1;
        None
    }

    /// Opens an array that has to meet `node`.
    fn open_array(&mut self, node: NodeId, io: &mut Io<'_>) -> Option<Flow> {
        if self.stack.len() >= MAX_DEPTH {
            return Some(self.hopeless(self.at + 1, io));
        }
        self.stack.push(Frame::Array { node, index: 0 });
        self.expect = Expect::Element { first: true };
        self.at += 1;
        None
    }

    /// Whether a list of objects is wanted and no object.
    fn wants_list_of_objects(&self, node: NodeId, guide: &Guide) -> bool {
        let kinds = guide.kinds(node);
        self.repairs.has(RepairKind::Wrapper)
            && !kinds.has(Kind::Object)
            && kinds.has(Kind::Array)
            && guide.kinds(guide.element(node, 0)).has(Kind::Object)
    }
}
