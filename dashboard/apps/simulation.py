"""Changes like the real ones: an actor decides what happens, this module when, and keeps at it.

The seam between the two is `Actor`. Whatever an app simulates, the pace, the stop and the way back after the
database was away are the same.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Protocol

from dashboard.errors import ConnectError, ConnectionLost, DashboardError, QueryError, SettingsError
from dashboard.postgres.connection import Connection, connect, translated

from .pace import moments

PATIENCE = (0.2, 10.0)  # seconds before the first and at most before any further attempt to connect
OVERTAKEN = {"23", "40"}  # sqlstate classes: a row another client changed meanwhile; begin again
LATE = 1.0  # seconds behind which the time lost is given up: a slow database is not flooded afterwards


class Actor(Protocol):
    """Who makes the changes. All its choices come from its own seed and from the rows it read."""

    async def begin(self, connection: Connection) -> None:
        """Read what there is to work on; called at the start and after anything went wrong."""

    async def act(self, connection: Connection) -> int:
        """Make the next change, in one transaction; return how many changes it counts for."""

    async def add(self, connection: Connection) -> int:
        """Begin one of what it is all about (`App.adds`), now; return 0 where nobody is there to do it."""


class Simulation:
    """Writes to a database until it is stopped.

    Parameters
    ----------
    rate
        Changes a second on average. They come by chance and in bursts.
    seed
        The same seed on the same rows makes the same changes in the same order.
    """

    def __init__(self, dsn: str, actor: Actor, *, rate: float = 2.0, seed: int = 0) -> None:
        if not 0 < rate <= 10_000:
            raise SettingsError(f"The rate {rate:g} is not possible.", "Choose one from 0.01 to 10000 a second.")
        self.dsn = dsn
        self.rate = rate
        self.written = 0
        self._actor = actor
        self._moments = moments(rate, random.Random(seed))  # noqa: S311 -- nothing to keep secret
        self._moment = 0.0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make `run` return after the change it is at."""
        self._stopping.set()

    async def run(self) -> None:
        """Write until `stop`, or until the task is cancelled.

        Raises
        ------
        ConnectError
            The database could not be reached at the start. Later it is waited for.
        QueryError
            The database refuses what is written for a reason that time does not heal.
        """
        connection: Connection | None = await self._connect()
        while connection is not None:
            try:
                await self._work(connection)
                return
            except ConnectionLost:
                pass
            finally:
                with suppress(DashboardError), translated():
                    await connection.close(timeout=2)
            connection = await self._come_back()

    async def _connect(self) -> Connection:
        return await connect(self.dsn, name="dashboard: simulate")

    async def _come_back(self) -> Connection | None:
        """Connect again as soon as the database is back; None when stopped meanwhile."""
        pause = PATIENCE[0]
        while not await self._stopped_within(pause):
            with suppress(ConnectError):
                return await self._connect()
            pause = min(pause * 2, PATIENCE[1])
        return None

    async def _work(self, connection: Connection) -> None:
        """Make changes at their moments; return when stopped."""
        with translated():
            await self._actor.begin(connection)
        now = asyncio.get_running_loop().time
        start, ahead = now() - self._moment, 0
        for moment in self._moments:
            self._moment = moment
            if ahead > 0:  # one act may stand for several changes, as a mailing does
                ahead -= 1
                continue
            late = now() - start - moment
            start += late if late > LATE else 0
            if await self._stopped_within(-late):
                return
            ahead = await self._act(connection) - 1

    async def _act(self, connection: Connection) -> int:
        try:
            with translated():
                made = await self._actor.act(connection)
        except (IndexError, QueryError) as error:
            if isinstance(error, QueryError) and (error.sqlstate or "")[:2] not in OVERTAKEN:
                raise  # else somebody took the rows away: those it would choose from, even all of them
            with translated():
                await self._actor.begin(connection)
            return 0
        self.written += made
        return made

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._stopping.wait()
        return self._stopping.is_set()
