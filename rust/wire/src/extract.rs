//! What is read of an event's JSON. The rest is skipped, whatever it holds.

use crate::delta::{DeltaKind, DeltaSpan};
use std::convert::Infallible;

use instar_json::{Kind as Json, Nesting, NumberForm, Receiver, Stop};

use crate::fault::{Fault, FaultKind};
use instar_json::{Source, Span};

/// What is looked for in a value. A value of another kind is skipped.
#[derive(Debug)]
pub(crate) enum Extract {
    /// These members of an object.
    Object(&'static [(&'static str, Extract)]),
    /// The elements of an array, which are numbered as the level says.
    Each(Level, &'static Extract),
    /// The characters of a string.
    Text(Tag),
    /// The JSON text of an object or a string.
    Json(Tag),
    /// The digits of a number.
    Number(Tag),
    /// That it is `true`.
    True(Tag),
    /// Nothing: to say it in every event adds nothing to it.
    Same,
}

/// What a found value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// It is what the response says.
    Delta(DeltaKind),
    /// The number of the element it is in.
    Index(Level),
    /// What the event is.
    Type,
    /// What the part of the response is that the event is about.
    PartType,
    /// The next characters of that part.
    Characters,
    /// Whether a part is reasoning.
    Thought,
    /// How a response has ended.
    Status,
    /// Why it is incomplete.
    Reason,
    /// The number of the event.
    Counter,
    /// Characters that only make the event's length say nothing.
    Padding,
    /// What is the same in every event.
    Same,
    /// A tool call, behind all that was found in it.
    Call,
}

/// What elements can be numbered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Choice,
    Call,
}

/// A value that was looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) tag: Tag,
    /// The number of the choice it is in.
    pub(crate) choice: Option<u32>,
    /// The place in its list of the tool call it is in.
    pub(crate) place: Option<u32>,
    /// What it says.
    pub(crate) text: Span,
    /// Where its characters or digits lie in the raw text. None if it is JSON text.
    pub(crate) raw: Option<Span>,
}

impl Field {
    /// The delta that it is.
    pub(crate) fn delta(&self, kind: DeltaKind) -> DeltaSpan {
        let choice = self.choice.unwrap_or(0);
        DeltaSpan { kind, choice, call: None, text: self.text, raw: self.raw }
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
    extract: &'static Extract,
    /// How many elements have begun.
    elements: u32,
    /// How much had been found before it.
    before: usize,
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
        self.found.push(Field { tag, choice: None, place: None, text, raw });
    }

    /// What is looked for in the value that begins.
    fn extract(&mut self) -> Option<&'static Extract> {
        if let Some(Open { extract: Extract::Each(_, element), elements, .. }) = self.open.last_mut() {
            *elements += 1;
            return Some(element);
        }
        self.next.take()
    }

    fn enter(&mut self, extract: &'static Extract) {
        self.arrays += usize::from(matches!(extract, Extract::Each(..)));
        self.open.push(Open { extract, elements: 0, before: self.found.len() });
    }

    fn skip(&mut self, kind: Json, at: usize, tag: Option<Tag>, may_grow: bool) {
        self.skipped = Some(Skipped { depth: 1, start: at, tag, may_grow });
        self.grows |= may_grow && self.extends(kind, at);
    }

    /// Whether the array that begins at `at` holds something: who puts events together puts it behind what it had.
    fn extends(&self, kind: Json, at: usize) -> bool {
        kind == Json::Array && !self.json[at + 1..].trim_ascii_start().starts_with(b"]")
    }

    /// The element of an array has closed before `end`: what was found in it is told where it was.
    fn close_element(&mut self, before: usize, end: usize) {
        let Some(&Open { extract: Extract::Each(level, _), elements, .. }) = self.open.last() else { return };
        let place = elements - 1;
        match level {
            Level::Choice => {
                let found = &mut self.found[before..];
                let index = found.iter().find(|found| found.tag == Tag::Index(Level::Choice));
                let source = Source { raw: self.json, decoded: "" };
                let choice = index.and_then(|index| number(source.bytes(index.text))).unwrap_or(place);
                for found in found {
                    found.choice = Some(choice);
                }
            }
            Level::Call => {
                self.push(Tag::Call, Span::raw(end, end), None);
                for found in &mut self.found[before..] {
                    found.place = Some(place);
                }
            }
        }
    }
}

impl Receiver for Walk<'_> {
    type Stop = Infallible;

    fn begin(&mut self, kind: Json, at: usize) -> Result<(), Infallible> {
        let container = matches!(kind, Json::Object | Json::Array);
        if let Some(Skipped { depth, may_grow, .. }) = &mut self.skipped {
            *depth += usize::from(container);
            let may_grow = *may_grow;
            self.start = at;
            self.grows |= may_grow && self.extends(kind, at);
            return Ok(());
        }
        self.start = at;
        self.leaf = None;
        let extract = self.extract();
        self.quoted = matches!(extract, Some(Extract::Json(_)));
        match (extract, kind) {
            (Some(extract @ Extract::Object(_)), Json::Object)
            | (Some(extract @ Extract::Each(..)), Json::Array) => {
                self.enter(extract);
            }
            (Some(Extract::Json(tag)), Json::Object) => self.skip(kind, at, Some(*tag), false),
            (Some(Extract::Text(tag) | Extract::Json(tag)), Json::String)
            | (Some(Extract::Number(tag)), Json::Number)
            | (Some(Extract::True(tag)), Json::True) => self.leaf = Some(*tag),
            (Some(Extract::Same), _) if container => self.skip(kind, at, None, false),
            (Some(Extract::Same), Json::String) => self.leaf = Some(Tag::Same),
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

    fn name(&mut self, _kind: Json, end: usize) -> Result<(), Infallible> {
        if let (None, Some(tag)) = (self.skipped, self.leaf) {
            self.push(tag, Span::raw(self.start, end), None);
        }
        Ok(())
    }

    fn key(&mut self, span: Span, _at: usize, source: Source<'_>) -> Result<(), Infallible> {
        if self.skipped.is_none()
            && let Some(Open { extract: Extract::Object(members), .. }) = self.open.last()
        {
            let key = source.bytes(span);
            let member = members.iter().find(|(name, _)| name.as_bytes() == key);
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
            self.arrays -= usize::from(matches!(open.extract, Extract::Each(..)));
            self.close_element(open.before, end);
        }
        Ok(())
    }
}
