"""One tick moves every answer from one snapshot to the next.

A tick opens a snapshot, reads what became visible since the last one, finds the answers these changes touch, brings
them up to date in that same snapshot, and only then publishes them, all at one moment. Nobody sees half a tick.

An answer that joins was read in a snapshot of its own; its first tick catches it up from there. An answer that
PostgreSQL refuses must not take the others with it: the tick is done again with a savepoint around each, the
refused one is opened anew at once (the schema may have changed), and if that fails too it keeps its rows, carries
the error and is tried again at each heartbeat. When the log cannot be resumed (rotated away, another server) every
answer is read anew, in one snapshot, and what differs is one delta.

A re-run that is expensive is not repeated at every tick: it rests for three times what it cost, and says by its own
offset how far it is true. One that is slow, waits for a lock, or failed, is read aside, on a connection of its own, and
joins again: no query holds up the others for long. `Hub.settle` waits for such too.

Re-runs that are cheap each and many, as readers under row-level security ask them, may together take `BUDGET` of a
tick. Those for which no time is left are behind, as one that rests, and first in the next tick: whoever was read
longest ago goes first, and priority is worth a part of that wait, so that nobody waits for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.errors import QueryError
from dashboard.live import attempt
from dashboard.live.answer import Answer
from dashboard.live.attempt import Refused, Work, told
from dashboard.live.changes import Changes
from dashboard.live.delta import Delta
from dashboard.live.figures import Figures
from dashboard.live.routing import Routes
from dashboard.live.settling import Settling
from dashboard.live.topics import News, Told, Topics
from dashboard.postgres.follower import Progress
from dashboard.postgres.log import Change, LogReader, Window
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Reading

CHEAP = 0.02
"""Seconds below which a re-run is done at every tick."""
SLOW = 0.1
"""Seconds from which a re-run is done aside."""
BUDGET = 0.3
"""Seconds of a tick for re-runs, by what each cost last; the first of them is done in any case."""
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
        self.on_aside: Callable[[Answer], None] = lambda _answer: None
        self.on_snapshot: Callable[[Reading], Awaitable[None]] | None = None
        self.clock_interval = clock_interval
        self.ticks = 0
        self.figures = Figures()
        self.topics = Topics()
        self._routes = Routes()
        self._joining: set[Answer] = set()
        self._stale: set[Answer] = set()
        self._clocked: set[Answer] = set()
        self._rests: dict[Answer, float] = {}
        self._read_at: dict[Answer, float] = {}
        self._away: dict[Answer, int] = {}
        self._late = 0
        self._settling = Settling()

    def join(self, answer: Answer) -> None:
        """Follow an answer from the snapshot in which it was opened; or open it, if that failed."""
        self.answers.add(answer)
        if answer not in self._away:
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
        self._settling.read(answer, self.ticks)

    def returned(self, answer: Answer) -> None:
        """Follow an answer again that was read aside, from its new snapshot; or leave it, if that failed."""
        tick = self._away.pop(answer, self.ticks)
        now = time.monotonic()
        self._read_at[answer] = now
        self._rests[answer] = now + REST * answer.cost
        self._stale.discard(answer)
        if answer not in self.answers:
            self.leave(answer)
        elif answer.error is None:
            self._joining.add(answer)
        self._settling.read(answer, self.ticks if answer.error is not None else tick)

    def forget_loop(self) -> None:
        """The event loop has ended: nobody waits any more, and what was read aside never returns."""
        self._settling.forget()
        self._stale.update(self.answers & set(self._away))
        self._away.clear()

    def close(self) -> None:
        """There will be no more ticks; those who wait for one are told."""
        self._settling.close()

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
        return self._settling.ask()

    async def tick(self, reader: LogReader, heartbeat: bool) -> Progress:
        """Move everything to a new snapshot."""
        started = time.perf_counter()
        asked = self._settling.begin()
        try:
            work, window, news = await self._attempted(reader, heartbeat, bool(asked))
        except BaseException as error:
            self._settling.ask_again(asked)
            self._late = self._late + 1 if isinstance(error, TimeoutError) else 0
            if self._late > 1:  # not the wire then: there is more in the log than can be read
                self.offset = None
            raise
        self._late = 0
        self._publish(work, window, news, started)
        unsettled = self._stale | self._joining | set(self._away)  # who came back during this tick joins in the next
        behind = {answer for answer in self.answers & unsettled if answer.error is None}
        self._settling.ticked(asked, self.ticks, behind)
        for answer in work.aside & self.answers:
            self._away[answer] = self.ticks
            self.on_aside(answer)
        progress = self._progress(window)
        self.figures.ticked(progress.changes, progress.lag, time.perf_counter() - started)
        return progress

    async def _attempted(self, reader: LogReader, heartbeat: bool, settle: bool) -> tuple[Work, Window, News]:
        guarded = False
        while True:
            try:
                return await self._attempt(reader, heartbeat, settle, guarded=guarded)
            except Refused:
                guarded = True

    async def _attempt(
        self, reader: LogReader, heartbeat: bool, settle: bool, *, guarded: bool
    ) -> tuple[Work, Window, News]:
        is_plain = not (heartbeat or settle or self._joining)  # no look at the schema, which may take its time
        async with reader.window(self.offset, hurry=attempt.PATIENCE if is_plain else None) as window:
            reading = Reading(reader.connection, hurried=window.hurried)
            if self.on_snapshot is not None and reader.has_log:
                await self.on_snapshot(reading)
            work = await self._plan(reader, reading, window, heartbeat, settle)
            one = attempt.Attempt(reading, work)
            await one.run(guarded=guarded)
            news = await self.topics.read(reader, reading, window)
        now = time.monotonic()
        for answer in one.read:
            self._read_at[answer] = now
            self._rests[answer] = now + REST * answer.cost if answer.cost > CHEAP else 0.0
        return work, window, news

    async def _plan(self, reader: LogReader, reading: Reading, window: Window, heartbeat: bool, settle: bool) -> Work:
        work = Work(joined=set(self._joining))
        changes = Changes(window, reading, standby=reader.standby)
        failed = {answer for answer in self.answers if answer.error is not None or answer.plan is None}
        if heartbeat or settle or work.joined or window.broken:
            await self._look_at_schema(reading, work, failed)
        due = self._due(reader, changes, settle) - work.reopened - work.joined - failed - set(self._away)
        for answer in sorted(due, key=self._turn):
            anew = window.broken or answer in self._stale
            self._assign(answer, None if anew else changes, work, settle or window.broken)
        for answer in work.joined - work.reopened - failed:
            known = answer.offset if answer not in self._stale else None
            if known is None or window.broken or not window.resumes(known):
                self._assign(answer, None, work, settle)
                continue
            since = await self._since(answer, reader, reading, window, known)
            if since.relations & answer.relations or (answer.opaque and since.relations):
                self._assign(answer, since, work, settle)
        return work

    def _assign(self, answer: Answer, changes: Changes | None, work: Work, now: bool) -> None:
        """Decide how an answer becomes current: in this tick, aside, or after it has rested."""
        if changes is not None and not answer.needs_whole(changes):
            work.advanced[answer] = changes
        elif not now and not self._settling.wants(answer) and self._rests.get(answer, 0.0) > time.monotonic():
            work.behind.add(answer)
        elif answer.cost > SLOW:
            work.aside.add(answer)
        elif not now and not self._settling.wants(answer) and work.spent and work.spent + answer.cost > BUDGET:
            work.behind.add(answer)
        else:
            work.spent += answer.cost
            work.advanced[answer] = changes

    def _turn(self, answer: Answer) -> float:
        """When it is an answer's turn to be read again, if there is no time for all."""
        return self._read_at.get(answer, 0.0) + answer.urgency * BUDGET

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

    async def _look_at_schema(self, reading: Reading, work: Work, failed: set[Answer]) -> None:
        """Plan to open anew what failed, and what stands on a schema that has changed since it was opened."""
        await reading.take_time()
        now = time.monotonic()
        rested = {answer for answer in failed if self._rests.get(answer, 0.0) <= now}
        work.aside.update(rested - set(self._away))
        current = self.answers - failed - set(self._away)
        found = await reading.fingerprints(sorted({relation for answer in current for relation in answer.relations}))
        changed = {answer for answer in current if answer.fingerprints != found.of(answer.relations)}
        if changed:
            await reading.forget_plans()
            work.reopened.update(changed)

    async def _since(
        self, answer: Answer, reader: LogReader, reading: Reading, window: Window, offset: Offset
    ) -> Changes:
        """What happened since an answer was opened, or was last followed; if that is too much it is read anew."""
        own = Window(offset=window.offset, at=window.at, changes=[], flooded={})
        if reader.has_log:
            await reading.hurry(attempt.PATIENCE)
            try:
                await reader.fill(own, offset)
            except QueryError as error:
                self._stale.add(answer)
                raise Refused from error
        return Changes(own, reading, standby=reader.standby)

    def _publish(self, work: Work, window: Window, news: News, started: float) -> None:
        """Make the tick current: no await from here on."""
        resumed = self.offset is not None and not window.broken
        before, self.offset, self.at = (self.offset, self.at), window.offset, window.at
        self.ticks += 1
        self._joining -= work.joined
        self._stale -= work.done
        for answer in (work.behind | work.aside) & self.answers:
            if answer not in self._stale and answer not in work.joined and answer.error is None:
                answer.offset, answer.at = before
            self._stale.add(answer)
        deltas: list[tuple[Answer, Delta]] = []
        moved: list[tuple[Answer, Delta | None]] = []
        for answer in work.done & self.answers:
            was_in_error = answer.error is not None
            delta = _published(answer, window)
            if answer.error is not None and not was_in_error:
                answer.offset, answer.at = before
            if delta is not None:
                deltas.append((answer, delta))
            if delta is not None or answer.error is not None or was_in_error:
                moved.append((answer, delta))
        for answer in (work.joined | work.reopened) & self.answers:
            self._route(answer)
        self._tell(moved, self.topics.published(news, window))
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
            call(callback, tick)

    def _tell(self, moved: list[tuple[Answer, Delta | None]], told: list[Told]) -> None:
        for answer, delta in moved:
            self.on_answer(answer, delta)
        for listener, message in told:
            if message is None:
                call(listener.missed)
            else:
                call(listener.take, message)

    def _progress(self, window: Window) -> Progress:
        now = time.monotonic()
        due = [
            0.0 if self._settling.wants(answer) else max(0.0, self._rests.get(answer, now) - now)
            for answer in self._stale
            if answer not in self._away and answer.error is None
        ]
        due += [
            max(0.0, self._read_at.get(answer, now) + self.clock_interval - now)
            for answer in self._clocked
            if answer not in self._away and answer.error is None
        ]
        due += [0.0] if self._settling or self._joining else []
        lag = max(((window.at - change.at).total_seconds() for change in window.changes[:1]), default=0.0)
        return Progress(
            transactions=len({change.xid for change in window.changes})
            + window.messages
            + sum(window.flooded.values()),
            changes=len(window.changes) + window.messages + sum(window.flooded.values()),
            lag=max(0.0, lag),
            wait_at_most=min(due, default=None),
        )


def call(callback: Callable[..., None], *arguments: Any) -> None:
    """Call a listener; an error of its own is reported, and takes nothing else with it."""
    try:
        callback(*arguments)
    except Exception as error:
        context = {"message": "A listener of dashboard failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


def _published(answer: Answer, window: Window) -> Delta | None:
    try:
        return answer.publish(window.offset, window.at)
    except Exception as error:
        answer.error = told(error, answer)
        return None
