"""The names that the wire knows. Written by scripts/protocols, out of the tables in rust/wire."""

from typing import Literal, TypeAlias

Protocol: TypeAlias = Literal[
    "openai-chat",
    "openai-responses",
    "anthropic",
    "gemini",
    "gemini-interactions",
    "ollama",
    "bedrock",
]
"""How a provider packs deltas into events."""

Framing: TypeAlias = Literal[
    "sse",
    "ndjson",
]
"""How events are cut out of the bytes of a body."""

DeltaKind: TypeAlias = Literal[
    "restart",
    "reasoning",
    "text",
    "prose",
    "refusal",
    "call",
    "id",
    "arguments",
    "input",
    "call_end",
    "finish",
    "usage",
    "error",
    "done",
]
"""What a delta is."""
