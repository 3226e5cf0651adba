//! The fields of an event: what is read of its JSON. The rest is skipped, whatever it holds.

use std::convert::Infallible;

use instar_json::{Kind, Nesting, NumberForm, Receiver, Source, Span, Stop};

use crate::delta::{DeltaKind, DeltaSpan};
use crate::fault::{Fault, FaultKind};

/// What is looked for in a value. A value of another kind is skipped.
#[derive(Debug)]
pub(crate) enum Extract {
    /// These members of an object.
    Object(&'static [(&'static str, Extract)]),
    /// The elements of an array, which are numbered as the level says. An object in its place is its only element.
    Each(Level, &'static Extract),
    /// The first of these that is for a value of this kind.
    Any(&'static [Extract]),
    /// The same, but its fields tell all that there is, not what comes next.
    Whole(&'static Extract),
    /// The characters of a string.
    Text(Tag),
    /// The JSON text of an object or a string.
    Json(Tag),
    /// The digits of a number.
    Number(Tag),
    /// The JSON text of a number, `true`, `false` or `null`.
    Atom(Tag),
    /// That it is `true`.
    True(Tag),
    /// That it is an object.
    Present(Tag, &'static [(&'static str, Extract)]),
    /// Nothing: to say it in every event adds nothing to it.
    Same,
}

impl Extract {
    /// What is looked for in a value of this kind.
    fn of(&'static self, kind: Kind) -> Option<&'static Self> {
        let fits = match self {
            Self::Any(choices) => return choices.iter().find_map(|choice| choice.of(kind)),
            Self::Whole(inner) => inner.of(kind).is_some(),
            Self::Object(_) | Self::Present(..) => kind == Kind::Object,
            Self::Each(..) => matches!(kind, Kind::Array | Kind::Object),
            Self::Text(_) => kind == Kind::String,
            Self::Json(_) => matches!(kind, Kind::String | Kind::Object),
            Self::Number(_) => kind == Kind::Number,
            Self::Atom(_) => matches!(kind, Kind::Number | Kind::True | Kind::False | Kind::Null),
            Self::True(_) => kind == Kind::True,
            Self::Same => true,
        };
        fits.then_some(self)
    }
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// It is a delta of this kind.
    Delta(DeltaKind),
    /// The number of the element it is in.
    Index(Level),
    /// What the event is.
    Type,
    /// What the item of the response is that the event, or the element, is about.
    ItemType,
    /// What the part of an item is.
    PartType,
    /// The id of an item.
    ItemId,
    /// How an item has ended.
    ItemStatus,
    /// Where an item stands: in the answer or beside it.
    Phase,
    /// The next characters of a part.
    Characters,
    /// All the characters of a part.
    All,
    /// All the characters of a part of a summary.
    Summary,
    /// Whether a part is reasoning.
    Thought,
    /// Whether something has ended.
    Ended,
    /// Whether something goes on in another event.
    Continues,
    /// The path of a value.
    Path,
    /// The characters of a string that a path leads to.
    Value,
    /// The number or word that a path leads to.
    Atom,
    /// How a response has ended.
    Status,
    /// Why it is incomplete.
    Reason,
    /// The number of the event.
    Counter,
    /// The id of the event.
    EventId,
    /// Which of the responses in one source the event belongs to.
    Lane,
    /// Characters that only make the event's length say nothing.
    Padding,
    /// What is another in every event, and of no interest.
    Stamp,
    /// What is the same in every event.
    Same,
    /// The end of an entry of a list of tool calls, behind all its fields.
    Entry,
}

/// What the elements of arrays are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Choice,
    Call,
    Item,
    Part,
}

/// A value that was looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) tag: Tag,
    /// The number of the choice it is in.
    pub(crate) choice: Option<u32>,
    /// The places in their lists of the tool call, the item and the part that it is in.
    pub(crate) call: Option<u32>,
    pub(crate) item: Option<u32>,
    pub(crate) part: Option<u32>,
    /// Whether it tells all that there is, not what comes next.
    pub(crate) whole: bool,
    /// What it says.
    pub(crate) text: Span,
    /// Where its characters or digits lie in the raw text. None if it is JSON text.
    pub(crate) raw: Option<Span>,
}

impl Field {
    /// The delta that it is.
    pub(crate) fn delta(&self, kind: DeltaKind) -> DeltaSpan {
        let choice = self.choice.unwrap_or(0);
        DeltaSpan { choice, raw: self.raw, ..DeltaSpan::new(kind, self.text) }
    }

    /// Where it lies in the raw text.
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        let raw = self.raw.unwrap_or(self.text);
        raw.start as usize..raw.end as usize
    }
}

/// What was found in an event, in its order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'f> {
    pub(crate) found: &'f [Field],
    pub(crate) source: Source<'f>,
    /// Whether to say the event twice would add to a part of it that was skipped.
    pub(crate) grows: bool,
}

