//! The protocol of Gemini's interactions: steps, each of which begins, goes on in deltas, and ends.

use std::collections::BTreeMap;

use instar_json::Span;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "gemini-interactions",
    framing: Framing::Sse,
    several_texts: true,
    signs: &[
        Sign::Value("event_type", "interaction."),
        Sign::Value("event_type", "step."),
        // The first version's name for steps.
        Sign::Value("event_type", "content."),
        Sign::Value("object", "interaction"),
    ],
    extract: &EXTRACT,
    decoder: || Box::new(Interactions::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("event_type", Extract::Text(Tag::Type)),
    ("object", Extract::Text(Tag::Type)),
    ("event_id", Extract::Text(Tag::EventId)),
    ("index", Extract::Number(Tag::Index(Level::Item))),
    ("step", STEP),
    ("content", STEP),
    (
        "delta",
        Extract::Object(&[
            ("type", Extract::Text(Tag::PartType)),
            ("text", TEXT),
            ("content", Extract::Object(&[("text", TEXT)])),
            ("thought", TEXT),
            ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
            ("arguments", ARGUMENTS),
        ]),
    ),
    ("interaction", Extract::Object(&[("status", STATUS), ("usage", USAGE), ("steps", STEPS), ("outputs", STEPS)])),
    ("status", STATUS),
    ("usage", USAGE),
    ("steps", STEPS),
    ("outputs", STEPS),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
]);

const TEXT: Extract = Extract::Text(Tag::Delta(DeltaKind::Text));
const STATUS: Extract = Extract::Text(Tag::Status);
const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const STEPS: Extract = Extract::Each(Level::Item, &STEP);

const ARGUMENTS: Extract = Extract::Any(&[
    Extract::Text(Tag::Delta(DeltaKind::Arguments)),
    Extract::Json(Tag::Delta(DeltaKind::Arguments)),
]);

const STEP: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::ItemType)),
    ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
    ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
    ("arguments", ARGUMENTS),
    ("text", TEXT),
    ("content", Extract::Each(Level::Part, &Extract::Object(&[("text", TEXT)]))),
    ("summary", Extract::Each(Level::Part, &Extract::Object(&[("text", TEXT)]))),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Interactions {
    steps: BTreeMap<u32, Step>,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Output,
    Thought,
    Call,
    /// What the server does itself, or the user has said.
    Other,
}

impl Decode for Interactions {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        let index = event.number(Tag::Index(Level::Item)).unwrap_or(0);
        let found = |tag, kind| event.find(tag).map(|field| field.delta(kind));
        let name = event.text(Tag::Type);
        match name.strip_prefix(b"step.").or(name.strip_prefix(b"content.")).unwrap_or(name) {
            b"start" => {
                let step = step(event.text(Tag::ItemType));
                self.steps.insert(index, step);
                add(index, step, event, Extent::Piece, deltas);
            }
            b"delta" => {
                let step = self.part(index, event.text(Tag::PartType));
                add(index, step, event, Extent::Piece, deltas);
            }
            b"stop" => end(index, self.steps.get(&index), deltas),
            b"interaction.completed" | b"interaction.complete" | b"interaction.cancelled" | b"interaction" => {
                for item in event.found.chunk_by(|left, right| left.item == right.item) {
                    let Some(place) = item[0].item else { continue };
                    let fields = event.within(item);
                    let step = step(fields.text(Tag::ItemType));
                    add(place, step, fields, Extent::Copy, deltas);
                    end(place, Some(&step), deltas);
                }
                if event.text(Tag::Status) != b"in_progress" {
                    deltas.extend(found(Tag::Status, DeltaKind::Finish));
                    deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
                }
            }
            _ => {}
        }
        for kind in [DeltaKind::Usage, DeltaKind::Error] {
            deltas.extend(found(Tag::Delta(kind), kind));
        }
    }
}

impl Interactions {
    /// What a delta of this type goes on with.
    fn part(&mut self, index: u32, kind: &[u8]) -> Step {
        let known = self.steps.get(&index).copied();
        let part = match kind {
            b"thought_summary" | b"thought" => Step::Thought,
            b"arguments_delta" => return known.unwrap_or(Step::Call),
            b"function_call" => Step::Call,
            b"text" => known.filter(|step| *step == Step::Thought).unwrap_or(Step::Output),
            _ => Step::Other,
        };
        if part == Step::Call {
            self.steps.insert(index, part);
        }
        part
    }
}

/// What a step of this type is.
fn step(kind: &[u8]) -> Step {
    match kind {
        b"model_output" | b"text" => Step::Output,
        b"thought" => Step::Thought,
        b"function_call" => Step::Call,
        _ => Step::Other,
    }
}

