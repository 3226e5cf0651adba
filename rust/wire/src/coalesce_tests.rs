//! What is coalesced says what its events say.

use crate::{Decoder, Delta, DeltaKind, Protocol};
use proptest::prelude::*;

const CHAT: &str = "openai-chat";
const RESPONSES: &str = "openai-responses";

fn decoder(protocol: &str) -> Decoder {
    Decoder::new(Protocol::named(protocol), None)
}

type Told = (DeltaKind, u32, Option<u32>, String);

fn told(delta: Delta<'_>) -> Told {
    (delta.kind, delta.choice, delta.call, delta.text.to_owned())
}

fn body(event: &str) -> String {
    format!("data: {event}\n\n")
}

/// The deltas of events, or with where one of them is no JSON; and the events as they are kept.
fn decoded(protocol: &str, events: &[String], by_run: bool) -> (Vec<Told>, Option<usize>, Vec<String>) {
    let (mut decoder, mut emitted) = (decoder(protocol), Vec::new());
    let fault = events.iter().find_map(|event| {
        if !by_run {
            decoder.forget_shape();
        }
        let read = decoder.feed(body(event).as_bytes(), |delta| emitted.push(told(delta)));
        read.err().map(|fault| fault.fault.offset)
    });
    let kept = decoder.events().map(|event| String::from_utf8(event).expect("events are UTF-8")).collect();
    (emitted, fault, kept)
}

/// What is delta in all, each kind of it to one piece.
fn joined(emitted: Vec<Told>) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for (kind, choice, call, text) in emitted {
        let same = |held: &&mut Told| (held.0, held.1, held.2) == (kind, choice, call);
        match all.iter_mut().find(same).filter(|_| kind.grows()) {
            Some(held) => held.3.push_str(&text),
            None => all.push((kind, choice, call, text)),
        }
    }
    all
}

fn characters() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "a",
        "hello",
        "\\\"",
        "\\\\",
        "a\\u00e9\\n",
        "é€😀",
        "\\ud83d\\ude00",
        "a\\uD83D",
        "\\uDE00b",
        "\\ud83d",
        "{\\\"k\\\": [1",
        "0123456789abcdef",
        // Not JSON.
        "\\q",
        "\\",
        "\u{1}",
    ])
}

fn chat() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "content",
        "refusal",
        "reasoning",
        "reasoning_content",
        "function_call",
        "role",
    ]);
    let layout = 0..11_u8;
    (characters(), key, layout, 0..2_u8, prop::sample::select(vec!["", "x", "padding", "\\n", "\\q"])).prop_map(
        |(text, key, layout, index, padding)| match layout {
            0..=2 => {
                format!(r#"{{"id":"1","choices":[{{"index":{index},"delta":{{"{key}":"{text}"}}}}],"obfuscation":"{padding}"}}"#)
            }
            3 => format!(r#"{{"obfuscation":"{padding}","choices":[{{"delta":{{"{key}":"{text}"}},"index":{index}}}]}}"#),
            4 => format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"function":{{"arguments":"{text}"}}}}]}}}}]}}"#),
            5 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}","{key}":"{padding}"}},"finish_reason":null}}]}}"#),
            6 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"logprobs":{{"content":[{index}]}}}}]}}"#),
            7 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"{padding}"}}],"usage":null}}"#),
            _ => r#"{"choices":[],"usage":{"total_tokens":3}}"#.to_owned(),
        },
    )
}

/// A chunk with tool calls whose indexes, ids and names say more or less of which call is which.
fn calls() -> impl Strategy<Value = String> {
    let index = prop::sample::select(vec![
        "",
        r#""index":0,"#,
        r#""index":1,"#,
        r#""index":null,"#,
        r#""index":-1,"#,
    ]);
    let id = prop::sample::select(vec!["", r#""id":"","#, r#""id":"null","#, r#""id":"a","#, r#""id":"b","#]);
    let name = prop::sample::select(vec!["", r#""name":"f","#]);
    let call = (index, id, name, characters()).prop_map(|(index, id, name, text)| {
        format!(r#"{{{index}{id}"function":{{{name}"arguments":"{text}"}}}}"#)
    });
    let call = prop_oneof![8 => call, 1 => Just("{ }".to_owned()), 1 => Just("null".to_owned())];
    (prop::collection::vec(call, 1..3), 0..2_u8).prop_map(|(calls, choice)| {
        format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{}]}},"index":{choice}}}]}}"#, calls.join(","))
    })
}

