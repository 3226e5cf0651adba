//! A delta: one thing that a response says.

use instar_json::Span;

/// What a delta is, in the order in which the deltas of one place in an event are emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeltaKind {
    /// Characters of the reasoning.
    Reasoning,
    /// Characters of the answer.
    Text,
    /// Characters of a refusal.
    Refusal,
    /// The name of the function that a tool call calls.
    Call,
    /// The id of a tool call.
    Id,
    /// Characters of the arguments of a tool call.
    Arguments,
    /// Why the answer ends here.
    Finish,
    /// What it cost, as JSON.
    Usage,
    /// What went wrong at the provider's, as JSON.
    Error,
    /// The response says that it is over.
    Done,
}

impl DeltaKind {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Reasoning,
        Self::Text,
        Self::Refusal,
        Self::Call,
        Self::Id,
        Self::Arguments,
        Self::Finish,
        Self::Usage,
        Self::Error,
        Self::Done,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::Text => "text",
            Self::Refusal => "refusal",
            Self::Call => "call",
            Self::Id => "id",
            Self::Arguments => "arguments",
            Self::Finish => "finish",
            Self::Usage => "usage",
            Self::Error => "error",
            Self::Done => "done",
        }
    }

    /// Whether its characters go behind those that have come before.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(self, Self::Reasoning | Self::Text | Self::Refusal | Self::Arguments)
    }
}

/// One thing that a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'t> {
    /// What it is.
    pub kind: DeltaKind,
    /// The choice it belongs to.
    pub choice: u32,
    /// The tool call it belongs to.
    pub call: Option<u32>,
    /// Its characters. Empty for [`DeltaKind::Done`] only.
    pub text: &'t str,
}

/// A delta as spans of the event that it is decoded from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeltaSpan {
    pub(crate) kind: DeltaKind,
    pub(crate) choice: u32,
    pub(crate) call: Option<u32>,
    pub(crate) text: Span,
    /// Where the characters lie in the raw event, if they are those of a string.
    pub(crate) raw: Option<Span>,
}

impl DeltaSpan {
    pub(crate) fn new(kind: DeltaKind, text: Span) -> Self {
        Self { kind, choice: 0, call: None, text, raw: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_in_their_order() {
        assert!(DeltaKind::ALL.iter().enumerate().all(|(index, &kind)| kind as usize == index));
    }
}
