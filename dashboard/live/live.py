"""Live: one database, followed by one process.

Everything up to here is per process and shared by all sessions: one follower, one hub, one answer per question.
The follower's task is made in a clean context, or it would carry one session's document into all others.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from dashboard.errors import Closed, ConnectionLost, DashboardError, NotForYou
from dashboard.live.alerts.alerting import Alerting
from dashboard.live.answer import Answer, Identity
from dashboard.live.attempt import told
from dashboard.live.broadcast import Broadcast
from dashboard.live.delta import Delta
from dashboard.live.figures import OpenQuery
from dashboard.live.hub import Hub, Tick, call
from dashboard.live.opening import Opening
from dashboard.live.query import PRIORITIES, LiveQuery, Priority, Subscription
from dashboard.live.stream import ChangeStream
from dashboard.live.writing import Writing
from dashboard.postgres.capture import install
from dashboard.postgres.connection import connect as open_connection
from dashboard.postgres.follower import Follower, Pace
from dashboard.postgres.reading import Relation
from dashboard.postgres.scope import Scope, scope_here
from dashboard.postgres.status import Status
from dashboard.postgres.upkeep import Upkeep
from dashboard.settings import settings

GRACE = 5.0
"""Seconds an answer is kept after its last user left: a page that is loaded again finds it warm."""


class Live(Broadcast, Alerting, Writing):
    """Live queries on one database.

    Parameters
    ----------
    dsn
        ``postgresql://…``, or a callable that gives it when it is first needed (the embedded server's).
    pace
        Intervals and patience; None takes the settings.
    """

    def __init__(self, dsn: str | Callable[[], str], *, pace: Pace | None = None) -> None:
        super().__init__()
        self._dsn = dsn
        self.pace = pace or _pace()
        self.hub = Hub(clock_interval=settings().clock_interval)
        self.hub.on_answer = self._tell
        self.hub.on_aside = self._read_aside
        self.is_closed = False
        self._entered = 0
        self._is_plain = False
        self._follower: Follower | None = None
        self._opening: Opening | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answers: dict[Identity, Answer] = {}
        self._held: dict[Answer, int] = {}
        self._awake: dict[Answer, int] = {}
        self._queries: WeakSet[LiveQuery] = WeakSet()
        self._listeners: dict[Answer, list[Callable[[Delta | None], None]]] = {}
        self._first: dict[Answer, asyncio.Future[None]] = {}
        self._on_status: list[Callable[[Status], None]] = []
        self._on_close: list[Callable[[], None]] = []
        self._status = Follower.initial_status()

    @property
    def dsn(self) -> str:
        """Where the database is; starts the embedded server if that is what it is."""
        if not isinstance(self._dsn, str):
            self._dsn = self._dsn()
        return self._dsn

    @property
    def status(self) -> Status:
        """State of the connection, since when, lag and reason."""
        return self._follower.status if self._follower else self._status

    @property
    def has_begun(self) -> bool:
        """Whether it follows the database, or tries to."""
        return self._follower is not None

    @property
    def leads(self) -> bool:
        """Whether this process rings for the others and keeps up the log."""
        return self._follower is not None and self._follower.leads

    async def __aenter__(self) -> Self:
        self.start()
        assert self._follower is not None
        try:
            await self._follower.connected()
        except BaseException:
            if self._entered == 0:
                await self.close()
            raise
        self._entered += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        if self._entered == 0 and not self._is_plain:
            await self.close()

    def start(self) -> None:
        """Begin to follow, if an event loop runs and it has not begun."""
        if self.is_closed:
            raise Closed("This Live was closed.", "Open another with dashboard.connect().")
        if self._loop is not None and self._loop.is_closed():
            self._forget_loop()
        if self._follower is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._opening = Opening(self.dsn, self.pace)
        self._follower = Follower(self.dsn, self.hub.tick, upkeep=_upkeep(), pace=self.pace)
        self._follower.on_status = self._tell_status
        self.spawn(self._run(self._follower, self._opening))
        for answer in self._answers.values():
            if self._awake.get(answer) and not answer.is_ready:
                self.spawn(self._open(answer))
        self.resume_writing()

    @staticmethod
    async def _run(follower: Follower, opening: Opening) -> None:
        try:
            await follower.run()
        finally:
            opening.drop()

    def _forget_loop(self) -> None:
        self.hub.forget_loop()
        self.forget_writing()
        self._follower = self._opening = self._loop = None
        self._tasks.clear()
        self._first.clear()

    def query(self, sql: str, *parameters: Any, scope: Scope | None = None, priority: Priority = "medium") -> LiveQuery:
        """A SELECT that stays true.

        Parameters
        ----------
        sql
            One SELECT, with ``$1`` … for values. It is wrapped, never rewritten.
        *parameters
            Values of ``$1`` …, as asyncpg takes them.
        scope
            Role and settings in which PostgreSQL answers; None is that of whoever looks at the page where people log
            in, else the connection's own, which is ``Scope()``.
        priority
            How soon views show a change: critical now, high 50 ms, medium 150 ms, low 500 ms.

        Raises
        ------
        NotASelect
            It is something else.
        """
        query = LiveQuery(self, self.answer(sql, parameters, scope_here() if scope is None else scope), priority)
        self.count(query)
        return query

    def answer(self, sql: str, parameters: tuple[Any, ...], scope: Scope | None) -> Answer:
        """The one answer to a question; raises as `query`."""
        if self.is_closed:
            raise Closed("This Live was closed.", "Open another with dashboard.connect().")
        self._is_plain = self._is_plain or self._entered == 0
        asked = Answer(sql, parameters, scope)
        return self._answers.setdefault(asked.identity, asked)

    def count(self, query: LiveQuery) -> None:
        """Show a query in the monitor."""
        self._queries.add(query)

    async def install(self, *names: str) -> None:
        """Install capture on tables, named as one writes them in SQL; those that have it are left alone."""
        connection = await open_connection(self.dsn, timeout=self.pace.connect_timeout)
        try:
            await install(connection, names)
        finally:
            await connection.close()
        if self._follower is not None:
            settled = self.hub.settle()
            self._follower.wake(look=True)
            await settled

    def changes(self, *names: str) -> ChangeStream:
        """The raw changes of tables, named as one writes them in SQL, from now on.

        Raises
        ------
        NotForYou
            It is asked for a viewer of a page: changes are told in the connection's own rights.
        """
        if scope_here() not in (None, Scope()):
            raise NotForYou("Raw changes are not for those who log in.", "Ask a query, which has their scope.")
        return ChangeStream(self, names)

    def opening(self) -> Opening:
        """The connections beside the ticks."""
        self.start()
        assert self._opening is not None
        return self._opening

    async def relations(self, names: Sequence[str]) -> dict[str, Relation]:
        """What the catalogue says of tables, by the names given; unknown ones are left out."""
        return await self.opening().relations(names)

    async def readable(self, relations: Sequence[int]) -> dict[int, frozenset[str]]:
        """The columns that this role may read, by table (oid); tables of which it may read nothing are left out."""
        return await self.opening().readable(relations)

    async def caught_up(self) -> None:
        """Return once all that was committed before the call is in every frame.

        On a hot standby: all that had arrived there.
        """
        self.start()
        for answer in list(self._answers.values()):
            if self._awake.get(answer) and not answer.is_ready and answer.error is None:
                with suppress(DashboardError):
                    await self.opened(answer)
        await self.ticked()

    async def ticked(self) -> None:
        """Return after a tick that began after the call, and left no answer behind."""
        settled = self.hub.settle()
        self.look()
        await settled

    def look(self) -> None:
        """Have the next tick now."""
        self.start()
        assert self._follower is not None
        self._follower.wake()

    async def opened(self, answer: Answer) -> None:
        """Wait for an answer's first rows; raises what PostgreSQL says to it."""
        self.start()
        if not answer.is_ready and answer.error is None:
            first = self._first.get(answer)
            if first is None:
                self.spawn(self._open(answer))
                await asyncio.sleep(0)
                first = self._first.get(answer)
            if first is not None:
                await asyncio.shield(first)
        if answer.error is not None and not answer.is_ready:
            raise answer.error

    async def _open(self, answer: Answer) -> None:
        """Read an answer for the first time, in a snapshot of its own, and let the hub follow it from there."""
        if answer in self._first or self._opening is None or self._follower is None:
            return
        first = self._first[answer] = asyncio.get_running_loop().create_future()
        first.add_done_callback(lambda done: done.exception())
        try:
            while True:
                try:
                    delta = await self._opening.open(answer)
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
            self.hub.join(answer)
            self._follower.wake()
        if not first.done():
            first.set_result(None)
        self._tell(answer, delta)

    def _read_aside(self, answer: Answer) -> None:
        self.spawn(self._aside(answer))

    async def _aside(self, answer: Answer) -> None:
        """Read an answer that would hold up the tick, or failed in it, and give it back to the hub."""
        assert self._opening is not None and self._follower is not None
        failed_before, delta, began = answer.error is not None, None, time.perf_counter()
        try:
            delta = await self._opening.open(answer)
        except ConnectionLost:
            answer.discard()
        except Exception as error:
            answer.discard()
            answer.error, answer.cost = told(error, answer), time.perf_counter() - began
        self.hub.returned(answer)
        self._follower.wake()
        if delta is not None or answer.error is not None or failed_before:
            self._tell(answer, delta)

    def hold(self, answer: Answer) -> None:
        """Keep an answer open until `release`."""
        self._held[answer] = self._held.get(answer, 0) + 1

    def release(self, answer: Answer) -> None:
        """Hold an answer no more; it ends a moment after nobody does."""
        self._held[answer] -= 1
        if self._held[answer] > 0:
            return
        if self._loop is None or self._loop.is_closed() or self.is_closed:
            self._end(answer)
        else:
            self._loop.call_later(GRACE, self._end, answer)

    def release_soon(self, answer: Answer, *, awake: bool) -> None:
        """As `release`, from wherever the garbage collector runs."""
        if self._loop is None or self._loop.is_closed():
            return
        if awake:
            self._loop.call_soon_threadsafe(self.rest, answer)
        self._loop.call_soon_threadsafe(self.release, answer)

    def wake(self, answer: Answer) -> None:
        """Count one more who looks at an answer; the first has it follow again."""
        self._awake[answer] = self._awake.get(answer, 0) + 1
        if self._awake[answer] > 1 or self.is_closed:
            return
        with suppress(RuntimeError):  # no loop yet: it begins with the first await
            self.start()
            assert self._follower is not None
            if answer.is_ready or answer.error is not None:
                self.hub.join(answer)
                self._follower.wake()
            elif answer not in self._first:
                self.spawn(self._open(answer))

    def rest(self, answer: Answer) -> None:
        """Count one less; when nobody looks any more it is kept as it is."""
        self._awake[answer] -= 1
        if self._awake[answer] == 0:
            self.hub.leave(answer)

    def _end(self, answer: Answer) -> None:
        if self._held.get(answer, 0) > 0:
            return
        self._held.pop(answer, None)
        self._awake.pop(answer, None)
        self._listeners.pop(answer, None)
        self._first.pop(answer, None)
        if self._answers.get(answer.identity) is answer:
            del self._answers[answer.identity]
            self.hub.figures.ended.add(answer.spent)
        self.hub.leave(answer)

    def open_queries(self) -> list[OpenQuery]:
        """What is open, and what it has cost; a query of which PostgreSQL was never asked is left out."""
        wanted: dict[int, Priority] = {}
        for query in self._queries:
            wanted[query.number] = min(query.priority, wanted.get(query.number, "low"), key=PRIORITIES.index)
        every = ((answer, self._awake.get(answer, 0) > 0) for answer in self._answers.values())
        return [
            answer.figures(wanted.get(answer.number, "medium"), is_awake=is_awake)
            for answer, is_awake in every
            if is_awake or answer.is_ready or answer.error is not None
        ]

    def listeners(self, answer: Answer) -> list[Callable[[Delta | None], None]]:
        """Who is called when an answer changes."""
        return self._listeners.setdefault(answer, [])

    def on_status(self, callback: Callable[[Status], None]) -> Subscription:
        """Call `callback(status)` when the state of the connection or its reason changes."""
        return _appended(self._on_status, callback)

    def on_tick(self, callback: Callable[[Tick], None]) -> Subscription:
        """Call `callback(tick)` after each tick, when all its deltas have been delivered."""
        return _appended(self.hub.on_tick, callback)

    def on_close(self, callback: Callable[[], None]) -> Subscription:
        """Call `callback()` when this is closed."""
        return _appended(self._on_close, callback)

    def _tell(self, answer: Answer, delta: Delta | None) -> None:
        for listener in list(self._listeners.get(answer, ())):
            call(listener, delta)

    def _tell_status(self, status: Status) -> None:
        for callback in list(self._on_status):
            call(callback, status)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start a task that ends with this."""
        assert self._loop is not None
        task = self._loop.create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            task.get_loop().call_exception_handler(
                {"message": "A task of dashboard ended", "exception": task.exception(), "task": task}
            )

    async def close(self) -> None:
        """End every query, task and connection; iterators raise `Closed`."""
        if self.is_closed:
            return
        self.is_closed = True
        for callback in list(self._on_close):
            callback()
        self.stop_writing()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.close_writing()
        self.hub.close()
        if self._opening is not None:
            await self._opening.close()


def _pace() -> Pace:
    wanted = settings()
    return Pace(
        heartbeat=wanted.heartbeat,
        tick=wanted.tick,
        poll_interval=wanted.poll_interval,
        connect_timeout=wanted.connect_timeout,
        statement_timeout=wanted.statement_timeout,
        backoff_max=wanted.backoff_max,
        offline_after=wanted.offline_after,
    )


def _upkeep() -> Upkeep:
    wanted = settings()
    return Upkeep(
        retention=wanted.log_retention, max_bytes=wanted.log_size * 1_000_000, keys=wanted.write_key_retention
    )


def _appended(callbacks: list[Any], callback: Any) -> Subscription:
    callbacks.append(callback)
    return Subscription(lambda: callbacks.remove(callback) if callback in callbacks else None)
