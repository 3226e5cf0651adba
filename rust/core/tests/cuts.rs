//! Contract 1: the state after n bytes depends on those n bytes alone, however they were cut.

use std::sync::Arc;

use instar_core::{
    Array, Close, Cursor, Extra, Fault, FaultKind, FieldSet, Float, Int, Kind, Kinds, Limits, Map, Node,
    OnViolation, Op, Outline, Parser, Pattern, Plan, PrefixSet, Record, Rule, Segment, Show, Span, Step, Str,
    Tagged, Union, Violations,
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

/// Feeds the pieces; the host accepts every value that it is asked for but the text `"refused"`, and recovers from
/// whatever it may.
fn feed<'t>(
    plan: &Arc<Plan>,
    pieces: impl IntoIterator<Item = &'t [u8]>,
    on_violation: OnViolation,
) -> State {
    let mut parser =
        Parser::new(Arc::clone(plan), Limits { depth: 6, bytes: 200, blank: 1000 }, on_violation);
    let (mut ops, mut cursor, mut violations) = (Vec::new(), Cursor::default(), Vec::new());
    for piece in pieces {
        let had_fault = parser.fault().is_some();
        parser.push(piece);
        while parser.fault().is_none() {
            match parser.advance() {
                Ok(Step::Drained) => break,
                Ok(Step::Validate(pending)) => {
                    let asked = pending.asked();
                    let raw = &parser.text()[asked.start..asked.end];
                    let key = asked.key.map(|key| parser.source().bytes(key));
                    if raw != b"\"refused\"" && key != Some(b"refused") {
                        parser.accept(pending, u32::try_from(asked.start).expect("a short text"));
                    } else if asked.tentative {
                        parser.reject(pending);
                    } else {
                        violations.push(parser.refuse(pending).offset);
                    }
                }
                Ok(Step::Hooks(pending)) => {
                    let asked = pending.asked();
                    if parser.text()[asked.start..asked.end].windows(7).any(|window| window == b"refused") {
                        violations.push(parser.hooks_refused(pending).offset);
                    } else {
                        parser.hooks_ran(pending);
                    }
                }
                Err(_) if had_fault => {}
                Err(fault) => violations.push(fault.offset),
            }
            parser.recover();
        }
        ops.extend_from_slice(parser.tape().after(cursor).expect("nothing is forgotten that was not read"));
        cursor = parser.tape().end();
        parser.tape_mut().trim(cursor, []);
    }
    let ops = settled(&ops).into_iter().map(|op| match op {
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
            .map(|segment| match segment {
                Segment::Key(span) => read(&parser, span),
                Segment::Field(node, index, key) => format!("{node} {index} {}", read(&parser, key)),
                other => format!("{other:?}"),
            })
            .collect(),
        fault: parser.fault().cloned(),
        complete: parser.complete(),
        offset: parser.offset(),
        text: parser.text().to_vec(),
        violations,
    }
}

/// What a tape comes to, without what was taken back or replaced. Panics unless it is well formed: every end has its
/// begin.
fn settled(tape: &[Op]) -> Vec<Op> {
    let (mut ops, mut begins) = (Vec::<Op>::new(), Vec::new());
    let open = |ops: &[Op]| ops.iter().filter(|op| matches!(op, Op::Open(..))).count();
    let closed = |ops: &[Op]| ops.iter().filter(|op| matches!(op, Op::Close | Op::Leave)).count();
    for &op in tape {
        match op {
            Op::Close | Op::Leave => {
                assert!(open(&ops) > closed(&ops), "a container has begun");
                ops.push(op);
            }
            Op::Begin => begins.push(ops.len()),
            Op::Rollback(depth) => {
                begins.truncate(depth as usize + 1);
                ops.truncate(begins[depth as usize]);
            }
            Op::Replace(depth, ticket) => {
                begins.truncate(depth as usize + 1);
                ops.truncate(begins.pop().expect("a provisional value has begun"));
                assert_eq!(begins.len(), depth as usize);
                ops.push(Op::HostValue(ticket));
            }
            Op::Commit(depth) => {
                begins.truncate(depth as usize + 1);
                let begin = begins.pop().expect("a provisional value has begun");
                assert_eq!(begins.len(), depth as usize);
                // What is still open in it closes.
                while open(&ops[begin..]) > closed(&ops[begin..]) {
                    ops.push(Op::Close);
                }
            }
            op => ops.push(op),
        }
    }
    ops
}

fn any_plan() -> Arc<Plan> {
    Arc::new(Plan { nodes: vec![Node::new(Rule::Any)], root: 0, any: 0 })
}

fn record(fields: Vec<u32>, keys: &[&str], extra: Extra) -> Node {
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).zip(0..).collect();
    let none = FieldSet::none(fields.len());
    Node::new(Rule::Record(Box::new(Record::new(fields, none, &keys, extra))))
}

