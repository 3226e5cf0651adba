//! An open array or object.

use std::collections::HashSet;

use crate::fault::{Flow, Halt, Refusal, Violation};
use crate::plan::{Extra, FieldSet, Node, NodeId, Plan};
use instar_json::Kind;
use instar_json::Span;

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The element of an array.
    Index(usize),
    /// A declared field of the record node, and the key by which it came.
    Field(NodeId, u32, Span),
    /// Any other key.
    Key(Span),
    /// The tag that the tagged node was met with: no step in the text, but one in the schema.
    Tag(NodeId, u32),
}

/// An open array or object, or a record that is written as its only field.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) node: NodeId,
    /// The tags by which the node was chosen.
    pub(crate) tags: Vec<Slot>,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// The members begun so far.
    pub(crate) count: usize,
    /// The member that is open, if one is.
    pub(crate) slot: Option<Slot>,
    /// The node of the open or next member; `None` withholds it.
    pub(crate) target: Option<NodeId>,
    /// The field that most likely comes next.
    pub(crate) likely: usize,
    /// The fields that have come.
    pub(crate) seen: FieldSet,
    /// The distinct keys, where their number is limited.
    #[expect(clippy::box_collection, reason = "it is rare, and a frame is moved whole")]
    pub(crate) keys: Option<Box<HashSet<Box<[u8]>>>>,
    /// Whether the characters of its keys are followed.
    pub(crate) follows_keys: bool,
    /// How many members it may have before one too many is a violation.
    pub(crate) room: usize,
    /// Whether it is a record that is written as its only field.
    pub(crate) is_root: bool,
    /// Whether something in it has been forgiven: like Pydantic, nobody looks at it as a whole then.
    pub(crate) spoilt: bool,
}

impl Frame {
    /// A value of the node `id` that begins at `start`.
    pub(crate) fn new(plan: &Plan, id: NodeId, tags: Vec<Slot>, start: usize) -> Self {
        let mut frame = Self {
            node: id,
            tags,
            start,
            count: 0,
            slot: None,
            target: None,
            likely: 0,
            seen: FieldSet::none(0),
            keys: None,
            follows_keys: false,
            room: usize::MAX,
            is_root: false,
            spoilt: false,
        };
        match &plan.nodes[id as usize] {
            Node::Array(array) => frame.room = array.max,
            Node::Map(map) => {
                frame.keys = (map.min > 0 || map.max < usize::MAX).then(Box::default);
                frame.follows_keys = map.key.is_some();
            }
            Node::Record(record) => {
                frame.seen = FieldSet::none(record.fields.len());
                frame.follows_keys = record.extra == Extra::Forbid;
            }
            Node::Root(root) => (frame.target, frame.is_root) = (Some(root.inner), true),
            _ => frame.target = Some(plan.any),
        }
        frame
    }

    /// The node of the member that begins at `at`, none if it is withheld.
    pub(crate) fn next(&mut self, plan: &Plan, at: usize) -> Result<Option<NodeId>, Halt> {
        self.check_room(at)?;
        if let Node::Array(array) = &plan.nodes[self.node as usize] {
            // There is room beyond the greatest number where that has been forgiven.
            self.target = (self.count < array.max).then(|| array.element(self.count));
        }
        self.begin_member();
        Ok(self.target)
    }

    /// Checks, at the byte that announces one, that there is room for another element.
    #[inline]
    pub(crate) fn check_room(&self, at: usize) -> Flow {
        if self.count >= self.room { Err(Refusal::TooLong.of(self.node).at(at)) } else { Ok(()) }
    }

    /// Counts the member that begins, whatever becomes of it.
    pub(crate) fn begin_member(&mut self) {
        // The members of an object have their slot from their keys, and the only field of a root has none.
        if self.slot.is_none() && !self.is_root {
            self.slot = Some(Slot::Index(self.count));
        }
        self.count += 1;
    }

    /// What is wrong with the container if it closes now.
    pub(crate) fn violation(&self, plan: &Plan) -> Option<Violation> {
        let node = self.node;
        match &plan.nodes[node as usize] {
            Node::Array(array) if self.count < array.min && !self.spoilt => Some(Refusal::TooShort.of(node)),
            Node::Map(map) if !self.spoilt && self.keys.as_ref().is_some_and(|keys| keys.len() < map.min) => {
                Some(Refusal::TooShort.of(node))
            }
            Node::Record(record) if !self.seen.covers(&record.required) => Some(Refusal::Missing.of(node)),
            _ => None,
        }
    }
}

/// The node that a value of `kind` has to meet at `id`: through `null`s that it is not, and roots.
pub(crate) fn bare(plan: &Plan, mut id: NodeId, kind: Kind) -> NodeId {
    loop {
        id = match &plan.nodes[id as usize] {
            Node::Nullable(inner) if kind != Kind::Null => *inner,
            Node::Root(root) => root.inner,
            _ => return id,
        };
    }
}
