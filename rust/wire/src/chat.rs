//! The envelope of `OpenAI`'s chat completions, and of the many servers that are compatible with them.

use std::collections::BTreeMap;

use crate::calls::{Calls, Label};
use crate::log::Edit;
use crate::shape::{Findings, Found, Level, Shape, Tag, number};
use crate::{Kind, Said, bytes};
use instar_json::Source;

pub(crate) static SHAPE: Shape = Shape::Object(&[
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

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chat {
    /// The tool calls of each choice.
    calls: BTreeMap<u32, Calls>,
}

impl Chat {
    /// What an event says, and what is to be changed in it so that every call has its own number for its index.
    pub(crate) fn say(&mut self, event: Findings<'_>, said: &mut Vec<Said>, edits: &mut Vec<Edit>) {
        let element = |found: &Found| (found.choice, found.place);
        let together = |left: &Found, right: &Found| left.tag != Tag::Call && element(left) == element(right);
        let mut list = None;
        for part in event.found.chunk_by(together) {
            let call = part[0].place.map(|_| {
                let choice = part[0].choice.unwrap_or(0);
                let first = list.replace(choice) != Some(choice);
                self.call(choice, first, part, event.source, edits)
            });
            for found in part {
                let Tag::Said(kind) = found.tag else { continue };
                let (next, text) =
                    (Said { call, ..Said::found(kind, found) }, event.source.bytes(found.text));
                let is_new = match kind {
                    // Some servers give the reasoning under both of its names.
                    Kind::Reasoning => !said
                        .iter()
                        .rev()
                        .take_while(|said| said.choice == next.choice)
                        .any(|said| said.kind == kind && event.source.bytes(said.text) == text),
                    Kind::Id => !id(text).is_empty(),
                    _ => true,
                };
                if is_new {
                    said.push(next);
                }
            }
        }
    }

    /// The number of the tool call that a part of an event is about.
    fn call(
        &mut self,
        choice: u32,
        first: bool,
        part: &[Found],
        source: Source<'_>,
        edits: &mut Vec<Edit>,
    ) -> u32 {
        let find = |tag| part.iter().find(|found| found.tag == tag);
        let text = |tag| find(tag).map_or(&b""[..], |found| source.bytes(found.text));
        let index = number(text(Tag::Index(Level::Call)));
        let (id, named) = (id(text(Tag::Said(Kind::Id))), !text(Tag::Said(Kind::Call)).is_empty());
        let call = self.calls.entry(choice).or_default().number(Label { index, id, named, first });
        if index != Some(call) {
            edits.push(match find(Tag::Index(Level::Call)) {
                Some(index) => Edit { at: bytes(index.text), text: call.to_string() },
                None => appended(source.raw, part[part.len() - 1].text.end as usize, call),
            });
        }
        call
    }
}

/// The index of a call that has none. Behind the rest it also overrides one that is no number.
fn appended(event: &[u8], end: usize, index: u32) -> Edit {
    let at = end - 1;
    let comma = if event[..at].trim_ascii_end().ends_with(b"{") { "" } else { "," };
    Edit { at: at..at, text: format!("{comma}\"index\":{index}") }
}

/// The id of a call. "null" is Mistral's way to say that it has been given before.
fn id(text: &[u8]) -> &[u8] {
    if text == b"null" { b"" } else { text }
}
