//! Python objects that are made when they are first needed, and then kept.
//!
//! No lock is held while one is made, and the GIL is not let go. `PyOnceLock` and the `intern!` of `pyo3` do both: a child
//! that another thread forks meanwhile finds the lock taken by nobody, and waits for ever (in 3 of 60 processes whose
//! threads make their first parsers; here in none). Two threads may each make one here. The first counts, and the other
//! is dropped.

use std::convert::Infallible;
use std::sync::OnceLock;

use pyo3::PyTypeCheck;
use pyo3::prelude::*;
use pyo3::types::PyString;

pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        match self.0.get() {
            Some(kept) => kept,
            None => self.keep(make()),
        }
    }

    pub(crate) fn get_or_try_init(&self, make: impl FnOnce() -> PyResult<T>) -> PyResult<&T> {
        match self.0.get() {
            Some(kept) => Ok(kept),
            None => Ok(self.keep(make()?)),
        }
    }

    /// Python does not run in here, so that no other thread can fork.
    #[cold]
    fn keep(&self, made: T) -> &T {
        self.0.get_or_init(|| made)
    }
}

impl<T: PyTypeCheck> Once<Py<T>> {
    /// An attribute of a module.
    pub(crate) fn import<'py>(&self, py: Python<'py>, module: &str, name: &str) -> PyResult<&Bound<'py, T>> {
        let import = || Ok(py.import(module)?.getattr(name)?.cast_into()?.unbind());
        self.get_or_try_init(import).map(|found| found.bind(py))
    }
}

/// A Python string that is made once, `literal!("schema")`. With it a flag of a schema is read in 170 instructions, with a
/// string that is made for each look-up in 680 (`CPython` 3.11).
pub(crate) struct Literal {
    text: &'static str,
    string: Once<Py<PyString>>,
}

impl Literal {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, string: Once::new() }
    }

    pub(crate) fn bind<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.kept(py).bind(py)
    }

    fn kept(&self, py: Python<'_>) -> &Py<PyString> {
        self.string.get_or_init(|| PyString::intern(py, self.text).unbind())
    }
}

impl<'py> IntoPyObject<'py> for &'static Literal {
    type Target = PyString;
    type Output = Borrowed<'static, 'py, PyString>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(self.kept(py).bind_borrowed(py))
    }
}

/// The literal with this text.
macro_rules! literal {
    ($text:literal) => {{
        static LITERAL: $crate::once::Literal = $crate::once::Literal::new($text);
        &LITERAL
    }};
}
pub(crate) use literal;

/// The Python string of a literal.
macro_rules! intern {
    ($py:expr, $text:literal) => {
        $crate::once::literal!($text).bind($py)
    };
}
pub(crate) use intern;
