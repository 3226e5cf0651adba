//! Values that the checker does not read itself: what is skipped, and what is read as several nodes at once.

use super::branches::{Branches, Standing};
use super::frame::Slot;
use super::{Checker, End};
use crate::fault::{Flow, Halt, Refusal};
use crate::plan::{Closing, Node};
use crate::skip::Skip;
use crate::tape::Op;
use instar_json::{Event, Kind};

/// Who reads the value that is open, if it is not the checker itself.
#[derive(Clone, Debug)]
pub(super) enum Aside {
    Nothing,
    Skip(Skip),
    Branches(Box<Branches>),
}

impl Checker {
    /// Whether another one reads.
    #[inline]
    pub(super) fn is_aside(&self) -> bool {
        !matches!(self.aside, Aside::Nothing)
    }

    /// Tells whoever reads of an event. Apart from the checker's own events, so that these stay small enough to be
    /// inlined: 50 instructions a delta.
    #[inline(never)]
    pub(super) fn read_aside(&mut self, event: Event<'_>) -> Flow {
        match &mut self.aside {
            Aside::Nothing => Ok(()),
            Aside::Skip(_) => self.skip(event),
            Aside::Branches(_) => self.branch(event),
        }
    }

    fn skip(&mut self, event: Event<'_>) -> Flow {
        let Aside::Skip(skip) = &mut self.aside else { return Ok(()) };
        match event {
            Event::Begin(kind, at) => skip.begin(&self.plan, kind, at),
            Event::Text(piece) => skip.text(&self.plan, piece),
            Event::Key(span, _, source) => {
                skip.key(&self.plan, source.bytes(span));
                Ok(())
            }
            Event::String(_, end, _) => {
                let Some((tagged, tag, choice)) = skip.string(&self.plan, end)? else { return Ok(()) };
                let start = skip.start;
                // The object is read anew, as what it is.
                self.tags.push(Slot::Tag(tagged, tag));
                self.chosen = Some(choice);
                self.aside = Aside::Nothing;
                Err(Halt::Rewind(start))
            }
            Event::End(end) if skip.end() => {
                let (judge, start) = (skip.judge, skip.start);
                self.aside = Aside::Nothing;
                match judge {
                    Some(node) => self.judge(node, start, End::with(end), false),
                    None => self.end_value(End::with(end)),
                }
            }
            _ => Ok(()),
        }
    }

    /// Tells the branches of an event, which may be the end of the union's value.
    pub(super) fn branch(&mut self, event: Event<'_>) -> Flow {
        let Aside::Branches(branches) = &mut self.aside else { return Ok(()) };
        let end = match event {
            Event::Begin(Kind::Object | Kind::Array, _) => {
                branches.depth += 1;
                None
            }
            Event::End(end) => {
                branches.depth -= 1;
                Some(End::with(end))
            }
            Event::String(_, end, _) | Event::Name(_, end) => Some(End::with(end)),
            Event::Number(form, span, _) => Some(End::of_number(form, span)),
            _ => None,
        };
        match end.filter(|_| branches.depth == 0) {
            Some(end) => self.close_union(end, event),
            None => self.in_branches(|branches| branches.follow(event)),
        }
    }

    /// Lets the branches take something in, and shows the best of them.
    pub(super) fn in_branches(&mut self, take_in: impl FnOnce(&mut Branches)) -> Flow {
        let Aside::Branches(branches) = &mut self.aside else { return Ok(()) };
        take_in(branches);
        let standing = branches.standing();
        if standing == Standing::Asking {
            // Who is the best turns out with the answer.
            return Err(Halt::Judge);
        }
        self.version += u64::from(branches.show(standing, &mut self.tape));
        match standing {
            Standing::Hopeless(at) => Err(Refusal::Union.of(branches.node).at(at)),
            _ => Ok(()),
        }
    }

    /// The value of a union closes with the event, of which its branches have not been told.
    fn close_union(&mut self, end: End, event: Event<'_>) -> Flow {
        let Aside::Branches(branches) = &mut self.aside else { return Ok(()) };
        let (node, start) = (branches.node, branches.start);
        if let Node::Union(union) = &self.plan.nodes[node as usize]
            && union.closing == Closing::Judge
        {
            return self.judge(node, start, end, true);
        }
        // What a branch would ask the host now is not worth an answer: the judge of what is around gives the value.
        self.in_branches(|branches| {
            branches.follow(event);
            branches.withdraw();
        })?;
        if let (Event::String(span, ..), true) = (event, self.shows_text()) {
            self.tape.push(Op::Str(span));
        }
        self.keep_attempt();
        self.end_value(end)
    }
}
