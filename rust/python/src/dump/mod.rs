//! What has arrived, as plain data: the dump of a value.
//!
//! The value itself is walked, so the cost is that of the data, and no code of the user's runs: no serializers, no
//! computed fields. A model knows which of its fields have arrived (`model_fields_set`). What no value tells is told
//! by its schema (`layout`: names and settings of typed dicts and dataclasses) and by whoever made it (`arrived`: which
//! fields of a dataclass have come).

mod arrived;
mod class;
mod json;
mod layout;
mod members;
mod options;
mod part;
mod style;
mod walk;

pub(crate) use self::arrived::{Arrived, Part, forgets};
pub(crate) use self::layout::Layouts;
pub(crate) use self::part::{Inside, Manner};
pub(crate) use self::style::Style;
pub(crate) use self::walk::{dump, dump_value};
