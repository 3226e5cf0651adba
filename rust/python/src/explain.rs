//! What is decided, shown and run when, for each part of a schema.

use instar_core::{Closing, Extra, Judged, Kind, Node, NodeId, Verdict, View};
use std::collections::HashSet;

use pyo3::prelude::*;

use crate::hook::Hook;
use crate::schema::{Detail, Schema};

/// How a part of a schema is read.
pub(crate) struct Row {
    /// The way to it, in `JSONPath`; alternatives of a union in angle brackets.
    path: String,
    /// Pydantic's name for it.
    title: String,
    checked: &'static str,
    /// What is decided, and at which moment.
    decided: Vec<(&'static str, &'static str)>,
    shown: &'static str,
}

impl<'py> IntoPyObject<'py> for Row {
    type Target = pyo3::types::PyTuple;
    type Output = Bound<'py, Self::Target>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, PyErr> {
        (self.path, self.title, self.checked, self.decided, self.shown).into_pyobject(py)
    }
}

/// The parts of a schema, each before the parts within it.
pub(crate) fn rows(py: Python<'_>, schema: &Schema) -> PyResult<Vec<Row>> {
    let mut walk = Walk { py, schema, rows: Vec::new(), within: Vec::new() };
    walk.node("$", schema.plan.root)?;
    Ok(walk.rows)
}

struct Walk<'w, 'py> {
    py: Python<'py>,
    schema: &'w Schema,
    rows: Vec<Row>,
    /// The nodes around the one at hand: a part that is one of them again has been told.
    within: Vec<NodeId>,
}

impl Walk<'_, '_> {
    fn node(&mut self, path: &str, id: NodeId) -> PyResult<()> {
        let title = self.schema.facet(id).judge.title(self.py)?;
        let mut id = id;
        while let Node::Nullable(inner) = self.schema.plan.nodes[id as usize] {
            id = inner;
        }
        let node = &self.schema.plan.nodes[id as usize];
        let again = self.within.contains(&id);
        self.rows.push(Row {
            title,
            checked: self.checked(id, node),
            decided: decided(node),
            shown: if again { "as above" } else { self.shown(node) },
            path: path.to_owned(),
        });
        if again {
            return Ok(());
        }
        self.within.push(id);
        self.parts(path, node)?;
        self.within.pop();
        Ok(())
    }

