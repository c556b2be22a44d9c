"""The last while of one query: its deltas, from which any moment of it can be made again.

Kept is the answer as it was at the beginning and what changed since. What is too old, or too much, is folded into that
beginning; a moment before it can be asked for no more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import finalize, ref

import pandas as pd

from dashboard.errors import NotNow
from dashboard.live.delta import Delta
from dashboard.live.frame import LiveFrame
from dashboard.live.step import Part, SortKey, Whole, fold_part, fold_whole
from dashboard.postgres.offset import Offset

if TYPE_CHECKING:
    from dashboard.live.query import LiveQuery


class History:
    """What a query answered, at any moment from `start` on; made by `LiveQuery.history`.

    Parameters
    ----------
    query
        It is followed until `close`.
    length
        How long a delta is kept.
    values
        How many values are kept of all deltas together, which bounds the memory.
    """

    def __init__(self, query: LiveQuery, *, length: timedelta, values: int) -> None:
        query = query.shared()
        self._query, self._length, self._values = query, length, values
        self._first = LiveFrame(())
        self._since: tuple[Offset, datetime] | None = None
        self._deltas: deque[Delta] = deque()
        self._size = 0
        if query.is_ready:
            self._begin()
        weak = ref(self)  # one that nobody holds any more follows nothing

        def take(query: LiveQuery, delta: Delta | None) -> None:
            history = weak()
            if history is not None:
                history._take(delta)

        query.subscribe(take)
        finalize(self, _ended, query)

    @property
    def moments(self) -> list[datetime]:
        """When it changed: the first is the beginning of what is known; none before the query's first answer."""
        return [*([] if self._since is None else [self._since[1]]), *(delta.at for delta in self._deltas)]

    @property
    def offsets(self) -> list[Offset]:
        """The snapshots of these moments."""
        return [*([] if self._since is None else [self._since[0]]), *(delta.offset for delta in self._deltas)]

    def frame_at(self, moment: datetime | Offset) -> pd.DataFrame:
        """The answer at a time, or in one of `offsets`.

        Raises
        ------
        NotNow
            It is before what is kept, or nothing is yet.
        """
        if self._since is None:
            raise NotNow(
                "This history has no moment yet: its query has no answer.",
                "Wait for it: `await query`, or query.wait().",
            )
        offsets = self.offsets
        if isinstance(moment, datetime):
            steps = sum(delta.at <= moment for delta in self._deltas)
            is_known = self._since[1] <= moment
        else:
            is_known = moment in offsets
            steps = len(offsets) - 1 - offsets[::-1].index(moment) if is_known else 0
        if not is_known:
            raise NotNow("The history does not reach back that far.", f"It begins at {self._since[1]:%H:%M:%S}.")
        frame = LiveFrame(self._first.columns, self._first.keys, [self._first.rows[key] for key in self._first.keys])
        for delta in list(self._deltas)[:steps]:
            frame = folded(frame, delta, self._query._answer.sort_key)
        return frame.frame

    def close(self) -> None:
        """Follow no more; what is kept can still be read."""
        self._query.close()

    def _begin(self) -> None:
        state, offset, at = self._query.state, self._query.offset, self._query.at
        if offset is not None and at is not None:
            self._first = LiveFrame(state.columns, state.keys, [state.rows[key] for key in state.keys])
            self._since = (offset, at)

    def _take(self, delta: Delta | None) -> None:
        if self._since is None:
            if self._query.is_ready:
                self._begin()
        elif delta is not None and delta.offset != self._since[0]:
            self._deltas.append(delta)
            self._size += _size(delta)
            while self._deltas and (self._size > self._values or self._deltas[0].at < delta.at - self._length):
                oldest = self._deltas.popleft()
                self._size -= _size(oldest)
                self._first = folded(self._first, oldest, self._query._answer.sort_key)
                self._since = (oldest.offset, oldest.at)


def folded(frame: LiveFrame, delta: Delta, sort_key: SortKey | None) -> LiveFrame:
    """A frame with a delta put into it."""
    rows = dict(zip(delta.keys, delta.rows, strict=True))
    if delta.replaced:
        return LiveFrame(delta.columns, delta.keys, delta.rows)
    if _is_all(frame.rows, rows, delta.removed_keys):  # perhaps in another order
        fold_whole(frame, Whole(keys=delta.keys, rows=delta.rows))
    else:
        fold_part(frame, Part(rows=rows, gone=frozenset(delta.removed_keys)), sort_key)
    return frame


def _ended(query: LiveQuery) -> None:
    """End what a history followed, from wherever the garbage collector runs."""
    if query.live.loop is not None:
        query.live.loop.call_soon_threadsafe(query.close)


def _is_all(old: Iterable[object], new: Iterable[object], removed: Iterable[object]) -> bool:
    return not {*old}.difference(new, removed)


def _size(delta: Delta) -> int:
    return len(delta.rows) * len(delta.columns) + len(delta.removed_keys)
