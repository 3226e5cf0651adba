//! Events that are like the one before, but for the characters of the one delta that they hold.
//!
//! A response consists of little else. Where the bytes before and behind those characters are the same, so is what
//! they mean: only the characters are read.

use std::ops::Range;

use crate::log::Edit;
use crate::shape::{Findings, Shape, Tag};
use crate::{Kind, Said, bytes};
use instar_json::Span;
use instar_json::plain_run;

/// What is read of an event of a run: the string alone.
pub(crate) static CHARACTERS: Shape = Shape::Text(Tag::Delta);

/// The run at hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// Its first event.
    first: Vec<u8>,
    /// What may be different in the others, in the order of the event.
    gaps: Vec<Gap>,
    /// What it says; nothing if no run has begun.
    said: Option<Said>,
}

/// A string or number that may be another one in the next event.
#[derive(Clone, Copy, Debug)]
struct Gap {
    tag: Tag,
    raw: Span,
}

impl Run {
    /// Begins with an event that says this, if others like it may follow.
    pub(crate) fn start(&mut self, data: &[u8], event: Findings<'_>, said: &[Said]) {
        self.first.clear();
        self.gaps.clear();
        self.said = if event.grows { None } else { growing(said) };
        let Some(Said { raw: Some(raw), .. }) = self.said else { return };
        self.first.extend_from_slice(data);
        self.gaps.extend(event.found.iter().filter_map(|found| match found.tag {
            _ if found.raw == Some(raw) => Some(Gap { tag: Tag::Delta, raw }),
            tag @ (Tag::Counter | Tag::Padding) => Some(Gap { tag, raw: found.raw? }),
            _ => None,
        }));
    }

    /// If an event is the next one of the run: what it says, and where its characters lie.
    pub(crate) fn next(&self, data: &[u8]) -> Option<(Said, Span)> {
        let said = self.said?;
        let (mut read, mut at, mut characters) = (0, 0, None);
        for gap in &self.gaps {
            let same = &self.first[read..gap.raw.start as usize];
            if !data[at..].starts_with(same) {
                return None;
            }
            at += same.len();
            let end = gap.end(data, at)?;
            if gap.tag == Tag::Delta {
                characters = Some(Span::raw(at, end));
            }
            (read, at) = (gap.raw.end as usize, end);
        }
        (data[at..] == self.first[read..]).then_some((said, characters?))
    }

    /// Where in the first event the characters of the others go.
    pub(crate) fn growth(&self) -> Option<usize> {
        Some(self.said?.raw?.end as usize)
    }
}

impl Gap {
    /// Where in another event what fills the gap from `start` ends, if it is of the same kind.
    fn end(self, data: &[u8], start: usize) -> Option<usize> {
        if self.tag == Tag::Counter {
            let length = data[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            // What is no number, or might be too long for one, is for the grammar to judge.
            let is_number = length == 1 || (2..=20).contains(&length) && data[start] != b'0';
            return is_number.then_some(start + length);
        }
        let mut at = start;
        loop {
            let run = plain_run(data, at);
            match data.get(run.end)? {
                b'"' if self.tag == Tag::Delta || run.ascii => return Some(run.end),
                b'\\' if self.tag == Tag::Delta => at = run.end + 2,
                _ => return None,
            }
        }
    }
}

/// What rids an event of its padding.
pub(crate) fn padless(data: &[u8], event: Findings<'_>) -> impl Iterator<Item = Edit> {
    let paddings = event.found.iter().filter(|found| found.tag == Tag::Padding);
    paddings.filter_map(|found| found.raw).map(|raw| Edit { at: member(data, raw), text: String::new() })
}

/// The one thing said that grows from event to event, if nothing else is said.
fn growing(said: &[Said]) -> Option<Said> {
    let mut speaking = said.iter().filter(|said| !said.text.is_empty() || said.kind == Kind::Done);
    let one = match (speaking.next(), speaking.next()) {
        (Some(one), None) => one,
        (None, None) => said.iter().find(|said| said.kind.grows())?,
        _ => return None,
    };
    (one.kind.grows() && one.raw.is_some()).then_some(*one)
}

/// The member of an object whose value is the string `raw`, with a comma.
fn member(data: &[u8], raw: Span) -> Range<usize> {
    let Range { start, end } = bytes(raw);
    let opens = |&byte: &u8| byte == b',' || byte == b'{';
    let before = data[..start].iter().rposition(opens).expect("a member is in an object");
    if data[before] == b',' {
        return before..end + 1;
    }
    let rest = data[end + 1..].trim_ascii_start();
    let comma = usize::from(rest.starts_with(b","));
    before + 1..data.len() - rest.len() + comma
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delta, Envelope, Wire};
    use proptest::prelude::*;

    type Told = (Kind, u32, Option<u32>, String);

