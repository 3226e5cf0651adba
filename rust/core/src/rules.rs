//! The rules of strings and numbers: what the checker decides without its host.

use crate::pattern::Run;
use crate::plan::{Float, Int, Str};
use instar_json::{NumberForm, Piece};
use instar_json::{characters, is_continuation};

impl Str {
    /// Whether any string will do, as far as its characters go.
    #[inline]
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.min == 0 && self.max == usize::MAX && self.pattern.is_none()
    }

    /// Follows more characters of a string that had `count`; `Err` holds the index of the first hopeless byte.
    pub(crate) fn follow(
        &self,
        piece: Piece<'_>,
        count: &mut usize,
        run: Option<&mut Box<Run>>,
    ) -> Result<(), usize> {
        let mut hopeless = match (&self.pattern, run) {
            (Some(pattern), Some(run)) => pattern.advance(run, piece.bytes).err(),
            _ => None,
        };
        if self.min > 0 || self.max < usize::MAX {
            let room = self.max - *count;
            *count += characters(piece.bytes);
            if *count > self.max {
                let begins = (0..piece.bytes.len()).filter(|&index| !is_continuation(piece.bytes[index]));
                let first = begins.skip(room).min();
                hopeless = first.into_iter().chain(hopeless).min();
            }
        }
        hopeless.map_or(Ok(()), Err)
    }

    /// Whether a string of so many characters, whole now, surely meets the rule.
    pub(crate) fn accepts(&self, characters: usize, run: Option<&mut Box<Run>>) -> bool {
        !self.judged
            && characters >= self.min
            && match (&self.pattern, run) {
                (Some(pattern), Some(run)) => pattern.matches(run),
                (pattern, _) => pattern.is_none(),
            }
    }
}

impl Int {
    pub(crate) fn accepts(&self, digits: &[u8]) -> bool {
        if (self.low, self.high, self.multiple_of) == (i64::MIN, i64::MAX, 1) && digits.len() < 19 {
            return true;
        }
        integer(digits).is_some_and(|value| {
            (self.low..=self.high).contains(&value) && value.checked_rem(self.multiple_of) == Some(0)
        })
    }
}

impl Float {
    pub(crate) fn accepts(&self, digits: &[u8], form: NumberForm) -> bool {
        // Integers near and beyond 64 bits become floats by another route in Pydantic, which old versions refuse.
        if form == NumberForm::Integer && digits.len() > 18 {
            return false;
        }
        if form == NumberForm::Decimal && !self.bounded && !self.finite {
            return true;
        }
        float(digits).is_some_and(|value| {
            let ((low, at_low), (high, at_high)) = (self.low, self.high);
            (!self.finite || value.is_finite())
                && (!self.bounded
                    || ((value > low || (at_low && value >= low))
                        && (value < high || (at_high && value <= high))))
        })
    }
}

/// The integer of these digits, if 64 bits hold it.
pub(crate) fn integer(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The float of these digits or this word.
fn float(digits: &[u8]) -> Option<f64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
