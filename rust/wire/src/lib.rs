//! What a model says, out of the body of a provider's streamed response.
//!
//! ```text
//! bytes -> sse -> events -> shape (what is read of one) -> envelope (what it says) -> deltas
//!                                                 run (what is like the event before) -> log (the events, joined)
//! ```
//!
//! [`Wire`] drives them. Events that are not known, and of those that are the parts that are not known, are skipped.

#![forbid(unsafe_code)]

mod anthropic;
mod calls;
mod chat;
pub mod choice;
mod fault;
mod gemini;
mod halves;
mod log;
mod responses;
mod run;
mod shape;
mod sse;

use instar_json::{Position, Span};

use anthropic::Anthropic;
use chat::Chat;
pub use fault::{Fault, FaultKind};
use gemini::Gemini;
use halves::Halves;
use log::{Edit, Log};
use responses::Responses;
use run::Run;
use shape::{Findings, Found, Reader, Shape, Tag};
use sse::Decoder;

/// Offsets within an event are 32 bits wide.
const MAX_EVENT: usize = if cfg!(test) { 1 << 21 } else { 1 << 30 };

/// How a provider packs deltas into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// `OpenAI`'s chat completions, and what is compatible with them.
    Chat,
    /// `OpenAI`'s responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `streamGenerateContent` with `alt=sse`.
    Gemini,
}

/// What a delta is, in the order in which the deltas of one event are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
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

impl Kind {
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

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
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

    /// Whether what comes next of it goes behind what has come.
    fn grows(self) -> bool {
        matches!(self, Self::Reasoning | Self::Text | Self::Refusal | Self::Arguments)
    }
}

/// One thing that a response said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'t> {
    /// What it is.
    pub kind: Kind,
    /// The choice it belongs to.
    pub choice: u32,
    /// The tool call it belongs to.
    pub call: Option<u32>,
    /// Its characters. Empty for [`Kind::Done`] only.
    pub text: &'t str,
}

/// Where a body is not what it should be. Offsets and positions are those in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireFault {
    /// What is wrong with the event's data.
    pub fault: Fault,
    /// The line and column of it.
    pub position: Position,
}

/// The decoder of one response.
#[derive(Clone, Debug)]
pub struct Wire {
    decoder: Decoder,
    reader: Reader,
    speaker: Speaker,
    /// What the event at hand says.
    said: Vec<Said>,
    halves: Halves,
    run: Run,
    log: Log,
    /// Whether `[DONE]` has come: nothing behind it is read.
    closed: bool,
    done: bool,
    fault: Option<WireFault>,
}

/// What an envelope has to remember between events.
#[derive(Clone, Debug)]
enum Speaker {
    Chat(Chat),
    Responses(Responses),
    Anthropic(Anthropic),
    Gemini(Gemini),
}

/// A delta as spans of the event.
#[derive(Clone, Copy, Debug)]
struct Said {
    kind: Kind,
    choice: u32,
    call: Option<u32>,
    text: Span,
    /// Where the characters lie in the raw event, if they are those of a string.
    raw: Option<Span>,
}

