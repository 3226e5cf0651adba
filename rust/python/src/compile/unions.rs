//! Unions whose alternative can be told while they are open.

use instar_core::{Node, PrefixSet, Tagged};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::core_schema::{CoreSchema, item, only};
use super::{Compiler, Rule};
use crate::schema::Detail;

impl<'py> Compiler<'py> {
    /// A union that one key with a string decides. Other discriminators are called, or followed along a path, by
    /// Pydantic when the value has closed.
    pub(super) fn tagged(&mut self, schema: &CoreSchema<'py>) -> PyResult<Option<Rule>> {
        let Some(keys) = keys(&item(schema, "discriminator")?) else { return Ok(None) };
        if !only(schema, &["choices", "discriminator", "strict", "from_attributes"])? {
            return Ok(None);
        }
        let (mut tags, mut labels, mut choices) = (Vec::new(), Vec::new(), Vec::new());
        for (tag, choice) in item(schema, "choices")?.cast::<PyDict>()?.iter() {
            let (Ok(text), Ok(choice)) = (tag.cast_exact::<PyString>(), choice.cast::<PyDict>()) else {
                return Ok(None);
            };
            tags.push(text.to_str()?.to_owned());
            choices.push(self.node(choice)?);
            labels.push(tag.unbind());
        }
        let tagged = Tagged {
            keys: keys.into_iter().map(|key| Box::from(key.as_bytes())).collect(),
            tags: PrefixSet::new(tags.iter().map(String::as_str)),
            choices,
        };
        Ok(Some((Node::Tagged(Box::new(tagged)), Detail::Tags(labels))))
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
