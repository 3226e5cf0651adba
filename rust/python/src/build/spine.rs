//! The open spine as it shows: all that may still change.

use instar_core::{NodeId, Parser, Rule};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::builder::{Builder, Frame, Place};
use super::context::Context;
use super::growing::{Growing, Member};
use crate::dump::{Arrived, Part};
use crate::ffi;

/// The containers that are open and show, from the root inwards, and the open string in the innermost one.
pub(crate) struct Spine<'b> {
    pub(crate) branches: Vec<Branch<'b>>,
    pub(crate) text: Option<&'b [u8]>,
    /// The root, once it has closed.
    pub(crate) closed: Option<&'b Py<PyAny>>,
    /// How often something has been taken back or replaced.
    pub(crate) revisions: u64,
    /// Whether all containers that are open show.
    pub(crate) is_whole: bool,
}

/// An open container.
pub(crate) struct Branch<'b> {
    pub(crate) node: NodeId,
    /// No other container of the text has this number.
    pub(crate) number: u64,
    pub(crate) growing: &'b Growing,
    /// The member that is open in it, or was last.
    pub(crate) member: &'b Member,
    /// Whether a value of that member stands in it that may still change.
    pub(crate) stands: bool,
    /// Whether something is done to it when it closes.
    pub(crate) is_hooked: bool,
}

impl Spine<'_> {
    /// The way through the dump to the innermost value that shows and may still grow; None once all has closed.
    pub(crate) fn path<'py>(&self, c: Context<'_, 'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let py = c.py;
        if self.closed.is_some() {
            return Ok(None);
        }
        let mut path = Vec::new();
        for (depth, branch) in (1..).zip(&self.branches) {
            if depth == self.branches.len() && self.text.is_none() && !branch.stands {
                break;
            }
            match (branch.growing, branch.member) {
                (Growing::Record(id, _), _) if matches!(c.schema.plan.node(*id).rule, Rule::RootModel(_)) => {
                }
                (Growing::List(_, list, _), _) => {
                    let open = list.bind(py).len().saturating_sub(usize::from(branch.stands));
                    path.push(open.into_bound_py_any(py)?);
                }
                (_, Member::Key(key)) => path.push(key.bind(py).clone()),
                (growing, member) => {
                    path.extend(growing.member_name(c, member).map(|name| name.into_bound(py)));
                }
            }
        }
        PyTuple::new(py, path).map(Some)
    }
}

impl Builder {
    /// The open spine of a tree that is up to date.
    pub(crate) fn spine<'b>(&'b self, c: Context<'_, '_>, parser: &'b Parser) -> PyResult<Spine<'b>> {
        let shown = self.frames.iter().take_while(|frame| !matches!(frame.place, Place::Detached)).count();
        let mut frames = &self.frames[..shown];
        let mut text = None;
        if shown == self.frames.len()
            && let Some(span) = parser.open_text()
        {
            let is_taken = match frames.last() {
                Some(frame) => !frame.stands && frame.growing.is_taken(c.py, &frame.member)?,
                None => self.closed.is_some(),
            };
            text = (!is_taken).then(|| parser.source().bytes(span));
        }
        if text.is_none() {
            // They wait for something to show.
            while let Some((Frame { place: Place::Waiting, .. }, outer)) = frames.split_last() {
                frames = outer;
            }
        }
        let branch = |frame: &'b Frame| Branch {
            node: frame.node,
            number: frame.number,
            growing: &frame.growing,
            member: &frame.member,
            stands: frame.stands,
            is_hooked: !c.schema.facet(frame.node).hooks.is_empty(),
        };
        Ok(Spine {
            is_whole: frames.len() == self.frames.len(),
            branches: frames.iter().map(branch).collect(),
            text,
            closed: self.closed.as_ref().filter(|_| self.frames.is_empty()),
            revisions: self.revisions,
        })
    }
}

/// What a part of the open spine shows, and what has arrived of what does not remember it.
pub(crate) fn whole<'py>(
    c: Context<'_, 'py>,
    branches: &[Branch<'_>],
    text: Option<&[u8]>,
) -> PyResult<(Bound<'py, PyAny>, Arrived)> {
    let py = c.py;
    let mut arrived = Arrived::default();
    let mut child = text.map(|text| ffi::string(py, text)).transpose()?.map(Bound::into_any);
    for branch in branches.iter().rev() {
        let copy = branch.growing.copy(c)?;
        if let Some(child) = &child {
            copy.insert(c, branch.member, child, branch.stands)?;
        }
        let shown = copy.shown(py)?;
        if let Growing::Record(id, instance) = &copy
            && c.schema.record(*id).is_some_and(|class| class.forgets(py, instance))
        {
            arrived.note(&shown, Part::Names(instance.arrived.clone_ref(py)));
        }
        child = Some(shown);
    }
    Ok((child.unwrap_or_else(|| py.None().into_bound(py)), arrived))
}
