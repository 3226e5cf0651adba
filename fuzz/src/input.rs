//! Inputs: bytes that say what to do, and the text to do it to.

/// Takes an input apart from its front. What is not there is 0.
#[derive(Clone, Copy, Debug)]
pub struct Input<'i> {
    rest: &'i [u8],
}

impl<'i> Input<'i> {
    #[must_use]
    pub fn new(data: &'i [u8]) -> Self {
        Self { rest: data }
    }

    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                byte
            }
            None => 0,
        }
    }

    /// A number below `limit`, which is at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// The next bytes, as an input of their own.
    #[must_use]
    pub fn part(&mut self, bytes: usize) -> Self {
        let (part, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = rest;
        Self { rest: part }
    }

    #[must_use]
    pub fn text(self) -> &'i [u8] {
        self.rest
    }
}

/// A text in pieces that depend on the seed: a few cuts, of which two may be in one place.
#[must_use]
pub fn cut(text: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed).wrapping_mul(0x9E37_79B9) | 1;
    let mut cuts: Vec<usize> = (0..seed % 7)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as usize % (text.len() + 1)
        })
        .collect();
    cuts.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for cut in cuts {
        pieces.push(&text[from..cut]);
        from = cut;
    }
    pieces.push(&text[from..]);
    pieces
}
