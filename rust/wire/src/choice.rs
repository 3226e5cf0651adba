//! The choice of the answer among the places of a response: its texts, its calls, its reasoning.
//!
//! A [`Choice`] is one of the alternatives that a response gives (`n=2` asks for two). It takes the deltas of that
//! alternative, and hands out what the answer has grown by, as events. Which place the answer stands in is decided at a
//! byte: by what opens first, or by what was asked for.

mod arguments;
mod opening;

use std::collections::VecDeque;

use crate::{Delta, Kind};
use arguments::Arguments;
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
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where the answer should stand.
    pub place: Place,
    /// Whether, if that place stays empty, JSON in another one counts.
    pub elsewhere: bool,
    /// Whether what stands beside the calls is handed out, too.
    pub beside: bool,
    /// Whether neighbours that go on with the same are joined while nobody takes them.
    pub joined: bool,
    /// The names of the functions that were offered.
    pub functions: Vec<String>,
    /// Those among them whose calls are never the answer.
    pub foreign: Vec<String>,
}

/// What comes next of the answer. Calls are counted from 0, in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// More characters of the text that is the answer.
    Text,
    /// The name of a call, whole.
    Call(usize),
    /// More characters of the arguments of a call.
    Arguments(usize),
    /// The arguments of a call have ended.
    End(usize),
    /// More characters that are said to the user.
    Prose,
    /// More characters of the reasoning.
    Reasoning,
}

/// One of the alternatives of a response, as far as it has come.
#[derive(Clone, Debug)]
pub struct Choice {
    asked: Asked,
    texts: Vec<Text>,
    calls: Vec<Call>,
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
    content: String,
    /// How much white space it begins with.
    blank: usize,
    opening: Opening,
}

/// One of the calls.
#[derive(Clone, Debug, Default)]
struct Call {
    /// Its number on the wire.
    number: Option<u32>,
    id: String,
    name: Name,
    /// The name of a call that may follow under the same number.
    next: String,
    arguments: Arguments,
    /// How many bytes of its arguments are in the queue, or were.
    queued: usize,
    named: bool,
    ended: bool,
}

