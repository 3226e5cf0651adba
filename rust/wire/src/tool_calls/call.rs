//! What has come of a tool call: its name, which may come in pieces, and its arguments, some of which say nothing.
//!
//! A name is emitted when it is whole: when arguments come, another call begins, or the call ends; and its arguments
//! behind it. Arguments that are blank, missing or `null` when the call ends are `{}`. A lone `{}` or `null` may stand
//! there until the real arguments come: it is held back until the call ends, or its closing brace, where the opening one
//! came before it.
//! Arguments that are sent once more, whole, are dropped.

use std::convert::Infallible;

use instar_json::{Kind, Nesting, NumberForm, Reader, Receiver, Source, Span};

use crate::delta::{Delta, DeltaKind, Extent};
use crate::fault::{FaultKind, beginning, contradiction};
use crate::json_paths::json_string;

/// The tool calls of a response.
#[derive(Debug, Default)]
pub(crate) struct ToolCalls {
    calls: Vec<ToolCall>,
}

impl ToolCalls {
    /// The slot of a call. Where it begins, the names of those before it are whole.
    pub(crate) fn slot(&mut self, choice: u32, number: u32, emit: &mut impl FnMut(Delta<'_>)) -> usize {
        self.position(choice, number).unwrap_or_else(|| {
            for call in self.of(Some(choice)).filter(|call| !call.name.is_empty()) {
                call.open(emit);
            }
            self.calls.push(ToolCall::new(choice, number));
            self.calls.len() - 1
        })
    }

    /// The slot of a call, if it has begun.
    pub(crate) fn position(&self, choice: u32, number: u32) -> Option<usize> {
        self.calls.iter().rposition(|call| (call.choice, call.number) == (choice, number))
    }

    /// The call in a slot.
    pub(crate) fn at(&mut self, slot: usize) -> &mut ToolCall {
        &mut self.calls[slot]
    }

    /// The call of this number, if it has begun.
    pub(crate) fn find(&mut self, choice: u32, number: u32) -> Option<&mut ToolCall> {
        self.calls.iter_mut().rfind(|call| (call.choice, call.number) == (choice, number))
    }

    /// The calls of a choice, or all, in the order in which they began.
    pub(crate) fn of(&mut self, choice: Option<u32>) -> impl Iterator<Item = &mut ToolCall> {
        self.calls.iter_mut().filter(move |call| choice.is_none_or(|choice| call.choice == choice))
    }

    /// Another attempt begins: forgets the calls of a choice.
    pub(crate) fn restart(&mut self, choice: u32) {
        self.calls.retain(|call| call.choice != choice);
    }
}

/// One tool call.
#[derive(Debug)]
pub(crate) struct ToolCall {
    pub(crate) choice: u32,
    number: u32,
    name: String,
    id: String,
    /// The arguments that count, those that are held back with them.
    arguments: String,
    /// How much of them has been emitted.
    emitted: usize,
    /// Whether the name has been emitted.
    open: bool,
    ended: bool,
    /// What its arguments are: JSON, or a custom tool's input.
    kind: DeltaKind,
    /// Reads the arguments, as far as somebody has asked about them.
    reader: Reader,
    /// Whether they are no JSON.
    broken: bool,
}

impl ToolCall {
    fn new(choice: u32, number: u32) -> Self {
        Self {
            choice,
            number,
            name: String::new(),
            id: String::new(),
            arguments: String::new(),
            emitted: 0,
            open: false,
            ended: false,
            kind: DeltaKind::Arguments,
            reader: Reader::new(Nesting::UNLIMITED),
            broken: false,
        }
    }

    /// Its name, as far as it has come.
    pub(crate) fn name(&self) -> &str {
        function(&self.name)
    }

    /// Whether none of its arguments has come.
    pub(crate) fn is_blank(&self) -> bool {
        self.arguments.trim_ascii().is_empty()
    }

    /// Whether these arguments are those that have come.
    pub(crate) fn is_said_by(&self, arguments: &[u8]) -> bool {
        std::str::from_utf8(arguments)
            .is_ok_and(|arguments| same_json(self.arguments.trim_ascii(), arguments))
    }

    /// Whether more of its arguments can come: they are not a whole JSON text.
    pub(crate) fn goes_on(&mut self) -> bool {
        !self.ended && !self.is_whole()
    }

