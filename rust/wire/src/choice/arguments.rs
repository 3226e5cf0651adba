//! The arguments of one call: what their deltas amount to.
//!
//! Servers write them in odd ways. White space behind the closing brace is nothing. A lone `{}` that the call goes on
//! after stood for arguments to come: its brace is held back until the call goes on or ends. The whole arguments once
//! more are dropped. No arguments at all are `{}`.

/// The arguments of one call so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    /// What has been given to the reader, or will be.
    text: String,
    state: State,
    /// How many containers are open, and whether a string is.
    depth: u32,
    string: StringState,
    /// Whether a delta began with all that had come before it, and went on.
    cumulative: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing but white space has come.
    #[default]
    Blank,
    /// A brace has opened, and nothing has come behind it but white space.
    Empty,
    /// The same, and the brace that closes it, which is held back.
    Placeholder,
    /// In the middle of a value.
    Open,
    /// The value has closed. So many bytes of it have come once more; they are held back.
    Closed(usize),
    /// Something else follows the value: let the reader refuse it.
    Broken,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum StringState {
    #[default]
    Outside,
    Inside,
    Escape,
}

impl Arguments {
    /// What the reader has been given, or will be.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether more than white space has come.
    pub(super) fn begun(&self) -> bool {
        self.state != State::Blank
    }

    /// Whether the value has closed.
    pub(super) fn closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// Whether the deltas look as if each repeated all that came before it.
    pub(super) fn cumulative(&self) -> bool {
        self.cumulative
    }

    /// Takes in a delta.
    pub(super) fn push(&mut self, delta: &str) {
        let before = self.text.trim_ascii();
        let open = matches!(self.state, State::Empty | State::Open);
        self.cumulative |= open && delta.len() > before.len() && delta.trim_ascii_start().starts_with(before);
        let mut rest = delta;
        while let Some(character) = rest.chars().next() {
            let (one, behind) = rest.split_at(character.len_utf8());
            rest = behind;
            self.take(one);
        }
    }

    /// The call has ended.
    pub(super) fn end(&mut self) {
        match self.state {
            State::Blank => {
                self.text.push_str("{}");
                self.state = State::Closed(0);
            }
            State::Placeholder => {
                self.text.push('}');
                self.state = State::Closed(0);
            }
            State::Closed(repeated @ 1..) => self.release(repeated),
            State::Closed(0) | State::Empty | State::Open | State::Broken => {}
        }
    }

    /// Takes in a character.
    fn take(&mut self, one: &str) {
        let blank = matches!(one, " " | "\t" | "\n" | "\r");
        match self.state {
            State::Blank | State::Placeholder if blank => {}
            State::Blank => {
                self.state = if one == "{" { State::Empty } else { State::Open };
                self.scan(one);
            }
            State::Empty if blank => self.text.push_str(one),
            State::Empty if one == "}" => self.state = State::Placeholder,
            State::Empty => {
                self.state = State::Open;
                self.scan(one);
            }
            State::Placeholder if one == "{" => self.state = State::Empty,
            State::Placeholder => {
                self.text.push('}');
                self.text.push_str(one);
                self.state = State::Broken;
            }
            State::Open => self.scan(one),
            State::Closed(repeated) => self.repeat(repeated, one, blank),
            State::Broken => self.text.push_str(one),
        }
    }

    /// A character of the value.
    fn scan(&mut self, one: &str) {
        self.text.push_str(one);
        match (self.string, one) {
            (StringState::Escape, _) | (StringState::Outside, "\"") => self.string = StringState::Inside,
            (StringState::Inside, "\\") => self.string = StringState::Escape,
            (StringState::Inside, "\"") => {
                self.string = StringState::Outside;
                self.close_at_root();
            }
            (StringState::Outside, "{" | "[") => self.depth += 1,
            (StringState::Outside, "}" | "]") => {
                self.depth = self.depth.saturating_sub(1);
                self.close_at_root();
            }
            (StringState::Inside | StringState::Outside, _) => {}
        }
    }

    fn close_at_root(&mut self) {
        if self.depth == 0 {
            self.state = State::Closed(0);
        }
    }

    /// A character behind the value, of which `repeated` bytes have come once more.
    fn repeat(&mut self, repeated: usize, one: &str, blank: bool) {
        let value = self.text.trim_ascii_start();
        if value[repeated..].starts_with(one) {
            let repeated = repeated + one.len();
            self.state = State::Closed(if repeated == value.len() { 0 } else { repeated });
        } else if !(blank && repeated == 0) {
            self.release(repeated);
            self.text.push_str(one);
        }
    }

    /// Gives the reader what looked like a repetition.
    fn release(&mut self, repeated: usize) {
        let start = self.text.len() - self.text.trim_ascii_start().len();
        self.text.extend_from_within(start..start + repeated);
        self.state = State::Broken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(deltas: &[&str]) -> String {
        let mut arguments = Arguments::default();
        for delta in deltas {
            arguments.push(delta);
        }
        arguments.end();
        arguments.text
    }

    #[test]
    fn what_deltas_amount_to() {
        for (deltas, text) in [
            (&[][..], "{}"),
            (&["", " \n"], "{}"),
            (&["{}"], "{}"),
            (&["{}", "\n"], "{}"),
            (&["{ }", "{ }"], "{  }"),
            (&["{\"a\":1}", "\n"], "{\"a\":1}"),
            (&["{}", "{\"a\"", ":1}"], "{\"a\":1}"),
            (&["{}", " {\"a\":{}}", " "], "{\"a\":{}}"),
            (&["{\"a\":\"}\\\"\"}", "{\"a\":\"}\\\"\"}"], "{\"a\":\"}\\\"\"}"),
            (&["{\"a\":1}", "{\"a\"", ":1}", "{\"a\":1}"], "{\"a\":1}"),
            (&["{\"a\":1}", "{\"a\":2}"], "{\"a\":1}{\"a\":2}"),
            (&["{\"a\":1}", "{\"a"], "{\"a\":1}{\"a"),
            (&["{}", "x"], "{}x"),
            (&["\"é\"", "\"é\""], "\"é\""),
        ] {
            assert_eq!(read(deltas), text, "{deltas:?}");
        }
    }

    #[test]
    fn however_they_are_cut() {
        for text in
            ["{} {\"a\": {}} {\"a\": {}}", "{\"é\":[1]}\n\n{\"é\":[1]} ", "{}{}", "{\"a\":1}{\"a\":[", "5 "]
        {
            let whole = read(&[text]);
            let characters: Vec<String> = text.chars().map(String::from).collect();
            let characters: Vec<&str> = characters.iter().map(String::as_str).collect();
            assert_eq!(read(&characters), whole);
        }
    }

    #[test]
    fn deltas_that_repeat_all_before_them() {
        let cumulative = |deltas: &[&str]| {
            let mut arguments = Arguments::default();
            for delta in deltas {
                arguments.push(delta);
            }
            arguments.cumulative()
        };
        assert!(cumulative(&["{\"na", "{\"name\": \"A", "{\"name\": \"Ada\"}"]));
        assert!(!cumulative(&["{\"na", "me\": 1}"]));
        assert!(!cumulative(&["{}", "{\"a\": 1}", "{\"a\": 1}"]));
    }
}
