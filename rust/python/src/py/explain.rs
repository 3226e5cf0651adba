//! What is decided, shown and run when, for each part of a schema.

use std::collections::HashSet;

use instar_core::{Accept, Close, Extra, Node, NodeId, Outline, Rule, Show, Violations};
use pyo3::prelude::*;

use crate::schema::{Hook, Schema};

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
        let title = self.schema.facet(id).validator.title(self.py)?;
        let mut id = id;
        while let Rule::Nullable(inner) = self.schema.plan.node(id).rule {
            id = inner;
        }
        let again = self.within.contains(&id);
        self.rows.push(Row {
            title,
            checked: self.checked(id),
            decided: self.decided(id),
            shown: if again { "as above" } else { self.shown(id) },
            path: path.to_owned(),
        });
        if again {
            return Ok(());
        }
        self.within.push(id);
        self.parts(path, id)?;
        self.within.pop();
        Ok(())
    }

    fn parts(&mut self, path: &str, id: NodeId) -> PyResult<()> {
        let schema = self.schema;
        match &schema.plan.node(id).rule {
            Rule::Array(array) => {
                for (index, &element) in array.head.iter().enumerate() {
                    self.node(&format!("{path}[{index}]"), element)?;
                }
                if array.max > array.head.len() {
                    self.node(&format!("{path}[*]"), array.item)?;
                }
            }
            Rule::Map(map) => {
                if let Some(key) = map.key {
                    self.node(&format!("{path}.~"), key)?;
                }
                self.node(&format!("{path}.*"), map.value)?;
            }
            Rule::Record(record) => {
                for (index, &field) in (0..).zip(&record.fields) {
                    self.node(&format!("{path}.{}", record.key(index)), field)?;
                }
                if let Extra::Allow(value) = record.extra {
                    self.node(&format!("{path}.*"), value)?;
                }
            }
            Rule::RootModel(inner) => self.node(path, *inner)?,
            // What a value is read as is told with it, where it is itself.
            Rule::Outline(Outline { inner, .. }) => match schema.plan.node(*inner).rule {
                Rule::Record(_) | Rule::Array(_) | Rule::Map(_) => self.parts(path, *inner)?,
                _ => self.alternative(path, *inner)?,
            },
            Rule::Union(union) => {
                for &alternative in &union.alternatives {
                    self.alternative(path, alternative)?;
                }
            }
            Rule::Tagged(tagged) => {
                // Several tags may choose one.
                let mut told = HashSet::new();
                for &alternative in tagged.alternatives.iter().filter(|&&each| told.insert(each)) {
                    self.alternative(path, alternative)?;
                }
            }
            Rule::Any
            | Rule::Null
            | Rule::Bool
            | Rule::Int(_)
            | Rule::Float(_)
            | Rule::Str(_)
            | Rule::Literal(_)
            | Rule::Nullable(_)
            | Rule::Opaque => {}
        }
        Ok(())
    }

    fn alternative(&mut self, path: &str, id: NodeId) -> PyResult<()> {
        let title = self.schema.facet(id).validator.title(self.py)?;
        self.node(&format!("{path}<{title}>"), id)
    }

    fn checked(&self, id: NodeId) -> &'static str {
        let node = self.schema.plan.node(id);
        let runs_code = self.schema.facet(id).hooks.iter().any(Hook::is_users);
        match (&node.rule, node.closes) {
            (Rule::Opaque, Close::Enclosing) => "deferred",
            (Rule::Opaque, _) => "opaque",
            (Rule::Outline(Outline { violations: Violations::Raised, .. }), _) => "native, then whole",
            (Rule::Outline(_) | Rule::Union(_), _) => "outlined",
            (_, Close::Host) if node.accepts.any(Accept::ByRule) => "native, then whole",
            (_, Close::Host) => "opaque",
            _ if runs_code => "native, then hooks",
            _ => "native",
        }
    }

    /// What is decided of a value, and at which moment.
    fn decided(&self, id: NodeId) -> Vec<(&'static str, &'static str)> {
        let node = self.schema.plan.node(id);
        let mut decided = match (&node.rule, node.closes) {
            (Rule::Any, _) | (Rule::Opaque, Close::Enclosing) => Vec::new(),
            _ => vec![("first byte", "kind")],
        };
        if let Rule::Outline(Outline { inner, violations }) = node.rule {
            if violations != Violations::Withheld {
                decided = self.decided(inner);
            }
            let moment = if node.closes == Close::Host { "close" } else { "close of what is around it" };
            decided.push((moment, "everything"));
            return decided;
        }
        decide(node, &mut |applies, moment, what| {
            if applies {
                decided.push((moment, what));
            }
        });
        decided
    }

    /// What is shown of an open value: of a root model what is shown of its field.
    fn shown(&self, id: NodeId) -> &'static str {
        let plan = &self.schema.plan;
        let mut node = plan.node(id);
        for _ in 0..plan.nodes.len() {
            match node.rule {
                Rule::RootModel(inner) | Rule::Nullable(inner) => node = plan.node(inner),
                _ => break,
            }
        }
        shown(node)
    }
}

