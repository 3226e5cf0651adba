//! What becomes of a violation: it is raised, or what it refuses is withheld, and reading goes on.

use instar_json::Span;

use super::checker::{Checker, End, ReadAs, ReadBy};
use super::frame::{Frame, FrameKind, OfKeys};
use super::question::{Asked, Question};
use super::skip::Skip;
use super::stop::{Flow, Found, Halt, Place};
use crate::schema::{NodeId, Reason, Rule, Segment, Violation, Violations};
use crate::tape::{Op, Ticket};

impl Checker {
    /// The value that is open violates the schema. Within an outline that says nothing of the whole, it is withheld.
    ///
    /// # Errors
    /// The violation, where it says that the text is refused.
    #[cold]
    pub(super) fn violation(&mut self, node: NodeId, reason: Reason, offset: usize, place: Place) -> Flow {
        let outline = self.frames.iter().rposition(Frame::withholds);
        let violation = Violation { node, path: self.own_path(), reason };
        let found = Found { violation, offset, place };
        match outline {
            Some(outline) => self.withhold(found, outline + 1),
            None => Err(Halt::Violation(Box::new(self.worded(found)))),
        }
    }

    /// The violation as that of the outermost outline around it whose host words it, if there is one.
    fn worded(&self, found: Found) -> Found {
        let is_worded = |frame: &Frame| frame.kind == FrameKind::Outline(Violations::Worded);
        let Some(index) = self.frames.iter().position(is_worded) else { return found };
        let frame = &self.frames[index];
        let range = frame.start..found.offset + 1;
        let violation = Violation {
            node: frame.node,
            path: self.path_within(index),
            reason: Reason::Outline(range, Box::new(found.violation)),
        };
        Found { violation, ..found }
    }

    /// Goes on behind a violation that was raised.
    pub(crate) fn recover(&mut self, found: Found) -> Flow {
        let cause = match found.violation.reason {
            Reason::Outline(_, cause) => Found { violation: *cause, ..found },
            _ => found,
        };
        self.withhold(cause, 0)
    }

