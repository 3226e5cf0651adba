//! What can be wrong with a text, and where.

use instar_json::Syntax;

use crate::checker::Hook;
use crate::plan::NodeId;

/// The first byte after which no continuation of the text can be accepted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of that byte; for a text that ended early, its length.
    pub offset: usize,
    /// The reason.
    pub kind: FaultKind,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not JSON.
    Syntax(Syntax),
    /// The schema has no value that begins like this.
    Schema(Violation),
    /// The host refused a value it was asked to judge.
    Judged,
    /// Containers are nested deeper than the limit.
    Depth,
    /// The text is longer than the limit.
    Bytes,
    /// The text ended before its value did.
    Truncated,
}

/// What the schema refuses before the value is whole. (What can only be judged whole is the host's to refuse.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The node that had to be met.
    pub node: NodeId,
    /// What is wrong.
    pub what: Refusal,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No value of the node begins with this byte.
    Kind,
    /// No string of the node begins with these characters.
    Text,
    /// No key of the node begins with these characters.
    Key,
    /// The value can be none of the nodes of the union any more.
    Union,
    /// No tag of the node begins with these characters.
    Tag,
    /// The array or object of the node has one member too many.
    TooLong,
    /// The array or object of the node closed with too few members.
    TooShort,
    /// The object of the node closed without some of its required fields.
    Missing,
    /// The object of the node allows no such key.
    ForbiddenKey {
        /// Whether the key is whole, and so the last step of the path, or refused at its first hopeless character.
        whole: bool,
    },
}

/// Why the parsing of a delta stops before the delta's end.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The text is hopeless.
    Fault(Fault),
    /// A value has closed that the host must judge before anything else is read.
    Judge,
    /// A container has closed whose hooks the host must run before anything else is read.
    Hook(Hook),
    /// The tag of the object that begins at this offset is known: it can be read as the record it is.
    Rewind(usize),
}

/// Whether to go on.
pub(crate) type Flow = Result<(), Halt>;

impl Refusal {
    /// This, of a value that had to meet the node.
    pub(crate) fn of(self, node: NodeId) -> Violation {
        Violation { node, what: self }
    }
}

impl Violation {
    /// Halts at `offset` for this reason.
    pub(crate) fn at(self, offset: usize) -> Halt {
        Halt::Fault(Fault { offset, kind: FaultKind::Schema(self) })
    }
}
