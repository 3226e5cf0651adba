//! Which kinds of JSON values a node accepts.

use instar_json::Kind;

/// Who accepts a value of a certain kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Nobody: it is refused at its first byte.
    Never,
    /// The node's rule.
    ByRule,
    /// The host, perhaps, when the value has closed.
    ByHost,
}

/// Who accepts each kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds([Accept; 8]);

impl Kinds {
    /// The same for all kinds.
    #[must_use]
    pub const fn all(accept: Accept) -> Self {
        Self([accept; 8])
    }

    /// Nothing but these kinds, by the rule.
    #[must_use]
    pub fn only(kinds: &[Kind]) -> Self {
        Self::all(Accept::Never).with(kinds, Accept::ByRule)
    }

    /// These kinds otherwise.
    #[must_use]
    pub fn with(mut self, kinds: &[Kind], accept: Accept) -> Self {
        for &kind in kinds {
            self.0[kind as usize] = accept;
        }
        self
    }

    /// The same kinds, all that are accepted left to the host.
    #[must_use]
    pub fn by_host(self) -> Self {
        Self(self.0.map(|accept| match accept {
            Accept::Never => Accept::Never,
            Accept::ByRule | Accept::ByHost => Accept::ByHost,
        }))
    }

    /// Whether any kind is accepted by `accept`.
    #[must_use]
    pub fn any(self, accept: Accept) -> bool {
        self.0.contains(&accept)
    }

    /// Who accepts `kind`.
    #[inline]
    #[must_use]
    pub fn accept(self, kind: Kind) -> Accept {
        self.0[kind as usize]
    }
}
