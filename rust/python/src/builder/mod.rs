//! Ops to objects: one growing tree, of which kept snapshots copy the open spine.

mod attempt;
mod snapshot;

use instar_core::{Container, Node, NodeId, Op, Parser, Source, Span, Ticket};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString};
use pyo3::{PyTraverseError, PyVisit};

use self::attempt::Attempt;
pub(crate) use self::snapshot::Members;
use crate::dump::{Arrived, Part};
use crate::growing::{Growing, Member};
use crate::record::{Absent, Field, Instance};
use crate::schema::{Detail, Schema};

struct Frame {
    /// The node of the container.
    node: NodeId,
    growing: Growing,
    member: Member,
    /// Whether it repeats a key and so belongs to no tree.
    detached: bool,
    /// Whether it is a record written as its only field, which has nothing to show yet: then nor has the record.
    waits: bool,
    /// What stood in its place while it waited.
    before: Option<Py<PyAny>>,
    /// How many of its elements have been drained.
    drained: usize,
    /// What an earlier snapshot showed for it and nobody holds, while the next snapshot is made.
    reclaimed: Option<Growing>,
}

/// The open string, as far as it has been looked at.
struct Text {
    value: Py<PyString>,
    /// How many bytes of it `value` holds.
    bytes: usize,
    /// Whether it stands in the tree (of a live parser).
    placed: bool,
}

/// The objects of one stream.
pub(crate) struct Builder {
    live: bool,
    /// The values that the judge has accepted and that the tape may still call for, each at its ticket.
    judged: Vec<Py<PyAny>>,
    ops: Vec<Op>,
    frames: Vec<Frame>,
    attempts: Vec<Attempt>,
    text: Option<Text>,
    /// The root record before its first byte.
    blank: Option<Instance>,
    /// The names of the root record's fields that have something to show, an open string's apart.
    arrived: Option<Py<PySet>>,
    /// The root once it is closed.
    closed: Option<Py<PyAny>>,
    /// The last snapshot.
    snapshot: Option<Py<PyAny>>,
    /// Whether there has been something new since.
    stale: bool,
    /// The kept snapshot before it. Of the two, one that nobody else holds becomes the next.
    spare: Option<Py<PyAny>>,
    /// What was raised where an object had to be made: nothing can be built any more.
    broken: Option<Py<PyBaseException>>,
    /// At which depth the elements to drain are.
    element_depth: Option<usize>,
    /// Lists of elements that have closed, and how many of each have been drained.
    closed_lists: Vec<(Py<PyList>, usize)>,
    /// What has arrived of the dataclasses that have closed.
    pub(crate) forgotten: Arrived,
}

/// What the builder reads from.
#[derive(Clone, Copy)]
pub(crate) struct Build<'c, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) schema: &'c Schema,
    /// What `model_post_init` is called with.
    pub(crate) context: Option<&'c Py<PyAny>>,
}

impl Builder {
    pub(crate) fn new(live: bool, element_depth: Option<usize>) -> Self {
        Self {
            live,
            judged: Vec::new(),
            ops: Vec::new(),
            frames: Vec::new(),
            attempts: Vec::new(),
            text: None,
            blank: None,
            arrived: None,
            closed: None,
            snapshot: None,
            stale: true,
            spare: None,
            broken: None,
            element_depth,
            closed_lists: Vec::new(),
            forgotten: Arrived::default(),
        }
    }

    /// Keeps a value that the judge has accepted until the tape calls for it.
    pub(crate) fn keep(&mut self, value: Py<PyAny>) -> Ticket {
        self.judged.push(value);
        Ticket::try_from(self.judged.len() - 1).expect("a text of 4 GiB has fewer values than that")
    }

    /// Replays the ops that have not been read.
    ///
    /// Raises what the user's hooks raise, which leaves the record open.
    pub(crate) fn catch_up(&mut self, c: Build<'_, '_>, parser: &mut Parser) -> PyResult<()> {
        if let Some(error) = &self.broken {
            return Err(PyErr::from_value(error.bind(c.py).clone().into_any()));
        }
        if !parser.has_ops() {
            return Ok(());
        }
        self.stale = true;
        let mut ops = std::mem::take(&mut self.ops);
        parser.take_ops(&mut ops);
        let source = parser.source();
        let replayed = ops.iter().try_for_each(|op| {
            let replayed = self.replay(c, *op, source);
            if let (Err(error), Op::Open(..)) = (&replayed, op) {
                self.broken = Some(error.value(c.py).clone().unbind());
            }
            replayed
        });
        ops.clear();
        self.ops = ops;
        if !parser.attempts() {
            self.judged.clear();
        }
        replayed
    }

