"""Asking the databases of this process how they do: for `/health` and `/metrics`, once a second at most.

However many ask at once, and however often, PostgreSQL is asked by one connection, and nobody waits longer than
`PATIENCE`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dashboard.errors import DashboardError
from dashboard.live.shared import followed
from dashboard.postgres.asking import Asking
from dashboard.postgres.health import Standing, standing

if TYPE_CHECKING:
    from dashboard.live import Live

PATIENCE = 2.0
"""Seconds that a database has to answer."""
FRESH = 1.0
"""Seconds for which an answer is good."""

Found = Standing | DashboardError


class Probe:
    """What the databases say of themselves."""

    def __init__(self) -> None:
        self._asking: dict[Live, Asking] = {}
        self._found: dict[Live, Found] = {}
        self._asked_at = 0.0
        self._turn = asyncio.Lock()

    async def look(self) -> Mapping[Live, Found]:
        """How each database that is followed does; an error where it does not answer."""
        async with self._turn:
            lives = followed()
            if time.monotonic() - self._asked_at > FRESH or lives != list(self._found):
                found = await asyncio.gather(*(self._ask(live) for live in lives))
                self._found = dict(zip(lives, found, strict=True))
                self._asked_at = time.monotonic()
                await self._forget()
        return self._found

    async def close(self) -> None:
        """Close the connections."""
        for asking in self._asking.values():
            await asking.close()
        self._asking.clear()

    async def _ask(self, live: Live) -> Found:
        asking = self._asking.get(live)
        if asking is None:
            asking = self._asking[live] = Asking(live.dsn, "dashboard: health", patience=PATIENCE)
        try:
            return await asking.ask(standing)
        except DashboardError as error:
            return error

    async def _forget(self) -> None:
        for live in self._asking.keys() - self._found.keys():
            await self._asking.pop(live).close()
