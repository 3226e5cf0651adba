//! A resumable, schema-directed JSON parser.
//!
//! Text arrives in deltas and flows one way:
//!
//! ```text
//! bytes -> instar_json::Reader -> events -> checker (walks the plan) -> tape
//! ```
//!
//! [`Parser`] drives them. Nothing here knows Python, does I/O or keeps global state, and nothing recurses on the depth
//! of the input.

#![forbid(unsafe_code)]

mod check;
mod schema;
mod tape;

pub use check::{Asked, Limits, OnViolation, Parser, PendingHooks, PendingValue, Step};
pub use instar_json::{Kind, NumberForm, Position, Source, Span, Syntax};
pub use schema::{
    Accept, Array, Close, Extra, Fault, FaultKind, FieldSet, Float, Int, Kinds, Map, Node, NodeId, Outline,
    Pattern, Plan, PrefixSet, Reason, Record, Refused, Rule, Segment, Show, Str, Tagged, Union, Violation,
    Violations,
};
pub use tape::{Container, Cursor, Fallen, Op, Tape, Ticket};
