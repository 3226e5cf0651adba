//! The envelope of Gemini's `streamGenerateContent`.
//!
//! Arguments come whole. Those that Vertex streams by their paths when asked to (`partialArgs`) are not read.

use std::collections::BTreeMap;

use crate::shape::{Findings, Found, Level, Shape, Tag};
use crate::{Kind, Said};

pub(crate) static SHAPE: Shape = Shape::Object(&[
    (
        "candidates",
        Shape::Each(
            Level::Choice,
            &Shape::Object(&[
                ("index", Shape::Number(Tag::Index(Level::Choice))),
                (
                    "content",
                    Shape::Object(&[("parts", Shape::Each(Level::Call, &PART)), ("role", Shape::Same)]),
                ),
                ("finishReason", Shape::Text(Tag::Said(Kind::Finish))),
            ]),
        ),
    ),
    ("usageMetadata", Shape::Json(Tag::Said(Kind::Usage))),
    ("error", Shape::Json(Tag::Said(Kind::Error))),
]);

static PART: Shape = Shape::Object(&[
    ("text", Shape::Text(Tag::Said(Kind::Text))),
    ("thought", Shape::True(Tag::Thought)),
    (
        "functionCall",
        Shape::Object(&[
            ("id", Shape::Text(Tag::Said(Kind::Id))),
            ("name", Shape::Text(Tag::Said(Kind::Call))),
            ("args", Shape::Json(Tag::Said(Kind::Arguments))),
        ]),
    ),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gemini {
    /// How many calls each candidate has made.
    calls: BTreeMap<u32, u32>,
}

impl Gemini {
    /// What an event says.
    pub(crate) fn say(&mut self, event: Findings<'_>, said: &mut Vec<Said>) {
        let part = |found: &Found| (found.choice, found.place);
        for parts in event.found.chunk_by(|left, right| part(left) == part(right)) {
            let thought = parts.iter().any(|found| found.tag == Tag::Thought);
            let named = parts.iter().any(|found| found.tag == Tag::Said(Kind::Call));
            let call = self.call(parts[0].choice.unwrap_or(0), named);
            for found in parts {
                let Tag::Said(kind) = found.tag else { continue };
                let kind = if thought && kind == Kind::Text { Kind::Reasoning } else { kind };
                let call = call.filter(|_| matches!(kind, Kind::Call | Kind::Id | Kind::Arguments));
                said.push(Said { call, ..Said::found(kind, found) });
            }
        }
    }

    /// The number of a candidate's call: they come one after the other, each with its name first.
    fn call(&mut self, choice: u32, named: bool) -> Option<u32> {
        if named {
            *self.calls.entry(choice).or_default() += 1;
        }
        self.calls.get(&choice)?.checked_sub(1)
    }
}
