"""Following one database for as long as somebody wants it: connect, read, rest, and begin again after a cut.

The pace adapts. Few changes: the gate is closed, writers ring, and each ring is answered at once. Many changes:
the gate is open, writers pay nothing, and the log is read every `tick` seconds. None: nothing but a heartbeat,
which also finds out that a connection is dead though nobody said so. Between two
ticks is always a rest, so that a slow query cannot take the whole connection.

Where the database cannot wake us (a hot standby, a transaction pooler) it is read at intervals, and the
heartbeat looks whether that is still so.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dashboard.errors import ConnectionLost, DashboardError
from dashboard.postgres.captured import mark
from dashboard.postgres.connection import Connection, connect, fetch
from dashboard.postgres.doorbell import Doorbell
from dashboard.postgres.log import LogReader
from dashboard.postgres.offset import Identity
from dashboard.postgres.status import State, Status
from dashboard.sql import load

_log = logging.getLogger(__name__)

BUSY = 150.0
"""Transactions per second from which reading by ourselves is cheaper for everybody than being rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, how long, how patient; all in seconds. Fields as the settings of the same names say."""

    heartbeat: float = 0.7
    tick: float = 0.03
    poll_interval: float = 0.25
    connect_timeout: float = 10.0
    statement_timeout: float = 60.0
    reply_timeout: float = 5.0
    backoff_first: float = 0.1
    backoff_max: float = 30.0
    offline_after: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a tick reports to the follower.

    Parameters
    ----------
    transactions, changes
        That became visible.
    lag
        Age of the oldest of them, seconds.
    wait_at_most
        Seconds after which the next tick is due though nothing changed; None leaves it to the heartbeat.
    """

    transactions: int
    changes: int
    lag: float
    wait_at_most: float | None = None


Tick = Callable[[LogReader, bool], Awaitable[Progress]]
Upkeep = Callable[[Connection], Awaitable[None]]


