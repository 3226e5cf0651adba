//! The pump: what comes from a source is decoded, chosen, parsed and shown, item by item. It does no I/O.
//!
//! ```text
//! source -> Pump.feed -> [Body: decoder -> choice] -> parser -> projection -> items -> next
//! ```
//!
//! Whoever pulls the source asks the pump for items, and feeds it when it is hungry: `Pull` here, and a generator in
//! Python for async code. What is rare stands between two readings, and is theirs: to open, to close, to ask again.

mod body;
mod calls;
mod delta;
mod elements;
mod items;
mod lane;
mod partials;
mod pieces;
mod portion;
mod projection;
mod pull;
#[expect(clippy::module_inception, reason = "the class of the folder")]
mod pump;
mod skipped;
mod split;
mod state;

pub(crate) use self::body::Body;
pub(crate) use self::pieces::Pieces;
pub(crate) use self::pull::Pull;
pub(crate) use self::pump::Pump;
