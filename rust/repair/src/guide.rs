//! What a schema wants, as far as repairs have to know it.

use std::collections::{BTreeSet, HashMap};

use instar_json::Kind;

use crate::decode::encode;

/// The place of a node in its guide.
pub type NodeId = u32;

/// Kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// All kinds.
    pub const ALL: Self = Self(u8::MAX);
    /// `true` and `false`.
    pub const BOOL: Self = Self::of(&[Kind::True, Kind::False]);
    /// Any number.
    pub const NUMBER: Self = Self::of(&[Kind::Number, Kind::NonFinite]);

    /// These kinds.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= 1 << kinds[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the kind is among them.
    #[must_use]
    #[inline]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 >> kind as u8 & 1 == 1
    }
}

/// What the schema wants in one place.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub struct Node {
    /// The kinds of values that it may accept.
    pub kinds: Kinds,
    /// Whether any text will do, where a string will.
    pub text: bool,
    /// Whether a number is wanted, whatever else is accepted.
    pub number: bool,
    /// The literals and enum members that are accepted.
    pub choices: Vec<Choice>,
    /// The declared keys of an object.
    pub fields: Vec<Field>,
    /// Whether a value without any of the declared keys is refused.
    pub required: bool,
    /// Whether keys are data.
    pub is_map: bool,
    /// The node of the values of other keys; none if nothing is known of them.
    pub rest: Option<NodeId>,
    /// The nodes of the first elements of an array.
    pub head: Vec<NodeId>,
    /// The node of its further elements; none if nothing is known of them.
    pub item: Option<NodeId>,
    /// A value of any of these nodes, in place of all of the above.
    pub either: Vec<NodeId>,
}

/// A literal or an enum member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What a string has to be to mean it.
    pub text: String,
    /// Its JSON.
    pub json: String,
}

impl Choice {
    /// A string.
    #[must_use]
    pub fn text(text: String) -> Self {
        let json = String::from_utf8_lossy(&encode(&text)).into_owned();
        Self { text, json }
    }

    /// A value that is written the same in JSON and as a text.
    #[must_use]
    pub fn other(json: &str) -> Self {
        Self { text: json.to_owned(), json: json.to_owned() }
    }
}

/// A declared key.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key.
    pub key: String,
    /// The number of the field that it announces; several keys may announce one.
    pub index: u32,
    /// The node of the value.
    pub node: NodeId,
}

/// A schema, compiled for repairs.
#[derive(Clone, Debug)]
pub struct Guide {
    places: Vec<Place>,
    root: NodeId,
}

/// How many places a guide may have: of the unions beyond, nothing is known.
const MAX_PLACES: usize = 20_000;

/// A node, compiled.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
struct Place {
    kinds: Kinds,
    text: bool,
    number: bool,
    required: bool,
    is_map: bool,
    fields: Vec<Field>,
    keys: HashMap<Box<str>, usize>,
    /// The field of each key in its plain form; none where there are several.
    names: HashMap<Box<str>, Option<usize>>,
    choices: Vec<Choice>,
    /// The choice of each text in its plain form; none where there are several.
    members: HashMap<Box<str>, Option<usize>>,
    rest: NodeId,
    head: Vec<NodeId>,
    item: NodeId,
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'g> {
    /// It is declared.
    Declared { field: u32, node: NodeId },
    /// It differs from this declared one in case or separators only.
    Similar { key: &'g str, field: u32, node: NodeId },
    /// It is not declared.
    Other(NodeId),
}

/// What the text of a string means where literals or members are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member<'g> {
    /// It is one of them.
    Exact,
    /// It differs from this one, as JSON, in case, blanks or quotes only.
    Similar(&'g str),
    /// It is none of them.
    None,
}

impl Guide {
    /// The place of whatever the schema says nothing of.
    pub(crate) const ANY: NodeId = 0;

    /// The guide of a text of which nothing is known.
    #[must_use]
    pub fn any() -> Self {
        Self { places: vec![Place { kinds: Kinds::ALL, text: true, ..Place::default() }], root: Self::ANY }
    }

