//! Tool calls: which one an event is about, and what has come of each.

mod call;
mod label;

pub(crate) use call::{Taken, ToolCalls};
pub(crate) use label::{Label, Numbers};
