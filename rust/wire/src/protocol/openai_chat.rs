//! The protocol of `OpenAI`'s chat completions, and of the many servers that are compatible with them.

use std::collections::BTreeMap;

use crate::tool_calls::{Calls, Label};
use crate::transcript::Edit;
use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::framing::Framing;
use crate::extract::{Fields, Field, Level, Extract, Tag, number};
use crate::delta::{DeltaKind, DeltaSpan};
use instar_json::Source;
pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "openai-chat",
    framing: Framing::Sse,
    signs: &[Sign::Member("choices"), Sign::Value("object", "chat.completion")],
    extract: &EXTRACT,
    decoder: || Box::new(Chat::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    (
        "choices",
        Extract::Each(
            Level::Choice,
            &Extract::Object(&[
                ("index", Extract::Number(Tag::Index(Level::Choice))),
                ("delta", DELTA),
                ("finish_reason", Extract::Text(Tag::Delta(DeltaKind::Finish))),
                ("content_filter_results", Extract::Same),
            ]),
        ),
    ),
    ("usage", Extract::Json(Tag::Delta(DeltaKind::Usage))),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
    ("obfuscation", Extract::Text(Tag::Padding)),
    // Mistral's name for it.
    ("p", Extract::Text(Tag::Padding)),
]);

const DELTA: Extract = Extract::Object(&[
    ("role", Extract::Same),
    ("content", Extract::Text(Tag::Delta(DeltaKind::Text))),
    ("refusal", Extract::Text(Tag::Delta(DeltaKind::Refusal))),
    // DeepSeek's, vLLM's and xAI's name for it, and OpenRouter's, Cerebras' and Ollama's.
    ("reasoning_content", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
    ("reasoning", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
    (
        "tool_calls",
        Extract::Each(
            Level::Call,
            &Extract::Object(&[
                ("index", Extract::Number(Tag::Index(Level::Call))),
                ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
                ("type", Extract::Same),
                (
                    "function",
                    Extract::Object(&[
                        ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
                        ("arguments", Extract::Text(Tag::Delta(DeltaKind::Arguments))),
                    ]),
                ),
            ]),
        ),
    ),
]);

/// What has to be remembered between events.
#[derive(Clone, Debug, Default)]
struct Chat {
    /// The tool calls of each choice.
    calls: BTreeMap<u32, Calls>,
}

impl Decode for Chat {
    /// Decodes an event, and what is to be changed in it so that every call has its own number for its index.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let Output { deltas, edits } = output;
        let element = |found: &Field| (found.choice, found.place);
        let together = |left: &Field, right: &Field| left.tag != Tag::Call && element(left) == element(right);
        let mut list = None;
        for part in event.found.chunk_by(together) {
            let call = part[0].place.map(|_| {
                let choice = part[0].choice.unwrap_or(0);
                let first = list.replace(choice) != Some(choice);
                self.call(choice, first, part, event.source, edits)
            });
            for found in part {
                let Tag::Delta(kind) = found.tag else { continue };
                let (next, text) =
                    (DeltaSpan { call, ..found.delta(kind) }, event.source.bytes(found.text));
                let is_new = match kind {
                    // Some servers give the reasoning under both of its names.
                    DeltaKind::Reasoning => !deltas
                        .iter()
                        .rev()
                        .take_while(|deltas| deltas.choice == next.choice)
                        .any(|deltas| deltas.kind == kind && event.source.bytes(deltas.text) == text),
                    DeltaKind::Id => !id(text).is_empty(),
                    _ => true,
                };
                if is_new {
                    deltas.push(next);
                }
            }
        }
    }
}

impl Chat {
    /// The number of the tool call that a part of an event is about.
    fn call(
        &mut self,
        choice: u32,
        first: bool,
        part: &[Field],
        source: Source<'_>,
        edits: &mut Vec<Edit>,
    ) -> u32 {
        let find = |tag| part.iter().find(|found| found.tag == tag);
        let text = |tag| find(tag).map_or(&b""[..], |found| source.bytes(found.text));
        let index = number(text(Tag::Index(Level::Call)));
        let (id, named) = (id(text(Tag::Delta(DeltaKind::Id))), !text(Tag::Delta(DeltaKind::Call)).is_empty());
        let call = self.calls.entry(choice).or_default().number(Label { index, id, named, first });
        if index != Some(call) {
            edits.push(match find(Tag::Index(Level::Call)) {
                Some(index) => Edit { at: index.range(), text: call.to_string() },
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
