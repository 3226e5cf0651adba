//! The walk over a value that makes its dump. It keeps a stack of its own: a text may nest as deep as its limits say.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use pyo3::prelude::*;

use super::arrived::{Arrived, Part};
use super::class::{Kind, kind_of};
use super::json;
use super::layout::{LayoutId, Layouts};
use super::members::{Dump, Key, Member, Members, Reader, Scope};
use super::style::{Mode, Style};

use crate::once::intern;

pub(super) struct Walk<'a, 'py> {
    py: Python<'py>,
    style: Style,
    reader: Reader<'a>,
    /// The containers that are being walked, from the outermost one on, and their addresses.
    open: Vec<Container<'py>>,
    within: HashSet<usize, BuildHasherDefault<Address>>,
    /// The classes that have been met, by their addresses.
    kinds: Vec<(usize, Kind)>,
}

/// A container that is being walked.
struct Container<'py> {
    source: Bound<'py, PyAny>,
    rest: Members<'py>,
    dump: Dump<'py>,
    /// Where the member stands that is being walked.
    key: Option<Key<'py>>,
}

/// Hashes addresses, of which no two containers that are walked have the same.
#[derive(Default)]
struct Address(u64);

impl Hasher for Address {
    fn write(&mut self, _: &[u8]) {
        unreachable!("an address is a number");
    }

