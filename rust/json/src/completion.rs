//! Whole values that begin like values of which only the beginning has come.

use std::convert::Infallible;

use crate::event::{Kind, NumberForm, Receiver};
use crate::grammar::Nesting;
use crate::reader::{Lacks, Reader};
use crate::syntax::Stop;
use crate::text::{Source, Span};

/// A whole value that begins like another one: what is open is closed, and what would need more to be anything is left
/// out or `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The whole value.
    pub json: Vec<u8>,
    /// The member of the innermost open container whose value is made up: it has not begun, and stands as `null`.
    pub pending: Option<Member>,
    /// The way to the scalar that was cut off: it stands as far as it had come.
    pub open: Option<Vec<Member>>,
}

/// A member of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// Of an array.
    Index(usize),
    /// Of an object.
    Key(String),
}

impl Completion {
    /// Completes `text`, the beginning of a value. Bytes that do not belong to it, at its end, are left out.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let (mut reader, mut newest) = (Reader::new(Nesting::UNLIMITED), Newest { members: Vec::new() });
        let end = match reader.advance(text, &mut newest) {
            Ok(()) => text.len(),
            Err(Stop::Syntax(error)) => error.offset,
            Err(Stop::Receiver(never)) => match never {},
        };
        let (json, lacks) = reader.complete_text(text[..end].to_vec());
        let key = || {
            let bytes = reader.source(text).bytes(reader.read_text());
            Member::Key(String::from_utf8_lossy(bytes).into_owned())
        };
        let (pending, open) = match lacks {
            Lacks::Nothing => (None, None),
            Lacks::RestOfScalar => (None, Some(newest.members)),
            Lacks::Value | Lacks::ValueOfKey => (newest.members.pop(), None),
            Lacks::ValueOfOpenKey => (Some(key()), None),
        };
        Self { json, pending, open }
    }
}

/// A receiver that remembers the newest member of each open container.
struct Newest {
    members: Vec<Member>,
}

impl Receiver for Newest {
    type Stop = Infallible;

    fn begin(&mut self, kind: Kind, _at: usize) -> Result<(), Infallible> {
        match kind {
            Kind::Array => self.members.push(Member::Index(0)),
            Kind::Object => self.members.push(Member::Key(String::new())),
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, _span: Span, _end: usize, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, _span: Span, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn name(&mut self, _kind: Kind, _end: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn key(&mut self, span: Span, _at: usize, source: Source<'_>) -> Result<(), Infallible> {
        if let Some(newest) = self.members.last_mut() {
            *newest = Member::Key(String::from_utf8_lossy(source.bytes(span)).into_owned());
        }
        Ok(())
    }

    fn comma(&mut self, _at: usize) -> Result<(), Infallible> {
        if let Some(Member::Index(index)) = self.members.last_mut() {
            *index += 1;
        }
        Ok(())
    }

    fn end(&mut self, _end: usize) -> Result<(), Infallible> {
        self.members.pop();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_closed() {
        for (text, whole) in [
            ("{\"a\": [1, {\"b\": \"x", "{\"a\": [1, {\"b\": \"x\"}]}"),
            ("{\"a", "{\"a\":null}"),
            ("{\"a\"", "{\"a\":null}"),
            ("{\"a\":", "{\"a\":null}"),
            ("{\"a\": \"b\"", "{\"a\": \"b\"}"),
            ("{\"a\": 1, \"b\"", "{\"a\": 1, \"b\":null}"),
            ("{\"a\": 1,", "{\"a\": 1}"),
            ("[1, 2,", "[1, 2,null]"),
            ("[tr", "[true]"),
            ("[-", "[-0]"),
            ("[1.", "[1.0]"),
            ("[-I", "[-Infinity]"),
            ("[", "[]"),
            ("\"a\\", "\"a\""),
            ("\"a\\u00", "\"a\""),
            ("\"a\\ud83d", "\"a\""),
            ("\"a\\ud83d\\ude", "\"a\""),
            ("\"\\\"", "\"\\\"\""),
            ("[1", "[1]"),
            ("12,", "12"),
        ] {
            assert_eq!(String::from_utf8_lossy(&Completion::of(text.as_bytes()).json), whole, "{text}");
        }
    }

    #[test]
    fn the_member_that_is_made_up_is_named() {
        for (text, pending) in [
            ("[1, [2], ", Some(Member::Index(2))),
            ("[[1, ", Some(Member::Index(1))),
            ("{\"a\": {\"b", Some(Member::Key("b".to_owned()))),
            ("{\"a\": {\"b\"", Some(Member::Key("b".to_owned()))),
            ("{\"a\": {}, \"\\u0062\": ", Some(Member::Key("b".to_owned()))),
            ("{\"a\": {\"b\": 1", None),
            ("[1", None),
        ] {
            assert_eq!(Completion::of(text.as_bytes()).pending, pending, "{text}");
        }
    }

    #[test]
    fn the_way_to_the_scalar_that_was_cut_off_is_told() {
        let (a, second) = (Member::Key("a".to_owned()), Member::Index(1));
        for (text, open) in [
            ("{\"b\": 1, \"a\": [1, \"x", Some(vec![a.clone(), second.clone()])),
            ("{\"a\": [[], 12", Some(vec![a, second.clone()])),
            ("[{}, fal", Some(vec![second])),
            ("\"x", Some(vec![])),
            ("[\"x\"", None),
            ("[12 ", None),
            ("{\"a", None),
            ("{\"a\": ", None),
            ("[", None),
        ] {
            assert_eq!(Completion::of(text.as_bytes()).open, open, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf =
            prop::sample::select(vec!["null", "true", "-1.5e3", "\"a\\n\\ud83d\\ude00é\"", "\"\"", "NaN"]);
        leaf.prop_map(str::to_owned).prop_recursive(4, 32, 4, |inner| {
            let member = (prop::sample::select(vec!["a", "b\\\"", ""]), inner.clone())
                .prop_map(|(key, value)| format!("\"{key}\" : {value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(" , "))),
                prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_prefix_has_a_completion(text in json()) {
            for end in 1..=text.len() {
                let prefix = &text.as_bytes()[..end];
                let Completion { json, .. } = Completion::of(prefix);
                let mut reader = Reader::new(Nesting::UNLIMITED);
                let mut newest = Newest { members: Vec::new() };
                let read = reader.advance(&json, &mut newest).and_then(|()| reader.end(&json, &mut newest));
                prop_assert!(read.is_ok() && reader.complete(), "{:?} of {:?}", json, prefix);
            }
        }
    }
}