    /// Takes in a part of the call.
    ///
    /// # Errors
    /// If it contradicts what has come, or the arguments are sent from their beginning again and again.
    pub(crate) fn take(
        &mut self,
        kind: DeltaKind,
        extent: Extent,
        text: &str,
        emit: &mut impl FnMut(Delta<'_>),
    ) -> Result<Taken, FaultKind> {
        match kind {
            DeltaKind::Call => self.take_name(text, extent, emit),
            DeltaKind::Id if self.id.is_empty() => {
                self.id.push_str(text);
                if self.open {
                    self.emit(DeltaKind::Id, text, emit);
                }
            }
            // What comes behind the end of the call is none of it.
            DeltaKind::Arguments | DeltaKind::Input if self.ended && extent == Extent::Piece => {
                return Ok(Taken::Dropped);
            }
            DeltaKind::Arguments | DeltaKind::Input => {
                self.kind = kind;
                let taken =
                    if extent == Extent::Piece { self.piece(text)? } else { self.whole(text, extent)? };
                if !self.arguments.trim_ascii().is_empty() && !self.name.is_empty() {
                    self.open(emit);
                }
                self.flush(emit);
                return Ok(taken);
            }
            DeltaKind::CallEnd => self.end(emit),
            _ => {}
        }
        Ok(Taken::Counts)
    }

    /// Takes in the next arguments, unless they have to be looked at: they may say once more what has come. Returns
    /// whether it has.
    pub(crate) fn flow(&mut self, text: &str) -> bool {
        let may_repeat = self.kind == DeltaKind::Arguments
            && matches!(text.trim_ascii_start().as_bytes().first(), Some(b'{' | b'"'))
            && (self.arguments.trim_ascii_end().ends_with('}') || text.len() > self.arguments.len());
        let flows = self.open
            && !self.ended
            && self.emitted == self.arguments.len()
            && self.emitted > 2
            && !may_repeat;
        if flows {
            self.arguments.push_str(text);
            self.emitted = self.arguments.len();
        }
        flows
    }

    /// Nothing more comes of the call: it is whole.
    pub(crate) fn end(&mut self, emit: &mut impl FnMut(Delta<'_>)) {
        let says_nothing = self.name.is_empty() && self.arguments.trim_ascii().is_empty();
        if std::mem::replace(&mut self.ended, true) || says_nothing {
            return;
        }
        if self.kind == DeltaKind::Arguments && matches!(self.arguments.trim_ascii(), "" | NULL) {
            self.arguments.truncate(self.emitted);
            self.arguments.push_str("{}");
        }
        self.give_up(emit);
        self.emit(DeltaKind::CallEnd, "", emit);
    }

    /// Nothing more comes of the call, and it is not whole: emits what is held back.
    pub(crate) fn give_up(&mut self, emit: &mut impl FnMut(Delta<'_>)) {
        self.open(emit);
        self.emit_arguments(emit);
    }

    fn take_name(&mut self, text: &str, extent: Extent, emit: &mut impl FnMut(Delta<'_>)) {
        if self.open || self.name == text {
            return;
        }
        // Some servers send the name so far, and most that send it more than once send it whole.
        if text.starts_with(&self.name) {
            self.name.clear();
        }
        self.name.push_str(text);
        if extent != Extent::Piece {
            self.open(emit);
            self.flush(emit);
        }
    }

    /// Takes in the next arguments.
    fn piece(&mut self, text: &str) -> Result<Taken, FaultKind> {
        let mut text = text;
        if self.kind == DeltaKind::Arguments {
            let begins = text.trim_ascii_start();
            // Behind `{}` nothing can come, if that is all there is.
            if !begins.is_empty() && self.is_placeholder() {
                let from = self.drop_placeholder();
                text = begins.strip_prefix(from).unwrap_or(text);
            } else if begins.starts_with(['{', '"']) && self.is_repeated(text.trim_ascii())? {
                return Ok(Taken::Dropped);
            }
        }
        self.arguments.push_str(text);
        Ok(Taken::Counts)
    }

    /// Takes in arguments that are said to be all.
    fn whole(&mut self, text: &str, extent: Extent) -> Result<Taken, FaultKind> {
        if text.trim_ascii().is_empty() {
            return Ok(Taken::Counts);
        }
        if self.is_placeholder() {
            self.drop_placeholder();
        }
        let (so_far, is_json) = (&self.arguments, self.kind == DeltaKind::Arguments);
        if self.emitted == 0 && so_far.trim_ascii().is_empty() {
            self.arguments.clear();
            self.arguments.push_str(text);
        } else if let Some(rest) = text.strip_prefix(so_far.as_str()) {
            let rest = rest.to_owned();
            self.arguments.push_str(&rest);
        } else if extent == Extent::Whole && !(is_json && same_json(so_far, text)) {
            return Err(contradiction(so_far, text));
        }
        Ok(Taken::Counts)
    }

    /// Whether what has come is `{}` or `null`, held back.
    fn is_placeholder(&self) -> bool {
        self.kind == DeltaKind::Arguments
            && matches!(self.arguments.trim_ascii(), "{}" | NULL)
            && !self.arguments[self.emitted..].trim_ascii().is_empty()
    }

    /// Forgets it, but for the brace that has been emitted, which is returned.
    fn drop_placeholder(&mut self) -> &'static str {
        self.arguments.truncate(self.emitted);
        self.reader.reset();
        if self.emitted == 0 { "" } else { "{" }
    }

    /// Whether a piece says the whole arguments once more, as they are or in a string.
    fn is_repeated(&mut self, piece: &str) -> Result<bool, FaultKind> {
        if self.arguments.trim_ascii_end().ends_with('}') && self.is_whole() {
            let so_far = self.arguments.trim_ascii();
            return Ok(same_json(so_far, piece) || json_string(so_far) == piece);
        }
        let so_far = self.arguments.trim_ascii();
        let begins_again = so_far.starts_with('{') && piece.starts_with(so_far) && piece.len() > so_far.len();
        if begins_again && !self.can_go_on(piece) {
            return Err(FaultKind::Cumulative(beginning(piece.as_bytes())));
        }
        Ok(false)
    }

    /// Whether the arguments so far are a whole JSON text.
    pub(crate) fn is_whole(&mut self) -> bool {
        self.broken |= self.reader.advance(self.arguments.as_bytes(), &mut Ignored).is_err();
        !self.broken && self.reader.complete()
    }

    /// Whether the arguments with this piece behind them can be JSON. Where those so far cannot, nobody knows.
    fn can_go_on(&mut self, piece: &str) -> bool {
        self.is_whole();
        let both = [&self.arguments, piece].concat();
        self.broken || self.reader.clone().advance(both.as_bytes(), &mut Ignored).is_ok()
    }

    fn open(&mut self, emit: &mut impl FnMut(Delta<'_>)) {
        if !std::mem::replace(&mut self.open, true) {
            self.emit(DeltaKind::Call, function(&self.name), emit);
            self.emit(DeltaKind::Id, &self.id, emit);
        }
    }

    /// Emits the arguments that need not be held back.
    fn flush(&mut self, emit: &mut impl FnMut(Delta<'_>)) {
        let may_be_nothing =
            self.kind == DeltaKind::Arguments && NULL.starts_with(self.arguments.trim_ascii());
        if self.open && !may_be_nothing && !self.is_placeholder() {
            self.emit_arguments(emit);
        }
    }

    fn emit_arguments(&mut self, emit: &mut impl FnMut(Delta<'_>)) {
        let from = std::mem::replace(&mut self.emitted, self.arguments.len());
        self.emit(self.kind, &self.arguments[from..], emit);
    }

    fn emit(&self, kind: DeltaKind, text: &str, emit: &mut impl FnMut(Delta<'_>)) {
        if !text.is_empty() || kind == DeltaKind::CallEnd {
            emit(Delta { kind, choice: self.choice, call: Some(self.number), item: 0, text });
        }
    }
}

/// What has become of a part of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Counts,
    /// It says nothing, or once more what has come.
    Dropped,
}

/// What some servers send for no arguments.
const NULL: &str = "null";

/// The name of a function, without what some models write around it: the namespace before it, and the marks of a
/// channel behind it.
fn function(name: &str) -> &str {
    let name = name.split("<|").next().unwrap_or(name).trim_ascii();
    let Some(inner) = name.strip_prefix("functions.") else { return name };
    let digits =
        inner.rsplit_once(':').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    digits.map_or(inner, |(inner, _)| inner)
}

/// Whether two JSON texts differ in no more than the white space between their tokens.
fn same_json(left: &str, right: &str) -> bool {
    left == right || significant(left).eq(significant(right))
}

/// The bytes of a JSON text without the white space between its tokens.
fn significant(text: &str) -> impl Iterator<Item = u8> {
    let (mut in_string, mut escaped) = (false, false);
    text.bytes().filter(move |byte| {
        let was_escaped = escaped;
        escaped = in_string && *byte == b'\\' && !was_escaped;
        in_string ^= *byte == b'"' && !was_escaped;
        in_string || !byte.is_ascii_whitespace()
    })
}

/// Takes no interest in what is read.
struct Ignored;

impl Receiver for Ignored {
    type Stop = Infallible;

    fn begin(&mut self, _kind: Kind, _at: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn string(&mut self, _span: Span, _end: usize, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn number(&mut self, _form: NumberForm, _span: Span, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn name(&mut self, _kind: Kind, _end: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn key(&mut self, _span: Span, _at: usize, _source: Source<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn end(&mut self, _end: usize) -> Result<(), Infallible> {
        Ok(())
    }
}
