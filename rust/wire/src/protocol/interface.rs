//! What a protocol is: a row of the table of protocols.

use std::fmt::Debug;

use super::sign::{Member, Sign};
use crate::delta::DeltaSpan;
use crate::extract::{Extract, Fields};
use crate::framing::Framing;
use crate::tool_calls::ToolCalls;
use crate::transcript::Edit;

/// How a provider packs deltas into events.
#[derive(Debug)]
pub struct Protocol {
    /// Its name.
    pub name: &'static str,
    /// The framing in which its bodies come, if nobody says another one.
    pub framing: Framing,
    /// Whether a choice may have several texts, so that it has to be found out which of them is the answer.
    pub several_texts: bool,
    /// By what an event of it is recognised.
    pub(crate) signs: &'static [Sign],
    /// What is read of an event.
    pub(crate) extract: &'static Extract,
    /// A decoder of its events that has seen none.
    pub(crate) decoder: fn() -> Box<dyn Decode>,
}

impl Protocol {
    /// Whether an event with these members is one of this protocol.
    pub(crate) fn recognises(&self, members: &[Member]) -> bool {
        self.signs.iter().any(|sign| sign.is_in(members))
    }
}

/// Decodes the events of one response, and remembers between them what it has to.
pub(crate) trait Decode: Debug + Send + Sync {
    /// Decodes the next event.
    fn decode(&mut self, event: Fields<'_>, output: &mut Output);
}

/// What an event is decoded to.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) deltas: Vec<DeltaSpan>,
    /// What has come of the tool calls before the event.
    pub(crate) calls: ToolCalls,
    /// What the transcript has in place of bytes of the event.
    pub(crate) edits: Vec<Edit>,
}