fn array(head: &[u32], item: u32, min: usize, max: usize) -> Node {
    Node::new(Rule::Array(Array { head: head.into(), item, min, max, distinct: false }))
}

fn map(key: Option<u32>, value: u32, min: usize, max: usize) -> Node {
    Node::new(Rule::Map(Map { key, value, min, max }))
}

fn outline(inner: u32, violations: Violations) -> Node {
    Node::new(Rule::Outline(Outline { inner, violations })).closing(Close::Host)
}

/// A record with a field of each kind of node, nested in itself.
fn typed_plan() -> Arc<Plan> {
    let nodes = vec![
        Node::new(Rule::Any),
        Node::new(Rule::Str(Str { min: 1, max: 4, pattern: Pattern::new("^[a-zé😀]*$").map(Box::new) })),
        Node::new(Rule::Int(Int { strict: false, low: 0, high: 99, multiple_of: 1 })),
        Node::new(Rule::Literal(PrefixSet::new(["a", "é", "refused"]))),
        array(&[], 2, 1, 3),
        map(None, 1, 0, 2),
        Node::new(Rule::Nullable(8)),
        Node::new(Rule::Opaque).showing(Show::Open).closing(Close::Host),
        record(
            vec![1, 2, 3, 4, 5, 6, 7, 9, 10, 0, 14, 18, 20, 21, 22, 23, 24, 25],
            &["s", "i", "c", "l", "m", "r", "j", "f", "u", "t", "v", "w", "p", "k", "q", "o", "e", "z"],
            Extra::Forbid,
        )
        .closing(Close::Hooks),
        Node::new(Rule::Float(Float { finite: true, bounded: true, low: (0.0, false), high: (9.5, true) }))
            .accepting(Kinds::only(&[Kind::Number])),
        Node::new(Rule::Tagged(Box::new(Tagged {
            keys: vec![Box::from(*b"t")],
            tags: PrefixSet::new(["in", "out"]),
            alternatives: vec![8, 11],
        }))),
        outline(26, Violations::Raised),
        Node::left_to_enclosing(Show::Open),
        Node::left_to_enclosing(Show::Closed),
        // A union of records, arrays, strings and itself.
        Node::new(Rule::Union(Union {
            alternatives: Box::new([15, 16, 17, 3, 2]),
            exhaustive: true,
            ordered: false,
            waits: false,
        }))
        .closing(Close::Host),
        record(vec![2, 14], &["i", "v"], Extra::Ignore),
        record(vec![3, 14, 7], &["c", "v", "j"], Extra::Ignore),
        array(&[], 14, 0, 2),
        // A union that may turn out to be none of its alternatives.
        Node::new(Rule::Union(Union {
            alternatives: Box::new([15, 19]),
            exhaustive: false,
            ordered: true,
            waits: true,
        }))
        .accepting(Kinds::only(&[Kind::Object, Kind::Array, Kind::String]))
        .closing(Close::Enclosing),
        array(&[2, 3], 0, 2, 2).closing(Close::Hooks),
        Node::new(Rule::RootModel(4)).closing(Close::Hooks),
        map(Some(3), 2, 1, 2).closing(Close::Hooks),
        map(Some(7), 14, 0, 9),
        // Outlines, within each other too.
        outline(4, Violations::Withheld),
        outline(8, Violations::Withheld),
        outline(27, Violations::Worded),
        record(vec![12, 13, 2], &["t", "d", "i"], Extra::Ignore),
        array(&[], 24, 0, 2),
    ];
    Arc::new(Plan { nodes, root: 8, any: 0 })
}

