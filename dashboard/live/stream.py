"""The raw changes of tables, as the log has them, in the ticks that move the queries.

Log images know nothing of row-level security or grants. So a table is streamed only to a role to which no policy
applies, only with the columns it may read, and both are asked again after each tick that brings changes, before these
are handed out: what was forbidden by then is never told. A table that was dropped and made again is found by its name.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from dashboard.errors import (
    CaptureError,
    Closed,
    ConnectError,
    ConnectionLost,
    DashboardError,
    PrivilegeError,
    RelationNotFound,
)
from dashboard.live.hub import Tick, call
from dashboard.live.query import QUEUE, Subscription
from dashboard.postgres.log import Change
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Relation

if TYPE_CHECKING:
    from dashboard.live.live import Live

RECHECK = 1.0
"""Seconds after which rights are asked again at a tick that brings nothing, a heartbeat's for example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one tick brought for the tables of a stream.

    Parameters
    ----------
    changes
        In their order; their `relation` is a key of `ChangeStream.relations`.
    uncounted
        Number of changes that were too many to be listed.
    gap
        Changes before this batch are unknown: the log could not be resumed.
    offset, at
        The tick's snapshot, and when it was taken.
    """

    changes: tuple[Change, ...]
    uncounted: int
    gap: bool
    offset: Offset
    at: datetime


class ChangeStream:
    """Changes of some tables from now on. Made by `Live.changes`."""

    def __init__(self, live: Live, names: Sequence[str]) -> None:
        self.live = live
        self.names = tuple(names)
        self.relations: dict[int, Relation] = {}
        self._readable: dict[int, frozenset[str]] = {}

    async def ready(self) -> ChangeStream:
        """Look the tables up, and whether they may be told.

        Raises
        ------
        RelationNotFound
            There is no such table.
        CaptureError
            It has no capture.
        PrivilegeError
            Row-level security applies to this role, or it may not read the table.
        """
        found = await self.live.relations(self.names)
        readable = await self.live.readable([relation.oid for relation in found.values()])
        for name in self.names:
            if name not in found:
                raise RelationNotFound(f"There is no table {name}.", "Check schema and spelling.", relation=name)
            relation = found[name]
            if not relation.captured:
                raise CaptureError(f"Table {name} has no capture.", f"Run `dashboard install DSN {name}`.")
            if relation.secured:
                raise PrivilegeError(
                    f"Row-level security applies to this role on {name}, and the log does not know it.",
                    "Use a live query, or a role with BYPASSRLS.",
                    sql=name,
                )
            if relation.oid not in readable:
                raise PrivilegeError(
                    f"This role may not read {name}, so its changes are not told.",
                    f"GRANT SELECT ON {relation.quoted} to it.",
                    sql=name,
                )
        self.relations = {found[name].oid: found[name] for name in self.names}
        self._readable = readable
        return self

    def subscribe(
        self, callback: Callable[[Batch], None], refused: Callable[[DashboardError], None] | None = None
    ) -> Subscription:
        """Call `callback(batch)` soon after each tick that changed one of the tables; on the event loop.

        Parameters
        ----------
        refused
            Called with the reason while changes may not be told; what was missed shows as `Batch.gap` afterwards.
        """
        return _Telling(self, callback, refused).subscription

    def batch(self, tick: Tick, *, missed: bool = False) -> Batch:
        """What a tick brought for these tables, as far as this role may read it."""
        return Batch(
            changes=tuple(self._permitted(change) for change in tick.changes if change.relation in self.relations),
            uncounted=sum(count for relation, count in tick.flooded.items() if relation in self.relations),
            gap=missed or not tick.resumed,
            offset=tick.offset,
            at=tick.at,
        )

    def _permitted(self, change: Change) -> Change:
        readable = self._readable[change.relation]
        if readable.issuperset(change.old or ()) and readable.issuperset(change.new or ()):
            return change
        return Change(
            change.seq,
            change.xid,
            change.at,
            change.relation,
            change.op,
            _only(change.old, readable),
            _only(change.new, readable),
        )

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches from now on; what a slow reader misses shows as `Batch.gap`.

        Raises
        ------
        PrivilegeError, CaptureError, RelationNotFound
            The tables may not be told, or not any more.
        """
        await self.ready()
        queue: asyncio.Queue[Batch | DashboardError] = asyncio.Queue(QUEUE)
        ended: list[DashboardError] = []

        missed = False

        def take(batch: Batch) -> None:
            nonlocal missed
            if queue.full():
                missed = True
                return
            queue.put_nowait(replace(batch, gap=True) if missed else batch)
            missed = False

        def end(error: DashboardError) -> None:
            ended.append(error)
            if not queue.full():
                queue.put_nowait(error)

        subscription = self.subscribe(take, end)
        closed = self.live.on_close(lambda: end(Closed("This Live was closed.")))
        try:
            while not ended or not queue.empty():
                batch = await queue.get()
                if isinstance(batch, DashboardError):
                    raise batch
                yield batch
            raise ended[0]
        finally:
            closed.close()
            subscription.close()


def _only(image: Mapping[str, object] | None, columns: frozenset[str]) -> str | None:
    if image is None:
        return None
    return orjson.dumps({name: value for name, value in image.items() if name in columns}).decode()


class _Telling:
    """One subscriber: ticks wait here until it is known what of them may be told."""

    def __init__(
        self,
        stream: ChangeStream,
        callback: Callable[[Batch], None],
        refused: Callable[[DashboardError], None] | None,
    ) -> None:
        self._stream, self._callback, self._refused = stream, callback, refused
        self._waiting: list[Tick] = []
        self._others: set[int] = set()
        self._missed = False
        self._checked = 0.0
        self._task: asyncio.Task[None] | None = None
        ticks = stream.live.on_tick(self._take)
        closing = stream.live.on_close(self._stop)

        def end() -> None:
            ticks.close()
            closing.close()
            self._stop()

        self.subscription = Subscription(end)
        self._begin()

    def _take(self, tick: Tick) -> None:
        named = {change.relation for change in tick.changes} | set(tick.flooded)
        if named <= self._others and tick.resumed and time.monotonic() - self._checked < RECHECK:
            return
        if len(self._waiting) >= QUEUE:
            self._waiting.clear()
            self._missed = True
        self._waiting.append(tick)
        self._begin()

    def _begin(self) -> None:
        if self._task is None:
            # In a context of its own, or it would carry the session that came first into all others.
            self._task = asyncio.get_running_loop().create_task(self._tell(), context=contextvars.Context())

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tell(self) -> None:
        try:
            while True:
                ticks, self._waiting = self._waiting, []
                try:
                    await self._stream.ready()
                except (ConnectionLost, ConnectError):
                    self._waiting[:0] = ticks
                    await asyncio.sleep(0.2)
                    continue
                except DashboardError as error:
                    self._missed = True
                    if self._refused is not None:
                        call(self._refused, error)
                else:
                    self._hand_out(ticks)
                self._checked = time.monotonic()
                if not self._waiting:
                    return
        finally:
            self._task = None

    def _hand_out(self, ticks: Sequence[Tick]) -> None:
        known = self._stream.relations.keys()
        self._others = {change.relation for tick in ticks for change in tick.changes} - known
        self._others |= {relation for tick in ticks for relation in tick.flooded} - known
        for tick in ticks:
            batch = self._stream.batch(tick, missed=self._missed)
            if batch.changes or batch.uncounted or batch.gap:
                self._missed = False
                call(self._callback, batch)
