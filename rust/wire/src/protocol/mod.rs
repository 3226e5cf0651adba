//! The table of protocols. A provider is one file in this folder, and one line below.

mod interface;
mod sign;

pub use interface::Protocol;
pub(crate) use interface::{Decode, Output};
pub(crate) use sign::{Member, members};

/// Declares the modules of these names, and the table of their protocols.
macro_rules! protocols {
    ($($name:ident,)*) => {
        $(mod $name;)*

        /// All of them, in the order in which they are tried on an event that nobody has named the protocol of.
        pub static PROTOCOLS: &[&Protocol] = &[$(&$name::PROTOCOL),*];
    };
}

protocols! {
    openai_chat,
    openai_responses,
    anthropic,
    gemini,
    gemini_interactions,
    ollama,
    bedrock,
}

impl Protocol {
    /// The protocol of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PROTOCOLS.iter().copied().find(|protocol| protocol.name == name)
    }

    /// The protocol that an event belongs to, as far as one can see.
    #[must_use]
    pub fn of(event: &[u8]) -> Option<&'static Self> {
        let members = members(event);
        PROTOCOLS.iter().copied().find(|protocol| protocol.recognises(&members))
    }
}
