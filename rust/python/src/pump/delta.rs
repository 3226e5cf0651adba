//! One delta: its bytes, and what is read of them. Behind the value white space is read for a while, and no longer.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

use crate::ffi;
use crate::py::PyParser;

/// How many bytes of white space are read behind the value: some models do not stop by themselves.
pub(super) const MOST_BLANK: usize = 512;

/// Reads a text by a parser, delta by delta.
#[derive(Default)]
pub(super) struct Reader {
    /// How many bytes of white space have come behind the value.
    blank: usize,
}

impl Reader {
    /// Whether so much white space has come behind the value that nothing else will.
    pub(super) fn stopped(&self) -> bool {
        self.blank >= MOST_BLANK
    }

    /// Gives the parser a delta. True if its snapshot shows something new.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the compiler leaves it out")]
    pub(super) fn feed(&mut self, py: Python<'_>, parser: &PyParser, mut delta: &[u8]) -> PyResult<bool> {
        let mut changed = false;
        while !(delta.is_empty() || self.stopped()) {
            let part = parser.feed_part(py, delta, |is_complete| {
                if !is_complete {
                    // However the text is cut: where it has closed somewhere in here, what follows a long blank is not read.
                    return end_of_long_blank(delta).unwrap_or(delta.len());
                }
                let blank = blank_run(delta).min(MOST_BLANK - self.blank);
                self.blank += blank;
                if blank == 0 { delta.len() } else { blank }
            })?;
            let (now, rest) = delta.split_at(part.size);
            changed |= part.changed;
            if part.closes {
                self.blank = now.iter().rev().take_while(|byte| is_blank(**byte)).count();
            }
            delta = rest;
        }
        Ok(changed)
    }
}

/// Makes a JSON string of a text that comes as it is, delta by delta.
#[derive(Default)]
pub(super) struct Quoter {
    begun: bool,
}

impl Quoter {
    /// The next characters, with the quote before the first of them.
    pub(super) fn quote(&mut self, text: &[u8]) -> Vec<u8> {
        let mut json = Vec::with_capacity(text.len() + 2);
        if !std::mem::replace(&mut self.begun, true) {
            json.push(b'"');
        }
        for &byte in text {
            match byte {
                b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
                0x00..0x20 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => json.push(byte),
            }
        }
        json
    }

    /// Whether the string has begun.
    pub(super) fn is_open(&self) -> bool {
        self.begun
    }

    /// What ends the string.
    pub(super) fn end(&mut self) -> &'static [u8] {
        if std::mem::take(&mut self.begun) { b"\"" } else { b"\"\"" }
    }
}

/// The bytes of a delta.
#[inline]
pub(super) fn bytes<'d>(delta: &'d Bound<'_, PyAny>) -> PyResult<Cow<'d, [u8]>> {
    match delta.cast::<PyString>().ok().and_then(|text| ffi::utf8(text)) {
        Some(bytes) => Ok(Cow::Borrowed(bytes)),
        None => other_bytes(delta),
    }
}

/// The bytes of a delta that is no `str` of UTF-8.
#[inline(never)]
fn other_bytes<'d>(delta: &'d Bound<'_, PyAny>) -> PyResult<Cow<'d, [u8]>> {
    if let Ok(text) = delta.cast::<PyString>() {
        // Half a surrogate pair, say. The bytes that Python writes for it are not UTF-8, which the lexer will say.
        return Ok(Cow::Owned(text.call_method1("encode", ("utf-8", "surrogatepass"))?.extract()?));
    }
    if let Ok(bytes) = delta.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if delta.is_none() {
        return Ok(Cow::Borrowed(b""));
    }
    if delta.is_instance_of::<PyByteArray>() || delta.is_instance_of::<PyMemoryView>() {
        let bytes = delta.py().get_type::<PyBytes>().call1((delta,))?;
        return Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    Err(not_a_delta(delta)?)
}

/// The error of what is no delta.
#[cold]
fn not_a_delta(delta: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let no_delta = delta.py().import("instar._chunks")?.getattr("no_delta")?;
    Ok(PyErr::from_value(no_delta.call1((delta,))?))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn blank_run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_blank(**byte)).count()
}

/// The end of the first run of white space that is too long to be read behind a value.
fn end_of_long_blank(bytes: &[u8]) -> Option<usize> {
    if bytes.len() <= MOST_BLANK {
        return None;
    }
    let mut run = 0;
    bytes
        .iter()
        .position(|byte| {
            run = if is_blank(*byte) { run + 1 } else { 0 };
            run == MOST_BLANK
        })
        .map(|at| at + 1)
        .filter(|&end| end < bytes.len())
}
