//! What is raised.

mod alternatives;
mod calls;
mod report;

pub(crate) use calls::{busy, finished, interrupted, reading};
pub(crate) use report::{Place, Report, is_validation_error, stream_error};
