//! Whole values that stand for the beginnings of values, so that a judge can be asked about these.

/// A whole value that begins like another.
pub(crate) struct Whole {
    pub(crate) json: Vec<u8>,
    /// The JSON of the last key or index, if its value is not there yet and stands as `null`.
    pub(crate) pending: Option<Vec<u8>>,
}

/// A whole value that begins like `text`, which is the beginning of a value of JSON: what is open is closed, and what
/// would need more to be anything is left out or `null`.
pub(crate) fn of_value(text: &[u8]) -> Whole {
    let mut pending = None;
    let mut whole = text.to_vec();
    let mut scan = Scan::default();
    for (at, &byte) in text.iter().enumerate() {
        scan.read(at, byte);
    }
    if scan.in_string {
        whole.truncate(scan.whole_characters(text));
        whole.push(b'"');
    } else {
        close_scalar(&mut whole);
    }
    let after = whole.iter().rposition(|byte| !byte.is_ascii_whitespace()).map(|at| whole[at]);
    match after {
        Some(b',') if matches!(scan.open.last(), Some((b']', ..))) => {
            pending = scan.open.last().map(|&(_, _, index)| index.to_string().into_bytes());
            whole.extend_from_slice(b"null");
        }
        Some(b',') => {
            let comma = whole.iter().rposition(|&byte| byte == b',').unwrap_or(whole.len());
            whole.truncate(comma);
        }
        Some(b':') => {
            pending = scan.newest(&whole).strip_suffix(b":").map(|key| key.trim_ascii().to_vec());
            whole.extend_from_slice(b"null");
        }
        _ if scan.is_key(&whole) => {
            pending = Some(scan.newest(&whole).to_vec());
            whole.extend_from_slice(b":null");
        }
        _ => {}
    }
    whole.extend(scan.open.iter().rev().map(|&(close, ..)| close));
    Whole { json: whole, pending }
}

/// What is open after a part of a text.
#[derive(Default)]
struct Scan {
    /// The brackets that will close what is open, each with where its newest member begins, and that member's index.
    open: Vec<(u8, usize, usize)>,
    in_string: bool,
    /// Where the open escape begins.
    escape: Option<usize>,
    /// How many characters of the open escape are yet to come.
    missing: usize,
}

impl Scan {
    fn read(&mut self, at: usize, byte: u8) {
        if self.in_string {
            self.read_in_string(at, byte);
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' => self.open.push((b'}', at + 1, 0)),
            b'[' => self.open.push((b']', at + 1, 0)),
            b'}' | b']' => {
                self.open.pop();
            }
            b',' => {
                if let Some((_, member, index)) = self.open.last_mut() {
                    *member = at + 1;
                    *index += 1;
                }
            }
            _ => {}
        }
    }

    fn read_in_string(&mut self, at: usize, byte: u8) {
        match (self.escape, byte) {
            (None, b'"') => self.in_string = false,
            (None, b'\\') => (self.escape, self.missing) = (Some(at), 1),
            (None, _) => {}
            (Some(start), b'u') if at == start + 1 => self.missing = 4,
            (Some(_), _) => {
                self.missing -= 1;
                if self.missing == 0 {
                    self.escape = None;
                }
            }
        }
    }

    /// The length of the text without the part of a character at its end.
    fn whole_characters(&self, text: &[u8]) -> usize {
        let end = self.escape.unwrap_or(text.len());
        let end = match std::str::from_utf8(&text[..end]) {
            Ok(_) => end,
            Err(error) => error.valid_up_to(),
        };
        // The high half of a surrogate pair, whose low half did not come.
        let is_half = end >= 6
            && text[end - 6..end - 4].eq_ignore_ascii_case(b"\\u")
            && matches!(
                text[end - 4..end - 2].to_ascii_lowercase().as_slice(),
                [b'd', b'8' | b'9' | b'a' | b'b']
            );
        if is_half { end - 6 } else { end }
    }

    /// The newest member of the innermost container.
    fn newest<'w>(&self, whole: &'w [u8]) -> &'w [u8] {
        let from = self.open.last().map_or(0, |&(_, member, _)| member);
        whole.get(from..).unwrap_or_default().trim_ascii()
    }

    /// Whether the newest member of the innermost object is a key and no more.
    fn is_key(&self, whole: &[u8]) -> bool {
        let Some((b'}', ..)) = self.open.last() else { return false };
        let member = self.newest(whole);
        // A colon behind the closing quote would have been followed by a value.
        let mut scan = Scan::default();
        let ends_string = member.iter().enumerate().position(|(at, &byte)| {
            scan.read(at, byte);
            at > 0 && !scan.in_string
        });
        member.first() == Some(&b'"') && ends_string == Some(member.len() - 1)
    }
}

/// Completes the number or word at the end of the text.
fn close_scalar(text: &mut Vec<u8>) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    let start = text.len() - text.iter().rev().take_while(|byte| is_part(byte)).count();
    let words: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];
    let part = text[start..].strip_prefix(b"-").unwrap_or(&text[start..]);
    if let Some(word) = words.iter().find(|word| !part.is_empty() && word.starts_with(part)) {
        let rest = word[part.len()..].to_vec();
        text.extend(rest);
    } else if matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E')) && start < text.len() {
        text.push(b'0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("\"\\\"", "\"\\\"\""),
            ("[1", "[1]"),
        ] {
            assert_eq!(String::from_utf8_lossy(&of_value(text.as_bytes()).json), whole, "{text}");
        }
    }
}
