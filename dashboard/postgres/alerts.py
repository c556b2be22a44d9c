"""The tables of alerts: making them, holding rules, and noting what follows (``sql/alerts*.sql``).

Rows go in and come out as plain values; what they mean is the business of `dashboard.live.alerts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from dashboard.errors import AlertError, NotNow, PrivilegeError, QueryError
from dashboard.postgres import capture
from dashboard.postgres.connection import Connection, Record, fetch, translated
from dashboard.postgres.scope import Scope
from dashboard.sql import load

CAPTURED = (
    "dashboard_alerts.notice",
    "dashboard_alerts.silence",
    "dashboard_alerts.seen",
)
"""What pages follow."""
_LOCK = "SELECT pg_advisory_xact_lock(1684107106, 4)"
_MISSING = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A rule that this process holds.

    Parameters
    ----------
    term
        Another one whenever somebody else held it meanwhile.
    has_begun
        Whether it was ever evaluated.
    missing
        Contact points that it names in vain.
    """

    name: str
    term: int
    has_begun: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsStatus:
    """How alerts do: rules, those that nobody watches, and contact points that did not take something within a day."""

    rules: int
    unwatched: tuple[str, ...]
    unsent: tuple[str, ...]


async def alerts_status(connection: Connection) -> AlertsStatus | None:
    """How alerts do; None where they are not installed, or not ours to read."""
    if not await is_installed(connection):
        return None
    try:
        [row] = await fetch(connection, load("alerts_status"))
    except PrivilegeError:
        return None
    return AlertsStatus(rules=row["rules"], unwatched=tuple(row["unwatched"]), unsent=tuple(row["unsent"]))


async def install(connection: Connection) -> None:
    """Make the tables of alerts, and capture on what pages show of them; nothing if they are there.

    Raises
    ------
    CaptureError, PrivilegeError
        This role may not.
    """
    with translated():
        async with connection.transaction():
            await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
            await connection.execute(_LOCK)
            await connection.execute(load("alerts"))
    await capture.install(connection, CAPTURED)


async def uninstall(connection: Connection) -> None:
    """Take them away, with history and preferences."""
    if await is_installed(connection):
        await capture.uninstall(connection, CAPTURED)
        with translated():
            await connection.execute(load("alerts_drop"))


async def clock(connection: Connection) -> datetime:
    """The time it is for PostgreSQL."""
    with translated():
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return now


async def is_installed(connection: Connection) -> bool:
    """Whether they are there, of this version, and can be kept: a standby takes no writes."""
    with translated():
        return bool(
            await connection.fetchval(
                "SELECT NOT pg_is_in_recovery() AND EXISTS (SELECT FROM pg_attribute "
                "WHERE attrelid = to_regclass('dashboard_alerts.notice') AND attname = 'is_fault')"
            )
        )


async def declare(connection: Connection, rules: Mapping[str, Sequence[str]]) -> None:
    """Make rules known, with the contact points that each names.

    Raises
    ------
    AlertError
        The tables are not there, or not ours to write.
    """
    try:
        with translated():
            await connection.executemany(
                load("alerts_declare"), [(name, list(contacts)) for name, contacts in rules.items()]
            )
    except QueryError as error:
        raise refusal(error) from error


def not_installed() -> AlertError:
    """What is said where there are no tables of alerts, or none that can be written to."""
    return AlertError(
        "Alerts are not installed in this database, or are of another version.", "Run `dashboard alerts install DSN`."
    )


def refusal(error: QueryError) -> Exception:
    """Our sentence where the tables are missing or not ours; the error itself otherwise."""
    if isinstance(error.__cause__, _MISSING):
        return not_installed()
    if isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
        return AlertError(f"This role may not keep alerts: {error.message}", "Run it as the role that installed them.")
    return error


async def hold(connection: Connection, names: Sequence[str], holder: UUID, lease: timedelta) -> list[Held]:
    """Hold these rules for so long, as far as nobody else does."""
    rows = await fetch(connection, load("alerts_hold"), list(names), holder, lease)
    return [
        Held(name=row["name"], term=row["term"], has_begun=row["has_begun"], missing=tuple(row["missing"]))
        for row in rows
    ]