fn response() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "output_text",
        "refusal",
        "reasoning_text",
        "function_call_arguments",
        "x",
    ]);
    let number =
        prop::sample::select(vec!["RISING", "RISING", "7", "-1", "007", "1.5", "123456789012345678901234"]);
    (characters(), kind, number, 0..2_u8).prop_map(|(text, kind, number, index)| {
        format!(
            r#"{{"type":"response.{kind}.delta","sequence_number":{number},"output_index":{index},"delta":"{text}","obfuscation":"{number}"}}"#
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_run_says_what_its_events_say(
        chats in prop::collection::vec(chat(), 0..12),
        calls in prop::collection::vec(calls(), 0..12),
        responses in prop::collection::vec(response(), 0..12),
        again in 1..4_usize,
    ) {
        let all = [(CHAT, chats), (CHAT, calls), (RESPONSES, responses)];
        for (protocol, events) in all {
            let events: Vec<_> = events.into_iter().flat_map(|event| vec![event; again]).collect();
            let rise = |(at, event): (usize, String)| event.replace("RISING", &(10 + at).to_string());
            let events: Vec<_> = events.into_iter().enumerate().map(rise).collect();
            let (emitted, fault, kept) = decoded(protocol, &events, true);
            let (singly, singly_fault, singly_kept) = decoded(protocol, &events, false);
            prop_assert_eq!(&emitted, &singly);
            prop_assert_eq!(fault, singly_fault);
            prop_assert!(kept.len() <= singly_kept.len());
            // What is kept says the same again.
            let (reemitted, refault, rekept) = decoded(protocol, &kept, true);
            prop_assert_eq!(joined(reemitted), joined(emitted));
            prop_assert_eq!(refault, None);
            prop_assert!(rekept.len() <= kept.len());
        }
    }
}

fn kept(protocol: &str, events: &[&str]) -> Vec<String> {
    let events: Vec<_> = events.iter().map(|&event| event.to_owned()).collect();
    decoded(protocol, &events, true).2
}

#[test]
fn a_run_is_kept_as_one_event_without_its_padding() {
    let event = |text: &str, padding: &str| {
        format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}],"obfuscation":"{padding}"}}"#)
    };
    let (first, second) = (event("a\\n", "xyz"), event("\\ud83d\\ude00", "u"));
    let last = r#"{"choices":[],"obfuscation":"zz"}"#;
    assert_eq!(
        kept(CHAT, &[&first, &second, &event("", ""), last]),
        [r#"{"choices":[{"index":0,"delta":{"content":"a\n\ud83d\ude00"}}]}"#, r#"{"choices":[]}"#]
    );
    let mistral = r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"p":"abcdef"}"#;
    assert_eq!(
        kept(CHAT, &[mistral, &mistral.replace("def", "")]),
        [r#"{"choices":[{"index":0,"delta":{"content":"aa"},"finish_reason":null}]}"#]
    );
    let padded_first = r#"{ "obfuscation": "x" , "choices":[{"delta":{"content":"a"}}]}"#;
    assert_eq!(
        kept(CHAT, &[padded_first, &padded_first.replace('x', "long")]),
        [r#"{ "choices":[{"delta":{"content":"aa"}}]}"#]
    );
}

/// What is kept says the same again where a server gives the reasoning under both of its names, and cuts a character.
#[test]
fn reasoning_that_is_given_twice_with_half_of_a_character() {
    let event = |one: &str, other: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"reasoning":"{one}","reasoning_content":"{other}"}}}}]}}"#
        )
    };
    for (events, said) in [
        ([event("a\\ud83d", "a\\ud83d"), event("\\ude00b", "\\ude00b")], "a\u{1F600}b"),
        ([event("a", "a\\ud83d"), event("b", "b")], "ab"),
    ] {
        let (emitted, _, kept) = decoded(CHAT, &events, true);
        let (again, ..) = decoded(CHAT, &kept, true);
        assert_eq!(joined(again), joined(emitted.clone()));
        assert!(format!("{:?}", joined(emitted)).contains(&format!("{said:?}")));
    }
}

#[test]
fn the_number_of_a_run_is_that_of_its_first_event() {
    let event = |number: u32| {
        format!(r#"{{"type":"response.output_text.delta","sequence_number":{number},"delta":"{number}"}}"#)
    };
    assert_eq!(
        kept(RESPONSES, &[&event(9), &event(10), &event(11)]),
        [r#"{"type":"response.output_text.delta","sequence_number":9,"delta":"91011"}"#]
    );
}

#[test]
fn padding_that_is_no_string_is_refused_in_a_run_too() {
    let mut decoder = decoder(CHAT);
    let mut feed = |padding: &[u8]| {
        let event: &[u8] = br#"data: {"choices":[{"delta":{"content":"a"}}],"obfuscation":""#;
        decoder.feed(&[event, padding, b"\"}\n\n"].concat(), |_| {})
    };
    assert_eq!(feed(b"x"), Ok(()));
    assert_eq!(feed("é".as_bytes()), Ok(()));
    assert!(feed(b"\xff").is_err());
}

#[test]
fn what_would_lose_something_is_not_joined() {
    for event in [
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a","audio":{"data":"AAAA"}}}]}"#,
        r#"{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}"#,
        r#"{"choices":[{"delta":{"content":"a","thoughts":"b"}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"total_tokens":1}}"#,
        r#"{"choices":[{"delta":{"audio":{"data":"AAAA"}}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"ids":[ 7]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"token_ids":[7]}]}"#,
    ] {
        assert_eq!(kept(CHAT, &[event, event]), [event, event]);
    }
    let event = r#"{"type":"response.output_text.delta","delta":"a","logprobs":[{"logprob":0}]}"#;
    assert_eq!(kept(RESPONSES, &[event, event]), [event, event]);
    for event in [
        r#"{"choices":[{"delta":{"content":"a","role":"assistant"},"logprobs":{"content":[ ]}}],"system":"b"}"#,
        r#"{"choices":[{"delta":{"content":"a","refusal":null},"content_filter_results":{"hate":{"severity":"safe"}}}]}"#,
        r#"{"choices":[{"delta":{"content":"","reasoning":"a"}}],"created":1}"#,
    ] {
        assert_eq!(kept(CHAT, &[event, event]).len(), 1, "{event}");
    }
}
