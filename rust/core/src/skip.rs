//! A value with all its parts that is read without being looked at, but for the tag that says what it is.

use crate::fault::{Flow, Halt, Refusal};
use crate::plan::{Node, NodeId, Plan, Tagged};
use crate::prefix::Cursor;
use instar_json::{Kind, Piece};

/// The state of a skip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip {
    /// Who judges the value in the end.
    pub(crate) judge: Option<NodeId>,
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

impl Skip {
    /// A skip of the container that begins at `start`.
    pub(crate) fn new(judge: Option<NodeId>, start: usize) -> Self {
        Self { judge, start, depth: 1, watch: Watch::Off }
    }

    /// A skip of the object that begins at `start`, until the tag is known by which the node `tagged` chooses.
    pub(crate) fn until_tag(tagged: NodeId, start: usize) -> Self {
        Self { watch: Watch::Key, ..Self::new(Some(tagged), start) }
    }

    /// A skip of a value in which `depth` containers are open already.
    pub(crate) fn within(depth: usize, start: usize) -> Self {
        Self { depth, ..Self::new(None, start) }
    }

    /// Looks for the tag, and for a judge, no more.
    pub(crate) fn forget(&mut self) {
        (self.judge, self.watch) = (None, Watch::Off);
    }

    /// A value begins: halts where it would have to be a tag, and is none.
    pub(crate) fn begin(&mut self, plan: &Plan, kind: Kind, at: usize) -> Flow {
        self.depth += usize::from(matches!(kind, Kind::Object | Kind::Array));
        if let (Watch::Value, Some((node, tagged))) = (self.watch, self.tagged(plan)) {
            if kind != Kind::String {
                return Err(Refusal::Tag.of(node).at(at));
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

    /// More characters of a string: halts where no tag can follow.
    pub(crate) fn text(&mut self, plan: &Plan, piece: Piece<'_>) -> Flow {
        if let Some((node, tagged)) = self.tagged(plan)
            && let Watch::Tag(cursor) = &mut self.watch
            && let Err(index) = tagged.tags.advance(cursor, piece.bytes)
        {
            return Err(Refusal::Tag.of(node).at(piece.offset_of(index)));
        }
        Ok(())
    }

    /// A string closes with the byte before `end`. If it was the tag of what can be read: the tagged node, the tag, and
    /// the node that it chooses.
    pub(crate) fn string(&mut self, plan: &Plan, end: usize) -> Result<Option<(NodeId, u32, NodeId)>, Halt> {
        let (Watch::Tag(cursor), Some((node, tagged))) = (self.watch, self.tagged(plan)) else {
            return Ok(None);
        };
        let Some(tag) = tagged.tags.member(cursor) else {
            return Err(Refusal::Tag.of(node).at(end - 1));
        };
        self.watch = Watch::Off;
        let choice = tagged.choices[tag as usize];
        let can_be_read = matches!(plan.nodes[choice as usize], Node::Record(_) | Node::Tagged(_));
        Ok(can_be_read.then_some((node, tag, choice)))
    }

    /// A container closes: whether it was the value itself.
    pub(crate) fn end(&mut self) -> bool {
        self.depth -= 1;
        self.depth == 0
    }

    fn tagged<'p>(&self, plan: &'p Plan) -> Option<(NodeId, &'p Tagged)> {
        let id = self.judge?;
        match &plan.nodes[id as usize] {
            Node::Tagged(tagged) => Some((id, tagged)),
            _ => None,
        }
    }
}
