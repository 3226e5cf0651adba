//! The rules of strings and numbers: what is decided without the host.

use instar_json::{NumberForm, Piece, characters, is_continuation};

use super::pattern::{Pattern, Search};

/// A string.
#[derive(Clone, Debug)]
pub struct Str {
    /// The least number of characters.
    pub min: usize,
    /// The greatest number of characters.
    pub max: usize,
    /// What it has to match.
    pub pattern: Option<Box<Pattern>>,
}

/// An integer; the host is asked about those out of the range.
#[derive(Clone, Debug)]
pub struct Int {
    /// Whether a number with a fraction or an exponent is refused even if it is whole.
    pub strict: bool,
    /// The least value accepted.
    pub low: i64,
    /// The greatest value accepted.
    pub high: i64,
    /// What the value must be a multiple of; 1 for any.
    pub multiple_of: i64,
}

/// A float; the host is asked about values out of the range.
#[derive(Clone, Debug)]
pub struct Float {
    /// Whether `NaN` and the infinities are refused.
    pub finite: bool,
    /// Whether there is a range at all: without one the digits need not be read to be checked.
    pub bounded: bool,
    /// The value must be greater than this, or equal if the flag is set.
    pub low: (f64, bool),
    /// The value must be less than this, or equal if the flag is set.
    pub high: (f64, bool),
}

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
        search: Option<&mut Box<Search>>,
    ) -> Result<(), usize> {
        let mut hopeless = match (&self.pattern, search) {
            (Some(pattern), Some(search)) => pattern.advance(search, piece.bytes).err(),
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

    /// True if a string of so many characters, whole now, surely meets the rule.
    pub(crate) fn accepts(&self, characters: usize, search: Option<&mut Box<Search>>) -> bool {
        characters >= self.min
            && match (&self.pattern, search) {
                (Some(pattern), Some(search)) => pattern.matches(search),
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
