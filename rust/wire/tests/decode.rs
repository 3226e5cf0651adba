//! What the deltas of a response are: event by event, and however the body is cut.

use instar_json::{Position, Syntax};
use instar_wire::{Decoder, FaultKind, Protocol, WireFault};
use proptest::prelude::*;

const CHAT: &str = "openai-chat";
const RESPONSES: &str = "openai-responses";
const ANTHROPIC: &str = "anthropic";
const GEMINI: &str = "gemini";

/// What can be seen of a decoder.
#[derive(Debug, PartialEq)]
struct Seen {
    deltas: Vec<String>,
    fault: Option<WireFault>,
    done: bool,
    offset: usize,
    events: Vec<Vec<u8>>,
}

fn feed<'b>(protocol: &str, pieces: impl IntoIterator<Item = &'b [u8]>) -> Seen {
    let (mut decoder, mut deltas) = (Decoder::new(Protocol::named(protocol), None), Vec::new());
    for piece in pieces {
        let read = decoder.feed(piece, |delta| {
            let call = delta.call.map_or(String::new(), |call| format!("[{call}]"));
            deltas.push(format!("{} {}{call} {}", delta.kind.name(), delta.choice, delta.text));
        });
        if read.is_err() {
            break;
        }
    }
    Seen {
        deltas,
        fault: decoder.end(|_| {}).err(),
        done: decoder.done(),
        offset: decoder.offset(),
        events: decoder.events().collect(),
    }
}

fn body(events: &[&str]) -> String {
    events.iter().flat_map(|event| ["data: ", event, "\n\n"]).collect()
}

#[track_caller]
fn says(protocol: &str, events: &[&str], deltas: &[&str]) {
    let seen = feed(protocol, [body(events).as_bytes()]);
    assert_eq!(seen.fault, None);
    assert_eq!(seen.deltas, deltas);
}

