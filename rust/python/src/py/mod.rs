//! The Python classes of the extension.

mod events;
mod explain;
mod parser;
mod schema;
mod wire;

pub(crate) use events::PyEvents;
pub(crate) use parser::PyParser;
pub(crate) use wire::{PyDelta, PyWire, bytes};
