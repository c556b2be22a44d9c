"""Loading a schema and rows: scripts of many statements, and CSV files by COPY.

Here because COPY is the driver's own protocol, and only this room speaks to the driver.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.postgres.connection import Connection, connect, translated


@asynccontextmanager
async def one_transaction(dsn: str, *, lock: str) -> AsyncIterator[Connection]:
    """A connection of its own inside one transaction: all of the block happens, or nothing.

    Parameters
    ----------
    lock
        A name; of several that load under the same name at once, each waits for the one before.
    """
    connection = await connect(dsn, name="dashboard: load")
    try:
        with translated():
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
                yield connection
    finally:
        await connection.close()


async def run_script(connection: Connection, sql: str) -> None:
    """Run a script of any number of statements, without parameters."""
    with translated(sql):
        await connection.execute(sql)


async def copy_csv(connection: Connection, table: str, path: Path) -> None:
    """Append the rows of a CSV file with a header to a table that has exactly its columns, in its order.

    Parameters
    ----------
    table
        A plain name, found by the search path. Empty fields become NULL.
    """
    with translated():
        await connection.copy_to_table(table, source=path, format="csv", header=True)
