"""A TCP proxy that misbehaves on demand: it cuts, goes silent, or is slow.

It stands between a client and PostgreSQL, so that a test can break the wire without touching either end.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Forwards to the database of `dsn`; its own address is `proxy.dsn`. Use it with `async with`."""

    def __init__(self, dsn: str) -> None:
        self._target = urlsplit(dsn)
        self._port = 0
        self._listener: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._delay = 0.0
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._needle: bytes | None = None
        self._client = b""
        self._opened: dict[asyncio.StreamWriter, bytes] = {}
        self._is_delivered = False
        self._deaf: set[asyncio.StreamWriter] = set()
        self.accepted = self.cuts = 0

    @property
    def dsn(self) -> str:
        """The database's address by way of this proxy."""
        user = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{user}@127.0.0.1:{self._port}"))

    @property
    def connections(self) -> int:
        """How many connections run through the proxy now."""
        return len(self._writers) // 2

    async def cut(self) -> None:
        """Reset every connection and refuse new ones, as a server that went down does."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in list(self._writers):
            writer.transport.abort()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def stall(self) -> None:
        """Keep every connection open and forward nothing: a half-open wire."""
        self._open.clear()

    def cut_at(self, needle: bytes, *, delivered: bool, client: bytes = b"") -> None:
        """Cut one connection when its client says this: before the server hears it, or when it has answered, unheard.

        `client`: what it called itself when it connected.
        """
        self._needle, self._is_delivered, self._client = needle, delivered, client

    def slow(self, seconds: float) -> None:
        """Wait before forwarding each piece."""
        self._delay = seconds

    async def restore(self) -> None:
        """Work properly again, on the same port."""
        self._delay = 0.0
        self._open.set()
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Proxy:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        arriving = asyncio.current_task()
        assert arriving is not None
        self._pipes.add(arriving)
        arriving.add_done_callback(self._pipes.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        except BaseException as error:
            writer.transport.abort()
            if isinstance(error, OSError):
                return
            raise
        for source, sink, back in ((reader, far_writer, writer), (far_reader, writer, None)):
            self._writers.add(sink)
            pipe = asyncio.create_task(self._forward(source, sink, back))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter | None
    ) -> None:
        """Pass on what comes from `source`; `back` leads to the client, if it is that which speaks."""
        try:
            with suppress(ConnectionError):
                while piece := await source.read(65_536):
                    if sink in self._deaf or not self._hears(piece, back):
                        break
                    if self._delay:
                        await asyncio.sleep(self._delay)
                    await self._open.wait()
                    sink.write(piece)
                    await sink.drain()
        finally:
            self._writers.discard(sink)
            self._deaf.discard(sink)
            self._opened.pop(sink, None)
            sink.close()

    def _hears(self, piece: bytes, back: asyncio.StreamWriter | None) -> bool:
        """Whether the server is to hear it; if it holds the word to cut at, that is the connection's last."""
        if back is None:
            return True
        opened = self._opened[back] = (self._opened.get(back, b"") + piece)[:1_000]
        if self._needle is None or self._needle not in piece or self._client not in opened:
            return True
        self._needle = None
        self.cuts += 1
        if self._is_delivered:
            self._deaf.add(back)
        return self._is_delivered
