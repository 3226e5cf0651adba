//! What is raised.

mod calls;
mod report;

pub(crate) use calls::{busy, finished, interrupted, reading};
pub(crate) use report::{Report, is_validation_error};
