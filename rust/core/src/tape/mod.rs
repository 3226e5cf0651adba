//! What has grown, for several readers.

mod cursor;
mod op;

pub use cursor::{Cursor, Fallen, Tape};
pub use op::{Container, Op, Ticket};
