//! What the deltas of a response are: event by event, and however the body is cut.

use instar_json::{Position, Syntax};
use instar_wire::{Decoder, Delta, FaultKind, PROTOCOLS, Protocol, WireFault};
use proptest::prelude::*;

const CHAT: &str = "openai-chat";

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
    let mut emit = |delta: Delta<'_>| deltas.push(shown(delta));
    let mut fed = pieces.into_iter().try_for_each(|piece| decoder.feed(piece, &mut emit));
    if fed.is_ok() {
        fed = decoder.end(&mut emit);
    }
    Seen {
        deltas,
        fault: fed.err(),
        done: decoder.done(),
        offset: decoder.offset(),
        events: decoder.events().collect(),
    }
}

/// A delta in one line: its kind, its choice, its call or item where it has one, and its text.
fn shown(delta: Delta<'_>) -> String {
    let call = delta.call.map_or(String::new(), |call| format!("[{call}]"));
    let item = if delta.item == 0 { String::new() } else { format!("#{}", delta.item) };
    format!("{} {}{call}{item} {}", delta.kind.name(), delta.choice, delta.text)
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
            r#"{"choices":[1,null,[],{"delta":[{"content":"x"}]},{"delta":{"content":[["x"]]}},{"delta":{"content":{"content":"x"}}}]}"#,
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
    assert_eq!(decoder.feed(b"data: {}\n\n", |_| {}), Err(first.clone()));
    assert_eq!(decoder.end(|_| {}), Err(first.clone()));
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

const EVENTS: [&str; 32] = [
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
    r#"{"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}"#,
    r#"{"choices":[{"delta":{"reasoning":"b","reasoning_content":"a"}}]}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}}]}"#,
    r#"{"choices":[{"message":{"content":"abc","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}"#,
    r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"type":"thinking","thinking":"b"}]}}]}"#,
    r#"{"type":"response.output_text.done","output_index":0,"text":"a\\b"}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","name":"f","arguments":"{"}}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0]","stringValue":"é","willContinue":true}],"willContinue":true}}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#,
    r#"{"message":{"content":"a","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false,"created_at":"1"}"#,
    r#"{"event_type":"step.delta","event_id":"1","index":0,"delta":{"type":"text","text":"a"}}"#,
    r#"{"contentBlockDelta":{"delta":{"text":"a"},"contentBlockIndex":1}}"#,
    r#"{"object":"error","message":"m"}"#,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn cuts_are_not_seen(
        picks in prop::collection::vec((0..EVENTS.len(), 1..3_usize), 0..8),
        end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        protocol in prop::sample::select(PROTOCOLS.to_vec()),
        bare in any::<bool>(),
        sizes in prop::collection::vec(1..30_usize, 1..6),
        garbage in prop::collection::vec((0..400_usize, any::<u8>()), 0..3),
    ) {
        let picked = picks.iter().flat_map(|&(pick, again)| std::iter::repeat_n(EVENTS[pick], again));
        let event = |event: &str| {
            let lines = event.replace('\n', &format!("{end}data:"));
            if bare { format!("{event}{end}") } else { format!("data: {lines}{end}{end}") }
        };
        let mut body = picked.map(event).collect::<String>().into_bytes();
        for (at, byte) in garbage {
            if let Some(held) = body.get_mut(at) {
                *held = byte;
            }
        }
        let whole = feed(protocol.name, [&body[..]]);
        prop_assert_eq!(&feed(protocol.name, body.chunks(1)), &whole);
        let (mut pieces, mut rest, mut sizes) = (Vec::new(), &body[..], sizes.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        prop_assert_eq!(&feed(protocol.name, pieces), &whole);
    }
}
