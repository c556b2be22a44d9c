"""What the leader does for the log at its heartbeats: rotate it, cover new partitions, forget old keys of writes.

A role that may read the log but not keep it leaves that to a leader that may; `dashboard doctor` tells.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

from dashboard.errors import CaptureError, NotNow, QueryError
from dashboard.postgres.capture import adopt
from dashboard.postgres.connection import Connection, fetch
from dashboard.postgres.rotation import rotate
from dashboard.sql import load

ROTATE, ADOPT, PRUNE = 2.0, 5.0, 600.0
"""Seconds between two looks."""


class Upkeep:
    """Keeps the log of one database to its time and size.

    Parameters
    ----------
    retention
        Seconds that changes are kept.
    max_bytes
        Size beyond which they are kept for less.
    keys
        Seconds that the keys of writes are kept.
    """

    def __init__(self, *, retention: float, max_bytes: int, keys: float) -> None:
        self.retention = retention
        self.max_bytes = max_bytes
        self.keys = timedelta(seconds=keys)
        self._next = {"rotate": 0.0, "adopt": 0.0, "prune": 0.0}

    async def __call__(self, connection: Connection) -> None:
        """Do what is due, each part at its own interval and whatever became of the other."""
        if self._is_due("rotate", ROTATE):
            with suppress(NotNow, CaptureError, QueryError):
                await rotate(connection, retention=self.retention, max_bytes=self.max_bytes)
        if self._is_due("adopt", ADOPT):
            with suppress(NotNow, CaptureError, QueryError):
                await adopt(connection)
        if self._is_due("prune", PRUNE):
            with suppress(QueryError):
                await fetch(connection, load("prune"), self.keys)

    def _is_due(self, part: str, interval: float) -> bool:
        now = time.monotonic()
        if now < self._next[part]:
            return False
        self._next[part] = now + interval
        return True
