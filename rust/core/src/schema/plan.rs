//! The compiled schema: what each value has to be, what shows of it, and how it closes.

use instar_json::Kind;

use super::id::NodeId;
use super::kinds::{Accept, Kinds};
use super::prefix::PrefixSet;
use super::record::Record;
use super::rules::{Float, Int, Str};

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

impl Plan {
    /// The node `id`.
    #[inline]
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The node that an outline, or an outline within one, is read as; any other node itself.
    #[must_use]
    pub fn outlined(&self, mut id: NodeId) -> NodeId {
        while let Rule::Outline(Outline { inner, .. }) = self.node(id).rule {
            id = inner;
        }
        id
    }

    /// The node without the nodes that wrap it: `null`s, root models, outlines.
    #[must_use]
    pub fn unwrapped(&self, mut id: NodeId) -> NodeId {
        // A chain of wrappers visits a node once, unless the schema wraps nothing but itself.
        for _ in 0..self.nodes.len() {
            match self.node(id).rule {
                Rule::Nullable(inner) | Rule::RootModel(inner) | Rule::Outline(Outline { inner, .. }) => {
                    id = inner;
                }
                _ => break,
            }
        }
        id
    }
}

/// One node of the schema.
#[derive(Clone, Debug)]
pub struct Node {
    /// What a value has to be.
    pub rule: Rule,
    /// Who accepts values of which kinds.
    pub accepts: Kinds,
    /// What shows of an open value.
    pub shows: Show,
    /// How a value closes.
    pub closes: Close,
}

/// What shows of an open value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Nothing: it shows when it has closed.
    Closed,
    /// The characters or members that have come.
    Open,
}

/// How a value closes: who has the last word on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The rule. Where it cannot say a plain yes to a string or a number, the host is asked.
    Rule,
    /// The rule, and then the host's hooks run on what has grown.
    Hooks,
    /// The host: it validates the text of the value, and what it makes takes the place of what has grown.
    Host,
    /// The node around it: what shows of the value is provisional.
    Enclosing,
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Anything, as plain values.
    Any,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer.
    Int(Int),
    /// A float.
    Float(Float),
    /// A string.
    Str(Str),
    /// One of a few strings, known by their prefixes.
    Literal(PrefixSet),
    /// An array.
    Array(Array),
    /// An object with free keys and values of one node.
    Map(Map),
    /// An object with declared fields.
    Record(Box<Record>),
    /// An object whose tag says which node it is.
    Tagged(Box<Tagged>),
    /// `null`, or what the inner node is.
    Nullable(NodeId),
    /// A model that is written as its only field, which is the inner node.
    RootModel(NodeId),
    /// What the host validates, shown meanwhile as what it is read as.
    Outline(Outline),
    /// One of several nodes.
    Union(Union),
    /// What only the host knows.
    Opaque,
}

impl Node {
    /// A node that accepts what its rule does, shows what grows, and closes by its rule.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        let (accepts, shows) = rule.natural();
        Self { rule, accepts, shows, closes: Close::Rule }
    }

    /// A node that accepts these kinds.
    #[must_use]
    pub fn accepting(self, accepts: Kinds) -> Self {
        Self { accepts, ..self }
    }

    /// A node that closes otherwise.
    #[must_use]
    pub fn closing(self, closes: Close) -> Self {
        Self { closes, ..self }
    }

    /// A node that shows otherwise.
    #[must_use]
    pub fn showing(self, shows: Show) -> Self {
        Self { shows, ..self }
    }

    /// A value that nobody looks at, of which the node around it has the last word.
    #[must_use]
    pub fn left_to_enclosing(shows: Show) -> Self {
        let accepts = Kinds::all(Accept::ByHost);
        Self { rule: Rule::Opaque, accepts, shows, closes: Close::Enclosing }
    }
}

impl Rule {
    /// The kinds that the rule accepts, and what shows of them while they are open.
    fn natural(&self) -> (Kinds, Show) {
        match self {
            Self::Any | Self::Nullable(_) | Self::RootModel(_) | Self::Outline(_) | Self::Union(_) => {
                (Kinds::all(Accept::ByRule), Show::Open)
            }
            Self::Null => (Kinds::only(&[Kind::Null]), Show::Closed),
            Self::Bool => (Kinds::only(&[Kind::True, Kind::False]), Show::Closed),
            Self::Int(_) => (Kinds::only(&[Kind::Number]), Show::Closed),
            Self::Float(_) => (Kinds::only(&[Kind::Number, Kind::NonFinite]), Show::Closed),
            Self::Str(_) => (Kinds::only(&[Kind::String]), Show::Open),
            Self::Literal(_) => (Kinds::only(&[Kind::String]), Show::Closed),
            Self::Array(_) => (Kinds::only(&[Kind::Array]), Show::Open),
            Self::Map(_) | Self::Record(_) | Self::Tagged(_) => (Kinds::only(&[Kind::Object]), Show::Open),
            Self::Opaque => (Kinds::all(Accept::ByHost), Show::Closed),
        }
    }
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
    /// Whether the host makes a set of it, to which an equal element adds nothing.
    pub distinct: bool,
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
}

/// A value that the host validates when it closes, read meanwhile as another node.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// What it is read as.
    pub inner: NodeId,
    /// What a violation within it says.
    pub violations: Violations,
}

/// What a violation within an outline says of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violations {
    /// Nothing, since the host may make anything of the text: what was refused is withheld.
    Withheld,
    /// That it is refused, for this very reason.
    Raised,
    /// That it is refused, for a reason that the host words.
    Worded,
}

/// A value that is read as each of several nodes, and shown as the best of those that it can still be.
#[derive(Clone, Debug)]
pub struct Union {
    /// The nodes.
    pub alternatives: Box<[NodeId]>,
    /// Whether a value that can be none of the nodes is refused.
    pub exhaustive: bool,
    /// Whether the first node that a value can be is the best, however little of the value it knows.
    pub ordered: bool,
    /// Whether nothing shows while the value can still be several nodes: its tag will tell.
    pub waits: bool,
}

/// An object that is one of several nodes, as the value of one key tells.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The keys that may hold the tag; the first that comes decides.
    pub keys: Vec<Box<[u8]>>,
    /// The tags.
    pub tags: PrefixSet,
    /// The node of each tag. An opaque one is left, with the whole object, to the host.
    pub alternatives: Vec<NodeId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stay_small() {
        // A plan is read for every value; box a variant rather than raise this.
        assert!(size_of::<Node>() <= 64, "{}", size_of::<Node>());
    }
}
