"""An invoice that fills itself in, in a browser, while a model is still writing it.

    pip install "instar[openai,testing]" fastapi
    python examples/web/app.py

and open http://127.0.0.1:8000. With OPENAI_API_KEY or OPENAI_BASE_URL set, this talks to that API (model: OPENAI_MODEL,
or gpt-4o-mini). Without, it starts a small server on this machine that speaks the same protocol and answers from a
script.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

import instar
from instar.outlets import ES_MODULE, Shared
from instar.testing import LocalOpenAI

MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o-mini")
PAGE = Path(__file__).with_name("index.html")
QUESTION: Any = [{"role": "user", "content": "Invent an invoice of a bookshop, with three lines and a note of thanks."}]
ANSWER = """{
  "number": "2024-0117",
  "customer": {"name": "Ada Lovelace", "city": "London"},
  "lines": [
    {"title": "Sketch of the Analytical Engine", "quantity": 2, "price": 18.5},
    {"title": "On the Connexion of the Sciences", "quantity": 1, "price": 24.0},
    {"title": "Flyology, a facsimile", "quantity": 3, "price": 7.25}
  ],
  "notes": "Thank you for your order.\\nThe facsimile is on its way from Turin, and will follow by post."
}"""


class Customer(BaseModel):
    """Who is to pay."""

    name: str
    city: str


class Line(BaseModel):
    """One kind of book."""

    title: str
    quantity: int
    price: float


class Invoice(BaseModel):
    """What the page shows."""

    number: str
    customer: Customer
    lines: list[Line]
    notes: str = ""


def create_app(openai: AsyncOpenAI) -> FastAPI:
    """Serve the page, and invoices by that client."""
    client = instar.from_openai(openai)
    invoices: dict[str, Shared] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as closing:
            yield
            for shared in invoices.values():
                closing.push_async_exit(shared)

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGE)

    @app.get("/instar.js")
    async def module() -> FileResponse:
        return FileResponse(ES_MODULE, media_type="text/javascript")

    @app.post("/invoices/{name}")
    async def invoice(name: str) -> StreamingResponse:
        # The first to ask has the invoice written; whoever asks again, or reconnects, sees the same one. (A server that
        # stays up forgets them some time.)
        if name not in invoices:
            chat = client.chat.completions
            stream = chat.create_partial(model=MODEL, response_model=Invoice, messages=QUESTION, live=True)
            invoices[name] = instar.share(stream)
        return StreamingResponse(instar.sse(invoices[name]), headers=instar.SSE_HEADERS)

    return app


def main() -> None:
    """Serve until interrupted."""
    with ExitStack() as stack:
        if os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
            openai = AsyncOpenAI()
        else:
            openai = stack.enter_context(LocalOpenAI(lambda _: ANSWER, delay=0.03)).async_client()
        uvicorn.run(create_app(openai), host="127.0.0.1", port=8000)


if __name__ == "__main__":
    main()
