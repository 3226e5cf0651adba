//! Schemas in few words, the guide of each, and an engine that checks a text by it: what the real ones do, naively.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use instar_json::{Kind, Nesting, NumberForm, Position, Reader, Receiver, Source, Span, Stop, Syntax};
use instar_repair::{
    Allowance, Choice, Ending, Engine, Field, Guide, Kinds, Mended, Mender, Node, Outcome, Repair,
    RepairKind, RepairSet, Verdict,
};
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Any,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Literal(Vec<Value>),
    List(Box<Type>),
    Dict(Box<Type>),
    Union(Vec<Type>),
    Record { fields: Vec<Member>, forbid: bool },
}

/// A field: its key, its name, its type and its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub key: String,
    pub name: String,
    pub of: Type,
    pub default: Option<Value>,
}

fn record(fields: &[(&str, &str, Option<Value>)], forbid: bool) -> Type {
    let fields = fields.iter().map(|(key, of, default)| {
        let (key, name) = key.split_once('=').unwrap_or((key, key));
        Member { key: key.to_owned(), name: name.to_owned(), of: schema(of), default: default.clone() }
    });
    Type::Record { fields: fields.collect(), forbid }
}

/// The parts between the commas that are in no brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The type that is written so: `Person`, `list[int]`, `dict[str, int]`, `int | None`, `{name: str}`.
pub fn schema(text: &str) -> Type {
    let text = text.trim();
    let depth = |at: usize| text[..at].matches(['[', '{']).count() == text[..at].matches([']', '}']).count();
    if let Some((at, _)) = text.match_indices('|').find(|(at, _)| depth(*at)) {
        let mut all = vec![schema(&text[..at])];
        match schema(&text[at + 1..]) {
            Type::Union(more) => all.extend(more),
            one => all.push(one),
        }
        return Type::Union(all);
    }
    if let Some(inner) = text.strip_prefix("list[").and_then(|rest| rest.strip_suffix(']')) {
        return Type::List(Box::new(schema(inner)));
    }
    if let Some(inner) = text.strip_prefix("dict[str,").and_then(|rest| rest.strip_suffix(']')) {
        return Type::Dict(Box::new(schema(inner)));
    }
    if let Some(inner) = text.strip_prefix("Literal[").and_then(|rest| rest.strip_suffix(']')) {
        let members: Vec<Value> = serde_json::from_str(&format!("[{inner}]")).expect("literals are JSON");
        return Type::Literal(members);
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let fields: Vec<(&str, &str, Option<Value>)> = split(inner)
            .into_iter()
            .map(|field| field.split_once(':').expect("a key and a type"))
            .map(|(key, of)| (key.trim(), of, None))
            .collect();
        return record(&fields, false);
    }
    let none = || Some(Value::Null);
    match text {
        "Any" => Type::Any,
        "str" => Type::Str,
        "int" => Type::Int,
        "float" => Type::Float,
        "bool" => Type::Bool,
        "None" => Type::Null,
        "Person" => record(&[("name", "str", None), ("age", "int", None)], false),
        "Note" => record(&[("title", "str", None), ("body", "str", None)], false),
        "Snippet" => record(&[("language", "str", None), ("code", "str", None)], false),
        "Tags" => record(&[("tags", "list[str]", None)], false),
        "Point" => record(&[("x", "float", None), ("y", "float", None)], false),
        "Line" => {
            record(&[("sku", "str", None), ("quantity", "int", None), ("unit_price", "float", None)], false)
        }
        "Order" => record(
            &[
                ("id", "int", None),
                ("customer", "Person", None),
                ("lines", "list[Line]", None),
                ("note", "str | None", none()),
            ],
            false,
        ),
        "Task" => record(
            &[
                ("title", "str", None),
                ("priority", r#"Literal["low", "medium", "high"]"#, None),
                ("color", r#"Literal["red", "dark blue", "Mint"] | None"#, none()),
                ("done", "bool", Some(json!(false))),
            ],
            false,
        ),
        "Reading" => record(
            &[
                ("n", "int", None),
                ("x", "float", None),
                ("ok", "bool", None),
                ("remark", "str | None", none()),
            ],
            false,
        ),
        "Shipment" => record(&[("zip", "str", None), ("weight", "float", None)], false),
        "Square" => record(&[("kind", r#"Literal["square"]"#, None), ("side", "float", None)], false),
        "Circle" => record(&[("kind", r#"Literal["circle"]"#, None), ("radius", "float", None)], false),
        "Drawing" => record(&[("shapes", "list[Square | Circle]", None)], false),
        "Kettle" => record(&[("litres", "float", None)], false),
        "Lamp" => record(&[("watts", "int", None), ("shade", "str", None)], false),
        "Stock" => record(&[("counts", "dict[str, int]", None)], false),
        "Closed" => record(&[("first_name", "str", None), ("loyalty_points", "int", None)], true),
        "Twins" => record(&[("userid", "int", None), ("user_id", "int", None)], false),
        "Aliased" => {
            record(&[("fullName=full_name", "str", None), ("shoe-size=shoe_size", "int", None)], false)
        }
        "Priced" => record(&[("unit_price", "float", None), ("label", "str", Some(json!("")))], false),
        "Shout" => record(&[("word", r#"Literal["it", "IT", "other"]"#, None)], false),
        "Level" => record(&[("level", "Literal[1, 2, 3]", None)], false),
        "Loose" => record(&[("payload", "Any", None), ("text", "str | list[str]", Some(json!("")))], false),
        other => panic!("no type {other}"),
    }
}

impl Type {
    fn kinds(&self) -> Kinds {
        match self {
            Self::Any => Kinds::ALL,
            Self::Str => Kinds::of(&[Kind::String]),
            Self::Int | Self::Float => Kinds::NUMBER.and(Kinds::of(&[Kind::String])),
            Self::Bool => Kinds::BOOL.and(Kinds::of(&[Kind::String])),
            Self::Null => Kinds::of(&[Kind::Null]),
            Self::Literal(members) => members.iter().fold(Kinds::default(), |kinds, member| {
                kinds.and(match member {
                    Value::String(_) => Kinds::of(&[Kind::String]),
                    Value::Bool(_) => Kinds::BOOL,
                    Value::Number(_) => Kinds::NUMBER,
                    _ => Kinds::of(&[Kind::Null]),
                })
            }),
            Self::List(_) => Kinds::of(&[Kind::Array]),
            Self::Dict(_) | Self::Record { .. } => Kinds::of(&[Kind::Object]),
            Self::Union(all) => all.iter().fold(Kinds::default(), |kinds, one| kinds.and(one.kinds())),
        }
    }

    pub fn guide(&self) -> Guide {
        let mut nodes = Vec::new();
        let root = self.node(&mut nodes);
        Guide::new(&nodes, root)
    }

    fn node(&self, nodes: &mut Vec<Node>) -> u32 {
        let mut node = Node { kinds: self.kinds(), ..Node::default() };
        match self {
            Self::Any | Self::Str => node.text = true,
            Self::Int | Self::Float => node.number = true,
            Self::Bool | Self::Null => {}
            Self::Literal(members) => {
                let text = |member: &Value| member.as_str().map_or_else(|| member.to_string(), str::to_owned);
                let choice = |member: &Value| Choice { text: text(member), json: member.to_string() };
                node.choices = members.iter().map(choice).collect();
            }
            Self::List(item) => node.item = Some(item.node(nodes)),
            Self::Dict(value) => {
                node.is_map = true;
                node.rest = Some(value.node(nodes));
            }
            Self::Union(all) => node.either = all.iter().map(|one| one.node(nodes)).collect(),
            Self::Record { fields, .. } => {
                node.required = fields.iter().any(|field| field.default.is_none());
                node.fields = (0..)
                    .zip(fields)
                    .map(|(index, field)| Field { key: field.key.clone(), index, node: field.of.node(nodes) })
                    .collect();
            }
        }
        nodes.push(node);
        u32::try_from(nodes.len() - 1).expect("few nodes")
    }

    /// What a lax validator makes of a whole value, by field name.
    pub fn validate(&self, value: &Value) -> Option<Value> {
        let float = |number: &serde_json::Number| number.as_f64();
        match (self, value) {
            (Self::Any, _) => Some(value.clone()),
            (Self::Str, Value::String(_)) | (Self::Bool, Value::Bool(_)) | (Self::Null, Value::Null) => {
                Some(value.clone())
            }
            (Self::Int, Value::Number(number)) if number.is_i64() || number.is_u64() => Some(value.clone()),
            #[expect(clippy::cast_possible_truncation, reason = "a test's number")]
            (Self::Int, Value::Number(number)) => {
                float(number).filter(|float| float.fract() == 0.0).map(|float| json!(float as i64))
            }
            (Self::Int, Value::String(text)) => text.trim().parse::<i64>().ok().map(|int| json!(int)),
            (Self::Float, Value::Number(number)) => float(number).map(|float| json!(float)),
            // `NaN` and its like come as text.
            (Self::Float, Value::String(text)) => text.trim().parse::<f64>().ok().map(|float| match float {
                _ if float.is_finite() => json!(float),
                _ => json!(text),
            }),
            (Self::Bool, Value::String(text)) => match text.as_str() {
                "true" | "yes" => Some(json!(true)),
                "false" | "no" => Some(json!(false)),
                _ => None,
            },
            (Self::Literal(members), _) => members.iter().find(|member| *member == value).cloned(),
            (Self::List(item), Value::Array(all)) => {
                all.iter().map(|one| item.validate(one)).collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (Self::Dict(of), Value::Object(all)) => {
                let member =
                    |(key, value): (&String, &Value)| of.validate(value).map(|value| (key.clone(), value));
                all.iter().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
            }
            (Self::Union(all), _) => all
                .iter()
                .find(|one| matches!(one, Self::Str | Self::Any) && value.is_string())
                .or(all.iter().find(|one| one.validate(value).is_some()))
                .and_then(|one| one.validate(value)),
            (Self::Record { fields, forbid }, Value::Object(all)) => {
                if *forbid && all.keys().any(|key| fields.iter().all(|field| field.key != *key)) {
                    return None;
                }
                let member = |field: &Member| {
                    let value = match all.get(&field.key) {
                        Some(value) => field.of.validate(value),
                        None => field.default.clone(),
                    };
                    value.map(|value| (field.name.clone(), value))
                };
                fields.iter().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
            }
            _ => None,
        }
    }
}

/// A strict engine: JSON by the project's own reader, the schema by building each value when it closes.
pub struct Checked {
    of: Type,
    text: Vec<u8>,
    reader: Reader,
    checker: Checker,
    dead: bool,
    pub restarts: usize,
}

struct Checker {
    root: Type,
    frames: Vec<Frame>,
    value: Option<Value>,
}

struct Frame {
    /// What the container may be.
    types: Vec<Type>,
    value: Value,
    key: String,
}

/// Where the receiver stops.
#[derive(Debug)]
struct At(usize);

impl Checked {
    pub fn new(of: &Type) -> Self {
        Self {
            of: of.clone(),
            text: Vec::new(),
            reader: Reader::new(Nesting { containers: 201, around: 200 }),
            checker: Checker { root: of.clone(), frames: Vec::new(), value: None },
            dead: false,
            restarts: 0,
        }
    }

    /// The value, if the text is whole.
    pub fn end(&mut self) -> Option<Value> {
        if self.dead || self.reader.end(&self.text, &mut self.checker).is_err() || !self.reader.complete() {
            return None;
        }
        self.checker.value.clone()
    }
}

impl Engine for Checked {
    type Error = String;

    fn read(&mut self, mended: Mended<'_>) -> Result<Verdict, String> {
        self.verdict(mended.bytes)
    }

    fn restart(&mut self) {
        *self = Self { restarts: self.restarts + 1, ..Self::new(&self.of) };
    }

    fn text(&self) -> &[u8] {
        &self.text
    }

    fn cut(&mut self, at: usize) {
        self.dead = false;
        self.reader.cut(at);
        self.text.truncate(at);
    }
}

impl Checked {
    /// What it says of the text so far and `mended`.
    pub fn verdict(&mut self, mended: &[u8]) -> Result<Verdict, String> {
        if self.dead {
            return Err("it reads on behind a fault".to_owned());
        }
        self.text.extend_from_slice(mended);
        Ok(match self.reader.advance(&self.text, &mut self.checker) {
            Ok(()) => Verdict::Taken,
            Err(Stop::Syntax(error)) if error.kind == Syntax::TrailingCharacters => {
                self.dead = true;
                self.text.truncate(error.offset + 1);
                Verdict::Trailing(error.offset)
            }
            Err(stop) => {
                self.dead = true;
                let (at, whole) = match stop {
                    Stop::Syntax(error) => (error.offset, false),
                    Stop::Receiver(At(at)) => (at, self.reader.complete()),
                };
                self.text.truncate(at + 1);
                Verdict::Refused { at, whole }
            }
        })
    }
}

fn flat(of: &Type) -> Vec<Type> {
    match of {
        Type::Union(all) => all.iter().flat_map(flat).collect(),
        one => vec![one.clone()],
    }
}

impl Checker {
    /// What the value that comes may be.
    fn wanted(&self) -> Vec<Type> {
        let Some(frame) = self.frames.last() else { return flat(&self.root) };
        let member = |of: &Type| match of {
            Type::List(item) => flat(item),
            Type::Dict(value) => flat(value),
            Type::Record { fields, .. } => {
                let field = fields.iter().find(|field| field.key == frame.key);
                field.map_or(vec![Type::Any], |field| flat(&field.of))
            }
            _ => vec![Type::Any],
        };
        frame.types.iter().flat_map(member).collect()
    }

    fn closed(&mut self, value: Value, at: usize) -> Result<(), At> {
        let wanted = Type::Union(self.wanted());
        if wanted.validate(&value).is_none() {
            return Err(At(at));
        }
        match self.frames.last_mut() {
            None => self.value = self.root.validate(&value),
            Some(Frame { value: Value::Array(all), .. }) => all.push(value),
            Some(Frame { value: Value::Object(all), key, .. }) => _ = all.insert(key.clone(), value),
            Some(_) => {}
        }
        Ok(())
    }
}

impl Receiver for Checker {
    type Stop = At;

    fn begin(&mut self, kind: Kind, at: usize) -> Result<(), At> {
        let wanted = self.wanted();
        let types: Vec<Type> = wanted.into_iter().filter(|of| of.kinds().has(kind)).collect();
        if types.is_empty() {
            return Err(At(at));
        }
        match kind {
            Kind::Object => self.frames.push(Frame { types, value: json!({}), key: String::new() }),
            Kind::Array => self.frames.push(Frame { types, value: json!([]), key: String::new() }),
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, span: Span, end: usize, source: Source<'_>) -> Result<(), At> {
        self.closed(json!(String::from_utf8_lossy(source.bytes(span))), end - 1)
    }

    fn number(&mut self, form: NumberForm, span: Span, source: Source<'_>) -> Result<(), At> {
        let text = String::from_utf8_lossy(source.bytes(span)).into_owned();
        let value = serde_json::from_str(&text).unwrap_or(json!(text));
        self.closed(value, span.end as usize - usize::from(form == NumberForm::NonFinite))
    }

    fn name(&mut self, kind: Kind, end: usize) -> Result<(), At> {
        let value = match kind {
            Kind::True => json!(true),
            Kind::False => json!(false),
            _ => Value::Null,
        };
        self.closed(value, end - 1)
    }

    fn key(&mut self, span: Span, at: usize, source: Source<'_>) -> Result<(), At> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.key = String::from_utf8_lossy(source.bytes(span)).into_owned();
        let known = |of: &Type| match of {
            Type::Record { fields, forbid: true } => fields.iter().any(|field| field.key == frame.key),
            _ => true,
        };
        if frame.types.iter().any(known) { Ok(()) } else { Err(At(at)) }
    }

    fn end(&mut self, end: usize) -> Result<(), At> {
        match self.frames.pop() {
            Some(frame) => self.closed(frame.value, end - 1),
            None => Ok(()),
        }
    }
}

/// All that can be seen of a text that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The value, or where and why there is none.
    pub value: Result<Value, String>,
    pub mended: String,
    pub repairs: Vec<Repair>,
    pub prose: String,
    pub reasoning: String,
    pub raw: Vec<u8>,
}

/// The set of that name: `none`, `around`, `all` or a kind's.
pub fn repairs(name: &str) -> RepairSet {
    match name {
        "none" => RepairSet::NONE,
        "around" => RepairSet::AROUND,
        "all" => RepairSet::ALL,
        kind => RepairSet::of(&[RepairKind::named(kind).expect("a kind")]),
    }
}

/// Reads pieces of a text to its end.
pub fn read<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    of: &Type,
    guide: &Guide,
    set: RepairSet,
) -> Seen {
    let mut mender = Mender::new(set, guide, Allowance { prose: 1 << 20, blank: 1 << 16 });
    let mut engine = Checked::new(of);
    let mut outcome = Outcome::Drained;
    for piece in pieces {
        outcome = mender.feed(piece, &mut engine, guide).expect("no engine reads behind a fault");
        if outcome != Outcome::Drained {
            break;
        }
    }
    if outcome == Outcome::Drained {
        outcome = mender.finish(&mut engine, guide).expect("no engine reads behind a fault");
    }
    let value = match outcome {
        Outcome::Refused(at) => Err(format!("refused at {at}")),
        Outcome::Fault(fault) => Err(format!("{} at {}", fault.kind, fault.offset)),
        Outcome::Drained => match mender.ending() {
            Ending::Whole | Ending::Open if mender.is_passthrough() || mender.ending() == Ending::Whole => {
                engine.end().ok_or_else(|| "truncated".to_owned())
            }
            ending => Err(format!("{ending:?}")),
        },
    };
    Seen {
        value,
        mended: String::from_utf8_lossy(&engine.text).into_owned(),
        repairs: mender.repairs(),
        prose: mender.prose(),
        reasoning: mender.reasoning(),
        raw: mender.raw_text(&engine.text).to_vec(),
    }
}

/// Whether two values are the same, 1 and 1.0 being one number.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Where in a text a repair lies.
pub fn position(raw: &[u8], repair: &Repair) -> Position {
    Position::find(raw, repair.start)
}
