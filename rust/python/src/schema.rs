//! A compiled schema: the core's plan, and what Python knows of each of its nodes.

use std::sync::{Arc, OnceLock};

use instar_core::{Node, NodeId, Plan};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::compile;
use crate::dump::Layouts;
use crate::explain;
use crate::hook::{Hook, Shape};
use crate::judge::Judge;
use crate::record::RecordClass;

/// What Python knows of a node.
pub(crate) struct Facet {
    /// Pydantic's validator for just this node.
    pub(crate) judge: Judge,
    pub(crate) detail: Detail,
    /// What runs on a value that has closed.
    pub(crate) hooks: Vec<Hook>,
}

/// What building a value of a node takes.
pub(crate) enum Detail {
    /// Plain values.
    Plain,
    /// What the members of an array are shown as.
    Shape(Shape),
    /// The members of a choice, in the order of declaration.
    Members(Vec<Py<PyAny>>),
    /// The tags of a tagged union, as error locations show them.
    Tags(Vec<Py<PyAny>>),
    /// The class of a record.
    Record(Box<RecordClass>),
}

/// A Pydantic core schema, compiled. Immutable; shared by all the parsers of its type.
#[pyclass(frozen, module = "instar._core")]
pub(crate) struct Schema {
    pub(crate) plan: Arc<Plan>,
    facets: Vec<Facet>,
    /// Pydantic's validator for the whole.
    pub(crate) root: Judge,
    pub(crate) title: Py<PyString>,
    pub(crate) hide_input: bool,
    pub(crate) strict: Option<bool>,
    source: Option<Py<PyDict>>,
    layouts: OnceLock<Arc<Layouts>>,
}

#[pymethods]
impl Schema {
    #[new]
    #[pyo3(signature = (core_schema, validator, *, strict=None))]
    fn new(
        core_schema: Option<&Bound<'_, PyDict>>,
        validator: &Bound<'_, PyAny>,
        strict: Option<bool>,
    ) -> PyResult<Self> {
        let py = validator.py();
        let compile::Compiled { plan, facets } = compile::compile(py, core_schema, strict)?;
        let hide_input = match core_schema {
            Some(schema) => compile::hides_input(schema)?,
            None => false,
        };
        Ok(Self {
            plan: Arc::new(plan),
            facets,
            title: validator.getattr("title")?.cast_into()?.unbind(),
            root: Judge::of_validator(validator),
            hide_input,
            strict,
            source: core_schema.map(|schema| schema.clone().unbind()),
            layouts: OnceLock::new(),
        })
    }

    /// How each part of the schema is read: see `instar.explain.Row`.
    fn explain(&self, py: Python<'_>) -> PyResult<Vec<explain::Row>> {
        explain::rows(py, self)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.title)?;
        visit.call(&self.source)?;
        self.root.traverse(&visit)?;
        self.facets.iter().try_for_each(|facet| {
            facet.judge.traverse(&visit)?;
            facet.hooks.iter().try_for_each(|hook| hook.traverse(&visit))?;
            match &facet.detail {
                Detail::Plain | Detail::Shape(_) => Ok(()),
                Detail::Members(members) | Detail::Tags(members) => {
                    members.iter().try_for_each(|member| visit.call(member))
                }
                Detail::Record(class) => class.traverse(&visit),
            }
        })
    }
}

impl Schema {
    /// What its values do not tell of themselves.
    pub(crate) fn layouts(&self, py: Python<'_>) -> PyResult<Arc<Layouts>> {
        if let Some(layouts) = self.layouts.get() {
            return Ok(layouts.clone());
        }
        let layouts = match &self.source {
            Some(schema) => Arc::new(Layouts::of_schema(schema.bind(py))?),
            None => Arc::default(),
        };
        Ok(self.layouts.get_or_init(|| layouts).clone())
    }

    pub(crate) fn facet(&self, id: NodeId) -> &Facet {
        &self.facets[id as usize]
    }

    /// The shape of the array node `id`.
    pub(crate) fn shape(&self, id: NodeId) -> Shape {
        match self.facet(id).detail {
            Detail::Shape(shape) => shape,
            _ => Shape::List,
        }
    }

    /// The record that a value of the node `id` surely is, if there is one.
    pub(crate) fn sole_record(&self, id: NodeId) -> Option<NodeId> {
        match &self.plan.nodes[id as usize] {
            Node::Record(_) | Node::Root(_) => Some(id),
            Node::Union(union) => match *union.choices {
                [choice] => self.sole_record(choice),
                _ => None,
            },
            _ => None,
        }
    }

    /// The class of the record node `id`.
    pub(crate) fn record(&self, id: NodeId) -> Option<&RecordClass> {
        match &self.facet(id).detail {
            Detail::Record(class) => Some(class),
            _ => None,
        }
    }
}
