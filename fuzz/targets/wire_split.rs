//! The body of a response: however it is cut, it says the same, and so do the events that are kept of it.
#![no_main]

use std::collections::BTreeMap;

use instar_fuzz::input::{Input, cut};
use instar_wire::{Decoder, Delta, DeltaKind, Framing, PROTOCOLS, Protocol, WireFault};
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
    let whole = read(protocol, framing, &[body], |decoder, piece, emit| decoder.feed(piece, emit));
    assert_eq!(
        read(protocol, framing, &cut(body, seed), |decoder, piece, emit| decoder.feed(piece, emit)),
        whole
    );
    assert_eq!(
        read(protocol, framing, &body.chunks(1).collect::<Vec<_>>(), |decoder, piece, emit| decoder
            .feed(piece, emit)),
        whole
    );
    // What makes an event an error may be its name, of which its data know nothing.
    if whole.fault.is_none() && whole.deltas.iter().all(|((kind, ..), _)| *kind != DeltaKind::Error.name()) {
        let mut events = whole.events.clone();
        if whole.done {
            events.push(b"[DONE]".to_vec());
        }
        let again = read(protocol, None, &events, |decoder, event, emit| decoder.feed_event(event, emit));
        assert_eq!(again.fault, None);
        assert_eq!(joined(&again), joined(&whole));
    }
});

fn read<'b, F>(
    protocol: Option<&'static Protocol>,
    framing: Option<Framing>,
    pieces: &'b [impl AsRef<[u8]>],
    feed: F,
) -> Seen
where
    F: Fn(&mut Decoder, &'b [u8], &mut dyn FnMut(Delta<'_>)) -> Result<(), WireFault>,
{
    let (mut decoder, mut deltas) = (Decoder::new(protocol, framing), Vec::new());
    let mut emit = |delta: Delta<'_>| {
        deltas.push(((delta.kind.name(), delta.choice, delta.call, delta.item), delta.text.to_owned()));
    };
    let mut read = pieces.iter().try_for_each(|piece| feed(&mut decoder, piece.as_ref(), &mut emit));
    if read.is_ok() {
        read = decoder.end(&mut emit);
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
        // `[DONE]` may have been an event of the protocol's own.
        if thing.0 != DeltaKind::Done.name() {
            joined.entry(*thing).or_insert_with(String::new).push_str(text);
        }
    }
    joined
}
