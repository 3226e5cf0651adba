//! The checker: events met with the plan, and the parser that drives it.

mod checker;
mod frame;
mod parser;
mod question;
mod receive;
mod recovery;
mod skip;
mod stop;
mod union;
mod value;

pub use parser::{Limits, OnViolation, Parser, Step};
pub use question::{Asked, PendingHooks, PendingValue};
