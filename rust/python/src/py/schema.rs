//! The Python class `instar._core.Schema`.

use std::sync::Arc;

use instar_repair::{Guide, RepairSet};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use super::explain::{self, Row};
use crate::compile::{compile, guide, hides_input};
use crate::schema::Schema;

#[pymethods]
impl Schema {
    #[new]
    #[pyo3(signature = (core_schema, validator, *, strict=None, empty=false))]
    fn from_core_schema(
        core_schema: Option<&Bound<'_, PyDict>>,
        validator: &Bound<'_, PyAny>,
        strict: Option<bool>,
        empty: bool,
    ) -> PyResult<Self> {
        let (plan, facets) = compile(validator.py(), core_schema, strict, empty)?;
        let hide_input = core_schema.map_or(Ok(false), hides_input)?;
        Self::new(plan, facets, validator, core_schema, hide_input, strict)
    }

    /// How each part of the schema is read: see `instar.Row`.
    fn explain(&self, py: Python<'_>) -> PyResult<Vec<Row>> {
        explain::rows(py, self)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.traverse(&visit)
    }
}

impl Schema {
    /// What these repairs of a text have to know of the schema.
    pub(super) fn guide(&self, py: Python<'_>, repairs: RepairSet) -> PyResult<Arc<Guide>> {
        if repairs.only_around() {
            return Ok(Arc::new(Guide::any()));
        }
        if let Some(guide) = self.guide.get() {
            return Ok(guide.clone());
        }
        let core_schema = self.source.as_ref().map(|schema| schema.bind(py));
        let guide = Arc::new(guide(core_schema, self.strict)?);
        // Another thread may have been first: one is as good as the other.
        Ok(self.guide.get_or_init(|| guide).clone())
    }
}
