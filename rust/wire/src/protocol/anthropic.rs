//! The protocol of Anthropic's messages.

use std::collections::BTreeSet;

use instar_json::Span;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "anthropic",
    framing: Framing::Sse,
    several_texts: true,
    signs: &[
        Sign::Value("type", "message"),
        Sign::Value("type", "content_block_"),
        Sign::Value("type", "ping"),
    ],
    extract: &EXTRACT,
    decoder: || Box::new(Anthropic::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::Type)),
    ("index", Extract::Number(Tag::Index(Level::Part))),
    (
        "delta",
        Extract::Object(&[
            ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
            ("thinking", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
            ("partial_json", Extract::Text(Tag::Delta(DeltaKind::Arguments))),
            ("stop_reason", STOP),
        ]),
    ),
    ("content_block", BLOCK),
    ("message", Extract::Object(&[("usage", USAGE)])),
    ("usage", USAGE),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
    // An answer in one piece.
    ("content", Extract::Each(Level::Part, &BLOCK)),
    ("stop_reason", STOP),
]);

const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const STOP: Extract = Extract::Text(Tag::Delta(DeltaKind::Finish));

const BLOCK: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::PartType)),
    ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
    ("thinking", Extract::Text(Tag::Delta(DeltaKind::Reasoning))),
    ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
    ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
    ("input", Extract::Json(Tag::Delta(DeltaKind::Arguments))),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Anthropic {
    /// The blocks that are tool calls. Tools that the server runs itself are none of the caller's.
    calls: BTreeSet<u32>,
}

impl Decode for Anthropic {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let Output { deltas, calls, .. } = output;
        let index = event.number(Tag::Index(Level::Part));
        match (event.text(Tag::Type), index) {
            (b"content_block_start", Some(index)) => self.begin(index, event, deltas),
            (b"content_block_delta", Some(index)) => self.add(index, event, deltas),
            // Whether the call without arguments that ends here was cut, only the reason for which the answer ends tells.
            (b"content_block_stop", Some(index)) if calls.find(0, index).is_some_and(|call| call.is_blank()) => {}
            (b"content_block_stop", Some(index)) => self.end(index, deltas),
            (b"message", _) => {
                for block in event.found.chunk_by(|left, right| left.part == right.part) {
                    let fields = event.within(block);
                    let Some(index) = block[0].part else {
                        self.add(0, fields, deltas);
                        continue;
                    };
                    self.begin(index, fields, deltas);
                    self.end(index, deltas);
                }
                deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
            }
            (name, _) => {
                self.add(index.unwrap_or(0), event, deltas);
                if name == b"message_stop" {
                    deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
                }
            }
        }
    }
}

impl Anthropic {
    /// A block begins.
    fn begin(&mut self, index: u32, block: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        match block.text(Tag::PartType) {
            b"tool_use" => _ = self.calls.insert(index),
            // The model before has declined; another one begins anew.
            b"fallback" => deltas.push(DeltaSpan::new(DeltaKind::Restart, Span::raw(0, 0))),
            _ => _ = self.calls.remove(&index),
        }
        self.add(index, block, deltas);
    }

    /// What a block says.
    fn add(&self, index: u32, fields: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        let is_call = self.calls.contains(&index);
        let source = fields.source;
        for field in fields.found {
            let Tag::Delta(kind) = field.tag else { continue };
            let next = DeltaSpan { place: index, ..field.delta(kind) };
            match kind {
                DeltaKind::Call | DeltaKind::Id if is_call => {
                    deltas.push(DeltaSpan { call: Some(index), extent: Extent::Whole, ..next });
                }
                // An input that comes in deltas is `{}` at first.
                DeltaKind::Arguments if field.raw.is_none() && source.bytes(field.text) == b"{}" => {}
                DeltaKind::Arguments if is_call => deltas.push(DeltaSpan { call: Some(index), ..next }),
                DeltaKind::Call | DeltaKind::Id | DeltaKind::Arguments => {}
                DeltaKind::Text | DeltaKind::Reasoning => deltas.push(DeltaSpan { item: index, ..next }),
                _ => deltas.push(next),
            }
        }
    }