    fn replay(&mut self, c: Build<'_, '_>, op: Op, source: Source<'_>) -> PyResult<()> {
        let py = c.py;
        let value = match op {
            Op::Open(id, container) => return self.open(c, id, container),
            Op::Close => return self.close(c),
            Op::Leave => return self.leave(c),
            Op::Field(index) => {
                self.announce(Member::Field(index));
                return Ok(());
            }
            Op::Key(span) => {
                let key = PyString::from_bytes(py, source.bytes(span))?;
                self.announce(Member::Key(key.into_any().unbind()));
                return Ok(());
            }
            Op::MemberKey(id, member) => {
                self.announce(Member::Key(choice(c, id, member)));
                return Ok(());
            }
            Op::JudgedKey(ticket) => {
                self.announce(Member::Key(self.judged(py, ticket)));
                return Ok(());
            }
            Op::Attempt => return self.attempt(c),
            Op::Retract(level) => return self.retract(c, level),
            Op::Replace(level, ticket) => {
                let value = self.judged(py, ticket);
                return self.replace(c, level, value);
            }
            Op::Keep(level) => return self.settle_attempt(c, level),
            Op::Null => py.None(),
            Op::Bool(value) => PyBool::new(py, value).to_owned().into_any().unbind(),
            Op::Int(span) => PyInt::new(py, number::<i64>(source, span)).into_any().unbind(),
            Op::Float(span) => PyFloat::new(py, float(source, span)).into_any().unbind(),
            Op::Str(span) => match self.whole_text(py, source, span)? {
                Some(value) => value.into_any(),
                None => return Ok(()),
            },
            Op::Member(id, member) => choice(c, id, member),
            Op::Judged(ticket) => self.judged(py, ticket),
        };
        let placed = self.text.take().is_some_and(|text| text.placed);
        self.settle(c, value, placed)
    }

    fn judged(&self, py: Python<'_>, ticket: Ticket) -> Py<PyAny> {
        self.judged[ticket as usize].clone_ref(py)
    }

    /// Puts a value that has closed where it belongs, or in the place of what has grown there.
    fn settle(&mut self, c: Build<'_, '_>, value: Py<PyAny>, replace: bool) -> PyResult<()> {
        if self.frames.is_empty() {
            self.closed = Some(value);
            return Ok(());
        }
        self.insert(c, value.bind(c.py), replace).map(|_| ())
    }

    fn announce(&mut self, member: Member) {
        if let Some(frame) = self.frames.last_mut() {
            frame.member = member;
        }
    }

    /// Puts a value where it was announced, or in the place of the one already there. False if the place is taken.
    fn insert(&mut self, c: Build<'_, '_>, value: &Bound<'_, PyAny>, replace: bool) -> PyResult<bool> {
        self.end_waiting(c)?;
        let Some(frame) = self.frames.last() else { return Ok(true) };
        frame.growing.insert(c, &frame.member, value, replace)
    }

