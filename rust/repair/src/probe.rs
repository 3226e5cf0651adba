//! The look for a wrapper: an object that the schema does not know around the value that it wants.
//!
//! An object is a wrapper if none of its keys is declared, one of its values is a container, and all others are
//! scalars (or what the echo of a JSON Schema has beside its `properties`).

use instar_json::Kind;

use crate::guide::{Guide, NodeId};
use crate::kind::{RepairKind, RepairSet};
use crate::quote::{Quote, Sign, is_blank, is_word, sign};

/// The keys of a JSON Schema that may stand beside `properties`, whatever their values are.
const ECHO: [&[u8]; 8] = [
    b"$schema",
    b"$defs",
    b"definitions",
    b"type",
    b"title",
    b"description",
    b"required",
    b"additionalProperties",
];

/// What an object at the root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// More has to come to say so.
    Open,
    /// What the schema wants, or an error.
    Plain,
    /// A wrapper, whose value begins here.
    Wrapper(usize),
    /// A wrapper, which ends before here.
    Closed(usize),
}

/// A look at the members of an object, resumable at every byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    at: usize,
    state: State,
    /// What the value has to meet: the root, or, where that is a list, its elements.
    node: NodeId,
    /// Whether a list is wanted.
    list: bool,
    /// Whether the value has been found.
    found: bool,
    /// Whether the newest key is one that the echo of a schema has.
    echo: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Brace,
    Key,
    InKey {
        quote: Quote,
        start: usize,
    },
    BareKey {
        start: usize,
    },
    Colon,
    Value,
    /// Behind the bracket at this offset, where an object is wanted.
    Bracket(usize),
    Text(Quote),
    Scalar,
    Nested {
        depth: usize,
        text: bool,
    },
    Behind,
}

/// The node of the list that is wanted, or of the object.
pub(crate) fn applies(guide: &Guide, node: NodeId) -> bool {
    let kinds = guide.kinds(node);
    if kinds.has(Kind::Object) { guide.is_required(node) } else { kinds.has(Kind::Array) }
}

impl Probe {
    /// A look at the object whose brace is at `at`, where `node` is wanted.
    pub(crate) fn new(at: usize, guide: &Guide, node: NodeId) -> Self {
        let list = !guide.kinds(node).has(Kind::Object);
        let node = if list { guide.element(node, 0) } else { node };
        Self { at, state: State::Brace, node, list, found: false, echo: false }
    }

    /// Goes on at `at`, behind the wrapped value.
    pub(crate) fn go_on(&mut self, at: usize) {
        *self = Self { at, state: State::Behind, found: true, ..*self };
    }

    /// How far has been looked.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether a list is wanted.
    pub(crate) fn wants_list(&self) -> bool {
        self.list
    }

    /// The node of the object that is wanted, be it in a list.
    pub(crate) fn object(&self) -> NodeId {
        self.node
    }

