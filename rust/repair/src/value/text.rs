//! Strings: handed on as they come, but for those that stand for a number, an enum member or a whole value.

use instar_json::{Kind, plain_run};

use super::between::skip_blanks;
use super::key::{note_decoded, quote_length};
use super::{Flow, Frame, Held, Io, Text, Token, Value};
use crate::decode::{Escape, control, decode, encode, escape};
use crate::guide::{Member, NodeId};
use crate::inner_quote::{Look, Setting, Verdict};
use crate::kind::RepairKind;
use crate::number;
use crate::quote::{Quote, Sign, begins_word, is_word, sign};

/// The longest escape.
const ESCAPE: usize = r"\ud83d\ude00".len();

impl Value {
    /// Reads characters of an open string.
    pub(super) fn text(&mut self, text: Text, io: &mut Io<'_>) -> Option<Flow> {
        self.at = if text.quote == Quote::Double {
            plain_run(io.text, self.at).end
        } else {
            let stops = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\'' | b'\\' | 0xE2);
            io.text[self.at..].iter().position(stops).map_or(io.text.len(), |length| self.at + length)
        };
        let at = self.at;
        let Some(&byte) = io.text.get(at) else {
            return Some(self.drained(io));
        };
        match byte {
            b'\\' => self.escape(text, io),
            ..0x20 if self.repairs.has(RepairKind::ControlCharacter) => {
                io.mend(RepairKind::ControlCharacter, at, at + 1, &control(byte), Some(text.start));
                self.at += 1;
                None
            }
            ..0x20 => Some(self.hopeless(at + 1, io)),
            _ => {
                match sign(&io.text[at..]) {
                    Sign::Quote(quote, length) if text.quote.ends_with(quote) => {
                        if quote == Quote::Double
                            && text.quote == quote
                            && !self.repairs.has(RepairKind::InnerQuote)
                        {
                            self.at += 1;
                            return self.closed(io);
                        }
                        self.token = Token::Quote { text, at, length, look: Look::new(at + length) };
                    }
                    Sign::Quote(Quote::Double, _) => {
                        io.replace(at, at + 1, b"\\\"");
                        self.at += 1;
                    }
                    Sign::Quote(_, length) | Sign::Like(_, length) => self.at += length,
                    Sign::Open | Sign::Other => self.at += 1,
                }
                None
            }
        }
    }

    fn escape(&mut self, text: Text, io: &mut Io<'_>) -> Option<Flow> {
        let at = self.at;
        let string = Some(text.start);
        match escape(&io.text[at..], io.whole) {
            Escape::Open => return Some(Flow::Drained),
            Escape::Character(_, length) => self.at += length,
            Escape::Lone(length) if self.repairs.has(RepairKind::Surrogate) => {
                io.mend(RepairKind::Surrogate, at, at + length, b"\\ufffd", string);
                self.at += length;
            }
            Escape::Bad if io.text.len() == at + 1 => return Some(Flow::Drained),
            Escape::Bad if text.quote != Quote::Double && io.text[at + 1] == b'\'' => {
                // To the quotes of this string it is an escape.
                io.replace(at, at + 2, b"'");
                self.at += 2;
            }
            Escape::Bad if self.repairs.has(RepairKind::Escape) => {
                if io.text[at + 1] == b'\'' {
                    io.mend(RepairKind::Escape, at, at + 2, b"'", string);
                    self.at += 2;
                } else {
                    io.mend(RepairKind::Escape, at, at + 1, b"\\\\", string);
                    self.at += 1;
                }
            }
            Escape::Lone(_) | Escape::Bad => return Some(self.hopeless(at + ESCAPE, io)),
        }
        None
    }

    /// Decides what the quote at `at` is.
    pub(super) fn quote(
        &mut self,
        text: Text,
        at: usize,
        length: usize,
        mut look: Look,
        io: &mut Io<'_>,
    ) -> Option<Flow> {
        let within = self.within();
        let setting = Setting { within, repairs: self.repairs, odd: text.odd, depth: self.stack.len() };
        let mut verdict = look.decide(io.text, io.whole, setting);
        if text.quote != Quote::Double && io.text[at] == b'"' && verdict != Verdict::Open {
            // In quotes of another kind it is a character, but where it alone can be the end.
            let ends = verdict == Verdict::Ends && text.inner.is_none();
            verdict = if ends { verdict } else { Verdict::Inner };
        }
        self.at = at + length;
        match verdict {
            Verdict::Open => {
                self.token = Token::Quote { text, at, length, look };
                return Some(Flow::Drained);
            }
            // A value that begins within the string: its own closing quote may be missing.
            Verdict::Ends if text.odd && begins_a_value(io.text, text) => {
                io.copy(at);
                return Some(Flow::Unclear(at));
            }
            Verdict::Ends => {
                let plain = text.quote == Quote::Double;
                if !plain {
                    io.replace(at, self.at, b"\"");
                    let read = &io.text[text.start + quote_length(&io.text[text.start..])..at];
                    let understood = [b"\"", &read[..read.len().min(400)], b"\""].concat();
                    io.note(RepairKind::Quote, text.start, self.at, &understood, Some(text.start));
                }
                return self.closed(io);
            }
            Verdict::BeforeColon if !ends_a_key(io.text, text) => {}
            Verdict::Unclear | Verdict::BeforeColon => {
                io.copy(at);
                return Some(Flow::Unclear(at));
            }
            Verdict::Inner => {}
        }
        if io.text[at] == b'"' {
            if text.quote == Quote::Double {
                io.mend(RepairKind::InnerQuote, at, self.at, b"\\\"", Some(text.start));
            } else {
                io.replace(at, self.at, b"\\\"");
            }
        }
        let before = io.text[..at].last().copied().is_some_and(is_word);
        let behind = begins_word(&io.text[self.at..]);
        let odd = match text.quote {
            Quote::Double => !text.odd,
            _ if io.text[at] == b'"' => text.odd,
            // An apostrophe opens and closes nothing.
            _ if before == behind || (before && !text.odd) => text.odd,
            _ => behind,
        };
        self.token = Token::Text(Text { odd, inner: Some(at), ..text });
        None
    }

    /// A string that is held back: a number, a literal or an enum member in quotes.
    pub(super) fn held(&mut self, mut held: Held, io: &mut Io<'_>) -> Option<Flow> {
        let Some((end, length)) = self.closing_quote(&mut held, io) else {
            self.token = Token::Held(held);
            return Some(Flow::Drained);
        };
        let Held { start, quote, node, clean } = held;
        let opening = quote_length(&io.text[start..]);
        if let Some(decoded) = decode(&io.text[start + opening..end], self.repairs) {
            let to = end + length;
            match io.guide.member(node, &decoded.text) {
                Member::Exact if clean => {
                    self.at = to;
                    return self.closed(io);
                }
                Member::Similar(json) if self.repairs.has(RepairKind::Member) => {
                    note_decoded(held, to, &decoded, io);
                    io.mend(RepairKind::Member, start, to, json.as_bytes(), Some(start));
                    self.at = to;
                    return self.closed(io);
                }
                _ => {}
            }
            if io.guide.wants_number(node)
                && self.repairs.has(RepairKind::Number)
                && let Some(number) = number::mend_text(&decoded.text)
            {
                note_decoded(held, to, &decoded, io);
                io.mend(RepairKind::Number, start, to, &encode(&number), Some(start));
                self.at = to;
                return self.closed(io);
            }
        }
        self.begin_text(start, quote, opening, io);
        None
    }

    /// A quote where a container is wanted: what it holds may be one, encoded once more.
    pub(super) fn encoded(
        &mut self,
        start: usize,
        quote: Quote,
        node: NodeId,
        io: &mut Io<'_>,
    ) -> Option<Flow> {
        self.at = skip_blanks(io.text, self.at);
        let kinds = io.guide.kinds(node);
        match io.text.get(self.at) {
            None if !io.whole => Some(Flow::Drained),
            Some(b'{') if kinds.has(Kind::Object) || self.wants_list_of_objects(node, io.guide) => {
                self.enter_quotes(start, quote, node, io)
            }
            Some(b'[') if kinds.has(Kind::Array) => self.enter_quotes(start, quote, node, io),
            _ => {
                self.begin_text(start, quote, quote_length(&io.text[start..]), io);
                None
            }
        }
    }

    fn enter_quotes(&mut self, start: usize, quote: Quote, node: NodeId, io: &mut Io<'_>) -> Option<Flow> {
        io.replace(start, self.at, b"");
        let start = io.source.raw_offset(start);
        self.stack.push(Frame::Quotes { quote, start, is_decoded: false });
        self.expect = super::Expect::Value(node);
        self.token = Token::None;
        None
    }
}

/// Whether the last quote within the string comes behind a colon, as if it began the value of a key.
fn begins_a_value(read: &[u8], text: Text) -> bool {
    let before = text.inner.map(|at| read[..at].trim_ascii_end());
    before.is_some_and(|before| before.ends_with(b":"))
}

/// Whether the quote within the string before the one at hand follows a comma: it may have begun a key, so that the
/// string's own closing quote is missing.
fn ends_a_key(read: &[u8], text: Text) -> bool {
    let before = text.inner.map(|at| read[..at].trim_ascii_end());
    before.is_some_and(|before| before.ends_with(b","))
}
