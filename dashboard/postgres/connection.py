"""Opening connections, and the border at which the driver's errors become ours.

Connections are named in ``pg_stat_activity`` (``dashboard: …``), so that `doctor` and an administrator see whose
they are.

A server reached through a transaction pooler is told by the backend's process id, which a pooler makes up. There every
transaction may run in another session, so LISTEN and session locks are of no use, settings belong to a transaction, and
a statement cannot be prepared for later; what is asked outside of a transaction gets one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import unquote
from weakref import WeakSet

import asyncpg

from dashboard.errors import (
    ConnectError,
    ConnectionLost,
    LoginRefused,
    NotASelect,
    PrivilegeError,
    QueryError,
    ServerTooOld,
)


class Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no type hints
    """The driver's connection, and what our rooms have to know of it.

    Attributes
    ----------
    pooled
        A transaction pooler stands between us and the server.
    statement_timeout
        Seconds after which PostgreSQL ends a statement; None leaves the server's setting.
    """

    __slots__ = ("pooled", "statement_timeout")
    pooled: bool
    statement_timeout: float | None

    async def fetch_at_most(self, limit: int, sql: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run one statement and take no more than so many of its rows, in one round trip."""
        self._check_open()
        return list(await self._execute(sql, parameters, limit, None))

    async def run(self, sql: str, *parameters: Any) -> tuple[list[asyncpg.Record], str]:
        """Run one statement; its rows, and the tag that tells what it did (``UPDATE 3``)."""
        self._check_open()
        rows, status, _ = await self._execute(sql, parameters, 0, None, return_status=True)
        return list(rows), status.decode() if isinstance(status, bytes) else str(status or "")


_opened_here: WeakSet[Connection] = WeakSet()


Record = asyncpg.Record
OLDEST = 140000
_SECRET = re.compile(r"\b((?:ssl)?password\s*=\s*)('(?:\\.|[^'\\])*'?|(?:\\.|\S)*)", re.IGNORECASE | re.DOTALL)
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement on a connection that breaks at that moment
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
    TimeoutError,
    EOFError,
)


async def connect(
    dsn: str, *, name: str = "dashboard", timeout: float = 10.0, statement_timeout: float | None = None
) -> Connection:
    """Open a connection to PostgreSQL 14 or later.

    Parameters
    ----------
    dsn
        ``postgresql://user:password@host:port/database``, or what libpq's environment variables leave open.
    name
        Application name shown in ``pg_stat_activity``.
    timeout
        Seconds to wait for the server to answer.
    statement_timeout
        Seconds after which PostgreSQL ends a statement; None leaves the server's setting.

    Raises
    ------
    ConnectError
        The server cannot be reached or refuses; the sentence names host, port, database and what to do.
    ServerTooOld
        It is older than PostgreSQL 14.
    """
    connection = await _open(dsn, name, timeout, statement_timeout)
    if connection.get_server_version()[0] < OLDEST // 10000:
        version = ".".join(str(part) for part in connection.get_server_version()[:2])
        await connection.close()
        raise ServerTooOld(
            f"The server runs PostgreSQL {version}; this package needs 14 or later.",
            "Upgrade the server, or name another one.",
        )
    return connection


async def _open(dsn: str, name: str, timeout: float, statement_timeout: float | None) -> Connection:
    """Open a connection as a session of its own; or, if that is not what it turns out to be, as a pooler's."""
    try:
        try:
            connection = await _opened(dsn, name, timeout, statement_timeout, pooled=False)
        except asyncpg.ProtocolViolationError:  # a pooler refuses settings that it would have to keep apart
            return await _opened(dsn, name, timeout, statement_timeout, pooled=True)
        if not await _is_pooled(connection):
            return connection
        return await _opened(dsn, name, timeout, statement_timeout, pooled=True)
    except (*_LOST, ValueError, asyncpg.PostgresError) as error:
        raise _connect_error(error, dsn) from error


async def _is_pooled(connection: Connection) -> bool:
    """Whether somebody else answers than who was called; then the connection is closed."""
    try:
        async with connection.transaction():
            backend = await (await connection.prepare("SELECT pg_backend_pid()", name="")).fetchval()
    except BaseException:
        connection.terminate()
        raise
    if backend == connection.get_server_pid():
        return False
    connection.terminate()
    return True


async def _opened(dsn: str, name: str, timeout: float, statement_timeout: float | None, *, pooled: bool) -> Connection:
    settings = {"application_name": name}
    if statement_timeout is not None and not pooled:
        settings["statement_timeout"] = milliseconds(statement_timeout)
    connection: Connection = await asyncpg.connect(
        dsn,
        timeout=timeout,
        command_timeout=statement_timeout + timeout if statement_timeout else None,
        statement_cache_size=0 if pooled else 200,
        server_settings=settings,
        connection_class=Connection,
    )
    connection.pooled, connection.statement_timeout = pooled, statement_timeout
    _opened_here.add(connection)
    return connection


def opened() -> list[Connection]:
    """The connections that this process has opened and still holds."""
    return list(_opened_here)


