//! A resumable, schema-directed JSON parser.
//!
//! Text arrives in deltas and flows one way:
//!
//! ```text
//! bytes -> lexer -> tokens -> grammar -> events -> checker (walks the plan) -> tape
//! ```
//!
//! [`Parser`] drives the four. [`wire`] finds the deltas in the body of a provider's response. Nothing here knows
//! Python, does I/O or keeps global state, and nothing recurses on the depth of the input.

#![forbid(unsafe_code)]

mod checker;
mod events;
mod fault;
mod grammar;
mod lexer;
mod parser;
mod pattern;
mod plan;
mod prefix;
mod rules;
mod scan;
mod skip;
mod tape;
mod text;
pub mod wire;

pub use checker::{Hook, Judgement, Slot};
pub use events::{Kind, NumberForm};
pub use fault::{Fault, FaultKind, Refusal, Syntax, Violation};
pub use parser::{Limits, OnViolation, Parser, Step};
pub use pattern::Pattern;
pub use plan::{
    Array, Choice, Closing, Extra, FieldSet, Float, Int, Judged, Kinds, Map, Node, NodeId, Plan, Record,
    Root, Str, Tagged, Union, Verdict, View,
};
pub use prefix::PrefixSet;
pub use tape::{Container, Op, Ticket};
pub use text::{Position, Source, Span};
