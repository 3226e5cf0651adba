//! The mender of a text, at work for a parser.

use std::sync::Arc;

use instar_core::Parser;
use instar_json::Position;
use instar_repair::{Guide, Mender, Repair, RepairKind, RepairSet};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::parser::Stopped;

/// The mender of a text, and what it has to know.
pub(super) struct Mending {
    pub(super) mender: Mender,
    pub(super) guide: Arc<Guide>,
    /// Whether the parser begins anew before it reads more: what it has read is no answer. Until then that stays to be
    /// seen.
    pub(super) begins_anew: bool,
    /// Why the value was refused that was given up last.
    pub(super) refused: Option<Stopped>,
}

impl Mending {
    pub(super) fn new(repairs: RepairSet, guide: Arc<Guide>, limit: usize) -> Self {
        let mender = Mender::new(repairs, &guide, limit);
        Self { mender, guide, begins_anew: false, refused: None }
    }

    /// Whether the value is whole, as far as it has been read.
    pub(super) fn is_complete(&self, core: &Parser) -> bool {
        core.complete() && !self.begins_anew && (self.mender.is_aside() || self.mender.is_accepted())
    }
}

/// The repairs that a caller names: `"none"`, `"around"`, `"all"`, a kind, or several.
pub(super) fn repairs_of(named: &Bound<'_, PyAny>) -> PyResult<RepairSet> {
    if let Ok(name) = named.cast::<PyString>() {
        return set_of(&name.to_string());
    }
    let Ok(names) = named.try_iter() else {
        let message = format!("repair is \"none\", \"around\", \"all\" or a set of kinds, not {}", named.repr()?);
        return Err(PyTypeError::new_err(message));
    };
    let mut all = RepairSet::NONE;
    for name in names {
        all = all.and(set_of(&name?.extract::<String>()?)?);
    }
    Ok(all)
}

fn set_of(name: &str) -> PyResult<RepairSet> {
    match name {
        "none" => Ok(RepairSet::NONE),
        "around" => Ok(RepairSet::AROUND),
        "all" => Ok(RepairSet::ALL),
        kind => match RepairKind::named(kind) {
            Some(kind) => Ok(RepairSet::of(&[kind])),
            None => {
                let kinds: Vec<&str> = RepairKind::ALL.iter().map(|kind| kind.name()).collect();
                Err(PyValueError::new_err(format!(
                    "repair is \"none\", \"around\", \"all\" or of {}, not {kind:?}",
                    kinds.join(", ")
                )))
            }
        },
    }
}

/// Repairs of a text as people see them.
pub(super) fn told<'py>(py: Python<'py>, repairs: &[Repair], raw: &[u8]) -> PyResult<Bound<'py, PyTuple>> {
    let class = py.import(intern!(py, "instar.repair"))?.getattr(intern!(py, "Repair"))?;
    let told = repairs.iter().map(|repair| {
        let Repair { kind, start, end, read, understood, count } = repair;
        let Position { line, column } = Position::find(raw, *start);
        class.call1((kind.name(), start, end, line, column, read, understood, count))
    });
    PyTuple::new(py, told.collect::<PyResult<Vec<_>>>()?)
}
