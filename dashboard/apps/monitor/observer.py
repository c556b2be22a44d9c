"""Looks at this process once a second, for as long as somebody looks at the monitor, and at nothing otherwise.

What is counted is at hand; what only PostgreSQL knows (the log, who follows) is asked over a connection of its own,
beside, so that a database that does not answer holds up no other figure.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from prometheus_client import PROCESS_COLLECTOR

from dashboard.errors import DashboardError
from dashboard.live import Column
from dashboard.postgres.asking import Asking
from dashboard.postgres.health import Standing, standing
from dashboard.views.channel import Channel
from dashboard.views.source import Source
from dashboard.views.traffic import TRAFFIC

from . import rows

if TYPE_CHECKING:
    from dashboard.live import Live

EVERY = 1.0
PATIENCE = 2.0
"""Seconds that PostgreSQL has to answer."""

NOW = "rate p99 lag cpu messages views kilobytes skipped awake queries seen pages memory"


class Observer:
    """The monitor's rows for one `Live`."""

    _of: ClassVar[dict[Live, Observer]] = {}

    def __init__(self, live: Live) -> None:
        self._live = live
        self._before: rows.Reading | None = None
        self._task: asyncio.Task[None] | None = None
        self._sources: list[Source] = []
        self.now = self._source("now", **dict.fromkeys(NOW.split(), "float8"))
        self.changes = self._source("changes", second="timestamptz", changes="int8")
        self.slowest = self._source("slowest", second="timestamptz", slowest="float8")
        self.costs = self._source("costs", second="timestamptz", kind="text", ms="float8")
        self.queries = self._source(
            "queries", sql="text", reason="text", plan="text", priority="text", rows="int8", runs="int8",
            mean="float8", time="float8", whole="int8", state="text",
        )  # fmt: skip
        self.followers = self._source(
            "followers", process="text", part="text", role="text", address="text", since="timestamptz"
        )
        self.log = self._source("log", size="float8", reach="float8", rotated="float8", horizon="int8")
        self.slots = self._source("slots", partition="text", use="text", size="float8")
        self.visits = self._source(
            "visits", page="text", reader="text", opened="timestamptz", stayed="text", state="text"
        )
        self.pages = self._source("pages", page="text", open="text", opened="int8")
        live.on_close(self.close)

    @classmethod
    def on(cls, live: Live) -> Observer:
        """The one observer of a `Live`."""
        if live not in cls._of:
            cls._of[live] = cls(live)
        return cls._of[live]

    @property
    def is_looking(self) -> bool:
        """Whether it looks, because somebody does."""
        return self._task is not None

    def close(self) -> None:
        """Look no more; done when the `Live` is closed."""
        if self._task is not None:
            self._task.cancel()
        self._of.pop(self._live, None)

    def _source(self, name: str, **columns: str) -> Source:
        named = [Column(column, kind) for column, kind in columns.items()]
        source = Source(self._live, f"monitor: {name}", named, self._wake)
        self._sources.append(source)
        return source

    def _is_seen(self) -> bool:
        return any(source.is_seen for source in self._sources)

    def _wake(self) -> None:
        if self._task is None:
            self._count()  # whoever comes sees what is true now
            # In a context of its own, or it would carry the session that came first into all others.
            work = self._look()
            self._task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
            self._task.add_done_callback(self._rest)

    def _rest(self, task: asyncio.Task[None]) -> None:
        self._task = self._before = None
        if not task.cancelled() and task.exception() is not None:
            task.get_loop().call_exception_handler(
                {"message": "The monitor ended", "exception": task.exception(), "task": task}
            )
        elif not task.cancelled() and self._is_seen():  # somebody came while it was about to rest
            self._wake()

    async def _look(self) -> None:
        asking = Asking(self._live.dsn, "dashboard: monitor", patience=PATIENCE)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._count_on())
                group.create_task(self._ask_on(asking))
        finally:
            await asking.close()

    async def _count_on(self) -> None:
        while self._is_seen():
            await asyncio.sleep(EVERY - time.time() % EVERY)
            self._count()

    async def _ask_on(self, asking: Asking) -> None:
        while self._is_seen():
            try:
                self._tell(await asking.ask(standing))
            except DashboardError as error:
                for source in (self.followers, self.log, self.slots):
                    source.fail(error)
            await asyncio.sleep(EVERY)

    def _count(self) -> None:
        """Bring what is counted in this process up to date."""
        figures, opened, channels = self._live.hub.figures, self._live.open_queries(), Channel.all()
        seconds = list(figures.seconds())
        fill(self.changes, ((row[0], row) for row in rows.changes(seconds)))
        fill(self.slowest, ((row[0], row) for row in rows.slowest(seconds)))
        fill(self.costs, ((row[:2], row) for row in rows.costs(seconds)))
        fill(self.queries, rows.queries(opened))
        fill(self.visits, rows.visits(TRAFFIC, channels))
        fill(self.pages, rows.pages(TRAFFIC, channels))
        reading, before = _reading(), self._before
        self._before = reading
        awake = sum(query.condition == "awake" for query in opened)
        seen = sum(channel.presence == "seen" for channel in channels)
        counts = (awake, len(opened), seen, len(channels))
        row = (*rows.ticking(figures), *reading.rates(before), *counts, _memory())
        fill(self.now, [(0, row)])

    def _tell(self, seen: Standing) -> None:
        """Bring what PostgreSQL said up to date."""
        fill(self.followers, rows.followers(seen))
        fill(self.log, [] if seen.log is None else [(0, rows.log(seen.log))])
        fill(self.slots, [] if seen.log is None else rows.slots(seen.log))


def fill(source: Source, keyed: Iterable[tuple[Hashable, rows.Row]]) -> None:
    """Put rows under their keys in the place of those before."""
    known = dict(keyed)
    source.fill(known.keys(), known.values())


def _reading() -> rows.Reading:
    return rows.Reading(
        at=time.monotonic(),
        cpu=time.process_time(),
        messages=TRAFFIC.messages,
        flushed=TRAFFIC.flushed,
        sent_bytes=TRAFFIC.sent_bytes,
        skipped=TRAFFIC.skipped,
    )


def _memory() -> float | None:
    """Megabytes of this process; None where the system does not tell."""
    families: Iterable[Any] = PROCESS_COLLECTOR.collect()
    resident = (family.samples[0].value for family in families if family.name == "process_resident_memory_bytes")
    return next((value / rows.MEGABYTE for value in resident), None)
