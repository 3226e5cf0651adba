//! Patterns that strings have to match, followed character by character.
//!
//! A lazily built DFA of the regex crates, which Pydantic's default engine is, too: it knows when it is dead.

use std::sync::Arc;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

/// A compiled pattern, searched for anywhere in a string unless it is anchored itself.
#[derive(Clone, Debug)]
pub struct Pattern {
    dfa: Arc<DFA>,
}

/// The search for a pattern in one string.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    cache: Cache,
    state: Option<LazyStateID>,
    matched: bool,
}

impl Pattern {
    /// Compiles `pattern`; none if it has no automaton of a reasonable size.
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        // All matches count: with only the leftmost, the automaton would die behind a match that was found.
        let config = DFA::config().match_kind(MatchKind::All).unicode_word_boundary(true);
        let dfa = DFA::builder().configure(config).build(pattern).ok()?;
        Some(Self { dfa: Arc::new(dfa) })
    }

    /// A search before its first string.
    pub(crate) fn search(&self) -> Search {
        Search { cache: self.dfa.create_cache(), state: None, matched: false }
    }

    /// Starts on a new string.
    pub(crate) fn start(&self, search: &mut Search) {
        let config = start::Config::new().anchored(Anchored::No);
        search.state = self.dfa.start_state(&mut search.cache, &config).ok();
        search.matched = false;
    }

    /// Follows `bytes`; `Err` holds the index of the first byte after which nothing can match.
    pub(crate) fn advance(&self, search: &mut Search, bytes: &[u8]) -> Result<(), usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            if search.matched {
                return Ok(());
            }
            let Some(state) = search.state else { return Ok(()) };
            // An automaton that gives up (its cache overflows, or a byte is beyond it) leaves the verdict to others.
            search.state =
                self.dfa.next_state(&mut search.cache, state, byte).ok().filter(|state| !state.is_quit());
            match search.state {
                Some(state) if state.is_match() => search.matched = true,
                Some(state) if state.is_dead() => return Err(index),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the string that ends here surely matches.
    pub(crate) fn matches(&self, search: &mut Search) -> bool {
        search.matched
            || search.state.is_some_and(|state| {
                self.dfa.next_eoi_state(&mut search.cache, state).is_ok_and(|state| state.is_match())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dies_at(pattern: &str, text: &str) -> Option<usize> {
        let pattern = Pattern::new(pattern).expect("a small pattern");
        let mut search = pattern.search();
        pattern.start(&mut search);
        pattern.advance(&mut search, text.as_bytes()).err()
    }

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern).expect("a small pattern");
        let mut search = pattern.search();
        pattern.start(&mut search);
        pattern.advance(&mut search, text.as_bytes()).is_ok() && pattern.matches(&mut search)
    }

    #[test]
    fn anchored_patterns_die_at_the_first_hopeless_byte() {
        assert_eq!(dies_at("^a+b$", "aac"), Some(2));
        assert_eq!(dies_at("^a+b$", "aab"), None);
        assert_eq!(dies_at("^a+b$", "aabb"), Some(3));
        assert_eq!(dies_at("^[A-Z]{2}-\\d+$", "AB-12x"), Some(5));
        assert_eq!(dies_at("^é?$", "è"), Some(1));
    }

    #[test]
    fn patterns_that_may_still_match_or_have_matched_live() {
        assert_eq!(dies_at("b", "aaaa"), None);
        assert_eq!(dies_at("^ab", "abzzz"), None);
        assert!(matches("b", "aab") && matches("b", "abaa") && !matches("b", "aaa"));
        assert!(matches("^a*$", "") && !matches("\\bé", "x é"), "unsure is no yes");
    }
}
