//! JSON texts, one behind the other: a line each (<https://github.com/ndjson/ndjson-spec>), over several lines, or as
//! the elements of one array.
//!
//! An object is an event as soon as its last brace comes. What is no object is an event of one line, for the reader of
//! events to refuse.

use super::event::{Event, Place};

/// The state of cutting a body into JSON texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ndjson {
    texts: Texts,
    place: Place,
    event: Event,
}

impl Ndjson {
    pub(crate) fn next<'b>(&mut self, mut body: &'b [u8]) -> Option<&'b [u8]> {
        loop {
            let (read, progress) = self.texts.read(body, &mut self.event, &mut self.place);
            body = &body[read..];
            match progress {
                Progress::Event => return Some(body),
                Progress::Open => return None,
                Progress::Left => {}
            }
        }
    }

    pub(crate) fn end(&mut self) -> bool {
        self.texts.end()
    }

    pub(crate) fn event(&self) -> &Event {
        &self.event
    }

    pub(crate) fn clear(&mut self) {
        self.event.clear();
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

/// Where reading a run of JSON texts stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// An event is whole.
    Event,
    /// More bytes are needed.
    Open,
    /// An array has closed.
    Left,
}

/// The texts of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    state: State,
    /// Whether the texts are the elements of an array.
    in_array: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// Behind a bracket at this place, which opens an array of events if an object follows.
    Bracket(Place),
    Object {
        depth: usize,
        in_string: bool,
        escaped: bool,
    },
    Line,
}

impl Texts {
    /// Whether what comes next is read here.
    pub(crate) fn is_open(&self) -> bool {
        self.in_array || self.state != State::Between
    }

    /// Reads `body` to the end of the next text. Returns how far it has read, too.
    pub(crate) fn read(&mut self, body: &[u8], event: &mut Event, place: &mut Place) -> (usize, Progress) {
        let mut at = 0;
        while let Some(&byte) = body.get(at) {
            let blank = byte.is_ascii_whitespace();
            match &mut self.state {
                State::Between if blank || self.in_array && byte == b',' => place.pass(byte),
                State::Between if self.in_array && byte == b']' => {
                    self.in_array = false;
                    place.pass(byte);
                    return (at + 1, Progress::Left);
                }
                State::Between if !self.in_array && byte == b'[' => {
                    self.state = State::Bracket(*place);
                    place.pass(byte);
                }
                State::Between => {
                    event.begin_line(*place);
                    event.push(byte, place);
                    let object = State::Object { depth: 1, in_string: false, escaped: false };
                    self.state = if byte == b'{' { object } else { State::Line };
                }
                State::Bracket(_) if blank => place.pass(byte),
                State::Bracket(_) if matches!(byte, b'{' | b']') => {
                    (self.in_array, self.state) = (true, State::Between);
                    continue;
                }
                State::Bracket(bracket) => {
                    let mut before = *bracket;
                    event.begin_line(before);
                    event.push(b'[', &mut before);
                    event.push(byte, place);
                    self.state = State::Line;
                }
                State::Line if matches!(byte, b'\n' | b'\r') => {
                    place.pass(byte);
                    self.state = State::Between;
                    return (at + 1, Progress::Event);
                }
                State::Line => event.push(byte, place),
                State::Object { depth, in_string, escaped } => {
                    event.push(byte, place);
                    match byte {
                        _ if std::mem::take(escaped) => {}
                        b'\\' if *in_string => *escaped = true,
                        b'"' => *in_string = !*in_string,
                        b'{' | b'[' if !*in_string => *depth += 1,
                        b'}' | b']' if !*in_string => *depth -= 1,
                        _ => {}
                    }
                    if *depth == 0 {
                        self.state = State::Between;
                        return (at + 1, Progress::Event);
                    }
                }
            }
            at += 1;
        }
        (at, Progress::Open)
    }

    /// The body has ended: whether that completes an event. The next body begins anew.
    pub(crate) fn end(&mut self) -> bool {
        std::mem::take(self).state == State::Line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use instar_json::Position;
    use proptest::prelude::*;

    fn decode<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Vec<String> {
        let (mut framer, mut events) = (Ndjson::default(), Vec::new());
        let text = |event: &Event| String::from_utf8_lossy(event.data()).into_owned();
        for mut piece in pieces {
            while let Some(rest) = framer.next(piece) {
                piece = rest;
                events.push(text(framer.event()));
                framer.clear();
            }
        }
        if framer.end() {
            events.push(text(framer.event()));
        }
        events
    }

    fn data(body: &str) -> Vec<String> {
        let whole = decode([body.as_bytes()]);
        assert_eq!(decode(body.as_bytes().chunks(1)), whole);
        whole
    }

    #[test]
    fn texts_stand_in_lines_over_lines_side_by_side_and_in_arrays() {
        assert_eq!(data("{\"a\":1}\n\r\n{}\r\n"), ["{\"a\":1}", "{}"]);
        assert_eq!(data("{\n \"a\": [1,\r\n{}]\n}{} {}"), ["{\n \"a\": [1,\r\n{}]\n}", "{}", "{}"]);
        assert_eq!(data("[{\"a\":[1]}\n,\r\n{}]\n{}"), ["{\"a\":[1]}", "{}", "{}"]);
        assert_eq!(data(" [ ]\n[{}]"), ["{}"]);
        assert_eq!(data(r#"{"a":"}\"{[\\"}{"b":"]"}"#), [r#"{"a":"}\"{[\\"}"#, r#"{"b":"]"}"#]);
    }

    #[test]
    fn what_is_no_object_is_a_line() {
        assert_eq!(data("no JSON\n{}\n12"), ["no JSON", "{}", "12"]);
        assert_eq!(data("[DONE]\n"), ["[DONE]"]);
    }

    #[test]
    fn what_is_not_whole_is_no_event() {
        assert_eq!(data("{}\n{\"a\":"), ["{}"]);
        assert_eq!(data("[{}, {\"a\""), ["{}"]);
    }

    #[test]
    fn bytes_of_the_data_are_found_in_the_body() {
        let body = "[{\"é\":\n 1},{\"b\":x}]".as_bytes();
        let mut framer = Ndjson::default();
        let rest = framer.next(body).expect("an event");
        assert_eq!(framer.event().origin(9), Some((10, Position { line: 2, column: 3 })));
        framer.clear();
        assert!(framer.next(rest).is_some());
        assert_eq!(framer.event().origin(5), Some((17, Position { line: 2, column: 10 })));
    }

    proptest! {
        #[test]
        fn cuts_are_not_seen(
            words in prop::collection::vec(
                prop::sample::select(vec!["{", "}", "[", "]", "\"", "\\", ",", "\n", "\r", " ", "é", "1"]),
                0..40,
            ),
            size in 1..20_usize,
        ) {
            let body = words.concat();
            prop_assert_eq!(decode(body.as_bytes().chunks(size)), decode([body.as_bytes()]));
        }
    }
}