    /// There is something to show in the innermost container: those that waited for it take their places.
    fn end_waiting(&mut self, c: Build<'_, '_>) -> PyResult<()> {
        let waiting = self.frames.iter().rev().take_while(|frame| frame.waits).count();
        for depth in self.frames.len() - waiting..self.frames.len() {
            let (outer, inner) = self.frames.split_at_mut(depth);
            let Some(frame) = inner.first_mut() else { continue };
            frame.waits = false;
            if let Some(outer) = outer.last() {
                frame.before = outer.growing.standing(c, &outer.member)?;
                frame.detached =
                    !outer.growing.insert(c, &outer.member, frame.growing.object(c.py), false)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, c: Build<'_, '_>, id: NodeId, container: Container) -> PyResult<()> {
        let py = c.py;
        let growing = match (c.schema.record(id), container) {
            (Some(class), _) => {
                let shown = if self.frames.is_empty() { self.blank.take() } else { self.blank_member(c)? };
                let instance = shown.map_or_else(|| class.blank(py, c.schema, &mut vec![id]), Ok)?;
                if self.frames.is_empty() {
                    self.arrived = Some(instance.arrived.clone_ref(py));
                }
                Growing::Record(id, instance)
            }
            (None, Container::Array) => Growing::List(c.schema.shape(id), PyList::empty(py).unbind()),
            (None, Container::Object) => Growing::Dict(PyDict::new(py).unbind()),
        };
        let waits = waits(c, self.frames.len(), id);
        let detached = !waits && !self.insert(c, growing.object(py), false)?;
        let member = Member::Element;
        self.frames.push(Frame {
            node: id,
            growing,
            member,
            detached,
            waits,
            before: None,
            drained: 0,
            reclaimed: None,
        });
        Ok(())
    }

    /// The record that opens now, if it has been shown blank in its parent.
    fn blank_member(&self, c: Build<'_, '_>) -> PyResult<Option<Instance>> {
        if let Some(Frame { growing: Growing::Record(id, parent), member: Member::Field(index), .. }) =
            self.frames.last()
            && let Some(parent_class) = c.schema.record(*id)
            && let Field { name, absent: Absent::Blank(blank), .. } = &parent_class.fields[*index as usize]
            && let Some(class) = c.schema.sole_record(*blank).and_then(|id| c.schema.record(id))
            && let Some(shown) = parent.values.bind(c.py).get_item(name)?
            && !shown.is_none()
        {
            return class.of_blank(&shown);
        }
        Ok(None)
    }

    /// Closes the innermost container: what it grew to, or what its hooks make of that, is its value from then on.
    /// Where a hook refuses it, it stays open.
    fn close(&mut self, c: Build<'_, '_>) -> PyResult<()> {
        self.end_waiting(c)?;
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let mut value = frame.growing.shown(c.py)?;
        for hook in &c.schema.facet(frame.node).hooks {
            value = hook.run(value, c.context)?;
        }
        self.settle_container(c, value)
    }

    /// Closes the innermost container as it is.
    fn leave(&mut self, c: Build<'_, '_>) -> PyResult<()> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let value = frame.growing.shown(c.py)?;
        self.settle_container(c, value)
    }

    fn settle_container(&mut self, c: Build<'_, '_>, value: Bound<'_, PyAny>) -> PyResult<()> {
        let py = c.py;
        let depth = self.frames.len();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        if self.element_depth == Some(depth)
            && let Growing::List(_, list) = &frame.growing
        {
            self.closed_lists.push((list.clone_ref(py), frame.drained));
        }
        if frame.waits {
            return Ok(());
        }
        if let Growing::Record(id, instance) = &frame.growing
            && c.schema.record(*id).is_some_and(|class| class.forgets(py, instance))
            && value.is(&instance.object)
        {
            self.forgotten.note(&value, Part::Names(instance.arrived.clone_ref(py)));
        }
        let replaced = !value.is(frame.growing.object(py)) && !frame.detached;
        self.stale = true;
        if replaced || self.frames.is_empty() {
            return self.settle(c, value.unbind(), true);
        }
        Ok(())
    }

    /// The string that has closed, unless it stands in the tree as it is. What has been seen is not decoded again.
    fn whole_text(
        &mut self,
        py: Python<'_>,
        source: Source<'_>,
        span: Span,
    ) -> PyResult<Option<Py<PyString>>> {
        let bytes = source.bytes(span);
        match self.text.take_if(|text| text.bytes == bytes.len()) {
            Some(text) => Ok(Some(text.value).filter(|_| !text.placed)),
            None => PyString::from_bytes(py, bytes).map(|text| Some(text.unbind())),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.judged.iter().try_for_each(|value| visit.call(value))?;
        for frame in &self.frames {
            frame.growing.traverse(visit)?;
            frame.member.traverse(visit)?;
            visit.call(&frame.before)?;
            if let Some(reclaimed) = &frame.reclaimed {
                reclaimed.traverse(visit)?;
            }
        }
        for attempt in &self.attempts {
            visit.call(&attempt.before)?;
        }
        if let Some(blank) = &self.blank {
            blank.traverse(visit)?;
        }
        if let Some(text) = &self.text {
            visit.call(&text.value)?;
        }
        visit.call(&self.arrived)?;
        self.closed_lists.iter().try_for_each(|(list, _)| visit.call(list))?;
        self.forgotten.traverse(visit)?;
        visit.call(&self.broken)?;
        visit.call(&self.closed)?;
        visit.call(&self.snapshot)?;
        visit.call(&self.spare)
    }
}

/// Whether a container that opens within `depth` others shows only with what is in it: a record that is written as its
/// only field, unless it shows blank, as a root does that is surely a record.
fn waits(c: Build<'_, '_>, depth: usize, id: NodeId) -> bool {
    let plan = &c.schema.plan;
    let shows_blank = depth == 0 && c.schema.sole_record(plan.root) == Some(id);
    matches!(plan.nodes[id as usize], Node::Root(_)) && !shows_blank
}

/// A member of the choice `id`.
fn choice(c: Build<'_, '_>, id: NodeId, member: u32) -> Py<PyAny> {
    match &c.schema.facet(id).detail {
        Detail::Members(members) => members[member as usize].clone_ref(c.py),
        _ => unreachable!("only choices have members"),
    }
}

fn number<T: std::str::FromStr>(source: Source<'_>, span: Span) -> T {
    let digits = std::str::from_utf8(source.bytes(span)).ok();
    digits.and_then(|digits| digits.parse().ok()).expect("the checker has read these digits")
}

/// A number as a float, by way of an integer where it is one: `-0` is `0.0` to Pydantic.
fn float(source: Source<'_>, span: Span) -> f64 {
    if source.bytes(span).iter().any(|byte| !matches!(byte, b'-' | b'0'..=b'9')) {
        return number(source, span);
    }
    #[expect(clippy::cast_precision_loss, reason = "that is how Pydantic makes floats of integers")]
    let value = number::<i64>(source, span) as f64;
    value
}
