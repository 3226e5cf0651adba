//! The envelope of Anthropic's messages.

use crate::shape::{Findings, Level, Shape, Tag};
use crate::{Kind, Said};
use instar_json::Span;

pub(crate) static SHAPE: Shape = Shape::Object(&[
    ("type", Shape::Text(Tag::Type)),
    ("index", Shape::Number(Tag::Index(Level::Call))),
    (
        "delta",
        Shape::Object(&[
            ("text", Shape::Text(Tag::Said(Kind::Text))),
            ("thinking", Shape::Text(Tag::Said(Kind::Reasoning))),
            ("partial_json", Shape::Text(Tag::Said(Kind::Arguments))),
            ("stop_reason", Shape::Text(Tag::Said(Kind::Finish))),
        ]),
    ),
    (
        "content_block",
        Shape::Object(&[
            ("type", Shape::Text(Tag::PartType)),
            ("text", Shape::Text(Tag::Said(Kind::Text))),
            ("thinking", Shape::Text(Tag::Said(Kind::Reasoning))),
            ("id", Shape::Text(Tag::Said(Kind::Id))),
            ("name", Shape::Text(Tag::Said(Kind::Call))),
            ("input", Shape::Json(Tag::Said(Kind::Arguments))),
        ]),
    ),
    ("message", Shape::Object(&[("usage", Shape::Json(Tag::Said(Kind::Usage)))])),
    ("usage", Shape::Json(Tag::Said(Kind::Usage))),
    ("error", Shape::Json(Tag::Said(Kind::Error))),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anthropic {
    /// The block that is a tool call. Tools that the server runs itself are none of the caller's.
    call: Option<u32>,
}

impl Anthropic {
    /// What an event says.
    pub(crate) fn say(&mut self, event: Findings<'_>, said: &mut Vec<Said>) {
        let index = event.number(Tag::Index(Level::Call));
        match event.text(Tag::Type) {
            b"content_block_start" => {
                self.call = index.filter(|_| event.text(Tag::PartType) == b"tool_use");
            }
            b"message_stop" => said.push(Said::new(Kind::Done, Span::raw(0, 0))),
            _ => {}
        }
        for found in event.found {
            let Tag::Said(kind) = found.tag else { continue };
            let next = Said::found(kind, found);
            match kind {
                Kind::Call | Kind::Id | Kind::Arguments => {
                    // The input is empty where it comes in deltas, as it nearly always does.
                    let comes_later = event.source.bytes(found.text) == b"{}" && found.raw.is_none();
                    if self.call == index && index.is_some() && !(kind == Kind::Arguments && comes_later) {
                        said.push(Said { call: index, ..next });
                    }
                }
                _ => said.push(next),
            }
        }
    }
}
