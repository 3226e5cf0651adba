//! The reasons for which providers say that an answer ends.

/// The reasons of answers that were cut: they did not end where the model would have ended them.
const CUT: [&str; 22] = [
    "length",
    "max_tokens",
    "max_output_tokens",
    "model_length",
    "model_context_window_exceeded",
    "content_filter",
    "content_filtered",
    "guardrail_intervened",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "image_safety",
    "language",
    "refusal",
    "incomplete",
    "failed",
    "cancelled",
    "error",
    "budget_exceeded",
    "malformed_function_call",
];

/// Whether an answer that ends for this reason was cut: by a limit, a filter or a failure.
#[must_use]
pub fn is_cut(reason: &str) -> bool {
    CUT.iter().any(|cut| reason.eq_ignore_ascii_case(cut))
}
