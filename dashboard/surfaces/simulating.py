"""`dashboard simulate` and the life in `dashboard demo`: several apps' simulations side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard.apps import App


async def simulate(dsn: str, apps: Sequence[App], *, rate: float) -> None:
    """Write like the apps' people do, until cancelled.

    Raises
    ------
    ConnectError, QueryError
        The database cannot be reached at the start, or refuses what is written.
    """
    async with asyncio.TaskGroup() as group:
        for app in apps:
            group.create_task(app.simulate(dsn, rate=rate).run())
