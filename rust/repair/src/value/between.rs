//! Between tokens: brackets, commas, colons, comments, and what begins a token.

use instar_json::Kind;

use super::{
    Comma, Expect, Flow, Frame, Held, Io, MAX_GAP, MAX_WRAPPERS, Object, REFUSED, Text, Token, Value,
};
use crate::guide::NodeId;
use crate::kind::RepairKind;
use crate::probe::{self, Probe};
use crate::quote::{Quote, Sign, is_blank, is_word, sign};

/// What a token that begins here is.
enum Role {
    Value(NodeId),
    Key(NodeId),
}

impl Value {
    pub(super) fn between(&mut self, io: &mut Io<'_>) -> Option<Flow> {
        let Some(&byte) = io.text.get(self.at) else { return Some(self.drained(io)) };
        match byte {
            b' ' | b'\n' | b'\t' | b'\r' => {
                self.at += 1;
                if let Some(Comma::Held(at)) = self.comma
                    && self.at > at + MAX_GAP
                {
                    self.detach_comma(io);
                }
                None
            }
            b'"' => self.open_text(Quote::Double, 1, io),
            b',' => self.comma(1, io),
            b':' => self.colon(1, io),
            b'{' | b'[' => self.open(byte, io),
            b'}' | b']' => self.close(byte, io),
            b'0'..=b'9' | b'-' | b'+' | b'.' => self.open_number(io),
            b'/' | b'#' if self.repairs.has(RepairKind::Comment) => self.open_comment(byte, io),
            b'\\' if self.repairs.has(RepairKind::Encoded) => Some(self.open_escapes(io)),
            _ => self.open_other(byte, io),
        }
    }

    /// All has been read. If the string that is being decoded has closed, nothing but its quote can come.
    pub(super) fn drained(&mut self, io: &mut Io<'_>) -> Flow {
        if io.whole {
            self.end_behind_comma(io);
        }
        if !io.source.is_closed() || io.text.len() < io.source.text().len() {
            return Flow::Drained;
        }
        io.replace(self.at, self.at, REFUSED);
        Flow::Hopeless(self.at)
    }

    /// The text ends behind a comma: what stands before that is whole.
    fn end_behind_comma(&mut self, io: &mut Io<'_>) {
        if let Some(Comma::Held(at)) = self.comma.take() {
            io.replace(at, at + 1, b" ");
        }
    }

    /// What a token that begins here is, with the comma or colon that was left out before it.
    fn role(&mut self, io: &mut Io<'_>) -> Option<Role> {
        self.settle_comma(io);
        let mends = self.repairs.has(RepairKind::MissingComma);
        match self.expect {
            Expect::Value(node) => return Some(Role::Value(node)),
            Expect::Colon { node, declared: true } if mends => {
                io.mend(RepairKind::MissingComma, self.at, self.at, b":", None);
                return Some(Role::Value(node));
            }
            Expect::Separator if mends => io.mend(RepairKind::MissingComma, self.at, self.at, b",", None),
            Expect::Colon { .. } | Expect::Separator => return None,
            Expect::Element { .. } | Expect::Key { .. } => {}
        }
        match self.stack.last_mut() {
            Some(Frame::Object(object)) => Some(Role::Key(object.node)),
            Some(Frame::Array { node, index }) => {
                let element = io.guide.element(*node, *index);
                *index += 1;
                Some(Role::Value(element))
            }
            _ => None,
        }
    }

    fn open_text(&mut self, quote: Quote, length: usize, io: &mut Io<'_>) -> Option<Flow> {
        let start = self.at;
        let clean = quote == Quote::Double;
        match self.role(io) {
            Some(Role::Key(node)) => {
                self.token = Token::Key(Held { start, quote, node, clean });
                self.at += length;
                None
            }
            Some(Role::Value(node)) => {
                self.at += length;
                let kinds = io.guide.kinds(node);
                let wants_container = kinds.has(Kind::Object) || kinds.has(Kind::Array);
                let member = self.repairs.has(RepairKind::Member) && io.guide.has_choices(node);
                let number = self.repairs.has(RepairKind::Number) && io.guide.wants_number(node);
                if !kinds.has(Kind::String) && wants_container && self.repairs.has(RepairKind::Encoded) {
                    self.token = Token::Encoded { start, quote, node };
                } else if !io.guide.wants_text(node) && (member || number) {
                    self.token = Token::Held(Held { start, quote, node, clean });
                } else {
                    self.begin_text(start, quote, length, io);
                }
                None
            }
            None => Some(self.hopeless(self.at + length, io)),
        }
    }

    /// A string begins that is handed on as it comes.
    pub(super) fn begin_text(&mut self, start: usize, quote: Quote, length: usize, io: &mut Io<'_>) {
        if quote != Quote::Double {
            io.replace(start, start + length, b"\"");
        }
        self.token = Token::Text(Text { start, quote, odd: false, inner: None });
        self.at = start + length;
    }

