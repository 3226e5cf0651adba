//! The hooks of a container: what the user's code makes of it as it closes.

use instar_core::{Cursor, NodeId, Parser};
use pyo3::prelude::*;

use super::blank::absent_value;
use super::builder::Builder;
use super::context::Context;
use super::growing::Growing;
use super::unshare::{Copies, copied};
use crate::schema::{Hook, Instance};

impl Builder {
    /// Runs the hooks of the innermost container on what has grown, all of which has been read. What they make of it is
    /// kept until the tape says that it has closed.
    ///
    /// Raises what they raise: then it stays open.
    pub(crate) fn run_hooks(
        &mut self,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<()> {
        self.catch_up(c, parser, others)?;
        self.end_waiting(c)?;
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        if let Growing::Record(id, instance) = &frame.growing {
            // What it shows may be no longer what has been announced.
            frame.shown_dicts = None;
            fill(c, *id, instance)?;
        }
        let (node, mut value) = (frame.node, frame.growing.shown(c.py)?);
        let hooks = &c.schema.facet(node).hooks;
        let shown = if self.is_current { Some(copied(c, &value)?) } else { None };
        let copies = if !self.live && hooks.iter().any(Hook::is_users) {
            self.unshare(c, &value)?
        } else {
            Copies::default()
        };
        for hook in hooks {
            value = hook.run(value, c.passed)?;
        }
        copies.put_back(c)?;
        self.note_hooked(c, shown.as_ref(), &value)?;
        if let Some(frame) = self.frames.last_mut() {
            frame.hooked = Some(value.unbind());
        }
        Ok(())
    }

    fn note_hooked(
        &mut self,
        c: Context<'_, '_>,
        shown: Option<&Bound<'_, PyAny>>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let shown = shown.map(|shown| shown.clone().unbind());
        self.stale = true;
        self.note_change(c, shown.as_ref(), value)
    }

    /// Puts copies into a value in place of the parts that somebody else can reach, by a kept snapshot.
    fn unshare<'py>(&mut self, c: Context<'_, 'py>, value: &Bound<'py, PyAny>) -> PyResult<Copies<'py>> {
        let mut copies = Copies::default();
        if self.shown.is_some() {
            // What only the builder holds of earlier snapshots is nobody's.
            (self.snapshot, self.spare) = (None, None);
            self.stale = true;
            copies.unshare_parts(c, value, false)?;
        }
        Ok(copies)
    }
}

/// Puts into a record that closes what its fields show that have not come, where that shows only from now on.
fn fill(c: Context<'_, '_>, id: NodeId, instance: &Instance) -> PyResult<()> {
    let Some(class) = c.schema.record(id) else { return Ok(()) };
    for field in &class.fields {
        if let Some(absent) = &field.once_closed
            && !instance.arrived.bind(c.py).contains(&field.name)?
            && let Some(value) = absent_value(c, absent, &mut Vec::new())?
        {
            class.set(instance, field.name.bind(c.py), &value)?;
        }
    }
    Ok(())
}
