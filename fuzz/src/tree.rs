//! Trees: what a tape comes to. Whoever builds one here finds out whether the tape is well formed.

/// One step of the tape, as this crate calls it.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Open {
        node: u32,
        form: Form,
    },
    Close,
    /// The next value of an object belongs to this key.
    Name(String),
    /// A value that has no parts to show.
    Value(String),
    /// A provisional value begins.
    Begin,
    /// What has grown since the begin at this depth is taken back.
    Rollback(usize),
    /// The provisional value at this depth ends, and becomes another one.
    Replace(usize, String),
    /// The provisional value at this depth ends as it is.
    Commit(usize),
}

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Array,
    Object,
    /// A record that is written as its only field. It shows with that.
    Root,
}

/// A value as it shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Value(String),
    /// An open string.
    Text(String),
    Array(u32, Vec<Tree>),
    Object(u32, Vec<(String, Tree)>),
    Root(u32, Option<Box<Tree>>),
}

impl Tree {
    /// Whether nothing of what `before` shows has gone: only the last member of a container may have grown, or more may
    /// have come behind it.
    #[must_use]
    pub fn keeps(&self, before: &Self) -> bool {
        match (before, self) {
            (Self::Text(_), Self::Value(_)) => true,
            (Self::Text(before), Self::Text(now)) => now.starts_with(before.as_str()),
            (Self::Array(_, before), Self::Array(_, now)) => {
                let Some((last, settled)) = before.split_last() else { return true };
                now.starts_with(settled) && now.get(settled.len()).is_some_and(|now| now.keeps(last))
            }
            (Self::Object(_, before), Self::Object(_, now)) => {
                let Some(((key, last), settled)) = before.split_last() else { return true };
                let next = now.get(settled.len());
                now.starts_with(settled) && next.is_some_and(|(name, now)| name == key && now.keeps(last))
            }
            (Self::Root(_, Some(before)), Self::Root(_, Some(now))) => now.keeps(before),
            (before, now) => before == now,
        }
    }
}

/// A tree in the making.
#[derive(Clone, Debug, Default)]
pub struct Grower {
    open: Vec<Open>,
    root: Option<Tree>,
    /// What there was when each provisional value began.
    begun: Vec<(Vec<Open>, Option<Tree>)>,
}

/// A container that is open, and the name of its next value.
type Open = (Tree, Option<String>);

impl Grower {
    /// Takes a step. Panics where the tape is not well formed.
    pub fn take(&mut self, act: Act) {
        match act {
            Act::Open { node, form } => {
                self.expect_a_place();
                let tree = match form {
                    Form::Array => Tree::Array(node, Vec::new()),
                    Form::Object => Tree::Object(node, Vec::new()),
                    Form::Root => Tree::Root(node, None),
                };
                self.open.push((tree, None));
            }
            Act::Close => {
                let Some((tree, _)) = self.open.pop() else { panic!("a close without an open") };
                self.put(tree);
            }
            // A value that is hidden, or was refused, leaves its key without one.
            Act::Name(name) => match self.open.last_mut() {
                Some((Tree::Object(..) | Tree::Root(..), next)) => *next = Some(name),
                _ => panic!("a key outside of an object"),
            },
            Act::Value(value) => self.put(Tree::Value(value)),
            Act::Begin => {
                self.expect_a_place();
                self.begun.push((self.open.clone(), self.root.clone()));
            }
            Act::Rollback(depth) => {
                assert!(depth < self.begun.len(), "a rollback to {depth} of {}", self.begun.len());
                self.begun.truncate(depth + 1);
                (self.open, self.root) = self.begun[depth].clone();
            }
            Act::Replace(depth, value) => {
                assert!(depth < self.begun.len(), "a replacement of {depth} of {}", self.begun.len());
                self.begun.truncate(depth + 1);
                let Some(before) = self.begun.pop() else { return };
                (self.open, self.root) = before;
                self.put(Tree::Value(value));
            }
            Act::Commit(depth) => {
                assert!(depth < self.begun.len(), "a commit of {depth} of {}", self.begun.len());
                self.begun.truncate(depth + 1);
                let Some((open, _)) = self.begun.pop() else { return };
                // What is still open in it closes.
                while self.open.len() > open.len() {
                    let Some((tree, _)) = self.open.pop() else { return };
                    self.put(tree);
                }
            }
        }
    }

    /// What shows, with the open string in its place.
    #[must_use]
    pub fn shown(&self, text: Option<String>) -> Option<Tree> {
        let mut grower = self.clone();
        if let Some(text) = text {
            grower.put(Tree::Text(text));
        }
        while let Some((tree, _)) = grower.open.pop() {
            grower.put(tree);
        }
        grower.root
    }

    /// Asserts that nothing is left open.
    pub fn end(&self) {
        assert!(self.open.is_empty(), "containers are open at the end: {:?}", self.open);
        assert!(self.begun.is_empty(), "provisional values have no end");
    }

    fn expect_a_place(&self) {
        match self.open.last() {
            Some((Tree::Object(..) | Tree::Root(..), name)) => {
                assert!(name.is_some(), "a value without a key");
            }
            Some(_) => {}
            None => assert_eq!(self.root, None, "a second root"),
        }
    }

    fn put(&mut self, tree: Tree) {
        if matches!(tree, Tree::Root(_, None)) {
            return;
        }
        self.expect_a_place();
        match self.open.last_mut() {
            Some((Tree::Object(_, members), name)) => {
                // Of several values for a key the first shows.
                let Some(name) = name.take() else { return };
                if members.iter().all(|(known, _)| *known != name) {
                    members.push((name, tree));
                }
            }
            Some((Tree::Array(_, members), _)) => members.push(tree),
            Some((Tree::Root(_, only), _)) => *only = Some(Box::new(tree)),
            Some(_) => panic!("only containers are open"),
            None => self.root = Some(tree),
        }
    }
}
