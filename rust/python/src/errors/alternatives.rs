//! What holds against a value that may be one of several things: a union's, or an outline's.
//!
//! An error may come while the value is open. Of the lines that it could have, only those are told that hold for every
//! continuation of the text: somebody who asks the model again sends it what they say.

use std::ops::Range;

use instar_core::{NodeId, Refused, Rule, Violation};
use instar_json::{Completion, Member};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use super::report::{Report, type_name};
use crate::schema::Detail;

impl<'py> Report<'_, 'py> {
    /// Adds what holds against each alternative of a union, under the name that Pydantic gives it.
    pub(super) fn add_alternatives(
        self,
        lines: &Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
        refused: &[Refused],
    ) -> PyResult<Option<PyErr>> {
        let labels = match &self.schema.facet(node).detail {
            Detail::Labels(labels) => labels.as_slice(),
            _ => &[],
        };
        let Rule::Union(union) = &self.schema.plan.node(node).rule else { return Ok(None) };
        let mut own = PyList::empty(self.py);
        for Refused { alternative, violation } in refused {
            let index = union.alternatives.iter().position(|each| each == alternative);
            let label = match index.and_then(|index| labels.get(index)?.as_ref()) {
                Some(label) => label.bind(self.py).clone(),
                None => {
                    let title = self.schema.facet(*alternative).validator.title(self.py)?;
                    PyString::new(self.py, &title).into_any()
                }
            };
            let within = location.add((label,))?.cast_into()?;
            if let Some(error) = self.add_lines(&own, &within, violation)? {
                return Ok(Some(error));
            }
        }
        if union.waits {
            own = self.kept_of_tagged(own, location, node, range)?;
        }
        own.iter().try_for_each(|line| lines.append(line))?;
        Ok(None)
    }

    /// Of the lines against a union that a tag decides, those that Pydantic has, too; where it has none of them, as while
    /// no tag is right, Pydantic's own. While the tag has yet to come none is certain.
    fn kept_of_tagged(
        self,
        lines: Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let Some(whole) = self.whole_lines(location, node, range)? else { return Ok(lines) };
        let is_about = |line: &Bound<'py, PyAny>, other: &Bound<'py, PyAny>| -> PyResult<bool> {
            Ok(line.get_item("loc")?.eq(other.get_item("loc")?)? && type_name(line)?.eq(type_name(other)?)?)
        };
        let kept = PyList::empty(self.py);
        for line in lines.iter() {
            for other in whole.iter() {
                if is_about(&line, &other)? {
                    kept.append(&line)?;
                    break;
                }
            }
        }
        let told = if kept.is_empty() { whole } else { kept };
        Ok(if told.is_empty() && !self.certain { lines } else { told })
    }

    /// The lines of the host's own words for a value as far as it had come, those that are made up left out.
    fn whole_lines(
        self,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let whole = Completion::of(self.raw(range));
        let validated = self.schema.facet(node).validator.validate(self.py, &whole.json, self.settings);
        let Err(error) = validated else { return Ok(None) };
        let Some(lines) = self.lines(&error, location)? else { return Ok(None) };
        let pending = match whole.pending {
            Some(Member::Index(index)) => Some(index.into_pyobject(self.py)?.into_any()),
            Some(Member::Key(key)) => Some(PyString::new(self.py, &key).into_any()),
            None => None,
        };
        let kept = PyList::empty(self.py);
        for line in lines.iter() {
            if !is_made_up(&line, pending.as_ref())? {
                kept.append(line)?;
            }
        }
        Ok(Some(kept))
    }

    /// Adds the host's own words for what is wrong with a part of a value: those about that part, else those about the
    /// whole; its own lines where the host has none of either.
    pub(super) fn add_outline(
        self,
        lines: &Bound<'py, PyList>,
        prefix: &Bound<'py, PyTuple>,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        range: &Range<usize>,
        cause: &Violation,
    ) -> PyResult<Option<PyErr>> {
        let own = PyList::empty(self.py);
        if let Some(error) = self.add_lines(&own, prefix, cause)? {
            return Ok(Some(error));
        }
        let places = own.iter().map(|line| line.get_item("loc")).collect::<PyResult<Vec<_>>>()?;
        let whole = self.whole_lines(location, node, range)?.unwrap_or_else(|| PyList::empty(self.py));
        let about = |places: &[Bound<'py, PyAny>]| -> PyResult<Vec<Bound<'py, PyAny>>> {
            let mut about = Vec::new();
            for line in whole.iter() {
                let place = line.get_item("loc")?;
                if places.iter().any(|known| known.eq(&place).unwrap_or(false)) {
                    about.push(line);
                }
            }
            Ok(about)
        };
        let mut told = about(&places)?;
        if told.is_empty() {
            told = about(&[location.clone().into_any()])?;
        }
        if told.is_empty() {
            told = own.iter().collect();
        }
        told.into_iter().try_for_each(|line| lines.append(line))?;
        Ok(None)
    }
}

/// Whether a line of an error is about what is not there only because the value is not whole: missing fields and tags,
/// and the `null` of a pending key.
fn is_made_up(line: &Bound<'_, PyAny>, pending: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
    let kind: String = type_name(line)?.extract().unwrap_or_default();
    let is_missing = ["missing", "union_tag_not_found"].contains(&kind.as_str());
    let Some(pending) = pending else { return Ok(is_missing) };
    let is_of_key = ["extra_forbidden", "unexpected_keyword_argument"].contains(&kind.as_str());
    let location: Vec<Bound<'_, PyAny>> = line.get_item("loc")?.extract()?;
    let ends_there = location.last().is_some_and(|last| last.eq(pending).unwrap_or(false));
    Ok(is_missing || (ends_there && !is_of_key && line.get_item("input")?.is_none()))
}
