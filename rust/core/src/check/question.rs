//! What only the host can say of a value, and how it is asked.

use instar_json::Span;

use crate::schema::NodeId;

/// A value or a key that has closed, as the host is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The node it has to meet.
    pub node: NodeId,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset after its last byte.
    pub end: usize,
    /// The byte at which it was known to be whole: its last one, or for a number the one after.
    pub at: usize,
    /// The characters, if it is a key.
    pub key: Option<Span>,
    /// True if an alternative of a union asks, or a part of an outline: a rejection eliminates that alternative only, or
    /// withholds that part. Answer by [`crate::Parser::reject`] then.
    pub tentative: bool,
    /// True if what the host makes takes the place of what has grown.
    pub replaces: bool,
    /// The characters of the string that has closed, if they show.
    pub(crate) text: Option<Span>,
}

/// A value that waits for its validation by the host. Answer it by [`crate::Parser::accept`],
/// [`crate::Parser::reject`] or [`crate::Parser::refuse`].
#[must_use = "the parser waits for an answer"]
#[derive(Debug)]
pub struct PendingValue(pub(super) Asked);

impl PendingValue {
    /// What is asked.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.0
    }
}

/// A container that has closed and waits for the host to run its hooks on what has grown. Answer it by
/// [`crate::Parser::hooks_ran`] or [`crate::Parser::hooks_refused`].
#[must_use = "the parser waits for an answer"]
#[derive(Debug)]
pub struct PendingHooks(pub(super) Asked);

impl PendingHooks {
    /// What is asked. The node is that of the container.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.0
    }
}

/// A question to the host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    /// To validate a value or a key.
    Validate(Asked),
    /// To run hooks.
    Hooks(Asked),
}

impl Question {
    /// The same question, asked on behalf of something that may be nothing in the end. Hooks never are.
    pub(crate) fn tentative(self) -> Self {
        match self {
            Self::Validate(asked) => Self::Validate(Asked { tentative: true, ..asked }),
            Self::Hooks(_) => self,
        }
    }
}
