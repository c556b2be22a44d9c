"""`dashboard install` and `uninstall`: capture on tables, and off again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from dashboard.postgres import capture
from dashboard.postgres.connection import Connection, connect
from dashboard.settings import settings


async def install(dsn: str, tables: Sequence[str]) -> list[str]:
    """Install capture; return the tables' full names.

    Raises
    ------
    RelationNotFound, CaptureError, ConnectError
        A table is missing, capture cannot be installed on it, or the database cannot be reached.
    """
    async with _connected(dsn) as connection:
        captured = await capture.install(connection, tables, lock_timeout=settings().lock_timeout)
        return [table.name for table in captured]


async def uninstall(dsn: str, tables: Sequence[str]) -> None:
    """Remove capture from the tables, or all of it when none is named."""
    async with _connected(dsn) as connection:
        await capture.uninstall(connection, tables, lock_timeout=settings().lock_timeout)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    connection = await connect(dsn, name="dashboard: install", timeout=settings().connect_timeout)
    try:
        yield connection
    finally:
        await connection.close()
