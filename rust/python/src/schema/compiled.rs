//! A compiled schema: the core's plan, and what Python knows of each of its nodes.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use instar_core::{NodeId, Plan, Rule};
use instar_repair::Guide;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::hook::Hook;
use super::record::RecordClass;
use super::shape::Shape;
use super::validator::HostValidator;
use crate::dump::Layouts;

/// What Python knows of a node.
pub(crate) struct Facet {
    /// Pydantic's validator for just this node.
    pub(crate) validator: HostValidator,
    pub(crate) detail: Detail,
    /// What runs on a value that has closed.
    pub(crate) hooks: Vec<Hook>,
}

impl Facet {
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.validator.traverse(visit)?;
        self.hooks.iter().try_for_each(|hook| hook.traverse(visit))?;
        match &self.detail {
            Detail::Plain | Detail::Shape(_) => Ok(()),
            Detail::Members(members) | Detail::Tags(members) => {
                members.iter().try_for_each(|member| visit.call(member))
            }
            Detail::Choices(choices) => {
                visit.call(&choices.discriminator)?;
                choices.labels.iter().flatten().try_for_each(|label| label.traverse(visit))
            }
            Detail::Record(class) => class.traverse(visit),
        }
    }
}

/// What building a value of a node takes.
pub(crate) enum Detail {
    /// Plain values.
    Plain,
    /// What the members of an array are shown as.
    Shape(Shape),
    /// The members of a literal, in the order of declaration.
    Members(Vec<Py<PyAny>>),
    /// The tags of a tagged union, as error locations show them.
    Tags(Vec<Py<PyAny>>),
    /// The alternatives of a union, as its errors speak of them.
    Choices(Choices),
    /// The class of a record.
    Record(Box<RecordClass>),
}

/// The alternatives of a union, as its errors speak of them.
pub(crate) struct Choices {
    /// What error locations call each of them: several tags may choose one.
    pub(crate) labels: Vec<Vec<Label>>,
    /// Where the tag stands: a key, or a list of paths; or what tells it.
    pub(crate) discriminator: Option<Py<PyAny>>,
}

/// What error locations call an alternative.
pub(crate) enum Label {
    /// By its tag.
    Tag(Py<PyAny>),
    /// By the name of its node.
    Name,
    /// By the name of what the node is a part of.
    NameOf(Box<HostValidator>),
}

impl Label {
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Tag(tag) => visit.call(tag),
            Self::Name => Ok(()),
            Self::NameOf(validator) => validator.traverse(visit),
        }
    }
}

/// A Pydantic core schema, compiled. Immutable; shared by all the parsers of its type.
#[pyclass(frozen, module = "instar._core")]
pub(crate) struct Schema {
    pub(crate) plan: Arc<Plan>,
    facets: Vec<Facet>,
    /// The record node of each class, by the class's address: the facets keep it alive.
    by_class: HashMap<usize, NodeId>,
    /// Pydantic's validator for the whole.
    pub(crate) root: HostValidator,
    pub(crate) title: Py<PyString>,
    pub(crate) hide_input: bool,
    pub(crate) strict: Option<bool>,
    /// What it was compiled from.
    pub(crate) source: Option<Py<PyDict>>,
    /// What the repairs of a text have to know of it, made when it is first needed.
    pub(crate) guide: OnceLock<Arc<Guide>>,
    layouts: OnceLock<Arc<Layouts>>,
}

impl Schema {
    /// A compiled schema. `root` is Pydantic's validator for the whole.
    pub(crate) fn new(
        plan: Plan,
        facets: Vec<Facet>,
        root: &Bound<'_, PyAny>,
        source: Option<&Bound<'_, PyDict>>,
        hide_input: bool,
        strict: Option<bool>,
    ) -> PyResult<Self> {
        let mut by_class = HashMap::new();
        for (id, facet) in (0..).zip(&facets) {
            if let Detail::Record(record) = &facet.detail
                && let Some(class) = record.class()
            {
                by_class.insert(class.as_ptr() as usize, id);
            }
        }
        Ok(Self {
            plan: Arc::new(plan),
            facets,
            by_class,
            title: root.getattr("title")?.cast_into()?.unbind(),
            root: HostValidator::of_validator(root),
            hide_input,
            strict,
            source: source.map(|source| source.clone().unbind()),
            guide: OnceLock::new(),
            layouts: OnceLock::new(),
        })
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.title)?;
        visit.call(&self.source)?;
        self.root.traverse(visit)?;
        self.facets.iter().try_for_each(|facet| facet.traverse(visit))
    }

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
        let id = self.plan.outlined(id);
        matches!(self.plan.node(id).rule, Rule::Record(_) | Rule::RootModel(_)).then_some(id)
    }

    /// The record whose class is that of `value`.
    pub(crate) fn class_of(&self, value: &Bound<'_, PyAny>) -> Option<&RecordClass> {
        self.record(*self.by_class.get(&(value.get_type_ptr() as usize))?)
    }

    /// The class of the record node `id`.
    pub(crate) fn record(&self, id: NodeId) -> Option<&RecordClass> {
        match &self.facet(id).detail {
            Detail::Record(class) => Some(class),
            _ => None,
        }
    }
}
