//! The look behind a quote in a string: is it the string's end, or a character of it that was not escaped?
//!
//! It is the end if the end of its container follows, or a comma and then a key with its colon (in an array: a value),
//! or the same with the comma left out, where no quote within the string is open. The look goes [`BOUND`] bytes at
//! most; beyond them the strict reading stands, which is that a quote ends its string.

use crate::kind::{RepairKind, RepairSet};
use crate::number;
use crate::quote::{Quote, Sign, begins_word, is_blank, is_word, sign};
use crate::word;

/// How far behind a quote is looked.
const BOUND: usize = 256;

/// What the string is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Nothing: it is the whole text.
    Nothing,
    /// An array.
    Array,
    /// An object, whose keys may stand without quotes.
    Object { bare_keys: bool },
}

/// What a look needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) within: Within,
    pub(crate) repairs: RepairSet,
    /// Whether a quote within the string was opened and not closed, as far as their number tells.
    pub(crate) odd: bool,
    /// How many containers are open.
    pub(crate) depth: usize,
}

/// What a quote in a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// More has to come to say so.
    Open,
    /// The end of the string.
    Ends,
    /// A character of the string.
    Inner,
    /// A character of the string, with a colon behind it, as if it ended a key.
    BeforeColon,
    /// The end as well as a character.
    Unclear,
}

/// A look behind a quote, resumable at every byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    start: usize,
    at: usize,
    state: State,
    /// Whether there was a blank behind the quote.
    blank: bool,
    /// Whether what follows the quote follows none that opens: punctuation, or another quote.
    closes: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Behind the quote.
    Quote,
    /// Behind a comma behind it.
    Comma,
    /// In a key that may have begun.
    Key(Quote),
    /// In a key without quotes, or in a number or word of an array.
    Bare {
        start: usize,
    },
    /// Behind such a key.
    Colon,
    /// Behind such a number or word.
    Separator,
    /// Behind the ends of so many containers, where a quote within the string seems to be open.
    Closed {
        depth: usize,
        line: bool,
    },
    /// Behind a comma behind them.
    Member,
    /// In a comment; behind it comes what the flag says.
    LineComment {
        comma: bool,
        /// Whether there is a quote in it.
        quoted: bool,
    },
    BlockComment {
        comma: bool,
    },
}

impl Look {
    /// A look at what comes at `at`.
    pub(crate) fn new(at: usize) -> Self {
        Self { start: at, at, state: State::Quote, blank: false, closes: false }
    }

    /// How far has been looked.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on in a key by so many plain characters. False if it has to look at them.
    pub(crate) fn pass(&mut self, length: usize) -> bool {
        let passes =
            matches!(self.state, State::Key(Quote::Double)) && self.at + length <= self.start + BOUND;
        self.at += if passes { length } else { 0 };
        passes
    }

    /// Looks on.
    pub(crate) fn decide(&mut self, text: &[u8], whole: bool, setting: Setting) -> Verdict {
        loop {
            let rest = text.get(self.at..).unwrap_or_default();
            let byte = match rest.first() {
                Some(&byte) if self.at <= self.start + BOUND => byte,
                None if !whole && self.at <= self.start + BOUND => return Verdict::Open,
                _ => return self.undecided(setting),
            };
            let verdict = match self.state {
                State::Quote => self.behind_quote(byte, rest, whole, setting),
                State::Comma => self.behind_comma(byte, rest, whole, setting),
                State::Key(quote) => self.key(quote, byte, rest, whole),
                State::Bare { start } if is_bare(byte) => {
                    self.state = State::Bare { start };
                    self.at += 1;
                    None
                }
                State::Bare { start } => self.bare(&text[start..self.at], setting),
                State::Colon => self.colon(byte, rest),
                State::Separator => self.separator(byte, setting),
                State::Closed { depth, line } => self.closed(byte, depth, line),
                State::Member => self.member(byte),
                State::LineComment { comma, quoted } => self.line_comment(byte, comma, quoted, setting),
                State::BlockComment { comma } => match rest {
                    [b'*', b'/', ..] => {
                        self.state = if comma { State::Comma } else { State::Quote };
                        self.at += 2;
                        None
                    }
                    [b'*'] if !whole => Some(Verdict::Open),
                    _ => {
                        self.at += 1;
                        None
                    }
                },
            };
            match verdict {
                // It closes something, and within the string no quote is open.
                Some(Verdict::Inner) if self.closes && !setting.odd => return Verdict::Unclear,
                Some(verdict) => return verdict,
                None => {}
            }
        }
    }

