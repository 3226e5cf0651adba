//! The Python binding of `instar-core`: plans compiled from Pydantic's core schema, objects built from the tape.
//!
//! ```text
//! core schema -> compile -> Schema (plan + what Python knows of each node)
//! deltas -> Parser -> instar_core::Parser -> tape -> Builder -> snapshots
//! response bytes -> Wire -> instar_wire::Wire -> Delta
//! ```

mod builder;
mod compile;
mod dump;
mod errors;
mod exclusive;
mod explain;
mod ffi;
mod growing;
mod hook;
mod judge;
mod parser;
mod record;
mod reuse;
mod schema;
mod wire;

/// The extension module.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::dump::dump;
    #[pymodule_export]
    use crate::parser::PyParser;
    #[pymodule_export]
    use crate::schema::Schema;
    #[pymodule_export]
    use crate::wire::{PyDelta, PyWire};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::ffi::define::<PyParser>(module.py())
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
