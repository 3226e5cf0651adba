//! A text that is mended: however it is cut, it comes to the same; what is JSON is left alone; and nothing is said of
//! what is not there.
#![no_main]

use instar_fuzz::input::{Input, cut};
use libfuzzer_sys::fuzz_target;
use support::{Checked, read, repairs, schema};

#[path = "../../rust/repair/tests/support/mod.rs"]
mod support;

const SCHEMAS: [&str; 20] = [
    "Person",
    "list[Person]",
    "Note",
    "Snippet",
    "Tags",
    "Order",
    "Task",
    "Reading",
    "Drawing",
    "Stock",
    "Closed",
    "Aliased",
    "Kettle | Lamp",
    "Loose",
    "Level",
    "Any",
    "dict[str, int]",
    "list[int]",
    "str",
    "int",
];
const SETS: [&str; 6] = ["all", "all", "around", "none", "inner_quote", "prose"];

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let of = schema(SCHEMAS[input.below(SCHEMAS.len())]);
    let (set, seed) = (repairs(SETS[input.below(SETS.len())]), input.byte());
    let (guide, text) = (of.guide(), input.text());
    let whole = read([text], &of, &guide, set);
    if std::env::var_os("SHOW").is_some() {
        eprintln!("{of:?}\n{set:?}\n{}\n{whole:#?}", String::from_utf8_lossy(text));
    }
    assert_eq!(read(cut(text, seed), &of, &guide, set), whole);
    assert_eq!(read(text.chunks(1), &of, &guide, set), whole);
    for repair in &whole.repairs {
        assert!(repair.start <= repair.end && repair.end <= whole.raw.len(), "{repair:?}");
        assert!(repair.read.chars().count() <= 80 && repair.understood.chars().count() <= 80, "{repair:?}");
    }
    // What the engine takes as it is needs no repair. (What is a name may have been meant as text.)
    let mut strict = Checked::new(&of);
    if matches!(strict.verdict(text), Ok(instar_repair::Verdict::Taken))
        && let Some(value) = strict.end()
    {
        let is_named = whole.repairs.iter().any(|repair| repair.kind.name() == "name");
        assert!(is_named || whole.value == Ok(value), "{whole:?}");
    }
});
