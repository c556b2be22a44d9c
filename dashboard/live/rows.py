"""Rows of a table, read once in somebody's scope: for those who do not stay to be told of changes.

Each read is a transaction of its own that only reads, as the scope's role, under its row-level security. It ends with
ROLLBACK, by which PostgreSQL puts role and settings back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.errors import ConnectionLost
from dashboard.live import dml, select
from dashboard.live.select import Filter, Order
from dashboard.postgres.connection import Record, milliseconds, translated
from dashboard.postgres.pool import Pool
from dashboard.postgres.scope import Scope, enter
from dashboard.postgres.writable import WritableTable

WIDTH = 8
"""Connections for reads; each is closed when it has been idle for a while."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows as JSON, in order; `after` is where the next page begins, None on the last."""

    rows: tuple[str, ...]
    after: tuple[str | None, ...] | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its columns, and the same as JSON."""

    values: dict[str, Any]
    json: str


class Rows:
    """Reads rows of one database.

    Parameters
    ----------
    timeout
        Seconds to wait for a connection.
    patience
        Seconds after which PostgreSQL breaks a statement off.
    """

    def __init__(self, dsn: str, *, timeout: float, patience: float) -> None:
        self._pool = Pool(dsn, name="dashboard: rows", width=WIDTH, timeout=timeout, patience=patience)

    async def page(
        self, table: WritableTable, scope: Scope, *, filters: Sequence[Filter] = (), order: Sequence[Order] = (),
        after: Sequence[str | None] = (), limit: int = 100,
    ) -> Page:  # fmt: skip
        """Rows that fulfil all of `filters`, in `order` and then by their key.

        Raises
        ------
        QueryError
            A column, operator or value does not fit, or PostgreSQL refuses.
        ConnectError, ConnectionLost
            The database cannot be reached, or does not answer in time.
        """
        ordered = select.complete(table, order)
        found = await self._read(scope, *select.page(table, filters, ordered, after, limit + 1))
        after_last = tuple(found[limit - 1]["place"]) if len(found) > limit and table.key else None
        return Page(tuple(record["row"] for record in found[:limit]), after_last)

    async def row(self, table: WritableTable, scope: Scope, key: Sequence[str]) -> Row | None:
        """The row of a key, whose values come as text; None where there is none that the scope may see."""
        found = await self._read(scope, *select.one(table, key))
        if not found:
            return None
        return Row(dict(zip(dml.readable(table), tuple(found[0])[1:], strict=True)), found[0][0])

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _read(self, scope: Scope, sql: str, parameters: tuple[Any, ...]) -> list[Record]:
        try:
            async with asyncio.timeout(self._pool.patience + self._pool.timeout), self._pool.connection() as connection:
                with translated(sql):
                    late = milliseconds(self._pool.patience)
                    await connection.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {late}")
                try:
                    await enter(connection, scope)
                    with translated(sql):
                        return list(await connection.fetch(sql, *parameters))
                except asyncio.CancelledError:
                    connection.terminate()
                    raise
                finally:
                    if not connection.is_closed():
                        with translated():
                            await connection.execute("ROLLBACK")
        except TimeoutError as error:
            raise ConnectionLost("The database did not answer in time.") from error
