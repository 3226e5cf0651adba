//! Contract 1: the state after n bytes depends on those n bytes alone, however they were cut.

use std::sync::Arc;

use instar_core::{
    Array, Choice, Closing, Extra, Fault, FaultKind, FieldSet, Float, Int, Judged, Kind, Kinds, Limits, Map,
    Node, Op, Parser, Pattern, Plan, PrefixSet, Record, Slot, Span, Step, Str, Tagged, Verdict, View,
};
use proptest::prelude::*;

/// What can be seen of a parser, spans read out.
#[derive(Debug, PartialEq)]
struct State {
    ops: Vec<String>,
    open_text: Option<String>,
    path: Vec<String>,
    fault: Option<Fault>,
    complete: bool,
    offset: usize,
    text: Vec<u8>,
}

fn read(parser: &Parser, span: Span) -> String {
    String::from_utf8(parser.source().bytes(span).to_vec()).expect("spans of strings are UTF-8")
}

/// Feeds the pieces; the host accepts every value it is asked about but the text `"refused"`.
fn feed<'t>(plan: &Arc<Plan>, pieces: impl IntoIterator<Item = &'t [u8]>) -> State {
    let mut parser = Parser::new(Arc::clone(plan), Limits { depth: 6, bytes: 200 });
    let mut tape = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Ok(step) = parser.advance() {
            match step {
                Step::Drained => break,
                Step::Judge(judgement)
                    if &parser.text()[judgement.start..judgement.end] == b"\"refused\"" =>
                {
                    parser.refuse(judgement.at);
                }
                Step::Judge(_) => parser.accept(false),
                Step::Hook(_) => parser.hooked(),
            }
        }
        parser.take_ops(&mut tape);
    }
    let ops = tape.iter().map(|op| match *op {
        Op::Str(span) | Op::Key(span) | Op::Int(span) | Op::Float(span) => {
            format!("{op:.3?} {}", read(&parser, span))
        }
        other => format!("{other:?}"),
    });
    // Where a span lies is no part of the state: only what it says.
    let ops = ops.map(|op| match op.split_once('(') {
        Some((name, _)) if op.contains("Span") => {
            format!("{name} {}", op.rsplit_once("}) ").map_or("", |(_, text)| text))
        }
        _ => op,
    });
    State {
        ops: ops.collect(),
        open_text: parser.open_text().map(|span| read(&parser, span)),
        path: parser
            .path()
            .map(|slot| match slot {
                Slot::Key(span) => read(&parser, span),
                other => format!("{other:?}"),
            })
            .collect(),
        fault: parser.fault(),
        complete: parser.complete(),
        offset: parser.offset(),
        text: parser.text().to_vec(),
    }
}

fn any_plan() -> Arc<Plan> {
    Arc::new(Plan { nodes: vec![Node::Any], root: 0, any: 0 })
}

/// A record with a field of each native kind, nested in itself.
fn typed_plan() -> Arc<Plan> {
    let only = |kind| Kinds::all(Verdict::Refuse).with(&[kind], Verdict::Native);
    let nodes = vec![
        Node::Any,
        Node::Str(Str {
            kinds: only(Kind::String),
            min: 1,
            max: 4,
            pattern: Pattern::new("^[a-zé😀]*$").map(Box::new),
        }),
        Node::Int(Int { kinds: only(Kind::Number), strict: false, low: 0, high: 99, multiple_of: 1 }),
        Node::Choice(Choice { kinds: only(Kind::String), members: PrefixSet::new(["a", "é", "refused"]) }),
        Node::Array(Array { item: 2, min: 1, max: 3 }),
        Node::Map(Map { value: 1, min: 0, max: 2 }),
        Node::Nullable(8),
        Node::Judged(Judged { kinds: Kinds::all(Verdict::Judge), view: View::Text }),
        Node::Record(Box::new(Record::new(
            vec![1, 2, 3, 4, 5, 6, 7, 9, 10, 0],
            FieldSet::none(10),
            &["s", "i", "c", "l", "m", "r", "j", "f", "u", "t"]
                .into_iter()
                .zip(0..)
                .map(|(key, index)| (key.to_owned(), index))
                .collect::<Vec<_>>(),
            Extra::Forbid,
            Closing::Hook,
        ))),
        Node::Float(Float {
            kinds: only(Kind::Number),
            finite: true,
            bounded: true,
            low: (0.0, false),
            high: (9.5, true),
        }),
        Node::Tagged(Box::new(Tagged {
            keys: vec![Box::from(*b"t")],
            tags: PrefixSet::new(["in", "out"]),
            choices: vec![8, 11],
        })),
        Node::Record(Box::new(Record::new(
            vec![12, 13, 2],
            FieldSet::none(3),
            &["t", "d", "i"]
                .into_iter()
                .zip(0..)
                .map(|(key, index)| (key.to_owned(), index))
                .collect::<Vec<_>>(),
            Extra::Ignore,
            Closing::Judge,
        ))),
        Node::Deferred(View::Text),
        Node::Deferred(View::Hidden),
    ];
    Arc::new(Plan { nodes, root: 8, any: 0 })
}

