"""What the leader does for the log at its heartbeats: rotate it, and cover new partitions.

A role that may read the log but not keep it leaves that to a leader that may; `dashboard doctor` tells.
"""

from __future__ import annotations

import time

from dashboard.errors import CaptureError, NotNow, QueryError
from dashboard.postgres.capture import adopt
from dashboard.postgres.connection import Connection
from dashboard.postgres.rotation import rotate

INTERVAL = 2.0


class Upkeep:
    """Keeps the log of one database to its time and size.

    Parameters
    ----------
    retention
        Seconds that changes are kept.
    max_bytes
        Size beyond which they are kept for less.
    """

    def __init__(self, *, retention: float, max_bytes: int) -> None:
        self.retention = retention
        self.max_bytes = max_bytes
        self._next = 0.0

    async def __call__(self, connection: Connection) -> None:
        """Do what is due; at most every `INTERVAL` seconds."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + INTERVAL
        try:
            await adopt(connection)
            await rotate(connection, retention=self.retention, max_bytes=self.max_bytes)
        except (NotNow, CaptureError, QueryError):
            self._next += 10 * INTERVAL
