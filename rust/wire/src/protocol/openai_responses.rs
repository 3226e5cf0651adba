//! The protocol of `OpenAI`'s responses.
//!
//! A response is a list of items: messages, reasoning, calls. Their texts come in deltas, and are said once more, whole,
//! when they close, when their item does, and when the response does.

use super::interface::{Decode, Output, Protocol};
use super::sign::Sign;
use crate::delta::{DeltaKind, DeltaSpan, Extent};
use crate::extract::{Extract, Fields, Level, Tag};
use crate::framing::Framing;
use instar_json::Span;

pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "openai-responses",
    framing: Framing::Sse,
    several_texts: true,
    signs: &[
        Sign::Value("type", "response."),
        // An answer in one piece.
        Sign::Value("object", "response"),
    ],
    extract: &EXTRACT,
    decoder: || Box::new(Responses::default()),
};

static EXTRACT: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::Type)),
    ("object", Extract::Text(Tag::Type)),
    ("sequence_number", Extract::Number(Tag::Counter)),
    ("stream_id", Extract::Text(Tag::Lane)),
    ("output_index", Extract::Number(Tag::Index(Level::Item))),
    ("content_index", Extract::Number(Tag::Index(Level::Part))),
    ("summary_index", Extract::Number(Tag::Index(Level::Part))),
    ("item_id", Extract::Text(Tag::ItemId)),
    ("delta", Extract::Text(Tag::Characters)),
    ("text", Extract::Text(Tag::All)),
    ("refusal", Extract::Text(Tag::All)),
    ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
    ("arguments", ARGUMENTS),
    ("input", Extract::Text(Tag::Delta(DeltaKind::Input))),
    ("part", PART),
    ("item", ITEM),
    ("response", RESPONSE),
    ("status", Extract::Text(Tag::Status)),
    ("output", OUTPUT),
    ("usage", USAGE),
    ("incomplete_details", DETAILS),
    ("error", ERROR),
    ("obfuscation", Extract::Text(Tag::Padding)),
]);

const USAGE: Extract = Extract::Json(Tag::Delta(DeltaKind::Usage));
const ERROR: Extract = Extract::Json(Tag::Delta(DeltaKind::Error));
const DETAILS: Extract = Extract::Object(&[("reason", Extract::Text(Tag::Reason))]);
const OUTPUT: Extract = Extract::Each(Level::Item, &ITEM);

const RESPONSE: Extract = Extract::Object(&[
    ("status", Extract::Text(Tag::Status)),
    ("output", OUTPUT),
    ("usage", USAGE),
    ("incomplete_details", DETAILS),
    ("error", ERROR),
]);

const ARGUMENTS: Extract = Extract::Any(&[
    Extract::Text(Tag::Delta(DeltaKind::Arguments)),
    Extract::Json(Tag::Delta(DeltaKind::Arguments)),
]);

const PART: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::PartType)),
    ("text", Extract::Text(Tag::All)),
    ("refusal", Extract::Text(Tag::All)),
]);

const ITEM: Extract = Extract::Object(&[
    ("type", Extract::Text(Tag::ItemType)),
    ("id", Extract::Text(Tag::ItemId)),
    ("status", Extract::Text(Tag::ItemStatus)),
    ("phase", Extract::Text(Tag::Phase)),
    ("call_id", Extract::Text(Tag::Delta(DeltaKind::Id))),
    ("name", Extract::Text(Tag::Delta(DeltaKind::Call))),
    ("arguments", ARGUMENTS),
    ("input", Extract::Text(Tag::Delta(DeltaKind::Input))),
    ("content", Extract::Each(Level::Part, &PART)),
    ("summary", Extract::Each(Level::Part, &Extract::Object(&[("text", Extract::Text(Tag::Summary))]))),
]);

/// What has to be remembered between events.
#[derive(Debug, Default)]
struct Responses {
    items: Vec<Item>,
    /// The texts, in the order in which they began: the place of the item, whether they are of a summary, the part.
    texts: Vec<(usize, bool, u32)>,
}