    /// Withholds what a violation refuses. The frames from `from` on are tainted by it.
    fn withhold(&mut self, found: Found, from: usize) -> Flow {
        let Found { violation: Violation { node, reason, .. }, offset, place } = found;
        self.taint(from);
        match (reason, place) {
            (Reason::TooShort(..) | Reason::Missing(..), _) => return self.close_container(offset + 1),
            (Reason::NoAlternative(..), _) => return self.withhold_union(offset, place),
            (Reason::Tag(_), _) => {
                if let ReadBy::Skip(skip) = &mut self.reader {
                    skip.drop_value();
                }
            }
            (Reason::TooLong(_), _) if matches!(self.node(node).rule, Rule::Array(_)) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.room = usize::MAX;
                    if let Place::FirstByte(kind) = place {
                        frame.count_member();
                        self.drop_value(kind, offset);
                    }
                }
            }
            (_, Place::FirstByte(kind)) => self.drop_value(kind, offset),
            (_, Place::Number) => self.scalar.read_as = ReadAs::Dropped,
            (_, Place::Text(text)) => {
                self.freeze_text(text);
                self.scalar.read_as = ReadAs::Dropped;
            }
            (_, Place::EndOfText(text)) => {
                self.freeze_text(text);
                return self.end_value(End::with(offset + 1));
            }
            (_, Place::Key) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.characters_of_keys = OfKeys::Dropped;
                }
            }
            (_, Place::EndOfKey(key)) => self.drop_member(key),
            (_, Place::Comma | Place::EndOfContainer) => {}
        }
        Ok(())
    }

    /// Goes on behind a value or key that the host refused, or a container whose hooks did. The frames from `from` on are
    /// tainted by it.
    fn withhold_refused(&mut self, question: Question, from: usize) -> Flow {
        self.taint(from);
        let asked = match question {
            Question::Hooks(asked) => {
                self.output.push(Op::Leave);
                return self.end_value(end(asked));
            }
            Question::Validate(asked) => asked,
        };
        if let Some(key) = asked.key {
            self.drop_member(key);
            return Ok(());
        }
        if let Some(text) = asked.text {
            self.output.push(Op::Str(text));
        }
        self.scalar.shows = false;
        if asked.replaces {
            self.reader = ReadBy::Checker;
            self.output.commit();
        }
        self.end_value(end(asked))
    }

    /// Goes on behind what the host refused, and was told so.
    pub(crate) fn recover_refused(&mut self, question: Question) -> Flow {
        self.question = None;
        self.withhold_refused(question, 0)
    }

    /// The host has rejected what an alternative, or a part of an outline, asked for.
    ///
    /// # Errors
    /// The rejection as a violation, where it says that the value is refused.
    pub(crate) fn reject(&mut self) -> Flow {
        let Some(question) = self.question.take() else { return self.answer_alternative(Self::reject) };
        if let Some(outline) = self.frames.iter().rposition(Frame::withholds) {
            return self.withhold_refused(question, outline + 1);
        }
        let (Question::Validate(asked) | Question::Hooks(asked)) = question;
        let reason = Reason::Host(asked.start..asked.end, asked.key);
        let violation = Violation { node: asked.node, path: self.own_path(), reason };
        let place = asked.text.map_or(Place::EndOfContainer, Place::EndOfText);
        Err(Halt::Violation(Box::new(self.worded(Found { violation, offset: asked.at, place }))))
    }

    /// The host has accepted what was asked, and made the value of this ticket of it.
    pub(crate) fn accept(&mut self, ticket: Ticket) -> Flow {
        let Some(question) = self.question.take() else {
            return self.answer_alternative(|checker| checker.accept(ticket));
        };
        let (Question::Validate(asked) | Question::Hooks(asked)) = question;
        if let Some(key) = asked.key {
            if let Some(frame) = self.frames.last_mut() {
                frame.segment = Some(Segment::Key(key));
            }
            self.output.push(Op::HostKey(ticket));
            return Ok(());
        }
        if asked.replaces {
            self.reader = ReadBy::Checker;
            self.output.depth -= 1;
            self.output.push(Op::Replace(self.output.depth, ticket));
        } else {
            self.output.push(Op::HostValue(ticket));
        }
        // Only the host can tell whether its value looks like what had shown.
        let doubtful = asked.replaces || asked.text.is_some() || self.is_doubtful();
        self.output.grow(doubtful);
        self.scalar.shows = false;
        self.end_value(end(asked))
    }

    /// The host has run the hooks of the container that closed.
    pub(crate) fn hooks_ran(&mut self) -> Flow {
        let Some(Question::Hooks(asked)) = self.question.take() else { return Ok(()) };
        self.output.push(Op::Close);
        self.output.grow(true);
        self.end_value(end(asked))
    }

    fn taint(&mut self, from: usize) {
        for frame in &mut self.frames[from..] {
            frame.tainted = true;
        }
    }

    /// What shows of the open string is all that will.
    fn freeze_text(&mut self, text: Span) {
        if std::mem::take(&mut self.scalar.shows) {
            self.output.push(Op::Str(text));
        }
    }

    fn drop_member(&mut self, key: Span) {
        if let Some(frame) = self.frames.last_mut() {
            frame.segment = Some(Segment::Key(key));
            frame.target = None;
        }
    }

    /// The value of a union stays as it shows; what is left of it is read and dropped.
    fn withhold_union(&mut self, offset: usize, place: Place) -> Flow {
        let ReadBy::Alternatives(alternatives) = std::mem::replace(&mut self.reader, ReadBy::Checker) else {
            return Ok(());
        };
        self.output.commit();
        let (depth, start) = (alternatives.containers(), alternatives.start());
        if depth > 0 {
            self.reader = ReadBy::Skip(Skip::within(depth, start));
        } else if matches!(place, Place::EndOfText(_) | Place::EndOfContainer) {
            return self.end_value(End::with(offset + 1));
        } else {
            self.scalar.read_as = ReadAs::Dropped;
        }
        Ok(())
    }
}

fn end(asked: Asked) -> End {
    End { end: asked.end, at: asked.at }
}
