//! A text without a schema: it is accepted if `jiter` accepts it, its depth apart, and every beginning that is not
//! refused can still become one that is.
#![no_main]

use instar_fuzz::session::{Host, Session, plan};
use instar_fuzz::shape::Shapes;
use instar_json::Completion;
use jiter::JsonValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let plan = plan(&Shapes::any());
    let mut session = Session::new(&plan, Host { seed: 0 }, false);
    for (at, byte) in text.iter().enumerate() {
        session.feed(&[*byte]);
        if session.fault().is_some() {
            assert_eq!(session.offset(), at);
            break;
        }
        // What had come before is not looked at again: this is the square of the length as it is.
        if at < 64 || at + 1 == text.len() {
            let whole = Completion::of(&text[..=at]).json;
            let is_blank = text[..=at].trim_ascii().is_empty();
            assert!(is_blank || is_json(&whole), "{:?} of {:?}", shown(&whole), shown(&text[..=at]));
        }
    }
    if session.is_too_deep() {
        return;
    }
    if session.is_syntax_error() {
        let hopeless = &text[..=session.offset()];
        assert!(!is_json(text), "{:?} is JSON", shown(text));
        for tail in TAILS {
            for closed in [true, false] {
                let mut longer = [hopeless, tail.as_bytes()].concat();
                if closed {
                    longer.extend(closing(&longer));
                }
                assert!(!is_json(&longer), "{:?} becomes {:?}", shown(hopeless), shown(&longer));
            }
        }
        return;
    }
    session.end();
    let ended = session.state().ended;
    assert_eq!(ended == Some(Ok(())), is_json(text), "{ended:?} of {:?}", shown(text));
});

/// How a text may go on.
const TAILS: [&str; 24] = [
    "",
    "0",
    "\"",
    "0\"",
    ":0",
    "\":0",
    "\"\":0",
    "\"0\":0",
    "]",
    "}",
    "ull",
    "rue",
    "alse",
    "aN",
    "nfinity",
    "l",
    "e",
    ".0",
    "e0",
    "\\\"",
    "u0000\"",
    "00\"",
    "dc00\"",
    "\\udc00\"",
];

fn is_json(text: &[u8]) -> bool {
    JsonValue::parse(text, true).is_ok()
}

/// What closes the containers that a text leaves open.
fn closing(text: &[u8]) -> Vec<u8> {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for &byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => open.push(byte + 2),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
    }
    open.reverse();
    open
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