    fn told(delta: Delta<'_>) -> Told {
        (delta.kind, delta.choice, delta.call, delta.text.to_owned())
    }

    fn body(event: &str) -> String {
        format!("data: {event}\n\n")
    }

    /// The deltas of events, or with where one of them is no JSON; and the events as they are kept.
    fn hear(envelope: Envelope, events: &[String], by_run: bool) -> (Vec<Told>, Option<usize>, Vec<String>) {
        let (mut wire, mut heard) = (Wire::new(envelope), Vec::new());
        let fault = events.iter().find_map(|event| {
            if !by_run {
                wire.run = Run::default();
            }
            let read = wire.feed(body(event).as_bytes(), |delta| heard.push(told(delta)));
            read.err().map(|fault| fault.fault.offset)
        });
        let kept = wire.events().map(|event| String::from_utf8(event).expect("events are UTF-8")).collect();
        (heard, fault, kept)
    }

    /// What is said in all, each kind of it to one piece.
    fn joined(heard: Vec<Told>) -> Vec<Told> {
        let mut all: Vec<Told> = Vec::new();
        for (kind, choice, call, text) in heard {
            let same = |held: &&mut Told| (held.0, held.1, held.2) == (kind, choice, call);
            match all.iter_mut().find(same).filter(|_| kind.grows()) {
                Some(held) => held.3.push_str(&text),
                None => all.push((kind, choice, call, text)),
            }
        }
        all
    }

