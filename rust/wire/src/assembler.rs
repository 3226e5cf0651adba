//! What the deltas of a response add up to, as far as the next ones depend on it: what has come of each text, and of
//! each tool call.
//!
//! Providers say at the end of a text what all of it is. That is evidence: where no deltas came it is the text, where
//! they fell short it completes them, and where it contradicts them the response is not to be trusted.

use std::collections::BTreeMap;

use crate::delta::{Delta, DeltaKind, DeltaSpan, Extent};
use crate::fault::{FaultKind, contradiction};
use crate::finish::is_cut;
use crate::tool_calls::{Taken, ToolCalls};

/// What the deltas add up to.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    texts: Vec<Text>,
    /// The choices that have ended, and whether they were cut.
    finished: BTreeMap<u32, bool>,
    done: bool,
}

/// What has come of a text.
#[derive(Debug)]
struct Text {
    kind: DeltaKind,
    choice: u32,
    item: u32,
    so_far: String,
}

/// Where what comes next of a growing text goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Text(usize),
    Call(usize),
}

impl Assembler {
    /// Whether the response has said that it is over.
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    /// Whether a choice was cut: by a limit, a filter or a failure, or because the body ended before it did.
    pub(crate) fn is_cut(&self, choice: u32) -> bool {
        self.finished.get(&choice).copied().unwrap_or(!self.done)
    }

    /// Where what comes next of the text goes that a delta belongs to. None for a call that has not begun.
    pub(crate) fn slot(&mut self, delta: &DeltaSpan, calls: &ToolCalls) -> Option<Slot> {
        match delta.call {
            Some(call) => calls.position(delta.choice, call).map(Slot::Call),
            None => Some(Slot::Text(self.text(delta))),
        }
    }

    /// The slot of the text that a delta belongs to.
    fn text(&mut self, delta: &DeltaSpan) -> usize {
        let &DeltaSpan { kind, choice, item, .. } = delta;
        let place = (beside(kind), choice, item);
        let found = self.texts.iter().rposition(|text| (beside(text.kind), text.choice, text.item) == place);
        found.unwrap_or_else(|| {
            self.texts.push(Text { kind, choice, item, so_far: String::new() });
            self.texts.len() - 1
        })
    }

    /// Takes in the next characters of a growing text, unless they have to be looked at. Returns whether it has.
    pub(crate) fn flow(&mut self, slot: Slot, text: &str, calls: &mut ToolCalls) -> bool {
        match slot {
            Slot::Text(slot) => {
                self.texts[slot].so_far.push_str(text);
                true
            }
            Slot::Call(slot) => calls.at(slot).flow(text),
        }
    }

    /// Takes in a delta with these characters, and emits what it adds to what has come.
    ///
    /// # Errors
    /// If it contradicts what has come.
    pub(crate) fn take(
        &mut self,
        delta: &DeltaSpan,
        text: &str,
        calls: &mut ToolCalls,
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<Taken, FaultKind> {
        let &DeltaSpan { kind, choice, call, item, .. } = delta;
        let mut emit_text = |kind, text| emit(Delta { kind, choice, call, item, text });
        match kind {
            DeltaKind::Reasoning | DeltaKind::Text | DeltaKind::Prose | DeltaKind::Refusal => {
                let (kind, new) = self.add(delta, text)?;
                if !new.is_empty() {
                    emit_text(kind, new);
                }
            }
            DeltaKind::Call
            | DeltaKind::Id
            | DeltaKind::Arguments
            | DeltaKind::Input
            | DeltaKind::CallEnd => {
                if !text.is_empty() || matches!(kind, DeltaKind::Input | DeltaKind::CallEnd) {
                    let slot = calls.slot(choice, call.unwrap_or(0), emit);
                    return calls.at(slot).take(kind, delta.extent, text, emit);
                }
            }
            DeltaKind::Restart => {
                self.texts.retain(|text| text.choice != choice);
                calls.restart(choice);
                emit_text(kind, "");
            }
            DeltaKind::Finish => {
                if !text.is_empty() {
                    self.finished.insert(choice, is_cut(text));
                    self.end_calls(Some(choice), calls, emit);
                    emit(Delta { kind, choice, call, item, text });
                }
            }
            DeltaKind::Usage | DeltaKind::Error => {
                if !matches!(text, "{}" | "\"\"") {
                    emit_text(kind, text);
                }
            }
            DeltaKind::Done => {
                self.done = true;
                self.end_calls(None, calls, emit);
                emit(Delta { kind, choice, call, item, text: "" });
            }
        }
        Ok(Taken::Counts)
    }

    /// The body has ended: nothing more comes of its calls.
    pub(crate) fn end(&mut self, calls: &mut ToolCalls, emit: &mut impl FnMut(Delta<'_>)) {
        self.end_calls(None, calls, emit);
    }

    /// Ends the calls of a choice, or all. They are whole if the choice was not cut.
    fn end_calls(&self, choice: Option<u32>, calls: &mut ToolCalls, emit: &mut impl FnMut(Delta<'_>)) {
        for call in calls.of(choice) {
            if self.is_cut(call.choice) {
                call.give_up(emit);
            } else {
                call.end(emit);
            }
        }
    }

    /// Adds to a text. Returns what is new of it, and what kind of text it has been from its beginning.
    fn add<'t>(&mut self, delta: &DeltaSpan, text: &'t str) -> Result<(DeltaKind, &'t str), FaultKind> {
        if delta.extent != Extent::Piece && (text.is_empty() || self.is_copy(delta, text)) {
            return Ok((delta.kind, ""));
        }
        let slot = self.text(delta);
        let Text { kind, ref mut so_far, .. } = self.texts[slot];
        let new = match delta.extent {
            Extent::Piece => text,
            Extent::Copy => text.strip_prefix(so_far.as_str()).unwrap_or(""),
            Extent::Whole => text.strip_prefix(so_far.as_str()).ok_or_else(|| contradiction(so_far, text))?,
        };
        so_far.push_str(new);
        Ok((kind, new))
    }

    /// Whether evidence for a text of which nothing has come is that of another one: some servers number them in the
    /// end in another way than before.
    fn is_copy(&self, delta: &DeltaSpan, all: &str) -> bool {
        let like = |text: &&Text| (beside(text.kind), text.choice) == (beside(delta.kind), delta.choice);
        let mut same = self.texts.iter().filter(like);
        same.clone().all(|text| text.item != delta.item) && same.any(|text| text.so_far == all)
    }
}

/// The kind of text that may turn out to stand beside the answer.
fn beside(kind: DeltaKind) -> DeltaKind {
    if kind == DeltaKind::Prose { DeltaKind::Text } else { kind }
}