    fn behind_quote(&mut self, byte: u8, rest: &[u8], whole: bool, setting: Setting) -> Option<Verdict> {
        let Setting { within, repairs, odd, depth } = setting;
        if within == Within::Nothing {
            return match byte {
                b' ' | b'\t' | b'\r' => self.skip(),
                b'\n' | b'`' => Some(Verdict::Ends),
                _ => Some(Verdict::Inner),
            };
        }
        if is_blank(byte) {
            self.blank = true;
            return self.skip();
        }
        if self.comment(rest, whole, repairs, false) {
            return None;
        }
        let is_object = matches!(within, Within::Object { .. });
        let bare_keys = within == (Within::Object { bare_keys: true });
        let may_lack_comma = repairs.has(RepairKind::MissingComma) && !odd;
        match byte {
            b'}' | b']' if (byte == b'}') != is_object => Some(self.inner()),
            b'}' | b']' if odd => {
                self.state = State::Closed { depth: depth - 1, line: false };
                self.skip()
            }
            b'}' | b']' => Some(Verdict::Ends),
            b',' => self.comma(1),
            b':' if is_object && odd => Some(Verdict::BeforeColon),
            b':' => Some(self.inner()),
            b'/' if !whole && rest.len() == 1 => Some(Verdict::Open),
            b'{' | b'[' if !is_object && may_lack_comma && self.blank => Some(Verdict::Ends),
            _ => match sign(rest) {
                Sign::Like(b' ', length) => {
                    self.blank = true;
                    self.at += length;
                    None
                }
                Sign::Like(b',', length) => self.comma(length),
                Sign::Quote(quote, length) if is_object && may_lack_comma && allowed(quote, repairs) => {
                    self.state = State::Key(quote);
                    self.closes = true;
                    self.at += length;
                    None
                }
                Sign::Quote(quote, _) if !is_object && allowed(quote, repairs) => Some(match self.blank {
                    _ if odd => Verdict::Inner,
                    true if may_lack_comma => Verdict::Ends,
                    _ => Verdict::Unclear,
                }),
                _ if may_lack_comma && self.blank && is_bare(byte) && (bare_keys || !is_object) => {
                    self.state = State::Bare { start: self.at };
                    None
                }
                _ => Some(Verdict::Inner),
            },
        }
    }

    fn behind_comma(&mut self, byte: u8, rest: &[u8], whole: bool, setting: Setting) -> Option<Verdict> {
        let Setting { within, repairs, odd, .. } = setting;
        if is_blank(byte) || byte == b',' {
            return self.skip();
        }
        if self.comment(rest, whole, repairs, true) {
            return None;
        }
        let is_object = matches!(within, Within::Object { .. });
        let bare_keys =
            within == (Within::Object { bare_keys: true }) || (!odd && repairs.has(RepairKind::UnquotedKey));
        let value = if odd { Verdict::Unclear } else { Verdict::Ends };
        match byte {
            b'}' | b']' if (byte == b'}') == is_object => Some(Verdict::Ends),
            b'/' if !whole && rest.len() == 1 => Some(Verdict::Open),
            b'{' | b'[' if !is_object => Some(value),
            _ => match sign(rest) {
                Sign::Like(b' ' | b',', length) => {
                    self.at += length;
                    None
                }
                Sign::Quote(quote, length) if allowed(quote, repairs) => {
                    if is_object {
                        self.state = State::Key(quote);
                        self.at += length;
                        None
                    } else {
                        Some(value)
                    }
                }
                _ if is_bare(byte) && (bare_keys || !is_object) => {
                    self.state = State::Bare { start: self.at };
                    None
                }
                _ => Some(Verdict::Inner),
            },
        }
    }

    fn key(&mut self, opened: Quote, byte: u8, rest: &[u8], whole: bool) -> Option<Verdict> {
        match sign(rest) {
            Sign::Quote(quote, length) if opened.ends_with(quote) => {
                if quote != Quote::Double && rest.len() == length && !whole {
                    return Some(Verdict::Open);
                }
                let apostrophe = quote != Quote::Double && begins_word(&rest[length..]);
                self.at += length;
                if !apostrophe {
                    self.state = State::Colon;
                }
            }
            _ => self.at += if byte == b'\\' { 2 } else { 1 },
        }
        None
    }