class Follower:
    """Calls `tick` whenever the log may have grown, over one connection that it keeps alive.

    Parameters
    ----------
    dsn
        The database.
    tick
        Called with the reader and whether this is a heartbeat. An error leads to a new connection.
    upkeep
        Called by the leader at heartbeats: rotation of the log.
    pace
        Intervals and patience.
    """

    def __init__(self, dsn: str, tick: Tick, *, upkeep: Upkeep | None = None, pace: Pace | None = None) -> None:
        self.dsn = dsn
        self.pace = pace or Pace()
        self.status = self.initial_status()
        self.on_status: Callable[[Status], None] = lambda _status: None
        self.error: DashboardError | None = None
        self._tick = tick
        self._upkeep = upkeep
        self._wake = asyncio.Event()
        self._look = False
        self._rate = 0.0
        self._last = 0.0
        self._doorbell: Doorbell | None = None
        self._connected = asyncio.Event()

    @staticmethod
    def initial_status() -> Status:
        """The status of a follower that has not begun."""
        return Status(state="connecting", since=_now())

    async def connected(self) -> None:
        """Wait for the first connection.

        Raises
        ------
        ConnectError
            The first attempt failed; the follower goes on trying.
        """
        await self._connected.wait()
        if self.error is not None:
            raise self.error

    @property
    def leads(self) -> bool:
        """Whether this follower rings for the others and keeps up the log."""
        return self._doorbell is not None and self._doorbell.leads

    def wake(self, *, look: bool = False) -> None:
        """Have the next tick now; with `look`, as a heartbeat that looks at the schema."""
        self._look = self._look or look
        self._wake.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        failures, failing_since = 0, _clock()
        while True:
            connection: Connection | None = None
            try:
                connection = await connect(
                    self.dsn,
                    name="dashboard: follower",
                    timeout=self.pace.connect_timeout,
                    statement_timeout=self.pace.statement_timeout,
                )
                reader = await self._begin(connection)
                failures, failing_since = 0, _clock()
                await self._follow(reader)
            except DashboardError as error:
                self.error = error
            except TimeoutError:
                self.error = ConnectionLost("The server stopped answering.")
            except Exception as error:  # whatever it was, a page must not go on saying that it is live
                _log.exception("Following the database failed")
                self.error = ConnectionLost(f"Following the database failed: {error!r}.")
            finally:
                self._doorbell = None
                if connection is not None:
                    connection.terminate()
            if failures == 0:
                failing_since = _clock()
            failures += 1
            await self._back_off(failures, _clock() - failing_since)

    async def _back_off(self, failures: int, failing_for: float) -> None:
        self._connected.set()
        gone = failing_for >= self.pace.offline_after
        self._is("offline" if gone else "reconnecting", str(self.error))
        delay = min(self.pace.backoff_max, self.pace.backoff_first * 2 ** min(failures - 1, 20))
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(delay * random.uniform(0.5, 1.0)):  # noqa: S311 - jitter, not a secret
                await self._wake.wait()

    async def _begin(self, connection: Connection) -> LogReader:
        self.error = None
        async with asyncio.timeout(self.pace.reply_timeout):
            row = (await fetch(connection, load("identity"), mark()))[0]
            identity = Identity(
                system_identifier=row["system_identifier"],
                timeline=row["timeline"],
                started=row["started"],
                standby=row["standby"],
                incarnation=None,
            )
            reader = LogReader(
                connection,
                identity,
                has_log=row["may_read"],
                standby=row["standby"],
                patience=self.pace.reply_timeout,
            )
            why = "The server is a hot standby, which cannot wake us." if row["standby"] else ""
            if not why and connection.pooled:
                why = "A connection pooler stands before the server, through which it cannot wake us."
            if not row["has_log"]:
                why = "Capture is not installed in this database: run `dashboard install`."
            elif not row["is_current"]:
                why = "Capture is of another version of this package: `dashboard install` brings it up to date."
            elif not row["may_read"]:
                why = f"Role {row['role']} may not read the change log: `dashboard doctor` says what to grant."
            elif not why and not row["has_doorbell"]:
                why = "The server prepares transactions (max_prepared_transactions), so writers cannot wake us."
            if not why:
                doorbell = Doorbell(connection, self._wake.set)
                if await doorbell.listen():
                    self._doorbell = doorbell
                else:
                    why = "The server does not deliver notifications on this connection."
        self._is("polling" if why else "live", why)
        self._connected.set()
        return reader

    async def _follow(self, reader: LogReader) -> None:
        beat = 0.0
        while True:
            heartbeat, self._look = self._look or _clock() >= beat, False
            if heartbeat:
                await self._keep_up(reader)
                beat = _clock() + self.pace.heartbeat
            self._wake.clear()
            started = _clock()
            progress = await self._tick(reader, heartbeat)
            self._measure(progress, started)
            await self._rest(progress, _clock() - started, beat)

    async def _keep_up(self, reader: LogReader) -> None:
        async with asyncio.timeout(self.pace.reply_timeout):
            row = (await fetch(reader.connection, load("identity"), mark()))[0]
        if row["standby"] != reader.standby or row["may_read"] != reader.has_log:
            raise ConnectionLost("The server has changed its part; beginning again.")
        if self._doorbell is not None:
            await self._doorbell.try_to_lead()
            if self._doorbell.leads and self._upkeep is not None:
                await self._upkeep(reader.connection)

    def _measure(self, progress: Progress, started: float) -> None:
        elapsed = max(started - self._last, 1e-3)
        self._last = started
        weight = min(1.0, elapsed / 0.5)
        self._rate += weight * (progress.transactions / elapsed - self._rate)
        lag = progress.lag if progress.changes else 0.0
        self.status = replace(self.status, lag=lag)

    async def _rest(self, progress: Progress, cost: float, beat: float) -> None:
        """Wait until the next tick is due."""
        bell = self._doorbell
        least = max(cost, min(self.pace.tick, 0.004 + 0.0005 * progress.changes))
        most = max(0.0, beat - _clock())
        if progress.wait_at_most is not None:
            most = min(most, progress.wait_at_most)
        if bell is None:
            least = self.pace.tick if progress.changes else self.pace.poll_interval
            await self._wait(least, 0.0)
            return
        if bell.leads and not await self._asleep(bell, progress):
            await self._wait(max(cost / 4, self.pace.tick - cost), 0.0)
            return
        await self._wait(least, max(0.0, most - least))

    async def _asleep(self, bell: Doorbell, progress: Progress) -> bool:
        """Whether writers will ring; decided by how busy they are. Just closed: the log is read once more."""
        if self._rate > BUSY:
            await bell.open_gate()
            if progress.changes:
                await bell.ring()
            return False
        if bell.gate_held:
            return True
        if self._rate > BUSY / 2 or not await bell.close_gate():
            if progress.changes:
                await bell.ring()
            return False
        await bell.ring()  # also for what a writer left unrung between this tick and the gate
        self._wake.set()
        return True

    async def _wait(self, least: float, more: float) -> None:
        """Rest for `least` seconds, then until woken, at most `more` seconds."""
        if least > 0:
            await asyncio.sleep(least)
        if not self._wake.is_set() and more > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(more):
                    await self._wake.wait()

    def _is(self, state: State, reason: str) -> None:
        if (state, reason) == (self.status.state, self.status.reason):
            return
        since = self.status.since if state == self.status.state else _now()
        self.status = Status(state=state, since=since, lag=self.status.lag, reason=reason, error=self.error)
        self.on_status(self.status)


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _now() -> datetime:
    return datetime.now(UTC)
