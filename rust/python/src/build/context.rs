//! What building takes besides the tape.

use pyo3::prelude::*;

use crate::schema::Schema;

/// What the builder reads from.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) schema: &'c Schema,
    /// The `context` that the caller passed: what `model_post_init` is called with.
    pub(crate) passed: Option<&'c Py<PyAny>>,
}
