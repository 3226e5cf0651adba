"""A thread that serves an ASGI application on a free loopback port until it is told to stop."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Host:
    """Serves from construction to `stop`; startup errors are raised by the constructor."""

    def __init__(self, app: "ASGIApp") -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        # Plain HTTP/1.1, whatever else is installed; and the logging of the user's process is left alone.
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        try:
            self._loop = self._server.ready.result()
        except BaseException:
            self._thread.join()
            raise

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function soon, on the thread that serves."""
        self._loop.call_soon_threadsafe(function, *args)

    def hang_up(self, client: tuple[str, int]) -> None:
        """Close the connection of a client, once all that was written is out. On the thread that serves only."""
        for connection in self._server.server_state.connections:
            if getattr(connection, "client", None) == client:
                connection.transport.close()

    def stop(self) -> None:
        """Close the port, break what is open, and wait until all of it is gone."""
        self.call(self._server.stop.set)
        self._thread.join()

    def _run(self, listener: socket.socket) -> None:
        with listener:
            try:
                asyncio.run(self._server.serve(sockets=[listener]))
            except BaseException as error:
                if self._server.ready.done():
                    raise
                self._server.ready.set_exception(error)


class _Server(uvicorn.Server):
    """uvicorn, stopped by an event where it would poll, and not waiting for streams to end by themselves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready: Future[asyncio.AbstractEventLoop] = Future()
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        self.ready.set_result(asyncio.get_running_loop())
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        # A broken connection tells its application that the client has left, and so that ends. The other
        # tasks accept connections; the port is closed after them, or asyncio would leak what they accept.
        self._break_connections()
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            self._break_connections()
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)  # the connections go with the callbacks of `abort`, which are due now

    def _break_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