/// What is known of an item.
#[derive(Debug, Default)]
struct Item {
    /// Its number, where events have one.
    index: Option<u32>,
    /// The ids by which it has been called. Of a call some servers use the call's id.
    ids: Vec<Vec<u8>>,
    /// Whether it stands beside the answer.
    beside: bool,
}

/// Where an event, or an entry of a list of items, says that it belongs.
#[derive(Clone, Copy, Debug)]
struct Label<'e> {
    index: Option<u32>,
    ids: [&'e [u8]; 2],
}

impl Decode for Responses {
    fn decode(&mut self, event: Fields<'_>, output: &mut Output) {
        let deltas = &mut output.deltas;
        let name = event.text(Tag::Type);
        let found = |tag, kind| event.find(tag).map(|field| field.delta(kind));
        let error = || found(Tag::Delta(DeltaKind::Error), DeltaKind::Error);
        let name = name.strip_prefix(b"response.").unwrap_or(name);
        match name {
            b"output_text.delta" | b"refusal.delta" | b"reasoning_text.delta"
            | b"reasoning_summary_text.delta" | b"output_text.done" | b"refusal.done"
            | b"reasoning_text.done" | b"reasoning_summary_text.done" | b"content_part.done" => {
                self.text(name, event, deltas);
            }
            b"function_call_arguments.delta" | b"custom_tool_call_input.delta" => {
                let is_input = name.starts_with(b"custom");
                let kind = if is_input { DeltaKind::Input } else { DeltaKind::Arguments };
                let call = Some(self.call(event));
                deltas.extend(found(Tag::Characters, kind).map(|delta| DeltaSpan { call, ..delta }));
            }
            b"function_call_arguments.done" | b"custom_tool_call_input.done" => {
                let call = Some(self.call(event));
                for kind in [DeltaKind::Call, DeltaKind::Arguments, DeltaKind::Input] {
                    let all = found(Tag::Delta(kind), kind);
                    deltas.extend(all.map(|delta| DeltaSpan { call, extent: Extent::Whole, ..delta }));
                }
            }
            b"output_item.added" => self.begin(event, deltas),
            b"output_item.done" => {
                let at = self.find(label(event, event.number(Tag::Index(Level::Item))), false);
                self.close(at, event, 0, deltas);
            }
            b"completed" | b"incomplete" | b"failed" | b"cancelled" | b"response" => {
                self.end(event, deltas);
            }
            b"error" => deltas.push(error().unwrap_or_else(|| {
                // The event itself is the error.
                DeltaSpan::new(DeltaKind::Error, Span::raw(0, event.source.raw.len()))
            })),
            _ => deltas.extend(error()),
        }
    }
}

impl Responses {
    /// The next characters of a text, or all of it.
    fn text(&mut self, name: &[u8], event: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        let at = self.find(label(event, event.number(Tag::Index(Level::Item))), false);
        let part = event.number(Tag::Index(Level::Part)).unwrap_or(0);
        let kind = match (name, event.text(Tag::PartType)) {
            (name, _) if name.starts_with(b"reasoning") => DeltaKind::Reasoning,
            (name, kind) if name.starts_with(b"refusal") || kind == b"refusal" => DeltaKind::Refusal,
            (_, kind) if kind.starts_with(b"reasoning") || kind.starts_with(b"summary") => DeltaKind::Reasoning,
            _ => self.text_kind(at),
        };
        let is_summary = name.starts_with(b"reasoning_summary") || event.text(Tag::PartType).starts_with(b"summary");
        let item = self.item(at, is_summary, part);
        let field = event.find(if name.ends_with(b".delta") { Tag::Characters } else { Tag::All });
        let extent = if name.ends_with(b".delta") { Extent::Piece } else { all(kind) };
        deltas.extend(field.map(|field| DeltaSpan { item, extent, ..field.delta(kind) }));
    }

