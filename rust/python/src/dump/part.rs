//! Parts of a value: what each is called in the dump of the whole, and its own dump.

use std::sync::Arc;

use pyo3::prelude::*;

use super::arrived::Arrived;
use super::class::{Kind, kind_of};
use super::json;
use super::layout::{LayoutId, Layouts};
use super::members::Scope;
use super::style::{Mode, Style};
use super::walk::Walk;

/// How a part of a value is dumped.
#[derive(Clone)]
pub(crate) struct Manner {
    layout: Option<LayoutId>,
    scope: Scope,
}

/// How the members of a container are dumped.
pub(crate) struct Inside {
    form: Form,
    layout: Option<LayoutId>,
    scope: Scope,
}

enum Form {
    Array,
    Dict,
    TypedDict,
    Class,
    /// A model that is its root.
    Root,
    /// What its members are called is not known before all of them are.
    Unknown,
}

impl Manner {
    /// That of the whole value.
    pub(crate) fn of_root(layouts: Arc<Layouts>, style: Style) -> Self {
        Self { layout: layouts.root(), scope: Scope::new(layouts, Arc::default(), style) }
    }

    /// The dump of a part.
    pub(crate) fn dump<'py>(
        &self,
        part: &Bound<'py, PyAny>,
        style: Style,
        arrived: &[&Arrived],
    ) -> PyResult<Bound<'py, PyAny>> {
        if json::is_json(part) {
            return Ok(part.clone());
        }
        Walk::new(part.py(), style, arrived)?.run_within(part.clone(), self.layout, self.scope.clone())
    }

    /// How the members of a container are dumped that is dumped in this manner.
    pub(crate) fn inside(&self, container: &Bound<'_, PyAny>, style: Style) -> PyResult<Inside> {
        let around = self.scope.clone();
        let layouts = around.layouts.clone();
        let class = container.get_type();
        let kind = kind_of(&class)?;
        let (form, layout, scope) = match (&kind, self.layout) {
            (Kind::Array, layout) => (Form::Array, layout, around),
            (Kind::Dict, Some(layout)) if layouts.is_ambiguous(layout) => (Form::Unknown, None, around),
            (Kind::Dict, layout) => match layout.and_then(|layout| {
                let dict = container.cast().ok()?;
                layouts.typed_dict(layout, dict)
            }) {
                Some(told) => (Form::TypedDict, Some(told), around),
                None => (Form::Dict, layout.and_then(|layout| layouts.value(layout)), around),
            },
            (Kind::Model(class) | Kind::Root(class) | Kind::Dataclass(class), layout) => {
                let address = container.get_type().as_ptr() as usize;
                let told = layout
                    .filter(|_| matches!(kind, Kind::Dataclass(_)))
                    .and_then(|layout| layouts.dataclass(layout, address));
                if let Some(told) = told {
                    let options = layouts.record(told).and_then(|record| record.options.clone());
                    let scope = Scope::new(around.layouts, options.unwrap_or_default(), style);
                    (Form::Class, Some(told), scope)
                } else {
                    let scope = Scope::new(class.layouts.clone(), class.options.clone(), style);
                    let form = if matches!(kind, Kind::Root(_)) { Form::Root } else { Form::Class };
                    let root = scope.layouts.root();
                    (form, root, scope)
                }
            }
            _ => (Form::Unknown, None, around),
        };
        Ok(Inside { form, layout, scope })
    }
}

impl Inside {
    /// Whether it is dumped as its one member is.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.form, Form::Root)
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self.form, Form::Array)
    }

    /// Whether fields go by their aliases.
    pub(crate) fn is_by_alias(&self) -> bool {
        self.scope.by_alias
    }

    /// Whether members can be dumped before all of them are known.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.form, Form::Unknown)
    }

    /// How the member at a place of an array is dumped.
    pub(crate) fn element(&self, place: usize) -> Manner {
        self.within(self.layout.and_then(|layout| self.scope.layouts.member(layout, place)))
    }

    /// What the member of a name or key is called, and how it is dumped; None if it is not.
    pub(crate) fn member<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        is_field: bool,
        style: Style,
    ) -> PyResult<Option<(Bound<'py, PyAny>, Manner)>> {
        let record = self.layout.and_then(|layout| self.scope.layouts.record(layout));
        let layout = match (&self.form, record) {
            (Form::Root, _) => return Ok(Some((name.clone(), self.within(self.layout)))),
            (Form::Class, None) => return Ok(None),
            (Form::Class | Form::TypedDict, Some(record)) => {
                let by_name = is_field || matches!(self.form, Form::TypedDict);
                match record.field(name).filter(|_| by_name) {
                    Some(field) if field.excluded => return Ok(None),
                    Some(field) => {
                        let alias =
                            field.alias.as_ref().filter(|_| self.scope.by_alias).unwrap_or(&field.name);
                        let alias = alias.bind(name.py()).clone().into_any();
                        return Ok(Some((alias, self.within(field.layout))));
                    }
                    None if is_field && matches!(self.form, Form::Class) => return Ok(None),
                    None => record.extra,
                }
            }
            _ => self.layout,
        };
        let key = match style.mode {
            Mode::Json => json::key(name, &self.scope.options)?,
            Mode::Python => name.clone(),
        };
        Ok(Some((key, self.within(layout))))
    }

    fn within(&self, layout: Option<LayoutId>) -> Manner {
        Manner { layout, scope: self.scope.clone() }
    }
}
