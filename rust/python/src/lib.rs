//! The Python binding of `instar-core`: plans compiled from Pydantic's core schema, objects built from the tape.
//!
//! ```text
//! core schema -> compile -> Schema (plan + what Python knows of each node)
//! deltas -> Parser -> instar_core::Parser -> tape -> Builder -> snapshots
//! response bytes -> Wire -> instar_wire::Decoder -> Delta
//! ```

mod build;
mod changes;
mod compile;
mod core_schema;
mod dump;
mod errors;
mod exclusive;
mod ffi;
mod once;
mod pump;
mod py;
mod schema;

/// The extension module.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::dump::dump;
    #[pymodule_export]
    use crate::pump::{Body, Pieces, Pull, Pump};
    #[pymodule_export]
    use crate::py::{ChangeReader, JsonText, PyDelta, PyEvents, PyParser, PyWire};
    #[pymodule_export]
    use crate::schema::Schema;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::ffi::define::<PyParser>(module.py())
    }

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
