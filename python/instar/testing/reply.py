"""What the server says to one request."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# As a tokenizer cuts JSON and prose: a short word with the space before it, a few signs, a run of space.
_TOKEN = re.compile(r" ?\w{1,5}| ?[^\w\s]{1,3}|\s+")


def tokens(text: str) -> list[str]:
    """Cut a text into deltas of about a token each (1-6 characters); joined, they are the text again."""
    return _TOKEN.findall(text)


@dataclass(frozen=True)
class Reply:
    """One answer of the model, or one failure of the server.

    text: the answer. A string is cut into token-like deltas; a sequence of strings is the deltas themselves;
        bytes are a whole response body (a recorded stream, say), sent as it is, each SSE event a delta.
    field: the member of the delta that carries the text. None: "tool_calls" where the request forces a tool,
        "content" elsewhere. As "tool_calls" it is the arguments for the tool that the request forces, or its
        first tool.
    finish_reason: None: "stop", or "tool_calls" for a call that the request did not force by name.
    calls: functions that the model calls side by side, behind the text if there is one: the name and the arguments of
        each.
    reasoning: what the model thinks before it answers.
    choices: texts of several choices, for a request with `n`, in place of one; they arrive by turns, as calls do.
    usage: token counts. None: counted from the deltas. A stream carries them if the request asks for it.
    headers: of the response, besides the usual ones: `{"content-encoding": "gzip"}` for a body of such bytes.
    status: from 400 on, the text is the message of an HTTP error instead of an answer.
    drop: break the connection after the last delta: no finish chunk, no `[DONE]`.
    """

    text: str | Sequence[str] | bytes = ""
    field: Literal["content", "refusal", "tool_calls"] | None = None
    finish_reason: str | None = None
    calls: Sequence[tuple[str, str]] = ()
    reasoning: str | Sequence[str] = ""
    choices: Sequence[str] = ()
    usage: Mapping[str, int] | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    status: int = 200
    drop: bool = False


Answer: TypeAlias = str | Sequence[str] | bytes | Reply
# A function is given the JSON body of the request, on the server's thread.
Script: TypeAlias = Answer | Callable[[dict[str, Any]], Answer]
