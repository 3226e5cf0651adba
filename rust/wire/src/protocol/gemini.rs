//! The protocol of Gemini's `streamGenerateContent`.
//!
//! The arguments of calls come whole, or on Vertex, if one asks for it, value by value with their paths.

use std::collections::BTreeMap;

use instar_json::Span;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;
use crate::json_paths::{JsonPaths, Value};

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "gemini",
    framing: Framing::Sse,
    several_texts: true,
    signs: &[Sign::Member("candidates"), Sign::Member("usageMetadata")],
    extract: &EXTRACT,
    decoder: || Box::new(Gemini::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    (
        "candidates",
        Extract::Each(
            Level::Choice,
            &Extract::Object(&[
                ("index", Extract::Number(Tag::Index(Level::Choice))),
                (
                    "content",
                    Extract::Object(&[("parts", Extract::Each(Level::Part, &PART)), ("role", Extract::Same)]),
                ),
                ("finishReason", FINISH),
                ("finish_reason", FINISH),
            ]),
        ),
    ),
    // Why there is no candidate.
    ("promptFeedback", FEEDBACK),
    ("prompt_feedback", FEEDBACK),
    ("usageMetadata", USAGE),
    ("usage_metadata", USAGE),
    ("error", Extract::Json(Tag::Delta(DeltaKind::Error))),
]);

const FINISH: Extract = Extract::Text(Tag::Delta(DeltaKind::Finish));
const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const FEEDBACK: Extract = Extract::Object(&[("blockReason", FINISH), ("block_reason", FINISH)]);

static PART: Extract = Extract::Object(&[
    ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
    ("thought", Extract::True(Tag::Thought)),
    ("functionCall", CALL),
    // As the SDK's dicts have it.
    ("function_call", CALL),
]);

const CALL: Extract = Extract::Present(
    Tag::ItemType,
    &[
        ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
        ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
        ("args", Extract::Json(Tag::Delta(DeltaKind::Arguments))),
        ("partialArgs", Extract::Each(Level::Item, &PARTIAL)),
        ("willContinue", Extract::True(Tag::Continues)),
    ],
);

static PARTIAL: Extract = Extract::Object(&[
    ("jsonPath", Extract::Text(Tag::Path)),
    ("stringValue", Extract::Text(Tag::Value)),
    ("numberValue", Extract::Atom(Tag::Atom)),
    ("boolValue", Extract::Atom(Tag::Atom)),
    ("nullValue", Extract::Any(&[Extract::Atom(Tag::Ended), Extract::Text(Tag::Ended)])),
    ("willContinue", Extract::True(Tag::Continues)),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Gemini {
    candidates: BTreeMap<u32, Candidate>,
}

/// What is known of a candidate.
#[derive(Debug, Default)]
struct Candidate {
    /// How many calls it has made. They come one after the other, each with its name first.
    calls: u32,
    /// The arguments of the last call, if they come value by value.
    arguments: Option<JsonPaths>,
    /// The number of the text at hand: what stands between two texts makes them two.
    item: u32,
    /// What the part before was: text, reasoning, or neither.
    last: Option<DeltaKind>,
}

impl Decode for Gemini {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        for fields in event.found.chunk_by(|left, right| (left.choice, left.part) == (right.choice, right.part)) {
            let part = event.within(fields);
            let (choice, place) = (fields[0].choice.unwrap_or(0), fields[0].part.unwrap_or(0));
            let from = deltas.len();
            if part.find(Tag::ItemType).is_some() {
                self.candidates.entry(choice).or_default().call(part, deltas);
            } else {
                for field in fields {
                    let Tag::Delta(kind) = field.tag else { continue };
                    if kind != DeltaKind::Text {
                        deltas.push(field.delta(kind));
                        continue;
                    }
                    let is_thought = part.find(Tag::Thought).is_some();
                    let kind = if is_thought { DeltaKind::Reasoning } else { kind };
                    let item = self.candidates.entry(choice).or_default().item(kind);
                    deltas.push(DeltaSpan { item, ..field.delta(kind) });
                }
            }
            for delta in &mut deltas[from..] {
                (delta.choice, delta.place) = (choice, place);
            }
        }
    }
}

impl Candidate {
    /// The number of the text that a part of this kind goes on with, or begins.
    fn item(&mut self, kind: DeltaKind) -> u32 {
        if self.last.replace(kind).is_some_and(|last| last != kind) {
            self.item += 1;
        }
        self.item
    }

    /// A call, or the next values of its arguments.
    fn call(&mut self, part: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        self.last = Some(DeltaKind::Call);
        let named = !part.text(Tag::Delta(DeltaKind::Call)).is_empty();
        // What closes a call that came value by value says nothing else.
        let begins = named || self.arguments.is_none();
        if begins {
            self.calls += 1;
            self.arguments = None;
        }
        let call = Some(self.calls - 1);
        for kind in [DeltaKind::Call, DeltaKind::Id, DeltaKind::Arguments] {
            let found = part.find(Tag::Delta(kind)).map(|field| field.delta(kind));
            let extent = if kind == DeltaKind::Arguments { Extent::Piece } else { Extent::Whole };
            deltas.extend(found.map(|delta| DeltaSpan { call, extent, ..delta }));
        }
        let is_open = part.found.iter().any(|field| field.tag == Tag::Continues && field.item.is_none());
        let is_partial = part.find(Tag::Path).is_some();
        let mut made = String::new();
        if is_open || is_partial || self.arguments.is_some() {
            let arguments = self.arguments.get_or_insert_default();
            for value in part.found.chunk_by(|left, right| left.item == right.item) {
                made.push_str(&partial(arguments, part.within(value)));
            }
        }
        if !is_open && let Some(mut arguments) = self.arguments.take() {
            made.push_str(&arguments.finish());
        }
        if !made.is_empty() {
            deltas.push(DeltaSpan { call, ..DeltaSpan::made(DeltaKind::Arguments, made) });
        }
        if !is_open {
            deltas.push(DeltaSpan { call, ..DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0)) });
        }
    }
}

