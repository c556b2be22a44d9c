"""The raw changes of tables, as the log has them, in the ticks that move the queries.

Log images know nothing of row-level security, so a table is streamed only to a role to which no policy applies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dashboard.errors import CaptureError, Closed, PrivilegeError, RelationNotFound
from dashboard.live.hub import Tick
from dashboard.live.query import QUEUE, Subscription
from dashboard.postgres.log import Change
from dashboard.postgres.offset import Offset
from dashboard.postgres.reading import Relation

if TYPE_CHECKING:
    from dashboard.live.live import Live


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

    async def ready(self) -> ChangeStream:
        """Look the tables up.

        Raises
        ------
        RelationNotFound
            There is no such table.
        CaptureError
            It has no capture.
        PrivilegeError
            Row-level security applies to this role.
        """
        found = await self.live.relations(self.names)
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
            self.relations[relation.oid] = relation
        return self

    def subscribe(self, callback: Callable[[Batch], None]) -> Subscription:
        """Call `callback(batch)` in each tick that changed one of the tables; on the event loop, after `ready`."""

        def take(tick: Tick) -> None:
            batch = self._batch(tick)
            if batch.changes or batch.uncounted or batch.gap:
                callback(batch)

        return self.live.on_tick(take)

    def _batch(self, tick: Tick) -> Batch:
        return Batch(
            changes=tuple(change for change in tick.changes if change.relation in self.relations),
            uncounted=sum(count for relation, count in tick.flooded.items() if relation in self.relations),
            gap=not tick.resumed,
            offset=tick.offset,
            at=tick.at,
        )

    async def __aiter__(self) -> AsyncIterator[Batch]:
        """Batches from now on; what a slow reader misses shows as `Batch.gap`."""
        await self.ready()
        queue: asyncio.Queue[Batch | None] = asyncio.Queue(QUEUE)
        missed = False

        def take(batch: Batch) -> None:
            nonlocal missed
            missed = missed or queue.full()
            if not queue.full():
                queue.put_nowait(batch)

        subscription = self.subscribe(take)
        closed = self.live.on_close(lambda: None if queue.full() else queue.put_nowait(None))
        try:
            while not self.live.is_closed:
                batch = await queue.get()
                if batch is None:
                    raise Closed("This Live was closed.")
                yield batch
        finally:
            closed.close()
            subscription.close()