/// The name of a function, which may come in pieces.
#[derive(Clone, Debug, Default)]
struct Name {
    joined: String,
    last: String,
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
            Kind::Text => self.take_text(delta.text),
            Kind::Call => self.take_name(delta.call, delta.text),
            Kind::Id => self.take_id(delta.call, delta.text),
            Kind::Arguments => self.take_arguments(delta.call, delta.text),
            Kind::Refusal => self.refusal.push_str(delta.text),
            Kind::Reasoning => self.take_reasoning(delta.text),
            Kind::Finish => {
                self.finish_reason = Some(delta.text.to_owned());
                self.end_calls();
            }
            Kind::Usage | Kind::Error | Kind::Done => {}
        }
    }

    /// The response has ended: what has come is all.
    pub fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.end_calls();
            if self.answer.is_none() && self.refusal.is_empty() {
                self.fall_back();
            }
        }
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
            Some(Answer::Texts) => return String::new(),
            _ => None,
        };
        let undecided = self.asked.place == Place::First && self.answer.is_none();
        let prose = self.texts.iter().filter(|text| {
            Some(text.content.trim_ascii()) != answer && !(undecided && text.opening != Opening::Prose)
        });
        prose.map(|text| text.content.as_str()).collect::<Vec<_>>().join("\n\n")
    }

    /// The calls so far: the name and the arguments of each, as they have come.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.calls.iter().map(|call| (call.name.joined.as_str(), call.arguments.text()))
    }

    /// The id of a call. Empty if it has none.
    #[must_use]
    pub fn id(&self, call: usize) -> &str {
        &self.calls[call].id
    }

    /// The text of the place in which the answer stands, as far as it has come. None if there is no such place.
    #[must_use]
    pub fn answer(&self) -> Option<String> {
        match self.answer? {
            Answer::Text(index) => Some(self.texts[index].content.clone()),
            Answer::Texts => Some(self.joined_texts()),
            Answer::Call(index) => Some(self.calls[index].arguments.text().to_owned()),
            Answer::Reasoning => Some(self.reasoning.clone()),
        }
    }

    /// Whether the deltas of a call look as if each repeated all that came before it.
    #[must_use]
    pub fn cumulative(&self) -> bool {
        self.calls.iter().any(|call| call.arguments.cumulative())
    }

    fn take_text(&mut self, delta: &str) {
        if self.texts.is_empty() {
            self.texts.push(Text::default());
        }
        let index = self.texts.len() - 1;
        self.texts[index].extend(delta);
        if self.asked.beside {
            self.queue.push(Event::Prose, delta);
        }
        match self.answer {
            Some(Answer::Text(answer)) if answer == index => self.queue.push(Event::Text, delta),
            None if self.text_is_answer(index) => self.choose_text(index),
            _ => {}
        }
    }

    /// Whether a text is the answer, as far as it has come.
    fn text_is_answer(&self, index: usize) -> bool {
        let text = &self.texts[index];
        match self.asked.place {
            Place::First => text.opening == Opening::Json,
            Place::Text => !(self.asked.elsewhere && text.is_blank()),
            Place::Call | Place::Calls => false,
        }
    }

    fn choose_text(&mut self, index: usize) {
        self.answer = Some(Answer::Text(index));
        self.queue.push(Event::Text, &self.texts[index].content);
    }

    fn take_reasoning(&mut self, delta: &str) {
        self.reasoning.push_str(delta);
        if self.asked.beside {
            self.queue.push(Event::Reasoning, delta);
        }
    }

    /// The call that has this number on the wire, begun where there is none.
    fn call(&mut self, number: Option<u32>) -> usize {
        let known = self.calls.iter().rposition(|call| call.number == number);
        known.unwrap_or_else(|| {
            self.calls.push(Call { number, ..Call::default() });
            self.calls.len() - 1
        })
    }

    fn take_name(&mut self, number: Option<u32>, piece: &str) {
        let index = self.call(number);
        let call = &mut self.calls[index];
        if call.arguments.closed() {
            // Another call, which some servers give the same number, or the same once more.
            piece.clone_into(&mut call.next);
        } else if !call.named {
            call.name.extend(piece);
        }
    }

    fn take_id(&mut self, number: Option<u32>, id: &str) {
        let index = self.call(number);
        let call = &mut self.calls[index];
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        } else if call.id == id {
            call.next.clear();
        }
    }

    fn take_arguments(&mut self, number: Option<u32>, delta: &str) {
        let mut index = self.call(number);
        if !self.calls[index].next.is_empty() {
            index = self.begin_next(index);
        }
        self.calls[index].arguments.push(delta);
        self.grow(index);
    }

    /// Begins the call that follows under the same number.
    fn begin_next(&mut self, index: usize) -> usize {
        let name = std::mem::take(&mut self.calls[index].next);
        let number = self.calls[index].number;
        self.end_call(index);
        let mut call = Call { number, ..Call::default() };
        call.name.extend(&name);
        self.calls.push(call);
        self.calls.len() - 1
    }

    /// Puts into the queue what is new of a call.
    fn grow(&mut self, index: usize) {
        let call = &mut self.calls[index];
        if !(call.arguments.begun() || call.ended) {
            return;
        }
        match self.asked.place {
            Place::Calls => {
                if !call.named {
                    if call.name.joined.is_empty() && !call.ended {
                        return;
                    }
                    call.named = true;
                    self.queue.push(Event::Call(index), &call.name.resolve(&self.asked.functions));
                }
            }
            Place::First | Place::Call | Place::Text => {
                let allowed = self.asked.place != Place::Text || self.asked.elsewhere;
                let foreign = || self.asked.foreign.contains(&call.name.resolve(&self.asked.functions));
                if self.answer.is_none() && allowed && !foreign() {
                    self.answer = Some(Answer::Call(index));
                }
                if self.answer != Some(Answer::Call(index)) {
                    return;
                }
            }
        }
        let call = &mut self.calls[index];
        let new = &call.arguments.text()[call.queued..];
        if !new.is_empty() {
            self.queue.push(Event::Arguments(index), new);
        }
        call.queued = call.arguments.text().len();
    }

    fn end_calls(&mut self) {
        for index in 0..self.calls.len() {
            let call = &mut self.calls[index];
            if call.next == call.name.joined {
                call.next.clear();
            }
            let index = if call.next.is_empty() { index } else { self.begin_next(index) };
            self.end_call(index);
        }
    }

    fn end_call(&mut self, index: usize) {
        let call = &mut self.calls[index];
        if !call.ended {
            call.ended = true;
            call.arguments.end();
            self.grow(index);
            if self.asked.place == Place::Calls {
                self.queue.push(Event::End(index), "");
            }
        }
    }

    fn joined_texts(&self) -> String {
        self.texts.iter().map(|text| text.content.as_str()).collect::<Vec<_>>().join("\n\n")
    }

    /// Chooses, at the end, among what has come in other places than the one that was asked for.
    fn fall_back(&mut self) {
        let asked = self.asked.place;
        let elsewhere = asked == Place::Call && self.asked.elsewhere;
        let prose = self.texts.iter().any(|text| !text.is_blank());
        if let Some(index) = self.texts.iter().position(Text::is_json)
            && (elsewhere || matches!(asked, Place::First | Place::Text))
        {
            self.choose_text(index);
        } else if prose && matches!(asked, Place::First | Place::Text) {
            self.queue.push(Event::Text, &self.joined_texts());
            self.answer = Some(Answer::Texts);
        } else if self.asked.elsewhere && Opening::of_whole(&self.reasoning) == Opening::Json {
            self.queue.push(Event::Text, &self.reasoning);
            self.answer = Some(Answer::Reasoning);
        }
    }
}

impl Text {
    fn extend(&mut self, delta: &str) {
        self.content.push_str(delta);
        if self.is_blank() {
            self.blank = self.content.len() - self.content[self.blank..].trim_ascii_start().len();
        }
        if self.opening == Opening::Unknown {
            self.opening = Opening::of(&self.content[self.blank..]);
        }
    }

    fn is_blank(&self) -> bool {
        self.blank == self.content.len()
    }

    /// Whether it opens with JSON, now that it is whole.
    fn is_json(&self) -> bool {
        self.opening == Opening::Json || Opening::of_whole(&self.content[self.blank..]) == Opening::Json
    }
}

impl Name {
    /// Takes in a piece. Some servers repeat the whole name.
    fn extend(&mut self, piece: &str) {
        if piece != self.joined {
            self.joined.push_str(piece);
        }
        piece.clone_into(&mut self.last);
    }

    /// The name of the function that is meant, one of those that were offered if it can be.
    fn resolve(&self, functions: &[String]) -> String {
        let joined = plain(&self.joined);
        let known =
            [joined, plain(&self.last)].into_iter().find(|name| functions.iter().any(|known| known == name));
        known.unwrap_or(joined).to_owned()
    }
}

/// A name without the marks of the model's own format that some servers leave at it.
fn plain(name: &str) -> &str {
    let name = name.split_once("<|").map_or(name, |(name, _)| name).trim_ascii();
    name.strip_prefix("functions.").unwrap_or(name)
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
