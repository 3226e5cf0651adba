//! The compiled schema: what each value has to be, and what can be said of it when.

use std::collections::HashMap;

use crate::pattern::Pattern;
use crate::prefix::PrefixSet;
use instar_json::Kind;

/// The place of a node in its plan.
pub type NodeId = u32;

/// A compiled schema: nodes that refer to each other by id, so that recursion is a loop in the ids.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The node of the whole text.
    pub root: NodeId,
    /// The node of values that nothing is known of.
    pub any: NodeId,
}

/// What is done with a value of a certain kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No such value is ever accepted: refused at its first byte.
    Refuse,
    /// The checker knows the rule.
    Native,
    /// The host judges the value when it has closed; a string with a view shows meanwhile.
    Judge,
}

/// The verdict for each kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds([Verdict; 8]);

impl Kinds {
    /// The same verdict for all kinds.
    #[must_use]
    pub const fn all(verdict: Verdict) -> Self {
        Self([verdict; 8])
    }

    /// Another verdict for these kinds.
    #[must_use]
    pub fn with(mut self, kinds: &[Kind], verdict: Verdict) -> Self {
        for &kind in kinds {
            self.0[kind as usize] = verdict;
        }
        self
    }

    /// The same kinds, all that are accepted left to the host.
    #[must_use]
    pub fn judged(self) -> Self {
        Self(self.0.map(|verdict| match verdict {
            Verdict::Native => Verdict::Judge,
            verdict => verdict,
        }))
    }

    /// Whether values of some kinds are left to the host.
    #[must_use]
    pub fn are_judged(self) -> bool {
        self.0.contains(&Verdict::Judge)
    }

    /// The verdict for `kind`.
    #[must_use]
    pub fn verdict(self, kind: Kind) -> Verdict {
        self.0[kind as usize]
    }
}

/// One node of the schema.
#[derive(Clone, Debug)]
pub enum Node {
    /// Anything, as plain values.
    Any,
    /// `null`, or what the inner node is.
    Nullable(NodeId),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(Kinds),
    /// An integer.
    Int(Int),
    /// A float.
    Float(Float),
    /// A string.
    Str(Str),
    /// One of a few strings.
    Choice(Choice),
    /// An array of values of one node.
    Array(Array),
    /// An object with free keys and values of one node.
    Map(Map),
    /// An object with declared fields.
    Record(Box<Record>),
    /// An object whose tag says which record it is.
    Tagged(Box<Tagged>),
    /// A value that is the only field of a record.
    Root(Root),
    /// A value that is one of several nodes, as the host judges when it has closed.
    Union(Union),
    /// A value that the host judges when it has closed.
    Judged(Judged),
    /// A value that the host judges together with what is around it.
    Deferred(View),
}

/// An integer; integers out of the range are left to the host, which knows what to say of them.
#[derive(Clone, Debug)]
pub struct Int {
    /// What other kinds of values become.
    pub kinds: Kinds,
    /// Whether a number with a fraction or an exponent is refused even if it is whole.
    pub strict: bool,
    /// The least value accepted.
    pub low: i64,
    /// The greatest value accepted.
    pub high: i64,
    /// What the value must be a multiple of; 1 for any.
    pub multiple_of: i64,
}

/// A float; values out of the range are left to the host.
#[derive(Clone, Debug)]
pub struct Float {
    /// What other kinds of values become.
    pub kinds: Kinds,
    /// Whether `NaN` and the infinities are refused.
    pub finite: bool,
    /// Whether there is a range at all: without one the digits need not be read to be checked.
    pub bounded: bool,
    /// The value must be greater than this, or equal if the flag is set.
    pub low: (f64, bool),
    /// The value must be less than this, or equal if the flag is set.
    pub high: (f64, bool),
}

/// A string.
#[derive(Clone, Debug)]
pub struct Str {
    /// What other kinds of values become.
    pub kinds: Kinds,
    /// The least number of characters.
    pub min: usize,
    /// The greatest number of characters.
    pub max: usize,
    /// What it has to match.
    pub pattern: Option<Box<Pattern>>,
    /// Whether the host has the last word on it.
    pub judged: bool,
}

/// One of a few strings, known by their prefixes.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What other kinds of values become.
    pub kinds: Kinds,
    /// The strings.
    pub members: PrefixSet,
    /// Whether the host has the last word on it.
    pub judged: bool,
}

/// An array.
#[derive(Clone, Debug)]
pub struct Array {
    /// The nodes of the first elements, one for each.
    pub head: Box<[NodeId]>,
    /// The node of each further element.
    pub item: NodeId,
    /// The least number of elements.
    pub min: usize,
    /// The greatest number of elements.
    pub max: usize,
    /// What the host does when the array closes.
    pub closing: Closing,
}

impl Array {
    /// The node of the element at `index`.
    pub(crate) fn element(&self, index: usize) -> NodeId {
        self.head.get(index).copied().unwrap_or(self.item)
    }
}

