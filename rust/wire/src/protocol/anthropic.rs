//! The protocol of Anthropic's messages.

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::framing::Framing;
use crate::extract::{Fields, Level, Extract, Tag};
use crate::delta::{DeltaKind, DeltaSpan};
use instar_json::Span;
pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "anthropic",
    framing: Framing::Sse,
    signs: &[Sign::Value("type", "message_"), Sign::Value("type", "content_block_"), Sign::Value("type", "ping")],
    extract: &EXTRACT,
    decoder: || Box::new(Anthropic::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::Type)),
    ("index", Extract::Number(Tag::Index(Level::Call))),
    (
        "delta",
        Extract::Object(&[
            ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
            ("thinking", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
            ("partial_json", Extract::Text(Tag::Delta(DeltaKind::Arguments))),
            ("stop_reason", Extract::Text(Tag::Delta(DeltaKind::Finish))),
        ]),
    ),
    (
        "content_block",
        Extract::Object(&[
            ("type", Extract::Text(Tag::PartType)),
            ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
            ("thinking", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
            ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
            ("input", Extract::Json(Tag::Delta(DeltaKind::Arguments))),
        ]),
    ),
    ("message", Extract::Object(&[("usage", Extract::Json(Tag::Delta(DeltaKind::Usage)))])),
    ("usage", Extract::Json(Tag::Delta(DeltaKind::Usage))),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
struct Anthropic {
    /// The block that is a tool call. Tools that the server runs itself are none of the caller's.
    call: Option<u32>,
}

impl Decode for Anthropic {
    /// Decodes an event.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        let index = event.number(Tag::Index(Level::Call));
        match event.text(Tag::Type) {
            b"content_block_start" => {
                self.call = index.filter(|_| event.text(Tag::PartType) == b"tool_use");
            }
            b"message_stop" => deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0))),
            _ => {}
        }
        for found in event.found {
            let Tag::Delta(kind) = found.tag else { continue };
            let next = found.delta(kind);
            match kind {
                DeltaKind::Call | DeltaKind::Id | DeltaKind::Arguments => {
                    // The input is empty where it comes in deltas, as it nearly always does.
                    let comes_later = event.source.bytes(found.text) == b"{}" && found.raw.is_none();
                    if self.call == index && index.is_some() && !(kind == DeltaKind::Arguments && comes_later) {
                        deltas.push(DeltaSpan { call: index, ..next });
                    }
                }
                _ => deltas.push(next),
            }
        }
    }
}
