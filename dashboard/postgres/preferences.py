"""Contact points, and how people want to be told: preferences, silences, what they have seen.

What a person says for themselves is written in their own scope, so that row-level security decides whether it is
theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from dashboard.errors import AlertError, QueryError
from dashboard.postgres.alerts import owner, refusal
from dashboard.postgres.connection import Connection, Record
from dashboard.postgres.scope import Scope, run_in
from dashboard.sql import load

_UNFIT = (asyncpg.CheckViolationError, asyncpg.DataError)


async def set_contact_point(connection: Connection, name: str, url: str) -> None:
    """Add or change a contact point."""
    await _done(
        connection,
        None,
        "INSERT INTO dashboard_alerts.contact_point (name, url) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET url = EXCLUDED.url",
        name, url,
    )  # fmt: skip


async def remove_contact_point(connection: Connection, name: str) -> bool:
    """Take a contact point away, with everybody's preferences for it; False where there is none."""
    gone = await _done(
        connection, None, "DELETE FROM dashboard_alerts.contact_point WHERE name = $1 RETURNING true", name
    )
    return bool(gone)


async def contact_points(connection: Connection) -> dict[str, str]:
    """Addresses of contact points by name, passwords included: for who sends."""
    rows = await _done(connection, None, "SELECT name, url FROM dashboard_alerts.contact_point ORDER BY name")
    return {row["name"]: row["url"] for row in rows}


async def prefer(connection: Connection, scope: Scope, contact_point: str, wanted: Mapping[str, Any] | None) -> None:
    """Note how a person wants to be told by a contact point; None: not at all."""
    if wanted is None:
        await _done(
            connection, scope,
            "DELETE FROM dashboard_alerts.preference WHERE (role, settings, contact_point) = ($1, $2, $3)",
            *owner(scope), contact_point,
        )  # fmt: skip
        return
    await _done(
        connection, scope,
        load("alerts_prefer"),
        *owner(scope), contact_point, wanted["address"], wanted["minimum"], wanted["quiet_from"],
        wanted["quiet_until"], wanted["zone"],
    )  # fmt: skip


async def places(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """Contact points that a person may be told at, and how they want to be."""
    rows = await _done(connection, scope, load("alerts_places"), *owner(scope))
    return [
        {
            "name": row["name"], "personal": row["is_personal"], "on": row["address"] is not None,
            "address": row["address"] or "", "minimum": row["minimum"] or "warning",
            "from": row["quiet_from"] and f"{row['quiet_from']:%H:%M}",
            "until": row["quiet_until"] and f"{row['quiet_until']:%H:%M}",
        }
        for row in rows
    ]  # fmt: skip


async def silence(
    connection: Connection, scope: Scope, rule: str | None, labels: Mapping[str, str], until: datetime, reason: str
) -> None:
    """Tell a person nothing of a rule (None: of any) until then."""
    await _done(
        connection, scope,
        "INSERT INTO dashboard_alerts.silence (role, settings, rule, labels, until, reason) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *owner(scope), rule, json.dumps(dict(labels)), until, reason,
    )  # fmt: skip


async def speak(connection: Connection, scope: Scope, rule: str | None) -> None:
    """End a person's silences of a rule, or of all."""
    await _done(
        connection, scope,
        "UPDATE dashboard_alerts.silence SET until = now() WHERE (role, settings) = ($1, $2) AND until > now() "
        "AND ($3::text IS NULL OR rule = $3)",
        *owner(scope), rule,
    )  # fmt: skip


async def see(connection: Connection, scope: Scope, until: datetime) -> None:
    """Note that a person has seen all that they were told until then."""
    await _done(
        connection, scope,
        "INSERT INTO dashboard_alerts.seen AS s (role, settings, at) VALUES ($1, $2, $3) "
        "ON CONFLICT (role, settings) DO UPDATE SET at = greatest(s.at, EXCLUDED.at)",
        *owner(scope), until,
    )  # fmt: skip


async def _done(connection: Connection, scope: Scope | None, sql: str, *parameters: Any) -> list[Record]:
    """Run one statement as somebody, under the tables' row-level security."""
    try:
        return await run_in(connection, scope, sql, *parameters)
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.ForeignKeyViolationError):
            raise AlertError("There is no such contact point (any more).", "Choose another one.") from error
        if isinstance(error.__cause__, _UNFIT):
            raise AlertError(f"This cannot be kept: {error.message}", error.remedy) from error
        if scope is not None and isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
            raise AlertError("This is not for you to choose.", "Ask whoever looks after the database.") from error
        raise refusal(error) from error
