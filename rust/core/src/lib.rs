//! A resumable, schema-directed JSON parser.
//!
//! Text arrives in deltas and flows one way:
//!
//! ```text
//! bytes -> lexer -> tokens -> grammar -> events -> checker (walks the plan) -> tape
//! ```
//!
//! [`Parser`] drives them.Nothing here knows
//! Python, does I/O or keeps global state, and nothing recurses on the depth of the input.

#![forbid(unsafe_code)]

mod checker;
mod fault;
mod parser;
mod pattern;
mod plan;
mod prefix;
mod rules;
mod skip;
mod tape;

pub use checker::{Hook, Judgement, Slot};
pub use fault::{Fault, FaultKind, Refusal, Violation};
pub use instar_json::{Kind, NumberForm, Position, Source, Span, Syntax};
pub use parser::{Limits, OnViolation, Parser, Step};
pub use pattern::Pattern;
pub use plan::{
    Array, Choice, Closing, Extra, FieldSet, Float, Int, Judged, Kinds, Map, Node, NodeId, Plan, Record,
    Root, Str, Tagged, Union, Verdict, View,
};
pub use prefix::PrefixSet;
pub use tape::{Container, Op, Ticket};