    /// Looks on.
    pub(crate) fn decide(&mut self, text: &[u8], whole: bool, guide: &Guide, repairs: RepairSet) -> Found {
        loop {
            let rest = text.get(self.at..).unwrap_or_default();
            let Some(&byte) = rest.first() else { return if whole { Found::Plain } else { Found::Open } };
            if is_blank(byte) && self.skips_blanks() {
                self.at += 1;
                continue;
            }
            let found = match self.state {
                State::Brace => self.go(State::Key),
                State::Key => self.key(byte, rest, repairs),
                State::InKey { quote, start } => match sign(rest) {
                    Sign::Quote(end, length) if quote.ends_with(end) => {
                        self.named(&text[start..self.at], length, guide, repairs)
                    }
                    _ => self.skip(byte),
                },
                State::BareKey { .. } if is_word(byte) || byte == b'-' => self.skip(byte),
                State::BareKey { start } => self.named(&text[start..self.at], 0, guide, repairs),
                State::Colon if byte == b':' => self.go(State::Value),
                State::Value => self.value(byte, rest),
                State::Bracket(at) if byte == b'{' => Some(Found::Wrapper(at)),
                State::Text(quote) => match sign(rest) {
                    Sign::Quote(end, length) if quote.ends_with(end) => {
                        self.at += length - 1;
                        self.go(State::Behind)
                    }
                    _ => self.skip(byte),
                },
                State::Scalar if matches!(byte, b',' | b'}') => {
                    self.state = State::Behind;
                    None
                }
                State::Scalar => self.skip(byte),
                State::Nested { depth, text } => self.nested(depth, text, byte),
                State::Behind if byte == b'}' && self.found => Some(Found::Closed(self.at + 1)),
                State::Behind if byte == b',' => self.go(State::Key),
                State::Behind | State::Colon | State::Bracket(_) => Some(Found::Plain),
            };
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Takes one byte, and goes on in another state.
    fn go(&mut self, state: State) -> Option<Found> {
        self.state = state;
        self.at += 1;
        None
    }

    /// Takes one byte, with the one that a backslash escapes.
    fn skip(&mut self, byte: u8) -> Option<Found> {
        self.at += if byte == b'\\' { 2 } else { 1 };
        None
    }

    fn key(&mut self, byte: u8, rest: &[u8], repairs: RepairSet) -> Option<Found> {
        match (byte, sign(rest)) {
            (b'}', _) if self.found => return Some(Found::Closed(self.at + 1)),
            (b',', _) => self.at += 1,
            (_, Sign::Quote(quote, length)) if quote == Quote::Double || repairs.has(RepairKind::Quote) => {
                self.at += length;
                self.state = State::InKey { quote, start: self.at };
            }
            (_, Sign::Other) if is_word(byte) && repairs.has(RepairKind::UnquotedKey) => {
                self.state = State::BareKey { start: self.at };
            }
            _ => return Some(Found::Plain),
        }
        None
    }

    /// A key has ended; its closing quote has `length` bytes.
    fn named(&mut self, key: &[u8], length: usize, guide: &Guide, repairs: RepairSet) -> Option<Found> {
        let similar = repairs.has(RepairKind::Name);
        if std::str::from_utf8(key).is_ok_and(|key| guide.declares(self.node, key, similar)) {
            return Some(Found::Plain);
        }
        self.echo = ECHO.contains(&key);
        self.state = State::Colon;
        self.at += length;
        None
    }

    fn value(&mut self, byte: u8, rest: &[u8]) -> Option<Found> {
        match byte {
            b'{' | b'[' if self.echo => self.go(State::Nested { depth: 1, text: false }),
            b'{' | b'[' if self.found => Some(Found::Plain),
            b'[' if !self.list => self.go(State::Bracket(self.at)),
            b'{' | b'[' => Some(Found::Wrapper(self.at)),
            b'}' | b']' | b',' | b':' => Some(Found::Plain),
            _ => match sign(rest) {
                Sign::Quote(quote, length) => {
                    self.at += length - 1;
                    self.go(State::Text(quote))
                }
                _ => self.go(State::Scalar),
            },
        }
    }

    fn nested(&mut self, depth: usize, text: bool, byte: u8) -> Option<Found> {
        match byte {
            b'"' => self.go(State::Nested { depth, text: !text }),
            _ if text => self.skip(byte),
            b'{' | b'[' => self.go(State::Nested { depth: depth + 1, text }),
            b'}' | b']' if depth == 1 => self.go(State::Behind),
            b'}' | b']' => self.go(State::Nested { depth: depth - 1, text }),
            _ => self.skip(byte),
        }
    }

    fn skips_blanks(&self) -> bool {
        !matches!(
            self.state,
            State::InKey { .. } | State::BareKey { .. } | State::Text(_) | State::Nested { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::{Field, Kinds, Node};

    fn guide(list: bool) -> Guide {
        let fields = vec![Field { key: "name".to_owned(), index: 0, node: 2 }];
        let object = Node { kinds: Kinds::of(&[Kind::Object]), fields, required: true, ..Node::default() };
        let array = Node { kinds: Kinds::of(&[Kind::Array]), item: Some(0), ..Node::default() };
        Guide::new(&[object, array, Node { kinds: Kinds::ALL, ..Node::default() }], u32::from(list))
    }

    fn decide(text: &str, list: bool) -> Found {
        let guide = guide(list);
        let mut probe = Probe::new(0, &guide, guide.root());
        let mut found = Found::Open;
        for end in 1..=text.len() {
            found = probe.decide(&text.as_bytes()[..end], false, &guide, RepairSet::ALL);
            if found != Found::Open {
                break;
            }
        }
        let again =
            Probe::new(0, &guide, guide.root()).decide(text.as_bytes(), false, &guide, RepairSet::ALL);
        assert_eq!(found, again, "{text} depends on the cuts");
        found
    }

    #[test]
    fn a_wrapper_is_known_by_its_keys_and_values() {
        for (text, expected) in [
            ("{\"Person\": {", Found::Wrapper(11)),
            ("{ 'Person' : {", Found::Wrapper(13)),
            ("{Person: {", Found::Wrapper(9)),
            ("{\"type\": \"object\", \"required\": [\"name\", \"]\"], \"properties\": {", Found::Wrapper(60)),
            ("{\"ok\": true, \"n\": 1, \"data\": {", Found::Wrapper(29)),
            ("{\"data\": [ {", Found::Wrapper(9)),
            ("{\"data\": [1", Found::Plain),
            ("{\"name\"", Found::Plain),
            ("{\"NAME\"", Found::Plain),
            ("{\"a\": 1}", Found::Plain),
            ("{}", Found::Plain),
            ("{\"a\": ", Found::Open),
        ] {
            assert_eq!(decide(text, false), expected, "{text}");
        }
        for (text, expected) in [
            ("{\"result\": [", Found::Wrapper(11)),
            ("{\"result\": {", Found::Wrapper(11)),
            ("{\"name\"", Found::Plain),
            ("{\"id\": 1, \"name\"", Found::Plain),
        ] {
            assert_eq!(decide(text, true), expected, "{text}");
        }
    }

    #[test]
    fn behind_its_value_a_wrapper_holds_scalars_only() {
        let guide = guide(false);
        for (text, expected) in [
            ("}", Found::Closed(1)),
            (", \"n\": 1 , }", Found::Closed(12)),
            (", \"b\": {", Found::Plain),
            (", \"name\"", Found::Plain),
            (", \"b", Found::Open),
            ("]", Found::Plain),
        ] {
            let mut probe = Probe::new(0, &guide, guide.root());
            probe.go_on(0);
            assert_eq!(probe.decide(text.as_bytes(), false, &guide, RepairSet::ALL), expected, "{text}");
        }
    }
}
