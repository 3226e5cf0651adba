//! JSON text out of values that come by their paths, one after the other, as Vertex streams the arguments of a call.
//!
//! Paths come in the order of the text that they make: a container that has been left is not come back to.

/// A text in the making.
#[derive(Debug, Default)]
pub(crate) struct JsonPaths {
    /// The open containers, outermost first. None has been opened if it is empty.
    open: Vec<Container>,
    /// The path of the open string.
    string: Option<Vec<Step>>,
}

#[derive(Debug)]
struct Container {
    /// Where it stands in the one around it. None for the outermost.
    step: Option<Step>,
    is_array: bool,
    is_empty: bool,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(u64),
}

/// A value, or a piece of one, in raw JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'e> {
    /// Characters of a string, escaped.
    Characters(&'e str),
    Atom(&'e str),
}

impl JsonPaths {
    /// Adds a value, or a piece of a string that goes on if `continues`. Returns the text that it adds.
    pub(crate) fn add(&mut self, path: &str, value: Value<'_>, continues: bool) -> String {
        let (mut text, path) = (String::new(), steps(path));
        let goes_on = self.string.is_some() && self.string.as_ref() == Some(&path);
        if !goes_on {
            self.close_string(&mut text);
            self.go_to(&path, &mut text);
        }
        match value {
            Value::Characters(characters) => {
                text.push_str(if goes_on { "" } else { "\"" });
                text.push_str(characters);
                self.string = Some(path);
                if !continues {
                    self.close_string(&mut text);
                }
            }
            Value::Atom(atom) => text.push_str(atom),
        }
        text
    }

    /// The value is whole. Returns the text that closes it.
    pub(crate) fn finish(&mut self) -> String {
        let mut text = String::new();
        self.close_string(&mut text);
        self.leave(0, &mut text);
        text
    }

    fn close_string(&mut self, text: &mut String) {
        if self.string.take().is_some() {
            text.push('"');
        }
    }

    /// Opens and closes containers, up to the place where the value of a path stands.
    fn go_to(&mut self, path: &[Step], text: &mut String) {
        let Some((last, parents)) = path.split_last() else { return };
        if self.open.is_empty() {
            self.enter(None, &path[0], text);
        }
        let same =
            self.open[1..].iter().zip(parents).take_while(|(open, step)| open.step.as_ref() == Some(*step));
        let same = same.count();
        self.leave(same + 1, text);
        for (step, next) in parents.iter().zip(&path[1..]).skip(same) {
            self.member(step, text);
            self.enter(Some(step.clone()), next, text);
        }
        self.member(last, text);
    }

    /// Opens a container whose members are reached by steps like `next`.
    fn enter(&mut self, step: Option<Step>, next: &Step, text: &mut String) {
        let is_array = matches!(next, Step::Index(_));
        text.push(if is_array { '[' } else { '{' });
        self.open.push(Container { step, is_array, is_empty: true });
    }

    /// Closes containers until so many are open.
    fn leave(&mut self, depth: usize, text: &mut String) {
        for container in self.open.drain(depth.min(self.open.len())..).rev() {
            text.push(if container.is_array { ']' } else { '}' });
        }
    }

    /// Begins a member of the innermost container.
    fn member(&mut self, step: &Step, text: &mut String) {
        if let Some(container) = self.open.last_mut()
            && !std::mem::replace(&mut container.is_empty, false)
        {
            text.push(',');
        }
        if let Step::Key(key) = step {
            text.push_str(&json_string(key));
            text.push(':');
        }
    }
}

/// The steps of a path: `$.a[0]['b c']`.
fn steps(path: &str) -> Vec<Step> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let quote = inner.chars().next().filter(|first| matches!(first, '\'' | '"'));
            let end = quote.map_or("]".to_owned(), |quote| format!("{quote}]"));
            let inner = quote.map_or(inner, |quote| &inner[quote.len_utf8()..]);
            let (step, behind) = inner.split_once(end.as_str()).unwrap_or((inner, ""));
            let index = step.parse().ok().filter(|_| quote.is_none());
            steps.push(index.map_or_else(|| Step::Key(step.to_owned()), Step::Index));
            rest = behind;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end > 0 {
                steps.push(Step::Key(name[..end].to_owned()));
            }
            // A path that says nothing between two dots has no step there.
            rest = &name[end..];
        }
    }
    steps
}

/// A text as a JSON string.
pub(crate) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..' ' => {
                let code = u32::from(character);
                json.push_str("\\u00");
                json.extend(
                    [code >> 4, code & 0xF].into_iter().filter_map(|digit| char::from_digit(digit, 16)),
                );
            }
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_steps() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(steps("$.a[0].b"), [key("a"), Step::Index(0), key("b")]);
        assert_eq!(steps("$['a.b'][\"]\"][12]"), [key("a.b"), key("]"), Step::Index(12)]);
        assert_eq!(steps("$"), []);
    }

    #[test]
    fn values_make_a_text() {
        let mut paths = JsonPaths::default();
        let mut text = String::new();
        for (path, value, continues) in [
            ("$.a.b[0].c", Value::Characters("x"), true),
            ("$.a.b[0].c", Value::Characters("\\\"y"), true),
            ("$.a.b[0].c", Value::Characters(""), false),
            ("$.a.b[0].d", Value::Atom("1"), false),
            ("$.a.b[1].c", Value::Characters("z"), false),
            ("$.a.e", Value::Atom("true"), false),
            ("$['f g']", Value::Characters("h"), true),
        ] {
            text.push_str(&paths.add(path, value, continues));
        }
        text.push_str(&paths.finish());
        assert_eq!(text, r#"{"a":{"b":[{"c":"x\"y","d":1},{"c":"z"}],"e":true},"f g":"h"}"#);
    }
}