    fn comma(&mut self, length: usize, io: &mut Io<'_>) -> Option<Flow> {
        match (self.expect, self.stack.last()) {
            (Expect::Separator, Some(frame)) => {
                self.expect = match frame {
                    Frame::Object(_) => Expect::Key { first: false },
                    _ => Expect::Element { first: false },
                };
                self.comma = Some(if length > 1 {
                    io.mend(RepairKind::Quote, self.at, self.at + length, b"", None);
                    io.left_out(self.at, length)
                } else {
                    Comma::Held(self.at)
                });
            }
            (Expect::Key { .. } | Expect::Element { .. }, Some(frame))
                if self.repairs.has(RepairKind::TrailingComma) =>
            {
                // In a list of what may be null a comma too many may as well be a null too few.
                if let Frame::Array { node, index } = frame
                    && io.guide.kinds(io.guide.element(*node, *index)).has(Kind::Null)
                {
                    return Some(self.hopeless(self.at + 1, io));
                }
                self.detach_comma(io);
                io.mend(RepairKind::TrailingComma, self.at, self.at + length, b"", None);
            }
            _ => return Some(self.hopeless(self.at + length, io)),
        }
        self.at += length;
        None
    }

    fn colon(&mut self, length: usize, io: &mut Io<'_>) -> Option<Flow> {
        let Expect::Colon { node, .. } = self.expect else {
            return Some(self.hopeless(self.at + length, io));
        };
        if length > 1 {
            io.mend(RepairKind::Quote, self.at, self.at + length, b":", None);
        }
        self.expect = Expect::Value(node);
        self.at += length;
        None
    }

    fn open(&mut self, byte: u8, io: &mut Io<'_>) -> Option<Flow> {
        let Some(Role::Value(node)) = self.role(io) else { return Some(self.hopeless(self.at + 1, io)) };
        let kinds = io.guide.kinds(node);
        if byte == b'{' {
            let wrappers =
                self.stack.iter().filter(|frame| matches!(frame, Frame::Wrapper(_))).take(MAX_WRAPPERS);
            if self.wrappers
                && self.at_root()
                && wrappers.count() < MAX_WRAPPERS
                && probe::applies(io.guide, node)
            {
                self.token =
                    Token::Probe { start: self.at, node, probe: Probe::new(self.at, io.guide, node) };
                return None;
            }
            if self.wants_list_of_objects(node, io.guide) {
                return self.open_object(io.guide.element(node, 0), true, io);
            }
            return self.open_object(node, false, io);
        }
        let wants_object = kinds.has(Kind::Object) && !kinds.has(Kind::Array);
        let may_be_single = self.wrappers || (!self.at_root() && self.repairs.has(RepairKind::Wrapper));
        if wants_object && may_be_single && !matches!(self.stack.last(), Some(Frame::Single)) {
            io.mend(RepairKind::Wrapper, self.at, self.at + 1, b"", None);
            self.wrapped |= self.at_root();
            self.stack.push(Frame::Single);
            self.expect = Expect::Value(node);
            self.at += 1;
            return None;
        }
        self.open_array(node, io)
    }

    fn close(&mut self, byte: u8, io: &mut Io<'_>) -> Option<Flow> {
        let is_object = byte == b'}';
        let matches = match self.stack.last() {
            Some(Frame::Object(_)) => is_object,
            Some(Frame::Array { .. }) => !is_object,
            _ => false,
        };
        let behind_comma = match self.expect {
            Expect::Separator => false,
            Expect::Key { first } | Expect::Element { first } => !first || self.comma.is_some(),
            _ => return Some(self.hopeless(self.at + 1, io)),
        };
        if !matches || (behind_comma && !self.repairs.has(RepairKind::TrailingComma)) {
            return Some(self.hopeless(self.at + 1, io));
        }
        match self.comma.take() {
            Some(Comma::Held(at)) => io.mend(RepairKind::TrailingComma, at, at + 1, b"", None),
            Some(Comma::LeftOut { start, end }) => io.note_left_out(RepairKind::TrailingComma, start, end),
            None => {}
        }
        self.at += 1;
        if let Some(Frame::Object(Object { is_list: true, .. })) = self.stack.pop() {
            io.replace(self.at, self.at, b"]");
        }
        self.closed(io)
    }

    fn open_number(&mut self, io: &mut Io<'_>) -> Option<Flow> {
        match self.role(io) {
            Some(Role::Value(node)) => self.token = Token::Number { start: self.at, node },
            Some(Role::Key(_)) if io.text[self.at].is_ascii_digit() => return self.open_bare_key(io),
            _ => return Some(self.hopeless(self.at + 1, io)),
        }
        None
    }

