//! The record of what was mended.

use crate::kind::RepairKind;

/// How many characters of a quotation are kept.
const QUOTED: usize = 80;
/// How many repairs are told one by one. Those beyond are counted with the newest of their kind.
const KEPT: usize = 1000;

/// A place at which a text was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What was mended.
    pub kind: RepairKind,
    /// Offset of its first byte in the text as it came.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
    /// What was there: at most 80 characters.
    pub read: String,
    /// What it was taken for: at most 80 characters.
    pub understood: String,
    /// How many of its kind were mended here: neighbours in one string are told together.
    pub count: usize,
}

impl Repair {
    /// Says that `start..end` of `text`, which is the text as it came, was left out.
    pub(crate) fn left_out(kind: RepairKind, text: &[u8], start: usize, end: usize) -> Self {
        Self { kind, start, end, read: quotation(&text[start..end]), understood: String::new(), count: 1 }
    }
}

/// The repairs so far, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    repairs: Vec<Repair>,
    /// The strings in which the repairs lie, by their first byte.
    strings: Vec<Option<usize>>,
    overflow: Overflow,
    /// Whether nothing is noted: what is read will be no part of the value.
    pub(crate) muted: bool,
}

/// How often each kind was mended beyond what is told one by one.
type Overflow = [usize; RepairKind::ALL.len()];

/// A state of the record, to go back to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    length: usize,
    overflow: Overflow,
}

impl Mark {
    /// Whether nothing had been noted.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Record {
    pub(crate) fn mark(&self) -> Mark {
        Mark { length: self.repairs.len(), overflow: self.overflow }
    }

    pub(crate) fn reset(&mut self, mark: &Mark) {
        self.repairs.truncate(mark.length);
        self.strings.truncate(mark.length);
        self.overflow = mark.overflow;
    }

    /// Notes a repair. Those of one kind in one string, which begins at `string`, are told together.
    pub(crate) fn note(&mut self, repair: Repair, string: Option<usize>) {
        if self.muted {
            return;
        }
        let kind = repair.kind;
        let recent = self.repairs.iter_mut().zip(&self.strings).rev().take(RepairKind::ALL.len());
        let mut neighbours = recent.take_while(|(_, within)| string.is_some() && **within == string);
        if let Some((earlier, _)) = neighbours.find(|(earlier, _)| earlier.kind == kind) {
            earlier.count += 1;
            earlier.end = repair.end;
        } else if self.repairs.len() >= KEPT && self.repairs.iter().any(|earlier| earlier.kind == kind) {
            self.overflow[kind as usize] += 1;
        } else {
            self.repairs.push(repair);
            self.strings.push(string);
        }
    }

    /// The repairs in the order of their places, those beyond the limit counted with the last of their kind.
    pub(crate) fn told(&self) -> Vec<Repair> {
        let mut told = self.repairs.clone();
        told.sort_by_key(|repair| repair.start);
        let mut overflow = self.overflow;
        for repair in told.iter_mut().rev() {
            repair.count += std::mem::take(&mut overflow[repair.kind as usize]);
        }
        told
    }
}

/// The beginning of these bytes, as text that people read.
#[must_use]
pub fn quotation(bytes: &[u8]) -> String {
    // No character has more than four bytes.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * QUOTED)]);
    if text.len() <= QUOTED {
        return text.into_owned();
    }
    text.char_indices().nth(QUOTED).map_or(text.as_ref(), |(end, _)| &text[..end]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repair(kind: RepairKind, start: usize) -> Repair {
        Repair { kind, start, end: start + 1, read: String::new(), understood: String::new(), count: 1 }
    }

    #[test]
    fn neighbours_in_one_string_are_told_together() {
        let mut record = Record::default();
        for at in 0..6 {
            let kind = if at % 2 == 0 { RepairKind::Escape } else { RepairKind::Surrogate };
            record.note(repair(kind, at), Some(0));
        }
        record.note(repair(RepairKind::Escape, 9), Some(8));
        record.note(repair(RepairKind::Word, 10), None);
        record.note(repair(RepairKind::Word, 11), None);
        let told: Vec<_> = record.told().iter().map(|r| (r.kind, r.start, r.end, r.count)).collect();
        assert_eq!(
            told,
            [
                (RepairKind::Escape, 0, 5, 3),
                (RepairKind::Surrogate, 1, 6, 3),
                (RepairKind::Escape, 9, 10, 1),
                (RepairKind::Word, 10, 11, 1),
                (RepairKind::Word, 11, 12, 1),
            ]
        );
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_uncounted() {
        let mut record = Record::default();
        for at in 0..5000 {
            record.note(repair(RepairKind::Comment, at), None);
        }
        let mark = record.mark();
        record.note(repair(RepairKind::Word, 5000), None);
        record.note(repair(RepairKind::Word, 5001), None);
        let told = record.told();
        assert_eq!(told.len(), KEPT + 1);
        assert_eq!(told.iter().map(|repair| repair.count).sum::<usize>(), 5002);
        record.reset(&mark);
        assert_eq!(record.told().iter().map(|repair| repair.count).sum::<usize>(), 5000);
    }

    #[test]
    fn quotations_end_at_a_character() {
        assert_eq!(quotation("é".repeat(100).as_bytes()), "é".repeat(80));
        assert_eq!(quotation(b"\xff"), "\u{fffd}");
    }
}
