"""A local stand-in for the OpenAI API, to test streaming code against: real HTTP, scripted answers.

    from instar.testing import LocalOpenAI

    with LocalOpenAI('{"name": "Ada", "age": 36}') as server:
        client = server.client()                        # the real openai client, pointed at the server
        stream = client.chat.completions.create(model="any", messages=[], stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    assert server.requests[0].body["stream"] is True

Needs the extra: `pip install "instar[testing]"`.
"""

try:
    import starlette
    import uvicorn
except ImportError as error:
    message = f'instar.testing needs {error.name}: pip install "instar[testing]"'
    raise ImportError(message, name=error.name) from error

from instar.testing.exchange import Exchange, Request
from instar.testing.reply import Reply, Script, tokens
from instar.testing.server import LocalOpenAI

__all__ = ["Exchange", "LocalOpenAI", "Reply", "Request", "Script", "tokens"]

del starlette, uvicorn
