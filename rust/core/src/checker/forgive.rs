//! Going on behind a violation: what it refused is withheld, and what shows of it stays as it is.

use super::{Aside, Checker, End, Hook, Scalar};
use crate::fault::{Fault, FaultKind, Flow, Refusal, Violation};
use crate::plan::Node;
use crate::skip::Skip;
use crate::tape::Op;
use instar_json::Kind;
use instar_json::Span;

use super::frame::Slot;

/// What there is of the text around a violation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    /// The kind of value that begins at the hopeless byte, if one does.
    pub(crate) begins: Option<Kind>,
    /// Whether a string or key is still open.
    pub(crate) in_string: bool,
    /// The characters of the string or key that is open or has just closed, as far as they were accepted.
    pub(crate) text: Span,
}

impl Checker {
    /// Goes on behind the violation that halted the checker.
    pub(crate) fn forgive(&mut self, Violation { node, what }: Violation, at: usize, scene: Scene) -> Flow {
        self.spoil();
        match what {
            Refusal::Text if !scene.in_string => {
                self.freeze_text(scene.text);
                return self.end_value(End::with(at + 1));
            }
            Refusal::TooShort | Refusal::Missing => return self.close(at + 1),
            Refusal::Kind => self.forgive_kind(at, scene),
            Refusal::TooLong if matches!(self.node(node), Node::Array(_)) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.room = usize::MAX;
                    if scene.begins.is_some() {
                        frame.begin_member();
                        self.forgive_kind(at, scene);
                    }
                }
            }
            Refusal::TooLong => self.withhold_member(scene.text),
            Refusal::Text => {
                self.freeze_text(scene.text);
                self.scalar = Scalar::Withheld;
            }
            Refusal::Key | Refusal::ForbiddenKey { .. } => {
                if scene.in_string {
                    self.forgives_key = true;
                } else {
                    self.withhold_member(scene.text);
                }
            }
            Refusal::Union => self.forgive_union(scene),
            Refusal::Tag => {
                if let Aside::Skip(skip) = &mut self.aside {
                    skip.forget();
                }
                self.tags.clear();
            }
        }
        Ok(())
    }

    /// Goes on behind a value or key that has closed and that the host refused.
    pub(crate) fn forgive_judgement(&mut self, text: Option<Span>) -> Flow {
        let Some(judgement) = self.judgement.take() else { return Ok(()) };
        self.spoil();
        if let Some(key) = judgement.key {
            self.withhold_member(key);
            return Ok(());
        }
        if judgement.replaces {
            if let (Some(text), true) = (text, self.shows_text()) {
                self.tape.push(Op::Str(text));
            }
            self.keep_attempt();
            self.end_tagged();
        } else if let Some(text) = text {
            self.freeze_text(text);
        }
        self.tags.clear();
        self.end_value(End { end: judgement.end, at: judgement.at })
    }

    /// Goes on behind a value whose hooks refused it.
    pub(crate) fn forgive_hook(&mut self, hook: Hook) -> Flow {
        self.spoil();
        self.tape.push(Op::Leave);
        self.end_tagged();
        self.end_value(End { end: hook.end, at: hook.at })
    }

    fn spoil(&mut self) {
        for frame in &mut self.frames {
            frame.spoilt = true;
        }
    }

    fn forgive_kind(&mut self, at: usize, scene: Scene) {
        match scene.begins {
            Some(kind) => self.withhold(kind, at),
            None => self.scalar = Scalar::Withheld,
        }
    }

    /// What shows of the open string is all that will.
    fn freeze_text(&mut self, text: Span) {
        if std::mem::take(&mut self.shows_text) {
            self.tape.push(Op::Str(text));
        }
    }

    fn withhold_member(&mut self, key: Span) {
        if let Some(frame) = self.frames.last_mut() {
            frame.slot = Some(Slot::Key(key));
            frame.target = None;
        }
    }

    fn forgive_union(&mut self, scene: Scene) {
        let Aside::Branches(branches) = &self.aside else { return };
        let (depth, start) = (branches.depth, branches.start);
        if self.shows_text() {
            self.tape.push(Op::Str(scene.text));
        }
        self.keep_attempt();
        if depth > 0 {
            self.aside = Aside::Skip(Skip::within(depth, start));
        } else {
            self.scalar = Scalar::Withheld;
        }
    }
}

/// The violation of a fault that can be forgiven.
pub(crate) fn forgivable(fault: Fault) -> Option<Violation> {
    match fault.kind {
        FaultKind::Schema(violation) => Some(violation),
        _ => None,
    }
}
