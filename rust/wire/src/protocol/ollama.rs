//! The protocol of Ollama's own API, `/api/chat` and `/api/generate`.

use instar_json::Span;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "ollama",
    framing: Framing::Ndjson,
    several_texts: false,
    signs: &[Sign::Member("done")],
    extract: &EXTRACT,
    decoder: || Box::new(Ollama::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("created_at", Extract::Text(Tag::Stamp)),
    (
        "message",
        Extract::Object(&[
            ("role", Extract::Same),
            ("content", TEXT),
            ("thinking", REASONING),
            ("tool_calls", Extract::Each(Level::Call, &CALL)),
        ]),
    ),
    ("response", TEXT),
    ("thinking", REASONING),
    ("done", Extract::True(Tag::Ended)),
    ("done_reason", Extract::Text(Tag::Delta(DeltaKind::Finish))),
    ("prompt_eval_count", Extract::Number(Tag::Index(Level::Item))),
    ("eval_count", Extract::Number(Tag::Index(Level::Part))),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
]);

const TEXT: Extract = Extract::Text(Tag::Delta(DeltaKind::Text));
const REASONING: Extract = Extract::Text(Tag::Delta(DeltaKind::Reasoning));

static CALL: Extract = Extract::Object(&[
    ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
    (
        "function",
        Extract::Object(&[
            ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
            (
                "arguments",
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
struct Ollama {
    /// How many calls have come. Each comes whole.
    calls: u32,
}

impl Decode for Ollama {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        for entry in event.found.chunk_by(|left, right| left.call == right.call) {
            let call = entry[0].call.map(|_| self.calls);
            for field in entry {
                let Tag::Delta(kind) = field.tag else { continue };
                let extent = if kind == DeltaKind::Call { Extent::Whole } else { Extent::Piece };
                deltas.push(DeltaSpan { call, extent, ..field.delta(kind) });
            }
            if call.is_some() {
                deltas.push(DeltaSpan { call, ..DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0)) });
                self.calls += 1;
            }
        }
        if event.find(Tag::Ended).is_some() {
            deltas.extend(usage(event).map(|usage| DeltaSpan::made(DeltaKind::Usage, usage)));
            deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
        }
    }
}

/// The counts of tokens, which are members of the last event among others.
fn usage(event: Fields<'_>) -> Option<String> {
    let counts = [(Level::Item, "prompt_eval_count"), (Level::Part, "eval_count")];
    let counts: Vec<_> = counts
        .into_iter()
        .filter_map(|(level, name)| Some(format!("\"{name}\":{}", event.number(Tag::Index(level))?)))
        .collect();
    (!counts.is_empty()).then(|| format!("{{{}}}", counts.join(",")))
}

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded};


    #[test]
    fn a_chat() {
        assert_decoded(
            PROTOCOL.name,
            &[
                r#"{"model":"m","created_at":"1","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
                r#"{"model":"m","created_at":"2","message":{"role":"assistant","content":"a"},"done":false}"#,
                r#"{"model":"m","created_at":"3","message":{"role":"assistant","content":"b"},"done":false}"#,
                r#"{"model":"m","created_at":"4","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"c","function":{"index":1,"name":"g","arguments":{}}}]},"done":false}"#,
                r#"{"model":"m","created_at":"5","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"eval_count":5,"prompt_eval_count":4}"#,
            ],
            &[
                "reasoning 0 hm", "text 0 a", "text 0 b",
                "call 0[0] f", r#"arguments 0[0] {"x":1}"#, "call_end 0[0] ",
                "call 0[1] g", "id 0[1] c", "arguments 0[1] {}", "call_end 0[1] ",
                "finish 0 stop", r#"usage 0 {"prompt_eval_count":4,"eval_count":5}"#, "done 0 ",
            ],
        );
    }

    #[test]
    fn a_completion_and_an_error() {
        assert_decoded(
            PROTOCOL.name,
            &[r#"{"response":"a","thinking":"hm","done":true}"#, r#"{"error":"model 'm' not found"}"#],
            &["reasoning 0 hm", "text 0 a", "done 0 ", r#"error 0 "model 'm' not found""#],
        );
    }

    #[test]
    fn lines_that_differ_in_their_time_are_one_event() {
        let line = |at: u32, text: &str| {
            format!(r#"{{"model":"m","created_at":"2024-01-01T00:00:{at}Z","message":{{"role":"assistant","content":"{text}"}},"done":false}}"#)
        };
        let mut decoder = crate::Decoder::new(Some(&PROTOCOL), None);
        let body = [line(10, "a"), line(20, "b"), line(30, "c")].join("\n");
        decoder.feed(body.as_bytes(), |_| {}).expect("it is JSON");
        assert_eq!(decoder.events().collect::<Vec<_>>(), [line(10, "abc").into_bytes()]);
    }
}
