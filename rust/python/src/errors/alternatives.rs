//! What holds against a value that may be one of several things: a union's, or an outline's.
//!
//! An error may come while the value is open. Of the lines that it could have, only those are told that hold for every
//! continuation of the text: somebody who asks the model again sends it what they say.

use std::ops::Range;

use instar_core::{NodeId, Refused, Rule, Violation};
use instar_json::{Completion, Member};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use super::report::{Report, type_name};
use crate::schema::{Choices, Detail, HostValidator, Label};

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
        let Rule::Union(union) = &self.schema.plan.node(node).rule else { return Ok(None) };
        let Detail::Choices(choices) = &self.schema.facet(node).detail else { return Ok(None) };
        let name_of = |validator: &HostValidator| -> PyResult<Bound<'py, PyAny>> {
            Ok(PyString::new(self.py, &validator.title(self.py)?).into_any())
        };
        let mut own = PyList::empty(self.py);
        for Refused { alternative, violation } in refused {
            let index = union.alternatives.iter().position(|each| each == alternative);
            for label in index.map_or(&[][..], |index| &choices.labels[index]) {
                let label = match label {
                    Label::Tag(tag) => tag.bind(self.py).clone(),
                    Label::Name => name_of(&self.schema.facet(*alternative).validator)?,
                    Label::NameOf(validator) => name_of(validator)?,
                };
                let within = location.add((label,))?.cast_into()?;
                if let Some(error) = self.add_lines(&own, &within, violation)? {
                    return Ok(Some(error));
                }
            }
        }
        if union.waits {
            own = self.kept_of_tagged(own, location, (node, choices), range)?;
        }
        own.iter().try_for_each(|line| lines.append(line))?;
        Ok(None)
    }

    /// Of the lines against a union that a tag decides, those that Pydantic has, too; where it has none of them, as while
    /// no tag is right, what it says of the tag. While the tag has yet to come, or is open, none is certain.
    fn kept_of_tagged(
        self,
        lines: Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        (node, choices): (NodeId, &Choices),
        range: &Range<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let completion = Completion::of(self.raw(range));
        let Some(whole) = self.whole_lines(location, node, &completion)? else { return Ok(lines) };
        if let Some(tag) = choices.open_tag(self.py, &completion)? {
            return self.kept_of_open_tag(&lines, whole, location, &choices.that_begin(self.py, &tag)?);
        }
        let mut kept = those(&lines, |line| says(&whole, line))?;
        if kept.is_empty() {
            kept = those(&whole, |line| line.get_item("loc")?.eq(location))?;
        }
        Ok(if kept.is_empty() && !self.certain { lines } else { kept })
    }

    /// Of the lines against a union whose tag is open and may still be one of `labels`, those that hold: only that it is
    /// none of them, once it cannot be. Where no line is certain, those of which one will hold.
    fn kept_of_open_tag(
        self,
        lines: &Bound<'py, PyList>,
        whole: Bound<'py, PyList>,
        location: &Bound<'py, PyTuple>,
        labels: &[Bound<'py, PyAny>],
    ) -> PyResult<Bound<'py, PyList>> {
        if labels.is_empty() {
            return Ok(whole);
        }
        if self.certain {
            return Ok(PyList::empty(self.py));
        }
        let kept = those(lines, |line| {
            let label = line.get_item("loc")?.get_item(location.len())?;
            Ok(labels.iter().any(|known| known.eq(&label).unwrap_or(false)))
        })?;
        for line in whole.iter() {
            if !says(&kept, &line)? {
                kept.append(line)?;
            }
        }
        Ok(kept)
    }

    /// The lines of the host's own words for a value as far as it had come, those that are made up left out.
    fn whole_lines(
        self,
        location: &Bound<'py, PyTuple>,
        node: NodeId,
        whole: &Completion,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let validated = self.schema.facet(node).validator.validate(self.py, &whole.json, self.settings);
        let Err(error) = validated else { return Ok(None) };
        let Some(lines) = self.lines(&error, location)? else { return Ok(None) };
        let pending = whole.pending.as_ref().map(|member| name(self.py, member)).transpose()?;
        those(&lines, |line| Ok(!is_made_up(line, pending.as_ref())?)).map(Some)
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
        if own.is_empty() {
            // Nothing is certain of the part.
            return Ok(None);
        }
        let places = own.iter().map(|line| line.get_item("loc")).collect::<PyResult<Vec<_>>>()?;
        let whole = self.whole_lines(location, node, &Completion::of(self.raw(range)))?;
        let whole = whole.unwrap_or_else(|| PyList::empty(self.py));
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

impl Choices {
    /// The JSON of the tag, as far as it has come, if that is what was cut off.
    fn open_tag(&self, py: Python<'_>, whole: &Completion) -> PyResult<Option<Vec<u8>>> {
        let (Some(open), Some(discriminator)) = (&whole.open, &self.discriminator) else { return Ok(None) };
        let path =
            PyList::new(py, open.iter().map(|member| name(py, member)).collect::<PyResult<Vec<_>>>()?)?;
        let discriminator = discriminator.bind(py);
        let is_there = match discriminator.cast::<PyString>() {
            Ok(key) => path.eq(PyList::new(py, [key])?)?,
            Err(_) => discriminator.contains(&path)?,
        };
        if !is_there {
            return Ok(None);
        }
        let value =
            py.import("pydantic_core")?.getattr("from_json")?.call1((PyBytes::new(py, &whole.json),))?;
        let tag = path.iter().try_fold(value, |value, member| value.get_item(member))?;
        let mut json = json_of(&tag)?;
        json.truncate(json.strip_suffix(b"\"").map_or(json.len(), <[u8]>::len));
        Ok(Some(json))
    }

    /// The tags whose JSON begins so.
    fn that_begin<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut found = Vec::new();
        for label in self.labels.iter().flatten() {
            let Label::Tag(label) = label else { continue };
            let label = label.bind(py);
            if json_of(label)?.starts_with(json) {
                found.push(label.clone());
            }
        }
        Ok(found)
    }
}

fn json_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    value.py().import("pydantic_core")?.getattr("to_json")?.call1((value,))?.extract()
}

/// The lines that are kept.
fn those<'py>(
    lines: &Bound<'py, PyList>,
    is_kept: impl Fn(&Bound<'py, PyAny>) -> PyResult<bool>,
) -> PyResult<Bound<'py, PyList>> {
    let kept = PyList::empty(lines.py());
    for line in lines.iter() {
        if is_kept(&line)? {
            kept.append(line)?;
        }
    }
    Ok(kept)
}

/// Whether one of the lines says the same of the same place.
fn says(lines: &Bound<'_, PyList>, line: &Bound<'_, PyAny>) -> PyResult<bool> {
    let (location, kind) = (line.get_item("loc")?, type_name(line)?);
    for other in lines.iter() {
        if location.eq(other.get_item("loc")?)? && kind.eq(type_name(&other)?)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What Python calls a member.
fn name<'py>(py: Python<'py>, member: &Member) -> PyResult<Bound<'py, PyAny>> {
    Ok(match member {
        Member::Index(index) => index.into_pyobject(py)?.into_any(),
        Member::Key(key) => PyString::new(py, key).into_any(),
    })
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
