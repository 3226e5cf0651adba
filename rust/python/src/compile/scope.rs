//! What is set for a node: by the caller, by itself, by the config around it.

use pyo3::prelude::*;

use super::core_schema::CoreSchema;

/// Where a node stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'py> {
    pub(super) definitions: &'s CoreSchema<'py>,
    pub(super) config: Option<&'s CoreSchema<'py>>,
    /// What the caller of `model_validate_json` would pass: it overrules the schema's own.
    pub(super) strict: Option<bool>,
}

impl<'py> Scope<'_, 'py> {
    /// A setting of the node, or else of the config.
    pub(super) fn setting(
        &self,
        schema: &CoreSchema<'py>,
        key: &str,
        in_config: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let own = schema.get_item(key)?.filter(|value| !value.is_none());
        match (own, self.config) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(config)) => Ok(config.get_item(in_config)?.filter(|value| !value.is_none())),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn is_strict(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        match self.strict {
            Some(strict) => Ok(strict),
            None => self.is_set(schema, "strict"),
        }
    }

    /// Whether a string may be written as a number.
    pub(super) fn coerces_numbers(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        Ok(self.is_set(schema, "coerce_numbers_to_str")? && !self.is_strict(schema)?)
    }

    /// Whether a switch that has the same name in the config is on.
    pub(super) fn is_set(&self, schema: &CoreSchema<'py>, key: &str) -> PyResult<bool> {
        self.setting(schema, key, key)?.map_or(Ok(false), |value| value.extract())
    }
}
