//! Which tool call an entry of a list of calls is about: the number of the call.
//!
//! A call's number is its `index`, and what comes with that index goes on with it. But some servers leave the index out,
//! and some give the same one to every call. So another call begins, too,
//!
//! - with an index that a call has been given: where an id that is new comes with a name (without one, it may be that the
//!   server makes up an id for every event), and the call has another id;
//!   Without an id, where a name comes behind a call that is whole, and it is not that call once more;
//! - without an index: where the id is new, or where a name comes, and no id that is known.
//!
//! Not so while the call is open, its arguments no whole JSON text yet, and what comes has no other name: then the
//! server makes up an id, or repeats the name, for every event.
//!
//! What has no index, id or name goes on with the call that the list before began with, and what is behind it in its
//! list with the calls behind that one.

use std::collections::BTreeMap;

use super::call::ToolCalls;

/// The numbers that the calls of one choice have been given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// By their numbers.
    begun: BTreeMap<u32, Call>,
    /// The latest call of each index.
    by_index: BTreeMap<u32, u32>,
    /// The latest call of each id.
    by_id: BTreeMap<Vec<u8>, u32>,
    /// The call that the list of calls before, or this one, began with.
    first: u32,
    /// The call that an entry was about last.
    last: u32,
    /// The calls that this list of calls has been about.
    listed: Vec<u32>,
}

/// What is known of a call.
#[derive(Clone, Debug)]
struct Call {
    index: Option<u32>,
    /// The first id it was given. Empty if it has none.
    id: Vec<u8>,
}

/// What an entry says of which call it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'e> {
    pub(crate) choice: u32,
    pub(crate) index: Option<u32>,
    /// Empty if there is none.
    pub(crate) id: &'e [u8],
    /// Empty if there is none.
    pub(crate) name: &'e [u8],
    /// Empty if there are none.
    pub(crate) arguments: &'e [u8],
    /// Whether it is the first of the event's list of calls.
    pub(crate) first: bool,
}

impl Numbers {
    /// The number of the call that has this label. `calls` is what has come of the calls.
    pub(crate) fn number(&mut self, label: Label<'_>, calls: &mut ToolCalls) -> u32 {
        if label.first {
            self.listed.clear();
        }
        let known = self.by_id.get(label.id).copied();
        let held = self.held(label, known);
        let held = held.filter(|&number| known == Some(number) || !self.begins(label, number, calls));
        let number = held.unwrap_or_else(|| self.begin(label.index));
        if !label.id.is_empty() && known != Some(number) {
            self.by_id.insert(label.id.to_vec(), number);
            if let Some(call) = self.begun.get_mut(&number).filter(|call| call.id.is_empty()) {
                call.id.extend_from_slice(label.id);
            }
        }
        if label.first {
            self.first = number;
        }
        self.last = number;
        self.listed.push(number);
        number
    }

    /// The number of the call at a place in a list of all of them, which begins if there is none.
    pub(crate) fn at_place(&mut self, place: u32) -> u32 {
        let begun = self.begun.keys().nth(place as usize).copied();
        begun.unwrap_or_else(|| self.begin(None))
    }

    /// The call that goes on, unless another one begins. `known` is the one that has the id.
    fn held(&self, label: Label<'_>, known: Option<u32>) -> Option<u32> {
        let Some(index) = label.index else {
            let from = if label.first { self.first } else { self.last.saturating_add(1) };
            return known.or_else(|| self.begun.range(from..).next().map(|(&number, _)| number));
        };
        let at_index = |number: &u32| self.begun[number].index.is_none_or(|held| held == index);
        // A call that began without an index may be given one later.
        let by_number = || (label.name.is_empty() && self.begun.contains_key(&index)).then_some(index);
        known.filter(at_index).or_else(|| self.by_index.get(&index).copied()).or_else(by_number)
    }

    /// Whether a label whose id is not known is that of another call than the one that would go on.
    fn begins(&self, label: Label<'_>, number: u32, calls: &mut ToolCalls) -> bool {
        let other = !label.id.is_empty() && !self.begun[&number].id.is_empty();
        let named = !label.name.is_empty();
        let begins = match label.index {
            Some(_) if named && label.id.is_empty() => return is_next(label, number, calls),
            Some(_) => other && named,
            None => other || named,
        };
        begins && (self.listed.contains(&number) || !goes_on(label, number, calls))
    }

    fn begin(&mut self, index: Option<u32>) -> u32 {
        let next = self.begun.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
        let number = index.filter(|index| !self.begun.contains_key(index)).unwrap_or(next);
        self.begun.insert(number, Call { index, id: Vec::new() });
        self.by_index.extend(index.map(|index| (index, number)));
        number
    }
}

/// Whether a label can be that of an open call, whose server makes up an id or repeats the name for every event, or
/// sends the name in pieces.
fn goes_on(label: Label<'_>, number: u32, calls: &mut ToolCalls) -> bool {
    let Some(call) = calls.find(label.choice, number) else { return false };
    let same_name = label.name.is_empty() || call.name().is_empty() || label.name == call.name().as_bytes();
    let more_of_the_name = label.id.is_empty() && label.arguments.is_empty() && call.is_blank();
    (same_name || more_of_the_name) && call.goes_on()
}

/// Whether a label without an id comes behind a call that is whole, and is not that call once more.
fn is_next(label: Label<'_>, number: u32, calls: &mut ToolCalls) -> bool {
    let Some(call) = calls.find(label.choice, number) else { return false };
    let same_name = label.name == call.name().as_bytes();
    let has_name = !call.name().is_empty();
    has_name
        && call.is_whole()
        && (!same_name || !label.arguments.is_empty() && !call.is_said_by(label.arguments))
}
