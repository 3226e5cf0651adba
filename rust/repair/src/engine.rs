//! The engine that reads the mended text, and how the mender drives it.

use crate::fault::Fault;
use crate::guide::Guide;
use crate::mender::{Mender, Refusal, Step};
use crate::value::Pass;

/// A strict reader of the mended text.
pub trait Engine {
    /// What stops it that is no fault of the text.
    type Error;

    /// Reads more of the mended text.
    ///
    /// # Errors
    /// What is no fault of the text.
    fn read(&mut self, mended: Mended<'_>) -> Result<Verdict, Self::Error>;

    /// Begins anew with an empty text. What it refused, if it did, is the error of the text if nothing else fits.
    fn restart(&mut self);

    /// All that it has read since it began.
    fn text(&self) -> &[u8];

    /// Forgets what came at `at`, behind the root value.
    fn cut(&mut self, at: usize);
}

/// A part of the mended text, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Mended<'m> {
    /// The part.
    pub bytes: &'m [u8],
    pub(crate) mender: &'m Mender,
}

impl Mended<'_> {
    /// The offset in the text as it came of `at`, an offset in the mended text that lies in this part.
    #[must_use]
    pub fn raw_offset(&self, at: usize) -> usize {
        self.mender.raw_offset(at)
    }
}

/// What an engine says of the mended text so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Taken,
    /// The root value is whole, and something comes at this offset of the mended text.
    Trailing(usize),
    /// It is hopeless, from the byte at an offset on.
    Refused {
        /// The offset in the mended text.
        at: usize,
        /// Whether the root value ends with that byte.
        whole: bool,
    },
}

/// Where a text stands, all that came being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may go on.
    Drained,
    /// The engine refuses it, at this byte of the text as it came.
    Refused(usize),
    /// It is hopeless without the engine's having read it.
    Fault(Fault),
}

impl Mender {
    /// Takes in a part of the text, and has the engine read what comes of it.
    ///
    /// # Errors
    /// The engine's.
    pub fn feed<E: Engine>(
        &mut self,
        raw: &[u8],
        engine: &mut E,
        guide: &Guide,
    ) -> Result<Outcome, E::Error> {
        if self.is_passthrough() {
            let before = engine.text().len();
            let verdict = engine.read(self.part(raw))?;
            return self.read_passthrough(raw, before, verdict, engine, guide);
        }
        match self.pass(raw) {
            Pass::Held => Ok(Outcome::Drained),
            Pass::Through => {
                let verdict = engine.read(self.part(raw))?;
                self.read_passed(verdict, engine, guide)
            }
            Pass::Looks => {
                self.push(raw);
                self.drive(engine, guide)
            }
        }
    }

    /// Goes on behind a part of the text that was passed, of which the engine has said `verdict`.
    ///
    /// # Errors
    /// The engine's.
    pub fn read_passed<E: Engine>(
        &mut self,
        verdict: Verdict,
        engine: &mut E,
        guide: &Guide,
    ) -> Result<Outcome, E::Error> {
        if verdict == Verdict::Taken {
            return Ok(Outcome::Drained);
        }
        match self.answer(verdict, engine, guide) {
            Some(outcome) => Ok(outcome),
            None => self.drive(engine, guide),
        }
    }

    /// Goes on behind a part of the text that the engine has read as it came, which said `verdict` of it: `before` is how
    /// much it had read then.
    ///
    /// # Errors
    /// The engine's.
    pub fn read_passthrough<E: Engine>(
        &mut self,
        raw: &[u8],
        before: usize,
        verdict: Verdict,
        engine: &mut E,
        guide: &Guide,
    ) -> Result<Outcome, E::Error> {
        if verdict != Verdict::Taken {
            self.catch_up(&engine.text()[..before], raw);
        }
        self.read_passed(verdict, engine, guide)
    }

    /// A part of the mended text.
    #[must_use]
    pub fn part<'m>(&'m self, bytes: &'m [u8]) -> Mended<'m> {
        Mended { bytes, mender: self }
    }

    /// Declares the text ended, and has the engine read what was held back.
    ///
    /// # Errors
    /// The engine's.
    pub fn finish<E: Engine>(&mut self, engine: &mut E, guide: &Guide) -> Result<Outcome, E::Error> {
        self.end();
        if self.is_passthrough() { Ok(Outcome::Drained) } else { self.drive(engine, guide) }
    }

    fn drive<E: Engine>(&mut self, engine: &mut E, guide: &Guide) -> Result<Outcome, E::Error> {
        loop {
            let step = self.advance(guide);
            match step {
                Step::Restart => {
                    engine.restart();
                    continue;
                }
                Step::Fault(fault) => return Ok(Outcome::Fault(fault)),
                Step::Refused(offset) => return Ok(Outcome::Refused(offset)),
                Step::More | Step::Drained | Step::Closed | Step::Passthrough => {}
            }
            let mended = self.mended();
            let verdict = if mended.is_empty() { Verdict::Taken } else { engine.read(self.part(mended))? };
            if verdict != Verdict::Taken {
                match self.answer(verdict, engine, guide) {
                    Some(outcome) => return Ok(outcome),
                    None => continue,
                }
            }
            match step {
                Step::Drained | Step::Passthrough => return Ok(Outcome::Drained),
                Step::Closed => self.accept(),
                _ => {}
            }
        }
    }

    /// What becomes of a text that the engine does not go on with; none if it is read on.
    fn answer<E: Engine>(&mut self, verdict: Verdict, engine: &mut E, guide: &Guide) -> Option<Outcome> {
        match verdict {
            Verdict::Taken => return None,
            Verdict::Trailing(at) if self.is_passthrough() => {
                engine.cut(at);
                self.accept_to(at);
            }
            Verdict::Trailing(at) => return self.refused(at, false, engine, guide),
            Verdict::Refused { at, whole } => return self.refused(at, whole, engine, guide),
        }
        None
    }

    fn refused<E: Engine>(
        &mut self,
        at: usize,
        whole: bool,
        engine: &mut E,
        guide: &Guide,
    ) -> Option<Outcome> {
        match self.refuse(at, whole, guide) {
            Refusal::Final(offset) => return Some(Outcome::Refused(offset)),
            Refusal::Restart => engine.restart(),
            Refusal::Undecided => {}
        }
        None
    }
}
