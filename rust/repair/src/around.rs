//! What stands around a value: prose, Markdown fences, blocks of reasoning, a byte order mark.

use crate::kind::{RepairKind, RepairSet};
use crate::number;
use crate::quote::{Quote, Sign, is_blank, sign};
use crate::record::{Record, Repair};
use crate::word;

/// How many marks a fence may have, and how many letters the name of its language.
const MAX_FENCE: usize = 64;
/// How many blanks behind a bracket in prose, or behind a number, are skipped to see what follows.
const MAX_GAP: usize = 256;
/// How long a scalar may be that is not whole yet.
const MAX_SCALAR: usize = 5000;

/// The tags of reasoning blocks.
const TAGS: [&[u8]; 3] = [b"think>", b"thinking>", b"reasoning>"];

/// A part of the text: what it says, and the marks around that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Offset of its first byte, its opening mark included.
    pub(crate) start: usize,
    /// What it says.
    pub(crate) text: (usize, usize),
    /// Offset after its last byte, its closing mark included.
    pub(crate) end: usize,
}

/// Where a candidate for the value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) at: usize,
    /// Whether no prose precedes it: it is the answer, whatever it is.
    pub(crate) begins: bool,
    /// Whether it is a number or a word.
    pub(crate) scalar: bool,
}

/// What may stand before a value at most.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Bytes without a value.
    pub prose: usize,
    /// Blanks behind each other.
    pub blank: usize,
}

impl Allowance {
    /// Anything.
    pub const UNLIMITED: Self = Self { prose: usize::MAX, blank: usize::MAX };
}

/// What a scan of the text leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// All that came is read.
    Drained,
    /// A candidate begins.
    Candidate(Found),
    /// All that came before was a block of reasoning whose opening tag is missing.
    Unopened,
    /// What comes here is no value, and prose is not accepted.
    Refused(usize),
    /// Too much text without a value ends here.
    TooLong(usize),
    /// Too much white space ends here.
    TooBlank(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing but blanks, marks and reasoning so far, or since a fence was opened: a value may begin.
    Open,
    Prose,
    Reasoning(Part),
}

#[derive(Clone, Copy, Debug)]
struct Fence {
    mark: u8,
    length: usize,
}

/// The state of reading what stands around values.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    repairs: RepairSet,
    mode: Mode,
    fence: Option<Fence>,
    /// Whether no prose has come.
    begins: bool,
    /// The first byte not yet read.
    pub(crate) at: usize,
    /// The prose, in contiguous parts.
    pub(crate) prose: Vec<(usize, usize)>,
    pub(crate) reasoning: Vec<Part>,
    /// Whether a value has been accepted.
    pub(crate) accepted: bool,
    allowance: Allowance,
    /// How many blanks have come that are not in prose.
    blanks: usize,
    /// Whether values in quotes other than JSON's may begin here.
    texts: bool,
}

/// What was tried to be read as a mark.
enum Tried {
    /// It is none.
    No,
    /// More has to come to say so.
    Open,
    /// It has been read.
    Read,
    /// It closes a block of reasoning that no tag opened.
    Unopened,
}

impl Tried {
    /// What a scan that has tried leads to; `or` if there is no mark.
    fn scan(self, or: impl FnOnce() -> Option<Scan>) -> Option<Scan> {
        match self {
            Self::No => or(),
            Self::Open => Some(Scan::Drained),
            Self::Read => None,
            Self::Unopened => Some(Scan::Unopened),
        }
    }
}

/// Whether a mark is one.
enum Mark {
    /// More has to come to say so.
    Open,
    /// It is, and ends before here.
    Yes(usize),
    No,
}

impl Around {
    /// `texts` says whether the root may be a string.
    pub(crate) fn new(repairs: RepairSet, allowance: Allowance, texts: bool) -> Self {
        Self {
            repairs,
            mode: Mode::Open,
            fence: None,
            begins: true,
            at: 0,
            prose: Vec::new(),
            reasoning: Vec::new(),
            accepted: false,
            allowance,
            blanks: 0,
            texts,
        }
    }

    /// Goes on behind a value, which was accepted or is itself prose.
    pub(crate) fn go_on(&mut self, at: usize) {
        self.at = at;
        self.begins = false;
        self.mode = Mode::Prose;
    }

    /// The block of reasoning that is open, as far as it has come.
    pub(crate) fn open_reasoning(&self) -> Option<Part> {
        match self.mode {
            Mode::Reasoning(part) => Some(part),
            _ => None,
        }
    }

