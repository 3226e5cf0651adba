//! Pydantic's core schema, compiled: each node by a rule of the plan where one says the same, else left to Pydantic when
//! its value closes.
//!
//! A node gets a rule only if every key of it is known here: a key that a newer Pydantic adds makes it an opaque node,
//! never a wrong one. The keys are those of `pydantic_core.core_schema`.

mod compiler;
mod containers;
mod guide;
mod outlines;
mod placeholder;
mod records;
mod scalars;
mod unions;

pub(crate) use compiler::{compile, hides_input};
pub(crate) use guide::guide;
