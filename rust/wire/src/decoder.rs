//! The decoder of one response: bytes or events in, deltas out.

use instar_json::Span;

use crate::assembler::Assembler;
use crate::coalesce::{self, Coalescer};
use crate::delta::{Delta, DeltaKind, DeltaSpan};
use crate::error;
use crate::extract::{Fields, Reader, Tag};
use crate::fault::{Fault, FaultKind, WireFault, beginning};
use crate::framing::{Event, Framer, Framing};
use crate::json_paths::json_string;
use crate::protocol::{Decode, Output, Protocol, members};
use crate::repeats::Repeats;
use crate::surrogates::{self, Surrogate, Surrogates};
use crate::tool_calls::Taken;
use crate::transcript::{Edit, Transcript};

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
    assembler: Assembler,
    surrogates: Surrogates,
    repeats: Repeats,
    /// Of several responses in one source, the one that is read.
    lane: Option<String>,
    coalescer: Coalescer,
    transcript: Transcript,
    /// Whether `[DONE]` has come: nothing behind it is read.
    closed: bool,
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

    /// The same decoder, for one of several responses in one source: that of the events with this `stream_id`, or with
    /// none.
    #[must_use]
    pub fn in_lane(mut self, lane: &str) -> Self {
        self.events.lane = Some(lane.to_owned());
        self
    }

    /// Reads more of the body, and emits the deltas that it completes.
    ///
    /// # Errors
    /// If the data of an event are not JSON, or contradict what has come: after the deltas before it, and the same again
    /// on every later call.
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
            let fault = Fault { offset, ..fault };
            self.fault.insert(WireFault { fault, position, data: beginning(data) }).clone()
        })
    }

    /// The body has ended: emits what was held back. An event that is not whole is dropped; what comes next is another
    /// body of the same response.
    ///
    /// # Errors
    /// As [`Decoder::feed`].
    pub fn end(&mut self, mut emit: impl FnMut(Delta<'_>)) -> Result<(), WireFault> {
        self.check()?;
        if self.framer.end() {
            self.decode(&mut emit)?;
        }
        self.framer.clear();
        self.events.repeats.end();
        self.events.assembler.end(&mut self.events.output.calls, &mut emit);
        Ok(())
    }

    /// The protocol of the events; None until the first of them has told it.
    #[must_use]
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.events.protocol.as_ref().map(|&(protocol, _)| protocol)
    }

    /// Whether the response has said that it is over.
    #[must_use]
    pub fn done(&self) -> bool {
        self.events.assembler.done()
    }

    /// Whether a choice was cut: it has ended by a limit, a filter or a failure; or it has not ended at all, by a reason
    /// or by the last event of the response.
    #[must_use]
    pub fn is_cut(&self, choice: u32) -> bool {
        self.events.assembler.is_cut(choice)
    }

    /// How many bytes have come, or the offset of the fault.
    #[must_use]
    pub fn offset(&self) -> usize {
        let come = self.framer.place().0 + self.events.messages;
        self.fault.as_ref().map_or(come, |fault| fault.fault.offset)
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
        self.events.coalescer.stop();
    }

    fn check(&self) -> Result<(), WireFault> {
        self.fault.clone().map_or(Ok(()), Err)
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
        let fault = Fault { offset, ..fault };
        let data = beginning(self.framer.event().data());
        self.fault.insert(WireFault { fault, position, data }).clone()
    }
}

impl Events {
    fn new(protocol: Option<&'static Protocol>) -> Self {
        Self {
            protocol: protocol.map(|protocol| (protocol, (protocol.decoder)())),
            reader: Reader::new(),
            output: Output::default(),
            assembler: Assembler::default(),
            surrogates: Surrogates::default(),
            repeats: Repeats::default(),
            lane: None,
            coalescer: Coalescer::default(),
            transcript: Transcript::default(),
            closed: false,
            messages: 0,
        }
    }

