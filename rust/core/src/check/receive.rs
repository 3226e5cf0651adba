//! The events, as they meet the plan.

use instar_json::{Event, Kind, NumberForm, Piece, Receiver, Source, Span, StoppedAt};

use super::checker::{Checker, End, ReadAs, ReadBy};
use super::frame::OfKeys;
use super::skip::{NoTag, Skip};
use super::stop::{Flow, Halt, Place};
use crate::schema::{Accept, Close, NodeId, Reason, Rule, Segment};
use crate::tape::Op;

impl Receiver for Checker {
    type Stop = Halt;

    #[inline]
    fn begin(&mut self, kind: Kind, at: usize) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::Begin(kind, at));
        }
        self.scalar.start = at;
        if self.tag.is_some() {
            return self.begin_tagged(kind, at);
        }
        let target = match self.frames.last_mut() {
            Some(frame) => {
                if frame.is_full() {
                    return self.no_room(at, Place::FirstByte(kind));
                }
                frame.begin_member(&self.plan)
            }
            None => Some(self.scope.root),
        };
        match target {
            Some(target) => self.begin_value(target, kind, at),
            None => {
                self.drop_value(kind, at);
                Ok(())
            }
        }
    }

    #[inline]
    fn text(&mut self, piece: Piece<'_>) -> Result<(), StoppedAt<Halt>> {
        if self.is_delegated() {
            return self.read_delegated(Event::Text(piece)).map_err(|stop| stopped(piece, stop));
        }
        if let ReadAs::Rule(id) = self.scalar.read_as
            && let Err(index) = self.follow(id, piece)
        {
            return self.text_violation(id, piece, index);
        }
        self.text_grows();
        Ok(())
    }

    fn number_form(&mut self, form: NumberForm, at: usize) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::NumberForm(form, at));
        }
        let (ReadAs::Rule(id) | ReadAs::Host(id)) = self.scalar.read_as else { return Ok(()) };
        let node = self.node(id);
        let refused = match form {
            NumberForm::NonFinite => node.accepts.accept(Kind::NonFinite) == Accept::Never,
            NumberForm::Integer | NumberForm::Decimal => matches!(&node.rule, Rule::Int(int) if int.strict),
        };
        if refused {
            let range = self.scalar.start..at + 1;
            return self.violation(id, Reason::Kind(range), at, Place::Number);
        }
        Ok(())
    }

    #[inline]
    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::String(span, end, source));
        }
        let closing = End::with(end);
        let id = match self.scalar.read_as {
            ReadAs::Rule(id) => id,
            ReadAs::Host(id) => return self.ask_scalar(id, closing, Some(span)),
            ReadAs::Nothing | ReadAs::Dropped => return self.end_value(closing),
        };
        let node = self.plan.node(id);
        match &node.rule {
            Rule::Literal(members) => match members.member(self.scalar.cursor) {
                Some(member) if node.closes == Close::Rule => self.emit(Op::Member(id, member), closing),
                Some(_) => self.ask_scalar(id, closing, None),
                None => self.violation(id, Reason::Text(span), end - 1, Place::EndOfText(span)),
            },
            Rule::Str(rule)
                if node.closes != Close::Rule
                    || !rule.accepts(self.scalar.characters, self.searches.get_mut(&id)) =>
            {
                self.ask_scalar(id, closing, Some(span))
            }
            _ => {
                // The text has shown all along: nothing new is seen. Otherwise it shows now.
                if !std::mem::take(&mut self.scalar.shows) {
                    return self.emit(Op::Str(span), closing);
                }
                self.output.push(Op::Str(span));
                self.end_value(closing)
            }
        }
    }

    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::Number(form, span, source));
        }
        let closing = End::of_number(form, span);
        match self.scalar.read_as {
            ReadAs::Host(id) => self.ask_scalar(id, closing, None),
            ReadAs::Rule(id) => match self.number_op(id, form, span, source) {
                Some(op) => self.emit(op, closing),
                None => self.ask_scalar(id, closing, None),
            },
            ReadAs::Nothing | ReadAs::Dropped => self.end_value(closing),
        }
    }

    fn name(&mut self, kind: Kind, end: usize) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::Name(kind, end));
        }
        let closing = End::with(end);
        match self.scalar.read_as {
            ReadAs::Host(id) => self.ask_scalar(id, closing, None),
            ReadAs::Rule(_) => {
                let op = match kind {
                    Kind::Null => Op::Null,
                    _ => Op::Bool(kind == Kind::True),
                };
                self.emit(op, closing)
            }
            ReadAs::Nothing | ReadAs::Dropped => self.end_value(closing),
        }
    }

    #[inline]
    fn open_key(&mut self) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::OpenKey);
        }
        let Some(frame) = self.frames.last().filter(|frame| frame.characters_of_keys != OfKeys::Ignored)
        else {
            return Ok(());
        };
        match &self.plan.node(frame.node).rule {
            Rule::Record(record) => self.scalar.cursor = record.prefixes().start(),
            Rule::Map(map) => {
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
        if self.is_delegated() {
            return self.read_delegated(Event::KeyText(piece)).map_err(|stop| stopped(piece, stop));
        }
        let Some(frame) = self.frames.last().filter(|frame| frame.characters_of_keys == OfKeys::Followed)
        else {
            return Ok(());
        };
        let id = frame.node;
        match &self.plan.node(id).rule {
            Rule::Record(record) => {
                let followed = record.prefixes().advance(&mut self.scalar.cursor, piece.bytes);
                followed.or_else(|index| {
                    let text = piece.through_character(index);
                    self.key_violation(id, Reason::ForbiddenKey(Some(text)), piece, index)
                })
            }
            Rule::Map(map) => {
                let Some(key) = map.key else { return Ok(()) };
                self.follow(key, piece).or_else(|index| {
                    self.key_violation(key, Reason::Key(piece.through_character(index)), piece, index)
                })
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::Key(span, at, source));
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let id = frame.node;
        frame.segment = Some(Segment::Key(span));
        let is_dropped = frame.characters_of_keys == OfKeys::Dropped;
        if is_dropped {
            frame.characters_of_keys = OfKeys::Followed;
        }
        match &self.plan.node(id).rule {
            Rule::Record(_) => {
                frame.target = None;
                if is_dropped { Ok(()) } else { self.field(id, span, at, source) }
            }
            Rule::Map(_) => {
                frame.target = None;
                if is_dropped { Ok(()) } else { self.map_key(id, span, at, source) }
            }
            _ => {
                self.output.push(Op::Key(span));
                Ok(())
            }
        }
    }

    #[inline]
    fn comma(&mut self, at: usize) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::Comma(at));
        }
        match self.frames.last() {
            Some(frame) if frame.is_full() => self.no_room(at, Place::Comma),
            _ => Ok(()),
        }
    }

    fn end(&mut self, end: usize) -> Flow {
        if self.is_delegated() {
            return self.read_delegated(Event::End(end));
        }
        let Some(frame) = self.frames.last() else { return Ok(()) };
        match frame.violation(&self.plan, end) {
            Some(reason) => self.violation(frame.node, reason, end - 1, Place::EndOfContainer),
            None => self.close_container(end),
        }
    }
}

