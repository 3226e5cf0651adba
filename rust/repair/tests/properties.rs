//! Random documents, damages and cuts.

mod support;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use support::{Seen, Type, read, repairs, same, schema};

/// A type, and a value of it.
fn documents() -> impl Strategy<Value = (&'static str, Value)> {
    let text = "[a-z\"\\\\ ,:{}\\[\\]\\n'é“😀.-]{0,12}";
    let name = "[A-Z][a-z]{1,6}( [A-Z][a-z]{1,6})?";
    let number = || {
        prop_oneof![(-2000..2_000_000_i64).prop_map(|n| json!(n)), (-1e3..1e3).prop_map(|x: f64| json!(x))]
    };
    let int = || (-2000..2_000_000_i64).prop_map(|n| json!(n));
    let person = (name, int()).prop_map(|(name, age)| json!({"name": name, "age": age}));
    let line = ("[a-z]{1,8}", int(), number())
        .prop_map(|(sku, quantity, price)| json!({"sku": sku, "quantity": quantity, "unit_price": price}));
    let lines = prop::collection::vec(line, 0..4);
    let free = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        number(),
        text.prop_map(|text| json!(text))
    ]
    .prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-z ]{0,5}", inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    });
    prop_oneof![
        person.clone().prop_map(|value| ("Person", value)),
        prop::collection::vec(person.clone(), 0..4).prop_map(|all| ("list[Person]", Value::Array(all))),
        (text, text).prop_map(|(title, body)| ("Note", json!({"title": title, "body": body}))),
        prop::collection::vec(text, 0..5).prop_map(|tags| ("Tags", json!({"tags": tags}))),
        (int(), person, lines, text).prop_map(|(id, customer, lines, note)| {
            ("Order", json!({"id": id, "customer": customer, "lines": lines, "note": note}))
        }),
        (int(), number(), any::<bool>())
            .prop_map(|(n, x, ok)| ("Reading", json!({"n": n, "x": x, "ok": ok}))),
        (text, select(vec!["low", "medium", "high"]), select(vec!["red", "dark blue", "Mint"])).prop_map(
            |(title, priority, color)| (
                "Task",
                json!({"title": title, "priority": priority, "color": color})
            )
        ),
        prop::collection::vec(("[a-zA-Z_ ]{1,8}", int()), 0..4)
            .prop_map(|all| ("Stock", json!({"counts": Value::Object(all.into_iter().collect())}))),
        free.prop_map(|value| ("Any", value)),
    ]
}

fn written(value: &Value, pretty: bool) -> String {
    if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.expect("a value")
}

/// Pieces of what models write, and of what nobody does.
fn fragments() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            "'",
            "“",
            "”",
            "’",
            ",",
            ":",
            "：",
            "，",
            "\\",
            "\\\"",
            "\\n",
            "\\u12",
            "\\ud83d",
            "\\ude00",
            "```",
            "```json\n",
            "`",
            "~~~",
            "<think>",
            "</think>",
            "<",
            "</",
            "<|",
            "//",
            "/*",
            "*/",
            "#",
            "\n",
            " ",
            "\u{a0}",
            "\u{feff}",
            "null",
            "None",
            "True",
            "tru",
            "NaN",
            "-",
            "+",
            ".",
            "1",
            "007",
            "1,234",
            "0x1f",
            "1e",
            "name",
            "\"name\"",
            "\"age\": ",
            "age: 3",
            "\"Person\": ",
            "\"tags\": ",
            "é",
            "x",
            "\u{1}",
            "{\"name\": \"Zed\", \"age\": 3}",
            "Well, ",
            "\"[",
            "]\"",
            "\"{",
            "}\"",
        ])
        .prop_map(str::to_owned),
        "[ -~]{1,6}",
    ]
}

/// A text with some of its bytes replaced, left out or doubled, and fragments put in.
fn damaged() -> impl Strategy<Value = (&'static str, String)> {
    let damage = prop::collection::vec((any::<Index>(), 0..3_usize, fragments()), 0..5);
    (documents(), any::<bool>(), damage).prop_map(|((of, value), pretty, damages)| {
        let mut text: Vec<char> = written(&value, pretty).chars().collect();
        for (at, taken, put) in damages {
            let at = at.index(text.len() + 1);
            let end = (at + taken).min(text.len());
            text.splice(at..end, put.chars());
        }
        (of, text.into_iter().collect())
    })
}

fn garbage() -> impl Strategy<Value = (&'static str, String)> {
    let types =
        select(vec!["Person", "list[Person]", "Tags", "Order", "Reading", "Any", "list[int]", "str", "int"]);
    (types, prop::collection::vec(fragments(), 0..16)).prop_map(|(of, parts)| (of, parts.concat()))
}

