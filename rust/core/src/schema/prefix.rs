//! Sets of strings that are matched character by character.

/// A set of distinct strings that knows, after each byte, whether any member can still follow.
#[derive(Clone, Debug, Default)]
pub struct PrefixSet {
    /// Sorted, each with its place in the order of declaration.
    members: Vec<(Box<[u8]>, u32)>,
}

/// The members that begin with the bytes so far: a range of the sorted set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    low: usize,
    high: usize,
    depth: usize,
}

impl PrefixSet {
    /// The set of `members`, numbered in their order; of equal ones the first counts.
    #[must_use]
    pub fn new<'m>(members: impl IntoIterator<Item = &'m str>) -> Self {
        let mut members: Vec<(Box<[u8]>, u32)> =
            (0..).zip(members).map(|(index, member)| (Box::from(member.as_bytes()), index)).collect();
        members.sort();
        members.dedup_by(|later, earlier| later.0 == earlier.0);
        Self { members }
    }

    /// Before the first byte.
    pub(crate) fn start(&self) -> Cursor {
        Cursor { low: 0, high: self.members.len(), depth: 0 }
    }

    /// Follows `bytes`; `Err` holds the index of the first byte that no member has there.
    pub(crate) fn advance(&self, cursor: &mut Cursor, bytes: &[u8]) -> Result<(), usize> {
        for (index, byte) in bytes.iter().enumerate() {
            let depth = cursor.depth;
            let alive = &self.members[cursor.low..cursor.high];
            // Sorted by bytes, so the members that end here come first, then those with a smaller next byte.
            let from = alive.partition_point(|(member, _)| member.get(depth) < Some(byte));
            let to = alive.partition_point(|(member, _)| member.get(depth) <= Some(byte));
            if from == to {
                return Err(index);
            }
            *cursor = Cursor { low: cursor.low + from, high: cursor.low + to, depth: depth + 1 };
        }
        Ok(())
    }

    /// The member that the bytes so far spell, if they are one.
    pub(crate) fn member(&self, cursor: Cursor) -> Option<u32> {
        let (member, index) = self.members[cursor.low..cursor.high].first()?;
        (member.len() == cursor.depth).then_some(*index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn follows_like_a_search_over_all_members(
            members in prop::collection::vec("[abé]{0,4}", 0..8),
            text in "[abé]{0,5}",
        ) {
            let set = PrefixSet::new(members.iter().map(String::as_str));
            let mut cursor = set.start();
            let dead = (0..text.len()).find(|&at| {
                !members.iter().any(|member| member.as_bytes().starts_with(&text.as_bytes()[..=at]))
            });
            let followed = set.advance(&mut cursor, text.as_bytes());
            prop_assert_eq!(followed.err(), dead);
            if dead.is_none() {
                let expected = members.iter().position(|member| *member == text);
                prop_assert_eq!(set.member(cursor).map(|index| index as usize), expected);
            }
        }
    }
}