impl<'f> Fields<'f> {
    pub(crate) fn find(self, tag: Tag) -> Option<&'f Field> {
        self.found.iter().find(|found| found.tag == tag)
    }

    pub(crate) fn text(self, tag: Tag) -> &'f [u8] {
        self.find(tag).map_or(b"", |found| self.source.bytes(found.text))
    }

    pub(crate) fn number(self, tag: Tag) -> Option<u32> {
        number(self.text(tag))
    }

    /// These of its fields only.
    pub(crate) fn within(self, found: &'f [Field]) -> Self {
        Self { found, ..self }
    }
}

/// The number that digits spell, if it is one that elements can have.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Reads events, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    json: instar_json::Reader,
    found: Vec<Field>,
    open: Vec<Open>,
    grows: bool,
}

/// An object or array in which something is looked for.
#[derive(Clone, Copy, Debug)]
struct Open {
    members: Members,
    /// How many elements have begun.
    elements: u32,
    /// How much had been found before it.
    before: usize,
    /// Whether what is found in it is whole.
    whole: bool,
    /// Whether it is an element of a list that it stands in place of.
    only: Option<Level>,
}

/// What is looked for in it.
#[derive(Clone, Copy, Debug)]
enum Members {
    Named(&'static [(&'static str, Extract)]),
    Each(Level, &'static Extract),
}

impl Reader {
    pub(crate) fn new() -> Self {
        // What is skipped may be nested as deep as it likes.
        let json = instar_json::Reader::new(Nesting::UNLIMITED);
        Self { json, found: Vec::new(), open: Vec::new(), grows: false }
    }

    /// Reads the JSON text of an event, or of a part of one.
    pub(crate) fn read(&mut self, json: &[u8], extract: &'static Extract) -> Result<(), Fault> {
        self.json.reset();
        self.found.clear();
        self.open.clear();
        let mut walk = Walk {
            json,
            found: &mut self.found,
            open: &mut self.open,
            next: Some(extract),
            start: 0,
            leaf: None,
            quoted: false,
            skipped: None,
            arrays: 0,
            grows: false,
        };
        let read = self.json.advance(json, &mut walk).and_then(|()| self.json.end(json, &mut walk));
        self.grows = walk.grows;
        match read {
            Ok(()) if self.json.complete() => Ok(()),
            Ok(()) => Err(Fault { offset: json.len(), kind: FaultKind::Truncated }),
            Err(Stop::Syntax(error)) => {
                Err(Fault { offset: error.offset, kind: FaultKind::Syntax(error.kind) })
            }
            Err(Stop::Receiver(never)) => match never {},
        }
    }

    /// What was found in the text that was read last, which is this one.
    pub(crate) fn fields<'f>(&'f self, json: &'f [u8]) -> Fields<'f> {
        Fields { found: &self.found, source: self.json.source(json), grows: self.grows }
    }
}

/// The way through one event.
struct Walk<'w> {
    json: &'w [u8],
    found: &'w mut Vec<Field>,
    open: &'w mut Vec<Open>,
    /// What is looked for in the next value.
    next: Option<&'static Extract>,
    /// The offset of the value that began last.
    start: usize,
    /// What the open string, number or word is for.
    leaf: Option<Tag>,
    /// Whether that is its JSON text, quotes and all.
    quoted: bool,
    skipped: Option<Skipped>,
    /// How many arrays are open in which something is looked for.
    arrays: usize,
    grows: bool,
}

/// A container that is not looked into.
#[derive(Clone, Copy, Debug)]
struct Skipped {
    /// The containers open in it, itself among them.
    depth: usize,
    start: usize,
    /// What its JSON text is for.
    tag: Option<Tag>,
    /// Whether to say it twice might add to it.
    may_grow: bool,
}

impl Walk<'_> {
    fn push(&mut self, tag: Tag, text: Span, raw: Option<Span>) {
        let (choice, call, item, part) = (None, None, None, None);
        self.found.push(Field { tag, choice, call, item, part, whole: false, text, raw });
    }

    /// What is looked for in the value that begins.
    fn extract(&mut self, kind: Kind) -> Option<&'static Extract> {
        if let Some(Open { members: Members::Each(_, element), elements, .. }) = self.open.last_mut() {
            *elements += 1;
            return element.of(kind);
        }
        self.next.take().and_then(|extract| extract.of(kind))
    }

    /// A container begins in which something is looked for. Returns whether it is one.
    fn enter(&mut self, extract: &'static Extract, kind: Kind, at: usize) -> bool {
        let before = self.found.len();
        let open = |members| Open { members, elements: 0, before, whole: false, only: None };
        let open = match (extract, kind) {
            (Extract::Object(named), Kind::Object) => open(Members::Named(named)),
            (Extract::Present(tag, named), Kind::Object) => {
                self.push(*tag, Span::raw(at, at), None);
                open(Members::Named(named))
            }
            (Extract::Each(level, element), Kind::Array) => open(Members::Each(*level, element)),
            (Extract::Each(level, element), Kind::Object) => match element.of(kind) {
                Some(Extract::Object(named)) => Open { only: Some(*level), ..open(Members::Named(named)) },
                _ => return false,
            },
            (Extract::Whole(inner), _) => {
                let entered = self.enter(inner, kind, at);
                if let Some(open) = self.open.last_mut().filter(|_| entered) {
                    open.whole = true;
                }
                return entered;
            }
            _ => return false,
        };
        self.arrays += usize::from(matches!(open.members, Members::Each(..)));
        self.open.push(open);
        true
    }

    fn skip(&mut self, kind: Kind, at: usize, tag: Option<Tag>, may_grow: bool) {
        self.skipped = Some(Skipped { depth: 1, start: at, tag, may_grow });
        self.grows |= may_grow && self.extends(kind, at);
    }

    /// Whether the array that begins at `at` holds something: who puts events together puts it behind what it had.
    fn extends(&self, kind: Kind, at: usize) -> bool {
        kind == Kind::Array && !self.json[at + 1..].trim_ascii_start().starts_with(b"]")
    }

    /// An element has closed before `end`: its fields are told where they were found.
    fn close_element(&mut self, level: Level, place: u32, before: usize, end: usize) {
        if level == Level::Call {
            self.push(Tag::Entry, Span::raw(end, end), None);
        }
        let found = &mut self.found[before..];
        let index = found.iter().find(|field| level == Level::Choice && field.tag == Tag::Index(level));
        let source = Source { raw: self.json, decoded: "" };
        let number = index.and_then(|index| number(source.bytes(index.text))).unwrap_or(place);
        for field in found {
            *match level {
                Level::Choice => &mut field.choice,
                Level::Call => &mut field.call,
                Level::Item => &mut field.item,
                Level::Part => &mut field.part,
            } = Some(number);
        }
    }
}

