//! Ops to objects: one growing tree, of which kept snapshots copy the open spine.

use instar_core::{Container, Cursor, NodeId, Op, Parser, Plan, Rule, Source, Span, Ticket};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PySet, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::blank::blank;
use super::context::Context;
use super::dict_copies::ShownDicts;
use super::growing::{Growing, Member};
use super::live_set::LiveSet;
use super::same::looks_same;
use crate::dump::{Arrived, Part};
use crate::ffi;
use crate::schema::{Absent, Detail, Field, Instance, Shape};

/// An open container.
pub(super) struct Frame {
    /// No other container of the text has this number.
    pub(super) number: u64,
    /// The node of the container.
    pub(super) node: NodeId,
    pub(super) growing: Growing,
    pub(super) member: Member,
    /// Whether a value of the open member stands in the container.
    pub(super) stands: bool,
    pub(super) place: Place,
    /// What its field showed while it waited.
    pub(super) before: Option<Py<PyAny>>,
    /// What its hooks have made of it.
    pub(super) hooked: Option<Py<PyAny>>,
    /// What an earlier snapshot showed for it and nobody holds, while the next snapshot is made.
    pub(super) reclaimed: Option<Growing>,
    /// The dicts that the last two kept snapshots show for it, if it has any.
    pub(super) shown_dicts: Option<Box<ShownDicts>>,
    /// What a live snapshot shows for it, if that is a set.
    pub(super) live_set: Option<Box<LiveSet>>,
}

/// Whether an open container stands in the one around it.
pub(super) enum Place {
    /// It does.
    Shown,
    /// It repeats a key, and so belongs to no tree.
    Detached,
    /// It is a root model that has nothing to show yet: then nor has the model.
    Waiting,
}

/// A value that may be taken back or replaced.
pub(super) struct Provisional {
    /// How many containers are around it.
    pub(super) depth: usize,
    /// What its field showed before.
    pub(super) before: Option<Py<PyAny>>,
    /// What it showed when it was taken back, since the last snapshot.
    pub(super) taken_back: Option<Py<PyAny>>,
}

/// The open string, as far as it has been looked at.
pub(super) struct Text {
    pub(super) value: Py<PyString>,
    /// How many bytes of it `value` holds.
    pub(super) bytes: usize,
    /// What the kept snapshot before the last one shows of it, and how many bytes that are.
    pub(super) before: Option<(Py<PyString>, usize)>,
}

/// The objects of one stream.
#[expect(clippy::struct_excessive_bools, reason = "each says another thing of the last snapshot")]
pub(crate) struct Builder {
    pub(super) live: bool,
    pub(super) cursor: Cursor,
    /// The values that the host has made and that the tape may still call for.
    values: Vec<Py<PyAny>>,
    /// The ticket of the first of them.
    first_ticket: Ticket,
    pub(super) frames: Vec<Frame>,
    /// How many containers have opened.
    opened: u64,
    /// How often something has been taken back or replaced.
    pub(super) revisions: u64,
    pub(super) provisional: Vec<Provisional>,
    pub(super) text: Option<Text>,
    /// The root record before its first byte.
    pub(super) blank: Option<Instance>,
    /// The names of the root record's fields that have something to show, an open string's apart.
    pub(super) arrived: Option<Py<PySet>>,
    /// The root once it is closed.
    pub(super) closed: Option<Py<PyAny>>,
    /// The last snapshot.
    pub(super) snapshot: Option<Py<PyAny>>,
    /// The growth that the last snapshot shows.
    pub(super) shown: Option<(u64, u64)>,
    /// Whether there has been something new since.
    pub(super) stale: bool,
    /// Whether that is what there was to see before the delta at hand.
    pub(super) is_current: bool,
    /// Whether something that can be seen has changed since the last snapshot.
    pub(super) changed: bool,
    /// The kept snapshot before it. Of the two, one that nobody else holds becomes the next.
    pub(super) spare: Option<Py<PyAny>>,
    /// What has arrived of the dataclasses that have closed.
    pub(crate) forgotten: Arrived,
}

impl Frame {
    /// What the container shows.
    #[inline]
    pub(super) fn shown<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match (&self.growing, &mut self.live_set) {
            (Growing::List(_, members, _), Some(set)) => set.show(members.bind(py), self.stands),
            (growing, _) => growing.shown(py),
        }
    }
}

impl Provisional {
    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.before)?;
        visit.call(&self.taken_back)
    }
}

