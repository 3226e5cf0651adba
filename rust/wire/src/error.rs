//! Errors that a server sends in place of an event of its protocol.

use instar_json::Kind;

use crate::protocol::{Member, members};

/// The members that say what went wrong.
const SAYS: [&str; 6] = ["message", "msg", "detail", "title", "error_message", "errorMessage"];

/// The members whose numbers or words say that something did.
const CODES: [&str; 6] = ["code", "status", "status_code", "statusCode", "error_code", "errorCode"];

/// Whether an event that is none of the protocol's is an error: the error itself, not an object that holds one.
pub(crate) fn is_error(members: &[Member]) -> bool {
    let member = |name: &str| members.iter().find(|member| member.name.eq_ignore_ascii_case(name.as_bytes()));
    let text = |name| {
        String::from_utf8_lossy(member(name).map_or(&b""[..], |member| &member.text)).to_ascii_lowercase()
    };
    let named = |name| ["error", "exception", "fail"].iter().any(|word| text(name).contains(word));
    let says = |name| member(name).is_some_and(|member| member.filled);
    let is = |name, kind| member(name).is_some_and(|member| member.kind == kind);
    let coded = |name| match member(name).map(|member| member.kind) {
        Some(Kind::Number) => !matches!(text(name).as_str(), "0" | "200"),
        Some(Kind::String) => says(name) && (name != "status" || named(name)),
        _ => false,
    };
    let failed =
        is("error", Kind::True) || is("success", Kind::False) || CODES.iter().any(|name| coded(name));
    let lists = ["error", "errors"].iter().any(|name| is(name, Kind::Array) && says(name));
    let says = SAYS.iter().any(|name| says(name));
    named("object") || lists || says && (named("type") || named("__type") || failed || members.len() == 1)
}

/// Whether an event of a protocol that nobody knows yet holds an error.
pub(crate) fn holds_error(members: &[Member]) -> bool {
    members.iter().any(|member| member.name == b"error" && member.filled)
}

/// Whether an event of any protocol, a JSON text, is an error or holds one.
#[must_use]
pub fn says_error(event: &[u8]) -> bool {
    let members = members(event);
    is_error(&members) || holds_error(&members)
}