/// An object with free keys.
#[derive(Clone, Debug)]
pub struct Map {
    /// The node of each key; none if any string will do.
    pub key: Option<NodeId>,
    /// The node of each value.
    pub value: NodeId,
    /// The least number of distinct keys.
    pub min: usize,
    /// The greatest number of distinct keys.
    pub max: usize,
    /// What the host does when the object closes.
    pub closing: Closing,
}

/// A record of one field, which is written without the braces and the key.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// The node of the field.
    pub inner: NodeId,
    /// What the host does when the value closes.
    pub closing: Closing,
}

/// A value that is read as each of several nodes, and shown as the best of those that it can still be.
#[derive(Clone, Debug)]
pub struct Union {
    /// The nodes.
    pub choices: Box<[NodeId]>,
    /// Which kinds of values the host may accept.
    pub kinds: Kinds,
    /// Whether a value that can be none of the nodes is refused. It is hidden otherwise.
    pub exhaustive: bool,
    /// Whether the first node that a value can be is the best, however little of the value it knows.
    pub ordered: bool,
    /// Whether nothing shows while the value can still be several nodes: its tag will tell.
    pub waits: bool,
    /// What the host does when the value closes: it judges it, or leaves that to the judge of what is around it.
    pub closing: Closing,
}

/// An object that is one of several records, as the value of one key tells.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The keys that may hold the tag; the first that comes decides.
    pub keys: Vec<Box<[u8]>>,
    /// The tags.
    pub tags: PrefixSet,
    /// The node of each tag. One that is neither a record nor tagged is left, with the whole object, to the host.
    pub choices: Vec<NodeId>,
}

/// A value left to the host.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Which kinds of values the host may accept: `Native` does not occur.
    pub kinds: Kinds,
    /// What is seen of the value while it is open.
    pub view: View,
}

/// What is seen of a judged value while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Nothing.
    Hidden,
    /// The characters of a string.
    Text,
}

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
    /// What the host does when the object closes.
    pub closing: Closing,
    /// The key that most likely announces each field, so that fields in their order need no hashing.
    expected: Vec<Box<[u8]>>,
    /// The field that each key announces.
    keys: HashMap<Box<[u8]>, u32>,
    prefixes: PrefixSet,
}

/// What the host does when a value with parts closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Nothing.
    Settled,
    /// It runs its hooks on the value.
    Hook,
    /// It judges the value whole, and what it gives takes the value's place.
    Judge,
}

impl Record {
    /// A record of `fields`, whose `keys` announce them: the first key of a field is the likely one.
    #[must_use]
    pub fn new(
        fields: Vec<NodeId>,
        required: FieldSet,
        keys: &[(String, u32)],
        extra: Extra,
        closing: Closing,
    ) -> Self {
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
            closing,
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

impl Node {
    /// A scalar of the same rule, on which the host has the last word; none for other nodes.
    #[must_use]
    pub fn with_judge(self) -> Option<Self> {
        Some(match self {
            Self::Str(rule) => Self::Str(Str { judged: true, ..rule }),
            Self::Choice(choice) => Self::Choice(Choice { judged: true, ..choice }),
            Self::Bool(kinds) => Self::Bool(kinds.judged()),
            Self::Int(rule) => Self::Int(Int { kinds: rule.kinds.judged(), ..rule }),
            Self::Float(rule) => Self::Float(Float { kinds: rule.kinds.judged(), ..rule }),
            _ => return None,
        })
    }

    /// What the host does when a value of the node closes.
    #[must_use]
    pub fn closing(&self) -> Closing {
        match self {
            Self::Array(array) => array.closing,
            Self::Map(map) => map.closing,
            Self::Record(record) => record.closing,
            Self::Root(root) => root.closing,
            Self::Union(union) => union.closing,
            _ => Closing::Settled,
        }
    }

    /// What is done with a value of `kind`.
    #[must_use]
    pub fn verdict(&self, kind: Kind) -> Verdict {
        let only = |accepted: Kind| if kind == accepted { Verdict::Native } else { Verdict::Refuse };
        match self {
            Self::Any | Self::Nullable(_) | Self::Deferred(_) | Self::Root(_) => Verdict::Native,
            // It is not yet known whose rule it will be.
            Self::Union(union) if union.kinds.verdict(kind) != Verdict::Refuse => Verdict::Native,
            Self::Union(_) => Verdict::Refuse,
            Self::Null => only(Kind::Null),
            Self::Bool(kinds)
            | Self::Int(Int { kinds, .. })
            | Self::Float(Float { kinds, .. })
            | Self::Str(Str { kinds, .. })
            | Self::Choice(Choice { kinds, .. })
            | Self::Judged(Judged { kinds, .. }) => kinds.verdict(kind),
            Self::Array(_) => only(Kind::Array),
            Self::Map(_) | Self::Record(_) | Self::Tagged(_) => only(Kind::Object),
        }
    }
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
    fn nodes_stay_small() {
        // A plan is read for every value; box a variant rather than raise this.
        assert!(size_of::<Node>() <= 64, "{}", size_of::<Node>());
    }

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
