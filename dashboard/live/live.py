"""Live: one database, followed by one process.

Everything up to here is per process and shared by all sessions: one follower, one hub, one answer per question.
The follower's task is made in a clean context, or it would carry one session's document into all others.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

from dashboard.errors import Closed, NotForYou
from dashboard.live.alerts.alerting import Alerting
from dashboard.live.answer import Answer
from dashboard.live.answers import Answers
from dashboard.live.broadcast import Broadcast
from dashboard.live.ending import ended
from dashboard.live.figures import OpenQuery
from dashboard.live.hub import Hub, Tick, call
from dashboard.live.opening import Opening
from dashboard.live.query import LiveQuery, Priority, Subscription
from dashboard.live.shown import Shown, drawn, is_reference
from dashboard.live.stream import ChangeStream
from dashboard.live.writing import Writing
from dashboard.postgres.capture import install
from dashboard.postgres.connection import connect as open_connection
from dashboard.postgres.connection import public_name
from dashboard.postgres.follower import Follower, Pace
from dashboard.postgres.reading import Relation
from dashboard.postgres.scope import Scope, scope_here
from dashboard.postgres.status import Status
from dashboard.postgres.upkeep import Upkeep
from dashboard.settings import settings


class Live(Broadcast, Alerting, Writing, Shown):
    """Live queries on one database.

    Parameters
    ----------
    dsn
        ``postgresql://…``, or a callable that gives it when it is first needed (the embedded server's).
    pace
        Intervals and patience; None takes the settings.
    """

    _drawn_by = "glance.Connection"

    def __init__(self, dsn: str | Callable[[], str], *, pace: Pace | None = None) -> None:
        super().__init__()
        self._dsn = dsn
        self.pace = pace or _pace()
        self.hub = Hub(clock_interval=settings().clock_interval)
        self.answers = Answers(self)
        self.hub.on_answer = self.answers.tell
        self.hub.on_aside = self.answers.read_aside
        self.is_closed = False
        self._entered = 0
        self._is_plain = False
        self._follower: Follower | None = None
        self._opening: Opening | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_status: list[Callable[[Status], None]] = []
        self._on_close: list[Callable[[], None]] = []
        self._status = Follower.initial_status()

    @property
    def dsn(self) -> str:
        """Where the database is; starts the embedded server if that is what it is."""
        if not isinstance(self._dsn, str):
            self._dsn = self._dsn()
        return self._dsn

    def __repr__(self) -> str:
        where = public_name(self._dsn) if isinstance(self._dsn, str) else "embedded"
        return f"<{type(self).__name__} {where} · {'closed' if self.is_closed else self.status.state}>"

    @property
    def status(self) -> Status:
        """State of the connection, since when, lag and reason."""
        return self._follower.status if self._follower else self._status

    @property
    def has_begun(self) -> bool:
        """Whether it follows the database, or tries to."""
        return self._follower is not None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Where it runs; None where it has not begun, or its loop has ended."""
        return None if self._loop is None or self._loop.is_closed() else self._loop

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
            if self._entered == 0 and not self._is_plain:
                await self.close()
            raise
        self._entered += 1
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._connected().__await__()

    async def _connected(self) -> Self:
        """Wait until the database is reached, and stay."""
        async with self:
            self._is_plain = True
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
        self.answers.begin()
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
        self.answers.forget_loop()

    def query(self, sql: str, *parameters: Any, scope: Scope | None = None, priority: Priority = "medium") -> LiveQuery:
        """A SELECT that stays true.

        Parameters
        ----------
        sql
            One SELECT, with ``$1`` … for values. It is wrapped, never rewritten.
        *parameters
            Values of ``$1`` …, as asyncpg takes them; or widgets, and other references of Param's: then it is, for
            views, the query of the values that these have now.
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
        if any(is_reference(parameter) for parameter in parameters):
            ask = partial(self.query, sql, scope=scope, priority=priority)
            return drawn("bound.Bound")(ask, parameters)  # type: ignore[no-any-return]  # it stands for the query of now
        query = LiveQuery(self, self.answer(sql, parameters, scope_here() if scope is None else scope), priority)
        self.answers.count(query)
        return query

    def answer(self, sql: str, parameters: tuple[Any, ...], scope: Scope | None) -> Answer:
        """The one answer to a question; raises as `query`."""
        if self.is_closed:
            raise Closed("This Live was closed.", "Open another with dashboard.connect().")
        self._is_plain = self._is_plain or self._entered == 0
        return self.answers.to(Answer(sql, parameters, scope))

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
        await self.answers.all_opened()
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

    def open_queries(self) -> list[OpenQuery]:
        """What is open, and what it has cost; a query of which PostgreSQL was never asked is left out."""
        return self.answers.figures()

    def on_status(self, callback: Callable[[Status], None]) -> Subscription:
        """Call `callback(status)` when the state of the connection or its reason changes."""
        return _appended(self._on_status, callback)

    def on_tick(self, callback: Callable[[Tick], None]) -> Subscription:
        """Call `callback(tick)` after each tick, when all its deltas have been delivered."""
        return _appended(self.hub.on_tick, callback)

    def on_close(self, callback: Callable[[], None]) -> Subscription:
        """Call `callback()` when this is closed."""
        return _appended(self._on_close, callback)

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
        await ended(self._tasks)
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
