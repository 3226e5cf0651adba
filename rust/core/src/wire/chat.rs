//! The envelope of `OpenAI`'s chat completions, and of the many servers that are compatible with them.

use super::shape::{Findings, Level, Shape, Tag};
use super::{Kind, Said};

pub(super) static SHAPE: Shape = Shape::Object(&[
    (
        "choices",
        Shape::Each(
            Level::Choice,
            &Shape::Object(&[
                ("index", Shape::Number(Tag::Index(Level::Choice))),
                ("delta", DELTA),
                ("finish_reason", Shape::Text(Tag::Said(Kind::Finish))),
                ("content_filter_results", Shape::Same),
            ]),
        ),
    ),
    ("usage", Shape::Json(Tag::Said(Kind::Usage))),
    ("error", Shape::Json(Tag::Said(Kind::Error))),
    ("obfuscation", Shape::Text(Tag::Padding)),
    // Mistral's name for it.
    ("p", Shape::Text(Tag::Padding)),
]);

const DELTA: Shape = Shape::Object(&[
    ("role", Shape::Same),
    ("content", Shape::Text(Tag::Said(Kind::Text))),
    ("refusal", Shape::Text(Tag::Said(Kind::Refusal))),
    // DeepSeek's, vLLM's and xAI's name for it, and OpenRouter's, Cerebras' and Ollama's.
    ("reasoning_content", Shape::Text(Tag::Said(Kind::Reasoning))),
    ("reasoning", Shape::Text(Tag::Said(Kind::Reasoning))),
    (
        "tool_calls",
        Shape::Each(
            Level::Call,
            &Shape::Object(&[
                ("index", Shape::Number(Tag::Index(Level::Call))),
                ("id", Shape::Text(Tag::Said(Kind::Id))),
                ("type", Shape::Same),
                (
                    "function",
                    Shape::Object(&[
                        ("name", Shape::Text(Tag::Said(Kind::Call))),
                        ("arguments", Shape::Text(Tag::Said(Kind::Arguments))),
                    ]),
                ),
            ]),
        ),
    ),
]);

/// What an event says.
pub(super) fn say(event: Findings<'_>, said: &mut Vec<Said>) {
    for found in event.found {
        let Tag::Said(kind) = found.tag else { continue };
        let (next, text) = (Said::found(kind, found), event.source.bytes(found.text));
        let is_new = match kind {
            // Some servers give the reasoning under both of its names.
            Kind::Reasoning => !said
                .iter()
                .rev()
                .take_while(|said| said.choice == next.choice)
                .any(|said| said.kind == kind && event.source.bytes(said.text) == text),
            // Mistral's way to say that the call has been given its id before.
            Kind::Id => text != b"null",
            _ => true,
        };
        if is_new {
            said.push(next);
        }
    }
}
