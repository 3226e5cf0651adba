//! Pydantic's core schema, read: its nodes, what is set for them, what they accept, what of them is the user's code.

mod dict;
mod kinds;
mod parts;
mod scope;
mod user_code;
mod walk;

pub(crate) use dict::{
    CoreSchema, child, exact_int, flag, item, kind, lengths, on_error_raises, only, required,
};
pub(crate) use parts::{
    Appears, Declared, appears, choices, declared, default, fields_as_they_come, has_own_config,
    hides_default, references_text,
};
pub(crate) use scope::{Scope, is_ordered};
pub(crate) use user_code::{
    UserCodeIndex, finds_missing, is_container_maker, is_plain_factory, makes_another, runs_post_init,
};
pub(crate) use walk::{definitions, inner_nodes, name_of, references, referred};

/// A key of nodes.
pub(crate) use crate::once::{Literal as Key, literal as key};
