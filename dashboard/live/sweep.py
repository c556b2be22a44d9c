"""All rows of a SELECT once, in one snapshot and scope, batch by batch: for files, which are longer than a page.

It has a connection of its own, so that a reader on a slow line holds up nobody; a few at a time, so that none of it
costs PostgreSQL more than a few connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from dashboard.errors import NotNow
from dashboard.postgres.connection import connect
from dashboard.postgres.connection import reading as snapshot
from dashboard.postgres.reading import Column, Reading, Row

if TYPE_CHECKING:
    from dashboard.live.live import Live
    from dashboard.postgres.scope import Scope

WIDTH = 3
"""Files that one event loop writes at the same time, each with a connection."""
BATCH = 2_000
"""Rows that are fetched at once."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def sweep(
    live: Live, sql: str, parameters: Sequence[object], scope: Scope | None
) -> AsyncIterator[tuple[tuple[Column, ...], AsyncIterator[list[Row]]]]:
    """Columns and batches of rows, as long as the block lasts.

    Raises
    ------
    NotNow
        As many as may are under way.
    QueryError, ConnectError
        PostgreSQL refuses the query, or is away.
    """
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(WIDTH))
    if turns.locked():
        raise NotNow("Several files are being made.", "Try again in a moment.")
    async with turns:
        connection = await connect(live.dsn, name="dashboard: download", timeout=live.pace.connect_timeout)
        try:
            async with snapshot(connection):
                reading = Reading(connection)
                async with reading.within(scope):
                    yield await reading.columns(sql), reading.batches(sql, *parameters, size=BATCH)
        finally:
            if not connection.is_closed():
                await connection.close(timeout=2)
