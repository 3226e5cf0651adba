//! The events of the grammar, as they meet the plan.

use super::{Aside, Checker, End, Scalar, bare};
use crate::events::{Kind, NumberForm, Piece, Receiver};
use crate::fault::{Flow, Halt, Violation};
use crate::plan::{Extra, Node, Verdict};
use crate::tape::Op;
use crate::text::{Source, Span};

use super::frame::Slot;

impl Checker {
    /// A value, or a part of one, begins in the branches.
    pub(super) fn begin_in_branches(&mut self, kind: Kind, at: usize) -> Flow {
        self.in_branches(|branches| {
            branches.depth += usize::from(matches!(kind, Kind::Object | Kind::Array));
            branches.follow(|checker| checker.begin(kind, at));
        })
    }

    /// A scalar ends where branches read: the value of the union, or a part of it.
    fn end_in_branches(&mut self, end: End, event: impl Fn(&mut Self) -> Flow) -> Flow {
        match &self.aside {
            Aside::Branches(branches) if branches.depth > 0 => {
                self.in_branches(|branches| branches.follow(event))
            }
            _ => self.close_union(end, event),
        }
    }
}

impl Receiver for Checker {
    #[inline]
    fn begin(&mut self, kind: Kind, at: usize) -> Flow {
        match &mut self.aside {
            Aside::Nothing => {}
            Aside::Skip(skip) => return skip.begin(&self.plan, kind, at),
            Aside::Branches(_) => return self.begin_in_branches(kind, at),
        }
        self.scalar_start = at;
        if let Some(choice) = self.chosen.take() {
            self.begin_native(choice, kind, at);
            return Ok(());
        }
        let target = match self.frames.last_mut() {
            Some(frame) => frame.next(&self.plan, at)?,
            None => Some(self.root),
        };
        let Some(outer) = target else {
            self.withhold(kind, at);
            return Ok(());
        };
        let id = bare(&self.plan, outer, kind);
        let verdict = self.node(id).verdict(kind);
        if verdict == Verdict::Refuse {
            return Err(Violation::Kind { node: outer }.at(at));
        }
        if id != outer {
            self.open_roots(outer, kind, at);
        }
        match (self.node(id), verdict) {
            (Node::Union(_), _) => return self.begin_union(id, kind, at),
            (&Node::Deferred(view), _) => self.begin_deferred(id, view, kind, at),
            (_, Verdict::Judge) => self.begin_judged(id, kind, at),
            _ => self.begin_native(id, kind, at),
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, piece: Piece<'_>) -> Flow {
        match &mut self.aside {
            Aside::Nothing => {}
            Aside::Skip(skip) => return skip.text(&self.plan, piece),
            Aside::Branches(_) => {
                return self.in_branches(|branches| branches.follow(|checker| checker.text(piece)));
            }
        }
        if self.shows_text {
            self.version += 1;
        }
        let Scalar::Native(id) = self.scalar else { return Ok(()) };
        match &self.plan.nodes[id as usize] {
            Node::Str(rule) => {
                let run = self.runs.get_mut(&id);
                rule.follow(piece, &mut self.characters, run)
                    .map_err(|index| Violation::Text { node: id }.at(piece.offset_of(index)))
            }
            Node::Choice(choice) => choice
                .members
                .advance(&mut self.cursor, piece.bytes)
                .map_err(|index| Violation::Text { node: id }.at(piece.offset_of(index))),
            _ => Ok(()),
        }
    }

    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow {
        if let Aside::Branches(_) = self.aside {
            return self.in_branches(|branches| branches.follow(|checker| checker.number_form(form, at)));
        }
        let (Scalar::Native(id) | Scalar::Judged(id)) = self.scalar else { return Ok(()) };
        let node = self.node(id);
        let refused = match form {
            NumberForm::NonFinite => node.verdict(Kind::NonFinite) == Verdict::Refuse,
            _ => matches!(node, Node::Int(int) if int.strict),
        };
        if refused { Err(Violation::Kind { node: id }.at(at)) } else { Ok(()) }
    }

    #[inline]
    #[expect(clippy::only_used_in_recursion, reason = "the events of one trait have one form")]
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Flow {
        match &mut self.aside {
            Aside::Nothing => {}
            Aside::Skip(skip) => {
                let Some((tagged, tag, choice)) = skip.string(&self.plan, end)? else { return Ok(()) };
                let start = skip.start;
                // The object is read anew, as what it is.
                self.tags.push(Slot::Tag(tagged, tag));
                self.chosen = Some(choice);
                self.aside = Aside::Nothing;
                return Err(Halt::Rewind(start));
            }
            Aside::Branches(_) => {
                return self.end_in_branches(End::with(end), |checker| checker.string(span, end, source));
            }
        }
        let (start, closing) = (self.scalar_start, End::with(end));
        let Scalar::Native(id) = self.scalar else {
            return match self.scalar {
                Scalar::Judged(id) => self.judge(id, start, closing, false),
                _ => self.end_value(closing),
            };
        };
        match &self.plan.nodes[id as usize] {
            Node::Choice(choice) => match choice.members.member(self.cursor) {
                Some(_) if choice.judged => self.judge(id, start, closing, false),
                Some(member) => self.emit(Op::Member(id, member), closing),
                None => Err(Violation::Text { node: id }.at(end - 1)),
            },
            Node::Str(rule) if !rule.accepts(self.characters, self.runs.get_mut(&id)) => {
                self.judge(id, start, closing, false)
            }
            _ => {
                // The text has shown all along: nothing new is seen.
                self.shows_text = false;
                self.tape.push(Op::Str(span));
                self.end_value(closing)
            }
        }
    }

    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Flow {
        let end = span.end as usize;
        // A number is known to be whole at the byte after it, a word at its last letter.
        let closing = End { end, at: if form == NumberForm::NonFinite { end - 1 } else { end } };
        match &self.aside {
            Aside::Nothing => {}
            Aside::Skip(_) => return Ok(()),
            Aside::Branches(_) => {
                return self.end_in_branches(closing, |checker| checker.number(form, span, source));
            }
        }
        let start = span.start as usize;
        match self.scalar {
            Scalar::Judged(id) => self.judge(id, start, closing, false),
            Scalar::Native(id) => match self.number_op(id, form, span, source) {
                Some(op) => self.emit(op, closing),
                None => self.judge(id, start, closing, false),
            },
            Scalar::Withheld | Scalar::Closed => self.end_value(closing),
        }
    }

    fn word(&mut self, kind: Kind, end: usize) -> Flow {
        let closing = End::with(end);
        match &self.aside {
            Aside::Nothing => {}
            Aside::Skip(_) => return Ok(()),
            Aside::Branches(_) => {
                return self.end_in_branches(closing, |checker| checker.word(kind, end));
            }
        }
        match self.scalar {
            Scalar::Judged(id) => self.judge(id, self.scalar_start, closing, false),
            Scalar::Native(_) => {
                let op = match kind {
                    Kind::Null => Op::Null,
                    _ => Op::Bool(kind == Kind::True),
                };
                self.emit(op, closing)
            }
            Scalar::Withheld | Scalar::Closed => self.end_value(closing),
        }
    }

    fn open_key(&mut self) -> Flow {
        match &self.aside {
            Aside::Nothing => {}
            Aside::Skip(_) => return Ok(()),
            Aside::Branches(_) => {
                return self.in_branches(|branches| branches.follow(Self::open_key));
            }
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        match &self.plan.nodes[frame.node as usize] {
            Node::Record(record) => self.cursor = record.prefixes().start(),
            Node::Map(map) => {
                if let Some(key) = map.key {
                    self.begin_text(key);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn key_text(&mut self, piece: Piece<'_>) -> Flow {
        match &self.aside {
            Aside::Nothing if !self.forgives_key => {}
            Aside::Branches(_) => {
                return self.in_branches(|branches| branches.follow(|checker| checker.key_text(piece)));
            }
            _ => return Ok(()),
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let id = frame.node;
        match &self.plan.nodes[id as usize] {
            Node::Record(record) if record.extra == Extra::Forbid => {
                record.prefixes().advance(&mut self.cursor, piece.bytes).map_err(|index| {
                    Violation::ForbiddenKey { node: id, whole: false }.at(piece.offset_of(index))
                })
            }
            Node::Map(map) => {
                let Some(node) = map.key else { return Ok(()) };
                let refused = match &self.plan.nodes[node as usize] {
                    Node::Str(rule) => rule.follow(piece, &mut self.characters, self.runs.get_mut(&node)),
                    Node::Choice(choice) => choice.members.advance(&mut self.cursor, piece.bytes),
                    _ => Ok(()),
                };
                refused.map_err(|index| Violation::Key { node }.at(piece.offset_of(index)))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Flow {
        match &mut self.aside {
            Aside::Nothing => {}
            Aside::Skip(skip) => {
                skip.key(&self.plan, source.bytes(span));
                return Ok(());
            }
            Aside::Branches(_) => {
                return self.in_branches(|branches| branches.follow(|checker| checker.key(span, at, source)));
            }
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let id = frame.node;
        frame.slot = Some(Slot::Key(span));
        match &self.plan.nodes[id as usize] {
            Node::Record(_) | Node::Map(_) => frame.target = None,
            _ => {}
        }
        if std::mem::take(&mut self.forgives_key) {
            return Ok(());
        }
        match &self.plan.nodes[id as usize] {
            Node::Record(_) => self.field(id, span, at, source),
            Node::Map(_) => self.map_key(id, span, at, source),
            _ => {
                self.tape.push(Op::Key(span));
                Ok(())
            }
        }
    }

    #[inline]
    fn comma(&mut self, at: usize) -> Flow {
        match &self.aside {
            Aside::Nothing => self.frames.last().map_or(Ok(()), |frame| frame.check_room(&self.plan, at)),
            Aside::Skip(_) => Ok(()),
            Aside::Branches(_) => self.in_branches(|branches| branches.follow(|checker| checker.comma(at))),
        }
    }

    fn end(&mut self, end: usize) -> Flow {
        match &mut self.aside {
            Aside::Nothing => {}
            Aside::Skip(skip) => {
                if !skip.end() {
                    return Ok(());
                }
                let (judge, start) = (skip.judge, skip.start);
                self.aside = Aside::Nothing;
                return match judge {
                    Some(node) => self.judge(node, start, End::with(end), false),
                    None => self.end_value(End::with(end)),
                };
            }
            Aside::Branches(branches) => {
                branches.depth -= 1;
                return self.end_in_branches(End::with(end), |checker| checker.end(end));
            }
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        match frame.violation(&self.plan) {
            Some(violation) => Err(violation.at(end - 1)),
            None => self.close(end),
        }
    }
}
