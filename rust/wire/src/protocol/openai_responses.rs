//! The protocol of `OpenAI`'s responses.

use std::collections::BTreeSet;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::framing::Framing;
use crate::extract::{Fields, Level, Extract, Tag};
use crate::delta::{DeltaKind, DeltaSpan};
use instar_json::Span;
pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "openai-responses",
    framing: Framing::Sse,
    signs: &[Sign::Value("type", "response.")],
    extract: &EXTRACT,
    decoder: || Box::new(Responses::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::Type)),
    ("sequence_number", Extract::Number(Tag::Counter)),
    ("output_index", Extract::Number(Tag::Index(Level::Call))),
    ("delta", Extract::Text(Tag::Characters)),
    ("arguments", Extract::Text(Tag::Delta(DeltaKind::Arguments))),
    (
        "item",
        Extract::Object(&[
            ("type", Extract::Text(Tag::PartType)),
            ("call_id", Extract::Text(Tag::Delta(DeltaKind::Id))),
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
        ]),
    ),
    (
        "response",
        Extract::Object(&[
            ("status", Extract::Text(Tag::Status)),
            ("usage", Extract::Json(Tag::Delta(DeltaKind::Usage))),
            ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
            ("incomplete_details", Extract::Object(&[("reason", Extract::Text(Tag::Reason))])),
        ]),
    ),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
    ("obfuscation", Extract::Text(Tag::Padding)),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
struct Responses {
    /// The calls whose arguments have come in deltas.
    argued: BTreeSet<u32>,
}

impl Decode for Responses {
    /// Decodes an event.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        let name = event.text(Tag::Type);
        let call = event.number(Tag::Index(Level::Call));
        let found = |tag, kind| event.find(tag).map(|found| found.delta(kind));
        let told = |kind| found(Tag::Delta(kind), kind);
        match name.strip_prefix(b"response.").unwrap_or(name) {
            b"output_text.delta" => deltas.extend(found(Tag::Characters, DeltaKind::Text)),
            b"refusal.delta" => deltas.extend(found(Tag::Characters, DeltaKind::Refusal)),
            b"reasoning_text.delta" | b"reasoning_summary_text.delta" => {
                deltas.extend(found(Tag::Characters, DeltaKind::Reasoning));
            }
            b"output_item.added" if event.text(Tag::PartType) == b"function_call" => {
                deltas.extend(told(DeltaKind::Call).map(|next| DeltaSpan { call, ..next }));
                deltas.extend(told(DeltaKind::Id).map(|next| DeltaSpan { call, ..next }));
            }
            b"function_call_arguments.delta" => {
                deltas.extend(found(Tag::Characters, DeltaKind::Arguments).map(|next| DeltaSpan { call, ..next }));
                self.argued.extend(call);
            }
            // Some servers send the arguments whole.
            b"function_call_arguments.done" if call.is_none_or(|call| !self.argued.contains(&call)) => {
                deltas.extend(told(DeltaKind::Arguments).map(|next| DeltaSpan { call, ..next }));
            }
            b"completed" | b"incomplete" | b"failed" | b"cancelled" => {
                deltas.extend(found(Tag::Reason, DeltaKind::Finish).or_else(|| found(Tag::Status, DeltaKind::Finish)));
                deltas.extend(told(DeltaKind::Usage));
                deltas.extend(told(DeltaKind::Error));
                deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
            }
            b"error" => deltas.push(told(DeltaKind::Error).unwrap_or_else(|| {
                // The event itself is the error.
                DeltaSpan::new(DeltaKind::Error, Span::raw(0, event.source.raw.len()))
            })),
            _ => deltas.extend(told(DeltaKind::Error)),
        }
    }
}