    /// Notes that `start..end` is prose.
    pub(crate) fn add_prose(&mut self, start: usize, end: usize) {
        match self.prose.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ if start < end => self.prose.push((start, end)),
            _ => {}
        }
    }

    /// Reads on.
    pub(crate) fn scan(&mut self, text: &[u8], whole: bool, record: &mut Record) -> Scan {
        let limit = if self.accepted { usize::MAX } else { self.allowance.prose.max(self.at) };
        let too_long = text.len() > limit;
        let (text, whole) = if too_long { (&text[..limit], false) } else { (text, whole) };
        loop {
            let scan = match self.mode {
                Mode::Open => self.open(text, whole, record),
                Mode::Prose if self.has(RepairKind::Prose) => self.prose(text, whole, record),
                Mode::Prose => self.behind(text, whole, record),
                Mode::Reasoning(part) => self.reasoning(part, text),
            };
            match scan {
                Some(Scan::Drained) if too_long => return Scan::TooLong(limit),
                Some(scan) => return scan,
                None => {}
            }
        }
    }

    fn has(&self, kind: RepairKind) -> bool {
        self.repairs.has(kind)
    }

    /// A value may begin.
    fn open(&mut self, text: &[u8], whole: bool, record: &mut Record) -> Option<Scan> {
        let at = self.at;
        let rest = &text[at..];
        let Some(&byte) = rest.first() else { return Some(Scan::Drained) };
        let found = Found { at, begins: self.begins, scalar: false };
        match byte {
            _ if is_blank(byte) => {
                self.at += 1;
                self.blanks += 1;
                return (self.blanks > self.allowance.blank && !self.accepted).then_some(Scan::TooBlank(at));
            }
            b'{' | b'[' | b'"' => return Some(Scan::Candidate(found)),
            0xEF if self.has(RepairKind::Bom) && rest.starts_with("\u{feff}".as_bytes()) => {
                note(record, RepairKind::Bom, text, at, at + 3);
                self.at += 3;
                return None;
            }
            b'`' | b'~' => {
                let tried = self.mark(byte, text, whole, record);
                return tried.scan(|| self.prose_begins());
            }
            b'<' => {
                let tried = self.tag(text, whole);
                return tried.scan(|| self.prose_begins());
            }
            _ if self.texts
                && self.has(RepairKind::Quote)
                && matches!(sign(rest), Sign::Quote(quote, _) if quote != Quote::Double) =>
            {
                return Some(Scan::Candidate(found));
            }
            _ => match self.scalar(rest, whole) {
                Mark::Open => return Some(Scan::Drained),
                Mark::Yes(_) => return Some(Scan::Candidate(Found { scalar: true, ..found })),
                Mark::No => {}
            },
        }
        self.prose_begins()
    }

    fn prose_begins(&mut self) -> Option<Scan> {
        if !self.has(RepairKind::Prose) {
            return Some(Scan::Refused(self.at));
        }
        self.begins = false;
        self.mode = Mode::Prose;
        None
    }

    fn prose(&mut self, text: &[u8], whole: bool, record: &mut Record) -> Option<Scan> {
        let is_plain = |byte: &&u8| !matches!(**byte, b'{' | b'[' | b'`' | b'~' | b'<');
        let plain = text[self.at..].iter().take_while(is_plain).count();
        self.plain(text, plain);
        let at = self.at;
        let rest = &text[at..];
        let Some(&byte) = rest.first() else { return Some(Scan::Drained) };
        let tried = match byte {
            b'{' | b'[' => match self.bracket(byte, rest, whole) {
                Mark::Open => Tried::Open,
                Mark::Yes(_) => return Some(Scan::Candidate(Found { at, begins: false, scalar: false })),
                Mark::No => Tried::No,
            },
            b'<' => self.tag(text, whole),
            _ => self.mark(byte, text, whole, record),
        };
        tried.scan(|| {
            self.plain(text, 1);
            None
        })
    }

    /// Behind the value, where no prose is accepted.
    fn behind(&mut self, text: &[u8], whole: bool, record: &mut Record) -> Option<Scan> {
        self.at += text[self.at..].iter().take_while(|&&byte| is_blank(byte)).count();
        match text.get(self.at) {
            None => Some(Scan::Drained),
            Some(&mark) if self.fence.is_some_and(|fence| fence.mark == mark) => {
                let tried = self.mark(mark, text, whole, record);
                tried.scan(|| Some(Scan::Refused(self.at)))
            }
            Some(_) => Some(Scan::Refused(self.at)),
        }
    }

    /// Takes `length` bytes for prose; blanks with no prose before them are none.
    fn plain(&mut self, text: &[u8], length: usize) {
        let (mut start, end) = (self.at, self.at + length);
        if self.prose.last().is_none_or(|last| last.1 != start) {
            start += text[start..end].iter().take_while(|&&byte| is_blank(byte)).count();
        }
        self.add_prose(start, end);
        self.at = end;
    }

    /// Whether an object or an array in prose may be the answer.
    fn bracket(&self, byte: u8, rest: &[u8], whole: bool) -> Mark {
        let gap = |rest: &[u8]| rest.iter().take(MAX_GAP).take_while(|byte| is_blank(**byte)).count();
        let mut at = 1;
        if byte == b'[' {
            // A list is, of objects: `[1]` is a reference, and `[x]` may be anything.
            loop {
                at += gap(&rest[at..]);
                match rest.get(at) {
                    _ if at >= MAX_GAP => return Mark::No,
                    Some(b'[') => at += 1,
                    Some(b'{') => break,
                    None if !whole => return Mark::Open,
                    _ => return Mark::No,
                }
            }
            at += 1;
        }
        at += gap(&rest[at..]);
        match rest.get(at) {
            _ if at >= 2 * MAX_GAP => Mark::No,
            None if !whole => Mark::Open,
            Some(b'"' | b'}') => Mark::Yes(at),
            Some(b'/' | b'#') if self.has(RepairKind::Comment) => Mark::Yes(at),
            Some(b'\\') if self.has(RepairKind::Encoded) => Mark::Yes(at),
            Some(b',') if self.has(RepairKind::TrailingComma) => Mark::Yes(at),
            Some(byte) if byte.is_ascii_alphanumeric() && self.has(RepairKind::UnquotedKey) => Mark::Yes(at),
            Some(_) if self.has(RepairKind::Quote) && sign(&rest[at..]) != Sign::Other => Mark::Yes(at),
            _ => Mark::No,
        }
    }

    /// Reads a fence that opens or closes here.
    fn mark(&mut self, mark: u8, text: &[u8], whole: bool, record: &mut Record) -> Tried {
        if !self.has(RepairKind::Fence) {
            return Tried::No;
        }
        let at = self.at;
        let rest = &text[at..];
        let length = rest.iter().take(MAX_FENCE).take_while(|byte| **byte == mark).count();
        if length == rest.len() && !whole && length < MAX_FENCE {
            return Tried::Open;
        }
        if let Some(fence) = self.fence {
            if fence.mark != mark || length < fence.length {
                return Tried::No;
            }
            self.fence = None;
            note(record, RepairKind::Fence, text, at, at + length);
            self.at += length;
            return Tried::Read;
        }
        let end = match self.opening(mark, length, rest, whole) {
            Mark::Open => return Tried::Open,
            Mark::No => return Tried::No,
            Mark::Yes(end) => end,
        };
        self.fence = Some(Fence { mark, length });
        note(record, RepairKind::Fence, text, at, at + end);
        self.at += end;
        self.mode = Mode::Open;
        Tried::Read
    }

    /// Whether these marks open a fence: three at least and the name of a language, or, where a value begins at once,
    /// the one or two marks of code within a line.
    fn opening(&self, mark: u8, length: usize, rest: &[u8], whole: bool) -> Mark {
        let behind = &rest[length..];
        if length < 3 {
            return match behind.first() {
                None if !whole => Mark::Open,
                Some(b'{' | b'[') if mark == b'`' && self.mode == Mode::Open => Mark::Yes(length),
                _ => Mark::No,
            };
        }
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-' | b'.');
        let name = behind.iter().take(MAX_FENCE).take_while(is_name).count();
        let gap = behind[name..]
            .iter()
            .take(MAX_FENCE)
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
            .count();
        let end = length + name + gap;
        match rest.get(end) {
            None if whole => Mark::Yes(end),
            // Neither the name nor the gap goes on for ever.
            None => Mark::Open,
            Some(b'\n' | b'{' | b'[' | b'"') => Mark::Yes(end),
            Some(_) if name == 0 || gap > 0 => Mark::Yes(length + name),
            _ => Mark::No,
        }
    }

    /// Reads the tag of a reasoning block.
    fn tag(&mut self, text: &[u8], whole: bool) -> Tried {
        if !self.has(RepairKind::Reasoning) {
            return Tried::No;
        }
        let rest = &text[self.at + 1..];
        let (closes, name) = rest.strip_prefix(b"/").map_or((false, rest), |name| (true, name));
        match tag(name, whole) {
            Mark::Open => Tried::Open,
            Mark::No => Tried::No,
            Mark::Yes(length) => {
                let start = self.at;
                let end = start + 1 + usize::from(closes) + length;
                self.at = end;
                if closes {
                    self.unopened(start, end);
                    return Tried::Unopened;
                }
                self.mode = Mode::Reasoning(Part { start, text: (end, end), end });
                Tried::Read
            }
        }
    }

    /// All up to `start` was reasoning.
    fn unopened(&mut self, start: usize, end: usize) {
        self.prose.clear();
        self.reasoning.clear();
        self.reasoning.push(Part { start: 0, text: (0, start), end });
        self.fence = None;
        self.begins = true;
        self.accepted = false;
        self.mode = Mode::Open;
    }

    fn reasoning(&mut self, part: Part, text: &[u8]) -> Option<Scan> {
        let plain = text[self.at..].iter().take_while(|&&byte| byte != b'<').count();
        self.at += plain;
        let part = Part { text: (part.text.0, self.at), end: self.at, ..part };
        self.mode = Mode::Reasoning(part);
        let rest = &text[self.at..];
        let closes = match rest {
            [b'<', b'/', name @ ..] => tag(name, false),
            [] | [b'<'] => Mark::Open,
            _ => Mark::No,
        };
        match closes {
            Mark::Open => return Some(Scan::Drained),
            Mark::No => self.at += 1,
            Mark::Yes(length) => {
                self.at += 2 + length;
                self.reasoning.push(Part { end: self.at, ..part });
                self.mode = if self.begins { Mode::Open } else { Mode::Prose };
            }
        }
        None
    }

    /// Whether a number or a word stands alone here: on its line, or in its fence.
    fn scalar(&self, rest: &[u8], whole: bool) -> Mark {
        let is_scalar =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
        let length = rest.iter().take(MAX_SCALAR).take_while(is_scalar).count();
        let (token, behind) = rest.split_at(length);
        let has = |kind| self.has(kind);
        let is_word = match word::word(token) {
            Some(word::Word::Strict) => true,
            Some(word::Word::Mended(_)) => has(RepairKind::Word),
            None => false,
        };
        if behind.is_empty() && !whole && length < MAX_SCALAR {
            let may_be = match token.first() {
                Some(byte) if byte.is_ascii_alphabetic() => {
                    is_word || word::may_begin(token, has(RepairKind::Word))
                }
                _ => true,
            };
            return if may_be { Mark::Open } else { Mark::No };
        }
        let is_number =
            || number::is_strict(token) || (has(RepairKind::Number) && number::mend(token).is_some());
        if !(is_word || is_number()) || !(self.begins || self.fence.is_some()) {
            return Mark::No;
        }
        let in_fence = self.fence.is_some();
        let blank = |byte: &&u8| is_blank(**byte) && (in_fence || **byte != b'\n');
        let gap = behind.iter().take(MAX_GAP).take_while(blank).count();
        match behind.get(gap) {
            // What comes behind so many blanks belongs to another sentence, if to any.
            _ if gap >= MAX_GAP => Mark::Yes(length),
            None if whole => Mark::Yes(length),
            None => Mark::Open,
            Some(b'`' | b'~') if in_fence => Mark::Yes(length),
            Some(b'\n') => Mark::Yes(length),
            Some(b'<') if behind.get(gap + 1) == Some(&b'|') => Mark::Yes(length),
            Some(b'<') if behind.len() == gap + 1 && !whole => Mark::Open,
            _ => Mark::No,
        }
    }
}

/// Whether the text begins with the name of a reasoning tag and the bracket that ends it.
fn tag(text: &[u8], whole: bool) -> Mark {
    for name in TAGS {
        let length = name.len().min(text.len());
        if text[..length].eq_ignore_ascii_case(&name[..length]) {
            if length == name.len() {
                return Mark::Yes(length);
            }
            if !whole {
                return Mark::Open;
            }
        }
    }
    Mark::No
}

fn note(record: &mut Record, kind: RepairKind, text: &[u8], start: usize, end: usize) {
    record.note(Repair::left_out(kind, text, start, end), None);
}
