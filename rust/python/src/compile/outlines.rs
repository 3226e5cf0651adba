//! Values that Pydantic validates whole, and that are read meanwhile as what they will most likely be.

use instar_core::{Close, Node, NodeId, Outline, Rule, Violations};
use pyo3::prelude::*;

use super::compiler::{Compiled, Compiler, grows};
use crate::core_schema::{CoreSchema, Scope, is_container_maker, item, key, kind, makes_another, required};

/// What a value is read as, and what a violation of that says.
struct Guess<'py> {
    inner: CoreSchema<'py>,
    violations: Violations,
    /// Whether it is an outline of itself, without its own code.
    of_itself: bool,
}

impl Compiler {
    /// The node of a value that Pydantic validates whole, shown meanwhile as what it can still be; none if nothing of it
    /// could be shown.
    pub(super) fn outline<'py>(
        &mut self,
        schema: &CoreSchema<'py>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Compiled>> {
        let runs_code = scope.user_code.find(schema)?.any;
        if matches!(kind(schema)?.as_str(), "union" | "tagged-union") {
            return self.union(schema, scope, runs_code);
        }
        let Some(Guess { inner, violations, of_itself }) = guess(schema, runs_code)? else { return Ok(None) };
        let within = scope.enclosed();
        let inner = if of_itself { self.itself(&inner, &within)? } else { Some(self.node(&inner, &within)?) };
        let Some(inner) = inner.filter(|&inner| self.is_seen(inner)) else { return Ok(None) };
        let accepts = scope.accepted(schema)?;
        Ok(Some(Self::outlined(inner, violations, last_word(scope, runs_code)).accepting(accepts).into()))
    }

    /// The outline of a value that is read as `inner`.
    pub(super) fn outlined(inner: NodeId, violations: Violations, closes: Close) -> Node {
        Node::new(Rule::Outline(Outline { inner, violations })).closing(closes)
    }

    /// The node of a record, or of a container that is like one, without the code that runs around it.
    fn itself<'py>(&mut self, schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Option<NodeId>> {
        let ruled = match kind(schema)?.as_str() {
            "model" => self.model(schema, scope)?,
            "dataclass" => self.dataclass(schema, scope)?,
            "typed-dict" => self.typed_dict(schema, scope)?,
            "deque" => self.list(schema, scope)?.map(Compiled::from),
            _ => self.dict(schema, scope)?.map(Compiled::from),
        };
        Ok(ruled.map(|ruled| {
            let id = self.reserve(schema, scope);
            self.set(id, ruled);
            id
        }))
    }

    /// Whether something of a value of the node is seen before it closes. (Text is, without an outline.)
    fn is_seen(&self, id: NodeId) -> bool {
        match &self.nodes[id as usize] {
            Some(node) => grows(&node.rule),
            // Still being compiled: a record around this one.
            None => true,
        }
    }
}

/// Who has the last word on a value that Pydantic validates whole. Where its code would run once for it, and again for
/// what is around it, that is the node around it.
pub(super) fn last_word(scope: &Scope<'_, '_>, runs_code: bool) -> Close {
    if scope.enclosed && runs_code { Close::Enclosing } else { Close::Host }
}

fn guess<'py>(schema: &CoreSchema<'py>, runs_code: bool) -> PyResult<Option<Guess<'py>>> {
    let inner = || required(schema, key!("schema"));
    // To word what is wrong, Pydantic would run the user's code on what is made up.
    let worded = if runs_code { Violations::Withheld } else { Violations::Worded };
    let of = |inner, violations| Some(Guess { inner, violations, of_itself: false });
    let of_itself = |violations| Some(Guess { inner: schema.clone(), violations, of_itself: true });
    Ok(match kind(schema)?.as_str() {
        "function-before" | "function-after" | "function-wrap" if makes_another(schema)? => None,
        "function-before" | "function-wrap" if is_container_maker(&required(schema, key!("function"))?)? => {
            of(inner()?, worded)
        }
        // What they are given may become anything.
        "function-before" | "function-wrap" | "default" => of(inner()?, Violations::Withheld),
        "function-after" => of(inner()?, Violations::Raised),
        "custom-error" => of(inner()?, worded),
        "chain" => of(item(schema, key!("steps"))?.get_item(0)?.cast_into()?, Violations::Raised),
        "model" | "dataclass" | "typed-dict" => of_itself(Violations::Withheld),
        "deque" | "ordered-dict" | "frozendict" | "counter" => of_itself(worded),
        _ => None,
    })
}
