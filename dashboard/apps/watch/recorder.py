"""What happened to the watched tables: counted by the second, the latest told.

One recorder follows the changes of a `Live` for all sessions that watch its tables. Rates and charts move
once a second, also when nothing happens; the feed moves with the tick. Where the log may not be told to this role
(see `dashboard.live.stream`), the reason stands in the place of all of them.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import math
import time
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from dashboard.postgres.log import Change
from dashboard.postgres.reading import Column
from dashboard.views.source import Source

from .examine import Watched
from .lately import Lately
from .tally import BULK, KINDS, Tally
from .told import Piece, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dashboard.errors import DashboardError
    from dashboard.live import Live, Tick
    from dashboard.live.query import Subscription
    from dashboard.live.stream import Batch

KEPT = 100
NAMES = {"I": "inserted", "U": "updated", "D": "deleted"}
UNTOLD = "read anew"  # which rows changed is not known, nor how many


class Log:
    """What is known of one table's changes."""

    def __init__(self, live: Live, table: Watched) -> None:
        self.began = dt.datetime.now(dt.UTC)
        self._tally = Tally()
        self._latest: deque[tuple[int, dt.datetime, str, Change | int]] = deque(maxlen=KEPT)
        self._totals = dict.fromkeys((*KINDS, BULK), 0)
        self.format: Callable[[Mapping[str, object]], list[Piece]] = partial(_line, table)
        self._refusal: DashboardError | None = None
        self.lately = Lately(live, table)
        name = f"watch {table.name}"
        self.rate = Source(live, f"{name}: rate", [Column("rate", "float8")])
        self.pace = Source(live, f"{name}: pace", [Column("second", "timestamptz"), Column("changes", "int8")])
        self.totals = Source(live, f"{name}: totals", [Column(kind, "int8") for kind in (*KINDS, BULK)])
        self.by_second = Source(
            live,
            f"{name}: by second",
            [Column("second", "timestamptz"), Column("kind", "text"), Column("changes", "int8")],
        )
        self.latest = Source(
            live,
            f"{name}: latest",
            [Column("at", "timestamptz"), Column("kind", "text"), Column("change", "jsonb")],
        )

    def take(self, batch: Batch) -> None:
        """Count and tell what one tick brought."""
        self._refusal = None
        self.add(batch.changes)
        if batch.uncounted:
            self.add_many(batch.uncounted, batch.at)
        self.show()

    def refuse(self, error: DashboardError) -> None:
        """Tell nothing of the changes but why, until there is a batch again."""
        self._refusal = error
        self._latest.clear()
        self.latest.fill([], [])
        for source in (self.rate, self.pace, self.totals, self.by_second, self.latest):
            source.fail(error)

    def add(self, changes: Sequence[Change]) -> None:
        """Count changes, in their order, and keep the last of them."""
        for change in changes:
            if kind := NAMES.get(change.op):
                self._tally.add(int(change.at.timestamp()), kind)
                self._totals[kind] += 1
        self._latest.extend((c.seq, c.at, NAMES.get(c.op, UNTOLD), c) for c in changes[-KEPT:])

    def add_many(self, number: int, at: dt.datetime) -> None:
        """Count changes that were too many to be listed."""
        self._tally.add(int(at.timestamp()), BULK, number)
        self._totals[BULK] += number
        self._latest.append((-self._totals[BULK], at, BULK, number))

    def show(self) -> None:
        """Bring what moves with the tick up to date."""
        newest = list(reversed(self._latest))
        self.latest.fill([entry[0] for entry in newest], [entry[1:] for entry in newest])
        self.totals.fill([0], [tuple(self._totals[kind] for kind in (*KINDS, BULK))])

    def pass_time(self, now: float) -> None:
        """Bring what moves with the clock up to date; `now` in seconds since 1970, by the server's clock."""
        second = math.floor(now)
        self.lately.look()
        self._tally.forget(second)
        if self._refusal is not None:
            return
        self.rate.fill([0], [(self._tally.rate(second),)])
        rows = [(dt.datetime.fromtimestamp(at, dt.UTC), kind, n) for at, kind, n in self._tally.rows(second - 1)]
        self.by_second.fill([row[:2] for row in rows], rows)
        seconds = Counter[dt.datetime]()
        for at, _, number in rows:
            seconds[at] += number
        self.pace.fill(seconds, seconds.items())


class Recorder:
    """The logs of the tables that are watched on one `Live`."""

    _of: ClassVar[dict[Live, Recorder]] = {}

    def __init__(self, live: Live) -> None:
        self._live = live
        self._logs: dict[str, Log] = {}
        self._followed: list[Subscription] = []
        self._ahead = 0.0  # seconds by which the server's clock is ahead of this process's monotonic one
        self._subscription = live.on_tick(self._tick)
        # In a context of its own, or it would carry the session that came first into all others.
        self._clock = asyncio.get_running_loop().create_task(self._pass_time(), context=contextvars.Context())
        live.on_close(self.close)

    @classmethod
    def on(cls, live: Live) -> Recorder:
        """The one recorder of a `Live`; call it in the loop that runs it."""
        if live not in cls._of:
            cls._of[live] = cls(live)
        return cls._of[live]

    def close(self) -> None:
        """Record no more; done when the `Live` is closed."""
        self._subscription.close()
        for followed in self._followed:
            followed.close()
        for log in self._logs.values():
            log.lately.close()
        self._clock.cancel()
        self._of.pop(self._live, None)

    def log(self, table: Watched) -> Log:
        """The changes of a table, from the first time it is asked for."""
        if table.name not in self._logs:
            log = self._logs[table.name] = Log(self._live, table)
            log.show()
            log.pass_time(self._now())
            self._followed.append(self._live.changes(table.name).subscribe(log.take, log.refuse))
        return self._logs[table.name]

    def _tick(self, tick: Tick) -> None:
        self._ahead = tick.at.timestamp() - time.monotonic()

    def _now(self) -> float:
        return time.monotonic() + self._ahead if self._ahead else time.time()

    async def _pass_time(self) -> None:
        while True:
            await asyncio.sleep(1 - self._now() % 1)
            for log in self._logs.values():
                log.pass_time(self._now())


def _line(table: Watched, row: Mapping[str, object]) -> list[Piece]:
    change = row["change"]
    if isinstance(change, Change):
        return told(change.op, change.old, change.new, table.key, table.columns)
    return [("b", f"{change:,} rows"), ("", " at once, too many to be listed")]
