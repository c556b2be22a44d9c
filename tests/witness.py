"""A witness of the promise: at every tick, `frame` equals the SELECT run in that tick's snapshot.

It stands between the hub and the log's reader. Before a tick's transaction ends it runs every open query as its
user wrote it, in its scope, in that same snapshot; when the tick has been published it compares. It also folds
the deltas of each query, as a view does, and compares the result.

TRUNCATE knows no snapshots: once committed it empties older ones too. What was compared in a tick just before one is
not held against anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg

from dashboard.errors import ConnectionLost, DashboardError
from dashboard.live import Delta, Key, Live, LiveQuery, Tick
from dashboard.live.answer import Answer
from dashboard.postgres.connection import allow
from dashboard.postgres.follower import Progress
from dashboard.postgres.log import LogReader, Window
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Reading

Rows = list[tuple[Any, ...]]


class Witness:
    """Watches a `Live` that has not been started yet.

    Attributes
    ----------
    faults
        What was wrong, one sentence each; empty is right.
    compared
        How many answers were compared with a SELECT in the same snapshot.
    """

    def __init__(self, live: Live) -> None:
        self.live = live
        self.faults: list[str] = []
        self._doubted: list[str] = []
        self.compared = 0
        self.ticks = 0
        self._tick = live.hub.tick
        self._expected: dict[Answer, Rows | DashboardError] = {}
        self._folded: dict[LiveQuery, dict[Key, tuple[Any, ...]]] = {}
        self._ordered: dict[Answer, tuple[int, ...]] = {}
        live.hub.tick = self._watched  # type: ignore[method-assign]  # where the follower enters
        live.on_tick(self._compare)

    def follow(self, query: LiveQuery, ordered: tuple[int, ...] = ()) -> None:
        """Fold the deltas of a query too; `ordered`: places of the columns whose order the SELECT fixes."""
        self._ordered[query._answer] = ordered
        folded = dict(query.state.rows)
        self._folded[query] = folded

        def fold(_query: LiveQuery, delta: Delta | None) -> None:
            if delta is None:
                return
            if delta.replaced:
                folded.clear()
            for key in delta.removed_keys:
                folded.pop(key, None)
            folded.update(zip(delta.keys, delta.rows, strict=True))

        query.subscribe(fold)

    async def _watched(self, reader: LogReader, heartbeat: bool) -> Progress:
        return await self._tick(_Reader(reader, self), heartbeat)  # type: ignore[arg-type]  # it stands in for one

    async def look(self, reader: LogReader) -> None:
        """Run every open query in the open snapshot."""
        self._expected = {}
        reading = Reading(reader.connection)
        await allow(reader.connection, None)  # the tick is in a hurry, this is not
        await reader.connection.execute("SET LOCAL lock_timeout = 1")  # held up by an open TRUNCATE: nothing to compare
        for answer in list(self.live.hub.answers):
            if answer.source is not None and answer.source.shape.clock:
                continue
            try:
                async with reading.within(answer.scope, guarded=True):
                    self._expected[answer] = await reading.rows(answer.statement.sql, *answer.parameters)
            except ConnectionLost:
                raise
            except DashboardError as error:
                if getattr(error, "sqlstate", None) != "55P03":
                    self._expected[answer] = error

    def _compare(self, tick: Tick) -> None:
        self.ticks += 1
        if any(change.op == "T" for change in tick.changes) or tick.flooded:
            self.faults = [fault for fault in self.faults if fault not in self._doubted]
        known = len(self.faults)
        for answer, expected in self._expected.items():
            self._check(answer, expected, tick.offset)
        for query, folded in self._folded.items():
            if query._answer.is_ready and _plain(folded) != _plain(query.state.rows):
                self.faults.append(f"deltas do not fold to the frame: {query.sql}\n  {folded}\n  {query.state.rows}")

        self._doubted = self.faults[known:]

    def _check(self, answer: Answer, expected: Rows | DashboardError, offset: Offset) -> None:
        if answer not in self.live.hub.answers or self.live.hub.moment_of(answer)[0] != offset:
            return
        if isinstance(expected, DashboardError) or answer.error is not None:
            if (answer.error is not None) != isinstance(expected, DashboardError):
                self.faults.append(f"error {answer.error!r} where PostgreSQL has {expected!r}: {answer.statement.sql}")
            return
        self.compared += 1
        if fault := difference(expected, rows_of(answer), self._ordered.get(answer, ())):
            self.faults.append(f"{fault}\n  {answer.statement.sql} {answer.parameters}\n  plan {answer.plan.kind}")  # type: ignore[union-attr]  # it is ready


class _Reader:
    """A reader whose windows the witness looks into before they close."""

    def __init__(self, reader: LogReader, witness: Witness) -> None:
        self._reader = reader
        self._witness = witness

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    @asynccontextmanager
    async def window(self, since: Offset | None, *, hurry: float | None = None) -> AsyncIterator[Window]:
        async with self._reader.window(since, hurry=hurry) as window:
            yield window
            await self._witness.look(self._reader)


def rows_of(subject: LiveQuery | Answer) -> Rows:
    """The rows of a query in its order."""
    state = subject.state
    return [state.rows[key] for key in state.keys]


def difference(expected: Rows, found: Rows, ordered: tuple[int, ...] = ()) -> str:
    """What differs between PostgreSQL's rows and ours; empty if nothing does.

    `ordered`: places of the columns whose order counts; rows that are equal in these may stand in any order.
    """
    want, have = [_settled(row) for row in expected], [_settled(row) for row in found]
    if ordered:
        want_order = [tuple(row[place] for place in ordered) for row in want]
        have_order = [tuple(row[place] for place in ordered) for row in have]
        if want_order != have_order:
            return f"order: expected {want_order}, found {have_order}"
    missing, surplus = Counter(want) - Counter(have), Counter(have) - Counter(want)
    if missing or surplus:
        return f"missing {list(missing.elements())}, surplus {list(surplus.elements())}"
    return ""


def _plain(rows: dict[Key, tuple[Any, ...]]) -> dict[Key, tuple[Any, ...]]:
    return {_settled_value(key): _settled(row) for key, row in rows.items()}


def _settled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_settled_value(value) for value in row)


def _settled_value(value: Any) -> Any:
    if isinstance(value, float | Decimal) and value != value:
        return "NaN"
    if isinstance(value, tuple):
        return _settled(value)
    if isinstance(value, list):
        return ("list", *_settled(tuple(value)))
    if isinstance(value, asyncpg.Record):
        return _settled(tuple(value))
    return value
