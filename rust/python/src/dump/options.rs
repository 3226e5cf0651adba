//! What a config says of how values are written.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat};

/// The settings of a config, and what `to_jsonable_python` calls them.
const SETTINGS: [(&str, &str); 4] = [
    INF_NAN,
    ("ser_json_bytes", "bytes_mode"),
    ("ser_json_temporal", "temporal_mode"),
    ("ser_json_timedelta", "timedelta_mode"),
];

/// The default of a config is null, which is JSON. That of the function is not.
const INF_NAN: (&str, &str) = ("ser_json_inf_nan", "inf_nan_mode");

/// How a config wants atoms to be written, and fields to be called.
#[derive(Default)]
pub(crate) struct Options {
    /// In the order of `SETTINGS`.
    settings: [Option<String>; SETTINGS.len()],
    /// The same, as arguments.
    pub(super) arguments: Option<Py<PyDict>>,
    /// Whether fields go by their aliases even if nobody asks for it.
    pub(super) by_alias: bool,
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings && self.by_alias == other.by_alias
    }
}

impl Options {
    pub(super) fn of_config(config: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let Some(config) = config else { return Ok(Self::default()) };
        let arguments = PyDict::new(config.py());
        let mut settings = <[Option<String>; SETTINGS.len()]>::default();
        for (setting, (name, argument)) in settings.iter_mut().zip(SETTINGS) {
            if let Some(value) = config.get_item(name)?.filter(|value| !value.is_none()) {
                arguments.set_item(argument, &value)?;
                *setting = Some(value.extract()?);
            }
        }
        let arguments = (!arguments.is_empty()).then(|| arguments.unbind());
        let by_alias = config.get_item("serialize_by_alias")?;
        let by_alias = by_alias.is_some_and(|by_alias| by_alias.extract().unwrap_or(false));
        Ok(Self { settings, arguments, by_alias })
    }

    pub(super) fn writes_null_for(&self, value: &Bound<'_, PyAny>) -> bool {
        let [inf_nan, ..] = &self.settings;
        inf_nan.is_none() && value.cast::<PyFloat>().is_ok_and(|float| !float.value().is_finite())
    }
}
