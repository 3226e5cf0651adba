//! How an event tells the protocol that it belongs to.

use std::convert::Infallible;

use instar_json::{Kind, Nesting, NumberForm, Reader, Receiver, Source, Span};

/// Something that the events of one protocol have, and those of no other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sign {
    /// A member of this name.
    Member(&'static str),
    /// A member of this name, whose value is a string that begins so.
    Value(&'static str, &'static str),
}

/// A member of an event.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    /// Its characters, if it is a string or a number.
    pub(crate) text: Vec<u8>,
    /// Whether it is a string, an object or an array with something in it.
    pub(crate) filled: bool,
}

impl Sign {
    /// Whether it is among these members.
    pub(crate) fn is_in(self, members: &[Member]) -> bool {
        let (name, start) = match self {
            Self::Member(name) => (name, ""),
            Self::Value(name, start) => (name, start),
        };
        let has =
            |member: &Member| member.name == name.as_bytes() && member.text.starts_with(start.as_bytes());
        members.iter().any(has)
    }
}

/// The members of an event.
pub(crate) fn members(event: &[u8]) -> Vec<Member> {
    let mut members = Members::default();
    // Of an event that is no JSON the members before the fault count; reading it will tell.
    let _ = Reader::new(Nesting::UNLIMITED).advance(event, &mut members);
    members.found
}

/// Collects the members of an event.
#[derive(Debug, Default)]
struct Members {
    depth: usize,
    found: Vec<Member>,
}

impl Receiver for Members {
    type Stop = Infallible;

    fn begin(&mut self, kind: Kind, _at: usize) -> Result<(), Infallible> {
        if let (1 | 2, Some(member)) = (self.depth, self.found.last_mut()) {
            match self.depth {
                1 => member.kind = kind,
                _ => member.filled = true,
            }
        }
        self.depth += usize::from(matches!(kind, Kind::Object | Kind::Array));
        Ok(())
    }

    fn string(&mut self, span: Span, _end: usize, source: Source<'_>) -> Result<(), Infallible> {
        if let (1, Some(member)) = (self.depth, self.found.last_mut()) {
            member.text.extend_from_slice(source.bytes(span));
            member.filled = !member.text.is_empty();
        }
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, span: Span, source: Source<'_>) -> Result<(), Infallible> {
        if let (1, Some(member)) = (self.depth, self.found.last_mut()) {
            member.text.extend_from_slice(source.bytes(span));
        }
        Ok(())
    }

    fn name(&mut self, _kind: Kind, _end: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn key(&mut self, span: Span, _at: usize, source: Source<'_>) -> Result<(), Infallible> {
        if self.depth == 1 {
            let name = source.bytes(span).to_vec();
            self.found.push(Member { name, kind: Kind::Null, text: Vec::new(), filled: false });
        }
        Ok(())
    }

    fn end(&mut self, _end: usize) -> Result<(), Infallible> {
        self.depth -= 1;
        Ok(())
    }
}
