//! The protocol of Gemini's `streamGenerateContent`.
//!
//! Arguments come whole. Those that Vertex streams by their paths when asked to (`partialArgs`) are not read.

use std::collections::BTreeMap;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::framing::Framing;
use crate::extract::{Fields, Field, Level, Extract, Tag};
use crate::delta::{DeltaKind, DeltaSpan};
pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "gemini",
    framing: Framing::Sse,
    signs: &[Sign::Member("candidates"), Sign::Member("usageMetadata")],
    extract: &EXTRACT,
    decoder: || Box::new(Gemini::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    (
        "candidates",
        Extract::Each(
            Level::Choice,
            &Extract::Object(&[
                ("index", Extract::Number(Tag::Index(Level::Choice))),
                (
                    "content",
                    Extract::Object(&[("parts", Extract::Each(Level::Call, &PART)), ("role", Extract::Same)]),
                ),
                ("finishReason", Extract::Text(Tag::Delta(DeltaKind::Finish))),
            ]),
        ),
    ),
    ("usageMetadata", Extract::Json(Tag::Delta(DeltaKind::Usage))),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
]);

static PART: Extract = Extract::Object(&[
    ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
    ("thought", Extract::True(Tag::Thought)),
    (
        "functionCall",
        Extract::Object(&[
            ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
            ("args", Extract::Json(Tag::Delta(DeltaKind::Arguments))),
        ]),
    ),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
struct Gemini {
    /// How many calls each candidate has made.
    calls: BTreeMap<u32, u32>,
}

impl Decode for Gemini {
    /// Decodes an event.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        let part = |found: &Field| (found.choice, found.place);
        for parts in event.found.chunk_by(|left, right| part(left) == part(right)) {
            let thought = parts.iter().any(|found| found.tag == Tag::Thought);
            let named = parts.iter().any(|found| found.tag == Tag::Delta(DeltaKind::Call));
            let call = self.call(parts[0].choice.unwrap_or(0), named);
            for found in parts {
                let Tag::Delta(kind) = found.tag else { continue };
                let kind = if thought && kind == DeltaKind::Text { DeltaKind::Reasoning } else { kind };
                let call = call.filter(|_| matches!(kind, DeltaKind::Call | DeltaKind::Id | DeltaKind::Arguments));
                deltas.push(DeltaSpan { call, ..found.delta(kind) });
            }
        }
    }
}

impl Gemini {
    /// The number of a candidate's call: they come one after the other, each with its name first.
    fn call(&mut self, choice: u32, named: bool) -> Option<u32> {
        if named {
            *self.calls.entry(choice).or_default() += 1;
        }
        self.calls.get(&choice)?.checked_sub(1)
    }
}
