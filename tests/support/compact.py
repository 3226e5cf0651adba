"""A reader of the compact form, as plain as the page of docs that describes it."""

from __future__ import annotations

import json
from typing import Any

from instar.changes import Change, Path, Replica

KINDS: Any = {"o": "open", "s": "set", "r": "replace", "c": "close"}


class Page:
    """What a browser makes of the bodies of `sse` and `ndjson`."""

    def __init__(self) -> None:
        self.replica = Replica()
        self.place: Path = ()
        self.events: list[tuple[str, Any]] = []
        self.pings = 0
        self._body = b""

    @property
    def value(self) -> Any:
        """The value as the page shows it."""
        return self.replica.value

    @property
    def names(self) -> list[str]:
        """The names of the events so far."""
        return [name for name, _ in self.events]

    def sse(self, body: bytes) -> None:
        """Read server-sent events."""
        *events, self._body = (self._body + body).split(b"\n\n")
        for event in events:
            fields = [line.partition(b":")[::2] for line in event.split(b"\n")]
            data = b"\n".join(value.removeprefix(b" ") for name, value in fields if name == b"data")
            names = [value.decode().removeprefix(" ") for name, value in fields if name == b"event"]
            if data:
                self._event(names[0] if names else "change", data)
            else:
                self.pings += 1

    def ndjson(self, body: bytes) -> None:
        """Read lines of JSON."""
        *lines, self._body = (self._body + body).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                ((name, data),) = json.loads(line).items()
                self._event(name, json.dumps(data).encode())
            elif line:
                self._event("change", line)
            else:
                self.pings += 1

    def _event(self, name: str, data: bytes) -> None:
        if name == "change":
            values = [json.loads(line) for line in data.split(b"\n")]
            self.events.append((name, values))
            for value in values:
                self._change(value)
            return
        value = json.loads(data)
        self.events.append((name, value))
        if name in {"snapshot", "retry"}:
            self.place = ()
            self.replica.apply(Change("replace", (), value))

    def _change(self, line: Any) -> None:
        if isinstance(line, str):
            self.replica.apply(Change("append", self.place, line))
            return
        kind, value, *steps = line if len(line) > 1 else [*line, None]
        path = (*self.place, *steps)
        if kind == "g":
            self.place = tuple(steps)
            return
        self.replica.apply(Change(KINDS[kind], path, value))
        self.place = path[:-1] if kind in "sc" else path
