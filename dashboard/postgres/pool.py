"""A few connections for writes, opened when they are needed and closed when they have been idle for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.postgres.connection import Connection, connect
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

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the block's own use; one that broke in it is thrown away.

        Raises
        ------
        ConnectError
            The database cannot be reached.
        """
        connection = await self.take()
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

    def give(self, connection: Connection) -> None:
        """It is not needed any more."""
        self._turns.release()
        if connection.is_closed():
            return
        self._idle.append(connection)
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(IDLE, self.drop)

    async def _opened(self) -> Connection:
        connection = await connect(self.dsn, name=self.name, timeout=self.timeout, statement_timeout=self.patience)
        try:
            self.takes_keys = await takes_keys(connection)
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
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        idle, self._idle = self._idle, []
        for connection in idle:
            if not connection.is_closed():
                await connection.close()
