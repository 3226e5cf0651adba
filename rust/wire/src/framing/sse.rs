//! Server-sent events, by the standard: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
//!
//! And what servers send in their place: JSON texts between the events, as a whole answer or an error that nobody has
//! put into an event, and errors as a field, `error: {...}`.

use memchr::memchr2;

use instar_json::{Position, characters};

use super::event::{Event, Place};
use super::ndjson::{Progress, Texts};

const BOM: &[u8] = "\u{feff}".as_bytes();

/// The state of cutting a body into events. It fits between any two bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sse {
    /// The open line.
    line: Vec<u8>,
    /// The place of the next byte. Its column is that of the open line's beginning.
    place: Place,
    event: Event,
    /// The JSON texts between the events.
    texts: Texts,
}

impl Sse {
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The length of what is held until its event is whole.
    pub(crate) fn held(&self) -> usize {
        self.line.len() + self.event.data().len()
    }

    /// Reads `body` to the end of the next event, which `event` then gives. Returns what lies behind it, or `None` if
    /// there was no such end.
    pub(crate) fn next<'b>(&mut self, mut body: &'b [u8]) -> Option<&'b [u8]> {
        while let Some(&first) = body.first() {
            if first == b'{' && self.line.is_empty() && self.event.has_data() && !self.texts.is_open() {
                // No line of an event begins so: what stands for itself ends the event before it.
                return Some(body);
            }
            if self.texts.is_open() || self.begins_text(first) {
                let (read, progress) = self.texts.read(body, &mut self.event, &mut self.place);
                body = &body[read..];
                if progress == Progress::Event {
                    return Some(body);
                }
                continue;
            }
            if std::mem::take(&mut self.place.after_cr) && first == b'\n' {
                body = self.skip(body, 1);
                continue;
            }
            let Some(length) = memchr2(b'\n', b'\r', body) else {
                self.line.extend_from_slice(body);
                self.skip(body, body.len());
                return None;
            };
            self.line.extend_from_slice(&body[..length]);
            self.place.after_cr = body[length] == b'\r';
            body = self.skip(body, length);
            let dispatched = self.end_line();
            body = self.skip(body, 1);
            if dispatched {
                return Some(body);
            }
        }
        None
    }

    /// The body has ended: whether that completes an event. One that no blank line has dispatched is dropped, as the
    /// standard says, unless it is an error, of which the standard knows nothing.
    pub(crate) fn end(&mut self) -> bool {
        if self.line.starts_with(b"error:") {
            self.end_line();
        }
        self.line.clear();
        self.texts.end() || self.event.name == b"error" && self.event.has_data()
    }

    /// The event that was dispatched.
    pub(crate) fn event(&self) -> &Event {
        &self.event
    }

    /// The event that was dispatched is dealt with.
    pub(crate) fn clear(&mut self) {
        self.event.clear();
    }

    /// Whether a JSON text begins with this byte, in place of a line.
    fn begins_text(&self, byte: u8) -> bool {
        matches!(byte, b'{' | b'[') && self.line.is_empty() && !self.event.has_data()
    }

    fn skip<'b>(&mut self, body: &'b [u8], length: usize) -> &'b [u8] {
        self.place.offset += length;
        &body[length..]
    }

    /// The open line has ended before the next byte: whether it dispatches an event.
    fn end_line(&mut self) -> bool {
        let mut line = &self.line[..];
        let Position { line: number, column } = self.place.position;
        self.place.position = Position { line: number + 1, column: 1 };
        if number == 1 {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        let dispatched = line.is_empty() && self.event.has_data();
        if line.is_empty() {
            if !dispatched {
                self.event.clear();
            }
        } else {
            // A line that begins with a colon, a comment, is a field without a name.
            let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            let value = value.strip_prefix(b":").unwrap_or(value);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if matches!(name, b"event" | b"error") {
                self.event.name.clear();
                self.event.name.extend_from_slice(if name == b"event" { value } else { name });
            }
            if matches!(name, b"data" | b"error") {
                let before = &self.line[..self.line.len() - value.len()];
                let position = Position { line: number, column: column + characters(before) };
                let offset = self.place.offset - value.len();
                self.event.add_line(value, Place { offset, position, after_cr: false });
            }
        }
        self.line.clear();
        dispatched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The name and the data of every event.
    type Events = Vec<(String, String)>;

    fn decode<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Events {
        let (mut framer, mut events) = (Sse::default(), Vec::new());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for mut piece in pieces {
            while let Some(rest) = framer.next(piece) {
                piece = rest;
                events.push((text(&framer.event().name), text(framer.event().data())));
                framer.clear();
            }
        }
        events
    }

    /// The data of the events of a body, which is cut at every byte, and once into single bytes.
    fn data(body: &str) -> Vec<String> {
        let body = body.as_bytes();
        let whole = decode([body]);
        assert_eq!(decode(body.chunks(1)), whole);
        for cut in 0..body.len() {
            assert_eq!(decode([&body[..cut], &body[cut..]]), whole, "cut at {cut}");
        }
        whole.into_iter().map(|(_, data)| data).collect()
    }

    /// The oracle: the whole body at once, line by line.
    fn naive(body: &str) -> Events {
        let body = body.strip_prefix('\u{feff}').unwrap_or(body).replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<&str> = body.split('\n').collect();
        lines.pop();
        let (mut events, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
        for line in lines {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" if line.is_empty() => {
                    if !data.is_empty() {
                        events.push((name.clone(), data.join("\n")));
                    }
                    name.clear();
                    data.clear();
                }
                "data" => data.push(value.to_owned()),
                "event" => value.clone_into(&mut name),
                _ => {}
            }
        }
        events
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        let comments =
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event";
        assert_eq!(data(comments), ["first event", "second event"]);
        assert_eq!(data(&format!("{comments}\n\n")), ["first event", "second event", " third event"]);
        assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
        assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
        let named = "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: 113411\n\n";
        let events = decode([named.as_bytes()]);
        assert_eq!(events.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["add", "remove", ""]);
    }

    #[test]
    fn every_line_end_ends_one_line() {
        for end in ["\n", "\r", "\r\n"] {
            assert_eq!(
                data(&format!("data: a{end}data: b{end}{end}data: c{end}{end}")),
                ["a\nb", "c"],
                "{end:?}"
            );
        }
        assert_eq!(data("data: a\r\n\rdata: b\n\r\n"), ["a", "b"]);
        assert_eq!(data("data: a\r\ndata: b\r\n\n\n\r\r\n"), ["a\nb"]);
    }

    #[test]
    fn a_carriage_return_dispatches_at_once() {
        assert_eq!(decode([&b"data: a\r\r"[..]]).len(), 1);
        assert_eq!(decode([&b"data: a\r\n\r"[..], b"\n", b"\ndata: b\n\n"]).len(), 2);
    }

    #[test]
    fn a_byte_order_mark_counts_at_the_start_only() {
        assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n"), ["a", "c"]);
        assert_eq!(data("\u{feff}\u{feff}data: a\n\n"), [""; 0]);
    }

    #[test]
    fn other_fields_and_names_without_data_say_nothing() {
        assert_eq!(data("id: 1\nretry: 5\nDATA: x\n data: y\ndata : z\n:data: w\n\n"), [""; 0]);
        let events = decode([&b"event: lost\n\ndata: a\n\n"[..]]);
        assert_eq!(events, [(String::new(), "a".to_owned())]);
    }

    #[test]
    fn bytes_of_the_data_are_found_in_the_body() {
        let body = "\u{feff}: é\r\ndata:\r\ndata: é[1,\r\nid: 7\r\ndata:x]\r\n\r\n".as_bytes();
        let mut framer = Sse::default();
        assert_eq!(framer.next(body), Some(&b"\n"[..]));
        assert_eq!(framer.event().data(), "\né[1,\nx]".as_bytes());
        let at = |text: &str| {
            let at = framer.event().data().windows(text.len()).position(|window| window == text.as_bytes());
            let (offset, position) =
                framer.event().origin(at.expect("the data holds it")).expect("there are data");
            assert!(body[offset..].starts_with(text.as_bytes()), "{text}");
            (position.line, position.column)
        };
        assert_eq!(at("é"), (3, 7));
        assert_eq!(at("1"), (3, 9));
        assert_eq!(at("x"), (5, 6));
        let end = framer.event().origin(framer.event().data().len()).expect("there are data");
        assert_eq!(end.1, Position { line: 5, column: 8 });
    }

    #[test]
    fn an_error_is_a_field_too() {
        let events = decode([&b"error: {\"a\":1}\n\ndata: b\n\n"[..]]);
        let pair = |name: &str, data: &str| (name.to_owned(), data.to_owned());
        assert_eq!(events, [pair("error", "{\"a\":1}"), pair("", "b")]);
    }

    #[test]
    fn an_error_at_the_end_needs_no_blank_line() {
        for body in ["error: a", "error: a\n", "event: error\ndata: a\n"] {
            let mut framer = Sse::default();
            assert_eq!(framer.next(body.as_bytes()), None);
            assert!(framer.end(), "{body:?}");
            assert_eq!((&framer.event().name[..], framer.event().data()), (&b"error"[..], &b"a"[..]));
        }
        for body in ["data: a\n", "event: error\n", "event: error\ndata: a"] {
            let mut framer = Sse::default();
            assert_eq!(framer.next(body.as_bytes()), None);
            assert!(!framer.end(), "{body:?}");
        }
    }

    #[test]
    fn json_texts_between_the_events_are_events() {
        assert_eq!(data("data: a\n\n{\"b\":\n\n1}\ndata: c\n\n"), ["a", "{\"b\":\n\n1}", "c"]);
        assert_eq!(data("{\"a\":1}{}\r\n[{},\n{}]\n\ndata: b\n\n"), ["{\"a\":1}", "{}", "{}", "{}", "b"]);
        assert_eq!(data("[DONE]\n"), ["[DONE]"]);
        // They end an event that no blank line has ended.
        assert_eq!(data("data: a\r\n{}\r\ndata: b\n\n"), ["a", "{}", "b"]);
    }

    proptest! {
        #[test]
        fn the_framer_agrees_with_its_oracle(
            words in prop::collection::vec(
                prop::sample::select(vec!["data", "event", "id", ":", " ", "\r", "\n", "\r\n", "é", "\u{feff}", "x"]),
                0..40,
            ),
            size in 1..20_usize,
        ) {
            let body = words.concat();
            prop_assert_eq!(decode(body.as_bytes().chunks(size)), naive(&body));
        }
    }
}
