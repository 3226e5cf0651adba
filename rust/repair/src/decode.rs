//! Escapes, and the characters of whole strings.

use crate::kind::{RepairKind, RepairSet};

/// What a backslash begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// More has to come to say so.
    Open,
    /// A character, and how many bytes it took.
    Character(char, usize),
    /// Half of a surrogate pair without the other, and how many bytes it took.
    Lone(usize),
    /// No escape that JSON has.
    Bad,
}

/// Reads the escape at the beginning of `text`, behind which nothing comes if it is `whole`.
pub(crate) fn escape(text: &[u8], whole: bool) -> Escape {
    let missing = if whole { Escape::Bad } else { Escape::Open };
    let Some(&letter) = text.get(1) else { return missing };
    let simple = match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text, whole),
        _ => return Escape::Bad,
    };
    Escape::Character(simple, 2)
}

const UNICODE: usize = r"\u0000".len();

fn unicode(text: &[u8], whole: bool) -> Escape {
    let first = match hex(&text[2..]) {
        Hex::Unit(unit) => unit,
        Hex::Open if !whole => return Escape::Open,
        _ => return Escape::Bad,
    };
    if let Some(character) = char::from_u32(first) {
        return Escape::Character(character, UNICODE);
    }
    let is_low = |unit: u32| (0xDC00..0xE000).contains(&unit);
    let behind = &text[UNICODE..];
    if is_low(first) {
        return Escape::Lone(UNICODE);
    }
    match behind {
        [] | [b'\\'] if !whole => Escape::Open,
        [b'\\', b'u', digits @ ..] => match hex(digits) {
            Hex::Unit(second) if is_low(second) => {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                char::from_u32(code)
                    .map_or(Escape::Bad, |character| Escape::Character(character, 2 * UNICODE))
            }
            Hex::Open if !whole => Escape::Open,
            _ => Escape::Lone(UNICODE),
        },
        _ => Escape::Lone(UNICODE),
    }
}

enum Hex {
    Open,
    Unit(u32),
    Bad,
}

fn hex(digits: &[u8]) -> Hex {
    let mut unit = 0;
    for index in 0..4 {
        let Some(&byte) = digits.get(index) else { return Hex::Open };
        let Some(digit) = char::from(byte).to_digit(16) else { return Hex::Bad };
        unit = unit << 4 | digit;
    }
    Hex::Unit(unit)
}

/// The characters of a whole string, and the kinds of repairs that they took.
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) mended: RepairSet,
}

/// Decodes the characters of a whole string. None if they took a repair that is not in `repairs`.
pub(crate) fn decode(content: &[u8], repairs: RepairSet) -> Option<Decoded> {
    let mut decoded = Decoded { text: String::new(), mended: RepairSet::NONE };
    let mut at = 0;
    while at < content.len() {
        let plain = content[at..].iter().take_while(|&&byte| byte >= 0x20 && byte != b'\\').count();
        decoded.text.push_str(&String::from_utf8_lossy(&content[at..at + plain]));
        at += plain;
        let Some(&byte) = content.get(at) else { break };
        let (kind, character, length) = if byte == b'\\' {
            match escape(&content[at..], true) {
                Escape::Character(character, length) => (None, character, length),
                Escape::Lone(length) => (Some(RepairKind::Surrogate), char::REPLACEMENT_CHARACTER, length),
                Escape::Open | Escape::Bad if content.get(at + 1) == Some(&b'\'') => {
                    (Some(RepairKind::Escape), '\'', 2)
                }
                Escape::Open | Escape::Bad => (Some(RepairKind::Escape), '\\', 1),
            }
        } else {
            (Some(RepairKind::ControlCharacter), char::from(byte), 1)
        };
        if let Some(kind) = kind {
            if !repairs.has(kind) {
                return None;
            }
            decoded.mended = decoded.mended.with(kind);
        }
        decoded.text.push(character);
        at += length;
    }
    Some(decoded)
}

/// A string as JSON has it.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let mut json = Vec::with_capacity(text.len() + 2);
    json.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => json.extend([b'\\', byte]),
            ..0x20 => json.extend_from_slice(&control(byte)),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
    json
}

/// The escape of a control character.
pub(crate) fn control(byte: u8) -> Vec<u8> {
    match byte {
        b'\n' => b"\\n".to_vec(),
        b'\r' => b"\\r".to_vec(),
        b'\t' => b"\\t".to_vec(),
        _ => format!("\\u{byte:04x}").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_when_they_are_whole() {
        for (text, open, whole) in [
            (r"\", Escape::Open, Escape::Bad),
            (r"\n", Escape::Character('\n', 2), Escape::Character('\n', 2)),
            (r"\a", Escape::Bad, Escape::Bad),
            (r"\u00", Escape::Open, Escape::Bad),
            (r"\u00e9", Escape::Character('é', 6), Escape::Character('é', 6)),
            (r"\u00g", Escape::Bad, Escape::Bad),
            (r"\ude00", Escape::Lone(6), Escape::Lone(6)),
            (r"\ud83d", Escape::Open, Escape::Lone(6)),
            (r"\ud83dx", Escape::Lone(6), Escape::Lone(6)),
            (r"\ud83d\", Escape::Open, Escape::Lone(6)),
            (r"\ud83d\n", Escape::Lone(6), Escape::Lone(6)),
            (r"\ud83d\ud83d", Escape::Lone(6), Escape::Lone(6)),
            (r"\ud83d\ude0", Escape::Open, Escape::Lone(6)),
            (r"\ud83d\ude00", Escape::Character('😀', 12), Escape::Character('😀', 12)),
        ] {
            assert_eq!(escape(text.as_bytes(), false), open, "{text}");
            assert_eq!(escape(text.as_bytes(), true), whole, "{text}");
        }
    }

    #[test]
    fn strings_are_decoded_and_encoded() {
        let Some(decoded) = decode(b"a\\u0041\n\\'\\q\\ud800", RepairSet::ALL) else {
            panic!("all is mended")
        };
        assert_eq!(decoded.text, "aA\n'\\q\u{fffd}");
        assert!(decoded.mended.has(RepairKind::Surrogate) && decoded.mended.has(RepairKind::Escape));
        assert!(decode(b"a\n", RepairSet::NONE).is_none());
        assert_eq!(encode("a\"\\\u{1}\n"), br#""a\"\\\u0001\n""#);
    }
}
