"""The gate: how a reader sleeps without missing a change, and writers ring only while it sleeps.

NOTIFY takes a database-wide lock at commit, so it must not be in every commit. The one reader that leads holds the
gate, an advisory lock, exclusively while it sleeps; the capture trigger tries the same lock shared. If the trigger
gets it the leader is awake and reads by itself; if not, it rings. The leader takes the gate without waiting, which
fails while a writer that did not ring is still open, and reads once more before it sleeps.

Leading is a second advisory lock. Both belong to the session, so they go with its connection, and another reader
leads from its next heartbeat. The leader rings for the others when it reads by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dashboard.postgres.connection import Connection, fetch, translated

CHANNEL = "dashboard"
_CLASS = 1684107106
_GATE, _LEADER = 1, 2


class Doorbell:
    """One reader's side of the gate, on its own session of PostgreSQL."""

    def __init__(self, connection: Connection, rung: Callable[[], None]) -> None:
        self.connection = connection
        self.leads = False
        self.gate_held = False
        self._rung = rung
        self._probe: asyncio.Event | None = None
        self._me = connection.get_server_pid()

    async def listen(self, patience: float = 1.0) -> bool:
        """Hear the bell; False where LISTEN cannot be had, found out by ringing ourselves."""
        self._probe = asyncio.Event()
        with translated():
            await self.connection.add_listener(CHANNEL, self._heard)
        await fetch(self.connection, "SELECT pg_notify($1, 'probe')", CHANNEL)
        try:
            async with asyncio.timeout(patience):
                await self._probe.wait()
        except TimeoutError:
            return False
        return True

    def _heard(self, _connection: Any, pid: int, _channel: str, payload: object) -> None:
        if pid == self._me:
            if payload == "probe" and self._probe is not None:
                self._probe.set()
            return
        self._rung()

    async def try_to_lead(self) -> None:
        """Become the leader if there is none."""
        if not self.leads:
            self.leads = await self._try(_LEADER)

    async def close_gate(self) -> bool:
        """Have writers ring from now on; False while one that did not ring is still open. Then read once more."""
        if not self.gate_held:
            self.gate_held = await self._try(_GATE)
        return self.gate_held

    async def open_gate(self) -> None:
        """Have writers not ring any more: this reader reads by itself."""
        if self.gate_held:
            self.gate_held = False
            await fetch(self.connection, "SELECT pg_advisory_unlock($1::int, $2::int)", _CLASS, _GATE)

    async def ring(self) -> None:
        """Wake the other readers."""
        await fetch(self.connection, "SELECT pg_notify($1, '')", CHANNEL)

    async def _try(self, lock: int) -> bool:
        row = await fetch(self.connection, "SELECT pg_try_advisory_lock($1::int, $2::int)", _CLASS, lock)
        return bool(row[0][0])
