"""Finds out that somebody patched the SDK to read its answers, and says what they do not see."""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any

_HIDDEN = (
    "{patch} replaces a method of the openai package, and does not see the text and the token counts of streamed "
    'responses: instar reads their bytes. Pass wire="sdk" to instar.from_openai, and it reads the SDK\'s objects'
)


def warn_of_tracer(resource: Any) -> None:
    """Warn, once in a process, if the SDK's way to an answer is patched, as Langfuse, Logfire and OpenTelemetry do it.

    resource: the SDK's `chat.completions` or `responses`, whose response is read as bytes.
    """
    for method in (resource.create, resource._client.request):  # noqa: SLF001 - where tracers put themselves
        function = getattr(method, "__func__", method)
        # Its own `__module__` is what `functools.wraps` has copied.
        patch = function.__globals__["__name__"] if isinstance(function, FunctionType) else type(method).__module__
        if patch.partition(".")[0] != "openai":
            # The category's default filter shows it once for this line.
            warnings.warn(_HIDDEN.format(patch=patch), RuntimeWarning, stacklevel=2)
            return