    fn open_other(&mut self, byte: u8, io: &mut Io<'_>) -> Option<Flow> {
        if self.repairs.has(RepairKind::Quote) {
            match sign(&io.text[self.at..]) {
                Sign::Open => return Some(Flow::Drained),
                Sign::Quote(quote, length) => return self.open_text(quote, length, io),
                Sign::Like(b',', length) => return self.comma(length, io),
                Sign::Like(b':', length) => return self.colon(length, io),
                Sign::Like(_, length) => {
                    self.detach_comma(io);
                    io.mend(RepairKind::Quote, self.at, self.at + length, b" ", None);
                    self.at += length;
                    return None;
                }
                Sign::Other => {}
            }
        }
        if !is_word(byte) {
            return Some(self.hopeless(self.at + 1, io));
        }
        match self.role(io) {
            Some(Role::Value(_)) if byte.is_ascii_alphabetic() => self.token = Token::Word { start: self.at },
            Some(Role::Key(_)) => return self.open_bare_key(io),
            _ => return Some(self.hopeless(self.at + 1, io)),
        }
        None
    }

    fn open_bare_key(&mut self, io: &mut Io<'_>) -> Option<Flow> {
        if !self.repairs.has(RepairKind::UnquotedKey) {
            return Some(self.hopeless(self.at + 1, io));
        }
        if let (Expect::Key { first: true }, Some(Frame::Object(object))) =
            (self.expect, self.stack.last_mut())
        {
            object.bare_keys = true;
        }
        self.token = Token::BareKey { start: self.at, end: None };
        None
    }

    /// The escapes of an outer string begin here.
    fn open_escapes(&mut self, io: &mut Io<'_>) -> Flow {
        match io.text.get(self.at + 1) {
            None if !io.whole => return Flow::Drained,
            Some(b'"' | b'\\' | b'/' | b'n' | b'r' | b't' | b'u') => {}
            _ => return self.hopeless(self.at + 1, io),
        }
        let quotes = self.stack.iter_mut().rev().find_map(|frame| match frame {
            Frame::Quotes { is_decoded, .. } => Some(is_decoded),
            _ => None,
        });
        match quotes {
            Some(is_decoded) if !*is_decoded => *is_decoded = true,
            None if !io.source.is_decoded() => {
                io.note(RepairKind::Encoded, self.at, self.at + 2, &io.text[self.at + 1..self.at + 2], None);
            }
            _ => return self.hopeless(self.at + 1, io),
        }
        self.detach_comma(io);
        io.copy(self.at);
        Flow::Enter(self.at)
    }

    fn open_comment(&mut self, byte: u8, io: &mut Io<'_>) -> Option<Flow> {
        let start = self.at;
        let token = match (byte, io.text.get(start + 1)) {
            (b'#', _) | (_, Some(b'/')) => Token::LineComment { start },
            (_, Some(b'*')) => Token::BlockComment { start },
            (_, None) if !io.whole => return Some(Flow::Drained),
            _ => return Some(self.hopeless(start + 1, io)),
        };
        self.detach_comma(io);
        self.token = token;
        self.at += if byte == b'#' { 1 } else { 2 };
        None
    }

    pub(super) fn line_comment(&mut self, start: usize, io: &mut Io<'_>) -> Option<Flow> {
        let rest = &io.text[self.at..];
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(length) => self.end_comment(start, self.at + length, io),
            None if io.source.is_closed() => self.end_comment(start, io.text.len(), io),
            None => {
                self.at = io.text.len();
                Some(Flow::Drained)
            }
        }
    }

    pub(super) fn block_comment(&mut self, start: usize, io: &mut Io<'_>) -> Option<Flow> {
        let rest = &io.text[self.at..];
        if let Some(length) = rest.windows(2).position(|pair| pair == b"*/") {
            return self.end_comment(start, self.at + length + 2, io);
        }
        // The last byte may be the first of the two that end it.
        self.at = io.text.len() - usize::from(rest.last() == Some(&b'*'));
        Some(Flow::Drained)
    }

    fn end_comment(&mut self, start: usize, end: usize, io: &mut Io<'_>) -> Option<Flow> {
        io.mend(RepairKind::Comment, start, end, b"", None);
        self.at = end;
        self.token = Token::None;
        None
    }

    /// An object that may be a wrapper.
    pub(super) fn probe(
        &mut self,
        start: usize,
        node: NodeId,
        mut probe: Probe,
        io: &mut Io<'_>,
    ) -> Option<Flow> {
        use crate::probe::Found;
        match probe.decide(io.text, io.whole, io.guide, self.repairs) {
            Found::Open => {
                self.token = Token::Probe { start, node, probe };
                Some(Flow::Drained)
            }
            Found::Wrapper(at) => {
                io.mend(RepairKind::Wrapper, start, at, b"", None);
                self.wrapped = true;
                self.stack.push(Frame::Wrapper(probe));
                self.expect = Expect::Value(node);
                self.token = Token::None;
                self.at = at;
                None
            }
            Found::Plain | Found::Closed(_) => {
                let is_list = probe.wants_list() && self.wants_list_of_objects(node, io.guide);
                let node = if is_list { probe.object() } else { node };
                self.open_object(node, is_list, io)
            }
        }
    }
}

/// Skips JSON's blanks; gives the offset of what follows them.
pub(super) fn skip_blanks(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|&&byte| is_blank(byte)).count()
}