impl Checker {
    /// Hands an event to whoever reads the value. Apart from the checker's own events, so that these stay small enough
    /// to be inlined: 50 instructions a delta.
    #[inline(never)]
    fn read_delegated(&mut self, event: Event<'_>) -> Flow {
        match &self.reader {
            ReadBy::Checker => Ok(()),
            ReadBy::Skip(_) => self.skip(event),
            ReadBy::Alternatives(_) => self.read_alternatives(event),
        }
    }

    fn skip(&mut self, event: Event<'_>) -> Flow {
        let ReadBy::Skip(skip) = &mut self.reader else { return Ok(()) };
        match event {
            Event::Begin(kind, at) => {
                let began = skip.begin(&self.plan, kind);
                began.or_else(|no| self.no_tag(no.node, at, Place::FirstByte(kind)))
            }
            Event::Text(piece) => {
                let read = skip.text(&self.plan, piece);
                read.or_else(|NoTag { node, index }| {
                    let place = Place::Text(piece.before_character(index));
                    self.no_tag(node, piece.offset_of(index), place)
                })
            }
            Event::Key(span, _, source) => {
                skip.key(&self.plan, source.bytes(span));
                Ok(())
            }
            Event::String(span, end, _) => match skip.string(&self.plan) {
                Ok(None) => Ok(()),
                Ok(tag) => {
                    // The object is read anew, as what it is.
                    let start = skip.start;
                    self.tag = tag;
                    self.reader = ReadBy::Checker;
                    Err(Halt::Rewind(start))
                }
                Err(NoTag { node, .. }) => self.no_tag(node, end - 1, Place::EndOfText(span)),
            },
            Event::End(end) if skip.end() => {
                let (node, start) = (skip.node, skip.start);
                self.reader = ReadBy::Checker;
                match node {
                    Some(node) => self.ask_value(node, start, End::with(end), None, false),
                    None => self.end_value(End::with(end)),
                }
            }
            _ => Ok(()),
        }
    }

