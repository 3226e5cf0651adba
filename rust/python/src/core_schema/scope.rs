//! Where a node stands, and what is set for it there: by the caller, by itself, by the config around it.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use super::dict::{CoreSchema, kind, required};
use super::user_code::UserCodeIndex;
use super::{Key, key};

/// Where a node stands.
#[derive(Clone)]
pub(crate) struct Scope<'s, 'py> {
    pub(crate) definitions: &'s CoreSchema<'py>,
    pub(crate) user_code: &'s UserCodeIndex,
    /// What the caller of `model_validate_json` would pass: it overrules the schema's own.
    pub(crate) strict: Option<bool>,
    /// Whether a required container shows empty before it arrives.
    pub(crate) empty: bool,
    /// The config of the innermost model: models do not inherit the config of the models around them.
    pub(crate) config: Option<CoreSchema<'py>>,
    /// Whether a node around it has the last word, and runs the user's code.
    pub(crate) enclosed: bool,
    /// Whether a smart union around it tries it strictly before it tries it as it is.
    pub(crate) tried_strictly: bool,
    /// How many nodes are around it.
    pub(crate) nesting: usize,
}

impl<'s, 'py> Scope<'s, 'py> {
    /// Where the root stands.
    pub(crate) fn root(
        definitions: &'s CoreSchema<'py>,
        user_code: &'s UserCodeIndex,
        strict: Option<bool>,
        empty: bool,
    ) -> Self {
        let (config, nesting) = (None, 0);
        Self {
            definitions,
            user_code,
            strict,
            empty,
            config,
            enclosed: false,
            tried_strictly: false,
            nesting,
        }
    }

    /// Under the config of a model.
    pub(crate) fn under(&self, config: Option<CoreSchema<'py>>) -> Self {
        Self { config, ..self.clone() }
    }

    /// Within a node that has the last word.
    pub(crate) fn enclosed(&self) -> Self {
        Self { enclosed: true, ..self.clone() }
    }

    /// Within a union, of which the smart ones try their choices strictly first.
    pub(crate) fn of_choices(&self, union: &CoreSchema<'py>) -> PyResult<Self> {
        let is_smart = kind(union)? == "union" && !is_ordered(union)?;
        Ok(Self { tried_strictly: self.tried_strictly || is_smart, ..self.clone() })
    }

    /// Within one node more.
    pub(crate) fn deeper(&self) -> Self {
        Self { nesting: self.nesting + 1, ..self.clone() }
    }

    /// A setting of the node, or else of the config.
    pub(crate) fn setting(
        &self,
        schema: &CoreSchema<'py>,
        key: &'static Key,
        in_config: &'static Key,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let own = schema.get_item(key)?.filter(|value| !value.is_none());
        match (own, &self.config) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(config)) => Ok(config.get_item(in_config)?.filter(|value| !value.is_none())),
            (None, None) => Ok(None),
        }
    }

    pub(crate) fn is_strict(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        match self.strict {
            Some(strict) => Ok(strict),
            None => self.is_set(schema, key!("strict")),
        }
    }

    /// The side of a `lax-or-strict` that holds here.
    pub(crate) fn side(&self, schema: &CoreSchema<'py>) -> PyResult<CoreSchema<'py>> {
        let side = if self.is_strict(schema)? { key!("strict_schema") } else { key!("lax_schema") };
        required(schema, side)
    }

    /// Whether a string may be written as a number.
    pub(crate) fn coerces_numbers(&self, schema: &CoreSchema<'py>) -> PyResult<bool> {
        Ok(self.is_set(schema, key!("coerce_numbers_to_str"))? && !self.is_strict(schema)?)
    }

    /// Whether a switch that has the same name in the config is on.
    pub(crate) fn is_set(&self, schema: &CoreSchema<'py>, key: &'static Key) -> PyResult<bool> {
        self.setting(schema, key, key)?.map_or(Ok(false), |value| value.extract())
    }

    /// Whether the config in force says anything of values.
    pub(crate) fn is_configured(&self) -> bool {
        let Some(config) = &self.config else { return false };
        let of_records =
            ["title", "extra_fields_behavior", "validate_by_name", "validate_by_alias", "loc_by_alias"];
        let says_more = |key: Bound<'_, PyAny>| {
            !key.extract::<PyBackedStr>().is_ok_and(|key| of_records.contains(&key.as_str()))
        };
        config.keys().iter().any(says_more)
    }
}

/// Whether a union takes the first of its choices that fits.
pub(crate) fn is_ordered(union: &CoreSchema<'_>) -> PyResult<bool> {
    union.get_item(key!("mode"))?.map_or(Ok(false), |mode| mode.eq("left_to_right"))
}
