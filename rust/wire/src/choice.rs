//! The choice of the answer among the places of a response: its texts, its calls, its reasoning.
//!
//! A [`Choice`] is one of the alternatives that a response gives (`n=2` asks for two). It takes the deltas of that
//! alternative, and hands out what the answer has grown by, as events. In which place the answer stands is decided at a
//! byte: by what opens first, or by what was asked for.

mod opening;

use std::collections::VecDeque;

use memchr::memchr2;

use crate::{Delta, DeltaKind};
use opening::Opening;

/// Where the answer is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In what opens first: the arguments of a call, or JSON in a text.
    First,
    /// In the text.
    Text,
    /// In the arguments of the first call.
    Call,
    /// In the arguments of all calls, each by itself.
    Calls,
    /// In all calls, and in what is said and thought beside them.
    Turn,
}

/// What was asked for.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Asked {
    /// Where the answer should stand.
    pub place: Place,
    /// Whether, if that place stays empty, JSON in another one counts.
    pub elsewhere: bool,
    /// Whether several texts may come, of which one is the answer.
    pub several: bool,
    /// Whether prose may precede the JSON in a text: who reads it looks for JSON behind the prose.
    pub mended: bool,
    /// Whether neighbours that go on with the same are joined while nobody takes them.
    pub joined: bool,
    /// The names of the functions whose calls are never the answer.
    pub foreign: Vec<String>,
}

/// What comes next of the answer. Calls are counted from 0, in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// More characters of the text that is the answer.
    Text,
    /// The name of a call.
    Call(usize),
    /// The id of a call, where all calls count.
    Id(usize),
    /// More characters of the arguments of a call, a JSON text.
    Arguments(usize),
    /// More characters of the input of a custom tool's call, which may be any text.
    Input(usize),
    /// A call is whole.
    End(usize),
    /// More characters that are said to the user.
    Prose,
    /// More characters of the reasoning.
    Reasoning,
    /// What has come so far is no part of the answer: another attempt begins.
    Restart,
}

/// One of the alternatives of a response, as far as it has come.
#[derive(Clone, Debug)]
pub struct Choice {
    asked: Asked,
    texts: Vec<Text>,
    /// The calls, those of earlier attempts before the others: what has not been taken yet may be about them.
    calls: Vec<Call>,
    /// How many calls are those of earlier attempts.
    given_up: usize,
    reasoning: String,
    refusal: String,
    finish_reason: Option<String>,
    answer: Option<Answer>,
    begun: bool,
    ended: bool,
    queue: Queue,
}

/// One of the texts.
#[derive(Clone, Debug, Default)]
struct Text {
    /// The number of the item or block that it stands in.
    item: u32,
    /// Whether the provider says that it stands beside the answer.
    beside: bool,
    content: String,
    /// How much white space it begins with.
    blank: usize,
    opening: Opening,
    /// Whether a bracket has come, which may open a value.
    bracketed: bool,
}

/// One of the calls.
#[derive(Clone, Debug, Default)]
struct Call {
    /// Its number on the wire.
    number: Option<u32>,
    id: String,
    name: String,
    arguments: String,
    /// Whether its arguments may be any text.
    is_custom: bool,
}

/// Where the answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// In a text.
    Text(usize),
    /// In all of them, for none was more likely than the others.
    Texts,
    Call(usize),
    Reasoning,
}

impl Choice {
    /// A choice of which nothing has come.
    #[must_use]
    pub fn new(asked: Asked) -> Self {
        Self {
            queue: Queue { joined: asked.joined, ..Queue::default() },
            asked,
            texts: Vec::new(),
            calls: Vec::new(),
            given_up: 0,
            reasoning: String::new(),
            refusal: String::new(),
            finish_reason: None,
            answer: None,
            begun: false,
            ended: false,
        }
    }

    /// Takes in the next delta of this alternative.
    pub fn take(&mut self, delta: Delta<'_>) {
        self.begun = true;
        match delta.kind {
            DeltaKind::Restart => self.restart(),
            DeltaKind::Reasoning => self.take_reasoning(delta.text),
            DeltaKind::Text => self.take_text(delta.item, delta.text, false),
            DeltaKind::Prose => self.take_text(delta.item, delta.text, true),
            DeltaKind::Refusal => self.refusal.push_str(delta.text),
            DeltaKind::Call => self.begin_call(delta.call, delta.text),
            DeltaKind::Id => {
                let event = (self.asked.place == Place::Turn).then_some(Event::Id as fn(usize) -> Event);
                self.of_call(delta, |call, id| id.clone_into(&mut call.id), event);
            }
            DeltaKind::Arguments => {
                self.of_call(delta, |call, text| call.arguments.push_str(text), Some(Event::Arguments));
            }
            DeltaKind::Input => {
                let add = |call: &mut Call, text: &str| {
                    call.is_custom = true;
                    call.arguments.push_str(text);
                };
                self.of_call(delta, add, Some(Event::Input));
            }
            DeltaKind::CallEnd => self.of_call(delta, |_, _| {}, Some(Event::End)),
            DeltaKind::Finish => self.finish_reason = Some(delta.text.to_owned()),
            DeltaKind::Usage | DeltaKind::Error | DeltaKind::Done => {}
        }
    }

