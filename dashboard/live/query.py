"""LiveQuery: a SELECT that stays true, as its user holds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from dashboard.errors import Closed, DashboardError
from dashboard.live.answer import Answer
from dashboard.live.blocking import blocking
from dashboard.live.delta import Delta
from dashboard.live.exploring import Exploring
from dashboard.live.frame import LiveFrame
from dashboard.live.opening import Opening
from dashboard.live.plans import Plan
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Column
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live.live import Live

Priority = Literal["critical", "high", "medium", "low"]
PRIORITIES: tuple[Priority, ...] = ("critical", "high", "medium", "low")
QUEUE = 1_000
"""Deltas kept for an iterator that is slower than the database; then it gets the whole answer instead."""


class Subscription:
    """A callback that is called until it is closed."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end: Callable[[], None] | None = end

    def close(self) -> None:
        """Call it no more; closing twice is no error."""
        end, self._end = self._end, None
        if end is not None:
            end()


class LiveQuery(Exploring):
    """A SELECT whose answer follows the database.

    Made by `Live.query`. All who ask the same SQL with the same parameters in the same scope share one answer.
    PostgreSQL is first asked when somebody wants to know: with `ready`, `frame`, `subscribe` or an iterator.

    Promises
    --------
    1. `frame` equals the SELECT run in the snapshot `offset`.
    2. All queries of a `Live` move from one snapshot to the next at one moment.
    3. An error of this query is this query's alone: it keeps its last rows, says so in `error`, and heals by itself.
    """

    def __init__(self, live: Live, answer: Answer, priority: Priority) -> None:
        self.live = live
        self.priority = priority
        answer.urgency = min(answer.urgency, PRIORITIES.index(priority))
        self._answer = answer
        self._subscriptions: set[Subscription] = set()
        self._ends: list[Callable[[], None]] = []
        live.answers.hold(answer)
        self._held, self._awake, self._paused = True, False, False

    @property
    def number(self) -> int:
        """Names its answer in this process, as the monitor does."""
        return self._answer.number

    @property
    def sql(self) -> str:
        """The SELECT as it was written."""
        return self._answer.statement.sql

    @property
    def parameters(self) -> tuple[Any, ...]:
        """Values of ``$1`` and so on."""
        return self._answer.parameters

    @property
    def scope(self) -> Scope | None:
        """In whose eyes it is answered."""
        return self._answer.scope

    @property
    def plan(self) -> Plan | None:
        """How it is kept true: `plan.kind` in rows, groups, sums, rerun, and `plan.reason`; None until ready."""
        return self._answer.plan

    @property
    def columns(self) -> tuple[Column, ...]:
        """Names and PostgreSQL types; empty until ready."""
        return self._answer.columns

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that tell its rows apart; empty until ready, or where none are known to."""
        source = self._answer.source
        return () if source is None else tuple(self.columns[place].name for place in source.shape.key)

    @property
    def state(self) -> LiveFrame:
        """The rows as exact Python values under their keys."""
        return self._answer.state

    @property
    def frame(self) -> pd.DataFrame:
        """The answer, typed as `dashboard.live.frame` says; empty until ready."""
        self._attend()
        return self.state.frame

    @property
    def offset(self) -> Offset | None:
        """The snapshot at which `frame` is true; None until ready."""
        return self.live.hub.moment_of(self._answer)[0]

    @property
    def at(self) -> datetime | None:
        """When that snapshot was taken, by the server's clock."""
        return self.live.hub.moment_of(self._answer)[1]

    @property
    def is_ready(self) -> bool:
        """Whether its first answer is in."""
        return self._answer.is_ready

    @property
    def error(self) -> DashboardError | None:
        """Why it cannot be brought up to date at present; None when it can."""
        return self._answer.error

    @property
    def is_subscribed(self) -> bool:
        """Whether somebody is called when it changes."""
        return bool(self._subscriptions)

    def ask(self, sql: str, *parameters: Any, priority: Priority | None = None) -> LiveQuery:
        """Another query in the same eyes."""
        return self.live.query(sql, *parameters, scope=self.scope, priority=priority or self.priority)

    def shared(self) -> LiveQuery:
        """The same query as everybody sees it, in other hands: that these let it rest is nobody else's affair."""
        query = LiveQuery(self.live, self._answer, self.priority)
        self.live.answers.count(query)
        return query

    async def ready(self) -> LiveQuery:
        """Wait until the first answer is in.

        Raises
        ------
        QueryError
            PostgreSQL refuses the query.
        ConnectError
            The database cannot be reached.
        """
        self._attend()
        await self.live.answers.opened(self._answer)
        return self

    def __await__(self) -> Any:
        return self.ready().__await__()

    def wait(self) -> LiveQuery:
        """Block until the first answer is in, for those who do not await: in a cell, a script, a page's file.

        It is read by a thread of its own, so a running event loop may call it. From then on the query follows the
        database whenever the loop has its turn: between two cells, not within one.

        Raises
        ------
        QueryError
            PostgreSQL refuses the query.
        ConnectError, ConnectionLost
            The database cannot be reached, or not any more.
        """
        if not self.is_ready:
            opening = Opening(self.live.dsn, self.live.pace)
            blocking(lambda: opening.once(self._answer))
        self._attend()
        return self

    def _attend(self) -> None:
        """Have the answer followed from now on, unless it is paused or was closed."""
        if self._held and not self._awake and not self._paused:
            self._awake = True
            self.live.answers.wake(self._answer)

    def pause(self) -> None:
        """Let the answer rest, unless others use it: it keeps its rows and `offset`, and costs nothing."""
        self._paused = True
        if self._awake:
            self._awake = False
            self.live.answers.rest(self._answer)

    def resume(self) -> None:
        """Follow again, from where it rested: what changed meanwhile comes as one delta."""
        self._paused = False
        self._attend()

    def subscribe(self, callback: Callable[[LiveQuery, Delta | None], None]) -> Subscription:
        """Call `callback(query, delta)` after each tick that changed the answer.

        The delta is None when it is about something else: the query has become ready, failed, or works again.
        The callback runs on the event loop and must not block. The query stays open until it and the
        subscription are closed.
        """

        def call(delta: Delta | None) -> None:
            callback(self, delta)

        self.live.answers.hold(self._answer)
        self.live.answers.listeners(self._answer).append(call)
        self._attend()

        def end() -> None:
            self._subscriptions.discard(subscription)
            listeners = self.live.answers.listeners(self._answer)
            if call in listeners:
                listeners.remove(call)
            self.live.answers.release(self._answer)

        subscription = Subscription(end)
        self._subscriptions.add(subscription)
        return subscription

    async def __aiter__(self) -> AsyncIterator[Delta]:
        """Deltas from now on, the first with the whole answer; an iterator too slow gets the whole again.

        Raises
        ------
        Closed
            The query or its `Live` was closed.
        """
        await self.ready()
        queue: asyncio.Queue[Delta | None] = asyncio.Queue()
        behind = True

        def take(_query: LiveQuery, delta: Delta | None) -> None:
            nonlocal behind
            behind = behind or queue.qsize() >= QUEUE
            if delta is not None and not behind:
                queue.put_nowait(delta)

        def end() -> None:
            queue.put_nowait(None)

        subscription = self.subscribe(take)
        closed = self.live.on_close(end)
        self._ends.append(end)
        try:
            while True:
                if behind and queue.empty():
                    behind = False
                    yield self._whole()
                delta = await queue.get()
                if delta is None:
                    raise Closed("This query was closed.", "Ask again with live.query().")
                yield delta
        finally:
            self._ends.remove(end)
            closed.close()
            subscription.close()

    def _whole(self) -> Delta:
        state = self.state
        offset, at = self.live.hub.moment_of(self._answer)
        assert offset is not None and at is not None
        keys = tuple(state.keys)
        return Delta(
            columns=state.columns,
            keys=keys,
            rows=tuple(state.rows[key] for key in keys),
            removed_keys=(),
            replaced=True,
            offset=offset,
            at=at,
        )

    def close(self) -> None:
        """Hold the answer no more, which ends when nobody else does; iterators raise `Closed`."""
        for end in list(self._ends):
            end()
        for subscription in list(self._subscriptions):
            subscription.close()
        self.pause()
        if self._held:
            self._held = False
            self.live.answers.release(self._answer)

    def __del__(self) -> None:
        if getattr(self, "_held", False):
            self._held = False
            self.live.answers.release_soon(self._answer, awake=self._awake)

    def __repr__(self) -> str:
        plan = self.plan.kind if self.plan else "not ready"
        return f"<LiveQuery {self.sql!r} · {plan} · {len(self.state.keys)} rows>"
