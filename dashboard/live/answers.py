"""The answers of a `Live`: one to each question, whoever asks it.

An answer is *held* by those who have its query in hand and ends a moment after the last lets go; it is *awake*, and
follows the database, while somebody looks at it. Its first rows are read in a snapshot of its own, from which the hub
takes it on; what would hold up a tick, or failed in one, is read here, too, beside the ticks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from dashboard.errors import Closed, ConnectionLost, DashboardError
from dashboard.live.answer import Answer, Identity
from dashboard.live.attempt import told
from dashboard.live.delta import Delta
from dashboard.live.figures import OpenQuery
from dashboard.live.hub import call
from dashboard.live.query import PRIORITIES, LiveQuery, Priority

if TYPE_CHECKING:
    from dashboard.live.live import Live

GRACE = 5.0
"""Seconds an answer is kept after its last user left: a page that is loaded again finds it warm."""


class Answers:
    """Who holds, watches and listens to which answer."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._known: dict[Identity, Answer] = {}
        self._held: dict[Answer, int] = {}
        self._awake: dict[Answer, int] = {}
        self._queries: WeakSet[LiveQuery] = WeakSet()
        self._listeners: dict[Answer, list[Callable[[Delta | None], None]]] = {}
        self._first: dict[Answer, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def to(self, question: Answer) -> Answer:
        """The one answer to a question: the one given, if nobody has asked it yet."""
        return self._known.setdefault(question.identity, question)

    def count(self, query: LiveQuery) -> None:
        """Show a query in the monitor."""
        self._queries.add(query)

    def begin(self) -> None:
        """The database is followed from now on: read what is waited for."""
        for answer in self._known.values():
            if self._awake.get(answer) and not answer.is_ready:
                self._live.spawn(self._open(answer))

    def forget_loop(self) -> None:
        """The event loop has ended, and with it who waited."""
        self._first.clear()

    async def all_opened(self) -> None:
        """Wait until every answer that is looked at has its first rows, or an error."""
        for answer in list(self._known.values()):
            if self._awake.get(answer) and not answer.is_ready and answer.error is None:
                with suppress(DashboardError):
                    await self.opened(answer)

    async def opened(self, answer: Answer) -> None:
        """Wait for an answer's first rows; raises what PostgreSQL says to it."""
        self._live.start()
        if not answer.is_ready and answer.error is None:
            first = self._first.get(answer)
            if first is None:
                self._live.spawn(self._open(answer))
                await asyncio.sleep(0)
                first = self._first.get(answer)
            if first is not None:
                await asyncio.shield(first)
        if answer.error is not None and not answer.is_ready:
            raise answer.error

    async def _open(self, answer: Answer) -> None:
        """Read an answer for the first time, in a snapshot of its own, and let the hub follow it from there."""
        if answer in self._first:
            return
        opening = self._live.opening()
        first = self._first[answer] = asyncio.get_running_loop().create_future()
        first.add_done_callback(lambda done: done.exception())
        try:
            while True:
                try:
                    delta = await opening.open(answer)
                    break
                except ConnectionLost:
                    await asyncio.sleep(0.2)
        except Exception as error:
            answer.discard()
            answer.error = told(error, answer)
            delta = None
        except BaseException:
            if not first.done():
                first.set_exception(Closed("This Live was closed."))
                first.exception()  # seen: the loop may end before the callback above
            raise
        if self._awake.get(answer):
            self._live.hub.join(answer)
            self._live.look()
        if not first.done():
            first.set_result(None)
        self.tell(answer, delta)

    def read_aside(self, answer: Answer) -> None:
        """Read an answer beside the ticks: it would hold them up, or has failed in one."""
        self._live.spawn(self._aside(answer))

    async def _aside(self, answer: Answer) -> None:
        opening = self._live.opening()
        failed_before, delta, began = answer.error is not None, None, time.perf_counter()
        try:
            delta = await opening.open(answer)
        except ConnectionLost:
            answer.discard()
        except Exception as error:
            answer.discard()
            answer.error, answer.cost = told(error, answer), time.perf_counter() - began
        self._live.hub.returned(answer)
        self._live.look()
        if delta is not None or answer.error is not None or failed_before:
            self.tell(answer, delta)

    def hold(self, answer: Answer) -> None:
        """Keep an answer open until `release`."""
        self._held[answer] = self._held.get(answer, 0) + 1

    def release(self, answer: Answer) -> None:
        """Hold an answer no more; it ends a moment after nobody does."""
        self._held[answer] -= 1
        if self._held[answer] > 0:
            return
        loop = self._live.loop
        if loop is None or self._live.is_closed:
            self._end(answer)
        else:
            loop.call_later(GRACE, self._end, answer)

    def release_soon(self, answer: Answer, *, awake: bool) -> None:
        """As `release`, from wherever the garbage collector runs."""
        loop = self._live.loop
        if loop is None:
            return
        if awake:
            loop.call_soon_threadsafe(self.rest, answer)
        loop.call_soon_threadsafe(self.release, answer)

    def wake(self, answer: Answer) -> None:
        """Count one more who looks at an answer; the first has it follow again."""
        self._awake[answer] = self._awake.get(answer, 0) + 1
        if self._awake[answer] > 1 or self._live.is_closed:
            return
        with suppress(RuntimeError):  # no loop yet: it begins with the first await
            self._live.start()
            if answer.is_ready or answer.error is not None:
                self._live.hub.join(answer)
                self._live.look()
            elif answer not in self._first:
                self._live.spawn(self._open(answer))

    def rest(self, answer: Answer) -> None:
        """Count one less; when nobody looks any more it is kept as it is."""
        self._awake[answer] -= 1
        if self._awake[answer] == 0:
            self._live.hub.leave(answer)

    def _end(self, answer: Answer) -> None:
        if self._held.get(answer, 0) > 0:
            return
        self._held.pop(answer, None)
        self._awake.pop(answer, None)
        self._listeners.pop(answer, None)
        self._first.pop(answer, None)
        if self._known.get(answer.identity) is answer:
            del self._known[answer.identity]
            self._live.hub.figures.ended.add(answer.spent)
        self._live.hub.leave(answer)

    def figures(self) -> list[OpenQuery]:
        """What is open, and what it has cost; a query of which PostgreSQL was never asked is left out."""
        wanted: dict[int, Priority] = {}
        for query in self._queries:
            wanted[query.number] = min(query.priority, wanted.get(query.number, "low"), key=PRIORITIES.index)
        every = ((answer, self._awake.get(answer, 0) > 0) for answer in self._known.values())
        return [
            answer.figures(wanted.get(answer.number, "medium"), is_awake=is_awake)
            for answer, is_awake in every
            if is_awake or answer.is_ready or answer.error is not None
        ]

    def listeners(self, answer: Answer) -> list[Callable[[Delta | None], None]]:
        """Who is called when an answer changes."""
        return self._listeners.setdefault(answer, [])

    def tell(self, answer: Answer, delta: Delta | None) -> None:
        """Call who listens to an answer; None is news without a delta: an error, or its end."""
        for listener in list(self._listeners.get(answer, ())):
            call(listener, delta)
