"""Change capture: triggers on your tables, and the log they write to.

What is there and what should be there is asked of the catalogue (`captured`). The statements that make the
two equal are built and quoted by PostgreSQL, and run from here rather than from a function in the database,
so that nobody runs another role's code with his own rights.

1. Install and uninstall happen as a whole or not at all, may be repeated, and may run at the same time.
2. They need to own the tables and, once, CREATE on the database: no superuser, no extension, no restart.
3. After uninstall ``pg_dump -s`` gives what it gave before install.
4. A write never fails because of capture, with two exceptions chosen to lose nothing: the log cannot be
   written at all (disk full), and a table without json columns gets a value that jsonb cannot hold (text
   beyond 256 MB).
5. Images are computed with the rights of the role that installed the log. Where you do not trust the owner of
   a table, who may give it a type with a cast of his own, let that owner install the log, not a superuser.

A transaction that is prepared (PREPARE TRANSACTION) cannot ring: see ``dashboard.ring`` in
``sql/schema.sql``. A publication FOR ALL TABLES publishes the log too; name the tables there, or create it
on the subscriber.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from dashboard.errors import CaptureError, NotNow, RelationNotFound
from dashboard.postgres.captured import (
    LOG,
    CapturedTable,
    Trigger,
    captured_tables,
    here,
    is_marked,
    mark,
    triggers,
)
from dashboard.postgres.connection import Connection, translated
from dashboard.sql import load

_LOCK = "SELECT pg_advisory_xact_lock(1684107106, 3)"


async def install(connection: Connection, names: Sequence[str], *, lock_timeout: float = 5.0) -> list[CapturedTable]:
    """Capture changes of these tables from the next transaction on.

    Parameters
    ----------
    names
        As one writes them in SQL: ``orders``, ``public.orders``, ``sales."Order"``. A partition stands for
        its whole partitioned table. No names: brings the log and all captured tables up to date.
    lock_timeout
        Seconds to wait for transactions that are writing to a table.

    Raises
    ------
    RelationNotFound
        There is no such table.
    CaptureError
        It cannot be captured, or this role may not.
    NotNow
        A transaction did not let go of a table in time; nothing was changed.
    """
    async with _alone(connection, lock_timeout):
        tables = [await _capturable(connection, name) for name in names]
        await _install_log(connection)
        if tables:
            await _settle(connection, [table["oid"] for table in tables])
        await _settle(connection, None)
        wanted = {table["name"] for table in tables}
        return [
            table
            for table in await captured_tables(connection)
            if not wanted or wanted & {table.name, *(trigger.table for trigger in table.triggers)}
        ]


async def uninstall(connection: Connection, names: Sequence[str] = (), *, lock_timeout: float = 5.0) -> None:
    """Stop capturing these tables, or all; with the last one the log goes too, and no trace is left.

    The tables of alerts are captured like others: they stay until they are uninstalled themselves, or all is.

    Raises
    ------
    RelationNotFound, CaptureError, NotNow
        As for :func:`install`.
    """
    async with _alone(connection, lock_timeout):
        tables = [await _capturable(connection, name) for name in names]
        await _settle(connection, [table["oid"] for table in tables] or None, captured=False)
        if await captured_tables(connection):
            return
        await connection.execute(load("alerts_drop"))
        place = await here(connection)
        if place["has_schema"]:
            _must_be_ours(place)
            if not place["owned"]:
                raise CaptureError(
                    f"The log belongs to {place['owner']}, not to {place['role']}.",
                    f"Uninstall as {place['owner']} or as a superuser.",
                )
            await connection.execute(load("drop"))


async def adopt(connection: Connection, *, lock_timeout: float = 0.1) -> list[Trigger]:
    """Put right what changed under captured tables, as far as this role may.

    That is: new partitions, another key, triggers that were disabled or altered.

    Rows of a new partition are logged from its first one on; what it lacks until it is adopted is its own
    TRUNCATE. Tables whose lock is not free are left for the next time.

    Returns
    -------
    list of Trigger
        Those that were put right, in the state they were found in.
    """
    with translated():
        if not await _adoptable(connection):
            return []
    async with _alone(connection, lock_timeout):
        return [trigger for trigger in await _adoptable(connection) if await _is_settled(connection, trigger.statement)]


async def _adoptable(connection: Connection) -> list[Trigger]:
    found = await triggers(connection)
    return [trigger for _, _, trigger in found if trigger.statement is not None and trigger.owned]


async def _is_settled(connection: Connection, statement: str | None) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except (
        asyncpg.LockNotAvailableError,
        asyncpg.DeadlockDetectedError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.ReadOnlySQLTransactionError,
    ):
        return False
    return True


async def grants(connection: Connection, role: str) -> str:
    """Return the statements that let `role` follow the log without owning it."""
    with translated():
        text: str = await connection.fetchval(load("grants"), role)
        return text


@asynccontextmanager
async def _alone(connection: Connection, lock_timeout: float) -> AsyncIterator[None]:
    """One transaction of one installer at a time."""
    try:
        with translated():
            async with connection.transaction():
                await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{int(lock_timeout * 1000)}ms")
                await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
                await connection.execute(_LOCK)
                yield
    except Exception as error:
        if refusal := _refusal(error):
            raise refusal from error
        raise


def _refusal(error: Exception) -> NotNow | CaptureError | None:
    """Our sentence for PostgreSQL's refusal to change a table, if it is one."""
    cause = error.__cause__
    if isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
        return NotNow(
            "Another transaction is writing to one of the tables, or capture is being installed elsewhere.",
            "Try again when it has ended, or raise DASHBOARD_LOCK_TIMEOUT.",
        )
    if isinstance(cause, asyncpg.InsufficientPrivilegeError):
        return CaptureError(f"PostgreSQL refuses: {cause}.", "Run it as the owner of the tables and of the log.")
    if isinstance(cause, asyncpg.ReadOnlySQLTransactionError):
        return CaptureError(
            "This connection is read-only.",
            "Name the primary server, with default_transaction_read_only off.",
        )
    return None


