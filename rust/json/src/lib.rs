//! JSON, read resumably: a text arrives in pieces, cut anywhere, and becomes events.
//!
//! ```text
//! bytes -> lexer -> tokens -> grammar -> events -> a Receiver
//! ```
//!
//! [`Reader`] drives them; its state fits between any two bytes. Nothing here knows a schema or a host, and nothing
//! recurses on the depth of the text.

#![forbid(unsafe_code)]

mod completion;
mod event;
mod grammar;
mod lexer;
mod reader;
mod scan;
mod strings;
mod syntax;
mod text;

pub use completion::{Completion, Member};
pub use event::{Event, Kind, NumberForm, Piece, Receiver, StoppedAt};
pub use grammar::Nesting;
pub use reader::Reader;
pub use scan::{Run, plain_run};
pub use syntax::{Stop, Syntax, SyntaxError};
pub use text::{Position, Source, Span, characters, is_continuation};
