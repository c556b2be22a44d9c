"""What is asked beside the ticks, first answers above all, on a few connections of their own: none delays another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from dashboard.errors import ConnectionLost
from dashboard.live.answer import Answer
from dashboard.live.delta import Delta
from dashboard.postgres.captured import mark
from dashboard.postgres.connection import Connection, connect, fetch, reading
from dashboard.postgres.follower import Pace
from dashboard.postgres.log import LogReader
from dashboard.postgres.messages import checked, emit, encoded
from dashboard.postgres.offset import Identity
from dashboard.postgres.reading import Reading, Relation
from dashboard.postgres.scope import Scope, entered
from dashboard.sql import load

WIDTH = 3
"""Connections for first answers; each is closed when it has been idle for `IDLE` seconds."""
IDLE = 20.0


class Opening:
    """A few connections that read first answers."""

    def __init__(self, dsn: str, pace: Pace) -> None:
        self.dsn = dsn
        self.pace = pace
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(WIDTH)
        self._closing: asyncio.TimerHandle | None = None

    async def open(self, answer: Answer) -> Delta | None:
        """Open an answer in a snapshot of its own and publish it; one that works is only read anew.

        Raises
        ------
        QueryError
            PostgreSQL refuses the query.
        ConnectError, ConnectionLost
            The database cannot be reached, or not any more.
        """
        async with self._connection() as connection:
            try:
                return await self._read(connection, answer)
            except TimeoutError as error:  # of the log, not of the query: nothing that is wrong with that
                raise ConnectionLost("The server stopped answering.") from error

    def drop(self) -> None:
        """Close idle connections at once."""
        if self._closing is not None:
            self._closing.cancel()
        self._trim()

    async def relations(self, names: Sequence[str]) -> dict[str, Relation]:
        """What the catalogue says of tables, by name."""
        async with self._connection() as connection:
            return await Reading(connection).relations(names)

    async def readable(self, relations: Sequence[int]) -> dict[int, frozenset[str]]:
        """The columns that the connection's role may read, by table (oid)."""
        async with self._connection() as connection:
            return await Reading(connection).readable(relations)

    async def emit(self, topic: str, payload: Any, audience: Scope | None) -> None:
        """Say something on a topic; see `Live.broadcast`."""
        text = encoded(checked(topic), payload)
        async with self._connection() as connection:
            await emit(connection, topic, text, audience)

    async def may_listen(self, scope: Scope | None) -> bool:
        """Whether messages can be read here; raises what PostgreSQL says to the scope."""
        async with self._connection() as connection:
            row = (await fetch(connection, load("identity"), mark()))[0]
            async with reading(connection), entered(connection, scope):
                return bool(row["may_read"])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with self._turns:
            connection = await self._take()
            try:
                yield connection
            except (ConnectionLost, asyncio.CancelledError):
                connection.terminate()
                raise
            finally:
                self._give(connection)

    async def identity(self, connection: Connection) -> tuple[Identity, bool]:
        """The server at the other end, and whether its log may be read."""
        row = (await fetch(connection, load("identity"), mark()))[0]
        identity = Identity(
            system_identifier=row["system_identifier"],
            timeline=row["timeline"],
            started=row["started"],
            standby=row["standby"],
            incarnation=None,
        )
        return identity, row["may_read"]

    async def _read(self, connection: Connection, answer: Answer) -> Delta | None:
        identity, may_read = await self.identity(connection)
        reader = LogReader(connection, identity, has_log=may_read, standby=identity.standby)
        async with reader.window(None) as window:
            reading = Reading(connection)
            await reading.forget_plans()  # this connection may have slept through a change of the schema
            async with reading.within(answer.scope, guarded=True):
                await (answer.open(reading) if answer.is_outdated else answer.advance(reading, None))
        return answer.publish(window.offset, window.at)

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await connect(
            self.dsn,
            name="dashboard: first answers",
            timeout=self.pace.connect_timeout,
            statement_timeout=self.pace.statement_timeout,
        )

    def _give(self, connection: Connection) -> None:
        if connection.is_closed():
            return
        self._idle.append(connection)
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(IDLE, self._trim)

    def _trim(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.terminate()

    async def once(self, answer: Answer) -> Delta | None:
        """As `open`, and close the connections."""
        try:
            return await self.open(answer)
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._closing is not None:
            self._closing.cancel()
        idle, self._idle = self._idle, []
        for connection in idle:
            if not connection.is_closed():
                await connection.close()