    /// Behind what stands without quotes.
    fn bare(&mut self, token: &[u8], setting: Setting) -> Option<Verdict> {
        if setting.within == Within::Array {
            let is_value = number::is_strict(token) || number::mend(token).is_some() || word::is_word(token);
            self.state = State::Separator;
            return (!is_value).then_some(Verdict::Inner);
        }
        self.state = State::Colon;
        None
    }

    fn colon(&mut self, byte: u8, rest: &[u8]) -> Option<Verdict> {
        match byte {
            b':' => Some(Verdict::Ends),
            _ if is_blank(byte) => self.skip(),
            _ => Some(match sign(rest) {
                Sign::Like(b':', _) => Verdict::Ends,
                _ => Verdict::Inner,
            }),
        }
    }

    /// A bracket that seems to end the container is a character of the string if what follows could not follow it.
    fn closed(&mut self, byte: u8, depth: usize, line: bool) -> Option<Verdict> {
        match byte {
            b'}' | b']' if depth > 0 => self.state = State::Closed { depth: depth - 1, line },
            b',' if depth > 0 => self.state = State::Member,
            b'\n' => self.state = State::Closed { depth, line: true },
            _ if is_blank(byte) => {}
            b'`' => return Some(Verdict::Ends),
            // Prose begins a line of its own.
            _ if depth == 0 && line && byte != b'"' => return Some(Verdict::Ends),
            _ => return Some(Verdict::Inner),
        }
        self.skip()
    }

    fn member(&mut self, byte: u8) -> Option<Verdict> {
        match byte {
            b'"' | b'\'' | b'{' | b'[' | b'-' | b'0'..=b'9' => Some(Verdict::Ends),
            _ if is_blank(byte) => self.skip(),
            _ => Some(Verdict::Inner),
        }
    }

    /// Nothing within the bound decides: a quote ends its string.
    fn undecided(&self, setting: Setting) -> Verdict {
        match self.state {
            State::LineComment { quoted: true, .. } if setting.odd => Verdict::Inner,
            _ => Verdict::Ends,
        }
    }

    /// What looks like a comment is a part of the string if one of its quotes is needed to close one that is open.
    fn line_comment(&mut self, byte: u8, comma: bool, quoted: bool, setting: Setting) -> Option<Verdict> {
        if byte == b'\n' {
            if quoted && setting.odd {
                return Some(Verdict::Inner);
            }
            self.state = if comma { State::Comma } else { State::Quote };
        } else {
            self.state = State::LineComment { comma, quoted: quoted || byte == b'"' };
        }
        self.skip()
    }

    /// It is no end, though it closes something.
    fn inner(&mut self) -> Verdict {
        self.closes = true;
        Verdict::Inner
    }

    fn separator(&mut self, byte: u8, setting: Setting) -> Option<Verdict> {
        match byte {
            b',' | b']' if setting.odd => Some(Verdict::Unclear),
            b',' | b']' => Some(Verdict::Ends),
            _ if is_blank(byte) => self.skip(),
            _ => Some(Verdict::Inner),
        }
    }

    fn comma(&mut self, length: usize) -> Option<Verdict> {
        self.state = State::Comma;
        self.closes = true;
        self.at += length;
        None
    }

    fn skip(&mut self) -> Option<Verdict> {
        self.at += 1;
        None
    }

    /// Goes into a comment, if one begins here.
    fn comment(&mut self, rest: &[u8], whole: bool, repairs: RepairSet, comma: bool) -> bool {
        let in_comment = match rest {
            _ if !repairs.has(RepairKind::Comment) => return false,
            [b'#', ..] if self.blank || comma => State::LineComment { comma, quoted: false },
            [b'/', b'/', ..] => State::LineComment { comma, quoted: false },
            [b'/', b'*', ..] => State::BlockComment { comma },
            [b'/'] if !whole => return false,
            _ => return false,
        };
        self.state = in_comment;
        self.at += if rest[0] == b'#' { 1 } else { 2 };
        true
    }
}

