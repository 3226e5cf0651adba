//! The envelope of `OpenAI`'s responses.

use std::collections::BTreeSet;

use crate::shape::{Findings, Level, Shape, Tag};
use crate::{Kind, Said};
use instar_json::Span;

pub(crate) static SHAPE: Shape = Shape::Object(&[
    ("type", Shape::Text(Tag::Type)),
    ("sequence_number", Shape::Number(Tag::Counter)),
    ("output_index", Shape::Number(Tag::Index(Level::Call))),
    ("delta", Shape::Text(Tag::Delta)),
    ("arguments", Shape::Text(Tag::Said(Kind::Arguments))),
    (
        "item",
        Shape::Object(&[
            ("type", Shape::Text(Tag::PartType)),
            ("call_id", Shape::Text(Tag::Said(Kind::Id))),
            ("name", Shape::Text(Tag::Said(Kind::Call))),
        ]),
    ),
    (
        "response",
        Shape::Object(&[
            ("status", Shape::Text(Tag::Status)),
            ("usage", Shape::Json(Tag::Said(Kind::Usage))),
            ("error", Shape::Json(Tag::Said(Kind::Error))),
            ("incomplete_details", Shape::Object(&[("reason", Shape::Text(Tag::Reason))])),
        ]),
    ),
    ("error", Shape::Json(Tag::Said(Kind::Error))),
    ("obfuscation", Shape::Text(Tag::Padding)),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responses {
    /// The calls whose arguments have come in deltas.
    argued: BTreeSet<u32>,
}

impl Responses {
    /// What an event says.
    pub(crate) fn say(&mut self, event: Findings<'_>, said: &mut Vec<Said>) {
        let name = event.text(Tag::Type);
        let call = event.number(Tag::Index(Level::Call));
        let found = |tag, kind| event.find(tag).map(|found| Said::found(kind, found));
        let told = |kind| found(Tag::Said(kind), kind);
        match name.strip_prefix(b"response.").unwrap_or(name) {
            b"output_text.delta" => said.extend(found(Tag::Delta, Kind::Text)),
            b"refusal.delta" => said.extend(found(Tag::Delta, Kind::Refusal)),
            b"reasoning_text.delta" | b"reasoning_summary_text.delta" => {
                said.extend(found(Tag::Delta, Kind::Reasoning));
            }
            b"output_item.added" if event.text(Tag::PartType) == b"function_call" => {
                said.extend(told(Kind::Call).map(|next| Said { call, ..next }));
                said.extend(told(Kind::Id).map(|next| Said { call, ..next }));
            }
            b"function_call_arguments.delta" => {
                said.extend(found(Tag::Delta, Kind::Arguments).map(|next| Said { call, ..next }));
                self.argued.extend(call);
            }
            // Some servers send the arguments whole.
            b"function_call_arguments.done" if call.is_none_or(|call| !self.argued.contains(&call)) => {
                said.extend(told(Kind::Arguments).map(|next| Said { call, ..next }));
            }
            b"completed" | b"incomplete" | b"failed" | b"cancelled" => {
                said.extend(found(Tag::Reason, Kind::Finish).or_else(|| found(Tag::Status, Kind::Finish)));
                said.extend(told(Kind::Usage));
                said.extend(told(Kind::Error));
                said.push(Said::new(Kind::Done, Span::raw(0, 0)));
            }
            b"error" => said.push(told(Kind::Error).unwrap_or_else(|| {
                // The event itself is the error.
                Said::new(Kind::Error, Span::raw(0, event.source.raw.len()))
            })),
            _ => said.extend(told(Kind::Error)),
        }
    }
}
