//! What the tests of the protocols have in common.

use crate::{Decoder, Delta, FaultKind, Protocol};

/// A delta in one line: its kind, its choice, its call or item where it has one, and its text.
fn shown(delta: Delta<'_>) -> String {
    let call = delta.call.map_or(String::new(), |call| format!("[{call}]"));
    let item = if delta.item == 0 { String::new() } else { format!("#{}", delta.item) };
    format!("{} {}{call}{item} {}", delta.kind.name(), delta.choice, delta.text)
}

/// The deltas of events that come as messages, and what is wrong with the last.
pub(crate) fn decoded(protocol: &str, events: &[&str]) -> (Vec<String>, Option<FaultKind>) {
    let (mut decoder, mut deltas) = (Decoder::new(Protocol::named(protocol), None), Vec::new());
    let mut emit = |delta: Delta<'_>| deltas.push(shown(delta));
    let mut fed = events.iter().try_for_each(|event| decoder.feed_event(event.as_bytes(), &mut emit));
    if fed.is_ok() {
        fed = decoder.end(&mut emit);
    }
    (deltas, fed.err().map(|fault| fault.fault.kind))
}

/// The events are decoded to these deltas.
#[track_caller]
pub(crate) fn assert_decoded(protocol: &str, events: &[&str], deltas: &[&str]) {
    let (decoded, fault) = decoded(protocol, events);
    assert_eq!(decoded, deltas);
    assert_eq!(fault, None);
}
