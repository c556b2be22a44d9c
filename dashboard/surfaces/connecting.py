"""A connection to the database for the length of a command's work, or of one question of a server's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.postgres.connection import Connection, connect
from dashboard.settings import settings


@asynccontextmanager
async def connected(dsn: str, purpose: str) -> AsyncIterator[Connection]:
    """Connect, and close at the end of the block; `purpose` is what PostgreSQL lists the connection as.

    Raises
    ------
    ConnectError
        The database cannot be reached.
    """
    connection = await connect(dsn, name=f"dashboard: {purpose}", timeout=settings().connect_timeout)
    try:
        yield connection
    finally:
        await connection.close()
