//! The Python classes of the extension.

mod events;
mod explain;
mod json_text;
mod mend;
mod parser;
mod reading;
mod schema;
mod state;
mod wire;

pub(crate) use events::PyEvents;
pub(crate) use json_text::JsonText;
pub(crate) use parser::{ChangeReader, PyParser};
pub(crate) use wire::{PyDelta, PyWire, bytes};