async def release(connection: Connection, holder: UUID) -> None:
    """Hold none any more."""
    await fetch(
        connection, "UPDATE dashboard_alerts.rule SET holder = NULL, held_until = NULL WHERE holder = $1", holder
    )


async def instances(connection: Connection, rule: str) -> list[Record]:
    """A rule's instances as they were noted."""
    return await fetch(connection, "SELECT * FROM dashboard_alerts.instance WHERE rule = $1", rule)


async def latest(connection: Connection, rule: str) -> list[Record]:
    """When each audience was last told of what a rule finds: role, settings, at."""
    return await fetch(
        connection,
        "SELECT role, settings, max(fired_at) AS at FROM dashboard_alerts.notice "
        "WHERE rule = $1 AND NOT is_fault AND fired_at > now() - interval '1 day' GROUP BY role, settings",
        rule,
    )


async def told(connection: Connection, rule: str) -> dict[UUID, datetime]:
    """When each notice that a rule's instances stand in was last told."""
    rows = await fetch(
        connection,
        "SELECT DISTINCT n.id, coalesce(n.repeated_at, n.fired_at) AS at FROM dashboard_alerts.instance i "
        "JOIN dashboard_alerts.notice n ON n.id = i.notice WHERE i.rule = $1",
        rule,
    )
    return {row["id"]: row["at"] for row in rows}


async def record(
    connection: Connection,
    rule: str,
    holder: UUID,
    *,
    now: datetime,
    changed: Sequence[Mapping[str, Any]],
    ended: Sequence[str],
    notices: Sequence[Mapping[str, Any]],
    repeats: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Note in one transaction what follows for a rule, and queue what is to be sent of it.

    Raises
    ------
    NotNow
        Another process holds the rule; nothing was done.
    """
    with translated():
        async with connection.transaction():
            mine = await connection.fetchval(
                "SELECT true FROM dashboard_alerts.rule WHERE name = $1 AND holder = $2 FOR UPDATE", rule, holder
            )
            if not mine:
                raise NotNow(f"Another process holds the rule {rule}.")
            await connection.execute(
                "UPDATE dashboard_alerts.rule SET begun_at = $2 WHERE name = $1 AND begun_at IS NULL", rule, now
            )
            if notices:
                await connection.execute(load("alerts_notices"), _json(notices))
            if changed:
                await connection.execute(load("alerts_instances"), rule, _json(changed))
            if repeats:
                await connection.execute(load("alerts_repeated"), _json(repeats), now)
            if notices or repeats:
                await connection.execute(load("alerts_fired"), [one["id"] for one in (*notices, *repeats)], now)
            if ended:
                gone = await connection.fetch(
                    "DELETE FROM dashboard_alerts.instance WHERE rule = $1 AND fingerprint = ANY ($2) RETURNING notice",
                    rule,
                    list(ended),
                )
                told = list({row["notice"] for row in gone} - {None})
                if told:
                    await connection.execute(load("alerts_resolved"), told, now)


async def history(connection: Connection, most: int) -> list[Record]:
    """The latest notices, and what became of the messages of each.

    Raises
    ------
    AlertError
        The tables are not there, or not ours to read.
    """
    try:
        return await fetch(connection, load("alerts_history"), most)
    except QueryError as error:
        raise refusal(error) from error


async def forget(connection: Connection, retention: timedelta) -> None:
    """Forget notices older than that which are over, with what was sent of them, and silences that ended."""
    await fetch(
        connection,
        "DELETE FROM dashboard_alerts.notice n WHERE n.fired_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM dashboard_alerts.instance i WHERE i.notice = n.id)",
        retention,
    )
    await fetch(connection, "DELETE FROM dashboard_alerts.silence WHERE until < now() - $1::interval", retention)


def owner(scope: Scope | None) -> tuple[str, str]:
    """A scope as the tables write it: role and settings."""
    if scope is None:
        return "", "{}"
    return scope.role or "", orjson.dumps(dict(scope.settings), option=orjson.OPT_SORT_KEYS).decode()


def scope_of(role: str, settings: str) -> Scope | None:
    """A scope from what the tables write."""
    return Scope(role=role, settings=orjson.loads(settings)) if role else None


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps([dict(row) for row in rows]).decode()
