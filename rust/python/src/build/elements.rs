//! The elements of lists of results, each handed out once, when it has settled.

use std::collections::{HashSet, VecDeque};

use instar_core::{Cursor, Op, Parser, Plan, Rule, Source};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::builder::Builder;
use super::context::Context;
use super::growing::{Growing, Member};

/// A reader of the tape for schemas `list[X]` and `dict[str, list[X]]`.
pub(crate) struct Elements {
    form: Form,
    cursor: Option<Cursor>,
    /// How many containers are open.
    depth: usize,
    /// How many were open where each provisional value began.
    provisional: Vec<usize>,
    /// The lists that have elements to hand out, the open one last.
    lists: VecDeque<List>,
    /// The keys that have come. One that comes again shows as it came first.
    keys: HashSet<String>,
}

/// Where the lists are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The text is one.
    Root,
    /// The text is an object of them.
    Members,
}

/// A list, and how many of its elements have been handed out.
struct List {
    /// The key of it.
    key: Option<Py<PyString>>,
    drained: usize,
}

impl Elements {
    /// A reader that has read nothing; none for other schemas.
    pub(crate) fn of(plan: &Plan) -> Option<Self> {
        let is_list = |id| matches!(plan.node(id).rule, Rule::Array(_));
        let form = match &plan.node(plan.root).rule {
            Rule::Array(_) => Form::Root,
            Rule::Map(map) if is_list(map.value) => Form::Members,
            _ => return None,
        };
        let mut lists = VecDeque::new();
        if form == Form::Root {
            lists.push_back(List { key: None, drained: 0 });
        }
        Some(Self { form, cursor: None, depth: 0, provisional: Vec::new(), lists, keys: HashSet::new() })
    }

    /// How far the tape has been read; none before the first drain.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// The elements that have settled since the last drain.
    pub(crate) fn drain<'py>(
        &mut self,
        c: Context<'_, 'py>,
        builder: &mut Builder,
        parser: &mut Parser,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = c.py;
        let has_read = self.form == Form::Root || self.read(py, parser);
        self.cursor = Some(parser.tape().end());
        builder.catch_up(c, parser, self.cursor.as_slice())?;
        if !has_read {
            self.begin_again(c, builder)?;
        }
        let drained = PyList::empty(py);
        let open = self.lists.len().saturating_sub(1);
        for (index, list) in self.lists.iter_mut().enumerate() {
            let Some((found, settled)) = builder.list(c, list.key.as_ref(), index == open)? else { continue };
            let settled = settled.max(list.drained);
            for element in found.get_slice(list.drained, settled) {
                drained.append(element)?;
            }
            list.drained = settled;
        }
        self.lists.drain(..open);
        Ok(drained)
    }

    /// Reads which lists have begun. False if the tape does not keep all ops that are new to this reader.
    fn read(&mut self, py: Python<'_>, parser: &Parser) -> bool {
        let source = parser.source();
        let Some(Ok(ops)) = self.cursor.map(|cursor| parser.tape().after(cursor)) else { return false };
        for &op in ops {
            self.read_op(py, op, source);
        }
        true
    }

    /// Finds out from the tree which lists have begun.
    fn begin_again(&mut self, c: Context<'_, '_>, builder: &Builder) -> PyResult<()> {
        (self.depth, self.provisional) = builder.nesting();
        let Some(root) = builder.root(c) else { return Ok(()) };
        for key in root.cast::<PyDict>()?.keys() {
            self.begin(c.py, key.extract()?);
        }
        if let Some(key) = builder.root_key() {
            self.begin(c.py, key.extract(c.py)?);
        }
        Ok(())
    }

    fn read_op(&mut self, py: Python<'_>, op: Op, source: Source<'_>) {
        match op {
            Op::Open(..) => self.depth += 1,
            Op::Close | Op::Leave => self.depth -= 1,
            Op::Begin => self.provisional.push(self.depth),
            Op::Rollback(level) => {
                self.provisional.truncate(level as usize + 1);
                self.depth = self.provisional.last().copied().unwrap_or(self.depth);
            }
            Op::Replace(level, _) | Op::Commit(level) => {
                self.provisional.truncate(level as usize + 1);
                self.depth = self.provisional.pop().unwrap_or(self.depth);
            }
            Op::Key(span) if self.depth == 1 => {
                self.begin(py, String::from_utf8_lossy(source.bytes(span)).into_owned());
            }
            _ => {}
        }
    }

    /// The list at a key begins.
    fn begin(&mut self, py: Python<'_>, key: String) {
        let name = PyString::new(py, &key).unbind();
        if self.keys.insert(key) {
            self.lists.push_back(List { key: Some(name), drained: 0 });
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.lists.iter().try_for_each(|list| visit.call(&list.key))
    }
}

impl Builder {
    /// The list at a key of the root, or the root, and how many of its elements have settled. `may_be_open` is set for
    /// the one that was begun last.
    fn list<'py>(
        &self,
        c: Context<'_, 'py>,
        key: Option<&Py<PyString>>,
        may_be_open: bool,
    ) -> PyResult<Option<(Bound<'py, PyList>, usize)>> {
        let py = c.py;
        let depth = usize::from(key.is_some());
        if may_be_open
            && let Some(frame) = self.frames.get(depth)
            && let Growing::List(_, list, _) = &frame.growing
        {
            let list = list.bind(py);
            return Ok(Some((list.clone(), list.len().saturating_sub(usize::from(frame.stands)))));
        }
        let Some(root) = self.root(c) else { return Ok(None) };
        let list = match key {
            Some(key) => match root.cast::<PyDict>() {
                Ok(dict) => dict.get_item(key)?,
                Err(_) => None,
            },
            None => Some(root),
        };
        let list = list.and_then(|list| list.cast_into::<PyList>().ok());
        Ok(list.map(|list| {
            let settled = list.len();
            (list, settled)
        }))
    }

    /// What has grown, if anything has.
    fn root<'py>(&self, c: Context<'_, 'py>) -> Option<Bound<'py, PyAny>> {
        match (self.frames.first(), &self.closed) {
            (Some(frame), _) => Some(frame.growing.object(c.py).clone()),
            (None, closed) => closed.as_ref().map(|closed| closed.bind(c.py).clone()),
        }
    }

    /// The key of the root that came last.
    fn root_key(&self) -> Option<&Py<PyAny>> {
        match &self.frames.first()?.member {
            Member::Key(key) => Some(key),
            Member::Element | Member::Field(_) => None,
        }
    }

    /// How many containers are open, and how many were where each provisional value began.
    fn nesting(&self) -> (usize, Vec<usize>) {
        let provisional = self.provisional.iter().map(|provisional| provisional.depth);
        (self.frames.len(), provisional.collect())
    }
}
