//! Unions: of which it turns out only with time what their values are.

use instar_core::{Node, NodeId, PrefixSet, Rule, Tagged, Union};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::compiler::{Compiled, Compiler, grows};
use super::outlines::last_word;
use crate::core_schema::{CoreSchema, Scope, choices, is_ordered, item, key, kind, only};
use crate::schema::{Choices, Detail, HostValidator, Label};

impl Compiler {
    /// A union that one key with a string decides. Other discriminators are called, or followed along a path, by
    /// Pydantic when the value has closed.
    pub(super) fn tagged<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let Some(keys) = keys(&item(schema, key!("discriminator"))?) else { return Ok(None) };
        if !only(schema, &["choices", "discriminator", "strict", "from_attributes"])? {
            return Ok(None);
        }
        let (mut tags, mut labels, mut alternatives) = (Vec::new(), Vec::new(), Vec::new());
        let mut known = Vec::new();
        for (tag, choice) in item(schema, key!("choices"))?.cast::<PyDict>()?.iter() {
            let (Ok(text), Ok(choice)) = (tag.cast_exact::<PyString>(), choice.cast::<PyDict>()) else {
                return Ok(None);
            };
            tags.push(text.to_str()?.to_owned());
            alternatives.push(self.tagged_choice(choice, scope, &mut known)?);
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
        let (mut alternatives, mut labels, mut known) = (Vec::new(), Vec::<Vec<_>>::new(), Vec::new());
        for choice in choices(schema)? {
            let node = if is_tagged {
                self.tagged_choice(&choice.schema, &within, &mut known)?
            } else {
                self.node(&choice.schema, &within)?
            };
            let label = match choice.label {
                Some(label) => Label::Tag(label.unbind()),
                // Its node is that of a part of it.
                None if kind(&choice.schema)? == "json-or-python" => Label::NameOf(Box::new(
                    HostValidator::of_node(&choice.schema, within.definitions, within.config.as_ref()),
                )),
                None => Label::Name,
            };
            match alternatives.iter().position(|&known| known == node) {
                Some(index) => labels[index].push(label),
                None => {
                    alternatives.push(node);
                    labels.push(vec![label]);
                }
            }
        }
        if !alternatives.iter().any(|&id| self.is_seen_among(id, alternatives.len())) {
            return Ok(None);
        }
        let discriminator = is_tagged.then(|| item(schema, key!("discriminator"))).transpose()?;
        let union = Union {
            alternatives: alternatives.into(),
            exhaustive: if is_tagged { !runs_code } else { !schema.contains(key!("custom_error_type"))? },
            ordered: is_ordered(schema)?,
            waits: discriminator.as_ref().is_some_and(|discriminator| !discriminator.is_callable()),
        };
        let choices = Choices { labels, discriminator: discriminator.map(Bound::unbind) };
        let node = Node::new(Rule::Union(union)).accepting(scope.accepted(schema)?);
        Ok(Some(Compiled::new(node.closing(last_word(scope, runs_code)), Detail::Choices(choices))))
    }

    /// The node of a choice of a tagged union. Several tags may choose one, which some versions of Pydantic write down
    /// for each: it is among the `known` then.
    fn tagged_choice<'py>(
        &mut self,
        choice: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
        known: &mut Vec<(CoreSchema<'py>, NodeId)>,
    ) -> PyResult<NodeId> {
        let is_same = |seen: &CoreSchema<'py>| seen.is(choice) || seen.eq(choice).unwrap_or(false);
        if let Some(&(_, node)) = known.iter().find(|(seen, _)| is_same(seen)) {
            return Ok(node);
        }
        let node = self.node(choice, scope)?;
        known.push((choice.clone(), node));
        Ok(node)
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

/// The keys of a discriminator: one, or where the field has an alias a list of paths of one key each.
fn keys(discriminator: &Bound<'_, PyAny>) -> Option<Vec<String>> {
    if let Ok(key) = discriminator.extract::<String>() {
        return Some(vec![key]);
    }
    let paths: Vec<Vec<String>> = discriminator.extract().ok()?;
    paths.into_iter().map(|path| <[String; 1]>::try_from(path).ok().map(|[key]| key)).collect()
}