    fn write_usize(&mut self, address: usize) {
        // Objects lie 16 bytes apart, and a table looks at the upper bits, too.
        self.0 = (address as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'a, 'py> Walk<'a, 'py> {
    pub(super) fn new(py: Python<'py>, style: Style, arrived: &'a [&'a Arrived]) -> PyResult<Self> {
        let reader = Reader::new(py, style, arrived)?;
        Ok(Self { py, style, reader, open: Vec::new(), within: HashSet::default(), kinds: Vec::new() })
    }

    /// The dump of a value that has the layout at the root of `layouts`.
    pub(super) fn run(self, value: Bound<'py, PyAny>, layouts: Arc<Layouts>) -> PyResult<Bound<'py, PyAny>> {
        let layout = layouts.root();
        let style = self.style;
        self.run_within(value, layout, Scope::new(layouts, Arc::default(), style))
    }

    /// The dump of a value that has a layout of those in `scope`.
    pub(super) fn run_within(
        mut self,
        value: Bound<'py, PyAny>,
        layout: Option<LayoutId>,
        scope: Scope,
    ) -> PyResult<Bound<'py, PyAny>> {
        if json::is_json(&value) {
            return Ok(value);
        }
        let mut done = self.enter(value, layout, scope)?;
        loop {
            match (done.take(), self.open.last_mut()) {
                (Some(dump), None) => return Ok(dump),
                (Some(dump), Some(container)) => container.put(dump)?,
                (None, _) => {}
            }
            done = self.advance()?;
        }
    }

    /// Walks on in the innermost container, up to the next container in it or out of it.
    fn advance(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        while let Some(container) = self.open.last_mut() {
            let Some(Member { key, value, layout }) = container.rest.next() else {
                return Ok(self.leave());
            };
            container.key = Some(match key {
                Key::Own(key) if self.style.mode == Mode::Json => {
                    Key::Own(json::key(&key, &container.rest.scope.options)?)
                }
                key => key,
            });
            if json::is_json(&value) {
                container.put(value)?;
                continue;
            }
            let scope = container.rest.scope.clone();
            return self.enter(value, layout, scope);
        }
        Ok(None)
    }

    /// Begins to walk a container. What is none has its dump at once.
    fn enter(
        &mut self,
        value: Bound<'py, PyAny>,
        layout: Option<LayoutId>,
        scope: Scope,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let kind = self.kind(&value)?;
        if matches!(kind, Kind::Atom | Kind::Text | Kind::Secret | Kind::Enum | Kind::Opaque) {
            return self.atom(value, &kind, scope);
        }
        if !self.within.insert(value.as_ptr() as usize) {
            // It holds itself.
            return json::class_name(&value).map(Some);
        }
        let rest = self.reader.members(&value, &kind, layout, scope)?;
        let dump = rest.dump(self.py);
        self.open.push(Container { source: value, rest, dump, key: None });
        Ok(None)
    }

    /// The dump of the innermost container, of which nothing is left.
    fn leave(&mut self) -> Option<Bound<'py, PyAny>> {
        let container = self.open.pop()?;
        self.within.remove(&(container.source.as_ptr() as usize));
        Some(container.dump.into_any())
    }

    fn atom(
        &mut self,
        value: Bound<'py, PyAny>,
        kind: &Kind,
        scope: Scope,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if matches!(kind, Kind::Opaque)
            && let Some(Part::Json(json)) = self.reader.part(&value)
        {
            return self.enter(json.bind(self.py).clone(), None, scope);
        }
        match (self.style.mode, kind) {
            (Mode::Python, _) => Ok(Some(value)),
            (Mode::Json, Kind::Enum) => {
                let inner = value.getattr(intern!(self.py, "_value_"))?;
                if json::is_json(&inner) { Ok(Some(inner)) } else { self.enter(inner, None, scope) }
            }
            (Mode::Json, _) => json::atom(&value, kind, &scope.options).map(Some),
        }
    }

    fn kind(&mut self, value: &Bound<'py, PyAny>) -> PyResult<Kind> {
        let class = value.get_type();
        let address = class.as_ptr() as usize;
        if let Some((_, kind)) = self.kinds.iter().find(|(known, _)| *known == address) {
            return Ok(kind.clone());
        }
        let kind = kind_of(&class)?;
        self.kinds.push((address, kind.clone()));
        Ok(kind)
    }
}

impl<'py> Container<'py> {
    /// Takes in the dump of the member that was walked.
    fn put(&mut self, dump: Bound<'py, PyAny>) -> PyResult<()> {
        match (&mut self.dump, self.key.take()) {
            (Dump::List(list), Some(Key::Place(place))) => list.set_item(place, dump),
            (Dump::Dict(dict), Some(Key::Name(name))) => dict.set_item(name, dump),
            (Dump::Dict(dict), Some(Key::Own(key))) => dict.set_item(key, dump),
            (Dump::Root(root), _) => {
                *root = dump;
                Ok(())
            }
            _ => unreachable!("a member has a key, as its container has them"),
        }
    }
}

impl<'py> Dump<'py> {
    fn into_any(self) -> Bound<'py, PyAny> {
        match self {
            Self::List(list) => list.into_any(),
            Self::Dict(dict) => dict.into_any(),
            Self::Root(root) => root,
        }
    }
}

/// What of a value has arrived. `layouts` are those of its schema; `arrived` is what its makers know of objects in it
/// that do not remember.
///
/// Raises only what is no `Exception`: an interrupt, say.
pub(crate) fn dump_value<'py>(
    value: &Bound<'py, PyAny>,
    style: Style,
    layouts: Arc<Layouts>,
    arrived: &[&Arrived],
) -> PyResult<Bound<'py, PyAny>> {
    Walk::new(value.py(), style, arrived)?.run(value.clone(), layouts)
}

/// What of `obj` has arrived, as plain data: of a model the fields in its `model_fields_set`, and so at every depth.
///
/// `obj` is a snapshot, open or closed, or any other model, `TypedDict`, list or dict. The cost is that of the data;
/// no serializer, computed field or default of yours is asked, and nothing is raised. (A `mode` of another name is a
/// `ValueError`.)
///
/// Containers are lists and dicts: a tuple, a set, a deque are lists, a model that is its root is that. Fields with
/// `exclude=True` are left out; `by_alias` names the others by their serialization aliases (so does a config's
/// `serialize_by_alias`). With `mode="python"` atoms are what they are. With "json" they are what
/// `pydantic_core.to_jsonable_python` makes of them under the config of the model around them, keys are strings,
/// secrets are masked, and what has no JSON form is `"<ClassName>"`.
///
/// A dataclass does not remember what has arrived and shows all of its fields; `Parser.dump` knows.
#[pyfunction]
#[pyo3(signature = (obj, *, mode="python", by_alias=false))]
pub(crate) fn dump<'py>(obj: &Bound<'py, PyAny>, mode: &str, by_alias: bool) -> PyResult<Bound<'py, PyAny>> {
    dump_value(obj, Style::new(mode, by_alias)?, Arc::default(), &[])
}