/// Texts that are JSON, nearly JSON, or neither.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        20 => prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", " ", "\"", "\"s\":\"", "\"i\":", "\"c\":\"", "\"l\":[", "\"m\":{\"k\":\"", "\"r\":{",
            "\"j\":\"refused\"", "\"v\":", "\"w\":", "\"p\":[1", "\"k\":{", "\"q\":{", "\"o\":[", "\"e\":{", "\"z\":[", "\"f\":", "true", "false", "null", "NaN", "-Infinity", "-", "12", "0", "1.5", "1e3", "1e400",
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
        r#""o":[1,"x",{"a":[2]},3,4]"#,
        r#""o":{"a":1}"#,
        r#""o":"a""#,
        r#""e":{"i":"x","s":"tooo long","x":1,"l":[],"c":"è","m":{"a":"b","c":"d","e":"f"},"i":2}"#,
        r#""e":{"v":{"i":"x"},"w":[1,2,3],"u":{"i":{},"t":"in"},"o":[],"s":"ok"}"#,
        r#""e":{"u":{"t":"io"},"j":"refused","k":{"refused":1},"e":{"e":[]}}"#,
        r#""z":[{"i":1},{"x":2}]"#,
        r#""z":[{},{},{}]"#,
        r#""z":7"#,
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

fn union(alternatives: &[u32]) -> Node {
    let alternatives = alternatives.into();
    Node::new(Rule::Union(Union { alternatives, exhaustive: true, ordered: false, waits: false }))
        .closing(Close::Host)
}

fn string(max: usize, pattern: &str) -> Node {
    Node::new(Rule::Str(Str { min: 0, max, pattern: Pattern::new(pattern).map(Box::new) }))
}

/// Of several alternatives that go with one piece, one behind the other, each has shown until its own end: also where one
/// is left that has nothing to show.
#[test]
fn alternatives_that_go_with_one_piece() {
    let number = Node::new(Rule::Opaque).closing(Close::Host);
    let nodes = vec![union(&[1, 2, 3]), string(9, "^[a-z]*$"), string(3, "^[0-9]*$"), number];
    let plan = Arc::new(Plan { nodes, root: 0, any: 0 });
    let text = b"\"12345";
    for on_violation in [OnViolation::Raise, OnViolation::Defer] {
        let whole = feed(&plan, [&text[..]], on_violation);
        assert_eq!(whole.ops, ["Str 123"]);
        assert_eq!(whole, feed(&plan, text.chunks(1), on_violation));
    }
}

/// Nobody runs hooks on what is one alternative of several, or an outline: what is around it gives the value.
#[test]
fn hooks_within_alternatives_and_outlines_do_not_run() {
    let list = |item| array(&[], item, 0, 9).closing(Close::Hooks);
    for around in [union(&[1, 2]), outline(1, Violations::Raised), outline(1, Violations::Withheld)] {
        let nodes = vec![around, list(3), Node::new(Rule::Any), list(2)];
        let plan = Arc::new(Plan { nodes, root: 0, any: 2 });
        let text = br#"[["refused"], "#;
        for on_violation in [OnViolation::Raise, OnViolation::Defer] {
            let whole = feed(&plan, [&text[..]], on_violation);
            assert_eq!((&whole.fault, &whole.violations[..]), (&None, &[][..]));
            assert_eq!(whole, feed(&plan, text.chunks(1), on_violation));
        }
    }
}

#[test]
fn the_end_says_what_is_missing() {
    for (text, complete) in
        [("12", true), ("-", false), ("[1", false), ("\"a", false), ("1.", false), ("", false), ("{} ", true)]
    {
        let mut parser =
            Parser::new(any_plan(), Limits { depth: 6, bytes: 200, blank: 1000 }, OnViolation::Raise);
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
