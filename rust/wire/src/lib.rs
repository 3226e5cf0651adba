//! The deltas of a model's response, out of the body in which a provider streams it.
//!
//! ```text
//! bytes -> framing -> events -> extract (the fields that are read) -> protocol -> assembler -> deltas
//!                        \-> coalesce (events like the one before) -> transcript (the events, joined)
//! ```
//!
//! [`Decoder`] drives them. Events that are not known, and of those that are the members that are not known, are
//! skipped.

#![forbid(unsafe_code)]

mod assembler;
pub mod choice;
mod coalesce;
#[cfg(test)]
mod coalesce_tests;
mod decoder;
mod delta;
mod error;
mod events;
mod extract;
mod fault;
mod finish;
mod framing;
mod json_paths;
mod protocol;
mod repeats;
mod surrogates;
#[cfg(test)]
mod testing;
mod tool_calls;
mod transcript;

pub use decoder::Decoder;
pub use delta::{Delta, DeltaKind};
pub use error::says_error;
pub use events::Events;
pub use fault::{Fault, FaultKind, WireFault};
pub use finish::is_cut;
pub use framing::Framing;
pub use protocol::{PROTOCOLS, Protocol};
