//! The body of a response: however it is cut, it says the same, and so do the events that are kept of it.
#![no_main]

use std::collections::BTreeMap;

use instar_fuzz::input::{Input, cut};
use instar_wire::{Envelope, Kind, Wire};
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [Envelope; 4] = [Envelope::Chat, Envelope::Responses, Envelope::Anthropic, Envelope::Gemini];

/// What can be seen of a wire.
#[derive(Debug, PartialEq)]
struct Seen {
    deltas: Vec<(Kind, u32, Option<u32>, String)>,
    fault: Option<String>,
    done: bool,
    offset: usize,
    events: Vec<Vec<u8>>,
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let (protocol, seed) = (PROTOCOLS[input.below(4)], input.byte());
    let body = input.text();
    let whole = read(protocol, &[body]);
    assert_eq!(read(protocol, &cut(body, seed)), whole);
    assert_eq!(read(protocol, &body.chunks(1).collect::<Vec<_>>()), whole);
    // What makes an event an error may be its name, of which its data know nothing.
    if whole.fault.is_none() && whole.deltas.iter().all(|(kind, ..)| *kind != Kind::Error) {
        let mut again = Vec::new();
        for event in &whole.events {
            for line in event.split(|&byte| byte == b'\n') {
                again.extend([b"data: ", line, b"\n"].concat());
            }
            again.push(b'\n');
        }
        let again = read(protocol, &[&again]);
        assert_eq!(again.fault, None);
        assert_eq!(joined(&again), joined(&whole));
    }
});

fn read(protocol: Envelope, pieces: &[&[u8]]) -> Seen {
    let (mut wire, mut deltas) = (Wire::new(protocol), Vec::new());
    for piece in pieces {
        let read = wire.feed(piece, |delta| {
            deltas.push((delta.kind, delta.choice, delta.call, delta.text.to_owned()));
        });
        if read.is_err() {
            break;
        }
    }
    let fault = wire.end().err();
    assert_eq!(wire.feed(b"", |_| {}).err(), fault);
    Seen {
        deltas,
        fault: fault.map(|fault| format!("{fault:?}")),
        done: wire.done(),
        offset: wire.offset(),
        events: wire.events().collect(),
    }
}

/// What a response says of each thing, all of it joined.
fn joined(seen: &Seen) -> BTreeMap<(Kind, u32, Option<u32>), String> {
    let mut joined = BTreeMap::new();
    for (kind, choice, call, text) in &seen.deltas {
        // `[DONE]` is no event.
        if *kind != Kind::Done {
            joined.entry((*kind, *choice, *call)).or_insert_with(String::new).push_str(text);
        }
    }
    joined
}
