//! A delta: one thing that a response says.

use instar_json::{Source, Span};

/// Declares the kinds of deltas, each with its name.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What a delta is, in the order in which the deltas of one place in an event are emitted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum DeltaKind {
            $($(#[$doc])* $kind,)*
        }

        impl DeltaKind {
            /// All of them, in their order.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// What has come so far of the choice is no part of the answer: another attempt begins.
    Restart = "restart",
    /// Characters of the reasoning.
    Reasoning = "reasoning",
    /// Characters of the answer.
    Text = "text",
    /// Characters of a text that stands beside the answer, as the provider says.
    Prose = "prose",
    /// Characters of a refusal.
    Refusal = "refusal",
    /// The whole name of the function that a tool call calls.
    Call = "call",
    /// The id of a tool call.
    Id = "id",
    /// Characters of the arguments of a tool call, a JSON text.
    Arguments = "arguments",
    /// Characters of the input of a custom tool's call, which may be any text.
    Input = "input",
    /// A tool call is whole.
    CallEnd = "call_end",
    /// Why the answer ends here.
    Finish = "finish",
    /// What it cost, as JSON.
    Usage = "usage",
    /// What went wrong at the provider's, as JSON.
    Error = "error",
    /// The response says that it is over.
    Done = "done",
}

impl DeltaKind {
    /// Whether its characters go behind those that have come before.
    #[must_use]
    pub fn grows(self) -> bool {
        matches!(
            self,
            Self::Reasoning | Self::Text | Self::Prose | Self::Refusal | Self::Arguments | Self::Input
        )
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
    /// The number, in its choice, of the item or block that its text stands in.
    pub item: u32,
    /// Its characters. Empty for [`DeltaKind::Restart`], [`DeltaKind::CallEnd`] and [`DeltaKind::Done`] only.
    pub text: &'t str,
}

/// A delta as a protocol decodes it from an event.
#[derive(Clone, Debug)]
pub(crate) struct DeltaSpan {
    pub(crate) kind: DeltaKind,
    pub(crate) choice: u32,
    pub(crate) call: Option<u32>,
    pub(crate) item: u32,
    /// Where it stands among those of the event, if their order in it counts.
    pub(crate) place: u32,
    pub(crate) extent: Extent,
    pub(crate) text: Text,
    /// Where the characters lie in the raw event, if they are those of a string.
    pub(crate) raw: Option<Span>,
}

/// How much of a growing text a delta tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// What comes next of it.
    Piece,
    /// All of it. It counts where what has come does not say otherwise.
    Copy,
    /// All of it, and what has come has to be the beginning of it.
    Whole,
}

/// The characters of a delta.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// These of the event.
    Span(Span),
    /// Characters that the protocol has made.
    Made(String),
}

impl DeltaSpan {
    pub(crate) fn new(kind: DeltaKind, text: Span) -> Self {
        let (choice, call, item, place, extent) = (0, None, 0, 0, Extent::Piece);
        Self { kind, choice, call, item, place, extent, text: Text::Span(text), raw: None }
    }

    /// A delta whose text is not that of the event.
    pub(crate) fn made(kind: DeltaKind, text: String) -> Self {
        Self { text: Text::Made(text), ..Self::new(kind, Span::raw(0, 0)) }
    }

    /// The characters.
    pub(crate) fn bytes<'t>(&'t self, source: Source<'t>) -> &'t [u8] {
        match &self.text {
            Text::Span(span) => source.bytes(*span),
            Text::Made(text) => text.as_bytes(),
        }
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
