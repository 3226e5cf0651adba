"""Finds out that somebody patched the SDK to read its answers, and says what they do not see."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import FunctionType
from typing import Any

import openai

_SDK = str(Path(openai.__file__).parent)
_HIDDEN = (
    "{patch} replaces a method of the openai package. instar reads the bytes of a streamed response, so that it sees "
    'neither the text nor the token counts. Pass wire="sdk" to instar.from_openai to have the SDK\'s objects made'
)


def warn_of_tracer(resource: Any) -> None:
    """Warn, once in a process, if the SDK's way to an answer is patched, as Langfuse, Logfire and OpenTelemetry do it.

    resource: the SDK's `chat.completions` or `responses`, whose response is read as bytes.
    """
    for method in (resource.create, resource._client.request):  # noqa: SLF001 - where tracers put themselves
        function = getattr(method, "__func__", method)
        if not isinstance(function, FunctionType) or not function.__code__.co_filename.startswith(_SDK):
            # The category's default filter shows it once for this line.
            patch = getattr(method, "__module__", None) or type(method).__module__
            warnings.warn(_HIDDEN.format(patch=patch), RuntimeWarning, stacklevel=2)
            return