    /// An item begins.
    fn begin(&mut self, event: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        let at = self.find(label(event, event.number(Tag::Index(Level::Item))), false);
        self.note_phase(at, event);
        if is_call(event) {
            self.name(at, event, 0, deltas);
        }
        if event.text(Tag::ItemType) == b"custom_tool_call" {
            let input = DeltaSpan::new(DeltaKind::Input, Span::raw(0, 0));
            deltas.push(DeltaSpan { call: Some(self.number(at)), ..input });
        }
    }

    /// The name and the id of a call.
    fn name(&self, at: usize, item: Fields<'_>, place: u32, deltas: &mut Vec<DeltaSpan>) {
        let call = Some(self.number(at));
        for kind in [DeltaKind::Call, DeltaKind::Id] {
            let field = item.find(Tag::Delta(kind));
            let extent = Extent::Whole;
            deltas.extend(field.map(|field| DeltaSpan { call, place, extent, ..field.delta(kind) }));
        }
    }

    /// An item has closed: all that it says.
    fn close(&mut self, at: usize, item: Fields<'_>, place: u32, deltas: &mut Vec<DeltaSpan>) {
        self.note_phase(at, item);
        if is_call(item) {
            self.name(at, item, place, deltas);
            let call = Some(self.number(at));
            for kind in [DeltaKind::Arguments, DeltaKind::Input] {
                let field = item.find(Tag::Delta(kind));
                let extent = Extent::Whole;
                deltas.extend(field.map(|field| DeltaSpan { call, place, extent, ..field.delta(kind) }));
            }
            // One that was cut is not whole.
            if item.text(Tag::ItemStatus) != b"incomplete" {
                let end = DeltaSpan::new(DeltaKind::CallEnd, Span::raw(0, 0));
                deltas.push(DeltaSpan { call, place, ..end });
            }
            return;
        }
        let is_reasoning = item.text(Tag::ItemType) == b"reasoning";
        if !is_reasoning && item.text(Tag::ItemType) != b"message" {
            return;
        }
        for part in item.found.chunk_by(|left, right| left.part == right.part) {
            let fields = item.within(part);
            let is_refusal = fields.text(Tag::PartType) == b"refusal";
            for field in part.iter().filter(|field| matches!(field.tag, Tag::All | Tag::Summary)) {
                let kind = match field.tag {
                    _ if is_reasoning => DeltaKind::Reasoning,
                    _ if is_refusal => DeltaKind::Refusal,
                    _ => self.text_kind(at),
                };
                let item = self.item(at, field.tag == Tag::Summary, field.part.unwrap_or(0));
                deltas.push(DeltaSpan { item, place, extent: all(kind), ..field.delta(kind) });
            }
        }
    }

    /// The response has ended.
    fn end(&mut self, event: Fields<'_>, deltas: &mut Vec<DeltaSpan>) {
        let found = |tag, kind| event.find(tag).map(|field| field.delta(kind));
        for item in event.found.chunk_by(|left, right| left.item == right.item) {
            let Some(place) = item[0].item else { continue };
            let fields = event.within(item);
            let at = self.find(label(fields, Some(place)), true);
            self.close(at, fields, place, deltas);
        }
        // An answer in one piece that is still in the making says nothing.
        if matches!(event.text(Tag::Status), b"queued" | b"in_progress") {
            return;
        }
        let reason = found(Tag::Reason, DeltaKind::Finish);
        deltas.extend(reason.or_else(|| found(Tag::Status, DeltaKind::Finish)));
        for kind in [DeltaKind::Usage, DeltaKind::Error] {
            deltas.extend(found(Tag::Delta(kind), kind));
        }
        deltas.push(DeltaSpan::new(DeltaKind::Done, Span::raw(0, 0)));
    }

