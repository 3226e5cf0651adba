//! Values of which it turns out only with time what they are.

use instar_core::{Closing, Node, NodeId, PrefixSet, Tagged, Union};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::core_schema::{CoreSchema, item, kind, only, required};
use super::{Compiler, Rule, grows, user_code};
use crate::schema::Detail;

/// What a value that Pydantic judges whole is read as meanwhile.
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
#[derive(Default)]
struct Attempt<'py> {
    choices: Vec<CoreSchema<'py>>,
    /// Whether Pydantic, too, refuses what none of them accepts.
    exhaustive: bool,
    /// Whether the first one that accepts it is taken.
    ordered: bool,
    /// Whether a tag will tell which it is.
    tagged: bool,
    /// Whether it is read as an outline of itself.
    is_itself: bool,
}

impl<'py> Attempt<'py> {
    fn of(inner: CoreSchema<'py>, exhaustive: bool) -> Self {
        Self { choices: vec![inner], exhaustive, ..Self::default() }
    }

    fn of_itself(schema: &CoreSchema<'py>, exhaustive: bool) -> Self {
        Self { is_itself: true, ..Self::of(schema.clone(), exhaustive) }
    }
}

impl<'py> Compiler<'py> {
    /// A union that one key with a string decides. Other discriminators are called, or followed along a path, by
    /// Pydantic when the value has closed.
    pub(super) fn tagged(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let Some(keys) = keys(&item(schema, "discriminator")?) else { return Ok(None) };
        if !only(schema, &["choices", "discriminator", "strict", "from_attributes"])? {
            return Ok(None);
        }
        let (mut tags, mut labels, mut choices) = (Vec::new(), Vec::new(), Vec::new());
        let mut known: Vec<(CoreSchema<'py>, NodeId)> = Vec::new();
        for (tag, choice) in item(schema, "choices")?.cast::<PyDict>()?.iter() {
            let (Ok(text), Ok(choice)) = (tag.cast_exact::<PyString>(), choice.cast::<PyDict>()) else {
                return Ok(None);
            };
            tags.push(text.to_str()?.to_owned());
            // Several tags may choose one, which some versions of Pydantic write down for each.
            let is_same = |seen: &CoreSchema<'py>| seen.is(choice) || seen.eq(choice).unwrap_or(false);
            let node = match known.iter().find(|(seen, _)| is_same(seen)) {
                Some(&(_, node)) => node,
                None => self.node(choice)?,
            };
            known.push((choice.clone(), node));
            choices.push(node);
            labels.push(tag.unbind());
        }
        let tagged = Tagged {
            keys: keys.into_iter().map(|key| Box::from(key.as_bytes())).collect(),
            tags: PrefixSet::new(tags.iter().map(String::as_str)),
            choices,
        };
        Ok(Some(Rule::new(Node::Tagged(Box::new(tagged)), Detail::Tags(labels))))
    }

    /// A value that Pydantic judges whole, and that is shown meanwhile as what it can still be; none if nothing of it
    /// could be shown.
    pub(super) fn attempt(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let Some(attempt) = Self::attempted(schema)? else { return Ok(None) };
        let deferring = std::mem::replace(&mut self.deferring, true);
        self.bare = attempt.is_itself;
        let choices =
            attempt.choices.iter().map(|choice| self.node(choice)).collect::<PyResult<Vec<NodeId>>>();
        self.deferring = deferring;
        let choices = choices?;
        let is_seen = |&id: &NodeId| match &self.nodes[id as usize] {
            // The text of a single choice is seen without it.
            Some(Node::Str(_) | Node::Choice(_)) => choices.len() > 1,
            Some(node) => grows(node),
            // Still being compiled: a record around this node.
            None => true,
        };
        if !choices.iter().any(is_seen) {
            return Ok(None);
        }
        let runs_code = user_code::find(schema, &self.definitions)?.any;
        // Its code would run once for it, and again for what is around it.
        let judged_later = deferring && runs_code;
        let node = Node::Union(Union {
            choices: choices.into(),
            kinds: self.scope().accepted(schema)?,
            // To say what is wrong with a part of a value, the judge would run that code on what is made up.
            exhaustive: attempt.exhaustive && !runs_code,
            ordered: attempt.ordered,
            waits: attempt.tagged,
            closing: if judged_later { Closing::Settled } else { Closing::Judge },
        });
        Ok(Some(Rule::plain(node)))
    }

    fn attempted(schema: &CoreSchema<'py>) -> PyResult<Option<Attempt<'py>>> {
        let inner = |key: &str| required(schema, key);
        Ok(Some(match kind(schema)?.as_str() {
            "union" => {
                let mode = schema.get_item("mode")?;
                let ordered = mode.is_some_and(|mode| mode.eq("left_to_right").unwrap_or(false));
                let exhaustive = !schema.contains("custom_error_type")?;
                Attempt { choices: choices(schema)?, exhaustive, ordered, ..Attempt::default() }
            }
            "tagged-union" => {
                let named = item(schema, "choices")?.cast_into::<PyDict>()?;
                let choices = named.values().iter().filter_map(|choice| choice.cast_into().ok()).collect();
                let tagged = !item(schema, "discriminator")?.is_callable();
                Attempt { choices, exhaustive: true, tagged, ..Attempt::default() }
            }
            "function-before" | "function-after" | "function-wrap" if user_code::makes_another(schema)? => {
                return Ok(None);
            }
            "function-before" | "function-wrap" if user_code::is_container_maker(&inner("function")?)? => {
                Attempt::of(inner("schema")?, true)
            }
            // What it is given to may make anything of it.
            "function-before" | "function-wrap" | "default" => Attempt::of(inner("schema")?, false),
            "function-after" | "custom-error" => Attempt::of(inner("schema")?, true),
            "chain" => Attempt::of(item(schema, "steps")?.get_item(0)?.cast_into()?, true),
            // Outlined without its own code.
            "model" | "dataclass" | "typed-dict" => Attempt::of_itself(schema, false),
            "deque" | "ordered-dict" | "frozendict" | "counter" => Attempt::of_itself(schema, true),
            _ => return Ok(None),
        }))
    }
}

/// The choices of a union, each of which may have a label.
pub(super) fn choices<'py>(schema: &CoreSchema<'py>) -> PyResult<Vec<CoreSchema<'py>>> {
    let choice = |choice: PyResult<Bound<'py, PyAny>>| {
        let choice = choice?;
        match choice.cast::<PyTuple>() {
            Ok(labelled) => Ok(labelled.get_item(0)?.cast_into()?),
            Err(_) => Ok(choice.cast_into()?),
        }
    };
    item(schema, "choices")?.try_iter()?.map(choice).collect()
}

/// The keys of a discriminator: one, or where the field has an alias a list of paths of one key each.
fn keys(discriminator: &Bound<'_, PyAny>) -> Option<Vec<String>> {
    if let Ok(key) = discriminator.extract::<String>() {
        return Some(vec![key]);
    }
    let paths: Vec<Vec<String>> = discriminator.extract().ok()?;
    paths.into_iter().map(|path| <[String; 1]>::try_from(path).ok().map(|[key]| key)).collect()
}
