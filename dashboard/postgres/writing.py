"""One write on one connection: its key, its scope, its statements, COMMIT; all or nothing.

The key is noted first, with the rights of the connection's own role, so that sending a write again can never do it
twice (``sql/write_key.sql``): neither after a connection that broke during COMMIT, nor if the first attempt is still
on its way through some buffer. The transaction's xid is told as soon as it is known, which is before anybody can see
what it wrote: who shows the write beforehand then knows the very snapshot that contains it.

A client that vanished must not hold its locks until somebody notices, so PostgreSQL ends such a transaction itself
after `SILENCE` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from dashboard.errors import ConnectionLost, QueryError
from dashboard.postgres.connection import Connection, Record, fetch, milliseconds, translated
from dashboard.postgres.refusals import explained
from dashboard.postgres.scope import Scope
from dashboard.sql import load

T = TypeVar("T")
SILENCE = 10.0
_CANCELLED = "57014"
_LOCAL = "SET LOCAL statement_timeout = {patience}; SET LOCAL idle_in_transaction_session_timeout = {silence}"


class AlreadyDone(Exception):
    """A write with this key has been committed before; `xid` is its transaction."""

    def __init__(self, xid: int) -> None:
        super().__init__(f"done by transaction {xid}")
        self.xid = xid


async def takes_keys(connection: Connection) -> bool:
    """Whether keys can be noted here: capture is installed, and this role may."""
    return bool((await fetch(connection, load("takes_keys")))[0][0])


async def write(
    connection: Connection,
    work: Callable[[Connection], Awaitable[T]],
    *,
    key: UUID | None,
    scope: Scope | None,
    began: Callable[[int], None],
    patience: float,
    sql: str = "",
    later: Sequence[UUID] = (),
) -> T:
    """Do `work` in one transaction, in `scope`.

    Parameters
    ----------
    key
        Noted in the same transaction; None where no keys can be noted.
    later
        Keys that are noted behind `work`, which does several writes: if one of them is refused or was done before,
        so are all.
    began
        Called with the transaction's xid before any statement of `work` is sent.
    patience
        Seconds after which PostgreSQL breaks a statement off.

    Raises
    ------
    AlreadyDone
        This key has been committed; `work` was not called.
    WriteRefused
        PostgreSQL refuses; nothing was done.
    ConnectionLost
        The connection broke. Whether it was committed is not known if that was during COMMIT; the key tells.
    """
    is_claimed = False
    try:
        with translated(sql):
            local = _LOCAL.format(patience=milliseconds(patience), silence=milliseconds(SILENCE))
            await connection.execute(f"BEGIN; {local}")
            began(await _claim(connection, key, scope or Scope()))
        is_claimed = True
        done = await work(connection)
        with translated(sql):
            if later:
                await connection.execute("SELECT set_config('role', 'none', true)")
                await connection.execute(load("note_keys"), list(later))
            await connection.execute("COMMIT")
        return done
    except (asyncio.CancelledError, ConnectionLost):
        connection.terminate()
        raise
    except QueryError as error:
        await _rolled_back(connection)
        cause = error.__cause__
        if isinstance(cause, asyncpg.UniqueViolationError) and _is_ours(cause):
            raise AlreadyDone(0 if later else await _xid_of(connection, key)) from error
        if not is_claimed and error.sqlstate == _CANCELLED:
            raise ConnectionLost("An earlier attempt at this write has not ended yet.") from error
        if isinstance(cause, asyncpg.PostgresError):
            raise await explained(connection, cause, sql or error.sql) from error
        raise
    except BaseException:
        await _rolled_back(connection)
        raise


async def _claim(connection: Connection, key: UUID | None, scope: Scope) -> int:
    wanted = {**scope.settings} | ({} if scope.role is None else {"role": scope.role})
    names, values = list(wanted), list(wanted.values())
    if key is None:
        row = await connection.fetchrow(load("enter"), names, values)
    else:
        row = await connection.fetchrow(load("claim"), key, names, values)
    return int(row["xid"])


async def _rolled_back(connection: Connection) -> None:
    if not connection.is_closed():
        with translated():
            await connection.execute("ROLLBACK")


def _is_ours(error: Any) -> bool:
    return (error.schema_name, error.table_name) == ("dashboard", "write_key")


async def _xid_of(connection: Connection, key: UUID | None) -> int:
    return int((await fetch(connection, load("keys_found"), [key]))[0]["xid"])


async def at_once(connection: Connection, sql: str, parameters: tuple[Any, ...]) -> tuple[list[Record], int]:
    """Run one INSERT, UPDATE or DELETE without a scope, in one round trip; rows it returns, and how many it wrote.

    `sql` may note the write's key itself, see `dashboard.live.mutation.Mutation.keyed`; then it is the last parameter.

    Raises
    ------
    AlreadyDone, WriteRefused, ConnectionLost
        As for :func:`write`.
    """
    try:
        if connection.pooled:
            async with connection.transaction():
                rows, status = await connection.run(sql, *parameters)
        else:
            rows, status = await connection.run(sql, *parameters)
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception as error:
        await _explain(connection, error, sql, parameters)
        raise
    return rows, count_of(status)


async def _explain(connection: Connection, error: Exception, sql: str, parameters: tuple[Any, ...]) -> None:
    """Raise what an error of the driver means."""
    try:
        with translated(sql):
            raise error
    except ConnectionLost:
        connection.terminate()
        raise
    except QueryError as refused:
        if isinstance(error, asyncpg.UniqueViolationError) and _is_ours(error):
            raise AlreadyDone(await _xid_of(connection, parameters[-1])) from refused
        if isinstance(error, asyncpg.PostgresError):
            raise await explained(connection, error, sql) from refused
        raise


def count_of(status: str) -> int:
    """How many rows a command tag (``UPDATE 3``) tells of."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0