/// Adds what is decided of a value, and at which moment, beyond its kind.
fn decide(node: &Node, add: &mut impl FnMut(bool, &'static str, &'static str)) {
    let by_host = node.accepts.any(Accept::ByHost);
    let validated = node.closes == Close::Host;
    let hooks = node.closes == Close::Hooks;
    match &node.rule {
        Rule::Int(int) => {
            add(int.strict, "prefix", "no fraction");
            add(!int.strict, "close", "no fraction");
            add(by_host, "close", "other forms");
            add((int.low, int.high, int.multiple_of) != (i64::MIN, i64::MAX, 1), "close", "range");
        }
        Rule::Float(float) => {
            add(float.bounded, "close", "range");
            add(by_host, "close", "other forms");
        }
        Rule::Bool => add(by_host, "close", "other forms"),
        Rule::Str(rule) => {
            add(rule.max < usize::MAX, "prefix", "length");
            add(rule.pattern.is_some(), "prefix", "pattern");
            add(rule.min > 0, "close", "length");
            add(validated, "close", "validators");
        }
        Rule::Literal(_) => {
            add(true, "prefix", "member");
            add(validated, "close", "validators");
            add(by_host, "close", "other forms");
        }
        Rule::Array(array) => {
            add(array.max < usize::MAX, "prefix", "length");
            add(array.min > 0, "close", "length");
            add(hooks, "close", "hooks");
        }
        Rule::Map(map) => {
            add(map.max < usize::MAX, "prefix", "length");
            add(map.min > 0, "close", "length");
            add(hooks, "close", "hooks");
        }
        Rule::Record(record) => {
            add(record.extra == Extra::Forbid, "prefix", "no other key");
            add(record.has_required(), "close", "required fields");
            add(hooks, "close", "hooks");
        }
        Rule::RootModel(_) => add(hooks, "close", "hooks"),
        Rule::Tagged(_) => add(true, "prefix", "tag"),
        Rule::Union(union) => {
            add(union.exhaustive, "prefix", "alternatives left");
            add(validated, "close", "which alternative");
        }
        Rule::Opaque => {
            add(validated, "close", "everything");
            add(!validated, "close of what is around it", "everything");
        }
        Rule::Any | Rule::Null | Rule::Nullable(_) | Rule::Outline(_) => {}
    }
}

/// What is shown of an open value that is no root model.
fn shown(node: &Node) -> &'static str {
    match &node.rule {
        Rule::Outline(Outline { violations: Violations::Raised, .. }) => "as it grows",
        Rule::Outline(_) => "as it grows, without its code",
        Rule::Tagged(_) => "as it grows, from its tag on",
        Rule::Union(union) if union.waits => "as it grows, once its tag is known",
        Rule::Union(_) => "as the best alternative",
        _ if node.shows == Show::Open => "as it grows",
        Rule::Opaque if node.closes == Close::Enclosing => "when what is around it closes",
        _ => "when it closes",
    }
}
