//! Keys: held back until they are whole, for the schema may know them by another name.

use super::between::skip_blanks;
use super::{Expect, Flow, Frame, Held, Io, MAX_GAP, Token, Value};
use crate::decode::{Decoded, decode, encode};
use crate::guide::{Key, NodeId};
use crate::kind::RepairKind;
use crate::quote::{Quote, Sign, begins_word, sign};

/// How long a key without quotes may be.
const MAX_BARE: usize = 256;

impl Value {
    pub(super) fn key(&mut self, mut held: Held, io: &mut Io<'_>) -> Option<Flow> {
        let Some((end, length)) = self.closing_quote(&mut held, io) else {
            self.token = Token::Key(held);
            return Some(Flow::Drained);
        };
        let opening = if held.quote == Quote::Double { 1 } else { quote_length(&io.text[held.start..]) };
        let content = &io.text[held.start + opening..end];
        let to = end + length;
        self.token = Token::None;
        if held.clean
            && let Ok(key) = std::str::from_utf8(content)
        {
            self.at = to;
            self.name(held.node, key, held.start, to, None, io);
            return None;
        }
        let Some(decoded) = decode(content, self.repairs) else {
            self.at = held.start;
            return Some(self.hopeless(to, io));
        };
        self.at = to;
        let mended = note_decoded(held, to, &decoded, io);
        self.name(held.node, &decoded.text, held.start, to, Some(mended), io);
        None
    }

    pub(super) fn bare_key(&mut self, start: usize, end: Option<usize>, io: &mut Io<'_>) -> Option<Flow> {
        let Some(end) = end else {
            let rest = &io.text[self.at..];
            let is_bare = |at: usize| begins_word(&rest[at..]) || matches!(rest[at], b'-' | b'.');
            let length = (0..rest.len()).find(|&at| !is_bare(at));
            self.at += length.unwrap_or(rest.len());
            if self.at - start > MAX_BARE {
                self.at = start;
                return Some(self.hopeless(start + 1, io));
            }
            self.token = Token::BareKey { start, end: length.map(|_| self.at) };
            return length.is_none().then_some(Flow::Drained);
        };
        let colon = skip_blanks(io.text, self.at);
        let follows = match io.text.get(colon..) {
            _ if colon - end > MAX_GAP => false,
            Some([b':', ..]) => true,
            Some([]) | None if !io.whole => {
                self.at = colon;
                return Some(Flow::Drained);
            }
            Some(rest) => sign(rest) == Sign::Like(b':', 3),
            None => false,
        };
        self.token = Token::None;
        let key = std::str::from_utf8(&io.text[start..end]);
        let (Some(Frame::Object(object)), true, Ok(key)) = (self.stack.last(), follows, key) else {
            self.at = start;
            return Some(self.hopeless(start + 1, io));
        };
        self.at = end;
        io.note(RepairKind::UnquotedKey, start, end, &encode(key), None);
        self.name(object.node, key, start, end, Some(true), io);
        None
    }

    /// A key is whole. `written` is whether it has to be written anew.
    fn name(
        &mut self,
        node: NodeId,
        key: &str,
        from: usize,
        to: usize,
        written: Option<bool>,
        io: &mut Io<'_>,
    ) {
        let Some(Frame::Object(object)) = self.stack.last_mut() else { return };
        let (node, declared, likeness) =
            match io.guide.key(node, key, object.likely, self.repairs.has(RepairKind::Name)) {
                Key::Declared { field, node } => {
                    object.seen.insert(field);
                    object.likely += 1;
                    (node, true, None)
                }
                Key::Similar { key, field, node } if !object.seen.has(field) => {
                    object.seen.insert(field);
                    (node, true, Some(key))
                }
                Key::Similar { .. } => (0, false, None),
                Key::Other(node) => (node, false, None),
            };
        self.expect = Expect::Colon { node, declared };
        if let Some(name) = likeness {
            io.mend(RepairKind::Name, from, to, &encode(name), None);
        } else if written == Some(true) {
            io.replace(from, to, &encode(key));
        }
    }

    /// Where the string that is held back closes, and how long its closing quote is.
    pub(super) fn closing_quote(&mut self, held: &mut Held, io: &Io<'_>) -> Option<(usize, usize)> {
        let text = io.text;
        loop {
            let rest = &text[self.at..];
            let &byte = rest.first()?;
            match byte {
                b'\\' => {
                    held.clean = false;
                    if rest.len() == 1 && !io.whole {
                        return None;
                    }
                    self.at = (self.at + 2).min(text.len());
                }
                ..0x20 => {
                    held.clean = false;
                    self.at += 1;
                }
                b'"' if held.quote == Quote::Double => return Some((self.at, 1)),
                _ if held.quote == Quote::Double => self.at = instar_json::plain_run(text, self.at).end,
                _ => match sign(rest) {
                    Sign::Quote(quote, length) if held.quote.ends_with(quote) => {
                        if rest.len() == length && !io.whole {
                            return None;
                        }
                        if quote == Quote::Double || !begins_word(&rest[length..]) {
                            return Some((self.at, length));
                        }
                        self.at += length;
                    }
                    _ => self.at += 1,
                },
            }
        }
    }
}

/// How many bytes the quote here has.
pub(super) fn quote_length(text: &[u8]) -> usize {
    match sign(text) {
        Sign::Quote(_, length) => length,
        _ => 1,
    }
}

/// Notes what it took to decode a whole string. Whether it has to be written anew.
pub(super) fn note_decoded(held: Held, to: usize, decoded: &Decoded, io: &mut Io<'_>) -> bool {
    let Held { start, quote, .. } = held;
    let Decoded { text, mended } = decoded;
    let understood = encode(text);
    if quote != Quote::Double {
        io.note(RepairKind::Quote, start, to, &understood, Some(start));
    }
    for kind in [RepairKind::ControlCharacter, RepairKind::Escape, RepairKind::Surrogate] {
        if mended.has(kind) {
            io.note(kind, start, to, &understood, Some(start));
        }
    }
    quote != Quote::Double || !mended.is_empty()
}
