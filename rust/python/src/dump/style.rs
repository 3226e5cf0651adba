//! How to dump.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What the atoms of a dump are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The objects themselves.
    Python,
    /// What they are in JSON.
    Json,
}

/// How to dump.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) mode: Mode,
    /// Whether fields go by their serialization aliases.
    pub(crate) by_alias: bool,
}

impl Style {
    /// Raises `ValueError` if no mode has that name.
    pub(crate) fn new(mode: &str, by_alias: bool) -> PyResult<Self> {
        let mode = match mode {
            "python" => Mode::Python,
            "json" => Mode::Json,
            other => {
                let message = format!("mode is \"python\" or \"json\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        Ok(Self { mode, by_alias })
    }
}
