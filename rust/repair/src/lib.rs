//! What models write instead of JSON, mended while it streams.
//!
//! ```text
//! raw bytes -> Mender -> mended bytes -> an Engine (strict)
//!                ^ Guide: what the schema wants
//! ```
//!
//! [`Mender`] is in step with the engine that reads the mended text, and depends on neither schema nor host: a
//! [`Guide`] says what the schema wants in each place, and [`Mender::drive`] asks the engine what it thinks of the
//! text so far. Its state fits between any two bytes; what it decides depends on the bytes alone, however they are cut.

#![forbid(unsafe_code)]

mod around;
mod cut;
mod decode;
mod diagnosis;
mod engine;
mod fault;
mod guide;
mod inner_quote;
mod kind;
mod mender;
mod number;
mod output;
mod probe;
mod quote;
mod record;
mod source;
mod value;
mod word;

pub use around::Allowance;
pub use cut::complete;
pub use diagnosis::diagnose;
pub use engine::{Engine, Mended, Outcome, Verdict};
pub use fault::{Fault, FaultKind};
pub use guide::{Choice, Field, Guide, Kinds, Node, NodeId};
pub use kind::{RepairKind, RepairSet};
pub use mender::{Ending, Mender, Refusal, Step};
pub use record::{Repair, quotation};
pub use value::Pass;
