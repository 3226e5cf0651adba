//! The protocol of `OpenAI`'s chat completions, and of the many servers that are compatible with them.

use std::collections::BTreeMap;

use instar_json::Source;

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Field, Fields, Level, Tag, number};
use crate::framing::Framing;
use crate::tool_calls::{Label, Numbers, ToolCalls};
use crate::transcript::Edit;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "openai-chat",
    framing: Framing::Sse,
    several_texts: false,
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
                ("delta", MESSAGE),
                // The whole message: in an answer in one piece, or beside the delta.
                ("message", Extract::Whole(&MESSAGE)),
                // Completions without a chat.
                ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
                ("finish_reason", Extract::Text(Tag::Delta(DeltaKind::Finish))),
                ("content_filter_results", Extract::Same),
                // Moonshot's place for it.
                ("usage", USAGE),
                ("error", ERROR),
            ]),
        ),
    ),
    ("usage", USAGE),
    // Groq's.
    ("x_groq", Extract::Object(&[("usage", USAGE), ("error", ERROR)])),
    ("error", ERROR),
    ("obfuscation", Extract::Text(Tag::Padding)),
    // Mistral's name for it.
    ("p", Extract::Text(Tag::Padding)),
]);

const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const ERROR: Extract = Extract::Json(Tag::Delta(DeltaKind::Error));

const MESSAGE: Extract = Extract::Object(&[
    ("role", Extract::Same),
    ("content", Extract::Any(&[Extract::Text(Tag::Delta(DeltaKind::Text)), Extract::Each(Level::Part, &PART)])),
    ("refusal", Extract::Text(Tag::Delta(DeltaKind::Refusal))),
    // DeepSeek's, vLLM's and xAI's name for it, and OpenRouter's, Cerebras' and Ollama's.
    ("reasoning_content", REASONING),
    ("reasoning", REASONING),
    ("tool_calls", Extract::Each(Level::Call, &CALL)),
    ("function_call", FUNCTION),
]);

/// A part of a list of contents, as Mistral's reasoning models send them; or its text alone.
static PART: Extract = Extract::Any(&[
    Extract::Object(&[
        ("type", Extract::Text(Tag::PartType)),
        ("text", Extract::Text(Tag::Delta(DeltaKind::Text))),
        ("refusal", Extract::Text(Tag::Delta(DeltaKind::Refusal))),
        ("thinking", REASONING),
        ("reasoning", REASONING),
        // Databricks' name for it.
        ("summary", REASONING),
    ]),
    Extract::Text(Tag::Delta(DeltaKind::Text)),
]);

const REASONING: Extract = Extract::Any(&[
    Extract::Text(Tag::Delta(DeltaKind::Reasoning)),
    Extract::Each(Level::Part, &Extract::Object(&[("text", Extract::Text(Tag::Delta(DeltaKind::Reasoning)))])),
]);

static CALL: Extract = Extract::Object(&[
    ("index", Extract::Number(Tag::Index(Level::Call))),
    ("id", Extract::Text(Tag::Delta(DeltaKind::Id))),
    ("type", Extract::Same),
    ("function", FUNCTION),
    // Without the object around them.
    ("name", NAME),
    ("arguments", ARGUMENTS),
    (
        "custom",
        Extract::Object(&[
            ("name", NAME),
            ("input", Extract::Text(Tag::Delta(DeltaKind::Input))),
        ]),
    ),
]);

const FUNCTION: Extract = Extract::Object(&[("name", NAME), ("arguments", ARGUMENTS)]);

