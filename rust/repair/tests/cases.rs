//! The cases of damaged texts, each whole and at every cut.

mod support;

use serde_json::{Value, json};
use support::{Seen, Type, read, repairs, same, schema};

struct Case {
    id: String,
    text: Vec<u8>,
    of: Type,
    repairs: String,
    row: Value,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/repairs.jsonl");
    let rows = std::fs::read_to_string(path).expect("the cases");
    let hex = |digits: &str| {
        let pairs = (0..digits.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
    };
    rows.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let text = match &row["text"] {
                Value::String(text) => text.clone().into_bytes(),
                _ => hex(row["hex"].as_str().expect("text or hex")),
            };
            Case {
                id: row["id"].as_str().expect("an id").to_owned(),
                text,
                of: row["schema"].as_str().map_or(Type::Any, schema),
                repairs: row["repairs"].as_str().expect("repairs").to_owned(),
                row,
            }
        })
        // What is done with a text that is cut off is the host's.
        .filter(|case| case.row["finish"].is_null())
        .collect()
}

fn whole(case: &Case) -> Seen {
    read([case.text.as_slice()], &case.of, &case.of.guide(), repairs(&case.repairs))
}

#[test]
fn every_case_is_read_as_it_should_be() {
    let mut wrong = Vec::new();
    let all = cases();
    for case in &all {
        let seen = whole(case);
        let expected = &case.row["expected"];
        let right = match &seen.value {
            Ok(value) => same(value, expected),
            Err(_) => *expected == json!({"error": true}),
        };
        let strict = case.row["strict_valid"] == json!(true);
        let recorded =
            seen.value.is_err() || case.row["any_record"] == json!(true) || seen.repairs.is_empty() == strict;
        let has = |name: &str, text: &str| case.row[name].as_str().is_none_or(|part| text.contains(part));
        let beside = has("prose_has", &seen.prose) && has("reasoning_has", &seen.reasoning);
        if !(right && recorded && beside) {
            wrong.push(format!(
                "{} {:?}\n  expected {expected}\n  seen {:?}\n  mended {:?}\n  {:?}",
                case.id,
                String::from_utf8_lossy(&case.text),
                seen.value,
                seen.mended,
                seen.repairs
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn no_cut_can_be_seen() {
    for case in cases() {
        let (guide, set) = (case.of.guide(), repairs(&case.repairs));
        let whole = whole(&case);
        let bytewise = read(case.text.chunks(1), &case.of, &guide, set);
        assert_eq!(bytewise, whole, "{}, bytewise", case.id);
        for at in 0..=case.text.len() {
            let (a, b) = case.text.split_at(at);
            assert_eq!(read([a, b], &case.of, &guide, set), whole, "{}, cut at {at}", case.id);
        }
    }
}
