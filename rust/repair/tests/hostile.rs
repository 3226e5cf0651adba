//! Texts that are made to be costly: read in time that grows with their length, in memory that does not.
//!
//! What is quadratic here does not fail: it does not end. `HOSTILE_BYTES` says how long the texts are.

mod support;

use support::{read, repairs, schema};

const UNITS: [&str; 44] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "“",
    "\\",
    "`",
    "```",
    "``` ",
    "~~~\n",
    "<think>",
    "</think>",
    "<",
    "</",
    "<|",
    "\n",
    ",",
    ":",
    "1",
    "1,000,",
    "-",
    "x",
    "é",
    "/",
    "/*",
    "//\n",
    "#",
    "{\"",
    "{\"a\":",
    "{'a",
    "{a",
    "[{",
    "[[",
    "{\"x\": 1} ",
    "\"a\" ",
    "\"a\", ",
    "\", \"x",
    "\\u12",
    "\\ud83d",
    "\u{a0}",
    "{\"a\": {\"b\": 1}, ",
    "\u{1}",
];
const BEGINNINGS: [&str; 9] =
    ["", "Well, ", "{\"name\": \"", "{\"name\": ", "{", "[", "\"[", "{\"tags\": [\"", "{\"n\": 1"];

fn bytes() -> usize {
    std::env::var("HOSTILE_BYTES").ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(8_000)
}

#[test]
fn no_text_costs_more_than_its_length() {
    let length = bytes();
    for of in ["Person", "Tags"] {
        let of = schema(of);
        let guide = of.guide();
        for beginning in BEGINNINGS {
            for unit in UNITS {
                let text = format!("{beginning}{}", unit.repeat(length / unit.len()));
                for (set, piece) in [("all", 4), ("around", 4)] {
                    let seen = read(text.as_bytes().chunks(piece.min(text.len())), &of, &guide, repairs(set));
                    assert!(
                        seen.repairs.len() <= 1100,
                        "{beginning:?} {unit:?}: {} repairs",
                        seen.repairs.len()
                    );
                }
            }
        }
    }
}
