//! The decoder of one response: bytes or events in, deltas out.

use instar_json::Span;

use crate::coalesce::{self, Coalescer};
use crate::delta::{Delta, DeltaKind, DeltaSpan};
use crate::extract::{Reader, Tag};
use crate::fault::{Fault, FaultKind, WireFault};
use crate::framing::{Event, Framer, Framing};
use crate::protocol::{Decode, Output, Protocol};
use crate::surrogates::{self, Surrogates};
use crate::transcript::Transcript;

/// Offsets within an event are 32 bits wide.
const MAX_EVENT: usize = if cfg!(test) { 1 << 21 } else { 1 << 30 };

/// The decoder of one response.
#[derive(Debug)]
pub struct Decoder {
    framer: Framer,
    events: Events,
    fault: Option<WireFault>,
}

/// The decoder of its events.
#[derive(Debug)]
struct Events {
    protocol: Option<(&'static Protocol, Box<dyn Decode>)>,
    reader: Reader,
    /// What the event at hand is decoded to.
    output: Output,
    surrogates: Surrogates,
    coalescer: Coalescer,
    transcript: Transcript,
    /// Whether `[DONE]` has come: nothing behind it is read.
    closed: bool,
    done: bool,
    /// How many bytes have come in events of their own.
    messages: usize,
}

impl Decoder {
    /// A decoder that has seen nothing. Without a protocol the first event tells it; without a framing the protocol.
    #[must_use]
    pub fn new(protocol: Option<&'static Protocol>, framing: Option<Framing>) -> Self {
        let framing = framing.or(protocol.map(|protocol| protocol.framing)).unwrap_or(Framing::Sse);
        Self { framer: Framer::new(framing), events: Events::new(protocol), fault: None }
    }

    /// Reads more of the body, and emits the deltas that it completes.
    ///
    /// # Errors
    /// If the data of an event are not JSON: after the deltas before it, and the same again on every later call.
    pub fn feed(&mut self, mut body: &[u8], mut emit: impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        self.check()?;
        while let Some(rest) = self.framer.next(body) {
            body = rest;
            self.decode(&mut emit)?;
        }
        if self.framer.held() > MAX_EVENT && !self.events.closed {
            return Err(self.fail(Fault { offset: 0, kind: FaultKind::Bytes }));
        }
        Ok(())
    }

    /// Reads an event that comes as a message of its own, without a framing: its JSON text.
    ///
    /// # Errors
    /// As [`Decoder::feed`].
    pub fn feed_event(&mut self, data: &[u8], mut emit: impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        self.check()?;
        let event = Event::message(data, self.offset());
        self.events.messages += data.len();
        self.events.decode(&event, &mut emit).map_err(|fault| {
            let (offset, position) = event.origin(fault.offset).unwrap_or((0, self.framer.place().1));
            *self.fault.insert(WireFault { fault: Fault { offset, ..fault }, position })
        })
    }

    /// The body has ended. What it leaves open is dropped; what comes next is another body of the same response.
    ///
    /// # Errors
    /// As [`Decoder::feed`].
    pub fn end(&mut self, mut emit: impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        self.check()?;
        if self.framer.end() {
            self.decode(&mut emit)?;
        }
        self.framer.clear();
        Ok(())
    }

    /// Whether the response has said that it is over.
    #[must_use]
    pub fn done(&self) -> bool {
        self.events.done
    }

    /// How many bytes have come, or the offset of the fault.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.fault.map_or(self.framer.place().0 + self.events.messages, |fault| fault.fault.offset)
    }

    /// The data of the events so far. Events that differ only in the characters of their one delta, in their number
    /// and their padding are one event with the characters joined. Every tool call has its own number for its `index`,
    /// and no character is cut in two, whatever the server says.
    pub fn events(&self) -> impl Iterator<Item = Vec<u8>> {
        self.events.transcript.events()
    }

    /// Has the next event decoded as if none like it had come.
    #[cfg(test)]
    pub(crate) fn forget_shape(&mut self) {
        self.events.coalescer = Coalescer::default();
    }

    fn check(&self) -> Result<(), WireFault> {
        self.fault.map_or(Ok(()), Err)
    }

    /// Decodes the event that the framer has cut out.
    fn decode(&mut self, emit: &mut impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        let decoded = self.events.decode(self.framer.event(), emit);
        decoded.map_err(|fault| self.fail(fault))?;
        self.framer.clear();
        Ok(())
    }

    /// Keeps a fault in the data of the framer's event.
    fn fail(&mut self, fault: Fault) -> WireFault {
        let (offset, position) = self.framer.event().origin(fault.offset).unwrap_or(self.framer.place());
        *self.fault.insert(WireFault { fault: Fault { offset, ..fault }, position })
    }
}

