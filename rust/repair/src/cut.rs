//! The whole value that a text has which is cut off.

use std::convert::Infallible;

use instar_json::{Kind, Nesting, NumberForm, Reader, Receiver, Source, Span, Stop};

/// Completes `text`, the beginning of a JSON value: an open string is kept as far as it came, containers are closed,
/// and a number, a word or a key that is open is left out, with the key of a value that has not come. None if nothing
/// is left.
#[must_use]
pub fn complete(text: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(Nesting::UNLIMITED);
    let mut kept = Kept::default();
    match reader.advance(text, &mut kept) {
        Ok(()) | Err(Stop::Syntax(_)) => {}
        Err(Stop::Receiver(never)) => match never {},
    }
    let mut whole = text[..kept.end].to_vec();
    if let Some(start) = kept.string {
        whole.extend_from_slice(&text[start..reader.characters_end()]);
        whole.push(b'"');
    }
    whole.extend(kept.closers.iter().rev());
    let is_value = whole.iter().any(|byte| !byte.is_ascii_whitespace());
    is_value.then_some(whole)
}

/// A receiver that remembers what is whole.
#[derive(Default)]
struct Kept {
    /// Where the last value that has closed, or the last bracket that has opened, ends.
    end: usize,
    /// What closes the open containers.
    closers: Vec<u8>,
    /// Where the open string begins, its quote included.
    string: Option<usize>,
}

impl Receiver for Kept {
    type Stop = Infallible;

    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), Infallible> {
        match kind {
            Kind::Object | Kind::Array => {
                self.closers.push(if kind == Kind::Object { b'}' } else { b']' });
                self.end = at + 1;
            }
            Kind::String => {
                self.end = at;
                self.string = Some(at);
            }
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, _span: Span, end: usize, _source: Source<'_>) -> Result<(), Infallible> {
        self.string = None;
        self.end = end;
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, span: Span, _source: Source<'_>) -> Result<(), Infallible> {
        self.end = span.end as usize;
        Ok(())
    }

    fn name(&mut self, _kind: Kind, end: usize) -> Result<(), Infallible> {
        self.end = end;
        Ok(())
    }

    fn key(&mut self, _span: Span, _at: usize, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Infallible> {
        self.closers.pop();
        self.end = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_closed_or_left_out() {
        for (text, whole) in [
            ("", None),
            ("  ", None),
            ("12", None),
            ("tru", None),
            ("true", Some("true")),
            ("{", Some("{}")),
            ("[1, 2", Some("[1]")),
            ("[1, 2 ", Some("[1, 2]")),
            ("[1, 2,", Some("[1, 2]")),
            ("[1, tr", Some("[1]")),
            ("{\"a\": 1, \"b", Some("{\"a\": 1}")),
            ("{\"a\": 1, \"b\"", Some("{\"a\": 1}")),
            ("{\"a\": 1, \"b\": ", Some("{\"a\": 1}")),
            ("{\"a\": 1, \"b\": -", Some("{\"a\": 1}")),
            ("{\"a\": 1, \"b\": {\"c", Some("{\"a\": 1, \"b\": {}}")),
            ("{\"a\": \"so f", Some("{\"a\": \"so f\"}")),
            ("{\"a\": \"x\\", Some("{\"a\": \"x\"}")),
            ("{\"a\": \"x\\\\", Some("{\"a\": \"x\\\\\"}")),
            ("\"x\\u00", Some("\"x\"")),
            ("\"x\\u00e9", Some("\"x\\u00e9\"")),
            ("\"x\\ud83d\\ude", Some("\"x\"")),
            ("\"x\\ud83d", Some("\"x\"")),
            ("\"x\\ud83d\\ude00", Some("\"x\\ud83d\\ude00\"")),
            ("[[\"a\"], [\"", Some("[[\"a\"], [\"\"]]")),
        ] {
            let completed = complete(text.as_bytes());
            assert_eq!(completed.as_deref().map(String::from_utf8_lossy).as_deref(), whole, "{text}");
        }
        assert_eq!(complete(b"\"x\xc3").as_deref(), Some(b"\"x\"".as_slice()));
    }
}
