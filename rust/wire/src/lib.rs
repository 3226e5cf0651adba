//! The deltas of a model's response, out of the body in which a provider streams it.
//!
//! ```text
//! bytes -> framing -> events -> extract (the fields that are read) -> protocol -> deltas
//!                                     coalesce (events like the one before) -> transcript (the events, joined)
//! ```
//!
//! [`Decoder`] drives them. Events that are not known, and of those that are the members that are not known, are
//! skipped.

#![forbid(unsafe_code)]

mod coalesce;
#[cfg(test)]
mod coalesce_tests;
mod decoder;
mod delta;
mod extract;
mod fault;
mod framing;
mod protocol;
mod surrogates;
mod tool_calls;
mod transcript;

pub use decoder::Decoder;
pub use delta::{Delta, DeltaKind};
pub use fault::{Fault, FaultKind, WireFault};
pub use framing::Framing;
pub use protocol::{PROTOCOLS, Protocol};
