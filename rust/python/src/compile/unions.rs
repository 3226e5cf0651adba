//! Unions: of which it turns out only with time what their values are.

use instar_core::{Node, NodeId, PrefixSet, Rule, Tagged, Union};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::compiler::{Compiled, Compiler, grows};
use super::outlines::last_word;
use crate::core_schema::{CoreSchema, Scope, choices, is_ordered, item, kind, only};
use crate::schema::Detail;

impl Compiler {
    /// A union that one key with a string decides. Other discriminators are called, or followed along a path, by
    /// Pydantic when the value has closed.
    pub(super) fn tagged<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let Some(keys) = keys(&item(schema, "discriminator")?) else { return Ok(None) };
        if !only(schema, &["choices", "discriminator", "strict", "from_attributes"])? {
            return Ok(None);
        }
        let (mut tags, mut labels, mut alternatives) = (Vec::new(), Vec::new(), Vec::new());
        let mut known: Vec<(CoreSchema<'py>, NodeId)> = Vec::new();
        for (tag, choice) in item(schema, "choices")?.cast::<PyDict>()?.iter() {
            let (Ok(text), Ok(choice)) = (tag.cast_exact::<PyString>(), choice.cast::<PyDict>()) else {
                return Ok(None);
            };
            tags.push(text.to_str()?.to_owned());
            // Several tags may choose one, which some versions of Pydantic write down for each.
            let node = match known.iter().find(|(seen, _)| is_same(seen, choice)) {
                Some(&(_, node)) => node,
                None => self.node(choice, scope)?,
            };
            known.push((choice.clone(), node));
            alternatives.push(node);
            labels.push(tag.unbind());
        }
        let tagged = Tagged {
            keys: keys.into_iter().map(|key| Box::from(key.as_bytes())).collect(),
            tags: PrefixSet::new(tags.iter().map(String::as_str)),
            alternatives,
        };
        Ok(Some(Compiled::new(Node::new(Rule::Tagged(Box::new(tagged))), Detail::Tags(labels))))
    }

    /// Any other union: read as all of its alternatives. None if nothing of it could be shown.
    pub(super) fn union<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
        runs_code: bool,
    ) -> PyResult<Option<Compiled>> {
        let is_tagged = kind(schema)? == "tagged-union";
        let within = scope.enclosed().of_choices(schema)?;
        let (mut alternatives, mut labels) = (Vec::new(), Vec::new());
        for choice in choices(schema)? {
            alternatives.push(self.node(&choice.schema, &within)?);
            labels.push(choice.label.map(Bound::unbind));
        }
        if !alternatives.iter().any(|&id| self.is_seen_among(id, alternatives.len())) {
            return Ok(None);
        }
        let union = Union {
            alternatives: alternatives.into(),
            exhaustive: if is_tagged { !runs_code } else { !schema.contains("custom_error_type")? },
            ordered: is_ordered(schema)?,
            waits: is_tagged && !item(schema, "discriminator")?.is_callable(),
        };
        let node = Node::new(Rule::Union(union)).accepting(scope.accepted(schema)?);
        Ok(Some(Compiled::new(node.closing(last_word(scope, runs_code)), Detail::Labels(labels))))
    }

    /// Whether something of an alternative is seen before it closes.
    fn is_seen_among(&self, id: NodeId, alternatives: usize) -> bool {
        match &self.nodes[id as usize] {
            // The text of a single alternative is seen without a union.
            Some(Node { rule: Rule::Str(_) | Rule::Literal(_), .. }) => alternatives > 1,
            Some(node) => grows(&node.rule),
            // Still being compiled: a record around this node.
            None => true,
        }
    }
}

fn is_same(one: &CoreSchema<'_>, other: &CoreSchema<'_>) -> bool {
    one.is(other) || one.eq(other).unwrap_or(false)
}

/// The keys of a discriminator: one, or where the field has an alias a list of paths of one key each.
fn keys(discriminator: &Bound<'_, PyAny>) -> Option<Vec<String>> {
    if let Ok(key) = discriminator.extract::<String>() {
        return Some(vec![key]);
    }
    let paths: Vec<Vec<String>> = discriminator.extract().ok()?;
    paths.into_iter().map(|path| <[String; 1]>::try_from(path).ok().map(|[key]| key)).collect()
}