    /// The object whose tag is known begins once more.
    fn begin_tagged(&mut self, kind: Kind, at: usize) -> Flow {
        let Some(tag) = self.tag.take() else { return Ok(()) };
        self.open_wrapper(tag.node, at);
        if let Some(frame) = self.frames.last_mut() {
            frame.segment = Some(Segment::Tag(tag.node, tag.index));
        }
        self.begin_value(tag.chosen, kind, at)
    }

    #[cold]
    fn no_tag(&mut self, node: NodeId, at: usize, place: Place) -> Flow {
        let ReadBy::Skip(Skip { start, .. }) = self.reader else { return Ok(()) };
        self.violation(node, Reason::Tag(start..at + 1), at, place)
    }

    #[cold]
    fn no_room(&mut self, at: usize, place: Place) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        // The container is too long, not one of its members.
        frame.segment = None;
        let (node, range) = (frame.node, frame.start..at + 1);
        self.violation(node, Reason::TooLong(range), at, place)
    }

    /// Follows the characters of a string or a key by the rule of its node.
    ///
    /// # Errors
    /// The index in the piece of the first hopeless byte.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "every delta of a string goes through it")]
    fn follow(&mut self, id: NodeId, piece: Piece<'_>) -> Result<(), usize> {
        match &self.plan.node(id).rule {
            Rule::Str(rule) if rule.is_free() => Ok(()),
            Rule::Str(rule) => rule.follow(piece, &mut self.scalar.characters, self.searches.get_mut(&id)),
            Rule::Literal(members) => members.advance(&mut self.scalar.cursor, piece.bytes),
            _ => Ok(()),
        }
    }

    /// Characters have come of the open string.
    #[inline]
    fn text_grows(&mut self) {
        if self.scalar.shows {
            let doubtful = self.is_doubtful();
            self.output.grow(doubtful);
        }
    }

    #[cold]
    fn text_violation(&mut self, id: NodeId, piece: Piece<'_>, index: usize) -> Result<(), StoppedAt<Halt>> {
        let (at, taken) = (piece.offset_of(index), piece.before_character(index));
        if taken.len() > piece.before().len() {
            self.text_grows();
        }
        let violated =
            self.violation(id, Reason::Text(piece.through_character(index)), at, Place::Text(taken));
        violated.map_err(|stop| StoppedAt { index, stop })
    }

    #[cold]
    fn key_violation(
        &mut self,
        id: NodeId,
        reason: Reason,
        piece: Piece<'_>,
        index: usize,
    ) -> Result<(), StoppedAt<Halt>> {
        let violated = self.violation(id, reason, piece.offset_of(index), Place::Key);
        violated.map_err(|stop| StoppedAt { index, stop })
    }
}

/// Where in a piece another reader has stopped.
fn stopped(piece: Piece<'_>, stop: Halt) -> StoppedAt<Halt> {
    let index = match &stop {
        Halt::Violation(found) if !piece.escaped => found.offset.saturating_sub(piece.at),
        _ => 0,
    };
    StoppedAt { index, stop }
}
