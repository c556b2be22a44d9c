"""Keeping the log to its time and size, and telling how it stands.

The work is done by a function in the database (``sql/rotate.sql``), with the rights of the log's owner, so
that any follower that leads can do it. It waits for nobody: what cannot be emptied now is emptied at a
later heartbeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.postgres.connection import Connection, translated
from dashboard.sql import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What one rotation did.

    Parameters
    ----------
    emptied
        How many partitions were truncated.
    turned
        Whether new rows go to another partition from now on.
    bytes
        Size of the log afterwards, indexes included.
    """

    emptied: int
    turned: bool
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """How the log stands.

    Parameters
    ----------
    bytes
        Its size, indexes included; `slot_bytes` of each partition.
    rows
        The planner's estimate.
    oldest
        When the ring came to the oldest partition that holds rows; None while the log is empty.
    slot, entered_at
        The partition in use, and since when.
    horizon
        Largest transaction whose rows were rotated away, 0 for none yet; `rotated_at` when.
    has_doorbell
        Whether writers can wake a sleeping follower; False where transactions can be prepared.
    at
        The server's clock.
    """

    incarnation: str
    bytes: int
    slot_bytes: tuple[int, ...]
    rows: int
    oldest: datetime | None
    slot: int
    entered_at: datetime | None
    horizon: int
    rotated_at: datetime | None
    has_doorbell: bool
    at: datetime

    def is_overdue(self, retention: float) -> bool:
        """Whether the log should have been rotated long ago: nobody leads, or something holds it."""
        return self.oldest is not None and (self.at - self.oldest).total_seconds() > 2 * retention + 60


async def rotate(connection: Connection, *, retention: float, max_bytes: int) -> Rotation:
    """Empty partitions that are too old or too much, and turn the ring when it is time.

    Parameters
    ----------
    retention
        Seconds that a change is kept at least, unless the log grows beyond `max_bytes`.

    Raises
    ------
    PrivilegeError
        The role may not: see :func:`dashboard.postgres.capture.grants`.
    """
    with translated():
        row = await connection.fetchrow(load("rotated"), float(retention), max_bytes)
    return Rotation(emptied=row["emptied"], turned=row["turned"], bytes=row["bytes"])


async def log_status(connection: Connection) -> LogStatus:
    """Tell how the log stands, for `doctor` and the monitor."""
    with translated():
        row = await connection.fetchrow(load("log_status"))
    sizes = tuple(row["slot_bytes"])
    return LogStatus(
        incarnation=row["incarnation"],
        bytes=sum(sizes),
        slot_bytes=sizes,
        rows=row["rows"],
        oldest=row["oldest"],
        slot=row["slot"],
        entered_at=row["entered_at"],
        horizon=row["horizon"],
        rotated_at=row["rotated_at"],
        has_doorbell=row["doorbell"],
        at=row["at"],
    )
