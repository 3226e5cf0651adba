//! Copies for hooks: what user code may change must not be what somebody's snapshot shows.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet};

use super::context::Context;
use super::same::looks_same;
use crate::ffi;

/// What holds a part that nobody else has: the part around it, and the one who asks.
const HOLDERS: isize = 2;

/// The copies that stand in place of parts, each after those around it.
#[derive(Default)]
pub(super) struct Copies<'py> {
    copies: Vec<Copied<'py>>,
}

/// A copy in place of a part.
struct Copied<'py> {
    holder: Bound<'py, PyAny>,
    key: Bound<'py, PyAny>,
    part: Bound<'py, PyAny>,
    copy: Bound<'py, PyAny>,
}

impl<'py> Copies<'py> {
    /// Puts the parts back of which the copies still look the same: what nobody has changed stays the same object.
    pub(super) fn put_back(&self, c: Context<'_, 'py>) -> PyResult<()> {
        for Copied { holder, key, part, copy } in &self.copies {
            if holder.get_item(key).is_ok_and(|now| now.is(copy)) && looks_same(c, part, copy)? {
                holder.set_item(key, part)?;
            }
        }
        Ok(())
    }

    /// Replaces the parts of a container that others hold. Those of a copy are held by what it was copied from.
    pub(super) fn unshare_parts(
        &mut self,
        c: Context<'_, 'py>,
        value: &Bound<'py, PyAny>,
        is_copy: bool,
    ) -> PyResult<()> {
        if let Ok(list) = value.cast_exact::<PyList>() {
            for index in 0..list.len() {
                self.unshare_part(c, list.as_any(), index.into_pyobject(c.py)?.into_any(), is_copy)?;
            }
            return Ok(());
        }
        let dicts = match value.cast_exact::<PyDict>() {
            Ok(dict) => vec![dict.clone()],
            Err(_) => c.schema.class_of(value).map(|class| class.dicts(value)).unwrap_or_default(),
        };
        for dict in dicts {
            for key in dict.keys() {
                self.unshare_part(c, dict.as_any(), key, is_copy)?;
            }
        }
        Ok(())
    }

    /// Puts a copy of a part, its own parts unshared, in its place if others hold it; else its parts are unshared.
    fn unshare_part(
        &mut self,
        c: Context<'_, 'py>,
        holder: &Bound<'py, PyAny>,
        key: Bound<'py, PyAny>,
        is_copy: bool,
    ) -> PyResult<()> {
        let part = holder.get_item(&key)?;
        if !is_copy && ffi::is_held_by(&part, HOLDERS) {
            return self.unshare_parts(c, &part, false);
        }
        let Some(copy) = shallow(c, &part)? else { return Ok(()) };
        holder.set_item(&key, &copy)?;
        self.copies.push(Copied { holder: holder.clone(), key, part, copy: copy.clone() });
        self.unshare_parts(c, &copy, true)
    }
}

/// A copy of a list, dict, set or record, which shares its parts; none of anything else.
fn shallow<'py>(c: Context<'_, 'py>, value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Ok(list) = value.cast_exact::<PyList>() {
        return Ok(Some(list.get_slice(0, list.len()).into_any()));
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return Ok(Some(dict.copy()?.into_any()));
    }
    if let Ok(set) = value.cast_exact::<PySet>() {
        return Ok(Some(ffi::copy_set(set)?.into_any()));
    }
    match c.schema.class_of(value) {
        Some(class) => class.copied(value),
        None => Ok(None),
    }
}

/// A copy of a value and of all its parts that are lists, dicts, sets or records.
pub(super) fn copied<'py>(c: Context<'_, 'py>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match shallow(c, value)? {
        Some(copy) => {
            Copies::default().unshare_parts(c, &copy, true)?;
            Ok(copy)
        }
        None => Ok(value.clone()),
    }
}
