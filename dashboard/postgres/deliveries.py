"""What is to be sent of alerts, and what became of it: any process may send, each message by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from dashboard.postgres.alerts import owner
from dashboard.postgres.connection import Connection, Record, fetch, translated
from dashboard.postgres.scope import Scope
from dashboard.sql import load


async def claim(connection: Connection, *, now: datetime, lease: timedelta, pause: timedelta) -> list[Record]:
    """Take one message that is due; its parts, or none. Those whose sender has ended are dealt with first."""
    with translated():
        async with connection.transaction():
            await connection.execute(load("alerts_expired"))
            return list(await connection.fetch(load("alerts_claim"), now, lease, uuid4(), pause))


async def revise(connection: Connection, scope: Scope, now: datetime) -> None:
    """Let what waits to be told to a person go by what they want now."""
    await fetch(connection, load("alerts_revised"), *owner(scope), now)


async def sent(connection: Connection, batch: UUID) -> None:
    """A message went out; its contact point works (again)."""
    with translated():
        async with connection.transaction():
            places = await connection.fetch(
                "UPDATE dashboard_alerts.delivery SET state = 'sent', sent_at = clock_timestamp(), problem = '' "
                "WHERE batch = $1 AND state = 'sending' RETURNING contact_point, role, settings",
                batch,
            )
            for place in {(row["contact_point"], row["role"], row["settings"]) for row in places}:
                await connection.execute(load("alerts_taken"), *place)


async def refused(connection: Connection, batch: UUID, problem: str, *, again_at: datetime | None) -> None:
    """A message did not go out: it is tried again then, or (None) given up, and the person told so in the page."""
    with translated():
        async with connection.transaction():
            places = await connection.fetch(load("alerts_untaken"), batch, problem, again_at)
            if again_at is None:
                for place in {(row["contact_point"], row["role"], row["settings"]) for row in places}:
                    await connection.execute(load("alerts_refused"), uuid4(), *place, problem)