    /// The response has ended: what has come is all.
    pub fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true)
            && self.answer.is_none()
            && self.refusal.is_empty()
            && let Some(place) = self.next_place()
        {
            self.choose(place);
        }
    }

    /// The response has ended, and there is no JSON in the prose that may have held the answer: looks for it in the
    /// next place. False if there is none.
    pub fn instead(&mut self) -> bool {
        if !(self.ended && self.asked.mended && self.is_prose()) {
            return false;
        }
        let place = self.next_place();
        match place {
            Some(place) => self.choose(place),
            // Where a call was asked for, prose without JSON is no attempt at an answer.
            None if self.asked.place == Place::Call => {
                self.answer = None;
                self.queue.push(Event::Restart, "");
            }
            None => {}
        }
        place.is_some() || self.answer.is_none()
    }

    /// What comes next of the answer: an event, and its characters.
    pub fn next_event(&mut self) -> Option<(Event, &str)> {
        self.queue.pop()
    }

    /// Whether something has come.
    #[must_use]
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Why the model stopped, in the provider's words.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// In which words the model has refused to answer. Empty if it has not.
    #[must_use]
    pub fn refusal(&self) -> &str {
        &self.refusal
    }

    /// What the model has thought.
    #[must_use]
    pub fn reasoning(&self) -> &str {
        &self.reasoning
    }

    /// What stands beside the answer in the texts. Different texts are joined by a blank line.
    #[must_use]
    pub fn prose(&self) -> String {
        let answer = match self.answer {
            Some(Answer::Text(index)) => Some(self.texts[index].content.trim_ascii()),
            Some(Answer::Texts) => return join(self.texts.iter().filter(|text| text.beside)),
            _ => None,
        };
        let undecided = self.asked.place == Place::First && self.answer.is_none();
        join(self.texts.iter().filter(|text| {
            Some(text.content.trim_ascii()) != answer
                && (text.beside || !undecided || text.opening == Opening::Prose)
        }))
    }

    /// The calls so far: the name and the arguments of each, as they have come.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.calls[self.given_up..].iter().map(|call| (call.name.as_str(), call.arguments.as_str()))
    }

    /// The id of a call. Empty if it has none.
    #[must_use]
    pub fn id(&self, call: usize) -> &str {
        self.calls.get(call).map_or("", |call| &call.id)
    }

    /// The arguments of a call, as they have come.
    #[must_use]
    pub fn arguments(&self, call: usize) -> &str {
        self.calls.get(call).map_or("", |call| &call.arguments)
    }

    /// The text of the place in which the answer stands, as far as it has come. None if there is no such place.
    #[must_use]
    pub fn answer(&self) -> Option<String> {
        match self.answer? {
            Answer::Text(index) => Some(self.texts[index].content.clone()),
            Answer::Texts => Some(self.candidates()),
            Answer::Call(index) => Some(self.calls[index].arguments.clone()),
            Answer::Reasoning => Some(self.reasoning.clone()),
        }
    }

    fn restart(&mut self) {
        self.texts.clear();
        self.given_up = self.calls.len();
        self.answer = None;
        self.queue.push(Event::Restart, "");
    }

    fn take_reasoning(&mut self, delta: &str) {
        self.reasoning.push_str(delta);
        if self.asked.place == Place::Turn {
            self.queue.push(Event::Reasoning, delta);
        }
    }

    fn take_text(&mut self, item: u32, delta: &str, beside: bool) {
        let known = self.texts.iter().rposition(|text| (text.item, text.beside) == (item, beside));
        let index = known.unwrap_or(self.texts.len());
        if known.is_none() {
            if self.asked.place == Place::Turn && index > 0 {
                self.queue.push(Event::Prose, BETWEEN);
            }
            self.texts.push(Text { item, beside, ..Text::default() });
        }
        self.texts[index].extend(delta);
        if self.asked.place == Place::Turn {
            self.queue.push(Event::Prose, delta);
        }
        match self.answer {
            Some(Answer::Text(answer)) if answer == index => self.queue.push(Event::Text, delta),
            _ if self.text_is_answer(index) => self.choose(Answer::Text(index)),
            _ => {}
        }
    }

    /// Whether a text is the answer, as far as it has come, and not what was taken for it so far.
    fn text_is_answer(&self, index: usize) -> bool {
        let Asked { place, elsewhere, several, mended, .. } = self.asked;
        let text = &self.texts[index];
        let opens = text.opening == Opening::Json;
        let may_hold = mended && text.opening == Opening::Prose && text.bracketed;
        match place {
            _ if text.beside => false,
            Place::First | Place::Text if self.answer.is_some() => opens && self.is_prose(),
            Place::First => opens || may_hold,
            Place::Text if several => opens || may_hold,
            Place::Text => !(elsewhere && text.is_blank()),
            Place::Call | Place::Calls | Place::Turn => false,
        }
    }

    /// Whether the answer, as far as somebody has looked for it, is prose that may hold JSON.
    fn is_prose(&self) -> bool {
        match self.answer {
            Some(Answer::Text(index)) => self.texts[index].opening == Opening::Prose,
            Some(Answer::Texts) => true,
            _ => false,
        }
    }

    /// Looks for the answer here from now on.
    fn choose(&mut self, answer: Answer) {
        if self.answer.replace(answer).is_some() {
            self.queue.push(Event::Restart, "");
        }
        match answer {
            Answer::Text(index) => self.queue.push(Event::Text, &self.texts[index].content),
            Answer::Texts => self.queue.push(Event::Text, &self.candidates()),
            Answer::Reasoning => self.queue.push(Event::Text, &self.reasoning),
            Answer::Call(index) if self.ended => {
                let call = &self.calls[index];
                let event = if call.is_custom { Event::Input } else { Event::Arguments };
                self.queue.push(event(index), &call.arguments);
                self.queue.push(Event::End(index), "");
            }
            Answer::Call(_) => {}
        }
    }

    fn begin_call(&mut self, number: Option<u32>, name: &str) {
        let index = self.calls.len();
        self.calls.push(Call { number, name: name.to_owned(), ..Call::default() });
        if matches!(self.asked.place, Place::Calls | Place::Turn) {
            self.queue.push(Event::Call(index), name);
        } else if self.may_be_answer(index) && self.gives_way() {
            self.choose(Answer::Call(index));
        }
    }

    /// Whether a call may be the answer.
    fn may_be_answer(&self, call: usize) -> bool {
        let Asked { place, elsewhere, ref foreign, .. } = self.asked;
        let counts = match place {
            Place::First | Place::Call => true,
            Place::Text => elsewhere,
            Place::Calls | Place::Turn => false,
        };
        counts && !foreign.contains(&self.calls[call].name)
    }

    /// Whether a call that begins takes the place of what was taken for the answer so far.
    fn gives_way(&self) -> bool {
        match self.answer {
            None => true,
            // Where text was asked for, prose is given up for a call as long as nothing in it can be JSON.
            Some(Answer::Text(index)) if self.asked.mended && self.is_prose() => {
                self.asked.place == Place::First || !self.texts[index].bracketed
            }
            Some(_) => false,
        }
    }

    /// Does this with the call that a delta belongs to, and hands it out as an event if the call is the answer.
    fn of_call(
        &mut self,
        delta: Delta<'_>,
        add: impl FnOnce(&mut Call, &str),
        event: Option<fn(usize) -> Event>,
    ) {
        let of_attempt = &self.calls[self.given_up..];
        let Some(index) = of_attempt.iter().rposition(|call| call.number == delta.call) else { return };
        let index = self.given_up + index;
        add(&mut self.calls[index], delta.text);
        let all = matches!(self.asked.place, Place::Calls | Place::Turn);
        let is_answer = all || self.answer == Some(Answer::Call(index));
        if let Some(event) = event.filter(|_| is_answer) {
            self.queue.push(event(index), delta.text);
        }
    }

    /// Where the answer may stand, at the end, if it does not in the places before.
    fn next_place(&self) -> Option<Answer> {
        let Asked { place, elsewhere, mended, .. } = self.asked;
        let in_text = matches!(place, Place::First | Place::Text);
        let instead_of_call = place == Place::Call && elsewhere;
        let opens = || self.texts.iter().position(Text::is_json).filter(|_| in_text || instead_of_call);
        let others = || {
            let mut texts = self.texts.iter().filter(|text| !text.beside && !text.is_blank());
            let counts = in_text || instead_of_call && mended && texts.clone().any(|text| text.bracketed);
            let is_new = texts.next().is_some() && (self.answer.is_none() || texts.next().is_some());
            (counts && is_new).then_some(Answer::Texts)
        };
        let call =
            || (self.given_up..self.calls.len()).find(|&call| self.may_be_answer(call)).map(Answer::Call);
        let reasoning = || {
            let counts = elsewhere && (self.answer.is_none() || instead_of_call) && place != Place::Calls;
            (counts && Opening::of_whole(&self.reasoning) == Opening::Json).then_some(Answer::Reasoning)
        };
        match self.answer {
            None => opens().map(Answer::Text).or_else(others).or_else(call).or_else(reasoning),
            Some(Answer::Text(_)) => others().or_else(call).or_else(reasoning),
            Some(Answer::Texts) => call().or_else(reasoning),
            Some(Answer::Call(_) | Answer::Reasoning) => None,
        }
    }

    /// The texts that may be the answer.
    fn candidates(&self) -> String {
        join(self.texts.iter().filter(|text| !text.beside))
    }
}