#[test]
fn chat_deltas() {
    says(
        CHAT,
        &[r#"{"choices":[{"index":1,"delta":{"content":"a\nb","refusal":"no"}}]}"#],
        &["text 1 a\nb", "refusal 1 no"],
    );
    says(
        CHAT,
        &[r#"{"choices":[{"delta":{"content":"a"},"index":2},{"delta":{"content":"b"},"index":0}]}"#],
        &["text 0 b", "text 2 a"],
    );
    // Perplexity's chunks hold the whole message so far, too.
    says(
        CHAT,
        &[r#"{"choices":[{"message":{"role":"assistant","content":"say it"},"delta":{"content":" it"}}]}"#],
        &["text 0  it"],
    );
    says(
        CHAT,
        &[r#"{"choices":[{"delta":{"tool_calls":[{"id":"null","function":{"name":"","arguments":"1"}}]}}]}"#],
        &["arguments 0[0] 1"],
    );
    // What ends comes last, and a call's name before its arguments, whatever the order of the keys.
    let reversed = r#"{"usage":{"n":[1]},"choices":[{"finish_reason":"tool_calls","delta":{"tool_calls":[
        {"function":{"arguments":"{}","name":"f"},"id":"x","index":1},{"index":0,"function":{"arguments":"[]","name":"g"}}
        ],"content":"a","reasoning":"b"},"index":0}]}"#;
    says(
        CHAT,
        &[&reversed.replace('\n', "")],
        &[
            "reasoning 0 b",
            "text 0 a",
            "call 0[0] g",
            "arguments 0[0] []",
            "call 0[1] f",
            "id 0[1] x",
            "arguments 0[1] {}",
            "finish 0 tool_calls",
            r#"usage 0 {"n":[1]}"#,
        ],
    );
    says(CHAT, &[r#"{"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}"#], &["reasoning 0 a"]);
    says(
        CHAT,
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
        says(
            CHAT,
            &[&whole(index, "a"), &whole(index, "b")],
            &[
                "call 0[0] f",
                "id 0[0] a",
                "arguments 0[0] {}",
                "call 0[1] f",
                "id 0[1] b",
                "arguments 0[1] {}",
            ],
        );
    }
    says(
        CHAT,
        &[r#"{"error":{"message":"overloaded","code":503}}"#],
        &[r#"error 0 {"message":"overloaded","code":503}"#],
    );
    says(
        CHAT,
        &[r#"{"error":"over\"loaded"}"#, r#"{"error":null}"#, r#"{"error":{}}"#],
        &[r#"error 0 "over\"loaded""#],
    );
}

#[test]
fn the_halves_of_a_character_are_joined() {
    let first = r#"{"choices":[{"delta":{"content":"a\uD83D"}}]}"#;
    let second = r#"{"choices":[{"delta":{"content":"\ude00b"}}]}"#;
    let other = r#"{"choices":[{"delta":{"content":"c","reasoning":"\ude00"},"logprobs":["\ud83d"]}]}"#;
    says(CHAT, &[first, second], &["text 0 a", "text 0 😀b"]);
    says(CHAT, &[first, other], &["text 0 a", "reasoning 0 \u{fffd}", "text 0 \u{fffd}c"]);
    let seen = feed(CHAT, [body(&[first, second, first]).as_bytes()]);
    let content = |text| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#).into_bytes();
    assert_eq!(seen.events, [content("a"), content(r"\ud83d\ude00b"), content("a")]);
}

#[test]
fn what_says_nothing_is_no_delta() {
    says(
        CHAT,
        &[
            r#"{"choices":[{"delta":{"role":"assistant","content":"","refusal":null,"tool_calls":[{"id":"","function":{"name":"","arguments":""}}]},"finish_reason":""}],"usage":null}"#,
            r#"{"choices":[],"usage":{}}"#,
            r#"{"choices":{},"usage":7,"error":false}"#,
            r#"{"choices":[1,null,[],{"delta":[{"content":"x"}]},{"delta":{"content":["x"]}},{"delta":{"content":{"content":"x"}}}]}"#,
            r#"{"content":"x","delta":{"content":"x"},"x":{"choices":[{"delta":{"content":"x"}}]}}"#,
            "[]",
            "1",
            r#""x""#,
            "null",
            " ",
            "",
        ],
        &[],
    );
}

#[test]
fn responses_deltas() {
    says(
        RESPONSES,
        &[
            r#"{"type":"response.created","response":{"status":"in_progress","usage":null,"error":null}}"#,
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"hm"}"#,
            r#"{"type":"response.output_text.delta","output_index":1,"delta":"a"}"#,
            r#"{"output_index":2,"delta":"no","type":"response.refusal.delta"}"#,
            r#"{"type":"response.unheard_of.delta","delta":"x"}"#,
        ],
        &["reasoning 0 hm", "text 0 a", "refusal 0 no"],
    );
    says(
        RESPONSES,
        &[
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","name":"f","call_id":"c","id":"i"}}"#,
            r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"mcp_call","name":"f","call_id":"c"}}"#,
            r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}"#,
            r#"{"type":"response.function_call_arguments.done","output_index":1,"arguments":"{}"}"#,
            r#"{"type":"response.function_call_arguments.done","output_index":3,"arguments":"[]"}"#,
        ],
        &["call 0[1] f", "id 0[1] c", "arguments 0[1] {}", "arguments 0[3] []"],
    );
    says(
        RESPONSES,
        &[r#"{"type":"response.completed","response":{"usage":{"n":1},"status":"completed"}}"#],
        &["finish 0 completed", r#"usage 0 {"n":1}"#, "done 0 "],
    );
    says(
        RESPONSES,
        &[
            r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"},"status":"incomplete"}}"#,
        ],
        &["finish 0 max_output_tokens", "done 0 "],
    );
    says(
        RESPONSES,
        &[r#"{"type":"response.failed","response":{"error":{"code":"x"},"status":"failed"}}"#],
        &["finish 0 failed", r#"error 0 {"code":"x"}"#, "done 0 "],
    );
    let error = r#"{"type":"error","code":"x","message":"m"}"#;
    says(
        RESPONSES,
        &[error, r#"{"error":{"code":"y"}}"#],
        &[&format!("error 0 {error}"), r#"error 0 {"code":"y"}"#],
    );
}

#[test]
fn anthropic_deltas() {
    says(
        ANTHROPIC,
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
            "text 0 a",
            "finish 0 end_turn",
            r#"usage 0 {"output_tokens":2}"#,
            "done 0 ",
        ],
    );
    // The server's own tools are none of the caller's.
    says(
        ANTHROPIC,
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
    says(
        ANTHROPIC,
        &[r#"{"type":"error","error":{"type":"overloaded_error"}}"#],
        &[r#"error 0 {"type":"overloaded_error"}"#],
    );
}

#[test]
fn gemini_deltas() {
    says(
        GEMINI,
        &[
            r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"},{"text":"b"}],"role":"model"}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":[1]}}},{"functionCall":{"args":{},"name":"f"}}]}}]}"#,
            r#"{"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"id":"c","name":"g","args":{}}}]}}]}"#,
            r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":3}}"#,
        ],
        &[
            "reasoning 0 hm",
            "text 0 a",
            "text 0 b",
            "call 0[0] f",
            r#"arguments 0[0] {"x":[1]}"#,
            "call 0[1] f",
            "arguments 0[1] {}",
            "call 1[0] g",
            "id 1[0] c",
            "arguments 1[0] {}",
            "finish 0 STOP",
            r#"usage 0 {"totalTokenCount":3}"#,
        ],
    );
}

#[test]
fn an_event_named_error_is_one() {
    let body = "event: error\ndata: {\"message\":\"m\"}\n\nevent: error\ndata: {\"error\":{\"a\":1}}\n\n";
    let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    let run = format!("data: {text}\n\nevent: error\ndata: {text}\n\n");
    let seen = feed(CHAT, [run.as_bytes()]);
    assert_eq!(seen.deltas, ["text 0 a", "text 0 a", &format!("error 0 {text}")]);
    let seen = feed(CHAT, [body.as_bytes()]);
    assert_eq!(seen.deltas, [r#"error 0 {"message":"m"}"#, r#"error 0 {"a":1}"#]);
}

#[test]
fn nothing_behind_done_is_read() {
    let text = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    let body = body(&[text, "[DONE]", text, "not JSON"]);
    let seen = feed(CHAT, [body.as_bytes()]);
    assert_eq!((seen.deltas, seen.fault), (vec!["text 0 a".to_owned(), "done 0 ".to_owned()], None));
    assert_eq!((seen.done, seen.offset, seen.events.len()), (true, body.len(), 1));
}

#[test]
fn an_event_that_no_blank_line_has_dispatched_is_dropped() {
    let seen = feed(CHAT, [&b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n"[..]]);
    assert_eq!((seen.deltas, seen.fault, seen.done), (vec![], None, false));
}

#[test]
fn what_is_no_json_is_refused_where_it_stands() {
    let refused = |body: &str| {
        let seen = feed(CHAT, [body.as_bytes()]);
        let fault = seen.fault.expect("it is no JSON");
        assert_eq!(seen.offset, fault.fault.offset);
        (
            seen.deltas.len(),
            fault.fault.offset,
            fault.fault.kind,
            (fault.position.line, fault.position.column),
        )
    };
    let good = body(&[r#"{"choices":[{"delta":{"content":"a"}}]}"#]);
    let at = good.len() + "data: {\"a\": ".len();
    assert_eq!(
        refused(&format!("{good}data: {{\"a\": x}}\n\n{good}")),
        (1, at, FaultKind::Syntax(Syntax::ExpectedValue), (3, 13))
    );
    assert_eq!(refused("data: [1,\ndata: 2\n\n"), (0, 17, FaultKind::Truncated, (2, 8)));
    assert_eq!(refused("data: {} {}\n\n"), (0, 9, FaultKind::Syntax(Syntax::TrailingCharacters), (1, 10)));
}

#[test]
fn the_same_fault_comes_again() {
    let mut decoder = Decoder::new(Protocol::named(CHAT), None);
    let first = decoder.feed(b"data: x\n\n", |_| {}).expect_err("it is no JSON");
    assert_eq!(first.position, Position { line: 1, column: 7 });
    assert_eq!(decoder.feed(b"data: {}\n\n", |_| {}), Err(first));
    assert_eq!(decoder.end(|_| {}), Err(first));
}

#[test]
fn what_is_skipped_may_be_deep() {
    let deep = format!(
        r#"{{"x":{}{},"choices":[{{"delta":{{"content":"a"}}}}]}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    says(CHAT, &[&deep], &["text 0 a"]);
}

#[test]
fn a_delta_of_a_megabyte_costs_what_its_bytes_cost() {
    let long = body(&[&format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "é\\n".repeat(1 << 18))]);
    // Read again from its start at every byte, it would take hours.
    let seen = feed(CHAT, long.as_bytes().chunks(1));
    assert_eq!(seen.deltas, [format!("text 0 {}", "é\n".repeat(1 << 18))]);
    assert_eq!(seen, feed(CHAT, [long.as_bytes()]));
}

#[test]
fn empty_deltas_are_kept_once() {
    let empty = r#"{"choices":[{"delta":{"content":""}}]}"#;
    let seen = feed(CHAT, [body(&vec![empty; 10_000]).as_bytes()]);
    assert_eq!((seen.deltas.len(), seen.events), (0, vec![empty.as_bytes().to_vec()]));
}

const EVENTS: [&str; 19] = [
    r#"{"choices":[{"index":0,"delta":{"content":"a\u00e9\""},"finish_reason":null}],"obfuscation":"xyz"}"#,
    r#"{"choices":[{"index":0,"delta":{"content":"€"},"finish_reason":null}],"obfuscation":"x"}"#,
    r#"{"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]}}]}"#,
    r#"{"choices":[{"delta":{},"finish_reason":"stop","index":0}],"usage":{"total_tokens":3}}"#,
    r#"{"type":"response.output_text.delta","sequence_number":4,"delta":"a\\"}"#,
    r#"{"type":"response.output_text.delta","sequence_number":10,"delta":"b"}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{"}"#,
    r#"{"type":"response.completed","response":{"status":"completed"}}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"[]"}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"é"}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f","args":{}}}]}}]}"#,
    "[DONE]",
    r#"{"error":"e"}"#,
    r#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#,
    r#"{"choices":[{"delta":{"content":"\ude00b"}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"}"}},{"id":"b","index":0}]}}]}"#,
    "{\"choices\":[\n1,\n{\"delta\":{\"content\":\"split\"}}]}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn cuts_are_not_seen(
        picks in prop::collection::vec((0..EVENTS.len(), 1..3_usize), 0..8),
        end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        protocol in prop::sample::select(vec![CHAT, RESPONSES, ANTHROPIC, GEMINI]),
        sizes in prop::collection::vec(1..30_usize, 1..6),
        garbage in prop::collection::vec((0..400_usize, any::<u8>()), 0..3),
    ) {
        let picked = picks.iter().flat_map(|&(pick, again)| std::iter::repeat_n(EVENTS[pick], again));
        let event = |event: &str| format!("data: {}{end}{end}", event.replace('\n', &format!("{end}data:")));
        let mut body = picked.map(event).collect::<String>().into_bytes();
        for (at, byte) in garbage {
            if let Some(held) = body.get_mut(at) {
                *held = byte;
            }
        }
        let whole = feed(protocol, [&body[..]]);
        prop_assert_eq!(&feed(protocol, body.chunks(1)), &whole);
        let (mut pieces, mut rest, mut sizes) = (Vec::new(), &body[..], sizes.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        prop_assert_eq!(&feed(protocol, pieces), &whole);
    }
}
