//! Events that are like the one before, but for the characters of the one text that goes on in them.
//!
//! A response consists of little else. Where the bytes before and behind those characters are the same, so is what
//! they mean: only the characters are read.

use std::ops::Range;

use instar_json::{Span, plain_run};

use crate::assembler::Slot;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Field, Fields, Tag};
use crate::transcript::Edit;

/// What is read of an event that is like the one before: the string alone.
pub(crate) static CHARACTERS: Extract = Extract::Text(Tag::Characters);

/// Recognises the events that are like the first of their run.
#[derive(Debug, Default)]
pub(crate) struct Coalescer {
    /// That first event.
    first: Vec<u8>,
    /// What may be different in the others, in the order of the event.
    gaps: Vec<Gap>,
    /// The text that goes on; none if no run has begun.
    text: Option<Growing>,
}

/// The text that goes on in the events of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growing {
    pub(crate) kind: DeltaKind,
    pub(crate) choice: u32,
    pub(crate) call: Option<u32>,
    pub(crate) item: u32,
    pub(crate) slot: Slot,
    /// Where its characters lie in the first event.
    raw: Span,
}

/// An event that is like the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alike {
    /// The text that goes on in it.
    pub(crate) text: Growing,
    /// Where its characters lie.
    pub(crate) raw: Span,
    /// Whether these are the characters themselves, without an escape.
    pub(crate) plain: bool,
    /// Its number, where it has one.
    pub(crate) number: Option<u64>,
    /// Where its id lies, where it has one.
    pub(crate) id: Option<Span>,
}

/// A string or number that may be another one in the next event.
#[derive(Clone, Copy, Debug)]
struct Gap {
    tag: Tag,
    raw: Span,
}

impl Coalescer {
    /// Forgets the run.
    pub(crate) fn stop(&mut self) {
        self.text = None;
    }

    /// Begins a run with an event in which this text alone goes on.
    pub(crate) fn start(&mut self, data: &[u8], event: Fields<'_>, delta: &DeltaSpan, slot: Slot) {
        let Some(raw) = delta.raw else { return };
        let &DeltaSpan { kind, choice, call, item, .. } = delta;
        self.text = Some(Growing { kind, choice, call, item, slot, raw });
        self.first.clear();
        self.gaps.clear();
        self.first.extend_from_slice(data);
        self.gaps.extend(event.found.iter().filter_map(|field| match field.tag {
            _ if field.raw == Some(raw) => Some(Gap { tag: Tag::Characters, raw }),
            tag @ (Tag::Counter | Tag::EventId | Tag::Padding | Tag::Stamp) => {
                Some(Gap { tag, raw: field.raw? })
            }
            _ => None,
        }));
    }

    /// If an event is the next one of the run: what it says.
    pub(crate) fn next(&self, data: &[u8]) -> Option<Alike> {
        let text = self.text?;
        let (mut read, mut at, mut plain) = (0, 0, true);
        let (mut characters, mut number, mut id) = (None, None, None);
        for gap in &self.gaps {
            let same = &self.first[read..gap.raw.start as usize];
            if !data[at..].starts_with(same) {
                return None;
            }
            at += same.len();
            let start = at;
            match gap.tag {
                Tag::Characters => {
                    (at, plain) = characters_end(data, start)?;
                    characters = Some(Span::raw(start, at));
                }
                Tag::Counter => {
                    let (value, end) = digits(data, start)?;
                    (number, at) = (Some(value), end);
                }
                Tag::EventId => {
                    at = ascii_end(data, start)?;
                    id = Some(Span::raw(start, at));
                }
                _ => at = ascii_end(data, start)?,
            }
            read = gap.raw.end as usize;
        }
        (data[at..] == self.first[read..]).then_some(Alike { text, raw: characters?, plain, number, id })
    }

    /// Where in the first event the characters of the others go.
    pub(crate) fn growth(&self) -> Option<usize> {
        Some(self.text?.raw.end as usize)
    }
}

/// Where the string that begins at `start` ends, and whether it is without an escape.
fn characters_end(data: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut plain) = (start, true);
    loop {
        let end = plain_run(data, at).end;
        match data.get(end)? {
            b'"' => return Some((end, plain)),
            b'\\' => (at, plain) = (end + 2, false),
            _ => return None,
        }
    }
}

/// Where the string that begins at `start` ends, if it is ASCII without an escape.
fn ascii_end(data: &[u8], start: usize) -> Option<usize> {
    let run = plain_run(data, start);
    (run.ascii && data.get(run.end) == Some(&b'"')).then_some(run.end)
}

/// The number whose digits begin at `start`, and where they end. What is no number, or might be too long for one, is
/// for the grammar to decide.
fn digits(data: &[u8], start: usize) -> Option<(u64, usize)> {
    let (mut value, mut end) = (0_u64, start);
    while let Some(digit) = data.get(end).filter(|byte| byte.is_ascii_digit()) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        end += 1;
    }
    let is_number = end == start + 1 || end > start && data[start] != b'0';
    is_number.then_some((value, end))
}

/// The one delta of an event whose text may go on in events like it. None if the event has another, or another text
/// that grows: what that one says is not to be taken for the same in every event.
pub(crate) fn growing<'d>(event: Fields<'_>, deltas: &'d [DeltaSpan]) -> Option<&'d DeltaSpan> {
    if event.grows || event.found.iter().filter(|field| grows(field, event)).count() > 1 {
        return None;
    }
    let says_something = |delta: &&DeltaSpan| !delta.kind.grows() || !delta.bytes(event.source).is_empty();
    let mut speaking = deltas.iter().filter(says_something);
    let one = match (speaking.next(), speaking.next()) {
        (Some(one), None) => one,
        (None, None) => deltas.iter().find(|delta| delta.raw.is_some())?,
        _ => return None,
    };
    (one.kind.grows() && one.extent == Extent::Piece && one.raw.is_some()).then_some(one)
}

/// Whether a field says something of a text that grows.
fn grows(field: &Field, event: Fields<'_>) -> bool {
    let is_text = match field.tag {
        Tag::Delta(kind) => kind.grows(),
        tag => matches!(tag, Tag::Characters | Tag::All | Tag::Summary | Tag::Value),
    };
    is_text && !event.source.bytes(field.text).is_empty()
}

/// The edits that rid an event of its padding.
pub(crate) fn padding(data: &[u8], event: Fields<'_>) -> impl Iterator<Item = Edit> {
    let paddings = event.found.iter().filter(|found| found.tag == Tag::Padding);
    paddings.filter_map(|found| found.raw).map(|raw| Edit { at: member(data, raw), text: String::new() })
}

/// The member of an object whose value is the string `raw`, with a comma.
fn member(data: &[u8], raw: Span) -> Range<usize> {
    let Range { start, end } = raw.start as usize..raw.end as usize;
    let opens = |&byte: &u8| byte == b',' || byte == b'{';
    let before = data[..start].iter().rposition(opens).expect("a member is in an object");
    if data[before] == b',' {
        return before..end + 1;
    }
    let rest = data[end + 1..].trim_ascii_start();
    let comma = usize::from(rest.starts_with(b","));
    before + 1..data.len() - rest.len() + comma
}
