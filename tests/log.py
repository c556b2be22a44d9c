"""Reading the change log in tests, as plain tuples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from dashboard.postgres.connection import Connection, connect


@asynccontextmanager
async def connected(dsn: str, **settings: str) -> AsyncIterator[Connection]:
    """A connection that is closed at the end, with session settings."""
    connection = await connect(dsn)
    try:
        for name, value in settings.items():
            await connection.execute("SELECT set_config($1, $2, false)", name, value)
        yield connection
    finally:
        await connection.close()


async def logged(connection: Connection, table: str | None = None) -> list[tuple[str, Any, Any]]:
    """Return what the log holds in its order: operation, row before, row after."""
    rows = await connection.fetch(
        "SELECT op::text AS op, old, new FROM dashboard.change_log"
        " WHERE $1::text IS NULL OR relation = to_regclass($1) ORDER BY seq",
        table,
    )
    return [(row["op"], _image(row["old"]), _image(row["new"])) for row in rows]


async def forget(connection: Connection) -> None:
    """Empty the log."""
    await connection.execute("TRUNCATE dashboard.change_log")


def _image(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