    /// The place of an item among those that are known, to which it is added if it is new.
    ///
    /// An index counts more than an id, which some servers make up for every event; in the end, where the index is the
    /// place in a list that not all servers keep to, the id does (`by_id`). What says neither goes on with the last.
    fn find(&mut self, label: Label<'_>, by_id: bool) -> usize {
        let ids = || label.ids.iter().filter(|id| !id.is_empty());
        let has_id = |item: &Item| ids().any(|id| item.ids.iter().any(|held| held == id));
        let has_index = |item: &Item| label.index.is_some() && item.index == label.index;
        let may_have_id = |item: &Item| has_id(item) && (by_id || item.index.is_none() || label.index.is_none());
        let by_index = self.items.iter().rposition(has_index);
        let by_its_id = self.items.iter().rposition(may_have_id);
        let known = if by_id { by_its_id.or(by_index) } else { by_index.or(by_its_id) };
        let says_nothing = label.index.is_none() && ids().next().is_none();
        let last = if says_nothing { self.items.len().checked_sub(1) } else { None };
        let at = known.or(last).unwrap_or_else(|| {
            self.items.push(Item { index: label.index, ..Item::default() });
            self.items.len() - 1
        });
        let item = &mut self.items[at];
        for id in label.ids.iter().filter(|id| !id.is_empty()) {
            if !item.ids.iter().any(|held| held == id) {
                item.ids.push(id.to_vec());
            }
        }
        at
    }

    /// The number of the call that an event is about.
    fn call(&mut self, event: Fields<'_>) -> u32 {
        let at = self.find(label(event, event.number(Tag::Index(Level::Item))), false);
        self.number(at)
    }

