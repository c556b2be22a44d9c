"""The table of digests: who gets which page when, and whose turn it is to make one (``sql/digests*.sql``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from dashboard.errors import QueryError, SettingsError
from dashboard.postgres.alerts import owner
from dashboard.postgres.connection import Connection, Record, translated
from dashboard.postgres.scope import Scope, run_in
from dashboard.sql import load

_LOCK = "SELECT pg_advisory_xact_lock(1684107106, 8)"
_UNFIT = (asyncpg.CheckViolationError, asyncpg.DataError)
_WHY = {
    "digest_schedule_check": (
        "That is no time at which a digest goes out.",
        "Write its time as 'daily 08:00' or 'weekly mon 08:00'.",
    ),
    "digest_address_check": ("That is no address of a digest.", "Write one line of at most 200 characters."),
}
"""What is said where a constraint of ``sql/digests.sql`` does not hold."""
CHANGEABLE = ("is_on", "schedule", "zone", "address")
"""What a person may change of a digest of theirs."""


async def install(connection: Connection) -> None:
    """Make the table, unless it is there."""
    with translated():
        async with connection.transaction():
            await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
            await connection.execute(_LOCK)
            await connection.execute(load("digests"))


async def is_installed(connection: Connection) -> bool:
    """Whether the table is there and can be kept: a standby takes no writes."""
    with translated():
        return bool(
            await connection.fetchval(
                "SELECT NOT pg_is_in_recovery() AND coalesce(has_table_privilege("
                "to_regclass('dashboard_digests.digest')::oid, 'UPDATE'), false)"
            )
        )


async def add(connection: Connection, scope: Scope | None, wanted: Mapping[str, Any]) -> int:
    """Note a digest; its number.

    Parameters
    ----------
    scope
        Whose it is.
    wanted
        The other columns.

    Raises
    ------
    SettingsError
        Its schedule, zone or address is none.
    """
    role, settings = owner(scope)
    given = {**wanted, "role": role, "settings": settings}
    places = ", ".join(f"${place}" for place in range(1, len(given) + 1))
    sql = f"INSERT INTO dashboard_digests.digest ({', '.join(given)}, due_at) VALUES ({places}, now()) RETURNING id"
    number: int = (await _done(connection, None, sql, *given.values()))[0]["id"]
    return number


async def change(connection: Connection, scope: Scope | None, number: int, wanted: Mapping[str, Any]) -> bool:
    """Change a digest in the eyes of its person (None: of whoever owns the table); False where it is not theirs."""
    kept = {name: value for name, value in wanted.items() if name in CHANGEABLE}
    pairs = ", ".join(f"{name} = ${place}" for place, name in enumerate(kept, start=2))
    sql = f"UPDATE dashboard_digests.digest SET {pairs} WHERE id = $1 RETURNING id"
    return bool(await _done(connection, scope, sql, number, *kept.values()))


async def remove(connection: Connection, number: int) -> bool:
    """Take a digest out; False where there is none."""
    return bool(
        await _done(connection, None, "DELETE FROM dashboard_digests.digest WHERE id = $1 RETURNING id", number)
    )


async def found(connection: Connection) -> list[Record]:
    """All digests."""
    return await _done(connection, None, "SELECT * FROM dashboard_digests.digest ORDER BY id")


async def next_due(connection: Connection) -> float | None:
    """Seconds until somebody has to make one; None: there is none."""
    sql = (
        "SELECT extract(epoch FROM min(greatest(due_at, claimed_until)) - clock_timestamp())::float8 AS seconds "
        "FROM dashboard_digests.digest WHERE is_on"
    )
    seconds: float | None = (await _done(connection, None, sql))[0]["seconds"]
    return seconds


async def claim(connection: Connection, lease: timedelta, number: int | None = None) -> Record | None:
    """Take one that is due, or the one with this number; nobody else makes it for so long."""
    rows = await _done(connection, None, load("digests_claim"), lease, number)
    return rows[0] if rows else None


async def done(
    connection: Connection,
    number: int,
    run: UUID,
    problem: str = "",
    again: timedelta | None = None,
    *,
    is_sent: bool = False,
) -> None:
    """Note what became of a run; as in ``sql/digests_done.sql``."""
    await _done(connection, None, load("digests_done"), number, run, problem, again, is_sent)


async def due_at(connection: Connection, number: int) -> datetime | None:
    """When a digest goes out next; None where there is none."""
    rows = await _done(connection, None, "SELECT due_at FROM dashboard_digests.digest WHERE id = $1", number)
    return rows[0]["due_at"] if rows else None


async def _done(connection: Connection, scope: Scope | None, sql: str, *parameters: Any) -> list[Record]:
    try:
        return await run_in(connection, scope, sql, *parameters)
    except QueryError as error:
        if isinstance(error.__cause__, _UNFIT):
            why = _WHY.get(getattr(error.__cause__, "constraint_name", None) or "")
            other = f"This digest cannot be kept: {error.message}", "Write its zone as Europe/Berlin."
            raise SettingsError(*(why or other)) from error
        raise
