//! The kinds of repairs, and sets of them.

use std::fmt;

/// A kind of damage that is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RepairKind {
    /// Text before or behind the value.
    Prose,
    /// A Markdown fence around the value.
    Fence,
    /// A block of reasoning beside the value.
    Reasoning,
    /// A byte order mark before the value.
    Bom,
    /// Another value behind the one that fits.
    ExtraValue,
    /// A raw control character in a string.
    ControlCharacter,
    /// A comma with nothing behind it.
    TrailingComma,
    /// A comma, or the colon behind a declared name, that is not there.
    MissingComma,
    /// A comment between tokens.
    Comment,
    /// Other quotes than JSON's; other blanks, commas and colons than ASCII's between tokens.
    Quote,
    /// A key without quotes.
    UnquotedKey,
    /// Another language's `true`, `false` or `null`.
    Word,
    /// A form of number that JSON does not have.
    Number,
    /// A quote within a string that is not escaped.
    InnerQuote,
    /// A backslash that begins no escape.
    Escape,
    /// Half of a surrogate pair.
    Surrogate,
    /// A container that the schema does not know around the value, or one that it wants and that is not there.
    Wrapper,
    /// A value encoded once more as a string.
    Encoded,
    /// A key that differs from a declared one in case or separators only.
    Name,
    /// A value that differs from an enum member or a literal in case, blanks or quotes only; a number for a text.
    Member,
    /// A value that the end of the text cuts off.
    Truncated,
}

use RepairKind as K;

impl RepairKind {
    /// All kinds, each at its number.
    pub const ALL: [Self; 21] = [
        K::Prose,
        K::Fence,
        K::Reasoning,
        K::Bom,
        K::ExtraValue,
        K::ControlCharacter,
        K::TrailingComma,
        K::MissingComma,
        K::Comment,
        K::Quote,
        K::UnquotedKey,
        K::Word,
        K::Number,
        K::InnerQuote,
        K::Escape,
        K::Surrogate,
        K::Wrapper,
        K::Encoded,
        K::Name,
        K::Member,
        K::Truncated,
    ];

    /// The name by which people choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            K::Prose => "prose",
            K::Fence => "fence",
            K::Reasoning => "reasoning",
            K::Bom => "bom",
            K::ExtraValue => "extra_value",
            K::ControlCharacter => "control_character",
            K::TrailingComma => "trailing_comma",
            K::MissingComma => "missing_comma",
            K::Comment => "comment",
            K::Quote => "quote",
            K::UnquotedKey => "unquoted_key",
            K::Word => "word",
            K::Number => "number",
            K::InnerQuote => "inner_quote",
            K::Escape => "escape",
            K::Surrogate => "surrogate",
            K::Wrapper => "wrapper",
            K::Encoded => "encoded",
            K::Name => "name",
            K::Member => "member",
            K::Truncated => "truncated",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of kinds of repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairSet(u32);

impl RepairSet {
    /// No repair: the text is strict JSON.
    pub const NONE: Self = Self(0);
    /// What stands around a value.
    pub const AROUND: Self = Self::of(&[K::Prose, K::Fence, K::Reasoning, K::Bom, K::ExtraValue]);
    /// Every repair.
    pub const ALL: Self = Self((1 << K::ALL.len()) - 1);

    /// The set of these kinds.
    #[must_use]
    pub const fn of(kinds: &[K]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= 1 << kinds[index] as u32;
            index += 1;
        }
        Self(bits)
    }

    /// The set with one kind more.
    #[must_use]
    pub fn with(self, kind: K) -> Self {
        Self(self.0 | 1 << kind as u32)
    }

    /// The kinds of both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the kind is in the set.
    #[must_use]
    #[inline]
    pub fn has(self, kind: K) -> bool {
        self.0 >> kind as u32 & 1 == 1
    }

    /// Whether there is anything in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a value that needs no repair is handed on without being looked at.
    #[must_use]
    pub fn only_around(self) -> bool {
        self.0 & !(Self::AROUND.0 | Self::of(&[K::Truncated]).0) == 0
    }

    /// Those of the set that mend what stands around a value.
    #[must_use]
    pub fn around(self) -> Self {
        Self(self.0 & Self::AROUND.0)
    }

    /// The set without the repairs that ask what the schema wants.
    pub(crate) fn without_schema(self) -> Self {
        Self(self.0 & !Self::of(&[K::Wrapper, K::Encoded, K::Name, K::Member]).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_names() {
        for (number, kind) in K::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(K::named(kind.name()), Some(kind));
        }
        assert_eq!(K::named("semicolon"), None);
    }

    #[test]
    fn sets_hold_what_they_were_given() {
        assert!(RepairSet::AROUND.only_around() && !RepairSet::ALL.only_around());
        assert!(RepairSet::NONE.is_empty() && !RepairSet::NONE.with(K::Name).only_around());
        assert!(RepairSet::AROUND.has(K::Fence) && !RepairSet::AROUND.has(K::Word));
    }
}
