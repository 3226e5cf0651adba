//! A compiled schema: the core's plan, and what Python knows of each of its nodes.

mod compiled;
mod hook;
mod record;
mod shape;
mod validator;

pub(crate) use compiled::{Choices, Detail, Facet, Label, Schema};
pub(crate) use hook::Hook;
pub(crate) use record::{Absent, Field, Form, Instance, Parts, PrivateDefault, RecordClass};
pub(crate) use shape::Shape;
pub(crate) use validator::{HostValidator, Settings};
