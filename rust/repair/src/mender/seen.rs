//! What can be seen of a text while it is mended.

use std::borrow::Cow;

use super::{Candidate, Ending, Mender, Phase};
use crate::kind::{RepairKind, RepairSet};
use crate::record::Repair;
use crate::value::Flow;

impl Mender {
    /// The offset in the text as it came of `at`, an offset in the mended text: of what the last step mended.
    #[must_use]
    pub fn raw_offset(&self, at: usize) -> usize {
        match (&self.phase, self.candidate) {
            (Phase::Passthrough, Some(candidate)) => candidate.base + at,
            _ => self.out.raw_offset(at),
        }
    }

    /// What the text comes to that has ended and been read.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self.phase {
            Phase::Value(_) | Phase::Passthrough => Ending::Open,
            _ if self.around.accepted => Ending::Whole,
            _ if self.around.open_reasoning().is_some() => Ending::Reasoning,
            _ => Ending::NoValue,
        }
    }

    /// What is mended.
    #[must_use]
    pub fn kinds(&self) -> RepairSet {
        self.repairs
    }

    /// Whether what was mended last is hopeless.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.candidate.is_some_and(|candidate| matches!(candidate.flow, Flow::Hopeless(_) | Flow::Unclear(_)))
    }

    /// Where the candidate was refused that was refused last.
    #[must_use]
    pub fn refused_at(&self) -> Option<usize> {
        self.refused
    }

    /// How much of the text has come, up to where the engine may read it as it comes.
    #[inline]
    #[must_use]
    pub fn length(&self) -> usize {
        self.source.raw.len()
    }

    /// The text as it came, if `read` is all that the engine has read.
    #[must_use]
    pub fn raw_text<'t>(&'t self, read: &'t [u8]) -> Cow<'t, [u8]> {
        self.raw_text_from(read, 0)
    }

    /// The same, from an offset on.
    #[must_use]
    pub fn raw_text_from<'t>(&'t self, read: &'t [u8], from: usize) -> Cow<'t, [u8]> {
        let raw = &self.source.raw;
        match (&self.phase, self.candidate) {
            (Phase::Passthrough, Some(Candidate { base, .. })) if from < base => {
                Cow::Owned([&raw[from..base], read].concat())
            }
            (Phase::Passthrough, Some(Candidate { base, .. })) => Cow::Borrowed(behind(read, from - base)),
            _ => Cow::Borrowed(behind(raw, from)),
        }
    }

    /// How long that is, if `read` is how much the engine has read.
    #[must_use]
    pub fn raw_length(&self, read: usize) -> usize {
        match (&self.phase, self.candidate) {
            (Phase::Passthrough, Some(candidate)) => candidate.base + read,
            _ => self.source.raw.len(),
        }
    }

    /// What stands around the value and is no reasoning.
    #[must_use]
    pub fn prose(&self) -> String {
        self.text_of(self.around.prose.iter().copied())
    }

    /// What the blocks of reasoning say, as far as they have come.
    #[must_use]
    pub fn reasoning(&self) -> String {
        let open = self.around.open_reasoning();
        self.text_of(self.around.reasoning.iter().chain(&open).map(|part| part.text))
    }

    /// The parts of a prose that are no values and not blank.
    fn around_values(&self, (start, end): (usize, usize), values: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let first = values.partition_point(|value| value.0 < start);
        let within = values[first..].iter().take_while(|value| value.0 < end);
        let mut parts = Vec::new();
        let mut at = start;
        for &(value, behind) in within.chain([&(end, end)]) {
            let text = &self.source.raw[at.min(value)..value];
            let blank = text.len() - text.trim_ascii_start().len();
            parts.push((at + blank, value));
            at = behind;
        }
        parts.retain(|(start, end)| start < end);
        parts
    }

    fn text_of(&self, parts: impl Iterator<Item = (usize, usize)>) -> String {
        parts.map(|(start, end)| String::from_utf8_lossy(&self.source.raw[start..end])).collect()
    }

    /// What was mended so far, in the order of the text.
    #[must_use]
    pub fn repairs(&self) -> Vec<Repair> {
        let open = self.around.open_reasoning();
        let reasoning = self.around.reasoning.iter().chain(&open);
        let mut repairs = self.record.told();
        let values: Vec<_> = (repairs.iter().filter(|repair| repair.kind == RepairKind::ExtraValue))
            .map(|value| (value.start, value.end))
            .collect();
        let prose = self.around.prose.iter().flat_map(|&part| self.around_values(part, &values));
        let parts = (prose.map(|(start, end)| (RepairKind::Prose, start, end)))
            .chain(reasoning.map(|part| (RepairKind::Reasoning, part.start, part.end)));
        for (kind, start, end) in parts.collect::<Vec<_>>() {
            repairs.push(Repair::left_out(kind, &self.source.raw, start, end));
        }
        repairs.sort_by_key(|repair| repair.start);
        repairs
    }
}

/// What comes from an offset on, if anything does.
fn behind(text: &[u8], from: usize) -> &[u8] {
    text.get(from..).unwrap_or_default()
}
