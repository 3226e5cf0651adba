//! The protocol of Bedrock's `ConverseStream`: its events as JSON, which the AWS SDKs give as dicts.

use std::collections::BTreeSet;

use instar_json::Span;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "bedrock",
    framing: Framing::Ndjson,
    several_texts: true,
    signs: &[
        Sign::Member("messageStart"),
        Sign::Member("contentBlockStart"),
        Sign::Member("contentBlockDelta"),
        Sign::Member("messageStop"),
        // An answer in one piece.
        Sign::Member("stopReason"),
    ],
    extract: &EXTRACT,
    decoder: || Box::new(Bedrock::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("contentBlockStart", Extract::Object(&[("contentBlockIndex", INDEX), ("start", BLOCK)])),
    ("contentBlockDelta", Extract::Object(&[("contentBlockIndex", INDEX), ("delta", BLOCK)])),
    ("contentBlockStop", Extract::Present(Tag::Ended, &[("contentBlockIndex", INDEX)])),
    ("messageStop", Extract::Object(&[("stopReason", STOP)])),
    ("metadata", Extract::Present(Tag::Status, &[("usage", USAGE)])),
    ("internalServerException", ERROR),
    ("modelStreamErrorException", ERROR),
    ("modelTimeoutException", ERROR),
    ("serviceUnavailableException", ERROR),
    ("throttlingException", ERROR),
    ("validationException", ERROR),
    // An answer in one piece.
    (
        "output",
        Extract::Present(
            Tag::Status,
            &[("message", Extract::Object(&[("content", Extract::Each(Level::Part, &BLOCK))]))],
        ),
    ),
    ("stopReason", STOP),
    ("usage", USAGE),
]);

const INDEX: Extract = Extract::Number(Tag::Index(Level::Part));
const STOP: Extract = Extract::Text(Tag::Delta(DeltaKind::Finish));
const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const ERROR: Extract = Extract::Json(Tag::Delta(DeltaKind::Error));
const REASONING: Extract = Extract::Text(Tag::Delta(DeltaKind::Reasoning));

const BLOCK: Extract = Extract::Object(&[
    ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
    (
        "reasoningContent",
        Extract::Object(&[
            ("text", REASONING),
            ("reasoningText", Extract::Object(&[("text", REASONING)])),
        ]),
    ),
    (
        "toolUse",
        Extract::Object(&[
            ("toolUseId", Extract::Text(Tag::Delta(DeltaKind::Id))),
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
            (
                "input",
                Extract::Any(&[
                    Extract::Text(Tag::Delta(DeltaKind::Arguments)),
                    Extract::Json(Tag::Delta(DeltaKind::Arguments)),
                ]),
            ),
        ]),
    ),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Bedrock {
    /// The blocks that are tool calls.
    calls: BTreeSet<u32>,
}

impl Decode for Bedrock {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let Output { deltas, calls, .. } = output;
        let end = |call| DeltaSpan { call: Some(call), ..DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0)) };
        for fields in event.found.chunk_by(|left, right| left.part == right.part) {
            let index = fields[0].part.or(event.number(Tag::Index(Level::Part))).unwrap_or(0);
            for field in fields {
                let Tag::Delta(kind) = field.tag else { continue };
                let next = DeltaSpan { place: index, ..field.delta(kind) };
                match kind {
                    DeltaKind::Call | DeltaKind::Id => {
                        self.calls.insert(index);
                        deltas.push(DeltaSpan { call: Some(index), extent: Extent::Whole, ..next });
                    }
                    DeltaKind::Arguments => deltas.push(DeltaSpan { call: Some(index), ..next }),
                    DeltaKind::Text | DeltaKind::Reasoning => deltas.push(DeltaSpan { item: index, ..next }),
                    _ => deltas.push(next),
                }
            }
            if fields[0].part.is_some() && self.calls.contains(&index) {
                deltas.push(DeltaSpan { place: index, ..end(index) });
            }
        }
        let index = event.number(Tag::Index(Level::Part)).unwrap_or(0);
        // Whether a call without arguments was cut, only the reason for which the answer ends tells.
        let is_blank = calls.find(0, index).is_some_and(|call| call.is_blank());
        if event.find(Tag::Ended).is_some() && self.calls.contains(&index) && !is_blank {
            deltas.push(end(index));
        }
        // The usage comes behind the reason, and nothing behind the usage.
        if event.find(Tag::Status).is_some() {
            deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded};


    #[test]
    fn a_stream() {
        assert_decoded(
            PROTOCOL.name,
            &[
                r#"{"messageStart":{"role":"assistant"}}"#,
                r#"{"contentBlockDelta":{"delta":{"reasoningContent":{"text":"hm"}},"contentBlockIndex":0}}"#,
                r#"{"contentBlockStop":{"contentBlockIndex":0}}"#,
                r#"{"contentBlockDelta":{"delta":{"text":"a"},"contentBlockIndex":1}}"#,
                r#"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"c","name":"f"}},"contentBlockIndex":2}}"#,
                r#"{"contentBlockDelta":{"delta":{"toolUse":{"input":"{\"x\""}},"contentBlockIndex":2}}"#,
                r#"{"contentBlockDelta":{"delta":{"toolUse":{"input":":1}"}},"contentBlockIndex":2}}"#,
                r#"{"contentBlockStop":{"contentBlockIndex":2}}"#,
                r#"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"d","name":"g"}},"contentBlockIndex":3}}"#,
                r#"{"contentBlockStop":{"contentBlockIndex":3}}"#,
                r#"{"messageStop":{"stopReason":"tool_use"}}"#,
                r#"{"metadata":{"usage":{"inputTokens":1},"metrics":{"latencyMs":2}}}"#,
            ],
            &[
                "reasoning 0 hm", "text 0#1 a",
                "call 0[2] f", "id 0[2] c", "arguments 0[2] {\"x\"", "arguments 0[2] :1}", "call_end 0[2] ",
                "call 0[3] g", "id 0[3] d", "arguments 0[3] {}", "call_end 0[3] ",
                "finish 0 tool_use", r#"usage 0 {"inputTokens":1}"#, "done 0 ",
            ],
        );
    }

    #[test]
    fn an_error_and_an_answer_in_one_piece() {
        assert_decoded(
            PROTOCOL.name,
            &[r#"{"throttlingException":{"message":"m"}}"#],
            &[r#"error 0 {"message":"m"}"#],
        );
        assert_decoded(
            PROTOCOL.name,
            &[r#"{"output":{"message":{"role":"assistant","content":[{"text":"a"},{"toolUse":{"toolUseId":"c","name":"f","input":{"x":1}}}]}},"stopReason":"tool_use","usage":{"inputTokens":1}}"#],
            &[
                "text 0 a", "call 0[1] f", "id 0[1] c", r#"arguments 0[1] {"x":1}"#, "call_end 0[1] ",
                "finish 0 tool_use", r#"usage 0 {"inputTokens":1}"#, "done 0 ",
            ],
        );
    }
}
