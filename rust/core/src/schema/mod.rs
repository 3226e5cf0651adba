//! The compiled schema: what a value has to be, and what can be wrong with it.

mod fault;
mod id;
mod kinds;
mod path;
mod pattern;
mod plan;
mod prefix;
mod record;
mod rules;

pub use fault::{Fault, FaultKind, Reason, Refused, Violation};
pub use id::NodeId;
pub use kinds::{Accept, Kinds};
pub use path::Segment;
pub use pattern::Pattern;
pub(crate) use pattern::Search;
pub use plan::{Array, Close, Map, Node, Outline, Plan, Rule, Show, Tagged, Union, Violations};
pub(crate) use prefix::Cursor;
pub use prefix::PrefixSet;
pub use record::{Extra, FieldSet, Record};
pub(crate) use rules::integer;
pub use rules::{Float, Int, Str};