impl Text {
    fn extend(&mut self, delta: &str) {
        let was_blank = self.is_blank();
        self.content.push_str(delta);
        self.bracketed = self.bracketed || memchr2(b'{', b'[', delta.as_bytes()).is_some();
        if was_blank {
            self.blank = self.content.len() - self.content[self.blank..].trim_ascii_start().len();
        }
        if self.opening == Opening::Unknown {
            self.opening = Opening::of(&self.content[self.blank..]);
        }
    }

    fn is_blank(&self) -> bool {
        self.blank == self.content.len()
    }

    /// Whether it is JSON or opens with it, now that it is whole.
    fn is_json(&self) -> bool {
        !self.beside
            && (self.opening == Opening::Json
                || Opening::of_whole(&self.content[self.blank..]) == Opening::Json)
    }
}

/// What stands between two texts that are shown as one.
const BETWEEN: &str = "\n\n";

fn join<'t>(texts: impl Iterator<Item = &'t Text>) -> String {
    texts.map(|text| text.content.as_str()).collect::<Vec<_>>().join(BETWEEN)
}

/// Events with their characters, first in, first out.
#[derive(Clone, Debug, Default)]
struct Queue {
    joined: bool,
    events: VecDeque<(Event, usize)>,
    /// The characters of all of them.
    text: String,
    /// How many bytes of the characters have been taken.
    taken: usize,
}

