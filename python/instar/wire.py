"""Streams of response bodies: read from the network piece by piece, and shared by the choices in them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from instar.errors import StreamError, TruncatedError
from instar.reading import AsyncStream, Reading, Stream, aclose, close
from instar.views import FinalT, ItemT

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sized

    from instar.answer import Answer, Body
    from instar.views import View


class Response:
    """A response whose body is read as far as one of its readers needs it.

    pieces: of the body, as they come from the network; closed, and `opened` with it, when the response is.
    """

    def __init__(self, pieces: Iterable[Any], body: Body, opened: object) -> None:
        self.body = body
        self.opened = opened
        self._pieces = iter(pieces)

    def __iter__(self) -> Iterator[Any]:
        return self.deltas()

    def deltas(self, choice: int = 0) -> Iterator[Any]:
        """Yield the deltas of one choice; what the others say in the meantime waits for their readers."""
        while True:
            unread = self.body.unread(choice)
            while unread:
                yield unread.popleft()
            if self.body.is_read():
                return
            self._advance()

    def close(self) -> None:
        """Read no more, and let the server know."""
        close(self._pieces)
        close(self.opened)

    def _advance(self) -> None:
        try:
            piece = next(self._pieces, None)
            if piece is None:
                self.body.end()
            else:
                self.body.feed(piece)
        except Exception as error:  # noqa: BLE001 - raised by each reader, after what it has not read yet
            self.body.failure = error
        if self.body.over or self.body.failure is not None:
            self.close()


class AsyncResponse:
    """The twin of `Response`. Several tasks may read it, each another choice."""

    def __init__(self, pieces: AsyncIterable[Any], body: Body, opened: object) -> None:
        self.body = body
        self.opened = opened
        self._pieces = aiter(pieces)
        self._reading = asyncio.Lock()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self.deltas()

    async def deltas(self, choice: int = 0) -> AsyncIterator[Any]:
        """Yield the deltas of one choice; what the others say in the meantime waits for their readers."""
        while True:
            unread = self.body.unread(choice)
            while unread:
                yield unread.popleft()
            if self.body.is_read():
                return
            await self._advance(unread)

    async def aclose(self) -> None:
        """Read no more, and let the server know."""
        if not self._reading.locked():  # else a task is waiting in there: the closed response will tell it
            await aclose(self._pieces)
        await aclose(self.opened)

    async def _advance(self, unread: Sized) -> None:
        async with self._reading:
            if unread or self.body.over:  # another reader has brought it
                return
            try:
                piece = await anext(self._pieces, None)
                if piece is None:
                    self.body.end()
                else:
                    self.body.feed(piece)
            except Exception as error:  # noqa: BLE001 - as in the twin
                self.body.failure = error
        if self.body.over or self.body.failure is not None:
            await self.aclose()


class WireReading(Reading[ItemT, FinalT]):
    """What a streamed response knows besides the text of its answer; readable at any time, after an error too."""

    _response: Response | AsyncResponse | None
    _choice = 0

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's words (`"stop"`, `"length"` ...), once it has."""
        return None if self._answer is None else self._answer.finish_reason

    @property
    def reasoning(self) -> str:
        """What the model has thought so far, where the provider shows it."""
        return "" if self._answer is None else self._answer.reasoning

    @property
    def received(self) -> int:
        """How many bytes of the body have come, uncompressed. 0 where an SDK reads them."""
        return 0 if self._response is None else self._response.body.decoder.offset

    @property
    def _answer(self) -> Answer | None:
        return None if self._response is None else self._response.body.answer(self._choice)

    def _end(self) -> None:
        if self._response is None:
            super()._end()
            return
        answer = self._response.body.answer(self._choice)
        if not answer.begun:
            raise self._response.body.silence()
        answer.check()
        try:
            super()._end()
        except TruncatedError as error:
            raise answer.explain(error) from None

    def _refuse(self, error: Exception) -> None:
        super()._refuse(error)
        if isinstance(error, StreamError):
            error.received = self.received
        elif self.received and hasattr(error, "add_note"):  # from Python 3.11 on
            error.add_note(f"{self.received} bytes of the response had come")


class WireStream(WireReading[ItemT, FinalT], Stream[ItemT, FinalT]):
    """Objects out of a response's body, or of one of the choices in it. See `instar.Stream`.

    A stream of a single choice leaves the response to its owner: closing it does not close the response.
    """

    def __init__(self, response: Response, view: View[ItemT, FinalT], choice: int | None = None) -> None:
        super().__init__(response if choice is None else response.deltas(choice), view)
        self._response = response
        self._choice = choice or 0


class AsyncWireStream(WireReading[ItemT, FinalT], AsyncStream[ItemT, FinalT]):
    """The twin of `WireStream`."""

    def __init__(self, response: AsyncResponse, view: View[ItemT, FinalT], choice: int | None = None) -> None:
        super().__init__(response if choice is None else response.deltas(choice), view)
        self._response = response
        self._choice = choice or 0