    /// The guide of a schema: its nodes, which refer to each other by number, and the node of the whole text.
    #[must_use]
    pub fn new(nodes: &[Node], root: NodeId) -> Self {
        let mut compiler =
            Compiler { nodes, places: Self::any().places, known: HashMap::new(), open: Vec::new() };
        let root = compiler.place(&BTreeSet::from([root]));
        while let Some((place, set)) = compiler.open.pop() {
            compiler.places[place as usize] = compiler.compile(&set);
        }
        Self { places: compiler.places, root }
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    #[inline]
    fn place(&self, node: NodeId) -> &Place {
        &self.places[node as usize]
    }

    #[inline]
    pub(crate) fn kinds(&self, node: NodeId) -> Kinds {
        self.place(node).kinds
    }

    /// Whether any text will do.
    pub(crate) fn wants_text(&self, node: NodeId) -> bool {
        self.place(node).text
    }

    /// Whether a number is wanted.
    pub(crate) fn wants_number(&self, node: NodeId) -> bool {
        self.place(node).number
    }

    /// Whether literals or enum members are wanted.
    pub(crate) fn has_choices(&self, node: NodeId) -> bool {
        !self.place(node).choices.is_empty()
    }

    /// Whether an object without any declared key is refused.
    pub(crate) fn is_required(&self, node: NodeId) -> bool {
        self.place(node).required
    }

    /// The node of the element at `index`.
    pub(crate) fn element(&self, node: NodeId, index: u32) -> NodeId {
        let place = self.place(node);
        place.head.get(index as usize).copied().unwrap_or(place.item)
    }

    /// What `key` means; the field `likely` is tried first.
    pub(crate) fn key(&self, node: NodeId, key: &str, likely: usize, similar: bool) -> Key<'_> {
        let place = self.place(node);
        let likely = place.fields.get(likely).filter(|field| field.key == key);
        let declared = || place.keys.get(key).map(|&index| &place.fields[index]);
        if let Some(field) = likely.or_else(declared) {
            return Key::Declared { field: field.index, node: field.node };
        }
        if similar
            && !place.is_map
            && !place.names.is_empty()
            && let Some(Some(index)) = place.names.get(plain_name(key).as_str())
        {
            let field = &place.fields[*index];
            return Key::Similar { key: &field.key, field: field.index, node: field.node };
        }
        Key::Other(place.rest)
    }

    /// Whether a key is declared, or similar to one that is.
    pub(crate) fn declares(&self, node: NodeId, key: &str, similar: bool) -> bool {
        !matches!(self.key(node, key, 0, similar), Key::Other(_))
    }

    /// What the text of a string means.
    pub(crate) fn member(&self, node: NodeId, text: &str) -> Member<'_> {
        let place = self.place(node);
        let exact = |choice: &Choice| choice.text == text && choice.json.starts_with('"');
        if place.choices.iter().any(exact) {
            return Member::Exact;
        }
        match place.members.get(plain_member(text).as_str()) {
            Some(Some(index)) => Member::Similar(&place.choices[*index].json),
            _ => Member::None,
        }
    }
}

/// Compiles nodes: each set of them that a value may meet becomes a place.
struct Compiler<'n> {
    nodes: &'n [Node],
    places: Vec<Place>,
    known: HashMap<BTreeSet<NodeId>, NodeId>,
    /// The places that wait to be compiled.
    open: Vec<(NodeId, BTreeSet<NodeId>)>,
}

impl Compiler<'_> {
    /// The place of values that any of these nodes may accept.
    fn place(&mut self, nodes: &BTreeSet<NodeId>) -> NodeId {
        let mut set = BTreeSet::new();
        let mut waiting: Vec<NodeId> = nodes.iter().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(node) = waiting.pop().filter(|_| seen.len() < MAX_PLACES) {
            if seen.insert(node) {
                match &self.nodes[node as usize].either {
                    either if either.is_empty() => _ = set.insert(node),
                    either => waiting.extend(either),
                }
            }
        }
        if let Some(&place) = self.known.get(&set) {
            return place;
        }
        let Some(place) = u32::try_from(self.places.len()).ok().filter(|_| self.places.len() < MAX_PLACES)
        else {
            return Guide::ANY;
        };
        self.places.push(Place::default());
        self.known.insert(set.clone(), place);
        self.open.push((place, set));
        place
    }

    /// The place of what one of several nodes has in one place, [`Guide::ANY`] where one of them knows nothing of it.
    fn union(&mut self, nodes: impl IntoIterator<Item = Option<NodeId>>) -> NodeId {
        let nodes: Option<BTreeSet<NodeId>> = nodes.into_iter().collect();
        match nodes {
            Some(nodes) if !nodes.is_empty() => self.place(&nodes),
            _ => Guide::ANY,
        }
    }

    fn compile(&mut self, set: &BTreeSet<NodeId>) -> Place {
        let nodes: Vec<&Node> = set.iter().map(|&node| &self.nodes[node as usize]).collect();
        let objects = || nodes.iter().filter(|node| node.kinds.has(Kind::Object));
        let arrays = || nodes.iter().filter(|node| node.kinds.has(Kind::Array));
        let mut place = Place {
            kinds: nodes.iter().fold(Kinds::default(), |kinds, node| kinds.and(node.kinds)),
            text: nodes.iter().any(|node| node.text),
            number: nodes.iter().any(|node| node.number),
            required: objects().all(|node| node.required),
            is_map: objects().any(|node| node.is_map),
            rest: self.union(objects().map(|node| node.rest)),
            item: self.union(arrays().map(|node| node.item)),
            ..Place::default()
        };
        let heads = arrays().map(|node| node.head.len()).max().unwrap_or(0);
        place.head = (0..heads)
            .map(|index| self.union(arrays().map(|node| node.head.get(index).copied().or(node.item))))
            .collect();
        for choice in nodes.iter().flat_map(|node| &node.choices) {
            if !place.choices.contains(choice) {
                place.choices.push(choice.clone());
            }
        }
        for (index, choice) in place.choices.iter().enumerate() {
            let member = place.members.entry(plain_member(&choice.text).into());
            member.and_modify(|known| *known = None).or_insert(Some(index));
        }
        self.fields(&mut place, &objects().flat_map(|node| &node.fields).collect::<Vec<_>>());
        if objects().count() > 1 {
            // The fields of several records: each key is one.
            (0..).zip(&mut place.fields).for_each(|(index, field)| field.index = index);
        }
        name_fields(&mut place);
        place
    }

    /// The declared keys: those of the same name in several records are one.
    fn fields(&mut self, place: &mut Place, declared: &[&Field]) {
        let mut nodes: Vec<BTreeSet<NodeId>> = Vec::new();
        for &field in declared {
            let index = *place.keys.entry(field.key.as_str().into()).or_insert_with(|| {
                place.fields.push(field.clone());
                nodes.push(BTreeSet::new());
                nodes.len() - 1
            });
            nodes[index].insert(field.node);
        }
        for (index, nodes) in nodes.iter().enumerate() {
            place.fields[index].node = self.place(nodes);
        }
    }
}