impl Queue {
    fn push(&mut self, event: Event, text: &str) {
        if self.events.is_empty() {
            self.text.clear();
            self.taken = 0;
        }
        self.text.push_str(text);
        let end = self.text.len();
        match self.events.back_mut() {
            Some((last, last_end)) if self.joined && *last == event => *last_end = end,
            _ => self.events.push_back((event, end)),
        }
    }

    fn pop(&mut self) -> Option<(Event, &str)> {
        let (event, end) = self.events.pop_front()?;
        let start = std::mem::replace(&mut self.taken, end);
        Some((event, &self.text[start..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer looked for in this place comes to, and what stands beside it.
    fn read(place: Place, elsewhere: bool, deltas: &[(DeltaKind, u32, &str)]) -> (String, String) {
        let (choice, answer) = read_as(false, place, elsewhere, deltas);
        (answer, choice.prose())
    }

    /// The choice, and what it has handed out since the last beginning.
    fn read_as(
        mended: bool,
        place: Place,
        elsewhere: bool,
        deltas: &[(DeltaKind, u32, &str)],
    ) -> (Choice, String) {
        let several = deltas.iter().any(|(_, item, _)| *item > 0);
        let foreign = vec!["search".to_owned()];
        let mut choice = Choice::new(Asked { place, elsewhere, several, mended, joined: false, foreign });
        for &(kind, item, text) in deltas {
            choice.take(Delta { kind, choice: 0, call: Some(item), item, text });
        }
        choice.end();
        let answer = handed_out(&mut choice, String::new());
        (choice, answer)
    }

    fn handed_out(choice: &mut Choice, mut answer: String) -> String {
        while let Some((event, text)) = choice.next_event() {
            if event == Event::Restart {
                answer.clear();
            }
            answer.push_str(text);
        }
        answer
    }

    const CALL: (DeltaKind, u32, &str) = (DeltaKind::Call, 0, "f");
    const ARGUMENTS: (DeltaKind, u32, &str) = (DeltaKind::Arguments, 0, "{\"a\":1}");
    const PROSE: (DeltaKind, u32, &str) = (DeltaKind::Text, 0, "Let me.");
    const JSON: (DeltaKind, u32, &str) = (DeltaKind::Text, 0, "{}");
    const FOREIGN: (DeltaKind, u32, &str) = (DeltaKind::Call, 0, "search");
    const THOUGHT: (DeltaKind, u32, &str) = (DeltaKind::Reasoning, 0, "[1]");

    #[test]
    fn where_the_answer_stands() {
        use DeltaKind::{Prose, Text};
        use Place::{Call, First};
        for (place, elsewhere, deltas, answer, prose) in [
            (First, false, &[PROSE, CALL, ARGUMENTS][..], "{\"a\":1}", "Let me."),
            (First, false, &[JSON, CALL, ARGUMENTS], "{}", ""),
            (First, false, &[CALL, ARGUMENTS, JSON], "{\"a\":1}", "{}"),
            (First, false, &[PROSE], "Let me.", ""),
            (First, false, &[(Text, 0, "tr"), (Text, 0, "ue")], "true", ""),
            (First, false, &[FOREIGN, ARGUMENTS, JSON], "{}", ""),
            (First, false, &[(Text, 0, "A."), (Text, 1, "{}"), (Text, 2, "{}")], "{}", "A."),
            (First, false, &[(Text, 0, "A."), (Text, 1, "B.")], "A.\n\nB.", ""),
            (Place::Text, false, &[CALL, ARGUMENTS, PROSE], "Let me.", ""),
            (Place::Text, false, &[(Prose, 0, "[0]"), (Text, 1, "[1]")], "[1]", "[0]"),
            (Place::Text, false, &[CALL, ARGUMENTS], "", ""),
            (Place::Text, true, &[CALL, ARGUMENTS], "{\"a\":1}", ""),
            (Place::Text, true, &[(Text, 0, "\n"), CALL, ARGUMENTS], "{\"a\":1}", "\n"),
            (Place::Text, true, &[FOREIGN, ARGUMENTS], "", ""),
            (Place::Text, true, &[THOUGHT], "[1]", ""),
            (Place::Text, false, &[THOUGHT], "", ""),
            (Call, false, &[JSON, PROSE], "", "{}Let me."),
            (Call, true, &[JSON], "{}", ""),
            (Call, true, &[PROSE], "", "Let me."),
            (Call, true, &[JSON, CALL, ARGUMENTS], "{\"a\":1}", "{}"),
            (Call, true, &[THOUGHT], "[1]", ""),
        ] {
            let (answer, prose) = (answer.to_owned(), prose.to_owned());
            assert_eq!(read(place, elsewhere, deltas), (answer, prose), "{place:?} {deltas:?}");
        }
    }

    #[test]
    fn prose_that_may_hold_json_gives_way() {
        use DeltaKind::Text;
        use Place::{Call, First};
        const HOLDS: (DeltaKind, u32, &str) = (Text, 0, "So: {x}.");
        const PROSE_1: (DeltaKind, u32, &str) = (Text, 1, "B.");
        const JSON_1: (DeltaKind, u32, &str) = (Text, 1, "[1]");
        for (place, elsewhere, deltas, answer, next) in [
            (First, false, &[PROSE, CALL, ARGUMENTS][..], "{\"a\":1}", None),
            (First, false, &[HOLDS, CALL, ARGUMENTS], "{\"a\":1}", None),
            (First, false, &[HOLDS, FOREIGN, ARGUMENTS], "So: {x}.", None),
            (First, false, &[HOLDS, JSON_1], "[1]", None),
            (First, false, &[HOLDS, PROSE_1], "So: {x}.", Some("So: {x}.\n\nB.")),
            (Place::Text, true, &[PROSE, CALL, ARGUMENTS], "{\"a\":1}", None),
            (Place::Text, true, &[HOLDS, CALL, ARGUMENTS], "So: {x}.", Some("{\"a\":1}")),
            (Place::Text, true, &[JSON, CALL, ARGUMENTS], "{}", None),
            (Place::Text, true, &[HOLDS, THOUGHT], "So: {x}.", None),
            (Place::Text, false, &[HOLDS, CALL, ARGUMENTS], "So: {x}.", None),
            (Place::Text, false, &[PROSE, JSON_1], "[1]", None),
            (Call, true, &[HOLDS], "So: {x}.", Some("")),
            (Call, true, &[PROSE], "", None),
            (Call, true, &[HOLDS, THOUGHT], "So: {x}.", Some("[1]")),
        ] {
            let (mut choice, came) = read_as(true, place, elsewhere, deltas);
            assert_eq!(came, answer, "{place:?} {deltas:?}");
            let moved = choice.instead();
            assert_eq!(moved.then(|| handed_out(&mut choice, came)).as_deref(), next, "{place:?} {deltas:?}");
        }
    }
}
