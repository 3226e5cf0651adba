//! Which repair would have read what a strict parser refuses.

use crate::around::Allowance;
use crate::guide::Guide;
use crate::kind::{RepairKind, RepairSet};
use crate::mender::{Mender, Step};

/// The kind of repair that would have read the last byte of `text`, at which it is no JSON. None if no repair would.
#[must_use]
pub fn diagnose(text: &[u8]) -> Option<RepairKind> {
    let inside = RepairKind::ALL.into_iter().filter(|&kind| !RepairSet::of(&[kind]).only_around());
    let (reading, others): (Vec<_>, Vec<_>) = inside.partition(|&kind| reads(text, RepairSet::of(&[kind])));
    match reading.first() {
        Some(&kind) if !others.is_empty() => return Some(kind),
        // What none of them refuses yet, none of them mends.
        Some(_) => return None,
        None => {}
    }
    let is_fence = matches!(text.trim_ascii_start(), [b'`' | b'~', ..]);
    reads(text, RepairSet::AROUND.with(RepairKind::Word)).then_some(if is_fence {
        RepairKind::Fence
    } else {
        RepairKind::Prose
    })
}

/// Whether a text that begins so may be read with these repairs.
fn reads(text: &[u8], repairs: RepairSet) -> bool {
    let guide = Guide::any();
    let mut mender = Mender::new(repairs, &guide, Allowance::UNLIMITED);
    mender.push(text);
    loop {
        match mender.advance(&guide) {
            Step::Closed => mender.accept(),
            Step::More if mender.is_hopeless() => return false,
            Step::More | Step::Restart => {}
            Step::Drained => return true,
            Step::Passthrough | Step::Refused(_) | Step::Fault(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_strict_parser_refuses_is_named() {
        for (text, kind) in [
            ("`", Some(RepairKind::Fence)),
            ("S", Some(RepairKind::Prose)),
            ("{} x", Some(RepairKind::Prose)),
            ("[1,]", Some(RepairKind::TrailingComma)),
            ("[1 2", Some(RepairKind::MissingComma)),
            ("{'", Some(RepairKind::Quote)),
            ("{\"a\": 1, b", Some(RepairKind::UnquotedKey)),
            ("[\"a\n", Some(RepairKind::ControlCharacter)),
            ("[\"a\\x", Some(RepairKind::Escape)),
            ("[\"the \"b", Some(RepairKind::InnerQuote)),
            ("[1 /", Some(RepairKind::Comment)),
            ("[1 =", None),
            ("[1, .", None),
            ("[10-", None),
            ("[\"\\ud83d\"", Some(RepairKind::Surrogate)),
            ("{\"a\": ;", None),
        ] {
            assert_eq!(diagnose(text.as_bytes()), kind, "{text}");
        }
    }
}