    fn characters() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "",
            "a",
            "hello",
            "\\\"",
            "\\\\",
            "a\\u00e9\\n",
            "é€😀",
            "\\ud83d\\ude00",
            "a\\uD83D",
            "\\uDE00b",
            "\\ud83d",
            "{\\\"k\\\": [1",
            "0123456789abcdef",
            // Not JSON.
            "\\q",
            "\\",
            "\u{1}",
        ])
    }

    fn chat() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec!["content", "refusal", "reasoning", "function_call", "role"]);
        let layout = 0..9_u8;
        (characters(), key, layout, 0..2_u8, prop::sample::select(vec!["", "x", "padding", "\\n", "\\q"])).prop_map(
            |(text, key, layout, index, padding)| match layout {
                0..=2 => {
                    format!(r#"{{"id":"1","choices":[{{"index":{index},"delta":{{"{key}":"{text}"}}}}],"obfuscation":"{padding}"}}"#)
                }
                3 => format!(r#"{{"obfuscation":"{padding}","choices":[{{"delta":{{"{key}":"{text}"}},"index":{index}}}]}}"#),
                4 => format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"function":{{"arguments":"{text}"}}}}]}}}}]}}"#),
                5 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}","{key}":"{padding}"}},"finish_reason":null}}]}}"#),
                6 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"logprobs":{{"content":[{index}]}}}}]}}"#),
                7 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"{padding}"}}],"usage":null}}"#),
                _ => r#"{"choices":[],"usage":{"total_tokens":3}}"#.to_owned(),
            },
        )
    }

    /// A chunk with tool calls whose indexes, ids and names say more or less of which call is which.
    fn calls() -> impl Strategy<Value = String> {
        let index = prop::sample::select(vec![
            "",
            r#""index":0,"#,
            r#""index":1,"#,
            r#""index":null,"#,
            r#""index":-1,"#,
        ]);
        let id =
            prop::sample::select(vec!["", r#""id":"","#, r#""id":"null","#, r#""id":"a","#, r#""id":"b","#]);
        let name = prop::sample::select(vec!["", r#""name":"f","#]);
        let call = (index, id, name, characters()).prop_map(|(index, id, name, text)| {
            format!(r#"{{{index}{id}"function":{{{name}"arguments":"{text}"}}}}"#)
        });
        let call = prop_oneof![8 => call, 1 => Just("{ }".to_owned()), 1 => Just("null".to_owned())];
        (prop::collection::vec(call, 1..3), 0..2_u8).prop_map(|(calls, choice)| {
            format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{}]}},"index":{choice}}}]}}"#, calls.join(","))
        })
    }

    fn response() -> impl Strategy<Value = String> {
        let kind = prop::sample::select(vec![
            "output_text",
            "refusal",
            "reasoning_text",
            "function_call_arguments",
            "x",
        ]);
        let number = prop::sample::select(vec!["0", "7", "12", "007", "1.5", "123456789012345678901234"]);
        (characters(), kind, number, 0..2_u8).prop_map(|(text, kind, number, index)| {
            format!(
                r#"{{"type":"response.{kind}.delta","sequence_number":{number},"output_index":{index},"delta":"{text}","obfuscation":"{number}"}}"#
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_run_says_what_its_events_say(
            chats in prop::collection::vec(chat(), 0..12),
            calls in prop::collection::vec(calls(), 0..12),
            responses in prop::collection::vec(response(), 0..12),
            again in 1..4_usize,
        ) {
            let all = [(Envelope::Chat, chats), (Envelope::Chat, calls), (Envelope::Responses, responses)];
            for (envelope, events) in all {
                let events: Vec<_> = events.into_iter().flat_map(|event| vec![event; again]).collect();
                let (heard, fault, kept) = hear(envelope, &events, true);
                let (twin, twin_fault, twin_kept) = hear(envelope, &events, false);
                prop_assert_eq!(&heard, &twin);
                prop_assert_eq!(fault, twin_fault);
                prop_assert!(kept.len() <= twin_kept.len());
                // What is kept says the same again.
                let (reheard, refault, rekept) = hear(envelope, &kept, true);
                prop_assert_eq!(joined(reheard), joined(heard));
                prop_assert_eq!(refault, None);
                prop_assert!(rekept.len() <= kept.len());
            }
        }
    }

    fn kept(envelope: Envelope, events: &[&str]) -> Vec<String> {
        let events: Vec<_> = events.iter().map(|&event| event.to_owned()).collect();
        hear(envelope, &events, true).2
    }

    #[test]
    fn a_run_is_kept_as_one_event_without_its_padding() {
        let event = |text: &str, padding: &str| {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}],"obfuscation":"{padding}"}}"#
            )
        };
        let (first, second) = (event("a\\n", "xyz"), event("\\ud83d\\ude00", "u"));
        let last = r#"{"choices":[],"obfuscation":"zz"}"#;
        assert_eq!(
            kept(Envelope::Chat, &[&first, &second, &event("", ""), last]),
            [r#"{"choices":[{"index":0,"delta":{"content":"a\n\ud83d\ude00"}}]}"#, r#"{"choices":[]}"#]
        );
        let mistral =
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"p":"abcdef"}"#;
        assert_eq!(
            kept(Envelope::Chat, &[mistral, &mistral.replace("def", "")]),
            [r#"{"choices":[{"index":0,"delta":{"content":"aa"},"finish_reason":null}]}"#]
        );
        let padded_first = r#"{ "obfuscation": "x" , "choices":[{"delta":{"content":"a"}}]}"#;
        assert_eq!(
            kept(Envelope::Chat, &[padded_first, &padded_first.replace('x', "long")]),
            [r#"{ "choices":[{"delta":{"content":"aa"}}]}"#]
        );
    }

    #[test]
    fn the_number_of_a_run_is_that_of_its_first_event() {
        let event = |number: u32| {
            format!(
                r#"{{"type":"response.output_text.delta","sequence_number":{number},"delta":"{number}"}}"#
            )
        };
        assert_eq!(
            kept(Envelope::Responses, &[&event(9), &event(10), &event(11)]),
            [r#"{"type":"response.output_text.delta","sequence_number":9,"delta":"91011"}"#]
        );
    }

    #[test]
    fn padding_that_is_no_string_is_refused_in_a_run_too() {
        let mut wire = Wire::new(Envelope::Chat);
        let mut feed = |padding: &[u8]| {
            let event: &[u8] = br#"data: {"choices":[{"delta":{"content":"a"}}],"obfuscation":""#;
            wire.feed(&[event, padding, b"\"}\n\n"].concat(), |_| {})
        };
        assert_eq!(feed(b"x"), Ok(()));
        assert_eq!(feed("é".as_bytes()), Ok(()));
        assert!(feed(b"\xff").is_err());
    }

    #[test]
    fn what_would_lose_something_is_not_joined() {
        for event in [
            r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}]}}]}"#,
            r#"{"choices":[{"delta":{"content":"a","audio":{"data":"AAAA"}}}]}"#,
            r#"{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a","thoughts":"b"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"total_tokens":1}}"#,
            r#"{"choices":[{"delta":{"audio":{"data":"AAAA"}}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"ids":[ 7]}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"},"token_ids":[7]}]}"#,
        ] {
            assert_eq!(kept(Envelope::Chat, &[event, event]), [event, event]);
        }
        let event = r#"{"type":"response.output_text.delta","delta":"a","logprobs":[{"logprob":0}]}"#;
        assert_eq!(kept(Envelope::Responses, &[event, event]), [event, event]);
        for event in [
            r#"{"choices":[{"delta":{"content":"a","role":"assistant"},"logprobs":{"content":[ ]}}],"system":"b"}"#,
            r#"{"choices":[{"delta":{"content":"a","refusal":null},"content_filter_results":{"hate":{"severity":"safe"}}}]}"#,
            r#"{"choices":[{"delta":{"content":"","reasoning":"a"}}],"created":1}"#,
        ] {
            assert_eq!(kept(Envelope::Chat, &[event, event]).len(), 1, "{event}");
        }
    }
}
