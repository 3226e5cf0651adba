//! Shapes: what a text has to be, in words that outlive the core's.

use crate::input::Input;

/// A shape by its place among others.
pub type ShapeId = usize;

/// What a value has to be.
#[derive(Clone, Debug)]
pub enum Shape {
    Any,
    Null,
    Bool,
    Int {
        low: i64,
        high: i64,
        lax: bool,
    },
    Float,
    Str {
        min: usize,
        max: usize,
        pattern: Option<&'static str>,
        host: bool,
    },
    Literal {
        words: Vec<&'static str>,
        host: bool,
    },
    List {
        head: Vec<ShapeId>,
        item: ShapeId,
        min: usize,
        max: usize,
        close: Close,
    },
    Dict {
        key: Option<ShapeId>,
        value: ShapeId,
        min: usize,
        max: usize,
        close: Close,
    },
    Record {
        fields: Vec<(&'static str, ShapeId, bool)>,
        extra: Extra,
        close: Close,
    },
    /// One of several records or tagged shapes, as the value of a key tells.
    Tagged {
        keys: Vec<&'static str>,
        choices: Vec<(&'static str, ShapeId)>,
    },
    Union {
        choices: Vec<ShapeId>,
        exhaustive: bool,
        ordered: bool,
        waits: bool,
        host: bool,
    },
    /// A record that is written as its only field.
    Root {
        inner: ShapeId,
        close: Close,
    },
    Nullable(ShapeId),
    /// Whatever the host says; strings may show meanwhile.
    Host {
        shows: bool,
    },
}

/// What the host does with a value when it closes.
#[derive(Clone, Copy, Debug)]
pub enum Close {
    Nothing,
    Hooks,
    Host,
}

/// What becomes of keys that nobody declared.
#[derive(Clone, Copy, Debug)]
pub enum Extra {
    Ignored,
    Forbidden,
    Allowed(ShapeId),
}

/// Shapes that refer to each other. The first is that of the whole text.
#[derive(Clone, Debug)]
pub struct Shapes {
    pub shapes: Vec<Shape>,
    /// That of anything.
    pub any: ShapeId,
}

const WORDS: [&str; 8] = ["a", "ab", "abc", "b", "é", "refused", "", "\u{1F600}"];
const KEYS: [&str; 8] = ["a", "ab", "b", "k", "t", "u", "é", "refused"];
const PATTERNS: [&str; 4] = ["^[a-zé]*$", "^(ab|abc)$", "b", "^a+"];

impl Shapes {
    /// Anything at all.
    #[must_use]
    pub fn any() -> Self {
        Self { shapes: vec![Shape::Any], any: 0 }
    }

    /// Those that an input spells.
    #[must_use]
    pub fn read(input: &mut Input<'_>) -> Self {
        let any = 1 + input.below(12);
        let mut shapes: Vec<_> = (0..any).map(|id| shape(input, id, any)).collect();
        shapes.push(Shape::Any);
        for id in 0..any {
            if let Shape::Union { choices, .. } = &shapes[id] {
                // Only records are told apart by a tag that has yet to come.
                let records = choices.iter().all(|choice| matches!(shapes[*choice], Shape::Record { .. }));
                if let Shape::Union { waits, .. } = &mut shapes[id] {
                    *waits &= records;
                }
            }
            let Shape::Tagged { keys, mut choices } = shapes[id].clone() else { continue };
            for (_, choice) in &mut choices {
                // A tag chooses a record that has it, or another tag.
                if !matches!(shapes[*choice], Shape::Tagged { .. }) {
                    let tags = keys.iter().map(|key| (*key, any, false));
                    let fields = tags.chain([("v", *choice, false)]).collect();
                    *choice = shapes.len();
                    shapes.push(Shape::Record { fields, extra: Extra::Ignored, close: Close::Nothing });
                }
            }
            shapes[id] = Shape::Tagged { keys, choices };
        }
        Self { shapes, any }
    }
}

/// The shape at `id`. `any` is behind all of them. A shape that describes the same value as another one may
/// only be one of those behind it, or there would be no end.
fn shape(input: &mut Input<'_>, id: ShapeId, any: ShapeId) -> Shape {
    let behind = |input: &mut Input<'_>| id + 1 + input.below(any - id);
    let any = |input: &mut Input<'_>| input.below(any + 1);
    match input.below(17) {
        0 => Shape::Null,
        1 => Shape::Bool,
        2 => Shape::Int { low: -9, high: i64::from(input.byte()), lax: input.flag() },
        3 => Shape::Float,
        4 | 5 => Shape::Str {
            min: input.below(3),
            max: [usize::MAX, 3, 5][input.below(3)],
            pattern: PATTERNS.get(input.below(8)).copied(),
            host: input.flag(),
        },
        6 => Shape::Literal { words: some(input, &WORDS), host: input.flag() },
        7 | 8 => Shape::List {
            head: (0..input.below(3)).map(|_| any(input)).collect(),
            item: any(input),
            min: input.below(3),
            max: [usize::MAX, 2, 4][input.below(3)],
            close: hooks(input),
        },
        9 => Shape::Dict {
            key: [None, Some(any(input))][input.below(2)],
            value: any(input),
            min: input.below(2),
            max: [usize::MAX, 1, 3][input.below(3)],
            close: hooks(input),
        },
        10 | 11 => Shape::Record {
            fields: some(input, &KEYS).into_iter().map(|key| (key, any(input), input.flag())).collect(),
            extra: match input.below(3) {
                0 => Extra::Ignored,
                1 => Extra::Forbidden,
                _ => Extra::Allowed(any(input)),
            },
            close: close(input),
        },
        12 => Shape::Tagged {
            keys: some(input, &["t", "k"]),
            choices: some(input, &WORDS).into_iter().map(|word| (word, behind(input))).collect(),
        },
        13 | 14 => Shape::Union {
            choices: (0..2 + input.below(3)).map(|_| behind(input)).collect(),
            exhaustive: input.flag(),
            ordered: input.flag(),
            waits: input.flag(),
            host: input.flag(),
        },
        15 => Shape::Root { inner: behind(input), close: hooks(input) },
        _ if input.flag() => Shape::Nullable(behind(input)),
        _ => Shape::Host { shows: input.flag() },
    }
}

/// A few of several words, at least one.
fn some(input: &mut Input<'_>, words: &[&'static str]) -> Vec<&'static str> {
    let mask = input.byte();
    let mut chosen: Vec<_> =
        (0..words.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| words[bit]).collect();
    if chosen.is_empty() {
        chosen.push(words[usize::from(mask) % words.len()]);
    }
    chosen
}

/// What the host does with a record that closes: only of records does it have the last word.
fn close(input: &mut Input<'_>) -> Close {
    [Close::Nothing, Close::Hooks, Close::Host][input.below(3)]
}

fn hooks(input: &mut Input<'_>) -> Close {
    [Close::Nothing, Close::Hooks][input.below(2)]
}
