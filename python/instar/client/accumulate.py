"""A `ChatCompletion` put together from its chunks, as the SDK would, at a cost that follows the chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai.types.chat import ChatCompletion

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk

# Strings that are said whole. Some servers repeat them in every chunk, or send empty ones: the first counts.
_WHOLE = frozenset({"id", "type", "role", "name"})


class _Pieces(list[str]):
    """A string that arrives in pieces, joined when somebody asks."""


class _Indexed(dict[int, dict[str, Any]]):
    """A list whose entries arrive in pieces, each with its `index`."""


class Accumulated:
    """The chunks of one response so far."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._choices = _Indexed()

    def add(self, chunk: ChatCompletionChunk) -> None:
        """Take in the next chunk."""
        for key, value in chunk.to_dict(warnings=False).items():
            if key == "choices":
                self._add_choices(value)
            elif value is not None or key not in self._data:
                self._data[key] = value

    def completion(self) -> ChatCompletion:
        """Return what the chunks amount to. Mid-stream, `finish_reason` may still be None."""
        choices = _plain(self._choices)
        return ChatCompletion.construct(**{**self._data, "object": "chat.completion", "choices": choices})

    def _add_choices(self, choices: Any) -> None:
        for choice in choices:
            held = self._choices.setdefault(choice["index"], {"message": {}, "finish_reason": None})
            _merge(held["message"], choice.pop("delta", None) or {})
            if choice.get("logprobs"):
                _merge(held, {"logprobs": choice.pop("logprobs")})
            held.update({key: value for key, value in choice.items() if value is not None or key not in held})


def _merge(held: dict[str, Any], delta: dict[str, Any]) -> None:
    for key, value in delta.items():
        held[key] = _grown(held.get(key), value, whole=key in _WHOLE)


def _grown(held: Any, value: Any, *, whole: bool) -> Any:
    """Return what was held, and the value that came for it now."""
    if value is None or (whole and held):
        return held
    if isinstance(value, str) and not whole:
        held = _Pieces() if held is None else held
        held.append(value)
    elif isinstance(value, dict):
        held = {} if held is None else held
        _merge(held, value)
    elif isinstance(value, list):
        held = _extended(held, value)
    else:
        return value
    return held


def _extended(held: Any, entries: list[Any]) -> Any:
    """Return a list grown by entries: merged by index where they have one, appended where they have none."""
    if held is None:
        held = _Indexed() if any(isinstance(entry, dict) and "index" in entry for entry in entries) else []
    if isinstance(held, _Indexed):
        for entry in entries:
            _merge(held.setdefault(entry["index"], {}), entry)
    else:
        held.extend(entries)
    return held


def _plain(held: Any) -> Any:
    if isinstance(held, _Pieces):
        return "".join(held)
    if isinstance(held, _Indexed):
        return [_plain(entry) for _, entry in sorted(held.items())]
    if isinstance(held, dict):
        return {key: _plain(value) for key, value in held.items()}
    return list(held) if isinstance(held, list) else held
