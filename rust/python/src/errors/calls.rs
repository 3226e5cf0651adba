//! The errors for calls that cannot be answered.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// The error for a reader while another one waits for the source.
pub(crate) fn reading() -> PyErr {
    PyRuntimeError::new_err("another thread is reading this stream: one at a time, or a stream for each")
}

/// The error for a call while another call is at work.
pub(crate) fn busy() -> PyErr {
    PyRuntimeError::new_err(
        "this parser or wire is at work in another thread, or in a validator that it is calling: use one for each \
         stream, from one thread at a time",
    )
}

/// The error for a call after one that was interrupted.
pub(crate) fn interrupted() -> PyErr {
    PyRuntimeError::new_err("this parser was interrupted in the middle of a delta: start a new one")
}

/// The error for a delta after `finish`.
pub(crate) fn finished() -> PyErr {
    PyValueError::new_err("the text was declared finished: start a new Parser for another text")
}