const NAME: Extract = Extract::Text(Tag::Delta(DeltaKind::Call));
const ARGUMENTS: Extract = Extract::Any(&[
    Extract::Text(Tag::Delta(DeltaKind::Arguments)),
    Extract::Json(Tag::Delta(DeltaKind::Arguments)),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Chat {
    /// The tool calls of each choice.
    calls: BTreeMap<u32, Numbers>,
}

impl Decode for Chat {
    /// Every call gets its own number for its index in the transcript.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let entry = |field: &Field| (field.choice, field.whole, field.call, field.part);
        let together = |left: &Field, right: &Field| left.tag != Tag::Entry && entry(left) == entry(right);
        let mut list = None;
        for fields in event.found.chunk_by(together) {
            let call = fields[0].call.map(|place| {
                let choice = fields[0].choice.unwrap_or(0);
                if fields[0].whole {
                    return self.calls.entry(choice).or_default().at_place(place);
                }
                let first = list.replace(choice) != Some(choice);
                self.number(choice, first, fields, event.source, output)
            });
            let is_reasoning = fields.iter().any(|field| {
                field.tag == Tag::PartType && REASONING_PARTS.contains(&event.source.bytes(field.text))
            });
            for field in fields {
                let Tag::Delta(kind) = field.tag else { continue };
                let next = delta(field, kind, call, is_reasoning);
                if counts(&next, &output.deltas, event.source) {
                    output.deltas.push(next);
                } else if let Some(at) = next.raw.filter(|_| is_broken(next.bytes(event.source))) {
                    // What is made of the broken character concerns the other one alone.
                    output.edits.push(Edit { at: at.start as usize..at.end as usize, text: String::new() });
                }
            }
        }
    }
}

/// The types of the parts whose text is reasoning.
const REASONING_PARTS: [&[u8]; 2] = [b"thinking", b"reasoning"];

/// The delta that a field of a message is.
fn delta(field: &Field, kind: DeltaKind, call: Option<u32>, is_reasoning: bool) -> DeltaSpan {
    let kind = if is_reasoning && kind == DeltaKind::Text { DeltaKind::Reasoning } else { kind };
    let of_call = matches!(kind, DeltaKind::Call | DeltaKind::Id | DeltaKind::Arguments | DeltaKind::Input);
    // What is called by the older `function_call` is the only call.
    let call = if of_call { Some(call.unwrap_or(0)) } else { None };
    let extent = if field.whole { Extent::Copy } else { Extent::Piece };
    DeltaSpan { call, extent, ..field.delta(kind) }
}

/// Whether a delta says something that those before it do not.
fn counts(delta: &DeltaSpan, before: &[DeltaSpan], source: Source<'_>) -> bool {
    match delta.kind {
        // Some servers give the reasoning under both of its names. Of a broken character half may be held back.
        DeltaKind::Reasoning => {
            let text = whole_characters(delta.bytes(source));
            !before
                .iter()
                .rev()
                .take_while(|before| before.choice == delta.choice)
                .any(|before| before.kind == delta.kind && whole_characters(before.bytes(source)) == text)
        }
        DeltaKind::Id => !id(delta.bytes(source)).is_empty(),
        _ => true,
    }
}

/// U+FFFD, which stands for half of a surrogate pair.
const BROKEN: &[u8] = "\u{fffd}".as_bytes();

fn is_broken(text: &[u8]) -> bool {
    text.starts_with(BROKEN) || text.ends_with(BROKEN)
}

/// A text without the broken character that it may end with.
fn whole_characters(text: &[u8]) -> &[u8] {
    text.strip_suffix(BROKEN).unwrap_or(text)
}

impl Chat {
    /// The number of the tool call that an entry is about.
    fn number(
        &mut self,
        choice: u32,
        first: bool,
        entry: &[Field],
        source: Source<'_>,
        output: &mut Output,
    ) -> u32 {
        let find = |tag| entry.iter().find(|field| field.tag == tag);
        let text = |tag| find(tag).map_or(&b""[..], |field| source.bytes(field.text));
        let says = |kind| text(Tag::Delta(kind));
        let index = number(text(Tag::Index(Level::Call)));
        let (arguments, input) = (says(DeltaKind::Arguments), says(DeltaKind::Input));
        let arguments = if arguments.is_empty() { input } else { arguments };
        let (id, name) = (id(says(DeltaKind::Id)), says(DeltaKind::Call));
        let label = Label { choice, index, id, name, arguments, first };
        let calls: &mut ToolCalls = &mut output.calls;
        let number = self.calls.entry(choice).or_default().number(label, calls);
        if index != Some(number) {
            output.edits.push(match find(Tag::Index(Level::Call)) {
                Some(index) => Edit { at: index.range(), text: number.to_string() },
                None => appended(source.raw, entry[entry.len() - 1].text.end as usize, number),
            });
        }
        number
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

#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded, decoded};

    #[test]
    fn chat_deltas() {
        assert_decoded(PROTOCOL.name,
            &[r#"{"choices":[{"index":1,"delta":{"content":"a\nb","refusal":"no"}}]}"#],
            &["text 1 a\nb", "refusal 1 no"],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"choices":[{"delta":{"content":"a"},"index":2},{"delta":{"content":"b"},"index":0}]}"#],
            &["text 0 b", "text 2 a"],
        );
        // Perplexity's chunks hold the whole message so far, too.
        assert_decoded(PROTOCOL.name,
            &[r#"{"choices":[{"message":{"role":"assistant","content":"say it"},"delta":{"content":" it"}}]}"#],
            &["text 0  it"],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"choices":[{"delta":{"tool_calls":[{"id":"null","function":{"name":"","arguments":"1"}}]}}]}"#],
            &["arguments 0[0] 1"],
        );
        // What ends comes last, and a call's name before its arguments, whatever the order of the keys.
        let reversed = r#"{"usage":{"n":[1]},"choices":[{"finish_reason":"tool_calls","delta":{"tool_calls":[
            {"function":{"arguments":"{}","name":"f"},"id":"x","index":1},{"index":0,"function":{"arguments":"[]","name":"g"}}
            ],"content":"a","reasoning":"b"},"index":0}]}"#;
        assert_decoded(PROTOCOL.name,
            &[&reversed.replace('\n', "")],
            &[
                "reasoning 0 b",
                "text 0 a",
                "call 0[0] g",
                "arguments 0[0] []",
                "call 0[1] f",
                "id 0[1] x",
                "call_end 0[0] ",
                "arguments 0[1] {}",
                "call_end 0[1] ",
                "finish 0 tool_calls",
                r#"usage 0 {"n":[1]}"#,
            ],
        );
        assert_decoded(PROTOCOL.name, &[r#"{"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}"#], &["reasoning 0 a"]);
        assert_decoded(PROTOCOL.name,
            &[r#"{"choices":[{"delta":{"tool_calls":[{"id":"a"},{"id":"b"}]}}]}"#],
            &["id 0[0] a", "id 0[1] b"],
        );
        // Cerebras' calls all have the same index.
        let whole = |index: &str, id: &str| {
            format!(
                r#"{{"choices":[{{"delta":{{"tool_calls":[{{{index}"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}]}}}}]}}"#
            )
        };
        for index in ["", r#""index":0,"#] {
            assert_decoded(PROTOCOL.name,
                &[&whole(index, "a"), &whole(index, "b")],
                &[
                    "call 0[0] f",
                    "id 0[0] a",
                    "call 0[1] f",
                    "id 0[1] b",
                    // Each may be a placeholder until it ends.
                    "arguments 0[0] {}",
                    "arguments 0[1] {}",
                ],
            );
        }
        assert_decoded(PROTOCOL.name,
            &[r#"{"error":{"message":"overloaded","code":503}}"#],
            &[r#"error 0 {"message":"overloaded","code":503}"#],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"error":"over\"loaded"}"#, r#"{"error":null}"#, r#"{"error":{}}"#],
            &[r#"error 0 "over\"loaded""#],
        );
    }

    /// A chunk with this delta.
    fn chunk(delta: &str) -> String {
        format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)
    }

    /// A chunk with this entry of the list of tool calls.
    fn call(entry: &str) -> String {
        chunk(&format!(r#"{{"tool_calls":[{entry}]}}"#))
    }

    const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;

    #[track_caller]
    fn assert_calls(entries: &[&str], deltas: &[&str]) {
        let mut events: Vec<_> = entries.iter().map(|entry| call(entry)).collect();
        events.push(FINISH.to_owned());
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        let deltas: Vec<_> = deltas.iter().copied().chain(["finish 0 tool_calls"]).collect();
        assert_decoded(PROTOCOL.name, &events, &deltas);
    }

    #[test]
    fn contents_may_be_lists_of_parts() {
        assert_decoded(
            PROTOCOL.name,
            &[
                &chunk(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]}]}"#),
                &chunk(r#"{"content":[{"type":"thinking","thinking":"."},{"type":"reasoning","text":"."}]}"#),
                &chunk(r#"{"content":[{"type":"text","text":"a"},{"text":"b","type":"output_text"}]}"#),
                &chunk(r#"{"content":{"type":"text","text":"c"}}"#),
                &chunk(r#"{"content":["d",{"type":"reasoning","summary":[{"type":"summary_text","text":"!"}]},"e"]}"#),
            ],
            &[
                "reasoning 0 h", "reasoning 0 m", "reasoning 0 .", "text 0 a", "text 0 b", "text 0 c",
                "reasoning 0 !", "text 0 d", "text 0 e",
            ],
        );
    }

    #[test]
    fn a_call_without_arguments_has_empty_ones() {
        for arguments in ["", r#","arguments":"""#, r#","arguments":" \n""#, r#","arguments":null"#, r#","arguments":"{}""#] {
            let entry = format!(r#"{{"index":0,"id":"a","function":{{"name":"f"{arguments}}}}}"#);
            let (deltas, fault) = decoded(PROTOCOL.name, &[&call(&entry), FINISH]);
            let text: String = deltas.iter().filter_map(|delta| delta.strip_prefix("arguments 0[0] ")).collect();
            assert_eq!((text.trim(), fault), ("{}", None), "{entry}");
            assert_eq!(&deltas[deltas.len() - 2..], ["call_end 0[0] ", "finish 0 tool_calls"]);
        }
        // One that was cut is none.
        let cut = FINISH.replace("tool_calls\"}", "length\"}");
        let begun = call(r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#);
        assert_decoded(PROTOCOL.name, &[&begun, &cut], &["call 0[0] f", "id 0[0] a", "finish 0 length"]);
        assert_decoded(PROTOCOL.name, &[&begun], &["call 0[0] f", "id 0[0] a"]);
        assert_decoded(
            PROTOCOL.name,
            &[&begun, "[DONE]"],
            &["call 0[0] f", "id 0[0] a", "arguments 0[0] {}", "call_end 0[0] ", "done 0 "],
        );
    }

    #[test]
    fn null_arguments_are_none() {
        let entry = |text: &str| format!(r#"{{"index":0,"function":{{"arguments":"{text}"}}}}"#);
        let begun = r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#;
        let name = ["call 0[0] f", "id 0[0] a"];
        for nothing in [&["null"][..], &["nu", "ll"], &[" null\\n"]] {
            let pieces: Vec<_> = nothing.iter().map(|piece| entry(piece)).collect();
            let pieces: Vec<_> = [begun].into_iter().chain(pieces.iter().map(String::as_str)).collect();
            assert_calls(&pieces, &[&name[..], &["arguments 0[0] {}", "call_end 0[0] "]].concat());
            let real = entry(r#"{\"a\":1}"#);
            let pieces = [&pieces[..], &[&real]].concat();
            assert_calls(&pieces, &[&name[..], &[r#"arguments 0[0] {"a":1}"#, "call_end 0[0] "]].concat());
        }
    }

    #[test]
    fn calls_begin_in_their_order_whether_they_have_arguments_or_not() {
        let first = r#"{"index":0,"id":"a","function":{"name":"f"}}"#;
        let second = r#"{"index":1,"id":"b","function":{"name":"g","arguments":"[1]"}}"#;
        assert_calls(
            &[first, second],
            &[
                "call 0[0] f",
                "id 0[0] a",
                "call 0[1] g",
                "id 0[1] b",
                "arguments 0[1] [1]",
                "arguments 0[0] {}",
                "call_end 0[0] ",
                "call_end 0[1] ",
            ],
        );
    }

    #[test]
    fn a_placeholder_is_held_back() {
        let end = ["call_end 0[0] "];
        let begun = r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#;
        let more = |text: &str| format!(r#"{{"index":0,"function":{{"arguments":"{text}"}}}}"#);
        let (first, second) = (more(r#"{\"a\""#), more(":1}"));
        assert_calls(
            &[begun, &first, &second],
            &[&["call 0[0] f", "id 0[0] a", "arguments 0[0] {\"a\"", "arguments 0[0] :1}"], &end[..]].concat(),
        );
        // In pieces, with white space, and once more.
        let pieces = [more("{"), more("}"), more("\\n"), more("{}"), first, second];
        let pieces: Vec<_> = pieces.iter().map(String::as_str).collect();
        assert_calls(
            &[&[r#"{"index":0,"function":{"name":"f"}}"#], &pieces[..]].concat(),
            &[&["call 0[0] f", "arguments 0[0] {", "arguments 0[0] \"a\"", "arguments 0[0] :1}"], &end[..]].concat(),
        );
    }

    #[test]
    fn whole_arguments_that_come_again_are_dropped() {
        let begun = r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":"}}"#;
        let rest = r#"{"index":0,"function":{"arguments":"\"}{\"}"}}"#;
        for again in [
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":\"}{\"}"}}"#,
            r#"{"index":0,"function":{"arguments":"{ \"a\": \"}{\" }\n"}}"#,
            r#"{"index":0,"function":{"arguments":{"a":"}{"}}}"#,
            r#"{"index":0,"function":{"arguments":"\"{\\\"a\\\":\\\"}{\\\"}\""}}"#,
        ] {
            let blank = r#"{"index":0,"function":{"arguments":"\n"}}"#;
            let came = ["call 0[0] f", "id 0[0] a", "arguments 0[0] {\"a\":", "arguments 0[0] \"}{\"}"];
            assert_calls(
                &[begun, rest, again, blank, again],
                &[&came[..], &["arguments 0[0] \n", "call_end 0[0] "]].concat(),
            );
        }
    }

    #[test]
    fn cumulative_arguments_are_refused() {
        for pieces in [["{", "{\\\"a\\\""], ["{\\\"a\\\"", "{\\\"a\\\":1"], ["{\\\"a\\\":", "{\\\"a\\\":1}"]] {
            let piece = |text: &str| call(&format!(r#"{{"index":0,"function":{{"name":"f","arguments":"{text}"}}}}"#));
            let (_, fault) = decoded(PROTOCOL.name, &pieces.map(piece).each_ref().map(String::as_str));
            // What begins again may be an object in an object.
            let may_go_on = pieces[0].ends_with(':');
            assert_eq!(matches!(fault, Some(crate::FaultKind::Cumulative(_))), !may_go_on, "{pieces:?}");
        }
    }

    #[test]
    fn names_come_in_pieces_late_and_with_marks() {
        let end = "call_end 0[0] ";
        let named = |name: &str| format!(r#"{{"index":0,"function":{{"name":"{name}"}}}}"#);
        let arguments = r#"{"index":0,"function":{"arguments":"[1]"}}"#;
        for names in [&["Ca", "t"][..], &["Cat", "Cat"], &["C", "Cat"], &["Cat<|chan", "nel|>x"], &["functions.Cat"], &["functions.Cat:0"]] {
            let entries: Vec<_> = names.iter().map(|name| named(name)).collect();
            let entries: Vec<_> = entries.iter().map(String::as_str).chain([arguments]).collect();
            assert_calls(&entries, &["call 0[0] Cat", "arguments 0[0] [1]", end]);
        }
        let (first, name) = (r#"{"index":0,"id":"a","function":{"arguments":"[1"}}"#, named("Cat"));
        let rest = r#"{"index":0,"function":{"arguments":"]"}}"#;
        assert_calls(&[first, &name, rest], &["call 0[0] Cat", "id 0[0] a", "arguments 0[0] [1]", end]);
        assert_calls(&[first, rest], &["id 0[0] a", "arguments 0[0] [1]", end]);
        assert_calls(&[first, rest, &name], &["call 0[0] Cat", "id 0[0] a", "arguments 0[0] [1]", end]);
    }

    #[test]
    fn an_open_call_may_have_another_id_in_every_chunk() {
        let entry = |index: &str, id: &str, name: &str, text: &str| {
            format!(r#"{{{index}"id":"{id}","function":{{{name}"arguments":"{text}"}}}}"#)
        };
        for index in ["", r#""index":0,"#] {
            for name in ["", r#""name":"f","#] {
                let entries = [
                    entry(index, "a", r#""name":"f","#, ""),
                    entry(index, "b", name, "{\\\"x\\\""),
                    entry(index, "c", name, ":1}"),
                    entry(index, "d", r#""name":"f","#, "{\\\"x\\\""),
                    entry(index, "e", name, ":2}"),
                ];
                let entries: Vec<_> = entries.iter().map(String::as_str).collect();
                assert_calls(
                    &entries,
                    &[
                        "call 0[0] f", "id 0[0] a", "arguments 0[0] {\"x\"", "arguments 0[0] :1}",
                        "call 0[1] f", "id 0[1] d", "arguments 0[1] {\"x\"", "arguments 0[1] :2}",
                        "call_end 0[0] ", "call_end 0[1] ",
                    ],
                );
            }
        }
    }

    #[test]
    fn a_call_behind_a_whole_one_is_another_whatever_its_index() {
        let entry =
            |name: &str, text: &str| format!(r#"{{"index":0,"function":{{"name":"{name}","arguments":{text}}}}}"#);
        let entries = [entry("f", r#"{"a":1}"#), entry("g", r#"{"a":1}"#), entry("g", r#"{"a":2}"#), entry("g", r#"{"a":2}"#)];
        let entries: Vec<_> = entries.iter().map(String::as_str).collect();
        let calls = ["f", "g", "g"].into_iter().zip([r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":2}"#]).enumerate();
        let deltas = calls.flat_map(|(at, (name, text))| [format!("call 0[{at}] {name}"), format!("arguments 0[{at}] {text}")]);
        let deltas: Vec<_> = deltas.chain((0..3).map(|at| format!("call_end 0[{at}] "))).collect();
        assert_calls(&entries, &deltas.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn arguments_and_lists_have_other_shapes() {
        let whole = r#"{"id":"a","function":{"name":"f","arguments":{"x": [1]}}}"#;
        let deltas = ["call 0[0] f", "id 0[0] a", "arguments 0[0] {\"x\": [1]}", "call_end 0[0] "];
        assert_calls(&[whole], &deltas);
        assert_calls(&[r#"{"id":"a","name":"f","arguments":{"x": [1]}}"#], &deltas);
        let one = chunk(&format!(r#"{{"tool_calls":{whole}}}"#));
        assert_decoded(PROTOCOL.name, &[&one, FINISH], &[&deltas[..], &["finish 0 tool_calls"]].concat());
        let older = [r#"{"function_call":{"name":"f","arguments":""}}"#, r#"{"function_call":{"arguments":"[1]"}}"#];
        assert_decoded(
            PROTOCOL.name,
            &[&chunk(older[0]), &chunk(older[1]), FINISH],
            &["call 0[0] f", "arguments 0[0] [1]", "call_end 0[0] ", "finish 0 tool_calls"],
        );
    }

    #[test]
    fn custom_tools_take_any_text() {
        let begun = r#"{"index":0,"id":"a","type":"custom","function":null,"custom":{"name":"f","input":""}}"#;
        let piece = |text: &str| format!(r#"{{"index":0,"custom":{{"name":null,"input":"{text}"}},"function":null}}"#);
        assert_calls(
            &[begun, &piece("{}"), &piece("{}")],
            &["call 0[0] f", "id 0[0] a", "input 0[0] {}", "input 0[0] {}", "call_end 0[0] "],
        );
        assert_calls(&[begun], &["call 0[0] f", "id 0[0] a", "call_end 0[0] "]);
    }

    #[test]
    fn a_whole_message_counts_where_no_deltas_came() {
        let whole = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"abc","reasoning":"hm","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"stop"}],"usage":{"n":1}}"#;
        let call = ["call 0[0] f", "id 0[0] a", "arguments 0[0] {\"x\":1}"];
        let end = ["call_end 0[0] ", "finish 0 stop", "usage 0 {\"n\":1}"];
        assert_decoded(PROTOCOL.name, &[whole], &[&["reasoning 0 hm", "text 0 abc"], &call[..], &end].concat());
        // Where they fell short it completes them, and where they say otherwise they count.
        assert_decoded(
            PROTOCOL.name,
            &[&chunk(r#"{"content":"a"}"#), whole],
            &[&["text 0 a", "reasoning 0 hm", "text 0 bc"], &call[..], &end].concat(),
        );
        let other = chunk(r#"{"content":"x","tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"[1]"}}]}"#);
        assert_decoded(
            PROTOCOL.name,
            &[&other, whole],
            &[&["text 0 x", "call 0[0] g", "id 0[0] b", "arguments 0[0] [1]", "reasoning 0 hm"], &end[..]].concat(),
        );
    }

    #[test]
    fn usage_and_errors_stand_in_several_places() {
        assert_decoded(
            PROTOCOL.name,
            &[
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"n":1}}]}"#,
                r#"{"x_groq":{"usage":{"n":2}},"choices":[]}"#,
                r#"{"choices":[{"index":0,"error":{"message":"m"}}]}"#,
            ],
            &["finish 0 stop", r#"usage 0 {"n":1}"#, r#"usage 0 {"n":2}"#, r#"error 0 {"message":"m"}"#],
        );
        for flat in [
            r#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#,
            r#"{"message":"m","type":"invalid_request_error"}"#,
            r#"{"detail":"m"}"#,
            r#"{"status":500,"message":"m"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"m"}]}"#,
            r#"{"errors":[{"message":"m","code":7}],"success":false}"#,
            r#"{"error":["m"]}"#,
            r#"{"error":true,"message":"m"}"#,
            r#"{"success":false,"msg":"m"}"#,
            r#"{"code":1001,"msg":"m"}"#,
            r#"{"Message":"m"}"#,
            r#"{"type":"about:blank","title":"m","status":404}"#,
        ] {
            assert_decoded(PROTOCOL.name, &[flat], &[&format!("error 0 {flat}")]);
        }
        for other in [
            r#"{"status":"running","message":"queued"}"#,
            r#"{"code":0,"msg":"ok","success":true}"#,
            r#"{"error":[],"errors":null,"error_message":""}"#,
            r#"{"type":"status","message":"queued"}"#, r#"{"type":"ping"}"#, r#"{"choices":[],"message":"m","code":1}"#] {
            assert_decoded(PROTOCOL.name, &[other], &[]);
        }
    }
}