fn allowed(quote: Quote, repairs: RepairSet) -> bool {
    quote == Quote::Double || repairs.has(RepairKind::Quote)
}

/// Whether the byte belongs to a key without quotes, a number or a word.
fn is_bare(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'+' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(behind: &str, within: Within, odd: bool) -> Verdict {
        let setting = Setting { within, repairs: RepairSet::ALL, odd, depth: 2 };
        let text = behind.as_bytes();
        let whole = Look::new(0).decide(text, true, setting);
        let mut look = Look::new(0);
        let mut seen = Verdict::Open;
        for end in (0..=text.len()).filter(|&end| behind.is_char_boundary(end)) {
            seen = look.decide(&text[..end], false, setting);
            if seen != Verdict::Open {
                break;
            }
        }
        if seen != Verdict::Open {
            assert_eq!(seen, whole, "{behind:?} depends on the cuts");
        }
        seen
    }

    #[test]
    fn what_follows_decides() {
        let object = Within::Object { bare_keys: false };
        for (behind, expected) in [
            ("}", Verdict::Ends),
            (" \n}", Verdict::Ends),
            ("]", Verdict::Unclear),
            (", \"b\": 1", Verdict::Ends),
            (", 'b' : 1", Verdict::Ends),
            (", “b”： 1", Verdict::Ends),
            (" \"b\": 1", Verdict::Ends),
            ("\"b\": 1", Verdict::Ends),
            (",}", Verdict::Ends),
            (",, // x\n\"b\":", Verdict::Ends),
            (" /* , \"x\" */ }", Verdict::Ends),
            (", \"b\")", Verdict::Unclear),
            (", then left", Verdict::Unclear),
            (", then: left", Verdict::Ends),
            ("best", Verdict::Inner),
            (" best", Verdict::Inner),
            (".", Verdict::Inner),
            (": 1", Verdict::Unclear),
            (" \"b\"}", Verdict::Unclear),
            ("", Verdict::Open),
            (", \"b", Verdict::Open),
            (", \"b\"", Verdict::Open),
        ] {
            assert_eq!(decide(behind, object, false), expected, "{behind}");
        }
        for (behind, bare_keys, expected) in [
            (", then: left", true, Verdict::Ends),
            (", then left", true, Verdict::Inner),
            (", then: left", false, Verdict::Inner),
            (", \"b\")", false, Verdict::Inner),
            (": 1", false, Verdict::BeforeColon),
            ("]", false, Verdict::Inner),
            ("}\", ", false, Verdict::Inner),
            ("}, \"b\"", false, Verdict::Ends),
            ("}, which", false, Verdict::Inner),
            ("}], which", false, Verdict::Inner),
            ("}]\nHope", false, Verdict::Ends),
            ("}", false, Verdict::Open),
        ] {
            assert_eq!(decide(behind, Within::Object { bare_keys }, true), expected, "{behind}");
        }
        let key = format!(", \"{}", "k".repeat(BOUND));
        assert_eq!(decide(&key, object, false), Verdict::Ends);
    }

    #[test]
    fn in_an_array_a_value_has_to_follow() {
        for (behind, odd, expected) in [
            ("]", false, Verdict::Ends),
            ("}", false, Verdict::Unclear),
            (":", false, Verdict::Unclear),
            (", \"b", false, Verdict::Ends),
            (", \"b", true, Verdict::Unclear),
            (", true]", false, Verdict::Ends),
            (", then", false, Verdict::Open),
            (", then left", true, Verdict::Inner),
            (", then left", false, Verdict::Unclear),
            (", ..., \"z\"]", false, Verdict::Unclear),
            (", 5]", false, Verdict::Ends),
            (", 5 apples", true, Verdict::Inner),
            ("\n\"b\"", false, Verdict::Ends),
            ("\n\"b\"", true, Verdict::Inner),
            (" # \"b\"\n]", false, Verdict::Ends),
            (" # 1 in b\"\n]", true, Verdict::Inner),
            ("\"b\"", false, Verdict::Unclear),
            ("\"b\"", true, Verdict::Inner),
            (" {", false, Verdict::Ends),
            ("word", false, Verdict::Inner),
        ] {
            assert_eq!(decide(behind, Within::Array, odd), expected, "{behind}");
        }
    }
}