    fn parts(&mut self, path: &str, node: &Node) -> PyResult<()> {
        match node {
            Node::Array(array) => {
                for (index, &element) in array.head.iter().enumerate() {
                    self.node(&format!("{path}[{index}]"), element)?;
                }
                if array.max > array.head.len() {
                    self.node(&format!("{path}[*]"), array.item)?;
                }
            }
            Node::Map(map) => {
                if let Some(key) = map.key {
                    self.node(&format!("{path}.~"), key)?;
                }
                self.node(&format!("{path}.*"), map.value)?;
            }
            Node::Record(record) => {
                for (index, &field) in (0..).zip(&record.fields) {
                    self.node(&format!("{path}.{}", record.key(index)), field)?;
                }
                if let Extra::Allow(value) = record.extra {
                    self.node(&format!("{path}.*"), value)?;
                }
            }
            Node::Root(root) => self.node(path, root.inner)?,
            Node::Union(union) => {
                for &choice in &union.choices {
                    self.alternative(path, choice)?;
                }
            }
            Node::Tagged(tagged) => {
                // Several tags may choose one.
                let mut told = HashSet::new();
                for &choice in tagged.choices.iter().filter(|&&choice| told.insert(choice)) {
                    self.alternative(path, choice)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alternative(&mut self, path: &str, id: NodeId) -> PyResult<()> {
        let title = self.schema.facet(id).judge.title(self.py)?;
        self.node(&format!("{path}<{title}>"), id)
    }

    /// What is shown of an open value: of a record that is written as its only field, what is shown of that.
    fn shown(&self, node: &Node) -> &'static str {
        let mut node = node;
        for _ in 0..self.schema.plan.nodes.len() {
            match node {
                Node::Root(root) => node = &self.schema.plan.nodes[root.inner as usize],
                Node::Nullable(inner) => node = &self.schema.plan.nodes[*inner as usize],
                _ => break,
            }
        }
        shown(node)
    }

    fn checked(&self, id: NodeId, node: &Node) -> &'static str {
        let facet = self.schema.facet(id);
        let runs_code = facet.hooks.iter().any(|hook| !matches!(hook, Hook::Distinct { .. }));
        match node {
            Node::Judged(_) => "opaque",
            Node::Deferred(_) => "deferred",
            Node::Union(_) => "outlined",
            Node::Record(record) if record.closing == Closing::Judge => "native, then whole",
            Node::Str(rule) if rule.judged => "native, then whole",
            Node::Choice(choice) if choice.judged => "native, then whole",
            _ if runs_code => "native, then hooks",
            _ if matches!(facet.detail, Detail::Plain) && is_judged(node) => "opaque",
            _ => "native",
        }
    }
}

/// Whether every value of the node is left to Pydantic.
fn is_judged(node: &Node) -> bool {
    Kind::ALL.iter().all(|&kind| node.verdict(kind) != Verdict::Native)
}

/// What is decided of a value, and at which moment.
fn decided(node: &Node) -> Vec<(&'static str, &'static str)> {
    let mut decided = match node {
        Node::Any | Node::Deferred(_) => Vec::new(),
        _ => vec![("first byte", "kind")],
    };
    let mut add = |applies: bool, moment, what| {
        if applies {
            decided.push((moment, what));
        }
    };
    match node {
        Node::Int(int) => {
            add(int.strict, "prefix", "no fraction");
            add(!int.strict, "close", "no fraction");
            add(int.kinds.are_judged(), "close", "other forms");
            add((int.low, int.high, int.multiple_of) != (i64::MIN, i64::MAX, 1), "close", "range");
        }
        Node::Float(float) => {
            add(float.bounded, "close", "range");
            add(float.kinds.are_judged(), "close", "other forms");
        }
        Node::Bool(kinds) => add(kinds.are_judged(), "close", "other forms"),
        Node::Str(rule) => {
            add(rule.max < usize::MAX, "prefix", "length");
            add(rule.pattern.is_some(), "prefix", "pattern");
            add(rule.min > 0, "close", "length");
            add(rule.judged, "close", "validators");
        }
        Node::Choice(choice) => {
            add(true, "prefix", "member");
            add(choice.judged, "close", "validators");
            add(choice.kinds.are_judged(), "close", "other forms");
        }
        Node::Array(array) => {
            add(array.max < usize::MAX, "prefix", "length");
            add(array.min > 0, "close", "length");
            add(array.closing != Closing::Settled, "close", "hooks");
        }
        Node::Map(map) => {
            add(map.max < usize::MAX, "prefix", "length");
            add(map.min > 0, "close", "length");
            add(map.closing != Closing::Settled, "close", "hooks");
        }
        Node::Record(record) => {
            add(record.extra == Extra::Forbid, "prefix", "no other key");
            add(record.has_required(), "close", "required fields");
            add(record.closing == Closing::Hook, "close", "hooks");
            add(record.closing == Closing::Judge, "close", "everything");
        }
        Node::Root(root) => add(root.closing != Closing::Settled, "close", "hooks"),
        Node::Tagged(_) => add(true, "prefix", "tag"),
        Node::Union(union) => {
            add(union.exhaustive, "prefix", "alternatives left");
            add(union.closing == Closing::Judge, "close", "which alternative");
        }
        Node::Judged(_) => add(true, "close", "everything"),
        Node::Deferred(_) => add(true, "close of what is around it", "everything"),
        Node::Any | Node::Null | Node::Nullable(_) => {}
    }
    decided
}

/// What is shown of an open value that is not a record written as its only field.
fn shown(node: &Node) -> &'static str {
    match node {
        Node::Any
        | Node::Array(_)
        | Node::Map(_)
        | Node::Record(_)
        | Node::Str(_)
        | Node::Judged(Judged { view: View::Text, .. })
        | Node::Deferred(View::Text) => "as it grows",
        Node::Tagged(_) => "as it grows, from its tag on",
        Node::Union(union) if union.choices.len() == 1 => "as it grows, without its code",
        Node::Union(union) if union.waits => "as it grows, once its tag is known",
        Node::Union(_) => "as the best alternative",
        Node::Deferred(View::Hidden) => "when what is around it closes",
        _ => "when it closes",
    }
}
