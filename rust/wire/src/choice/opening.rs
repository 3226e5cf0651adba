//! How a text opens: with JSON, or with something else.

/// What a text opens with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opening {
    /// Too little has come to tell.
    #[default]
    Unknown,
    /// A JSON value, or a fence.
    Json,
    /// Neither.
    Prose,
}

/// The names that a JSON text may consist of.
const NAMES: [&str; 6] = ["true", "false", "null", "NaN", "Infinity", "-Infinity"];

/// What a Markdown fence begins with.
const FENCE: &str = "```";

/// From how many bytes on a number or a name is JSON, whatever follows it.
const LONG: usize = 8192;

impl Opening {
    /// What a text opens with, as far as it has come.
    ///
    /// Prose, too, begins with digits, or with the letters of `true`, `null` or `Infinity`: a number or a name has to be
    /// the whole text, so that its end decides.
    pub(super) fn of(text: &str) -> Self {
        let is_blank = |character: char| character.is_ascii_whitespace() || character == '\u{feff}';
        let text = text.trim_start_matches(is_blank);
        match text.as_bytes() {
            [b'{' | b'[' | b'"', ..] => Self::Json,
            [b'`', ..] if text.starts_with(FENCE) => Self::Json,
            [b'`', ..] if FENCE.starts_with(text) => Self::Unknown,
            _ if !begins_scalar(text.trim_ascii_end()) => Self::Prose,
            _ if text.len() > LONG => Self::Json,
            _ => Self::Unknown,
        }
    }

    /// What a whole text opens with.
    pub(super) fn of_whole(text: &str) -> Self {
        let scalar = text.trim_ascii();
        let is_number = scalar.ends_with(|end: char| end.is_ascii_digit()) && begins_scalar(scalar);
        if is_number || NAMES.contains(&scalar) { Self::Json } else { Self::of(text) }
    }
}

/// Whether a text may be the beginning of a number or a name.
fn begins_scalar(text: &str) -> bool {
    let continues = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    is_number && text.bytes().all(continues) || NAMES.iter().any(|name| name.starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::Opening::{self, Json, Prose, Unknown};

    #[test]
    fn a_text_opens_with_json_or_with_prose() {
        for (text, expected) in [
            ("", Unknown),
            (" \n\u{feff}", Unknown),
            ("{", Json),
            ("\u{feff}[", Json),
            (" \"", Json),
            ("7", Unknown),
            ("7 ", Unknown),
            ("7 of", Prose),
            ("1. First", Prose),
            ("-", Unknown),
            ("-1.5e3", Unknown),
            ("- a list", Prose),
            ("-I", Unknown),
            ("``", Unknown),
            ("```", Json),
            ("`code`", Prose),
            ("t", Unknown),
            ("true\n", Unknown),
            ("true, I", Prose),
            ("tr y", Prose),
            ("I", Unknown),
            ("I'd say", Prose),
            ("Not", Prose),
            ("Let me", Prose),
            ("É", Prose),
        ] {
            assert_eq!(Opening::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_or_a_name_is_the_whole_text() {
        for (text, expected) in
            [(" null\n", Json), ("-5 ", Json), ("4.5", Json), ("tr", Unknown), ("5.", Unknown)]
        {
            assert_eq!(Opening::of_whole(text), expected, "{text:?}");
        }
    }
}
