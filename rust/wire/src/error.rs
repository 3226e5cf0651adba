//! Errors that a server sends in place of an event of its protocol.

use crate::protocol::Member;

/// Whether an event that is none of the protocol's is an error: the error itself, not an object that holds one.
pub(crate) fn is_error(members: &[Member]) -> bool {
    let value = |name: &str| {
        let member = members.iter().find(|member| member.name == name.as_bytes())?;
        Some(String::from_utf8_lossy(&member.text).to_ascii_lowercase())
    };
    let named = |name| value(name).is_some_and(|kind| kind.contains("error") || kind.contains("exception"));
    let says = |name| value(name).is_some_and(|text| !text.is_empty());
    let is_coded = ["code", "status", "status_code", "statusCode"].iter().any(|name| value(name).is_some());
    named("object")
        || (says("message") || says("detail"))
            && (named("type") || named("__type") || is_coded || members.len() == 1)
}

/// Whether an event of a protocol that nobody knows yet holds an error.
pub(crate) fn holds_error(members: &[Member]) -> bool {
    members.iter().any(|member| member.name == b"error")
}