    /// A block has ended.
    fn end(&self, index: u32, deltas: &mut Vec<DeltaSpan>) {
        if self.calls.contains(&index) {
            let end = DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0));
            deltas.push(DeltaSpan { call: Some(index), place: index, ..end });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded};

    #[test]
    fn anthropic_deltas() {
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#,
                r#"{"type":"ping"}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#,
                r#"{"type":"message_stop"}"#,
            ],
            &[
                r#"usage 0 {"input_tokens":1}"#,
                "reasoning 0 hm",
                "text 0#1 a",
                "finish 0 end_turn",
                r#"usage 0 {"output_tokens":2}"#,
                "done 0 ",
            ],
        );
        // The server's own tools are none of the caller's.
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"search","input":{}}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"[]"}}"#,
                r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"d","name":"g","input":{"a":1}}}"#,
            ],
            &[
                "call 0[1] f",
                "id 0[1] c",
                "arguments 0[1] []",
                "call 0[2] g",
                "id 0[2] d",
                r#"arguments 0[2] {"a":1}"#,
            ],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"type":"error","error":{"type":"overloaded_error"}}"#],
            &[r#"error 0 {"type":"overloaded_error"}"#],
        );
    }

    #[test]
    fn blocks_are_kept_apart() {
        let text = |index: u32| format!(r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"text_delta","text":"a"}}}}"#);
        assert_decoded(PROTOCOL.name, &[&text(0), &text(0), &text(2)], &["text 0 a", "text 0 a", "text 0#2 a"]);
    }

    #[test]
    fn a_call_without_arguments_has_empty_ones() {
        let start = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#;
        let blank = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#;
        let stop = r#"{"type":"content_block_stop","index":1}"#;
        let end = |reason: &str| format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
        assert_decoded(
            PROTOCOL.name,
            &[start, blank, stop, &end("tool_use")],
            &["call 0[1] f", "id 0[1] c", "arguments 0[1] {}", "call_end 0[1] ", "finish 0 tool_use"],
        );
        // An object in the arguments is no placeholder for them.
        let piece = |text: &str| blank.replace(r#""partial_json":"""#, &format!(r#""partial_json":"{text}""#));
        assert_decoded(
            PROTOCOL.name,
            &[start, &piece(r#"{\"a\":"#), &piece("{}"), &piece("}"), stop],
            &[
                "call 0[1] f",
                "id 0[1] c",
                r#"arguments 0[1] {"a":"#,
                "arguments 0[1] {}",
                "arguments 0[1] }",
                "call_end 0[1] ",
            ],
        );
        // One that was cut is none.
        assert_decoded(
            PROTOCOL.name,
            &[start, blank, stop, &end("max_tokens")],
            &["call 0[1] f", "id 0[1] c", "finish 0 max_tokens"],
        );
    }

    #[test]
    fn a_fallback_begins_anew() {
        let start = |index: u32, block: &str| format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
        let call = r#"{"type":"tool_use","id":"c","name":"f","input":{"a":1}}"#;
        let fallback = r#"{"type":"fallback","from":{"model":"a"},"to":{"model":"b"},"trigger":{"type":"refusal"}}"#;
        assert_decoded(
            PROTOCOL.name,
            &[
                &start(0, r#"{"type":"text","text":"a"}"#), &start(1, call),
                &start(2, fallback), r#"{"type":"content_block_stop","index":2}"#,
                &start(3, r#"{"type":"text","text":"b"}"#),
            ],
            &["text 0 a", "call 0[1] f", "id 0[1] c", r#"arguments 0[1] {"a":1}"#, "restart 0 ", "text 0#3 b"],
        );
    }

    #[test]
    fn an_answer_may_come_in_one_piece() {
        let whole = r#"{"id":"m","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},{"type":"tool_use","id":"c","name":"f","input":{}},{"type":"server_tool_use","id":"s","name":"g","input":{}}],"stop_reason":"tool_use","usage":{"n":1}}"#;
        assert_decoded(
            PROTOCOL.name,
            &[whole],
            &[
                "reasoning 0 hm", "text 0#1 a", "call 0[2] f", "id 0[2] c", "arguments 0[2] {}", "call_end 0[2] ",
                "finish 0 tool_use", r#"usage 0 {"n":1}"#, "done 0 ",
            ],
        );
    }
}
