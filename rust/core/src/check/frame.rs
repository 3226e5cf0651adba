//! Open containers, and the open nodes that wrap a value without a bracket of their own.

use std::collections::HashSet;

use crate::schema::{Extra, FieldSet, NodeId, Plan, Reason, Rule, Segment, Violations};

/// An open container, or an open wrapper.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) node: NodeId,
    pub(crate) kind: FrameKind,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// The members begun so far.
    pub(crate) count: usize,
    /// The way to the member that is open, if one is. That of a tagged node is its tag.
    pub(crate) segment: Option<Segment>,
    /// The node of the open or next member; `None` drops it.
    pub(crate) target: Option<NodeId>,
    /// The field that most likely comes next.
    pub(crate) likely: usize,
    /// The fields that have come.
    pub(crate) seen: FieldSet,
    /// The distinct keys, where their number is limited.
    #[expect(clippy::box_collection, reason = "it is rare, and a frame is moved whole")]
    pub(crate) keys: Option<Box<HashSet<Box<[u8]>>>>,
    pub(crate) characters_of_keys: OfKeys,
    /// How many members it may have before one too many is a violation.
    pub(crate) room: usize,
    /// Whether something in it was refused: like Pydantic, nobody looks at it as a whole then.
    pub(crate) tainted: bool,
    /// Whether a member may turn out to add nothing: the host knows which keys and elements it has.
    pub(crate) doubtful: bool,
}

/// What is done with the characters of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfKeys {
    /// Nothing.
    Ignored,
    /// They are followed: the first one that no accepted key has there is a violation.
    Followed,
    /// They were followed, and the open key was refused: it is dropped with its value.
    Dropped,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// An array or object.
    Container,
    /// A model that is written as its only field.
    RootModel,
    /// A value read as an outline of itself.
    Outline(Violations),
    /// A tagged object that is read as what its tag chooses.
    Tagged,
}

impl Frame {
    /// A container or wrapper of the node `id` that begins at `start`, within one that is `doubtful` or not.
    pub(crate) fn new(plan: &Plan, id: NodeId, start: usize, doubtful: bool) -> Self {
        let mut frame = Self {
            node: id,
            kind: FrameKind::Container,
            start,
            count: 0,
            segment: None,
            target: None,
            likely: 0,
            seen: FieldSet::none(0),
            keys: None,
            characters_of_keys: OfKeys::Ignored,
            room: usize::MAX,
            tainted: false,
            doubtful,
        };
        match &plan.node(id).rule {
            Rule::Array(array) => {
                frame.room = array.max;
                frame.doubtful |= array.distinct;
            }
            Rule::Map(map) => {
                frame.keys = (map.min > 0 || map.max < usize::MAX).then(Box::default);
                if map.key.is_some() {
                    frame.characters_of_keys = OfKeys::Followed;
                }
                frame.doubtful = true;
            }
            Rule::Record(record) => {
                frame.seen = FieldSet::none(record.fields.len());
                if record.extra == Extra::Forbid {
                    frame.characters_of_keys = OfKeys::Followed;
                }
                frame.doubtful |= matches!(record.extra, Extra::Allow(_));
            }
            Rule::RootModel(_) => frame.kind = FrameKind::RootModel,
            Rule::Outline(outline) => frame.kind = FrameKind::Outline(outline.violations),
            Rule::Tagged(_) => frame.kind = FrameKind::Tagged,
            _ => {
                frame.target = Some(plan.any);
                frame.doubtful = true;
            }
        }
        frame
    }

    pub(crate) fn is_container(&self) -> bool {
        self.kind == FrameKind::Container
    }

    /// Whether violations within it are withheld.
    pub(crate) fn withholds(&self) -> bool {
        self.kind == FrameKind::Outline(Violations::Withheld)
    }

    /// Whether it has no room for the element that begins, or that a comma announces.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.count >= self.room
    }

    /// The node of the member that begins; none if it is dropped.
    pub(crate) fn begin_member(&mut self, plan: &Plan) -> Option<NodeId> {
        if let Rule::Array(array) = &plan.node(self.node).rule {
            // There is room beyond the greatest number where that violation was withheld.
            self.target = (self.count < array.max).then(|| array.element(self.count));
        }
        self.count_member();
        self.target
    }

    /// Counts the member that begins, whatever becomes of it.
    pub(crate) fn count_member(&mut self) {
        // The members of an object have their segment from their keys.
        if self.segment.is_none() {
            self.segment = Some(Segment::Index(self.count));
        }
        self.count += 1;
    }

    /// What is wrong with the container if it closes before `end`.
    pub(crate) fn violation(&self, plan: &Plan, end: usize) -> Option<Reason> {
        let range = self.start..end;
        match &plan.node(self.node).rule {
            Rule::Array(array) if self.count < array.min && !self.tainted => {
                Some(Reason::TooShort(range, self.count))
            }
            Rule::Map(map) if !self.tainted => {
                let keys = self.keys.as_ref().map_or(map.min, |keys| keys.len());
                (keys < map.min).then_some(Reason::TooShort(range, keys))
            }
            Rule::Record(record) if !self.seen.covers(&record.required) => {
                let fields = (0..u32::try_from(record.fields.len()).unwrap_or(u32::MAX))
                    .filter(|&index| record.required.contains(index) && !self.seen.contains(index));
                Some(Reason::Missing(range, fields.collect()))
            }
            _ => None,
        }
    }
}
