"""`dashboard simulate` and the life in `dashboard demo`: several apps' simulations side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard.apps import App
from dashboard.errors import QueryError
from dashboard.postgres.server import Server
from dashboard.settings import settings

UNDEFINED_TABLE = "42P01"


async def simulate(dsn: str | None, apps: Sequence[App], *, rate: float) -> None:
    """Write like the apps' people do, until cancelled.

    Parameters
    ----------
    dsn
        None: the database of the settings, else the embedded server's.

    Raises
    ------
    ConnectError, QueryError
        The database cannot be reached at the start, or refuses what is written.
    """
    target = dsn or settings().dsn
    if target is not None:
        await _write(target, apps, rate)
        return
    server = Server()
    try:
        await asyncio.to_thread(server.start)
        await _write(server.dsn, apps, rate)
    finally:
        server.stop()


async def _write(dsn: str, apps: Sequence[App], rate: float) -> None:
    simulations = [app.simulate(dsn, rate=rate) for app in apps]
    try:
        async with asyncio.TaskGroup() as group:
            for simulation in simulations:
                group.create_task(simulation.run())
    except* QueryError as group_of_errors:
        for error in group_of_errors.exceptions:
            if isinstance(error, QueryError) and error.sqlstate == UNDEFINED_TABLE:
                error.remedy = "`dashboard demo` makes a database with these tables and sample rows."
        raise