/// The text that one value with its path adds to the arguments.
fn partial(arguments: &mut JsonPaths, value: Fields<'_>) -> String {
    let Some(path) = value.find(Tag::Path) else { return String::new() };
    let text = |span| std::str::from_utf8(value.source.bytes(span)).unwrap_or_default();
    let is_open = value.find(Tag::Continues).is_some();
    let path = text(path.text);
    let found = |tag| value.find(tag);
    let value = match (found(Tag::Value), found(Tag::Atom), found(Tag::Ended)) {
        // The characters are taken as they are escaped.
        (Some(string), ..) => Value::Characters(text(string.raw.unwrap_or(string.text))),
        (None, Some(atom), _) => Value::Atom(text(atom.text)),
        (None, None, Some(_)) => Value::Atom("null"),
        // A string of which nothing has come yet, or nothing more comes.
        (None, None, None) => Value::Characters(""),
    };
    arguments.add(path, value, is_open)
}

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded};

    #[test]
    fn gemini_deltas() {
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"},{"text":"b"}],"role":"model"}}]}"#,
                r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":[1]}}},{"functionCall":{"args":{},"name":"f"}}]}}]}"#,
                r#"{"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"id":"c","name":"g","args":{}}}]}}]}"#,
                r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":3}}"#,
            ],
            &[
                "reasoning 0 hm",
                "text 0#1 a",
                "text 0#1 b",
                "call 0[0] f",
                r#"arguments 0[0] {"x":[1]}"#,
                "call_end 0[0] ",
                "call 0[1] f",
                "arguments 0[1] {}",
                "call_end 0[1] ",
                "call 1[0] g",
                "id 1[0] c",
                "arguments 1[0] {}",
                "call_end 1[0] ",
                "finish 0 STOP",
                r#"usage 0 {"totalTokenCount":3}"#,
            ],
        );
    }

    /// A chunk with these parts.
    fn parts(parts: &str) -> String {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{parts}]}}}}]}}"#)
    }

    #[test]
    fn what_stands_between_two_texts_makes_them_two() {
        let call = r#"{"functionCall":{"name":"f"}}"#;
        assert_decoded(
            PROTOCOL.name,
            &[&parts(r#"{"text":"a"}"#), &parts(&format!(r#"{{"text":"b"}},{call},{{"text":"c"}}"#)), &parts(r#"{"text":"d"}"#)],
            &["text 0 a", "text 0 b", "call 0[0] f", "arguments 0[0] {}", "call_end 0[0] ", "text 0#1 c", "text 0#1 d"],
        );
    }

    #[test]
    fn arguments_come_value_by_value() {
        let call = |inner: &str| parts(&format!(r#"{{"functionCall":{{{inner}}}}}"#));
        let value = |path: &str, value: &str| {
            call(&format!(r#""partialArgs":[{{"jsonPath":"{path}",{value}}}],"willContinue":true"#))
        };
        assert_decoded(
            PROTOCOL.name,
            &[
                &call(r#""name":"f","willContinue":true"#),
                &value("$.a[0].b", r#""stringValue":"x\"","willContinue":true"#),
                &value("$.a[0].b", r#""stringValue":"y","willContinue":true"#),
                &value("$.a[0].b", r#""stringValue":"""#),
                &call(r#""willContinue":true"#),
                &value("$.a[1].b", r#""nullValue":null"#),
                &value("$.c", r#""numberValue":1.5"#),
                &value("$.d", r#""boolValue":false"#),
                &call(""),
                &call(r#""name":"g""#),
            ],
            &[
                "call 0[0] f",
                r#"arguments 0[0] {"a":[{"b":"x\""#,
                "arguments 0[0] y",
                "arguments 0[0] \"",
                r#"arguments 0[0] },{"b":null"#,
                r#"arguments 0[0] }],"c":1.5"#,
                r#"arguments 0[0] ,"d":false"#,
                "arguments 0[0] }",
                "call_end 0[0] ",
                "call 0[1] g",
                "arguments 0[1] {}",
                "call_end 0[1] ",
            ],
        );
    }

    #[test]
    fn dicts_of_the_sdk_have_names_of_their_own() {
        assert_decoded(
            PROTOCOL.name,
            &[r#"{"candidates":[{"content":{"parts":[{"function_call":{"name":"f","args":{"x":1}}}]},"finish_reason":"STOP"}],"usage_metadata":{"n":1}}"#],
            &["call 0[0] f", r#"arguments 0[0] {"x":1}"#, "call_end 0[0] ", "finish 0 STOP", r#"usage 0 {"n":1}"#],
        );
    }

    #[test]
    fn a_prompt_may_be_blocked() {
        assert_decoded(PROTOCOL.name, &[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#], &["finish 0 SAFETY"]);
    }
}
