"""How capture and its followers do in one database: facts only, judged by `dashboard doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.postgres.connection import Connection, fetch
from dashboard.postgres.rotation import LogStatus, log_status
from dashboard.sql import load


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerSeen:
    """A process that follows the log, as PostgreSQL sees its connection.

    Parameters
    ----------
    since, silent_for
        When it connected, and seconds since it last asked for anything; None where this role may not see that.
    """

    pid: int
    role: str
    address: str
    since: datetime | None
    leads: bool
    silent_for: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a database says of itself.

    Parameters
    ----------
    pooled
        Whether a connection pooler stands before the server.
    notification_queue
        How full it is, 0 to 1. It fills when a client listens and never reads.
    oldest_transaction
        Seconds that the oldest idle transaction has been open; None without one.
    unreadable
        Captured tables that this role may not read.
    latest_change
        Seconds since the log's latest change; None while it is empty, or not to be read.
    """

    version: str
    database: str
    role: str
    standby: bool
    pooled: bool
    notification_queue: float
    oldest_transaction: float | None
    may_read_log: bool
    unreadable: tuple[str, ...]
    latest_change: float | None
    followers: tuple[FollowerSeen, ...]


async def health(connection: Connection, tables: Sequence[int]) -> Health:
    """Ask a database how it does; `tables` are the oids of its captured tables."""
    row = (await fetch(connection, load("health"), list(tables)))[0]
    latest = await fetch(connection, load("latest_change")) if row["may_read_log"] else []
    return Health(
        version=row["version"],
        database=row["database"],
        role=row["role"],
        standby=row["standby"],
        pooled=connection.pooled,
        notification_queue=row["notification_queue"],
        oldest_transaction=row["oldest_transaction"],
        may_read_log=row["may_read_log"],
        unreadable=tuple(row["unreadable"]),
        latest_change=latest[0][0] if latest else None,
        followers=tuple(FollowerSeen(**dict(seen)) for seen in await fetch(connection, load("followers"))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a database and its log stand; `log` is None where there is none, or it may not be read."""

    health: Health
    log: LogStatus | None


async def standing(connection: Connection) -> Standing:
    """Ask what the monitor, ``/health`` and ``/metrics`` tell of a database."""
    found = await health(connection, ())
    return Standing(health=found, log=await log_status(connection) if found.may_read_log else None)
