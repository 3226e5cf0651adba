//! Numbers and words.

use instar_json::Kind;

use super::{Flow, Frame, Io, Token, Value};
use crate::guide::NodeId;
use crate::kind::RepairKind;
use crate::number;
use crate::word::{self, Word};

impl Value {
    pub(super) fn number(&mut self, start: usize, node: NodeId, io: &mut Io<'_>) -> Option<Flow> {
        let rest = &io.text[self.at..];
        let is_number = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
        self.at += rest.iter().take_while(|byte| is_number(byte)).count();
        match io.text.get(self.at) {
            None if !io.whole && !io.source.is_closed() => return Some(Flow::Drained),
            // In a container the end of the text closes no number.
            None if !self.stack.is_empty() && !io.source.is_closed() => return Some(Flow::Drained),
            Some(b',') => match self.thousands(start, node, io) {
                Group::Open => return Some(Flow::Drained),
                Group::More => {
                    self.at += ",000".len();
                    return None;
                }
                Group::None => {}
            },
            _ => {}
        }
        self.close_number(start, node, io)
    }

    /// Whether the comma here separates thousands: in an object, where a number is wanted, in front of three digits.
    fn thousands(&self, start: usize, node: NodeId, io: &Io<'_>) -> Group {
        let token = &io.text[start..self.at];
        let unsigned = token.strip_prefix(b"-").or(token.strip_prefix(b"+")).unwrap_or(token);
        let grouped = match unsigned.iter().rposition(|&byte| byte == b',') {
            Some(comma) => unsigned.len() - comma == ",000".len(),
            None => (1..=3).contains(&unsigned.len()) && unsigned[0] != b'0',
        };
        let digits = unsigned.iter().all(|byte| byte.is_ascii_digit() || *byte == b',');
        let in_object = matches!(self.stack.last(), Some(Frame::Object(_)));
        if !(grouped
            && digits
            && in_object
            && self.repairs.has(RepairKind::Number)
            && io.guide.wants_number(node))
        {
            return Group::None;
        }
        let behind = &io.text[self.at + 1..];
        let digits = behind.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        match digits {
            3 if behind.len() > 3 || io.whole => Group::More,
            _ if digits < 4 && digits == behind.len() && !io.whole => Group::Open,
            _ => Group::None,
        }
    }

    fn close_number(&mut self, start: usize, node: NodeId, io: &mut Io<'_>) -> Option<Flow> {
        let token = &io.text[start..self.at];
        let kinds = io.guide.kinds(node);
        let is_strict = number::is_strict(token);
        let mended = if is_strict { None } else { number::mend(token) };
        let wants_text = kinds.has(Kind::String) && !kinds.has(Kind::Number);
        if wants_text && self.repairs.has(RepairKind::Member) && (is_strict || mended.is_some()) {
            let text = [b"\"", token, b"\""].concat();
            io.mend(RepairKind::Member, start, self.at, &text, None);
        } else if !is_strict {
            let Some(number) = mended.filter(|_| self.repairs.has(RepairKind::Number)) else {
                let to = self.at + 1;
                self.at = start;
                self.token = Token::None;
                return Some(self.hopeless(to, io));
            };
            io.mend(RepairKind::Number, start, self.at, number.as_bytes(), None);
        }
        if self.stack.is_empty() && !io.whole {
            // To the engine the end of the text would be what closes it.
            io.replace(self.at, self.at, b"\n");
        }
        self.closed(io)
    }

    pub(super) fn word(&mut self, start: usize, io: &mut Io<'_>) -> Option<Flow> {
        let mends = self.repairs.has(RepairKind::Word);
        loop {
            let letters = &io.text[start..self.at];
            match word::word(letters) {
                Some(Word::Mended(meant)) if mends => {
                    io.mend(RepairKind::Word, start, self.at, meant.as_bytes(), None);
                    return self.closed(io);
                }
                Some(Word::Strict) => return self.closed(io),
                _ => {}
            }
            if !word::may_begin(letters, mends) {
                let to = self.at;
                self.at = start;
                self.token = Token::None;
                return Some(self.hopeless(to, io));
            }
            if self.at == io.text.len() {
                return Some(self.drained(io));
            }
            self.at += 1;
        }
    }
}

/// What a comma behind a number is.
enum Group {
    /// More has to come to say so.
    Open,
    /// A separator of thousands.
    More,
    /// A separator of members.
    None,
}