fn assert_uncut(of: &str, text: &[u8], set: &str, cuts: &[Index]) -> Result<Seen, TestCaseError> {
    let of = schema(of);
    let (guide, set) = (of.guide(), repairs(set));
    let whole = read([text], &of, &guide, set);
    prop_assert_eq!(&read(text.chunks(1), &of, &guide, set), &whole, "bytewise");
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    at.sort_unstable();
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in at.into_iter().chain([text.len()]) {
        pieces.push(&text[start..end]);
        start = end;
    }
    prop_assert_eq!(&read(pieces, &of, &guide, set), &whole, "cut");
    Ok(whole)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_cut_can_be_seen(
        (of, text) in prop_oneof![damaged(), garbage()],
        set in select(vec!["all", "all", "around", "none", "inner_quote", "prose"]),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let seen = assert_uncut(of, text.as_bytes(), set, &cuts)?;
        if let Ok(value) = &seen.value {
            // The mended text is JSON, and says what was read.
            let mended = seen.mended.replace("NaN", "\"NaN\"").replace("-Infinity", "\"-Infinity\"");
            let mended: Result<Value, _> = serde_json::from_str(&mended.replace("Infinity", "\"Infinity\""));
            if let Ok(mended) = mended {
                prop_assert!(schema(of).validate(&mended).is_some_and(|read| same(&read, value)) || of == "Any");
            }
        }
        // Nothing is said of what is not there.
        for repair in &seen.repairs {
            prop_assert!(repair.start <= repair.end && repair.end <= seen.raw.len(), "{:?}", repair);
            prop_assert!(repair.read.chars().count() <= 80 && repair.understood.chars().count() <= 80);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_alike(
        (of, text) in damaged(),
        bytes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut text = text.into_bytes();
        for (at, byte) in bytes {
            text.insert(at.index(text.len() + 1), byte);
        }
        assert_uncut(of, &text, "all", &cuts)?;
    }

    #[test]
    fn what_needs_no_repair_is_left_alone((of, value) in documents(), pretty in any::<bool>()) {
        let text = written(&value, pretty);
        let of = schema(of);
        for set in ["none", "around", "all"] {
            let seen = read(text.as_bytes().chunks(3), &of, &of.guide(), repairs(set));
            prop_assert_eq!(seen.value.clone().ok(), of.validate(&value), "{}", set);
            prop_assert_eq!(&seen.mended.trim_end(), &text.trim_end());
            prop_assert_eq!(&seen.repairs, &[]);
        }
    }

    #[test]
    fn without_repairs_the_engine_has_the_say((of, text) in prop_oneof![damaged(), garbage()]) {
        let of = schema(of);
        let strict = strict(&text, &of);
        let seen = read([text.as_bytes()], &of, &of.guide(), repairs("none"));
        prop_assert_eq!(seen.value.ok(), strict);
    }

    #[test]
    fn what_the_engine_takes_is_taken_with_every_repair((of, text) in prop_oneof![damaged(), garbage()]) {
        let of = schema(of);
        if let Some(value) = strict(&text, &of) {
            let seen = read([text.as_bytes()], &of, &of.guide(), repairs("all"));
            // A literal or name may have been meant that is not the strict reading's default.
            let names = seen.repairs.iter().any(|repair| repair.kind.name() == "name");
            prop_assert!(names || seen.value.as_ref().is_ok_and(|seen| *seen == value), "{:?}", seen);
        }
    }
}

/// Where looking ahead has a limit, the same is decided whether what lies there has come or not.
#[test]
fn no_limit_of_looking_ahead_can_be_seen() {
    let object = r#"{"name": "Zed", "age": 3}"#;
    let mut texts = vec![" False\u{89}".to_owned(), " Fals".to_owned(), " False".to_owned()];
    for length in (60..70).chain(250..262).chain(506..518) {
        let (gap, breaks, letters) = (" ".repeat(length), "\r".repeat(length), "x".repeat(length));
        texts.extend([
            format!("Here: ```{letters}\n{object}\n```"),
            format!("Here: ```js{breaks}\n{object}\n```"),
            format!("See [{gap}{object}]."),
            format!("See {{{gap}\"name\": \"Zed\", \"age\": 3}}."),
            format!("12{gap}\nor so {object}"),
            format!("12{gap}or so {object}"),
            format!("12{gap}"),
            "7".repeat(length),
            format!("{object},{gap}\"age\": 4}}"),
        ]);
    }
    for text in &texts {
        for of in ["Person", "list[Person]", "int"] {
            for set in ["all", "around", "prose"] {
                let (of, set) = (schema(of), repairs(set));
                let guide = of.guide();
                let bytes = text.as_bytes();
                let whole = read([bytes], &of, &guide, set);
                assert_eq!(read(bytes.chunks(1), &of, &guide, set), whole, "{text:?}");
                if let Some(value) = strict(text, &of) {
                    assert_eq!(whole.value, Ok(value), "{text:?}");
                }
            }
        }
    }
    let cut: &[u8] = b" False\x89";
    for of in ["Person", "list[int]"] {
        let (of, set) = (schema(of), repairs("prose"));
        assert_eq!(read(cut.chunks(1), &of, &of.guide(), set), read([cut], &of, &of.guide(), set));
    }
}

/// A comma is left out, and then the text that it was in is left for one that is decoded.
#[test]
fn a_comma_too_many_stands_where_it_came() {
    for (text, of) in [
        (r"[1,\n]", "list[int]"),
        (
            r#"{"a": 12, // one, "}
 \n\n}"#,
            "dict[str, int]",
        ),
        ("[1， ]", "Any"),
    ] {
        let (comma, of) = (text.find([',', '，']).expect("a comma"), schema(of));
        let seen = read([text.as_bytes()], &of, &of.guide(), repairs("all"));
        assert!(seen.value.is_ok(), "{seen:?}");
        let mut trailing = seen.repairs.iter().filter(|repair| repair.kind.name() == "trailing_comma");
        let one = trailing.next().expect("the comma");
        assert_eq!((one.start, one.read.as_str()), (comma, &text[comma..one.end]), "{text}");
        assert_eq!(read(text.as_bytes().chunks(1), &of, &of.guide(), repairs("all")), seen, "{text}");
    }
}

/// What the engine makes of the text without a mender.
fn strict(text: &str, of: &Type) -> Option<Value> {
    use instar_repair::Verdict;
    let mut engine = support::Checked::new(of);
    match engine.verdict(text.as_bytes()) {
        Ok(Verdict::Taken) => engine.end(),
        _ => None,
    }
}

/// As many cases as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let persistence = Box::new(proptest::test_runner::FileFailurePersistence::Off);
    ProptestConfig { failure_persistence: Some(persistence), ..ProptestConfig::default() }
}
