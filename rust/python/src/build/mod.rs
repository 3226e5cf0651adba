//! The tape, built: one growing tree of Python objects, and what is seen of it.

mod blank;
mod builder;
mod context;
mod dict_copies;
mod elements;
mod growing;
mod hooks;
mod live_set;
mod members;
mod provisional;
mod reuse;
mod same;
mod snapshot;
mod spine;
mod unshare;

pub(crate) use builder::Builder;
pub(crate) use context::Context;
pub(crate) use elements::Elements;
pub(crate) use growing::{Growing, Member};
pub(crate) use members::Members;
pub(crate) use same::looks_same;
pub(crate) use spine::{Branch, Spine, whole};
