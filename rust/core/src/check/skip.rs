//! A value with all its parts that is read without being looked at, but for the tag that says what it is.

use instar_json::{Kind, Piece};

use crate::schema::{Cursor, NodeId, Plan, Rule, Tagged};

/// The state of a skip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip {
    /// The node that the host validates the value by in the end. None: the value is dropped.
    pub(crate) node: Option<NodeId>,
    /// The offset of its first byte.
    pub(crate) start: usize,
    /// The containers open in it, itself among them.
    depth: usize,
    watch: Watch,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
enum Watch {
    /// Nothing.
    Off,
    /// The key of the tag.
    Key,
    /// The value of that key.
    Value,
    /// The tag's characters.
    Tag(Cursor),
}

/// The tag of a tagged node, once it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub(crate) node: NodeId,
    /// The tag, by its place in the declaration.
    pub(crate) index: u32,
    /// The node that it chooses.
    pub(crate) chosen: NodeId,
}

/// A value that has to be a tag is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoTag {
    pub(crate) node: NodeId,
    /// The index in the piece of the first hopeless byte, if it is within a string.
    pub(crate) index: usize,
}

impl Skip {
    /// A skip of the container that begins at `start`.
    pub(crate) fn new(node: Option<NodeId>, start: usize) -> Self {
        Self { node, start, depth: 1, watch: Watch::Off }
    }

    /// A skip of the object that begins at `start`, until the tag is known by which the node `tagged` chooses.
    pub(crate) fn until_tag(tagged: NodeId, start: usize) -> Self {
        Self { watch: Watch::Key, ..Self::new(Some(tagged), start) }
    }

    /// A skip of a value in which `depth` containers are open already.
    pub(crate) fn within(depth: usize, start: usize) -> Self {
        Self { depth, ..Self::new(None, start) }
    }

    /// Looks for the tag no more, and drops the value.
    pub(crate) fn drop_value(&mut self) {
        (self.node, self.watch) = (None, Watch::Off);
    }

    /// A value begins: an error where it would have to be a tag, and is none.
    pub(crate) fn begin(&mut self, plan: &Plan, kind: Kind) -> Result<(), NoTag> {
        self.depth += usize::from(matches!(kind, Kind::Object | Kind::Array));
        if let (Watch::Value, Some((node, tagged))) = (self.watch, self.tagged(plan)) {
            if kind != Kind::String {
                return Err(NoTag { node, index: 0 });
            }
            self.watch = Watch::Tag(tagged.tags.start());
        }
        Ok(())
    }

    /// A key is whole.
    pub(crate) fn key(&mut self, plan: &Plan, key: &[u8]) {
        if let (Watch::Key, 1, Some((_, tagged))) = (self.watch, self.depth, self.tagged(plan))
            && tagged.keys.iter().any(|tag| **tag == *key)
        {
            self.watch = Watch::Value;
        }
    }

    /// More characters of a string: an error where no tag can follow.
    pub(crate) fn text(&mut self, plan: &Plan, piece: Piece<'_>) -> Result<(), NoTag> {
        if let Some((node, tagged)) = self.tagged(plan)
            && let Watch::Tag(cursor) = &mut self.watch
            && let Err(index) = tagged.tags.advance(cursor, piece.bytes)
        {
            return Err(NoTag { node, index });
        }
        Ok(())
    }

    /// A string has closed. If it was the tag, and chooses a node that can be read: the tag.
    pub(crate) fn string(&mut self, plan: &Plan) -> Result<Option<Tag>, NoTag> {
        let (Watch::Tag(cursor), Some((node, tagged))) = (self.watch, self.tagged(plan)) else {
            return Ok(None);
        };
        let Some(index) = tagged.tags.member(cursor) else { return Err(NoTag { node, index: 0 }) };
        self.watch = Watch::Off;
        let chosen = tagged.alternatives[index as usize];
        let can_be_read = !matches!(plan.node(plan.unwrapped(chosen)).rule, Rule::Opaque);
        Ok(can_be_read.then_some(Tag { node, index, chosen }))
    }

    /// A container closes: whether it was the value itself.
    pub(crate) fn end(&mut self) -> bool {
        self.depth -= 1;
        self.depth == 0
    }

    fn tagged<'p>(&self, plan: &'p Plan) -> Option<(NodeId, &'p Tagged)> {
        let id = self.node?;
        match &plan.node(id).rule {
            Rule::Tagged(tagged) => Some((id, tagged)),
            _ => None,
        }
    }
}