impl Builder {
    pub(crate) fn new(live: bool) -> Self {
        Self {
            live,
            cursor: Cursor::default(),
            values: Vec::new(),
            first_ticket: 0,
            frames: Vec::new(),
            opened: 0,
            revisions: 0,
            provisional: Vec::new(),
            text: None,
            blank: None,
            arrived: None,
            closed: None,
            snapshot: None,
            shown: None,
            stale: true,
            is_current: false,
            changed: false,
            spare: None,
            forgotten: Arrived::default(),
        }
    }

    /// Keeps a value that the host has made until the tape calls for it.
    pub(crate) fn keep(&mut self, value: Py<PyAny>) -> Ticket {
        self.values.push(value);
        self.first_ticket + Ticket::try_from(self.values.len() - 1).expect("a text of 4 GiB has fewer values")
    }

    /// Reads the ops that are new. `others` are the cursors of the tape's other readers.
    ///
    /// Raises what making an object raises: then the op is read again the next time.
    #[inline]
    pub(crate) fn catch_up(
        &mut self,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<()> {
        let end = parser.tape().end();
        if self.cursor == end { Ok(()) } else { self.catch_up_to(end, c, parser, others) }
    }

    #[inline(never)]
    fn catch_up_to(
        &mut self,
        end: Cursor,
        c: Context<'_, '_>,
        parser: &mut Parser,
        others: &[Cursor],
    ) -> PyResult<()> {
        self.stale = true;
        let read = self.replay(c, parser);
        parser.tape_mut().trim(self.cursor, others.iter().copied());
        read?;
        // While something is provisional its alternatives may still call for what they were given.
        if !parser.is_provisional() && others.iter().all(|&cursor| cursor == end) {
            self.first_ticket += Ticket::try_from(self.values.len()).expect("as in `keep`");
            self.values.clear();
        }
        Ok(())
    }

    fn replay(&mut self, c: Context<'_, '_>, parser: &Parser) -> PyResult<()> {
        let source = parser.source();
        let ops = parser.tape().after(self.cursor).expect("the builder is the tape's first reader");
        for &op in ops {
            self.read(c, op, source)?;
            self.cursor = self.cursor.next();
        }
        Ok(())
    }

    fn read(&mut self, c: Context<'_, '_>, op: Op, source: Source<'_>) -> PyResult<()> {
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
                let key = ffi::string(py, source.bytes(span))?;
                self.announce(Member::Key(key.into_any().unbind()));
                return Ok(());
            }
            Op::MemberKey(id, member) => {
                self.announce(Member::Key(member_of(c, id, member)));
                return Ok(());
            }
            Op::HostKey(ticket) => {
                self.announce(Member::Key(self.value(py, ticket)));
                return Ok(());
            }
            Op::Begin => return self.begin(c),
            Op::Rollback(depth) => return self.rollback(c, depth),
            Op::Replace(depth, ticket) => {
                let value = self.value(py, ticket);
                return self.replace(c, depth, value.bind(py));
            }
            Op::Commit(depth) => return self.commit(c, depth),
            Op::Null => py.None(),
            Op::Bool(value) => PyBool::new(py, value).to_owned().into_any().unbind(),
            Op::Int(span) => PyInt::new(py, number::<i64>(source, span)).into_any().unbind(),
            Op::Float(span) => PyFloat::new(py, float(source, span)).into_any().unbind(),
            Op::Str(span) if self.stands_whole(span) => {
                self.text = None;
                self.end_member();
                return Ok(());
            }
            Op::Str(span) => self.whole_text(py, source, span)?.into_any(),
            Op::Member(id, member) => member_of(c, id, member),
            Op::HostValue(ticket) => self.value(py, ticket),
        };
        self.settle(c, value.bind(py))
    }

    fn value(&self, py: Python<'_>, ticket: Ticket) -> Py<PyAny> {
        self.values[(ticket - self.first_ticket) as usize].clone_ref(py)
    }

    fn announce(&mut self, member: Member) {
        if let Some(frame) = self.frames.last_mut() {
            if let Some(shown) = &mut frame.shown_dicts {
                shown.announce(&member);
            }
            frame.member = member;
            frame.stands = false;
        }
    }

    /// Puts a value that has closed where it belongs, or in the place of what has grown there.
    pub(super) fn settle(&mut self, c: Context<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let shown = self.text.take().map(|text| text.value.into_any());
        self.settle_over(c, value, shown)
    }

    /// The same over what has shown of the value outside of the tree.
    pub(super) fn settle_over(
        &mut self,
        c: Context<'_, '_>,
        value: &Bound<'_, PyAny>,
        shown: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        if self.frames.is_empty() {
            let shown = self.closed.take().or(shown);
            self.note_change(c, shown.as_ref(), value)?;
            self.closed = Some(value.clone().unbind());
            return Ok(());
        }
        let shown = match self.frames.last() {
            Some(Frame { growing, member, stands: true, .. }) if shown.is_none() && self.is_current => {
                growing.standing(c, member)?
            }
            _ => shown,
        };
        let is_put = self.put(c, value)?;
        if let Some(frame) = self.frames.last() {
            let shown = shown.filter(|shown| frame.growing.lacks(shown.bind(c.py)));
            let adds = frame.growing.adds(c.py, value);
            if is_put && (adds || shown.is_some()) {
                // Where it adds nothing, what has shown of it goes.
                self.note_change(c, shown.filter(|_| adds).as_ref(), value)?;
            }
        }
        self.end_member();
        Ok(())
    }

    /// Notes whether a value that shows from now on looks different from what has `shown` in its place.
    #[inline]
    pub(super) fn note_change(
        &mut self,
        c: Context<'_, '_>,
        shown: Option<&Py<PyAny>>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if !self.is_current || self.changed || self.is_undecided() {
            return Ok(());
        }
        self.changed = match shown {
            Some(shown) => !looks_same(c, shown.bind(c.py), value)?,
            None => true,
        };
        Ok(())
    }

    /// Whether what grows belongs to no tree, or grows in place of what was taken back: what that looks like is
    /// compared when all of it has been read.
    pub(super) fn is_undecided(&self) -> bool {
        self.is_detached() || self.provisional.iter().any(|provisional| provisional.taken_back.is_some())
    }

    /// Whether the innermost container belongs to no tree.
    fn is_detached(&self) -> bool {
        self.frames.iter().any(|frame| match frame.place {
            Place::Detached => true,
            Place::Shown | Place::Waiting => false,
        })
    }

    /// The open member has its value, unless that is provisional.
    pub(super) fn end_member(&mut self) {
        let depth = self.frames.len();
        let is_provisional = self.provisional.last().is_some_and(|provisional| provisional.depth == depth);
        if let Some(frame) = self.frames.last_mut() {
            frame.stands &= is_provisional;
        }
    }

    /// Puts a value where it was announced, or in the place of the one that stands there. False if the place is taken.
    pub(super) fn put(&mut self, c: Context<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        if self.frames.last().is_some_and(|frame| matches!(frame.place, Place::Waiting)) {
            self.end_waiting(c)?;
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(true) };
        let is_put = frame.growing.insert(c, &frame.member, value, frame.stands)?;
        frame.stands |= is_put;
        Ok(is_put)
    }

    /// There is something to show in the innermost container: those that waited for it take their places.
    pub(super) fn end_waiting(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let waits = |frame: &&Frame| matches!(frame.place, Place::Waiting);
        let waiting = self.frames.iter().rev().take_while(waits).count();
        for depth in self.frames.len() - waiting..self.frames.len() {
            let (outer, inner) = self.frames.split_at_mut(depth);
            let Some(frame) = inner.first_mut() else { continue };
            frame.place = Place::Shown;
            if let Some(outer) = outer.last_mut() {
                frame.before = outer.growing.before(c, &outer.member)?;
                let shown = frame.growing.object(c.py);
                let is_put = outer.growing.insert(c, &outer.member, shown, outer.stands)?;
                outer.stands |= is_put;
                if !is_put {
                    frame.place = Place::Detached;
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, c: Context<'_, '_>, id: NodeId, container: Container) -> PyResult<()> {
        let py = c.py;
        let growing = match (c.schema.record(id), container) {
            (Some(class), _) => {
                let shown = if self.frames.is_empty() { self.blank.take() } else { self.blank_member(c)? };
                let instance = shown.map_or_else(|| blank(c, id, class, &mut Vec::new()), Ok)?;
                if self.frames.is_empty() {
                    self.arrived = Some(instance.arrived.clone_ref(py));
                }
                Growing::Record(id, instance)
            }
            (None, Container::Array) => Growing::list(py, c.schema.shape(id))?,
            (None, Container::Object) => Growing::Dict(PyDict::new(py).unbind()),
        };
        self.push_frame(c, id, growing)
    }

    fn push_frame(&mut self, c: Context<'_, '_>, node: NodeId, growing: Growing) -> PyResult<()> {
        let place = if waits(c, self.frames.len(), node) {
            Place::Waiting
        } else if self.put(c, growing.object(c.py))? {
            Place::Shown
        } else {
            Place::Detached
        };
        if self.is_current && matches!(place, Place::Shown) && !self.is_undecided() {
            self.changed = true;
        }
        self.opened += 1;
        let live_set = match growing {
            Growing::List(Shape::Set, ..) if self.live => Some(Box::new(LiveSet::new(c.py)?)),
            _ => None,
        };
        self.frames.push(Frame {
            number: self.opened,
            node,
            growing,
            member: Member::Element,
            stands: false,
            place,
            before: None,
            hooked: None,
            reclaimed: None,
            shown_dicts: None,
            live_set,
        });
        Ok(())
    }

    /// The record that opens now, if it has been shown blank in its parent.
    fn blank_member(&self, c: Context<'_, '_>) -> PyResult<Option<Instance>> {
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

    /// The innermost container closes: what it grew to, or what its hooks have made of that, is its value from then on.
    ///
    /// One that still waits has been given nothing: what its member is, the node around it will say.
    fn close(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let value = match frame.hooked.take() {
            Some(hooked) => hooked.into_bound(c.py),
            None => frame.shown(c.py)?,
        };
        self.settle_container(c, &value)
    }

    /// Closes the innermost container as it is.
    pub(super) fn leave(&mut self, c: Context<'_, '_>) -> PyResult<()> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let value = frame.shown(c.py)?;
        self.settle_container(c, &value)
    }

    fn settle_container(&mut self, c: Context<'_, '_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.text = None;
        if let Growing::Record(id, instance) = &frame.growing
            && c.schema.record(*id).is_some_and(|class| class.forgets(c.py, instance))
            && value.is(&instance.object)
        {
            self.forgotten.note(value, Part::Names(instance.arrived.clone_ref(c.py)));
        }
        match frame.place {
            Place::Waiting | Place::Detached => self.end_member(),
            Place::Shown if self.frames.is_empty() => self.closed = Some(value.clone().unbind()),
            Place::Shown => {
                if !value.is(frame.growing.object(c.py)) {
                    self.put(c, value)?;
                }
                if let Some(outer) = self.frames.last() {
                    outer.growing.adds(c.py, value);
                }
                self.end_member();
            }
        }
        Ok(())
    }

    /// Whether the string that has closed stands in the tree as it is.
    fn stands_whole(&self, span: Span) -> bool {
        let stands = self.frames.last().is_some_and(|frame| frame.stands && frame.growing.takes_open_text());
        stands && self.text.as_ref().is_some_and(|text| text.bytes == span.len())
    }

    /// The string that has closed. What has been seen is not decoded again.
    fn whole_text(&mut self, py: Python<'_>, source: Source<'_>, span: Span) -> PyResult<Py<PyString>> {
        let bytes = source.bytes(span);
        match &self.text {
            Some(text) if text.bytes == bytes.len() => Ok(text.value.clone_ref(py)),
            _ => Ok(ffi::string(py, bytes)?.unbind()),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.values.iter().try_for_each(|value| visit.call(value))?;
        for frame in &self.frames {
            frame.growing.traverse(visit)?;
            frame.member.traverse(visit)?;
            visit.call(&frame.before)?;
            visit.call(&frame.hooked)?;
            if let Some(reclaimed) = &frame.reclaimed {
                reclaimed.traverse(visit)?;
            }
            if let Some(set) = &frame.live_set {
                set.traverse(visit)?;
            }
        }
        self.provisional.iter().try_for_each(|provisional| provisional.traverse(visit))?;
        if let Some(blank) = &self.blank {
            blank.traverse(visit)?;
        }
        if let Some(Text { value, before, .. }) = &self.text {
            visit.call(value)?;
            visit.call(before.as_ref().map(|(value, _)| value))?;
        }
        visit.call(&self.arrived)?;
        visit.call(&self.closed)?;
        visit.call(&self.snapshot)?;
        self.forgotten.traverse(visit)?;
        visit.call(&self.spare)
    }
}

/// Whether a container that opens within `depth` others shows only with what is in it: a root model, unless it shows
/// blank, as a root does that is surely a record.
pub(super) fn waits(c: Context<'_, '_>, depth: usize, id: NodeId) -> bool {
    let plan: &Plan = &c.schema.plan;
    let shows_blank = depth == 0 && c.schema.sole_record(plan.root) == Some(id);
    matches!(plan.node(id).rule, Rule::RootModel(_)) && !shows_blank
}

/// A member of the literal `id`.
fn member_of(c: Context<'_, '_>, id: NodeId, member: u32) -> Py<PyAny> {
    match &c.schema.facet(id).detail {
        Detail::Members(members) => members[member as usize].clone_ref(c.py),
        _ => unreachable!("only literals have members"),
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
