"""Outlets: a growing value on its way to a browser, in the forms that browsers and their libraries read."""

from pathlib import Path
from typing import Final

from instar.outlets.agui import agui
from instar.outlets.json_patch import json_patch
from instar.outlets.share import Shared, share
from instar.outlets.sse import SSE_HEADERS, ndjson, sse, sse_events
from instar.outlets.vercel import VERCEL_HEADERS, vercel

__all__ = [
    "ES_MODULE",
    "SSE_HEADERS",
    "VERCEL_HEADERS",
    "Shared",
    "agui",
    "json_patch",
    "ndjson",
    "share",
    "sse",
    "sse_events",
    "vercel",
]

ES_MODULE: Final = Path(__file__).with_name("instar.js")
"""The file of the JavaScript module that reads `sse` in a browser: serve it as `text/javascript`."""