    /// Decodes an event. Offsets of faults count in its data.
    fn decode(&mut self, event: &Event, emit: &mut impl FnMut(Delta<'_>)) -> Result<(), Fault> {
        let data = event.data();
        if self.closed || event.keeps_alive() {
            return Ok(());
        }
        if data.len() > MAX_EVENT {
            return Err(Fault { offset: 0, kind: FaultKind::Bytes });
        }
        if is_last(data) {
            self.closed = true;
            return self.take(&DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)), "", emit);
        }
        let is_error = event.name == b"error";
        if !is_error && self.decode_alike(data, emit) {
            return Ok(());
        }
        self.decode_fields(data, is_error, emit)
    }

    /// Decodes an event that is like the one before. Returns whether it is.
    fn decode_alike(&mut self, data: &[u8], emit: &mut impl FnMut(Delta<'_>)) -> bool {
        let Some(alike) = self.coalescer.next(data) else { return false };
        let id = alike.id.map_or(&b""[..], |id| &data[raw(id)]);
        let string = &data[quoted(alike.raw)];
        let text = if alike.plain {
            std::str::from_utf8(&data[raw(alike.raw)]).ok()
        } else {
            let read = self.reader.read(string, &coalesce::CHARACTERS);
            read.is_ok().then(|| utf8(self.reader.fields(string).text(Tag::Characters)))
        };
        let Some(text) = text else { return false };
        if self.repeats.has(alike.number, id) {
            return true;
        }
        let growing = alike.text;
        if !self.assembler.flow(growing.slot, text, &mut self.output.calls) {
            return false;
        }
        if !text.is_empty() {
            emit(Delta {
                kind: growing.kind,
                choice: growing.choice,
                call: growing.call,
                item: growing.item,
                text,
            });
        }
        self.repeats.note(alike.number, id);
        self.transcript.extend(&data[raw(alike.raw)]);
        true
    }

    /// Decodes the data of an event that is not like the one before it.
    fn decode_fields(
        &mut self,
        data: &[u8],
        is_error: bool,
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<(), Fault> {
        let Some(protocol) = self.protocol(data) else {
            return self.refuse(data, is_error, Fault { offset: 0, kind: FaultKind::UnknownProtocol }, emit);
        };
        let read = surrogates::read(&mut self.reader, data, protocol.extract);
        let (data, alone) = match read {
            Ok(read) => read,
            Err(fault) => return self.refuse(data, is_error, fault, emit),
        };
        let Self { reader, repeats, lane, output, protocol: Some((_, decoder)), .. } = self else {
            return Ok(());
        };
        let fields = reader.fields(&data);
        let number = utf8(fields.text(Tag::Counter)).parse().ok();
        let id = fields.text(Tag::EventId);
        let of_another = fields.find(Tag::Lane).is_some_and(|other| {
            lane.as_deref().is_some_and(|lane| lane.as_bytes() != fields.source.bytes(other.text))
        });
        if of_another || repeats.has(number, id) {
            return Ok(());
        }
        repeats.note(number, id);
        output.deltas.clear();
        output.edits.clear();
        output.edits.extend(coalesce::padding(&data, fields));
        decoder.decode(fields, output);
        let unknown = || {
            let members = members(&data);
            !protocol.recognises(&members) && error::is_error(&members)
        };
        let says_error = output.deltas.iter().any(|delta| delta.kind == DeltaKind::Error);
        if is_error && !says_error || output.deltas.is_empty() && unknown() {
            output.deltas.push(DeltaSpan::new(DeltaKind::Error, Span::raw(0, data.len())));
        }
        self.assemble(&data, &alone, emit)
    }

    /// Emits what the event's deltas add to those before them, and keeps the event.
    fn assemble(
        &mut self,
        data: &[u8],
        alone: &[Surrogate],
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<(), Fault> {
        let Self { reader, assembler, surrogates, output, coalescer, transcript, .. } = self;
        let fields: Fields<'_> = reader.fields(data);
        let Output { deltas, calls, edits } = output;
        // What ends comes last; a tool call's name comes before its arguments, and all of it before the next call.
        deltas.sort_by_key(|delta| {
            let ends = (delta.kind >= DeltaKind::Finish).then_some(delta.kind);
            (ends, delta.choice, delta.place, delta.call, delta.kind, delta.extent)
        });
        for delta in &*deltas {
            let text = surrogates.join(delta, delta.bytes(fields.source), alone, edits);
            let at = delta.raw.map_or(0..0, raw);
            let taken = assembler.take(delta, utf8(&text), calls, emit);
            match taken.map_err(|kind| Fault { offset: at.start, kind })? {
                Taken::Dropped => edits.push(Edit { at, text: String::new() }),
                Taken::Counts => {}
            }
        }
        coalescer.stop();
        // Where half of a character is held back the next event has to be looked at.
        let waits = deltas.iter().any(|delta| surrogates.hold(delta));
        if let Some(delta) = coalesce::growing(fields, deltas).filter(|_| !waits)
            && let Some(slot) = assembler.slot(delta, calls)
        {
            coalescer.start(data, fields, delta, slot);
        }
        transcript.push(data, edits, coalescer.growth());
        Ok(())
    }

    /// The protocol, which the first event tells if nobody else does.
    fn protocol(&mut self, data: &[u8]) -> Option<&'static Protocol> {
        if self.protocol.is_none() {
            self.protocol = Protocol::of(data).map(|protocol| (protocol, (protocol.decoder)()));
        }
        self.protocol.as_ref().map(|&(protocol, _)| protocol)
    }

    /// An event cannot be read. If it is an error, it says so all the same.
    fn refuse(
        &mut self,
        data: &[u8],
        is_error: bool,
        fault: Fault,
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<(), Fault> {
        let is_json = fault.kind == FaultKind::UnknownProtocol;
        let members = if is_json { members(data) } else { Vec::new() };
        if !is_error && !error::is_error(&members) && !error::holds_error(&members) {
            return Err(fault);
        }
        let text = String::from_utf8_lossy(data);
        let text = if is_json { text.into_owned() } else { json_string(&text) };
        self.take(&DeltaSpan::new(DeltaKind::Error, Span::raw(0, 0)), &text, emit)
    }

    /// Takes in a delta that stands in no event.
    fn take(&mut self, delta: &DeltaSpan, text: &str, emit: &mut impl FnMut(Delta<'_>)) -> Result<(), Fault> {
        let taken = self.assembler.take(delta, text, &mut self.output.calls, emit);
        taken.map(|_| ()).map_err(|kind| Fault { offset: 0, kind })
    }
}

/// Whether the data of an event say that it is the last, as no JSON does.
pub(crate) fn is_last(data: &[u8]) -> bool {
    data.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"[DONE]"))
}

/// The characters of a string that the grammar has accepted.
fn utf8(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("what the grammar has accepted is UTF-8")
}

/// The bytes that a span of the raw text spans.
fn raw(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
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
