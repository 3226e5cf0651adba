"""What people bring along from Instructor and from tracers: an error or a warning says what instar does instead."""

from __future__ import annotations

import functools
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from openai.resources.chat.completions import AsyncCompletions, Completions

from instar.testing import LocalOpenAI
from support.clients import Told, ask_async, ask_sync, both
from support.samples import ADA, User

Ask = Callable[..., Told]
CONTEXT = {"topic": "chess"}

TEMPLATES: dict[str, tuple[dict[str, Any], str]] = {
    "a message": ({"messages": [{"role": "user", "content": "On {{ topic }}?"}]}, r"messages\[0\]\['content'\]"),
    "a later one": (
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "On {{topic}}?"}]},
        r"messages\[1\]\['content'\]",
    ),
    "a part": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "On {{ topic }}?"}]}]},
        r"messages\[0\]\['content'\]\[0\]\['text'\]",
    ),
    "an input": ({"api": "responses", "input": "On {{ topic }}?"}, "input"),
    "an item": ({"api": "responses", "input": [{"role": "user", "content": "On {{ topic }}?"}]}, r"input\[0\]"),
    "instructions": ({"api": "responses", "instructions": "On {{ topic }}."}, "instructions"),
}


@both
@pytest.mark.parametrize("method", ["create_partial", "create_iterable", "create_with_completion", "create"])
@pytest.mark.parametrize("keywords", [case for case, _ in TEMPLATES.values()], ids=list(TEMPLATES))
def test_a_template_with_a_context_is_refused_before_anything_is_sent(
    ask: Ask, method: str, keywords: dict[str, Any]
) -> None:
    place = next(place for case, place in TEMPLATES.values() if case is keywords)
    with LocalOpenAI(ADA) as server:
        told = ask(server, method=method, response_model=User, context=CONTEXT, **keywords)
        assert not server.requests
    with pytest.raises(ValueError, match=rf"{place}.* holds '{{{{ ?topic ?}}}}.*', and context= is given"):
        raise told.error or AssertionError


@both
def test_a_turn_refuses_templates_too(ask: Ask) -> None:
    with LocalOpenAI(ADA) as server:
        told = ask(server, method="create_turn", tools=[User], context=CONTEXT, **TEMPLATES["a message"][0])
        assert not server.requests
    assert isinstance(told.error, ValueError)


@both
def test_braces_are_sent_as_they_are_where_nothing_looks_like_a_template(ask: Ask) -> None:
    with LocalOpenAI(ADA, ADA) as server:
        assert ask(server, response_model=User, **TEMPLATES["a message"][0]).final == User.model_validate_json(ADA)
        braces = [{"role": "user", "content": '{"a": {"b": {}}}'}]
        told = ask(server, response_model=User, context=CONTEXT, messages=braces)
        assert told.final == User.model_validate_json(ADA)
        assert [request.body["messages"][-1]["content"] for request in server.requests] == [
            "On {{ topic }}?",
            '{"a": {"b": {}}}',
        ]


def patched_class(monkeypatch: pytest.MonkeyPatch, server: LocalOpenAI, *, is_async: bool) -> Any:
    """Replace `create` of the SDK's class, as wrapt does it for Langfuse and OpenTelemetry."""
    owner = AsyncCompletions if is_async else Completions
    create = owner.create

    def traced(self: Any, *args: Any, **keywords: Any) -> Any:
        return create(self, *args, **keywords)

    monkeypatch.setattr(owner, "create", traced)
    return server.async_client() if is_async else server.client()


def patched_client(monkeypatch: pytest.MonkeyPatch, server: LocalOpenAI, *, is_async: bool) -> Any:
    """Replace `request` of one client, as Logfire does it."""
    client: Any = server.async_client() if is_async else server.client()
    request = client.request

    def traced(*args: Any, **keywords: Any) -> Any:
        return request(*args, **keywords)

    monkeypatch.setattr(client, "request", traced)
    monkeypatch.setattr(client, "with_options", lambda **_: client)  # a copy would not be patched
    return client


def patched_in_disguise(monkeypatch: pytest.MonkeyPatch, server: LocalOpenAI, *, is_async: bool) -> Any:
    """Do as `patched_class` does, out of a module with a like name, by a function that says it is the SDK's."""
    owner = AsyncCompletions if is_async else Completions
    tracer: dict[str, Any] = {"__name__": "openai_tracer", "create": owner.create}
    exec("def traced(self, **keywords):\n    return create(self, **keywords)", tracer)  # noqa: S102 - written here
    monkeypatch.setattr(owner, "create", functools.wraps(owner.create)(tracer["traced"]))
    return server.async_client() if is_async else server.client()


class Served:
    """A server whose clients are patched."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self) -> Any:
        return self._client

    async_client = client


@pytest.mark.parametrize("patch", [patched_class, patched_client, patched_in_disguise])
@pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
def test_a_patched_sdk_is_warned_of_once_where_the_bytes_are_read(
    patch: Callable[..., Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalOpenAI(*[ADA] * 4) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for wire in ("sdk", "raw", "raw"):
            with monkeypatch.context() as patching:
                served: Any = Served(patch(patching, server, is_async=ask is ask_async))
                assert ask(served, response_model=User, wire=wire).final == User.model_validate_json(ADA)
        clean: Any = Served(server.async_client() if ask is ask_async else server.client())
        assert ask(clean, response_model=User).final == User.model_validate_json(ADA)
    (warning,) = caught
    assert warning.category is RuntimeWarning
    assert 'Pass wire="sdk" to instar.from_openai' in str(warning.message)
    patching_module = "openai_tracer" if patch is patched_in_disguise else __name__
    assert str(warning.message).startswith(f"{patching_module} replaces a method of the openai package")


@pytest.mark.parametrize("code", ["from instar.openai import Client", "import instar\ninstar.from_openai(None)"])
def test_a_missing_client_is_named_with_its_extra(code: str) -> None:
    code = f"import sys; sys.modules['openai'] = None\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(' needs openai: pip install "instar[openai]"')