/// Texts that are JSON, nearly JSON, or neither.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        20 => prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", " ", "\"", "\"s\":\"", "\"i\":", "\"c\":\"", "\"l\":[", "\"m\":{\"k\":\"", "\"r\":{",
            "\"j\":\"refused\"", "\"f\":", "true", "false", "null", "NaN", "-Infinity", "-", "12", "0", "1.5", "1e3", "1e400",
            "\\n", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "é", "😀", "a", "refused", "\u{1}",
        ])
        .prop_map(|fragment| fragment.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    prop::collection::vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

/// Well-formed texts of the typed plan.
fn typed_text() -> impl Strategy<Value = Vec<u8>> {
    let member = prop::sample::select(vec![
        r#""s":"abc""#,
        r#""s" : "\u00e9\ud83d\ude00""#,
        r#""s":"tooo long""#,
        r#""s":"""#,
        r#""i":7"#,
        r#""i": 1200"#,
        r#""i":1.0"#,
        r#""c":"é""#,
        r#""c":"è""#,
        r#""l":[1,2]"#,
        r#""l":[1,2,3,4]"#,
        r#""l":[]"#,
        r#""m":{"a":"b"}"#,
        r#""m":{"a":"b","a":"c","\n":"d","e":"f"}"#,
        r#""r":null"#,
        r#""r":{"i":1}"#,
        r#""j":"refused""#,
        r#""j":{"a":[1,"}"]}"#,
        r#""j":"fine""#,
        r#""f":2.5"#,
        r#""f":-1"#,
        r#""x":1"#,
        r#""i":2 "#,
        r#""u":{"t":"in","i":3}"#,
        r#""u":{"i":1200,"t":"in"}"#,
        r#""u":{"s":"\u00e9","u":{"i":3,"t":"out"},"t":"in","l":[1]}"#,
        r#""u":{"t":"io"}"#,
        r#""u":{"t":"i"}"#,
        r#""u":{"t":1}"#,
        r#""u":{}"#,
        r#""u":{"t":"out","d":[1,{}],"i":3}"#,
        r#""u":{"d":"x","i":1200,"t":"out"}"#,
    ]);
    prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}} ", members.join(",")).into_bytes())
}

fn check(plan: &Arc<Plan>, text: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    for end in 0..=text.len() {
        let prefix = &text[..end];
        let whole = feed(plan, [prefix]);
        let mut pieces = Vec::new();
        let mut from = 0;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (end + 1)).collect();
        cuts.sort_unstable();
        for cut in cuts {
            pieces.push(&prefix[from..cut]);
            from = cut;
        }
        pieces.push(&prefix[from..]);
        prop_assert_eq!(&whole, &feed(plan, pieces));
        prop_assert_eq!(&whole, &feed(plan, prefix.chunks(1)));
        // A fault ends the text: what comes behind it changes nothing.
        if whole.fault.is_some() {
            prop_assert_eq!(whole, feed(plan, [text]));
            break;
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn untyped(text in text(), cuts in prop::collection::vec(0..300_usize, 0..6)) {
        check(&any_plan(), &text, &cuts)?;
    }

    #[test]
    fn typed(text in prop_oneof![text(), typed_text()], cuts in prop::collection::vec(0..300_usize, 0..6)) {
        check(&typed_plan(), &text, &cuts)?;
    }
}

#[test]
fn the_end_says_what_is_missing() {
    for (text, complete) in
        [("12", true), ("-", false), ("[1", false), ("\"a", false), ("1.", false), ("", false), ("{} ", true)]
    {
        let mut parser = Parser::new(any_plan(), Limits { depth: 6, bytes: 200 });
        parser.push(text.as_bytes());
        assert!(matches!(parser.advance(), Ok(Step::Drained)));
        match parser.end() {
            Ok(step) => assert!(complete && matches!(step, Step::Drained), "{text}"),
            Err(fault) => {
                assert_eq!((complete, fault.kind, fault.offset), (false, FaultKind::Truncated, text.len()));
            }
        }
    }
}
