"""One tick moves every answer from one snapshot to the next.

A tick opens a snapshot, reads what became visible since the last one, finds the answers these changes touch, brings
them up to date in that same snapshot, and only then publishes them, all at one moment. Nobody sees half a tick.

An answer that joins was read in a snapshot of its own; its first tick catches it up from there. An answer that
PostgreSQL refuses must not take the others with it: the tick is done again with a savepoint around each, the
refused one keeps its rows and carries the error, and is opened anew at each heartbeat until it works again. When
the log cannot be resumed (rotated away, another server) every answer is read anew, in one snapshot, and what
differs is one delta.

A re-run that is expensive is not repeated at every tick: it rests for three times what it cost, and says by its own
offset how far it is true. `Hub.settle` waits for such too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.errors import ConnectionLost, DashboardError
from dashboard.live.answer import Answer
from dashboard.live.changes import Changes
from dashboard.live.delta import Delta
from dashboard.live.routing import Routes
from dashboard.postgres.follower import Progress
from dashboard.postgres.log import Change, LogReader, Window
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Reading
from dashboard.postgres.scope import Scope

CHEAP = 0.02
"""Seconds below which a re-run is done at every tick."""
REST = 3.0
"""How many times its own cost an expensive re-run rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one tick did.

    Parameters
    ----------
    offset, at
        The snapshot, and when it was taken by the server's clock.
    changes
        Rows of the log that became visible; empty when there were too many to list.
    flooded
        In that case: how many, by table (oid).
    deltas
        Answers that changed, and by what.
    cost
        Seconds it took.
    resumed
        False when the log could not be resumed and everything was read anew.
    """

    offset: Offset
    at: datetime
    changes: list[Change]
    flooded: dict[int, int]
    deltas: list[tuple[Answer, Delta]]
    cost: float
    resumed: bool = True


@dataclass(slots=True)
class _Work:
    """What a tick has to do to each answer: how its changes are told, by answer."""

    reopened: set[Answer] = field(default_factory=set)
    advanced: dict[Answer, Changes | None] = field(default_factory=dict)
    joined: set[Answer] = field(default_factory=set)


class _Refused(Exception):
    """An answer failed in a tick without savepoints."""


class Hub:
    """All open answers of one database.

    Parameters
    ----------
    clock_interval
        Seconds between two readings of an answer that depends on the clock.
    """

    def __init__(self, clock_interval: float = 1.0) -> None:
        self.offset: Offset | None = None
        self.at: datetime | None = None
        self.answers: set[Answer] = set()
        self.on_tick: list[Callable[[Tick], None]] = []
        self.on_answer: Callable[[Answer, Delta | None], None] = lambda _answer, _delta: None
        self.clock_interval = clock_interval
        self.ticks = 0
        self._routes = Routes()
        self._joining: set[Answer] = set()
        self._stale: set[Answer] = set()
        self._clocked: set[Answer] = set()
        self._rests: dict[Answer, float] = {}
        self._read_at: dict[Answer, float] = {}
        self._fingerprint: str | None = None
        self._settling: list[asyncio.Future[None]] = []

    def join(self, answer: Answer) -> None:
        """Follow an answer from the snapshot in which it was opened; or open it, if that failed."""
        self.answers.add(answer)
        self._joining.add(answer)

    def leave(self, answer: Answer) -> None:
        """Follow an answer no more. It stays true at the snapshot it has, and can join again from there."""
        if answer in self.answers:
            answer.offset, answer.at = self.moment_of(answer)
        self.answers.discard(answer)
        self._joining.discard(answer)
        self._stale.discard(answer)
        self._rests.pop(answer, None)
        self._read_at.pop(answer, None)
        self._clocked.discard(answer)
        self._routes.drop(answer)

    def moment_of(self, answer: Answer) -> tuple[Offset | None, datetime | None]:
        """The snapshot at which an answer is true, and its time: the hub's own unless it is behind."""
        if answer.error is not None or answer not in self.answers or answer in self._joining or answer in self._stale:
            return answer.offset, answer.at
        return self.offset, self.at

    def _route(self, answer: Answer) -> None:
        self._routes.put(answer)
        if answer.depends_on_clock:
            self._clocked.add(answer)
        else:
            self._clocked.discard(answer)

    def settle(self) -> asyncio.Future[None]:
        """A future that is done after a tick that begins after this call and leaves no answer behind."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._settling.append(future)
        return future

    async def tick(self, reader: LogReader, heartbeat: bool) -> Progress:
        """Move everything to a new snapshot."""
        started = time.perf_counter()
        settling, self._settling = self._settling, []
        try:
            try:
                tick, window = await self._attempt(reader, heartbeat, bool(settling), guarded=False)
            except _Refused:
                tick, window = await self._attempt(reader, heartbeat, bool(settling), guarded=True)
        except BaseException:
            self._settling = settling + self._settling
            raise
        self._publish(tick, window, started)
        for future in settling:
            if not future.done():
                future.set_result(None)
        return self._progress(window)

    async def _attempt(
        self, reader: LogReader, heartbeat: bool, settle: bool, *, guarded: bool
    ) -> tuple[_Work, Window]:
        async with reader.window(self.offset) as window:
            reading = Reading(reader.connection)
            work = await self._plan(reader, reading, window, heartbeat, settle)
            try:
                for answer in work.reopened:
                    await self._do(answer, reading, None, reopen=True, guarded=True)
                for scope, answers in _by_scope(work.advanced):
                    if guarded:
                        for answer in answers:
                            await self._do(answer, reading, work.advanced[answer], guarded=True)
                    else:
                        async with reading.within(scope):
                            for answer in answers:
                                await self._do(answer, reading, work.advanced[answer])
            except BaseException:
                for answer in (*work.reopened, *work.advanced):
                    answer.discard()
                raise
        return work, window

    async def _plan(self, reader: LogReader, reading: Reading, window: Window, heartbeat: bool, settle: bool) -> _Work:
        work = _Work(joined=set(self._joining))
        changes = Changes(window, reading, standby=reader.standby)
        if heartbeat or window.broken:
            await self._look_at_schema(reading, work)
        for answer in self._due(reader, changes, settle) - work.reopened - work.joined:
            anew = window.broken or answer in self._stale
            if settle or window.broken or self._rests.get(answer, 0.0) <= time.monotonic():
                work.advanced[answer] = None if anew else changes
            elif answer not in self._stale:
                answer.offset, answer.at = self.offset, self.at
                self._stale.add(answer)
        for answer in work.joined - work.reopened:
            await self._catch_up(answer, work, reader, reading, window)
        return work

    def _due(self, reader: LogReader, changes: Changes, settle: bool) -> set[Answer]:
        """Answers that may differ in this snapshot: by a change, by the clock, or for all that is known."""
        now = time.monotonic()
        timed = self._clocked if reader.has_log else self.answers
        due = {answer for answer in timed if now - self._read_at.get(answer, 0.0) >= self.clock_interval}
        if not reader.has_log:
            return set(self.answers) if settle else due
        if changes.window.broken:
            return set(self.answers)
        return self._routes.touched(changes) | self._stale | due

    async def _catch_up(self, answer: Answer, work: _Work, reader: LogReader, reading: Reading, window: Window) -> None:
        """Plan the first tick of an answer, from the snapshot in which it was opened."""
        if answer.plan is None or answer.error is not None:
            work.reopened.add(answer)
        elif answer.offset is None or window.broken or not window.resumes(answer.offset):
            work.advanced[answer] = None
        else:
            since = await self._since(reader, reading, window, answer.offset)
            if since.relations & answer.relations or (answer.opaque and since.relations):
                work.advanced[answer] = since

    async def _look_at_schema(self, reading: Reading, work: _Work) -> None:
        relations = sorted({relation for answer in self.answers for relation in answer.relations})
        fingerprint = f"{relations} {await reading.fingerprint(relations)}"
        known, self._fingerprint = self._fingerprint, fingerprint
        if known is not None and known.partition("] ")[0] == fingerprint.partition("] ")[0] and known != fingerprint:
            await reading.forget_plans()
            work.reopened.update(self.answers - work.joined)
        work.reopened.update(answer for answer in self.answers if answer.error is not None)

    async def _since(self, reader: LogReader, reading: Reading, window: Window, offset: Offset) -> Changes:
        own = Window(offset=window.offset, at=window.at, changes=[], flooded={})
        if reader.has_log:
            await reader.fill(own, offset)
        return Changes(own, reading, standby=reader.standby)

    async def _do(
        self,
        answer: Answer,
        reading: Reading,
        changes: Changes | None,
        *,
        reopen: bool = False,
        guarded: bool = False,
    ) -> None:
        started = time.perf_counter()
        try:
            if guarded:
                async with reading.within(answer.scope, guarded=True):
                    await (answer.open(reading) if reopen else answer.advance(reading, changes))
            else:
                await answer.advance(reading, changes)
        except ConnectionLost:
            raise
        except DashboardError as error:
            if not guarded:
                raise _Refused from error
            answer.refuse(error)
        cost = time.perf_counter() - started
        now = time.monotonic()
        self._read_at[answer] = now
        self._rests[answer] = now + REST * cost if cost > CHEAP else 0.0

    def _publish(self, work: _Work, window: Window, started: float) -> None:
        """Make the tick current: no await from here on."""
        resumed = self.offset is not None and not window.broken
        before, self.offset, self.at = (self.offset, self.at), window.offset, window.at
        self.ticks += 1
        self._joining -= work.joined
        done = work.reopened | set(work.advanced)
        self._stale -= done
        deltas: list[tuple[Answer, Delta]] = []
        news: list[tuple[Answer, Delta | None]] = []
        for answer in done & self.answers:
            was_in_error = answer.error is not None
            delta = answer.publish(window.offset, window.at)
            if answer.error is not None and not was_in_error:
                answer.offset, answer.at = before
            if delta is not None:
                deltas.append((answer, delta))
            if delta is not None or answer.error is not None or was_in_error:
                news.append((answer, delta))
        for answer in (work.joined | work.reopened) & self.answers:
            self._route(answer)
        for answer, news_delta in news:
            self.on_answer(answer, news_delta)
        tick = Tick(
            offset=window.offset,
            at=window.at,
            changes=window.changes,
            flooded=window.flooded,
            deltas=deltas,
            cost=time.perf_counter() - started,
            resumed=resumed,
        )
        for callback in list(self.on_tick):
            callback(tick)

    def _progress(self, window: Window) -> Progress:
        now = time.monotonic()
        due = [max(0.0, self._rests.get(answer, now) - now) for answer in self._stale]
        due += [max(0.0, self._read_at.get(answer, now) + self.clock_interval - now) for answer in self._clocked]
        due += [0.0] if self._settling or self._joining else []
        lag = max(((window.at - change.at).total_seconds() for change in window.changes[:1]), default=0.0)
        return Progress(
            transactions=len({change.xid for change in window.changes}) + sum(window.flooded.values()),
            changes=len(window.changes) + sum(window.flooded.values()),
            lag=max(0.0, lag),
            wait_at_most=min(due, default=None),
        )


def _by_scope(answers: Iterable[Answer]) -> list[tuple[Scope | None, list[Answer]]]:
    grouped: dict[Scope | None, list[Answer]] = {}
    for answer in answers:
        grouped.setdefault(answer.scope, []).append(answer)
    return list(grouped.items())
