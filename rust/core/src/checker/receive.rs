//! The events of the grammar, as they meet the plan.

use super::{Checker, End, Scalar, bare};
use crate::fault::{Flow, Halt, Refusal};
use crate::plan::{Node, Verdict};
use crate::tape::Op;
use instar_json::{Event, Kind, NumberForm, Piece, Receiver, StoppedAt};
use instar_json::{Source, Span};

use super::frame::Slot;

impl Receiver for Checker {
    type Stop = Halt;

    #[inline]
    fn begin(&mut self, kind: Kind, at: usize) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::Begin(kind, at));
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
            return Err(Refusal::Kind.of(outer).at(at));
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
    fn text(&mut self, piece: Piece<'_>) -> Result<(), StoppedAt<Halt>> {
        if self.is_aside() {
            return self.read_aside(Event::Text(piece)).map_err(|stop| stopped(piece, stop));
        }
        if self.shows_text {
            self.version += 1;
        }
        let Scalar::Native(id) = self.scalar else { return Ok(()) };
        match &self.plan.nodes[id as usize] {
            Node::Str(rule) if rule.is_free() => Ok(()),
            Node::Str(rule) => {
                let run = self.runs.get_mut(&id);
                rule.follow(piece, &mut self.characters, run).map_err(|index| StoppedAt {
                    index,
                    stop: Refusal::Text.of(id).at(piece.offset_of(index)),
                })
            }
            Node::Choice(choice) => choice
                .members
                .advance(&mut self.cursor, piece.bytes)
                .map_err(|index| StoppedAt { index, stop: Refusal::Text.of(id).at(piece.offset_of(index)) }),
            _ => Ok(()),
        }
    }

    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::NumberForm(form, at));
        }
        let (Scalar::Native(id) | Scalar::Judged(id)) = self.scalar else { return Ok(()) };
        let node = self.node(id);
        let refused = match form {
            NumberForm::NonFinite => node.verdict(Kind::NonFinite) == Verdict::Refuse,
            _ => matches!(node, Node::Int(int) if int.strict),
        };
        if refused { Err(Refusal::Kind.of(id).at(at)) } else { Ok(()) }
    }

    #[inline]
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::String(span, end, source));
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
                None => Err(Refusal::Text.of(id).at(end - 1)),
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
        if self.is_aside() {
            return self.read_aside(Event::Number(form, span, source));
        }
        let closing = End::of_number(form, span);
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

    fn name(&mut self, kind: Kind, end: usize) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::Name(kind, end));
        }
        let closing = End::with(end);
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

    #[inline]
    fn open_key(&mut self) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::OpenKey);
        }
        let Some(frame) = self.frames.last().filter(|frame| frame.follows_keys) else { return Ok(()) };
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

    #[inline]
    fn key_text(&mut self, piece: Piece<'_>) -> Result<(), StoppedAt<Halt>> {
        if self.is_aside() {
            return self.read_aside(Event::KeyText(piece)).map_err(|stop| stopped(piece, stop));
        }
        if self.forgives_key {
            return Ok(());
        }
        let Some(frame) = self.frames.last().filter(|frame| frame.follows_keys) else { return Ok(()) };
        let id = frame.node;
        match &self.plan.nodes[id as usize] {
            Node::Record(record) => {
                record.prefixes().advance(&mut self.cursor, piece.bytes).map_err(|index| StoppedAt {
                    index,
                    stop: Refusal::ForbiddenKey { whole: false }.of(id).at(piece.offset_of(index)),
                })
            }
            Node::Map(map) => {
                let Some(node) = map.key else { return Ok(()) };
                let refused = match &self.plan.nodes[node as usize] {
                    Node::Str(rule) => rule.follow(piece, &mut self.characters, self.runs.get_mut(&node)),
                    Node::Choice(choice) => choice.members.advance(&mut self.cursor, piece.bytes),
                    _ => Ok(()),
                };
                refused.map_err(|index| StoppedAt {
                    index,
                    stop: Refusal::Key.of(node).at(piece.offset_of(index)),
                })
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::Key(span, at, source));
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
        if self.is_aside() {
            return self.read_aside(Event::Comma(at));
        }
        self.frames.last().map_or(Ok(()), |frame| frame.check_room(at))
    }

    fn end(&mut self, end: usize) -> Flow {
        if self.is_aside() {
            return self.read_aside(Event::End(end));
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        match frame.violation(&self.plan) {
            Some(violation) => Err(violation.at(end - 1)),
            None => self.close(end),
        }
    }
}

/// Where in a piece a reader aside has stopped.
fn stopped(piece: Piece<'_>, stop: Halt) -> StoppedAt<Halt> {
    let index = match &stop {
        Halt::Fault(fault) if !piece.escaped => fault.offset.saturating_sub(piece.at),
        _ => 0,
    };
    StoppedAt { index, stop }
}
