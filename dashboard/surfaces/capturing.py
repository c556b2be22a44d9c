"""`dashboard install` and `uninstall`: capture on tables, and off again."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.postgres import capture
from dashboard.settings import settings
from dashboard.surfaces.connecting import connected


async def install(dsn: str, tables: Sequence[str]) -> list[str]:
    """Install capture; return the tables' full names.

    Raises
    ------
    RelationNotFound, CaptureError, ConnectError
        A table is missing, capture cannot be installed on it, or the database cannot be reached.
    """
    async with connected(dsn, "install") as connection:
        captured = await capture.install(connection, tables, lock_timeout=settings().lock_timeout)
        return [table.name for table in captured]


async def uninstall(dsn: str, tables: Sequence[str]) -> None:
    """Remove capture from the tables, or all of it when none is named."""
    async with connected(dsn, "install") as connection:
        await capture.uninstall(connection, tables, lock_timeout=settings().lock_timeout)
