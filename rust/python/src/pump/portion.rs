//! Portions: how much is taken in at a time, so that an event loop is handed back in time.

/// How many bytes are taken in at a time. Whoever shares an event loop hands it back once a step has taken in as many: so
/// no step takes in more than twice that, 64 KB, which is what HTTP libraries read from a socket at once.
pub(super) const PORTION: usize = 32 * 1024;

/// What has come at once and is taken in by portions.
#[derive(Default)]
pub(super) struct Portions {
    bytes: Vec<u8>,
    at: usize,
}

impl Portions {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0 }
    }

    /// Whether all has been taken in.
    pub(super) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The next one.
    pub(super) fn take(&mut self) -> &[u8] {
        let from = self.at;
        self.at = self.bytes.len().min(from + PORTION);
        &self.bytes[from..self.at]
    }
}
