//! The reader of one text: the lexer and the grammar, and who receives the events.

use crate::event::{Kind, Receiver};
use crate::grammar::{Grammar, Nesting, Parse, Pending};
use crate::lexer::Lexer;
use crate::syntax::Stop;
use crate::text::{Source, Span};

/// The state of reading one text. It is handed the whole text each time, and reads what is new of it.
#[derive(Clone, Debug)]
pub struct Reader {
    lexer: Lexer,
    grammar: Grammar,
}

impl Reader {
    /// A reader that has read nothing.
    #[must_use]
    pub fn new(nesting: Nesting) -> Self {
        Self { lexer: Lexer::new(), grammar: Grammar::new(nesting) }
    }

    /// The same reader, which refuses more than so many blanks behind each other (but behind the root value). They are
    /// counted at every 64th byte.
    #[must_use]
    pub fn with_blanks(mut self, most: usize) -> Self {
        self.lexer.most_blanks = most;
        self
    }

    /// Reads what lies in `raw` behind the bytes already read.
    ///
    /// # Errors
    /// At the first byte after which no continuation is JSON, or where the receiver stops: then the reader stands
    /// behind the byte of the event, and can go on.
    pub fn advance<R: Receiver>(&mut self, raw: &[u8], receiver: &mut R) -> Result<(), Stop<R::Stop>> {
        self.lexer.advance(raw, &mut Parse { grammar: &mut self.grammar, receiver })
    }

    /// The text has ended: a root number that could end here does. (Within a container it could go on.)
    ///
    /// # Errors
    /// As [`Reader::advance`].
    pub fn end<R: Receiver>(&mut self, raw: &[u8], receiver: &mut R) -> Result<(), Stop<R::Stop>> {
        if self.grammar.at_root() {
            self.lexer.end(raw, &mut Parse { grammar: &mut self.grammar, receiver })
        } else {
            Ok(())
        }
    }

    /// Goes back to the value that begins at `start` within `depth` containers.
    pub fn rewind(&mut self, start: usize, depth: usize) {
        self.lexer.rewind(start);
        self.grammar.rewind(depth);
    }

    /// Forgets what came at `at`, behind the root value.
    pub fn cut(&mut self, at: usize) {
        self.lexer.rewind(at);
    }

    /// Forgets the text, to read another one.
    pub fn reset(&mut self) {
        self.lexer.reset();
        self.grammar.rewind(0);
    }

    /// Goes on behind a character at which the receiver has stopped.
    pub fn resume(&mut self) {
        self.lexer.resume();
    }

    /// Whether the root value has closed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.grammar.complete()
    }

    /// The offset of the first byte not yet read.
    #[must_use]
    pub fn at(&self) -> usize {
        self.lexer.at()
    }

    /// The bytes that spans refer to.
    #[must_use]
    pub fn source<'t>(&'t self, raw: &'t [u8]) -> Source<'t> {
        self.lexer.source(raw)
    }

    /// Whether a string or key is open.
    #[must_use]
    pub fn in_string(&self) -> bool {
        self.lexer.in_string()
    }

    /// Where the whole characters of the open string end.
    #[must_use]
    pub fn characters_end(&self) -> usize {
        self.lexer.characters_end()
    }

    /// The kind of the scalar that is open, if it begins at `at`.
    #[must_use]
    pub fn begins(&self, at: usize) -> Option<Kind> {
        self.lexer.begins(at)
    }

    /// The characters of the open string that the receiver has taken.
    #[must_use]
    pub fn open_text(&self) -> Span {
        self.lexer.open_text()
    }

    /// The characters of the string whose closing quote was the byte read last.
    #[must_use]
    pub fn closed_text(&self) -> Span {
        self.lexer.closed_text()
    }

    /// The characters of the string that is open or has just closed, the one at which the receiver stopped with them.
    #[must_use]
    pub fn read_text(&self) -> Span {
        self.lexer.read_text()
    }

    /// What makes the text that was read, `raw`, whole.
    pub(crate) fn complete_text(&self, mut raw: Vec<u8>) -> (Vec<u8>, Lacks) {
        let open_key = self.lexer.in_string() && self.grammar.in_key();
        let is_open = self.lexer.close(&mut raw);
        let lacks = match self.grammar.pending() {
            _ if open_key => Lacks::ValueOfOpenKey,
            _ if is_open => Lacks::RestOfScalar,
            Pending::ColonAndValue => Lacks::ValueOfKey,
            Pending::Value => Lacks::Value,
            Pending::Key => {
                let comma = raw.iter().rposition(|&byte| byte == b',').unwrap_or(raw.len());
                raw.truncate(comma);
                Lacks::Nothing
            }
            Pending::Nothing => Lacks::Nothing,
        };
        raw.extend_from_slice(match lacks {
            Lacks::ValueOfOpenKey | Lacks::ValueOfKey => b":null",
            Lacks::Value => b"null",
            Lacks::RestOfScalar | Lacks::Nothing => b"",
        });
        raw.extend(self.grammar.closing());
        (raw, lacks)
    }
}

/// What was made up of a text to make it whole, its end apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacks {
    Nothing,
    /// What a scalar would go on with.
    RestOfScalar,
    /// The value of the newest element, or of the newest key.
    Value,
    /// The colon and the value of the newest key.
    ValueOfKey,
    /// The same, of a key that is still open.
    ValueOfOpenKey,
}
