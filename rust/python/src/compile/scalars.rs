//! Strings, numbers and the few values that are listed.

use instar_core::{Accept, Close, Float, Int, Kind, Kinds, Node, Pattern, PrefixSet, Rule, Str};
use pyo3::prelude::*;
use pyo3::types::{PyAnyMethods, PyBool, PyInt, PyString};

use super::compiler::{Compiled, Compiler};
use crate::core_schema::{CoreSchema, Key, Scope, exact_int, finds_missing, flag, item, key, only};
use crate::once::intern;
use crate::schema::Detail;

impl Compiler {
    pub(super) fn bool<'py>(schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Option<Node>> {
        let coerced: &[Kind] = if scope.is_strict(schema)? { &[] } else { &[Kind::String, Kind::Number] };
        let node = Node::new(Rule::Bool);
        let accepts = node.accepts.with(coerced, Accept::ByHost);
        Ok(only(schema, &["strict"])?.then(|| node.accepting(accepts)))
    }

    pub(super) fn int<'py>(schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["strict", "multiple_of", "le", "ge", "lt", "gt"])? {
            return Ok(None);
        }
        let strict = scope.is_strict(schema)?;
        let bound = |key: &'static Key| -> PyResult<Option<Option<i64>>> {
            Ok(schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| exact_int(&value)))
        };
        let (ge, gt, le, lt) =
            (bound(key!("ge"))?, bound(key!("gt"))?, bound(key!("le"))?, bound(key!("lt"))?);
        let multiple_of = bound(key!("multiple_of"))?;
        let exclusive = |bound: Option<i64>, step: i64| bound.and_then(|value| value.checked_add(step));
        // A bound that 64 bits do not hold is left to Pydantic.
        let lows = [ge, gt.map(|bound| exclusive(bound, 1))];
        let highs = [le, lt.map(|bound| exclusive(bound, -1))];
        let bounds: Option<Vec<i64>> =
            lows.iter().chain(&highs).chain([&multiple_of]).flatten().copied().collect();
        if bounds.is_none() || multiple_of == Some(Some(0)) {
            return Ok(None);
        }
        let coerced: &[Kind] = if strict { &[] } else { &[Kind::String, Kind::True, Kind::False] };
        let node = Node::new(Rule::Int(Int {
            strict,
            low: lows.into_iter().flatten().flatten().max().unwrap_or(i64::MIN),
            high: highs.into_iter().flatten().flatten().min().unwrap_or(i64::MAX),
            multiple_of: multiple_of.flatten().unwrap_or(1),
        }));
        let accepts = node.accepts.with(coerced, Accept::ByHost);
        Ok(Some(node.accepting(accepts)))
    }

    pub(super) fn float<'py>(schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Option<Node>> {
        if !only(schema, &["strict", "allow_inf_nan", "le", "ge", "lt", "gt"])? {
            return Ok(None);
        }
        let bound = |key: &'static Key| -> PyResult<Option<f64>> {
            schema.get_item(key)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
        };
        let (ge, gt, le, lt) =
            (bound(key!("ge"))?, bound(key!("gt"))?, bound(key!("le"))?, bound(key!("lt"))?);
        let low = match (ge, gt) {
            (Some(ge), Some(gt)) if ge > gt => (ge, true),
            (_, Some(gt)) => (gt, false),
            (ge, None) => (ge.unwrap_or(f64::NEG_INFINITY), true),
        };
        let high = match (le, lt) {
            (Some(le), Some(lt)) if le < lt => (le, true),
            (_, Some(lt)) => (lt, false),
            (le, None) => (le.unwrap_or(f64::INFINITY), true),
        };
        let finite = match scope.setting(schema, key!("allow_inf_nan"), key!("allow_inf_nan"))? {
            Some(allowed) => !allowed.extract::<bool>()?,
            None => false,
        };
        let coerced: &[Kind] =
            if scope.is_strict(schema)? { &[] } else { &[Kind::String, Kind::True, Kind::False] };
        let bounded = [ge, gt, le, lt].iter().any(Option::is_some);
        let node = Node::new(Rule::Float(Float { finite, bounded, low, high }));
        let accepts = node
            .accepts
            .with(if finite { &[Kind::NonFinite] } else { &[] }, Accept::Never)
            .with(coerced, Accept::ByHost);
        Ok(Some(node.accepting(accepts)))
    }

    pub(super) fn str<'py>(schema: &CoreSchema<'py>, scope: &Scope<'_, 'py>) -> PyResult<Option<Node>> {
        let transformed = |key: &'static Key| match &scope.config {
            Some(config) => Ok::<_, PyErr>(flag(config, key)? == Some(true)),
            None => Ok(false),
        };
        let own = |key: &'static Key| Ok::<_, PyErr>(flag(schema, key)? == Some(true));
        let known = [
            "strict",
            "max_length",
            "min_length",
            "pattern",
            "regex_engine",
            "coerce_numbers_to_str",
            "strip_whitespace",
            "to_lower",
            "to_upper",
        ];
        if !only(schema, &known)? {
            return Ok(None);
        }
        let stripped = own(key!("strip_whitespace"))? || transformed(key!("str_strip_whitespace"))?;
        let transforms = stripped
            || own(key!("to_lower"))?
            || own(key!("to_upper"))?
            || transformed(key!("str_to_lower"))?
            || transformed(key!("str_to_upper"))?;
        let pattern = match schema.get_item(key!("pattern"))? {
            // What is stripped away counts for nothing, and which spaces those are is known only at the end.
            _ if stripped => None,
            Some(pattern) => match Self::pattern(schema, &pattern, scope)? {
                Some(pattern) => Some(Box::new(pattern)),
                None => return Ok(None),
            },
            None => None,
        };
        let length = |key: &'static Key, in_config: &'static Key| -> PyResult<Option<usize>> {
            if stripped {
                return Ok(None);
            }
            scope.setting(schema, key, in_config)?.map(|value| value.extract()).transpose()
        };
        let numbers: &[Kind] =
            if scope.coerces_numbers(schema)? { &[Kind::Number, Kind::NonFinite] } else { &[] };
        let node = Node::new(Rule::Str(Str {
            min: length(key!("min_length"), key!("str_min_length"))?.unwrap_or(0),
            max: length(key!("max_length"), key!("str_max_length"))?.unwrap_or(usize::MAX),
            pattern,
        }));
        let accepts = node.accepts.with(numbers, Accept::ByHost);
        let closes = if transforms { Close::Host } else { Close::Rule };
        Ok(Some(node.accepting(accepts).closing(closes)))
    }

    /// A pattern's automaton, if the engine is the one that Pydantic takes by default.
    fn pattern<'py>(
        schema: &CoreSchema<'py>,
        pattern: &Bound<'py, PyAny>,
        scope: &Scope<'_, 'py>,
    ) -> PyResult<Option<Pattern>> {
        let engine = scope.setting(schema, key!("regex_engine"), key!("regex_engine"))?;
        let default = engine.map_or(Ok(true), |engine| engine.eq("rust-regex"))?;
        let source = pattern.extract::<String>().ok().filter(|_| default);
        Ok(source.and_then(|source| Pattern::new(&source)))
    }

    pub(super) fn literal(schema: &CoreSchema<'_>) -> PyResult<Option<Compiled>> {
        if !only(schema, &["expected"])? {
            return Ok(None);
        }
        let (mut strings, mut others) = (Vec::new(), Vec::new());
        for expected in item(schema, key!("expected"))?.try_iter()? {
            let expected = expected?;
            if expected.is_exact_instance_of::<PyString>() {
                strings.push(expected);
            } else if expected.is_none() {
                others.push(Kind::Null);
            } else if expected.is_exact_instance_of::<PyInt>() || expected.is_exact_instance_of::<PyBool>() {
                // Pydantic finds expected values by Python's equality too: `1.0` and `true` are the literal 1.
                others.extend([Kind::Number, Kind::True, Kind::False]);
            } else {
                return Ok(None);
            }
        }
        let others = Kinds::all(Accept::Never).with(&others, Accept::ByHost);
        members_of(&strings, strings.iter().map(|member| member.clone().unbind()).collect(), others)
    }

    pub(super) fn enumeration(schema: &CoreSchema<'_>) -> PyResult<Option<Compiled>> {
        if !only(schema, &["cls", "members", "sub_type", "strict"])? || finds_missing(schema)? {
            return Ok(None);
        }
        let members: Vec<Bound<'_, PyAny>> = item(schema, key!("members"))?.extract()?;
        let values = members.iter().map(|member| member.getattr(intern!(member.py(), "value")));
        let values = values.collect::<PyResult<Vec<_>>>()?;
        if !values.iter().all(PyAnyMethods::is_exact_instance_of::<PyString>) {
            return Ok(None);
        }
        members_of(&values, members.into_iter().map(Bound::unbind).collect(), Kinds::all(Accept::Never))
    }
}

/// One of these strings, each of which stands for a member. Other kinds of values are accepted as `others` says.
fn members_of(
    strings: &[Bound<'_, PyAny>],
    members: Vec<Py<PyAny>>,
    others: Kinds,
) -> PyResult<Option<Compiled>> {
    let strings = strings.iter().map(PyAnyMethods::extract).collect::<PyResult<Vec<String>>>()?;
    let accepted: &[Kind] = if strings.is_empty() { &[] } else { &[Kind::String] };
    let rule = Rule::Literal(PrefixSet::new(strings.iter().map(String::as_str)));
    let node = Node::new(rule).accepting(others.with(accepted, Accept::ByRule));
    Ok(Some(Compiled::new(node, Detail::Members(members))))
}