impl Wire {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        let speaker = match envelope {
            Envelope::Chat => Speaker::Chat(Chat::default()),
            Envelope::Responses => Speaker::Responses(Responses::default()),
            Envelope::Anthropic => Speaker::Anthropic(Anthropic::default()),
            Envelope::Gemini => Speaker::Gemini(Gemini::default()),
        };
        Self {
            decoder: Decoder::default(),
            reader: Reader::new(),
            speaker,
            said: Vec::new(),
            halves: Halves::default(),
            run: Run::default(),
            log: Log::default(),
            closed: false,
            done: false,
            fault: None,
        }
    }

    /// Reads more of the body, and tells `hear` the deltas that it completes.
    ///
    /// # Errors
    /// If the data of an event is not JSON: after the deltas before it, and the same again on every later call.
    pub fn feed(&mut self, mut body: &[u8], mut hear: impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        self.end()?;
        while let Some(rest) = self.decoder.next(body) {
            body = rest;
            if !self.closed {
                self.dispatch(&mut hear).map_err(|fault| self.fail(fault))?;
            }
            self.decoder.clear();
        }
        if self.decoder.held() > MAX_EVENT && !self.closed {
            return Err(self.fail(Fault { offset: 0, kind: FaultKind::Bytes }));
        }
        Ok(())
    }

    /// The body has ended. An event that no blank line has dispatched is dropped, as the standard says.
    ///
    /// # Errors
    /// As [`Wire::feed`].
    pub fn end(&self) -> Result<(), WireFault> {
        self.fault.map_or(Ok(()), Err)
    }

    /// Whether the response has said that it is over.
    #[must_use]
    pub fn done(&self) -> bool {
        self.done
    }

    /// How many bytes have come, or the offset of the fault.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.fault.map_or(self.decoder.offset(), |fault| fault.fault.offset)
    }

    /// The data of the events so far. Events that differ only in the characters of their one delta, in their number
    /// and their padding are one event with the characters joined. Every tool call has its own number for its `index`,
    /// and no character is cut in two, whatever the server says.
    pub fn events(&self) -> impl Iterator<Item = Vec<u8>> {
        self.log.events()
    }

    /// Reads the event that has been dispatched. Offsets of faults count in its data.
    fn dispatch(&mut self, hear: &mut impl FnMut(Delta<'_>)) -> Result<(), Fault> {
        let event = self.decoder.event();
        let data = event.data();
        if data.len() > MAX_EVENT {
            return Err(Fault { offset: 0, kind: FaultKind::Bytes });
        }
        if data.starts_with(b"[DONE]") {
            (self.closed, self.done) = (true, true);
            hear(Delta { kind: Kind::Done, choice: 0, call: None, text: "" });
            return Ok(());
        }
        // Some servers send blank data to keep the connection alive.
        if data.trim_ascii().is_empty() {
            return Ok(());
        }
        let is_error = event.name == b"error";
        if !is_error
            && let Some((said, raw)) = self.run.next(data)
            && self.reader.read(&data[quoted(raw)], &run::CHARACTERS).is_ok()
        {
            said.tell(self.reader.findings(&data[quoted(raw)]).text(Tag::Delta), hear);
            self.log.extend(&data[bytes(raw)]);
            return Ok(());
        }
        let (data, alone) = halves::read(&mut self.reader, data, self.speaker.shape())?;
        let findings = self.reader.findings(&data);
        let mut edits: Vec<_> = run::padless(&data, findings).collect();
        self.said.clear();
        self.speaker.say(findings, &mut self.said, &mut edits);
        if is_error && self.said.iter().all(|said| said.kind != Kind::Error) {
            self.said.push(Said::new(Kind::Error, Span::raw(0, data.len())));
        }
        // What ends comes last; a tool call is named before its arguments come, and told before the next one.
        self.said.sort_by_key(|said| {
            ((said.kind >= Kind::Finish).then_some(said.kind), said.choice, said.call, said.kind)
        });
        for said in &self.said {
            let text = findings.source.bytes(said.text);
            said.tell(&self.halves.join(said, text, &alone, &mut edits), hear);
            self.done |= said.kind == Kind::Done;
        }
        // Where a half is held back the next event has to be looked at: it is none of a run.
        let waits = self.said.iter().any(|said| self.halves.hold(said));
        self.run.start(&data, findings, if waits { &[] } else { &self.said });
        self.log.push(&data, edits, self.run.growth());
        Ok(())
    }

    fn fail(&mut self, fault: Fault) -> WireFault {
        let (offset, position) = self.decoder.origin(fault.offset);
        *self.fault.insert(WireFault { fault: Fault { offset, ..fault }, position })
    }
}

impl Speaker {
    /// What is read of an event.
    fn shape(&self) -> &'static Shape {
        match self {
            Self::Chat(_) => &chat::SHAPE,
            Self::Responses(_) => &responses::SHAPE,
            Self::Anthropic(_) => &anthropic::SHAPE,
            Self::Gemini(_) => &gemini::SHAPE,
        }
    }

    /// What an event says, and what is kept of it in another way.
    fn say(&mut self, event: Findings<'_>, said: &mut Vec<Said>, edits: &mut Vec<Edit>) {
        match self {
            Self::Chat(chat) => chat.say(event, said, edits),
            Self::Responses(responses) => responses.say(event, said),
            Self::Anthropic(anthropic) => anthropic.say(event, said),
            Self::Gemini(gemini) => gemini.say(event, said),
        }
    }
}

impl Said {
    fn new(kind: Kind, text: Span) -> Self {
        Self { kind, choice: 0, call: None, text, raw: None }
    }

    fn found(kind: Kind, found: &Found) -> Self {
        let choice = found.choice.unwrap_or(0);
        Self { kind, choice, call: None, text: found.text, raw: found.raw }
    }

    /// Tells what is said, if anything is.
    fn tell(&self, text: &[u8], hear: &mut impl FnMut(Delta<'_>)) {
        let says_nothing = match self.kind {
            Kind::Done => false,
            Kind::Usage | Kind::Error => matches!(text, b"{}" | b"\"\""),
            _ => text.is_empty(),
        };
        if !says_nothing {
            let text = std::str::from_utf8(text).expect("what the grammar has accepted is UTF-8");
            hear(Delta { kind: self.kind, choice: self.choice, call: self.call, text });
        }
    }
}

/// The bytes of a string's characters.
fn bytes(raw: Span) -> std::ops::Range<usize> {
    raw.start as usize..raw.end as usize
}

/// The same with the quotes.
fn quoted(raw: Span) -> std::ops::Range<usize> {
    raw.start as usize - 1..raw.end as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_limit() {
        let body = [b"data: \"", &b"x".repeat(MAX_EVENT)[..], b"\"\n\n"].concat();
        for size in [body.len(), 1 << 20] {
            let mut wire = Wire::new(Envelope::Chat);
            let fault = body.chunks(size).find_map(|piece| wire.feed(piece, |_| {}).err());
            assert_eq!(fault.map(|fault| fault.fault.kind), Some(FaultKind::Bytes));
        }
    }

    #[test]
    fn kinds_are_numbered_in_their_order() {
        assert!(Kind::ALL.iter().enumerate().all(|(index, &kind)| kind as usize == index));
    }
}