/// What a step says.
fn add(index: u32, step: Step, fields: Fields<'_>, extent: Extent, deltas: &mut Vec<DeltaSpan>) {
    for field in fields.found {
        let Tag::Delta(kind) = field.tag else { continue };
        let next = DeltaSpan { place: index, extent, ..field.delta(kind) };
        match (kind, step) {
            (DeltaKind::Text, Step::Output) => deltas.push(DeltaSpan { item: index, ..next }),
            (DeltaKind::Text, Step::Thought) => {
                deltas.push(DeltaSpan { item: index, kind: DeltaKind::Reasoning, ..next });
            }
            (DeltaKind::Call | DeltaKind::Id, Step::Call) => {
                deltas.push(DeltaSpan { call: Some(index), extent: Extent::Whole, ..next });
            }
            (DeltaKind::Arguments, Step::Call) => deltas.push(DeltaSpan { call: Some(index), ..next }),
            _ => {}
        }
    }
}

/// A step has ended.
fn end(index: u32, step: Option<&Step>, deltas: &mut Vec<DeltaSpan>) {
    if step == Some(&Step::Call) {
        let end = DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0));
        deltas.push(DeltaSpan { call: Some(index), place: index, ..end });
    }
}

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded};


    #[test]
    fn steps_begin_go_on_and_end() {
        assert_decoded(
            PROTOCOL.name,
            &[
                r#"{"event_type":"interaction.created","event_id":"1","interaction":{"id":"i","status":"in_progress"}}"#,
                r#"{"event_type":"step.start","event_id":"2","index":0,"step":{"type":"thought"}}"#,
                r#"{"event_type":"step.delta","event_id":"3","index":0,"delta":{"type":"thought_summary","content":{"type":"text","text":"hm"}}}"#,
                r#"{"event_type":"step.stop","event_id":"4","index":0}"#,
                r#"{"event_type":"step.start","event_id":"5","index":1,"step":{"type":"model_output"}}"#,
                r#"{"event_type":"step.delta","event_id":"6","index":1,"delta":{"type":"text","text":"a"}}"#,
                r#"{"event_type":"step.delta","event_id":"7","index":1,"delta":{"type":"text","text":"b"}}"#,
                // Read before.
                r#"{"event_type":"step.delta","event_id":"6","index":1,"delta":{"type":"text","text":"a"}}"#,
                r#"{"event_type":"step.delta","event_id":"7","index":1,"delta":{"type":"text","text":"b"}}"#,
                r#"{"event_type":"step.start","event_id":"8","index":2,"step":{"type":"function_call","id":"c","name":"f","arguments":{}}}"#,
                r#"{"event_type":"step.delta","event_id":"9","index":2,"delta":{"type":"arguments_delta","arguments":"{\"x\""}}"#,
                r#"{"event_type":"step.delta","event_id":"10","index":2,"delta":{"type":"arguments_delta","arguments":":1}"}}"#,
                r#"{"event_type":"step.stop","event_id":"11","index":2}"#,
                r#"{"event_type":"step.start","event_id":"12","index":3,"step":{"type":"google_search_call","id":"g","arguments":{"q":1}}}"#,
                r#"{"event_type":"interaction.completed","event_id":"13","interaction":{"status":"requires_action","usage":{"total_tokens":3}}}"#,
            ],
            &[
                "reasoning 0 hm",
                "text 0#1 a",
                "text 0#1 b",
                "call 0[2] f",
                "id 0[2] c",
                "arguments 0[2] {\"x\"",
                "arguments 0[2] :1}",
                "call_end 0[2] ",
                "finish 0 requires_action",
                r#"usage 0 {"total_tokens":3}"#,
                "done 0 ",
            ],
        );
    }

    #[test]
    fn the_first_version_has_contents_in_place_of_steps() {
        assert_decoded(
            PROTOCOL.name,
            &[
                r#"{"event_type":"content.start","index":0,"content":{"type":"text"}}"#,
                r#"{"event_type":"content.delta","index":0,"delta":{"type":"text","text":"a"}}"#,
                r#"{"event_type":"content.stop","index":0}"#,
                r#"{"event_type":"content.delta","index":1,"delta":{"type":"function_call","id":"c","name":"f","arguments":{"x":1}}}"#,
                r#"{"event_type":"content.stop","index":1}"#,
                r#"{"event_type":"error","error":{"message":"m"}}"#,
                r#"{"event_type":"interaction.complete","interaction":{"status":"completed"}}"#,
            ],
            &[
                "text 0 a",
                "call 0[1] f",
                "id 0[1] c",
                r#"arguments 0[1] {"x":1}"#,
                "call_end 0[1] ",
                r#"error 0 {"message":"m"}"#,
                "finish 0 completed",
                "done 0 ",
            ],
        );
    }

    #[test]
    fn an_answer_may_come_in_one_piece() {
        assert_decoded(
            PROTOCOL.name,
            &[r#"{"object":"interaction","status":"completed","steps":[{"type":"thought","summary":[{"type":"text","text":"hm"}]},{"type":"model_output","content":[{"type":"text","text":"a"}]},{"type":"function_call","id":"c","name":"f","arguments":{}}]}"#],
            &[
                "reasoning 0 hm", "text 0#1 a", "call 0[2] f", "id 0[2] c", "arguments 0[2] {}", "call_end 0[2] ",
                "finish 0 completed", "done 0 ",
            ],
        );
    }
}
