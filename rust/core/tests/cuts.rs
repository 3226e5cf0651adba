//! Contract 1: the state after n bytes depends on those n bytes alone, however they were cut.

use std::sync::Arc;

use instar_core::{
    Array, Choice, Closing, Extra, Fault, FaultKind, FieldSet, Float, Int, Judged, Kind, Kinds, Limits, Map,
    Node, OnViolation, Op, Parser, Pattern, Plan, PrefixSet, Record, Root, Slot, Span, Step, Str, Tagged,
    Union, Verdict, View,
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
    violations: Vec<usize>,
}

fn read(parser: &Parser, span: Span) -> String {
    String::from_utf8(parser.source().bytes(span).to_vec()).expect("spans of strings are UTF-8")
}

/// Feeds the pieces; the host accepts every value it is asked about but the text `"refused"`, and forgives whatever it
/// may.
fn feed<'t>(
    plan: &Arc<Plan>,
    pieces: impl IntoIterator<Item = &'t [u8]>,
    on_violation: OnViolation,
) -> State {
    let mut parser = Parser::new(Arc::clone(plan), Limits { depth: 6, bytes: 200 }, on_violation);
    let (mut tape, mut violations) = (Vec::new(), Vec::new());
    for piece in pieces {
        let had_fault = parser.fault().is_some();
        parser.push(piece);
        loop {
            match parser.advance() {
                Ok(Step::Drained) => break,
                Ok(Step::Judge(judgement)) => {
                    let raw = &parser.text()[judgement.start..judgement.end];
                    let key = judgement.key.map(|key| parser.source().bytes(key));
                    if raw != b"\"refused\"" && key != Some(b"refused") {
                        parser.accept(u32::try_from(judgement.start).expect("a short text"), false);
                    } else if judgement.tentative {
                        parser.reject();
                    } else {
                        parser.refuse(judgement.at);
                        violations.push(judgement.at);
                    }
                }
                Ok(Step::Hook(_)) => parser.hooked(),
                Err(_) if had_fault => {}
                Err(fault) => violations.push(fault.offset),
            }
            if parser.fault().is_some() {
                break;
            }
            parser.forgive();
        }
        let mut more = Vec::new();
        parser.take_ops(&mut more);
        tape.append(&mut more);
    }
    let ops = settled(&tape).into_iter().map(|op| match op {
        Op::Str(span) | Op::Key(span) | Op::Int(span) | Op::Float(span) => {
            format!("{op:.3?} {}", read(&parser, span))
        }
        other => format!("{other:?}"),
    });
    // Where a span lies is no part of the state: only what it says.
    let ops = ops.map(|op: String| match op.split_once('(') {
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
            .into_iter()
            .map(|slot| match slot {
                Slot::Key(span) => read(&parser, span),
                Slot::Field(node, index, key) => format!("{node} {index} {}", read(&parser, key)),
                other => format!("{other:?}"),
            })
            .collect(),
        fault: parser.fault(),
        complete: parser.complete(),
        offset: parser.offset(),
        text: parser.text().to_vec(),
        violations,
    }
}

/// What a tape comes to: without what was taken back or replaced.
fn settled(tape: &[Op]) -> Vec<Op> {
    let (mut ops, mut attempts) = (Vec::new(), Vec::new());
    for &op in tape {
        match op {
            Op::Attempt => attempts.push(ops.len()),
            Op::Retract(level) => {
                attempts.truncate(level as usize + 1);
                ops.truncate(attempts[level as usize]);
            }
            Op::Replace(level, ticket) => {
                attempts.truncate(level as usize + 1);
                ops.truncate(attempts.pop().expect("an attempt ends"));
                ops.push(Op::Judged(ticket));
            }
            Op::Keep(level) => {
                attempts.truncate(level as usize + 1);
                attempts.pop().expect("an attempt ends");
            }
            op => ops.push(op),
        }
    }
    ops
}

fn any_plan() -> Arc<Plan> {
    Arc::new(Plan { nodes: vec![Node::Any], root: 0, any: 0 })
}

fn record(fields: Vec<u32>, keys: &[&str]) -> Node {
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).zip(0..).collect();
    let none = FieldSet::none(fields.len());
    Node::Record(Box::new(Record::new(fields, none, &keys, Extra::Ignore, Closing::Settled)))
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
            judged: false,
        }),
        Node::Int(Int { kinds: only(Kind::Number), strict: false, low: 0, high: 99, multiple_of: 1 }),
        Node::Choice(Choice {
            kinds: only(Kind::String),
            members: PrefixSet::new(["a", "é", "refused"]),
            judged: false,
        }),
        Node::Array(Array { head: Box::new([]), item: 2, min: 1, max: 3, closing: Closing::Settled }),
        Node::Map(Map { key: None, value: 1, min: 0, max: 2, closing: Closing::Settled }),
        Node::Nullable(8),
        Node::Judged(Judged { kinds: Kinds::all(Verdict::Judge), view: View::Text }),
        Node::Record(Box::new(Record::new(
            vec![1, 2, 3, 4, 5, 6, 7, 9, 10, 0, 14, 18, 20, 21, 22],
            FieldSet::none(15),
            &["s", "i", "c", "l", "m", "r", "j", "f", "u", "t", "v", "w", "p", "k", "q"]
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
        // A union of records, arrays, strings and itself.
        Node::Union(Union {
            choices: Box::new([15, 16, 17, 3, 2]),
            kinds: Kinds::all(Verdict::Judge),
            exhaustive: true,
            ordered: false,
            waits: false,
            closing: Closing::Judge,
        }),
        record(vec![2, 14], &["i", "v"]),
        record(vec![3, 14, 7], &["c", "v", "j"]),
        Node::Array(Array { head: Box::new([]), item: 14, min: 0, max: 2, closing: Closing::Settled }),
        // An outline that may turn out to be nothing.
        Node::Union(Union {
            choices: Box::new([15, 19]),
            kinds: Kinds::all(Verdict::Refuse)
                .with(&[Kind::Object, Kind::Array, Kind::String], Verdict::Judge),
            exhaustive: false,
            ordered: true,
            waits: true,
            closing: Closing::Settled,
        }),
        Node::Array(Array { head: Box::new([2, 3]), item: 0, min: 2, max: 2, closing: Closing::Hook }),
        Node::Root(Root { inner: 4, closing: Closing::Hook }),
        Node::Map(Map { key: Some(3), value: 2, min: 1, max: 2, closing: Closing::Hook }),
        Node::Map(Map { key: Some(7), value: 14, min: 0, max: 9, closing: Closing::Settled }),
    ];
    Arc::new(Plan { nodes, root: 8, any: 0 })
}

/// Texts that are JSON, nearly JSON, or neither.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        20 => prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", " ", "\"", "\"s\":\"", "\"i\":", "\"c\":\"", "\"l\":[", "\"m\":{\"k\":\"", "\"r\":{",
            "\"j\":\"refused\"", "\"v\":", "\"w\":", "\"p\":[1", "\"k\":{", "\"q\":{", "\"f\":", "true", "false", "null", "NaN", "-Infinity", "-", "12", "0", "1.5", "1e3", "1e400",
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
        r#""u":{"d":"x","i":12,"t":"out"}"#,
        r#""v":{"i":3,"v":{"c":"a","j":"fine"}}"#,
        r#""v":{"i":3,"c":"a","j":"refused"}"#,
        r#""v":{"i":1200}"#,
        r#""v":[{"i":1},"a",7]"#,
        r#""v":[{"i":1},["ref"],"refused"]"#,
        r#""v":"b""#,
        r#""v":true"#,
        r#""w":{"i":3,"v":[1,{"c":"\u0061"}]}"#,
        r#""w":[3,"refused"]"#,
        r#""w":"x""#,
        r#""w":{"i":"no","v":1}"#,
        r#""p":[1,2]"#,
        r#""p":[1,2,3,4]"#,
        r#""k":{"a":1,"\u00e9":2}"#,
        r#""k":{"b":1}"#,
        r#""k":{"a":1,"a":2,"refused":"x"}"#,
        r#""q":{"x":{"i":1},"refused":{"i":2},"y":3}"#,
    ]);
    prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}} ", members.join(",")).into_bytes())
}

