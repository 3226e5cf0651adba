//! The members of a list as pieces of its text: where each begins and ends.

use std::convert::Infallible;
use std::ops::Range;

use instar_json::{Kind, Nesting, NumberForm, Reader, Receiver, Source, Span};

/// Cuts the text of a list, or of an object of lists, into its members.
pub(super) struct Splitter {
    text: Vec<u8>,
    reader: Reader,
    walk: Walk,
}

/// A member: where it lies in the text, and the way to it.
pub(super) struct Member {
    pub(super) bytes: Range<usize>,
    /// The key of its list, if it is not the list that is the whole text.
    pub(super) key: Option<String>,
    /// Its place in its list.
    pub(super) index: usize,
}

/// Where in the text the reader is.
struct Walk {
    /// How many containers are around a member.
    depth: usize,
    /// The kinds of the containers that are open.
    open: Vec<Kind>,
    key: String,
    index: usize,
    start: usize,
    members: Vec<Member>,
}

impl Splitter {
    /// A splitter of an object of lists, or of a bare list.
    pub(super) fn new(wrapped: bool) -> Self {
        let depth = if wrapped { 2 } else { 1 };
        let walk =
            Walk { depth, open: Vec::new(), key: String::new(), index: 0, start: 0, members: Vec::new() };
        Self { text: Vec::new(), reader: Reader::new(Nesting::UNLIMITED), walk }
    }

    /// Takes in more of the text. Gives the members that this completes; behind what is no JSON there are none.
    pub(super) fn push(&mut self, text: &[u8]) -> Vec<Member> {
        self.text.extend_from_slice(text);
        // Whoever parses the text as well says what is wrong with it.
        let _ = self.reader.advance(&self.text, &mut self.walk);
        std::mem::take(&mut self.walk.members)
    }

    /// The text of a member.
    pub(super) fn text(&self, member: &Member) -> &[u8] {
        &self.text[member.bytes.clone()]
    }
}

impl Walk {
    /// Whether what begins or ends now is a member.
    fn at_member(&self) -> bool {
        self.open.len() == self.depth && self.open.last() == Some(&Kind::Array)
    }

    fn close(&mut self, end: usize) {
        if self.at_member() {
            let key = (self.depth == 2).then(|| self.key.clone());
            self.members.push(Member { bytes: self.start..end, key, index: self.index });
            self.index += 1;
        }
    }
}

impl Receiver for Walk {
    type Stop = Infallible;

    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), Infallible> {
        if self.at_member() {
            self.start = at;
        }
        if matches!(kind, Kind::Object | Kind::Array) {
            self.open.push(kind);
            if self.at_member() {
                self.index = 0;
            }
        }
        Ok(())
    }

    fn string(&mut self, _span: Span, end: usize, _source: Source<'_>) -> Result<(), Infallible> {
        self.close(end);
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, span: Span, _source: Source<'_>) -> Result<(), Infallible> {
        self.close(span.end as usize);
        Ok(())
    }

    fn name(&mut self, _kind: Kind, end: usize) -> Result<(), Infallible> {
        self.close(end);
        Ok(())
    }

    fn key(&mut self, span: Span, _at: usize, source: Source<'_>) -> Result<(), Infallible> {
        if self.open.len() == 1 {
            self.key = String::from_utf8_lossy(source.bytes(span)).into_owned();
        }
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Infallible> {
        self.open.pop();
        self.close(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, wrapped: bool, size: usize) -> Vec<(String, Option<String>, usize)> {
        let mut splitter = Splitter::new(wrapped);
        let mut members = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            for member in splitter.push(piece) {
                let text = String::from_utf8_lossy(splitter.text(&member)).into_owned();
                members.push((text, member.key, member.index));
            }
        }
        members
    }

    #[test]
    fn the_members_of_a_list_however_it_is_cut() {
        let bare = r#"[1, "a]", {"b": [2]}, [[], 3] , null]"#;
        let texts = ["1", r#""a]""#, r#"{"b": [2]}"#, "[[], 3]", "null"];
        let wrapped = format!(r#"{{"x": {bare}, "y": 5, "z": [ ], "w": [7]}}"#);
        for size in [1, 3, 1000] {
            let members = split(bare, false, size);
            assert_eq!(members.iter().map(|(text, _, _)| text.as_str()).collect::<Vec<_>>(), texts);
            assert_eq!(members.iter().map(|(_, _, index)| *index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
            let members = split(&wrapped, true, size);
            assert_eq!(members[..5].iter().map(|(text, _, _)| text.as_str()).collect::<Vec<_>>(), texts);
            assert!(members[..5].iter().all(|(_, key, _)| key.as_deref() == Some("x")));
            assert_eq!(members[5..], [("7".to_owned(), Some("w".to_owned()), 0)]);
            assert_eq!(split("[1, x, 2]", false, size).len(), 1);
        }
    }
}