impl Events {
    fn new(protocol: Option<&'static Protocol>) -> Self {
        Self {
            protocol: protocol.map(|protocol| (protocol, (protocol.decoder)())),
            reader: Reader::new(),
            output: Output::default(),
            surrogates: Surrogates::default(),
            coalescer: Coalescer::default(),
            transcript: Transcript::default(),
            closed: false,
            done: false,
            messages: 0,
        }
    }

    /// Decodes an event. Offsets of faults count in its data.
    fn decode(&mut self, event: &Event, emit: &mut impl FnMut(Delta<'_>)) -> Result<(), Fault> {
        let data = event.data();
        if self.closed {
            return Ok(());
        }
        if data.len() > MAX_EVENT {
            return Err(Fault { offset: 0, kind: FaultKind::Bytes });
        }
        if data.starts_with(b"[DONE]") {
            (self.closed, self.done) = (true, true);
            emit(Delta { kind: DeltaKind::Done, choice: 0, call: None, text: "" });
            return Ok(());
        }
        // Some servers send blank data to keep the connection alive.
        if data.trim_ascii().is_empty() {
            return Ok(());
        }
        let is_error = event.name == b"error";
        if !is_error
            && let Some((delta, raw)) = self.coalescer.next(data)
            && self.reader.read(&data[quoted(raw)], &coalesce::CHARACTERS).is_ok()
        {
            tell(&delta, self.reader.fields(&data[quoted(raw)]).text(Tag::Characters), emit);
            self.transcript.extend(&data[raw.start as usize..raw.end as usize]);
            return Ok(());
        }
        self.decode_fields(data, is_error, emit)
    }

    /// Decodes the data of an event that is not like the one before it.
    fn decode_fields(
        &mut self,
        data: &[u8],
        is_error: bool,
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<(), Fault> {
        if self.protocol.is_none() {
            let known = Protocol::of(data).ok_or(Fault { offset: 0, kind: FaultKind::UnknownProtocol })?;
            self.protocol = Some((known, (known.decoder)()));
        }
        let Some((protocol, decoder)) = &mut self.protocol else { return Ok(()) };
        let (data, alone) = surrogates::read(&mut self.reader, data, protocol.extract)?;
        let fields = self.reader.fields(&data);
        let Output { deltas, edits } = &mut self.output;
        deltas.clear();
        edits.clear();
        edits.extend(coalesce::padding(&data, fields));
        decoder.decode(fields, &mut self.output);
        let Output { deltas, edits } = &mut self.output;
        if is_error && deltas.iter().all(|delta| delta.kind != DeltaKind::Error) {
            deltas.push(DeltaSpan::new(DeltaKind::Error, Span::raw(0, data.len())));
        }
        // What ends comes last; a tool call's name comes before its arguments, and all of it before the next call.
        deltas.sort_by_key(|delta| {
            let ends = (delta.kind >= DeltaKind::Finish).then_some(delta.kind);
            (ends, delta.choice, delta.call, delta.kind)
        });
        for delta in &*deltas {
            let text = fields.source.bytes(delta.text);
            tell(delta, &self.surrogates.join(delta, text, &alone, edits), emit);
            self.done |= delta.kind == DeltaKind::Done;
        }
        // Where half of a character is held back the next event has to be looked at.
        let waits = deltas.iter().any(|delta| self.surrogates.hold(delta));
        self.coalescer.start(&data, fields, if waits { &[] } else { deltas });
        self.transcript.push(&data, edits, self.coalescer.growth());
        Ok(())
    }
}

/// Emits a delta, if it says anything.
fn tell(delta: &DeltaSpan, text: &[u8], emit: &mut impl FnMut(Delta<'_>)) {
    let says_nothing = match delta.kind {
        DeltaKind::Done => false,
        DeltaKind::Usage | DeltaKind::Error => matches!(text, b"{}" | b"\"\""),
        _ => text.is_empty(),
    };
    if !says_nothing {
        let text = std::str::from_utf8(text).expect("what the grammar has accepted is UTF-8");
        emit(Delta { kind: delta.kind, choice: delta.choice, call: delta.call, text });
    }
}

/// The bytes of a string with its quotes, from where its characters lie.
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
            let mut decoder = Decoder::new(Protocol::named("openai-chat"), None);
            let fault = body.chunks(size).find_map(|piece| decoder.feed(piece, |_| {}).err());
            assert_eq!(fault.map(|fault| fault.fault.kind), Some(FaultKind::Bytes));
        }
    }
}