fn check(
    plan: &Arc<Plan>,
    text: &[u8],
    cuts: &[usize],
    on_violation: OnViolation,
) -> Result<(), TestCaseError> {
    for end in 0..=text.len() {
        let prefix = &text[..end];
        let whole = feed(plan, [prefix], on_violation);
        let mut pieces = Vec::new();
        let mut from = 0;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (end + 1)).collect();
        cuts.sort_unstable();
        for cut in cuts {
            pieces.push(&prefix[from..cut]);
            from = cut;
        }
        pieces.push(&prefix[from..]);
        prop_assert_eq!(&whole, &feed(plan, pieces, on_violation));
        prop_assert_eq!(&whole, &feed(plan, prefix.chunks(1), on_violation));
        // A fault ends the text: what comes behind it changes nothing.
        if whole.fault.is_some() {
            prop_assert_eq!(whole, feed(plan, [text], on_violation));
            break;
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn untyped(text in text(), cuts in prop::collection::vec(0..300_usize, 0..6)) {
        check(&any_plan(), &text, &cuts, OnViolation::Raise)?;
    }

    #[test]
    fn typed(text in prop_oneof![text(), typed_text()], cuts in prop::collection::vec(0..300_usize, 0..6)) {
        check(&typed_plan(), &text, &cuts, OnViolation::Raise)?;
        check(&typed_plan(), &text, &cuts, OnViolation::Defer)?;
    }
}

#[test]
fn the_end_says_what_is_missing() {
    for (text, complete) in
        [("12", true), ("-", false), ("[1", false), ("\"a", false), ("1.", false), ("", false), ("{} ", true)]
    {
        let mut parser = Parser::new(any_plan(), Limits { depth: 6, bytes: 200 }, OnViolation::Raise);
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