async def _capturable(connection: Connection, name: str) -> Any:
    """Look a table up by the name the user wrote, or say why it cannot be captured."""
    try:
        async with connection.transaction():
            found = await connection.fetchrow(load("table"), name)
    except (asyncpg.InvalidNameError, asyncpg.PostgresSyntaxError, asyncpg.FeatureNotSupportedError) as error:
        raise RelationNotFound(
            f"{name!r} is not the name of a table: {error}.",
            'Write it as in SQL: orders, public.orders, sales."Order".',
            relation=name,
        ) from error
    if found is None:
        raise RelationNotFound(
            f"There is no table {name}.",
            'Check its spelling and schema; a name with capitals needs quotes, as in sales."Order".',
            relation=name,
        )
    if reason := _unfit(found):
        raise CaptureError(f"{found['name']} {reason[0]}", reason[1])
    return found


def _unfit(table: Any) -> tuple[str, str] | None:
    """Why this relation cannot be captured, and what to do instead."""
    kinds = {
        "v": ("is a view: it has no changes of its own.", "Capture the tables it reads."),
        "m": ("is a materialized view: REFRESH tells nobody what changed.", "Capture the tables it reads."),
        "f": (
            "is a foreign table: its rows change where we cannot see it.",
            "Capture it in its own database.",
        ),
    }
    if table["kind"] in kinds:
        return kinds[table["kind"]]
    if table["kind"] not in ("r", "p") or table["internal"]:
        return ("is not a table of yours.", "Name a table that holds your own rows.")
    if table["temporary"]:
        return ("is a temporary table: only its session can see it.", "Capture a permanent table.")
    if not table["owned"]:
        return (
            f"belongs to {table['owner']}, and only its owner can add triggers.",
            f"Connect as {table['owner']}, or as a member of that role.",
        )
    return None


def _must_be_ours(place: Any) -> None:
    if not is_marked(place["comment"]):
        raise CaptureError(
            f"The database {place['database']} has a schema dashboard that is not ours.",
            "Rename that schema; the name is needed for the change log.",
        )


async def _install_log(connection: Connection) -> None:
    """Make the log, or bring it up to date, or find it as it should be."""
    place = await here(connection)
    if place["replica"]:
        raise CaptureError("This server is a replica, where nothing can be installed.", "Install on the primary.")
    if not place["has_schema"]:
        if not place["may_create"]:
            raise CaptureError(
                f"{place['role']} may not create the schema dashboard in the database {place['database']}.",
                f"Let its owner run: GRANT CREATE ON DATABASE {place['database']} TO {place['role']}.",
            )
    else:
        _must_be_ours(place)
        if place["comment"] == mark():
            if not place["may_use"]:
                raise CaptureError(
                    f"The log belongs to {place['owner']}, and {place['role']} may not use it.",
                    f"Let {place['owner']} run: {await grants(connection, place['role'])}",
                )
            if place["has_log"] and place["has_functions"]:
                return
        if not place["owned"]:
            raise CaptureError(
                f"The log belongs to {place['owner']} and is damaged, or was made by another version of this package.",
                f"Run install as {place['owner']} once.",
            )
    for name in LOG:
        await connection.execute(load(name))
    if not place["has_schema"]:
        await connection.execute(load("private"))
    await connection.execute(
        await connection.fetchval("SELECT format('COMMENT ON SCHEMA dashboard IS %L', $1::text)", mark())
    )


async def _settle(connection: Connection, tables: Sequence[int] | None, *, captured: bool = True) -> None:
    """Run what makes triggers as they should be on these tables, or on all."""
    for _, _, trigger in await triggers(connection, tables, captured=captured):
        if trigger.statement is None:
            continue
        if not trigger.owned:
            if captured and tables is None:
                continue
            raise CaptureError(
                f"{trigger.table} belongs to {trigger.owner}, and only its owner can change its triggers.",
                f"Connect as {trigger.owner}, or as a member of that role.",
            )
        await connection.execute(trigger.statement)
