"""What the events of a stream amount to, as the API would have sent it in one piece: plain dicts.

Nothing here raises, whatever a server has sent: what is not of the shape that the API has is left out.
"""

from __future__ import annotations

from typing import Any

# Strings that are said whole. Some servers repeat them in every chunk, or send empty ones: the first counts.
_WHOLE = frozenset({"id", "type", "role", "name"})


class _Joined(list[str]):
    """A string that arrives in pieces, joined when somebody asks."""


class _Indexed(dict[int, dict[str, Any]]):
    """A list whose entries arrive in pieces, each with its `index`."""


class Pieces:
    """The chunks of a chat completion."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._choices = _Indexed()

    def add(self, chunk: Any) -> None:
        """Take in the next chunk."""
        for key, value in _dict(chunk).items():
            if key == "choices":
                self._add_choices(_dicts(value))
            elif key != "object" and (value is not None or key not in self._data):
                self._data[key] = value

    def whole(self) -> dict[str, Any]:
        """Return the completion. Mid-stream, `finish_reason` may still be None."""
        return {**self._data, "choices": _plain(self._choices)}

    def _add_choices(self, choices: list[dict[str, Any]]) -> None:
        for choice in choices:
            held = self._choices.setdefault(_number(choice.get("index")), {"message": {}, "finish_reason": None})
            _merge(held["message"], _dict(choice.pop("message", None)))  # some servers say it whole
            _merge(held["message"], _dict(choice.pop("delta", None)))
            if choice.get("logprobs"):
                _merge(held, {"logprobs": choice.pop("logprobs")})
            held.update({key: value for key, value in choice.items() if value is not None or key not in held})


class Items:
    """The events of a response."""

    def __init__(self) -> None:
        self._response: dict[str, Any] = {}
        self._output = _Indexed()
        self._places: dict[str, int] = {}
        self._closed = False

    def add(self, event: Any) -> None:
        """Take in the next event."""
        event = _dict(event)
        kind, response = str(event.get("type", "")), event.get("response")
        if kind.startswith("response.") and isinstance(response, dict):
            self._response = response
            # The events before the last tell the response as it was before it had begun.
            self._closed = kind in ("response.completed", "response.incomplete", "response.failed")
        elif kind in ("response.output_item.added", "response.output_item.done"):
            item = _dict(event.get("item"))
            self._output[self._place(event, item.get("id"), item.get("call_id"))] = item
        elif "output_index" in event or "item_id" in event:
            self._grow(kind, event, self._output.setdefault(self._place(event, event.get("item_id")), {}))

    def whole(self) -> dict[str, Any]:
        """Return the response: the server's own last word, or what has come so far."""
        if self._closed and (self._response.get("output") or not self._output):
            return self._response
        return {**self._response, "output": _plain(self._output)}

    def _place(self, event: dict[str, Any], *ids: Any) -> int:
        """Return the place of an item: its index, or where a server leaves that out the one that its id has."""
        index = event.get("output_index")
        named = [id for id in ids if isinstance(id, str)]  # noqa: A001 - as on the wire
        known = next((self._places[id] for id in named if id in self._places), len(self._output))  # noqa: A001
        place = known if index is None and named else _number(index)
        self._places.update(dict.fromkeys(named, place))
        return place

    def _grow(self, kind: str, event: dict[str, Any], item: dict[str, Any]) -> None:
        name, _, step = kind.removeprefix("response.").rpartition(".")
        if kind == "response.content_part.added":
            _part(item, "content", event.get("content_index")).update(_dict(event.get("part")))
        elif name in _ARGUMENTS:
            _say(item, _ARGUMENTS[name], event, step)
        elif name in _TEXTS:
            among, at, key, of = _TEXTS[name]
            part = _part(item, among, event.get(at))
            part.setdefault("type", of)
            _say(part, key, event, step)


# The member of a call that its events are about.
_ARGUMENTS = {"function_call_arguments": "arguments", "custom_tool_call_input": "input"}

# Where a text is: the list of parts, the event's index into it, the member of the part, and the part's type.
_TEXTS = {
    "output_text": ("content", "content_index", "text", "output_text"),
    "refusal": ("content", "content_index", "refusal", "refusal"),
    "reasoning_text": ("content", "content_index", "text", "reasoning_text"),
    "reasoning_summary_text": ("summary", "summary_index", "text", "summary_text"),
}


def _say(held: dict[str, Any], key: str, event: dict[str, Any], step: str) -> None:
    """Take in the next characters of a text, or all of it."""
    if step == "delta" and isinstance(event.get("delta"), str):
        _merge(held, {key: event["delta"]})
    elif step == "done" and isinstance(event.get(key), str):
        held[key] = event[key]


def _part(item: dict[str, Any], among: str, index: Any) -> dict[str, Any]:
    """Return a part of an output item, made where it is new."""
    if not isinstance(item.get(among), list):
        item[among] = []
    parts: list[Any] = item[among]
    # Parts come one after the other: an index far off is no place for one.
    at = min(_number(index), len(parts))
    if at == len(parts) or not isinstance(parts[at], dict):
        parts[at:] = [{}]
    part: dict[str, Any] = parts[at]
    return part


def _merge(held: dict[str, Any], delta: dict[str, Any]) -> None:
    for key, value in delta.items():
        held[key] = _grown(held.get(key), value, whole=key in _WHOLE)


def _grown(held: Any, value: Any, *, whole: bool) -> Any:
    """Return what was held, and the value that came for it now."""
    if value is None or (whole and held):
        return held
    if isinstance(value, str) and not whole:
        if not isinstance(held, _Joined):
            held = _Joined([held] if isinstance(held, str) else [])
        held.append(value)
    elif isinstance(value, dict):
        held = held if isinstance(held, dict) else {}
        _merge(held, value)
    elif isinstance(value, list):
        held = _extended(held, value)
    else:
        return value
    return held


def _extended(held: Any, entries: list[Any]) -> Any:
    """Return a list grown by entries: merged by index where they have one, appended where they have none."""
    if not isinstance(held, (_Indexed, list)):
        held = _Indexed() if any(isinstance(entry, dict) and "index" in entry for entry in entries) else []
    if isinstance(held, _Indexed):
        for entry in _dicts(entries):
            _merge(held.setdefault(_number(entry.get("index")), {}), entry)
    else:
        held.extend(entries)
    return held


def _dict(value: Any) -> dict[str, Any]:
    """Return a dict as it is, and for anything else an empty one."""
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    """Return the dicts of a list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int:
    """Return an index, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _plain(held: Any) -> Any:
    if isinstance(held, _Joined):
        return "".join(held)
    if isinstance(held, _Indexed):
        return [_plain(entry) for _, entry in sorted(held.items())]
    if isinstance(held, dict):
        return {key: _plain(value) for key, value in held.items()}
    return [_plain(entry) for entry in held] if isinstance(held, list) else held