def _connect_error(error: BaseException, dsn: str) -> ConnectError:
    where = public_name(dsn)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return ConnectError(f"There is no such database: {where}.", "Create it, or correct the DSN.")
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return LoginRefused(f"{where} refuses the login: {error}.", "Check user and password in the DSN.")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return ConnectError(f"{where} has no connection left: {error}.", "Raise max_connections, or close some.")
    if isinstance(error, TimeoutError):
        return ConnectError(f"{where} does not answer.", "Check host, port and firewall.")
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.InterfaceError):
        return ConnectError(  # what it says may be a piece of the password
            "The host or port of this DSN cannot be read.",
            "Write it as postgresql://user:password@host:5432/database; in a password / is %2F, ? is %3F, # is %23.",
        )
    if isinstance(error, asyncpg.InterfaceError):
        return ConnectError(
            f"This is not a DSN that PostgreSQL understands: {error}.",
            "Write it as postgresql://user:password@host:5432/database.",
        )
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return ConnectError(f"Cannot connect to {where}: {reason}.", "Check that the server runs, host and port.")


def public_name(dsn: str) -> str:
    """The DSN without its passwords, fit to be printed; ``password=`` and the like among its options included."""
    scheme, is_address, rest = dsn.partition("://")
    if not is_address:
        return _SECRET.sub(r"\1…", dsn)
    rest, asked, options = rest.partition("?")
    port = rest.partition("/")[0].partition(":")[2]
    if "@" in options and "@" not in rest and port and not port.isdecimal():  # it begins a password that holds a ?
        options = "@" + options.rpartition("@")[2]
        rest, asked, options = (rest + options).partition("?")
    login, at, place = rest.rpartition("@")
    kept = "&".join(map(_public_option, options.split("&")))
    return f"{scheme}://{login.partition(':')[0]}{at}{place}{asked}{kept}"


def _public_option(option: str) -> str:
    name, given, value = option.partition("=")
    return f"{name}{given}…" if value and "password" in unquote(name).lower() else option


@contextmanager
def translated(sql: str = "") -> Iterator[None]:
    """Turn the driver's errors of the block into this package's, keeping the original as cause.

    Raises
    ------
    ConnectionLost
        The connection broke; what it carried must be done again.
    PrivilegeError, NotASelect, QueryError
        PostgreSQL refused the statement.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        if isinstance(error, _LOST):
            raise ConnectionLost(f"The connection to PostgreSQL broke: {error}.") from error
        raise query_error(error, sql) from error
    except asyncpg.InterfaceError as error:
        if "connection" in str(error) or "operation" in str(error):
            raise ConnectionLost(f"The connection to PostgreSQL broke: {error}.") from error
        raise QueryError(
            f"Query and parameters do not fit: {str(error).splitlines()[0].rstrip('.')}.",
            "Give one value for each of $1, $2, …, of the type it is compared with.",
            sql=sql,
        ) from error
    except _LOST as error:
        raise ConnectionLost(f"The connection to PostgreSQL broke: {str(error) or type(error).__name__}.") from error
    except (ValueError, OverflowError, TypeError) as error:
        raise QueryError(
            f"A value of this query cannot be exchanged with PostgreSQL: {error}.",
            "Cast the column to text, or pass parameters of the column's type.",
            sql=sql,
        ) from error


def query_error(error: asyncpg.PostgresError, sql: str) -> QueryError:
    """One sentence of ours for a refusal of PostgreSQL's, with its hint as remedy."""
    message = str(error.args[0] if error.args else error).strip().rstrip(".")
    hint = getattr(error, "hint", None) or ""
    code = getattr(error, "sqlstate", None)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return PrivilegeError(
            f"PostgreSQL refuses: {message}.",
            hint or "GRANT SELECT to the role of this query, or use another Scope.",
            sql=sql,
            sqlstate=code,
        )
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return NotASelect(
            f"A live query only reads, and this one writes: {message}.",
            "Write over a connection of your own; the query will show what it changed.",
            sql=sql,
            sqlstate=code,
        )
    if isinstance(error, asyncpg.UndefinedTableError):
        hint = hint or "Check its spelling and schema, or the role's search_path."
    return QueryError(f"PostgreSQL says: {message}.", hint, sql=sql, sqlstate=code)


@asynccontextmanager
async def reading(connection: Connection, *, first: str = "", patience: float | None = None) -> AsyncIterator[None]:
    """One REPEATABLE READ, READ ONLY transaction: every statement in the block sees the same snapshot.

    Parameters
    ----------
    first
        A statement sent along with BEGIN, before the snapshot is taken.
    patience
        Seconds to wait for these two.
    """
    if connection.pooled and connection.statement_timeout is not None:
        first = f"SET LOCAL statement_timeout = {milliseconds(connection.statement_timeout)}; {first}"
    with translated():
        await connection.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {first}", timeout=patience)
    try:
        yield
    except (asyncio.CancelledError, TimeoutError, ConnectionLost):
        connection.terminate()  # a ROLLBACK could wait for ever at the other end
        raise
    except BaseException:
        with translated():
            await connection.execute("ROLLBACK", timeout=patience)
        raise
    else:
        with translated():
            await connection.execute("COMMIT", timeout=patience)


async def allow(connection: Connection, seconds: float | None) -> None:
    """Break off statements that take longer, until the open transaction ends; None: as the connection does."""
    seconds = connection.statement_timeout if seconds is None else seconds
    with translated():
        await connection.execute(
            f"SET LOCAL statement_timeout = {'DEFAULT' if seconds is None else milliseconds(seconds)}"
        )


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it."""
    return str(int(seconds * 1000))


async def fetch(connection: Connection, sql: str, *parameters: Any) -> list[asyncpg.Record]:
    """Run one statement; errors come as this package's."""
    with translated(sql):
        if connection.pooled and not connection.is_in_transaction():
            async with connection.transaction():
                return list(await connection.fetch(sql, *parameters))
        return list(await connection.fetch(sql, *parameters))
