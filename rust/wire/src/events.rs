//! The events of a body whose protocol is the caller's own.

use crate::decoder::is_last;
use crate::framing::{Framer, Framing};

/// Cuts a body into its events.
#[derive(Clone, Debug)]
pub struct Events {
    framer: Framer,
    closed: bool,
}

impl Events {
    /// The events of a body of which nothing has come.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self { framer: Framer::new(framing), closed: false }
    }

    /// Reads more of the body, and emits the data of the events that it completes. What comes behind `[DONE]` is not
    /// read.
    pub fn feed(&mut self, mut body: &[u8], mut emit: impl FnMut(&[u8])) {
        while let Some(rest) = self.framer.next(body) {
            body = rest;
            self.emit(&mut emit);
        }
    }

    /// The body has ended. An event that is not whole is dropped.
    pub fn end(&mut self, mut emit: impl FnMut(&[u8])) {
        if self.framer.end() {
            self.emit(&mut emit);
        }
    }

    /// How many bytes have come.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.framer.place().0
    }

    /// Whether `[DONE]` has come.
    #[must_use]
    pub fn done(&self) -> bool {
        self.closed
    }

    fn emit(&mut self, emit: &mut impl FnMut(&[u8])) {
        let event = self.framer.event();
        let data = event.data().trim_ascii();
        if is_last(data) {
            self.closed = true;
        } else if !(self.closed || event.keeps_alive()) {
            emit(data);
        }
        self.framer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_body_however_it_is_cut() {
        let body = b": waiting\n\nevent: ping\ndata: -\n\ndata: {\"a\":1}\n\n{\"b\":2}\ndata: [DONE]\n\ndata: {}\n\n";
        for size in [1, 7, body.len()] {
            let (mut events, mut data) = (Events::new(Framing::Sse), Vec::new());
            for piece in body.chunks(size) {
                events.feed(piece, |event| data.push(event.to_vec()));
            }
            events.end(|event| data.push(event.to_vec()));
            assert_eq!(data, [b"{\"a\":1}", b"{\"b\":2}"]);
            assert!(events.done());
            assert_eq!(events.offset(), body.len());
        }
    }
}