    /// The number of an item: its index, or where there is none its place.
    fn number(&self, at: usize) -> u32 {
        self.items[at].index.unwrap_or_else(|| u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The number of a text.
    fn item(&mut self, at: usize, is_summary: bool, part: u32) -> u32 {
        let text = (at, is_summary, part);
        let place = self.texts.iter().rposition(|known| *known == text).unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn note_phase(&mut self, at: usize, item: Fields<'_>) {
        if let Some(phase) = item.find(Tag::Phase) {
            self.items[at].beside = item.source.bytes(phase.text) != b"final_answer";
        }
    }

    fn text_kind(&self, at: usize) -> DeltaKind {
        if self.items[at].beside { DeltaKind::Prose } else { DeltaKind::Text }
    }
}

fn label(fields: Fields<'_>, index: Option<u32>) -> Label<'_> {
    Label { index, ids: [fields.text(Tag::ItemId), fields.text(Tag::Delta(DeltaKind::Id))] }
}

/// Whether an item is a call that the caller has to answer: those of tools that run at the server's are not.
fn is_call(item: Fields<'_>) -> bool {
    matches!(item.text(Tag::ItemType), b"function_call" | b"custom_tool_call")
}

/// How a text is said that is said to be all: of the reasoning nothing depends on it.
fn all(kind: DeltaKind) -> Extent {
    if kind == DeltaKind::Reasoning { Extent::Copy } else { Extent::Whole }
}


#[cfg(test)]
mod tests {
    use super::PROTOCOL;
    use crate::testing::{assert_decoded, decoded};

    #[test]
    fn responses_deltas() {
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"type":"response.created","response":{"status":"in_progress","usage":null,"error":null}}"#,
                r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"hm"}"#,
                r#"{"type":"response.output_text.delta","output_index":1,"delta":"a"}"#,
                r#"{"output_index":2,"delta":"no","type":"response.refusal.delta"}"#,
                r#"{"type":"response.unheard_of.delta","delta":"x"}"#,
            ],
            &["reasoning 0 hm", "text 0#1 a", "refusal 0#2 no"],
        );
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","name":"f","call_id":"c","id":"i"}}"#,
                r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"mcp_call","name":"f","call_id":"c"}}"#,
                r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}"#,
                r#"{"type":"response.function_call_arguments.done","output_index":1,"arguments":"{}"}"#,
                r#"{"type":"response.function_call_arguments.done","output_index":3,"arguments":"[]"}"#,
            ],
            &["call 0[1] f", "id 0[1] c", "arguments 0[1] {}", "arguments 0[3] []"],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"type":"response.completed","response":{"usage":{"n":1},"status":"completed"}}"#],
            &["finish 0 completed", r#"usage 0 {"n":1}"#, "done 0 "],
        );
        assert_decoded(PROTOCOL.name,
            &[
                r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"},"status":"incomplete"}}"#,
            ],
            &["finish 0 max_output_tokens", "done 0 "],
        );
        assert_decoded(PROTOCOL.name,
            &[r#"{"type":"response.failed","response":{"error":{"code":"x"},"status":"failed"}}"#],
            &["finish 0 failed", r#"error 0 {"code":"x"}"#, "done 0 "],
        );
        let error = r#"{"type":"error","code":"x","message":"m"}"#;
        assert_decoded(PROTOCOL.name,
            &[error, r#"{"error":{"code":"y"}}"#],
            &[&format!("error 0 {error}"), r#"error 0 {"code":"y"}"#],
        );
    }

    const ADDED: &str = r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"m","type":"message","content":[]}}"#;

    /// A delta, or all, of the text of an item.
    fn text(index: u32, what: &str) -> String {
        format!(r#"{{"type":"response.output_text.{what},"item_id":"m{index}","output_index":{index},"content_index":0}}"#)
    }

    fn delta(index: u32, text: &str) -> String {
        self::text(index, &format!(r#"delta","delta":"{text}""#))
    }

    fn all(index: u32, text: &str) -> String {
        self::text(index, &format!(r#"done","text":"{text}""#))
    }

    /// The end of a response with these items.
    fn completed(items: &str) -> String {
        format!(r#"{{"type":"response.completed","response":{{"status":"completed","output":[{items}]}}}}"#)
    }

    fn message(id: &str, text: &str) -> String {
        format!(r#"{{"id":"{id}","type":"message","content":[{{"type":"output_text","text":"{text}"}}]}}"#)
    }

    const END: [&str; 2] = ["finish 0 completed", "done 0 "];

    #[test]
    fn items_and_parts_are_kept_apart() {
        let phase = |index: u32, phase: &str| {
            format!(r#"{{"type":"response.output_item.added","output_index":{index},"item":{{"id":"m{index}","type":"message","phase":"{phase}","content":[]}}}}"#)
        };
        assert_decoded(
            PROTOCOL.name,
            &[
                &phase(0, "commentary"), &delta(0, "a"), &phase(1, "final_answer"), &delta(1, "b"), &delta(2, "c"),
                &delta(2, "d").replace(r#""content_index":0"#, r#""content_index":1"#), &delta(1, "e"),
            ],
            &["prose 0 a", "text 0#1 b", "text 0#2 c", "text 0#3 d", "text 0#1 e"],
        );
    }

    #[test]
    fn what_is_said_to_be_all_is_evidence() {
        let done = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{}}}"#, message("m0", "abc"));
        let part = r#"{"type":"response.content_part.done","item_id":"m0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"abc"}}"#;
        for evidence in [all(0, "abc"), done, part.to_owned(), completed(&message("m0", "abc"))] {
            let end = if evidence.contains("completed") { &END[..] } else { &[] };
            // Where no delta came it is the text, where they fell short it completes it.
            assert_decoded(PROTOCOL.name, &[&evidence], &[&["text 0 abc"], end].concat());
            assert_decoded(PROTOCOL.name, &[&delta(0, "a"), &evidence], &[&["text 0 a", "text 0 bc"], end].concat());
            assert_decoded(PROTOCOL.name, &[&delta(0, "abc"), &evidence], &[&["text 0 abc"], end].concat());
            let (deltas, fault) = decoded(PROTOCOL.name, &[&delta(0, "abd"), &evidence]);
            assert_eq!(deltas, ["text 0 abd"]);
            assert_eq!(fault, Some(crate::FaultKind::Contradiction("abd".to_owned(), "abc".to_owned())));
        }
        // What turns out to stand beside the answer is no other text.
        let beside = format!(r#"{{"type":"response.output_item.done","output_index":0,"item":{}}}"#, message("m0", "abc"))
            .replace(r#""type":"message""#, r#""type":"message","phase":"commentary""#);
        assert_decoded(PROTOCOL.name, &[ADDED, &delta(0, "a"), &beside], &["text 0 a", "text 0 bc"]);
        let all_of_it = [all(0, "abc"), completed(&message("m0", "abc"))];
        assert_decoded(PROTOCOL.name, &[ADDED, &all_of_it[0], &all_of_it[1]], &[&["text 0 abc"], &END[..]].concat());
    }

    #[test]
    fn evidence_is_told_by_its_item_however_that_is_called() {
        let by_id = |index: u32, text: &str| delta(index, text).replace(&format!(r#""output_index":{index},"#), "");
        let end = completed(&format!(r#"{{"type":"reasoning","id":"r"}},{}"#, message("m1", "ab")));
        assert_decoded(PROTOCOL.name, &[&by_id(1, "a"), &by_id(1, "b"), &end], &[&["text 0 a", "text 0 b"], &END[..]].concat());
        // Another id for every event; another id, and another place, in the end.
        let other = delta(0, "b").replace("m0", "x");
        let end = completed(&format!(r#"{{"type":"reasoning","id":"r"}},{}"#, message("y", "ab")));
        assert_decoded(PROTOCOL.name, &[&delta(0, "a"), &other, &end], &[&["text 0 a", "text 0 b"], &END[..]].concat());
        // Neither an index nor an id.
        let bare = r#"{"type":"response.output_text.delta","delta":"a"}"#;
        assert_decoded(PROTOCOL.name, &[bare, bare], &["text 0 a", "text 0 a"]);
    }

    #[test]
    fn calls_have_their_arguments() {
        let added = r#"{"type":"response.output_item.added","output_index":2,"item":{"id":"i","type":"function_call","name":"f","call_id":"c","arguments":""}}"#;
        let piece = r#"{"type":"response.function_call_arguments.delta","output_index":2,"item_id":"i","delta":"{\"a\":1"}"#;
        let done = r#"{"type":"response.function_call_arguments.done","output_index":2,"item_id":"i","arguments":"{\"a\":1}"}"#;
        let item = r#"{"id":"i","type":"function_call","name":"f","call_id":"c","arguments":"{\"a\": 1}"}"#;
        let closed = format!(r#"{{"type":"response.output_item.done","output_index":2,"item":{item}}}"#);
        let begun = ["call 0[2] f", "id 0[2] c"];
        let pieces = ["arguments 0[2] {\"a\":1", "arguments 0[2] }", "call_end 0[2] "];
        assert_decoded(PROTOCOL.name, &[added, piece, done, &closed], &[begun, [pieces[0], pieces[1]]].concat().into_iter().chain([pieces[2]]).collect::<Vec<_>>());
        let only = ["arguments 0[2] {\"a\": 1}", "call_end 0[2] "];
        assert_decoded(PROTOCOL.name, &[&closed], &[begun, only].concat());
        assert_decoded(PROTOCOL.name, &[added, &closed], &[begun, only].concat());
        // All that is said of one, in one event.
        let named = done.replace(r#""item_id""#, r#""name":"f","item_id""#);
        let all = ["call 0[2] f", "arguments 0[2] {\"a\":1}", "call_end 0[2] "];
        assert_decoded(PROTOCOL.name, &[&named, &completed("")], &[&all[..], &END].concat());
        let (_, fault) = decoded(PROTOCOL.name, &[added, piece, &closed.replace("1}", "2}")]);
        assert!(matches!(fault, Some(crate::FaultKind::Contradiction(..))), "{fault:?}");
        // Without arguments.
        let closed = closed.replace(r#"{\"a\": 1}"#, "");
        assert_decoded(PROTOCOL.name, &[added, &closed], &[begun, ["arguments 0[2] {}", "call_end 0[2] "]].concat());
        // Cut before any argument came.
        let cut = closed.replace(r#""name""#, r#""status":"incomplete","name""#);
        let end = r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#;
        let ends = ["finish 0 max_output_tokens", "done 0 "];
        assert_decoded(PROTOCOL.name, &[added, &cut, end], &[begun, ends].concat());
        // llama.cpp's events have no index, and call an item by the call's id.
        let bare = |event: &str| event.replace(r#""output_index":2,"#, "").replace(r#""item_id":"i""#, r#""item_id":"c""#).replace(r#""id":"i","#, "");
        let end = completed(&bare(item));
        let decoded: Vec<_> = [begun[0], begun[1], pieces[0], pieces[1], "call_end 0[2] "].map(|line| line.replace("[2]", "[0]")).into();
        let decoded: Vec<_> = decoded.iter().map(String::as_str).chain(END).collect();
        assert_decoded(PROTOCOL.name, &[&bare(added), &bare(piece), &bare(done), &end], &decoded);
    }

    #[test]
    fn custom_tools_take_any_text_and_server_tools_are_no_calls() {
        let added = r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"custom_tool_call","name":"f","call_id":"c","input":""}}"#;
        let piece = r#"{"type":"response.custom_tool_call_input.delta","output_index":0,"item_id":"i","delta":"{}"}"#;
        let done = r#"{"type":"response.custom_tool_call_input.done","output_index":0,"item_id":"i","input":"{}{}!"}"#;
        let end = r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"i","type":"custom_tool_call","name":"f","call_id":"c","input":"{}{}!"}}"#;
        assert_decoded(
            PROTOCOL.name,
            &[added, piece, piece, done, end],
            &["call 0[0] f", "id 0[0] c", "input 0[0] {}", "input 0[0] {}", "input 0[0] !", "call_end 0[0] "],
        );
        for kind in ["mcp_call", "code_interpreter_call", "shell_call", "web_search_call"] {
            let (added, end) = (added.replace("custom_tool_call", kind), end.replace("custom_tool_call", kind));
            let code = r#"{"type":"response.code_interpreter_call_code.delta","output_index":0,"delta":"x"}"#;
            let mcp = r#"{"type":"response.mcp_call_arguments.delta","output_index":0,"delta":"{}"}"#;
            assert_decoded(PROTOCOL.name, &[&added, code, mcp, &end], &[]);
        }
    }

    #[test]
    fn an_answer_may_come_in_one_piece() {
        let item = message("m", "ab");
        let whole = format!(r#"{{"id":"r","object":"response","status":"completed","output":[{item}],"usage":{{"n":1}}}}"#);
        assert_decoded(PROTOCOL.name, &[&whole], &["text 0 ab", "finish 0 completed", r#"usage 0 {"n":1}"#, "done 0 "]);
    }

    #[test]
    fn events_that_were_read_are_dropped() {
        let number = |number: &str, text: &str| delta(0, text).replace("\"item_id\"", &format!(r#""sequence_number":{number},"item_id""#));
        let events = [("3", "a"), ("4", "b"), ("5", "c"), ("4", "b"), ("5", "c"), ("6", "d")].map(|(at, text)| number(at, text));
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        assert_decoded(PROTOCOL.name, &events, &["text 0 a", "text 0 b", "text 0 c", "text 0 d"]);
        // Some servers give all of them the same number.
        for same in ["0", "-1"] {
            let events = [number(same, "a"), number(same, "a"), number(same, "b")];
            assert_decoded(PROTOCOL.name, &events.each_ref().map(String::as_str), &["text 0 a", "text 0 a", "text 0 b"]);
        }
    }

    #[test]
    fn one_of_several_responses_is_read() {
        let lane = |lane: &str, text: &str| delta(0, text).replace("\"item_id\"", &format!(r#""stream_id":"{lane}","item_id""#));
        let (mut decoder, mut read) = (crate::Decoder::new(Some(&PROTOCOL), None).in_lane("x"), String::new());
        for event in [lane("x", "a"), lane("y", "b"), lane("x", "c"), delta(0, "d")] {
            decoder.feed_event(event.as_bytes(), |delta| read.push_str(delta.text)).expect("it is JSON");
        }
        assert_eq!(read, "acd");
    }
}
