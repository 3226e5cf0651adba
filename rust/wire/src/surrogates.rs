//! Characters that were cut in two.
//!
//! A server that cuts text into UTF-16 units may tell one surrogate of a character in one event, and the other in
//! the next. Each alone is no text, but JSON that most readers let pass. The high one is held back until the low one
//! comes. One that stays alone becomes U+FFFD, as wherever broken text is decoded.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Reader};
use crate::fault::{Fault, FaultKind};
use crate::transcript::Edit;
use instar_json::Syntax;

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The length of the escape of a surrogate.
const ESCAPE: usize = r"\ufffd".len();

/// The high surrogates that are held back, by the strings that they belong to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surrogates {
    held: BTreeMap<Name, u16>,
}

/// What tells a string from the others that grow.
type Name = (DeltaKind, u32, Option<u32>, u32);

/// A surrogate that is alone in its string, and the offset of its escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Surrogate {
    at: usize,
    unit: u16,
}

impl Surrogate {
    fn is_high(self) -> bool {
        self.unit < 0xDC00
    }
}

/// Reads an event. Returns it with U+FFFD in place of the surrogates that are alone in it, which leaves everything where
/// it is, and those surrogates in their order.
pub(crate) fn read<'d>(
    reader: &mut Reader,
    data: &'d [u8],
    shape: &'static Extract,
) -> Result<(Cow<'d, [u8]>, Vec<Surrogate>), Fault> {
    match reader.read(data, shape) {
        Ok(()) => Ok((Cow::Borrowed(data), Vec::new())),
        Err(Fault { kind: FaultKind::Syntax(Syntax::LoneSurrogate), .. }) => {
            let alone = alone(data);
            let mended = mended(data, &alone);
            reader.read(&mended, shape)?;
            Ok((Cow::Owned(mended), alone))
        }
        Err(fault) => Err(fault),
    }
}

fn alone(data: &[u8]) -> Vec<Surrogate> {
    let (mut alone, mut at) = (Vec::new(), 0);
    while let Some(offset) = memchr::memchr(b'\\', &data[at..]) {
        at += offset;
        let Some(unit) = unit(data, at) else {
            // Of another escape, the second byte is no backslash that begins one.
            at = data.len().min(at + 2);
            continue;
        };
        let pair = char::decode_utf16([unit, self::unit(data, at + ESCAPE).unwrap_or(0)]).next();
        match pair {
            Some(Ok(character)) => at += ESCAPE * character.len_utf16(),
            _ => {
                alone.push(Surrogate { at, unit });
                at += ESCAPE;
            }
        }
    }
    alone
}

fn mended(data: &[u8], alone: &[Surrogate]) -> Vec<u8> {
    let mut mended = data.to_vec();
    for surrogate in alone {
        mended[surrogate.at..surrogate.at + ESCAPE].copy_from_slice(br"\ufffd");
    }
    mended
}

impl Surrogates {
    /// Whether a surrogate is held back of the string that this delta goes on with.
    pub(crate) fn hold(&self, delta: &DeltaSpan) -> bool {
        !self.held.is_empty() && self.held.contains_key(&string(delta))
    }

    /// The characters of a delta, `text`, with the surrogate that was held back of them, and without the one that now
    /// is. What is alone in the event is U+FFFD in `text`; the edits say the same of the event.
    pub(crate) fn join<'t>(
        &mut self,
        delta: &DeltaSpan,
        text: &'t [u8],
        alone: &[Surrogate],
        edits: &mut Vec<Edit>,
    ) -> Cow<'t, [u8]> {
        let nothing = self.held.is_empty() && alone.is_empty();
        let is_piece = delta.kind.grows() && delta.extent == Extent::Piece;
        let Some(raw) = delta.raw.filter(|raw| !nothing && is_piece && !raw.is_empty()) else {
            return Cow::Borrowed(text);
        };
        let (start, end) = (raw.start as usize, raw.end as usize);
        let at = |place| {
            alone.binary_search_by_key(&place, |surrogate| surrogate.at).ok().map(|index| alone[index])
        };
        let (mut text, mut joined) = (text, String::new());
        if let Some(first) = self.held.remove(&string(delta)) {
            let second = at(start).filter(|surrogate| !surrogate.is_high());
            let escapes = match second {
                Some(second) => {
                    text = &text[REPLACEMENT.len_utf8()..];
                    joined.extend(char::decode_utf16([first, second.unit]).flatten());
                    format!("\\u{first:04x}\\u{:04x}", second.unit)
                }
                None => {
                    joined.push(REPLACEMENT);
                    r"\ufffd".to_owned()
                }
            };
            edits.push(Edit { at: start..start + second.map_or(0, |_| ESCAPE), text: escapes });
        }
        if let Some(last) = end.checked_sub(ESCAPE).and_then(at).filter(|surrogate| surrogate.is_high()) {
            self.held.insert(string(delta), last.unit);
            text = &text[..text.len() - REPLACEMENT.len_utf8()];
            edits.push(Edit { at: last.at..end, text: String::new() });
        }
        if joined.is_empty() { Cow::Borrowed(text) } else { Cow::Owned([joined.as_bytes(), text].concat()) }
    }
}

fn string(delta: &DeltaSpan) -> Name {
    (delta.kind, delta.choice, delta.call, delta.item)
}

/// The UTF-16 unit that an escape at `at` spells.
fn unit(data: &[u8], at: usize) -> Option<u16> {
    let digits = data.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_hex)
}