impl Receiver for Walk<'_> {
    type Stop = Infallible;

    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), Infallible> {
        let container = matches!(kind, Kind::Object | Kind::Array);
        if let Some(Skipped { depth, may_grow, .. }) = &mut self.skipped {
            *depth += usize::from(container);
            let may_grow = *may_grow;
            self.start = at;
            self.grows |= may_grow && self.extends(kind, at);
            return Ok(());
        }
        self.start = at;
        self.leaf = None;
        let extract = self.extract(kind);
        self.quoted = matches!(extract, Some(Extract::Json(_)));
        match extract {
            Some(Extract::Json(tag)) if kind == Kind::Object => self.skip(kind, at, Some(*tag), false),
            Some(
                Extract::Text(tag)
                | Extract::Json(tag)
                | Extract::Number(tag)
                | Extract::Atom(tag)
                | Extract::True(tag),
            ) => self.leaf = Some(*tag),
            Some(Extract::Same) if container => self.skip(kind, at, None, false),
            Some(Extract::Same) if kind == Kind::String => self.leaf = Some(Tag::Same),
            Some(extract) if self.enter(extract, kind, at) => {}
            _ if container => self.skip(kind, at, None, true),
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, span: Span, end: usize, _source: Source<'_>) -> Result<(), Infallible> {
        match (self.skipped, self.leaf) {
            (None, Some(tag)) if self.quoted => self.push(tag, Span::raw(self.start, end), None),
            (None, Some(tag)) => self.push(tag, span, Some(Span::raw(self.start + 1, end - 1))),
            // A string in an element of an array may be one that arrives in pieces, as `content` does.
            (skipped, _) => {
                let may_grow = skipped.is_none_or(|skipped| skipped.may_grow);
                self.grows |= may_grow && self.arrays > 0 && !span.is_empty();
            }
        }
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, span: Span, _source: Source<'_>) -> Result<(), Infallible> {
        if let (None, Some(tag)) = (self.skipped, self.leaf) {
            self.push(tag, span, Some(span));
        }
        Ok(())
    }

    fn name(&mut self, _kind: Kind, end: usize) -> Result<(), Infallible> {
        if let (None, Some(tag)) = (self.skipped, self.leaf) {
            self.push(tag, Span::raw(self.start, end), None);
        }
        Ok(())
    }

    fn key(&mut self, span: Span, _at: usize, source: Source<'_>) -> Result<(), Infallible> {
        if self.skipped.is_none()
            && let Some(Open { members: Members::Named(named), .. }) = self.open.last()
        {
            let key = source.bytes(span);
            let member = named.iter().find(|(name, _)| name.as_bytes() == key);
            self.next = member.map(|(_, extract)| extract);
        }
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Infallible> {
        if let Some(skipped) = &mut self.skipped {
            skipped.depth -= 1;
            if skipped.depth == 0 {
                let (start, tag) = (skipped.start, skipped.tag);
                self.skipped = None;
                if let Some(tag) = tag {
                    self.push(tag, Span::raw(start, end), None);
                }
            }
        } else if let Some(open) = self.open.pop() {
            self.arrays -= usize::from(matches!(open.members, Members::Each(..)));
            if open.whole {
                self.found[open.before..].iter_mut().for_each(|field| field.whole = true);
            }
            if let Some(level) = open.only {
                self.close_element(level, 0, open.before, end);
            } else if let Some(&Open { members: Members::Each(level, _), elements, .. }) = self.open.last() {
                self.close_element(level, elements - 1, open.before, end);
            }
        }
        Ok(())
    }
}