/// Notes the fields by the plain forms of their keys.
fn name_fields(place: &mut Place) {
    let Place { fields, names, .. } = place;
    for (index, field) in fields.iter().enumerate() {
        let same = |known: &mut Option<usize>| {
            *known = known.filter(|&known| fields[known].index == field.index);
        };
        names.entry(plain_name(&field.key).into()).and_modify(same).or_insert(Some(index));
    }
}

/// A name without its case and separators.
fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ' | '.'));
    letters.flat_map(char::to_lowercase).collect()
}

/// The text of a member without its case, surrounding blanks and quotes.
fn plain_member(text: &str) -> String {
    let surrounds =
        |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '“' | '”' | '‘' | '’');
    text.trim_matches(surrounds).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, index: u32, node: NodeId) -> Field {
        Field { key: key.to_owned(), index, node }
    }

    fn record(fields: Vec<Field>) -> Node {
        Node { kinds: Kinds::of(&[Kind::Object]), fields, required: true, ..Node::default() }
    }

    #[test]
    fn names_are_found_where_they_are_unique() {
        let text = Node { kinds: Kinds::of(&[Kind::String]), text: true, ..Node::default() };
        let fields = vec![field("unit_price", 0, 0), field("userid", 1, 0), field("user_id", 2, 0)];
        let guide = Guide::new(&[text, record(fields)], 1);
        let root = guide.root();
        assert!(matches!(guide.key(root, "unit_price", 0, true), Key::Declared { field: 0, .. }));
        assert!(matches!(guide.key(root, "unitPrice", 0, true), Key::Similar { key: "unit_price", .. }));
        assert!(matches!(guide.key(root, "Unit-Price", 0, true), Key::Similar { .. }));
        assert_eq!(guide.key(root, "unitPrice", 0, false), Key::Other(Guide::ANY));
        assert_eq!(guide.key(root, "userId", 0, true), Key::Other(Guide::ANY));
        assert_eq!(guide.key(root, "unitCost", 0, true), Key::Other(Guide::ANY));
    }

    #[test]
    fn members_are_found_where_they_are_unique() {
        let choice = |text: &str, json: &str| Choice { text: text.to_owned(), json: json.to_owned() };
        let choices = vec![
            choice("it", "\"it\""),
            choice("IT", "\"IT\""),
            choice("Mint", "\"Mint\""),
            choice("2", "2"),
        ];
        let node = Node { kinds: Kinds::of(&[Kind::String]), choices, ..Node::default() };
        let guide = Guide::new(&[node], 0);
        let member = |text| guide.member(guide.root(), text);
        assert_eq!(member("IT"), Member::Exact);
        assert_eq!(member("It"), Member::None);
        assert_eq!(member(" 'MINT' "), Member::Similar("\"Mint\""));
        assert_eq!(member("2"), Member::Similar("2"));
        assert_eq!(member("min"), Member::None);
    }

    #[test]
    fn a_union_has_what_its_alternatives_have() {
        let number = Node { kinds: Kinds::NUMBER, number: true, ..Node::default() };
        let text = Node { kinds: Kinds::of(&[Kind::String]), text: true, ..Node::default() };
        let a = record(vec![field("kind", 0, 1), field("size", 1, 0)]);
        let b = record(vec![field("kind", 0, 1), field("size", 1, 1), field("on_top", 2, 4)]);
        let either = Node { either: vec![2, 3], ..Node::default() };
        let guide = Guide::new(&[number, text, a, b, either], 4);
        let root = guide.root();
        let Key::Declared { node, .. } = guide.key(root, "size", 0, true) else { panic!("declared") };
        assert!(guide.wants_number(node) && guide.wants_text(node));
        let Key::Similar { node, .. } = guide.key(root, "onTop", 0, true) else { panic!("similar") };
        assert_eq!(node, root);
    }
}
