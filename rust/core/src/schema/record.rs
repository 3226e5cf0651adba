//! Objects with declared fields, and sets of those.

use std::collections::HashMap;

use super::id::NodeId;
use super::prefix::PrefixSet;

/// What is done with keys that no field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Read and dropped.
    Ignore,
    /// Refused as soon as no accepted key can follow.
    Forbid,
    /// Kept, with values of this node.
    Allow(NodeId),
}

/// An object with declared fields.
#[derive(Clone, Debug)]
pub struct Record {
    /// The node of each field.
    pub fields: Vec<NodeId>,
    /// The fields that must be there.
    pub required: FieldSet,
    /// What becomes of other keys.
    pub extra: Extra,
    /// The key that most likely announces each field, so that fields in their order need no hashing.
    expected: Vec<Box<[u8]>>,
    /// The field that each key announces.
    keys: HashMap<Box<[u8]>, u32>,
    prefixes: PrefixSet,
}

impl Record {
    /// A record of `fields`, whose `keys` announce them: the first key of a field is the likely one.
    #[must_use]
    pub fn new(fields: Vec<NodeId>, required: FieldSet, keys: &[(String, u32)], extra: Extra) -> Self {
        let likely = |index: usize| {
            keys.iter()
                .find(|(_, field)| *field as usize == index)
                .map_or_else(Box::default, |(key, _)| bytes(key))
        };
        Self {
            expected: (0..fields.len()).map(likely).collect(),
            prefixes: match extra {
                Extra::Forbid => PrefixSet::new(keys.iter().map(|(key, _)| key.as_str())),
                _ => PrefixSet::default(),
            },
            keys: keys.iter().rev().map(|(key, field)| (bytes(key), *field)).collect(),
            fields,
            required,
            extra,
        }
    }

    /// The key that most likely announces a field; empty if none does.
    #[must_use]
    pub fn key(&self, field: u32) -> &str {
        let key = self.expected.get(field as usize);
        key.and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default()
    }

    /// Whether any field must be there.
    #[must_use]
    pub fn has_required(&self) -> bool {
        !FieldSet::none(self.fields.len()).covers(&self.required)
    }

    /// The field that `key` announces; the `likely` one is tried first.
    pub(crate) fn field(&self, key: &[u8], likely: usize) -> Option<u32> {
        if self.expected.get(likely).is_some_and(|expected| **expected == *key) {
            #[expect(clippy::cast_possible_truncation, reason = "a record has fewer fields than 2^32")]
            return Some(likely as u32);
        }
        self.keys.get(key).copied()
    }

    /// The accepted keys, for records that forbid others.
    pub(crate) fn prefixes(&self) -> &PrefixSet {
        &self.prefixes
    }
}

fn bytes(key: &str) -> Box<[u8]> {
    Box::from(key.as_bytes())
}

/// A set of field indices: one word for up to 64 fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSet {
    /// Indices below 64.
    Small(u64),
    /// Any indices.
    Large(Vec<u64>),
}

impl FieldSet {
    /// No field of `fields`.
    #[must_use]
    pub fn none(fields: usize) -> Self {
        if fields <= 64 { Self::Small(0) } else { Self::Large(vec![0; fields.div_ceil(64)]) }
    }

    /// Adds a field; false if it was there.
    pub fn insert(&mut self, index: u32) -> bool {
        let bit = 1 << (index % 64);
        let word = match self {
            Self::Small(word) => word,
            Self::Large(words) => &mut words[index as usize / 64],
        };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Whether the field is in the set.
    #[must_use]
    pub fn contains(&self, index: u32) -> bool {
        let word = match self {
            Self::Small(word) => *word,
            Self::Large(words) => words[index as usize / 64],
        };
        word >> (index % 64) & 1 == 1
    }

    /// Whether all of `other`, a set over the same fields, are in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Small(mine), Self::Small(other)) => other & !mine == 0,
            (Self::Large(mine), Self::Large(other)) => {
                mine.iter().zip(other).all(|(mine, other)| other & !mine == 0)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_sets_of_both_sizes() {
        for fields in [3, 64, 65, 200] {
            let mut set = FieldSet::none(fields);
            let last = u32::try_from(fields - 1).expect("small");
            assert!(set.insert(last) && !set.insert(last) && set.contains(last) && !set.contains(0));
            assert!(set.covers(&FieldSet::none(fields)) && !FieldSet::none(fields).covers(&set));
        }
    }
}
