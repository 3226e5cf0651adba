//! Events that are like the one before, but for the characters of the one delta that they hold.
//!
//! A response consists of little else. Where the bytes before and behind those characters are the same, so is what
//! they mean: only the characters are read.

use std::ops::Range;

use crate::delta::{DeltaKind, DeltaSpan};
use crate::extract::{Extract, Fields, Tag};
use crate::transcript::Edit;
use instar_json::Span;
use instar_json::plain_run;

/// What is read of an event of a run: the string alone.
pub(crate) static CHARACTERS: Extract = Extract::Text(Tag::Characters);

/// The run at hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coalescer {
    /// Its first event.
    first: Vec<u8>,
    /// What may be different in the others, in the order of the event.
    gaps: Vec<Gap>,
    /// What it says; nothing if no run has begun.
    delta: Option<DeltaSpan>,
}

/// A string or number that may be another one in the next event.
#[derive(Clone, Copy, Debug)]
struct Gap {
    tag: Tag,
    raw: Span,
}

impl Coalescer {
    /// Begins with an event that says this, if others like it may follow.
    pub(crate) fn start(&mut self, data: &[u8], event: Fields<'_>, delta: &[DeltaSpan]) {
        self.first.clear();
        self.gaps.clear();
        self.delta = if event.grows { None } else { growing(delta) };
        let Some(DeltaSpan { raw: Some(raw), .. }) = self.delta else { return };
        self.first.extend_from_slice(data);
        self.gaps.extend(event.found.iter().filter_map(|found| match found.tag {
            _ if found.raw == Some(raw) => Some(Gap { tag: Tag::Characters, raw }),
            tag @ (Tag::Counter | Tag::Padding) => Some(Gap { tag, raw: found.raw? }),
            _ => None,
        }));
    }

    /// If an event is the next one of the run: what it says, and where its characters lie.
    pub(crate) fn next(&self, data: &[u8]) -> Option<(DeltaSpan, Span)> {
        let delta = self.delta?;
        let (mut read, mut at, mut characters) = (0, 0, None);
        for gap in &self.gaps {
            let same = &self.first[read..gap.raw.start as usize];
            if !data[at..].starts_with(same) {
                return None;
            }
            at += same.len();
            let end = gap.end(data, at)?;
            if gap.tag == Tag::Characters {
                characters = Some(Span::raw(at, end));
            }
            (read, at) = (gap.raw.end as usize, end);
        }
        (data[at..] == self.first[read..]).then_some((delta, characters?))
    }

    /// Where in the first event the characters of the others go.
    pub(crate) fn growth(&self) -> Option<usize> {
        Some(self.delta?.raw?.end as usize)
    }
}

impl Gap {
    /// Where in another event what fills the gap from `start` ends, if it is of the same kind.
    fn end(self, data: &[u8], start: usize) -> Option<usize> {
        if self.tag == Tag::Counter {
            let length = data[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            // What is no number, or might be too long for one, is for the grammar to judge.
            let is_number = length == 1 || (2..=20).contains(&length) && data[start] != b'0';
            return is_number.then_some(start + length);
        }
        let mut at = start;
        loop {
            let run = plain_run(data, at);
            match data.get(run.end)? {
                b'"' if self.tag == Tag::Characters || run.ascii => return Some(run.end),
                b'\\' if self.tag == Tag::Characters => at = run.end + 2,
                _ => return None,
            }
        }
    }
}

/// What rids an event of its padding.
pub(crate) fn padding(data: &[u8], event: Fields<'_>) -> impl Iterator<Item = Edit> {
    let paddings = event.found.iter().filter(|found| found.tag == Tag::Padding);
    paddings.filter_map(|found| found.raw).map(|raw| Edit { at: member(data, raw), text: String::new() })
}

/// The one thing delta that grows from event to event, if nothing else is delta.
fn growing(delta: &[DeltaSpan]) -> Option<DeltaSpan> {
    let mut speaking = delta.iter().filter(|delta| !delta.text.is_empty() || delta.kind == DeltaKind::Done);
    let one = match (speaking.next(), speaking.next()) {
        (Some(one), None) => one,
        (None, None) => delta.iter().find(|delta| delta.kind.grows())?,
        _ => return None,
    };
    (one.kind.grows() && one.raw.is_some()).then_some(*one)
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
