"""A few connections for writes, opened when they are needed and closed when they have been idle for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.errors import ConnectionLost
from dashboard.postgres.connection import Connection, connect, fetch, milliseconds
from dashboard.postgres.writing import takes_keys

IDLE = 20.0
"""Seconds after which a connection that nobody uses is closed."""


class Pool:
    """Connections to one database.

    Parameters
    ----------
    width
        Most connections at a time; who comes later waits for one.
    timeout
        Seconds to wait for the server when a connection is opened.
    patience
        Seconds after which PostgreSQL breaks a statement off.
    """

    def __init__(self, dsn: str, *, name: str, width: int, timeout: float, patience: float) -> None:
        self.dsn = dsn
        self.name = name
        self.timeout = timeout
        self.patience = patience
        self.takes_keys: bool | None = None
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(width)
        self._closing: asyncio.TimerHandle | None = None
        self._lent: dict[Connection, float] = {}
        self._watching: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the block's own use; one that broke in it is thrown away.

        Raises
        ------
        ConnectError
            The database cannot be reached.
        """
        connection = await self.take()
        self.lend(connection)
        try:
            yield connection
        except BaseException:
            if not connection.is_closed() and connection.is_in_transaction():
                connection.terminate()
            raise
        finally:
            self.give(connection)

    async def take(self) -> Connection:
        """A connection that has to be given back; raises as `connection`."""
        await self._turns.acquire()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await self._opened()
        except BaseException:
            self._turns.release()
            raise

    def lend(self, connection: Connection) -> None:
        """It runs a statement from now on, and is ended if that takes too long: the wire may be dead.

        One timer for all of them is cheaper than the driver's own for each statement.
        """
        self._lent[connection] = time.monotonic()
        if self._watching is None:
            self._watching = asyncio.get_running_loop().call_later(self.timeout / 4, self._watch)

    def _watch(self) -> None:
        self._watching = None
        latest = time.monotonic() - self.patience - self.timeout
        for connection, since in list(self._lent.items()):
            if since < latest:
                connection.terminate()
        if self._lent:
            self._watching = asyncio.get_running_loop().call_later(self.timeout / 4, self._watch)

    def give(self, connection: Connection) -> None:
        """It is not needed any more."""
        self._turns.release()
        self._lent.pop(connection, None)
        if connection.is_closed():
            return
        self._idle.append(connection)
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(IDLE, self.drop)

    async def _opened(self) -> Connection:
        connection = await connect(self.dsn, name=self.name, timeout=self.timeout)
        try:
            async with asyncio.timeout(self.timeout):
                if not connection.pooled:
                    await fetch(connection, f"SET statement_timeout = {milliseconds(self.patience)}")
                self.takes_keys = await takes_keys(connection)
        except TimeoutError as error:
            connection.terminate()
            raise ConnectionLost("The database stopped answering.") from error
        except BaseException:
            connection.terminate()
            raise
        return connection

    def drop(self) -> None:
        """Close idle connections at once."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.terminate()

    async def close(self) -> None:
        """Close idle connections as PostgreSQL likes it."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        idle, self._idle = self._idle, []
        for connection in idle:
            if not connection.is_closed():
                await connection.close()
