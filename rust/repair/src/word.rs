//! The words that JSON has, and those of other languages that mean the same.

/// A word, as JSON has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// It is one of JSON's.
    Strict,
    /// It means this one.
    Mended(&'static str),
}

const STRICT: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];
const MENDED: [(&[u8], &str); 5] =
    [(b"true", "true"), (b"false", "false"), (b"null", "null"), (b"none", "null"), (b"undefined", "null")];

/// What these letters mean.
pub(crate) fn word(letters: &[u8]) -> Option<Word> {
    if STRICT.contains(&letters) {
        return Some(Word::Strict);
    }
    let mended = MENDED.iter().find(|(word, _)| word.eq_ignore_ascii_case(letters));
    mended.map(|&(_, word)| Word::Mended(word))
}

/// Whether these letters mean anything.
pub(crate) fn is_word(letters: &[u8]) -> bool {
    word(letters).is_some()
}

/// Whether a word may begin with these letters.
pub(crate) fn may_begin(letters: &[u8], mended: bool) -> bool {
    let longer = |word: &[u8]| word.len() > letters.len();
    STRICT.iter().any(|word| longer(word) && word.starts_with(letters))
        || (mended
            && MENDED
                .iter()
                .any(|(word, _)| longer(word) && word[..letters.len()].eq_ignore_ascii_case(letters)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known() {
        assert_eq!(word(b"null"), Some(Word::Strict));
        for (letters, meant) in
            [("True", "true"), ("FALSE", "false"), ("None", "null"), ("undefined", "null")]
        {
            assert_eq!(word(letters.as_bytes()), Some(Word::Mended(meant)));
        }
        assert_eq!(word(b"yes"), None);
        assert!(may_begin(b"No", true) && !may_begin(b"No", false) && may_begin(b"N", false));
        assert!(!may_begin(b"none", true));
    }
}
