//! The body of a response: however it is cut, it says the same, and so do the events that are kept of it.
#![no_main]

use std::collections::BTreeMap;

use instar_fuzz::input::{Input, cut};
use instar_wire::{Decoder, DeltaKind, Framing, PROTOCOLS, Protocol, WireFault};
use libfuzzer_sys::fuzz_target;

/// What can be seen of a decoder.
#[derive(Debug, PartialEq)]
struct Seen {
    deltas: Vec<(Thing, String)>,
    fault: Option<WireFault>,
    done: bool,
    offset: usize,
    events: Vec<Vec<u8>>,
}

/// What a delta is one of: its kind by name, its choice, its call and its item.
type Thing = (&'static str, u32, Option<u32>, u32);

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    // One of the protocols, or none: then the first event tells it.
    let protocol = PROTOCOLS.get(input.below(PROTOCOLS.len() + 1)).copied();
    let (framing, seed) = ([None, Some(Framing::Sse), Some(Framing::Ndjson)][input.below(3)], input.byte());
    let body = input.text();
    let whole = read(protocol, framing, &[body]);
    assert_eq!(read(protocol, framing, &cut(body, seed)), whole);
    assert_eq!(read(protocol, framing, &body.chunks(1).collect::<Vec<_>>()), whole);
    // What makes an event an error may be its name, of which its data know nothing.
    if whole.fault.is_none() && whole.deltas.iter().all(|((kind, ..), _)| *kind != DeltaKind::Error.name()) {
        let mut again = Vec::new();
        for event in &whole.events {
            for line in event.split(|&byte| byte == b'\n') {
                again.extend([b"data: ", line, b"\n"].concat());
            }
            again.push(b'\n');
        }
        let again = read(protocol, Some(Framing::Sse), &[&again]);
        assert_eq!(again.fault, None);
        assert_eq!(joined(&again), joined(&whole));
    }
});

fn read(protocol: Option<&'static Protocol>, framing: Option<Framing>, pieces: &[&[u8]]) -> Seen {
    let (mut decoder, mut deltas) = (Decoder::new(protocol, framing), Vec::new());
    let mut read = Ok(());
    for (index, piece) in pieces.iter().enumerate() {
        let mut emit = |delta: instar_wire::Delta<'_>| {
            deltas.push(((delta.kind.name(), delta.choice, delta.call, delta.item), delta.text.to_owned()));
        };
        read = decoder.feed(piece, &mut emit);
        if read.is_ok() && index + 1 == pieces.len() {
            read = decoder.end(&mut emit);
        }
        if read.is_err() {
            break;
        }
    }
    let fault = read.err();
    if fault.is_some() {
        assert_eq!(decoder.feed(b"", |_| {}).err(), fault);
    }
    Seen { deltas, fault, done: decoder.done(), offset: decoder.offset(), events: decoder.events().collect() }
}

/// What a response says of each thing, all of it joined.
fn joined(seen: &Seen) -> BTreeMap<Thing, String> {
    let mut joined = BTreeMap::new();
    for (thing, text) in &seen.deltas {
        // `[DONE]`, which may end calls, is no event.
        if ![DeltaKind::Done.name(), DeltaKind::CallEnd.name()].contains(&thing.0) {
            joined.entry(*thing).or_insert_with(String::new).push_str(text);
        }
    }
    joined
}
