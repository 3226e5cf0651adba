//! What closes a frame that was left out: the bracket of a list of one, the quotes of an encoded value, the rest of a
//! wrapper.

use super::{Flow, Frame, Io, Token, Value};
use crate::kind::RepairKind;
use crate::probe::Found;
use crate::quote::{Quote, Sign, is_blank, sign};

impl Value {
    pub(super) fn unwrap(&mut self, comma: bool, io: &mut Io<'_>) -> Option<Flow> {
        match self.stack.last_mut() {
            Some(Frame::Wrapper(probe)) => match probe.decide(io.text, io.whole, io.guide, self.repairs) {
                Found::Open => Some(Flow::Drained),
                Found::Closed(end) => {
                    let from = self.at;
                    self.leave_out(from, end, io)
                }
                Found::Plain | Found::Wrapper(_) if io.whole && self.at == io.text.len() => {
                    Some(Flow::Drained)
                }
                Found::Plain | Found::Wrapper(_) => Some(Flow::NoWrapper),
            },
            Some(Frame::Single) => self.unwrap_single(comma, io),
            Some(&mut Frame::Quotes { quote, start, is_decoded }) => {
                self.unquote(quote, start, is_decoded, io)
            }
            _ => self.closed(io),
        }
    }

    fn unwrap_single(&mut self, comma: bool, io: &mut Io<'_>) -> Option<Flow> {
        let at = self.at;
        match io.text.get(at) {
            None => Some(Flow::Drained),
            Some(&byte) if is_blank(byte) => {
                self.at += 1;
                None
            }
            Some(b',') if !comma && self.repairs.has(RepairKind::TrailingComma) => {
                io.replace(at, at + 1, b"");
                self.at += 1;
                self.token = Token::Unwrap { comma: true };
                None
            }
            Some(b']') => self.leave_out(at, at + 1, io),
            Some(_) if self.at_root() => Some(Flow::NoWrapper),
            Some(_) => Some(self.hopeless(at, io)),
        }
    }

    fn unquote(&mut self, quote: Quote, start: usize, is_decoded: bool, io: &mut Io<'_>) -> Option<Flow> {
        let at = self.at;
        let rest = &io.text[at..];
        match rest.first() {
            None if is_decoded && io.source.is_closed() && at == io.source.text().len() => {
                if let Some(Frame::Quotes { is_decoded, .. }) = self.stack.last_mut() {
                    *is_decoded = false;
                }
                io.copy(at);
                return Some(Flow::Leave);
            }
            None => return Some(Flow::Drained),
            Some(&byte) if is_blank(byte) => {
                self.at += 1;
                return None;
            }
            Some(_) => {}
        }
        match sign(rest) {
            Sign::Quote(end, length) if quote.ends_with(end) && !is_decoded => {
                let end = io.source.raw_offset(at) + length;
                io.note_left_out(RepairKind::Encoded, start, end);
                self.leave_out(at, at + length, io)
            }
            _ => Some(self.hopeless(at, io)),
        }
    }

    /// Leaves `from..to` out, which closes the frame.
    fn leave_out(&mut self, from: usize, to: usize, io: &mut Io<'_>) -> Option<Flow> {
        io.replace(from, to, b"");
        self.stack.pop();
        self.at = to;
        self.closed(io)
    }
}
