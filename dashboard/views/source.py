"""Rows that come from no SELECT, offered to views as if one had: same columns, same state, same news.

All rows are here, so a table of them is sorted, searched and paged here too (see :func:`page_of`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from dashboard.live.frame import LiveFrame
from dashboard.live.query import Subscription

from .paging import FACETS

if TYPE_CHECKING:
    from dashboard.errors import DashboardError
    from dashboard.live import Column, Live, LiveQuery, Scope

    from .paging import Choice

News = Callable[["LiveQuery", None], None]


class Source:
    """What a view asks of a `dashboard.live.LiveQuery`, filled by whoever made it.

    Parameters
    ----------
    name
        Tells it from other sources of the same `live`; stands where a query's SQL does.
    woken
        Called when somebody begins to look; `is_seen` tells whether anybody still does.
    """

    parameters: Sequence[object] = ()
    scope: Scope | None = None
    priority = "medium"
    is_ready = True
    at = offset = None  # it belongs to no snapshot

    def __init__(
        self, live: Live, name: str, columns: Sequence[Column], woken: Callable[[], None] | None = None
    ) -> None:
        self.live = live
        self.sql = name
        self.columns = tuple(columns)
        self.state = LiveFrame(columns)
        self.error: DashboardError | None = None
        self._woken = woken
        self._callbacks: list[News] = []

    @property
    def query(self) -> LiveQuery:
        """Itself, as views take it: they ask nothing of a query that is not here."""
        return cast("LiveQuery", self)

    @property
    def is_seen(self) -> bool:
        """Whether a page shows it to somebody."""
        return bool(self._callbacks)

    def fill(self, keys: Iterable[Hashable], rows: Iterable[tuple[object, ...]]) -> None:
        """Put these rows in the place of those before, and tell who looks."""
        self.state, self.error = LiveFrame(self.columns, keys, rows), None
        self._tell()

    def fail(self, error: DashboardError) -> None:
        """Say why there are no newer rows; those there are stay."""
        self.error = error
        self._tell()

    def subscribe(self, callback: News) -> Subscription:
        """Call `callback` when there are new rows."""
        callbacks = self._callbacks
        callbacks.append(callback)
        if self._woken is not None and len(callbacks) == 1:
            self._woken()
        return Subscription(lambda: callbacks.remove(callback))

    def _tell(self) -> None:
        for callback in list(self._callbacks):
            callback(self.query, None)


def is_at_hand(query: object) -> bool:
    """Whether all rows are here, so that a table of them asks nothing of PostgreSQL."""
    return isinstance(query, Source)


def page_of(source: LiveQuery, choice: Choice, size: int, step: int) -> tuple[list[Hashable], int]:
    """The keys of one page of a source's rows, as a reader asked for it, and how many rows match in all."""
    keys = _ordered(source, choice)
    first = choice.page * step
    return keys[first : first + size], len(keys)


def all_of(source: LiveQuery, choice: Choice) -> list[tuple[Any, ...]]:
    """All rows that match, in the order a reader asked for."""
    return [source.state.rows[key] for key in _ordered(source, choice)]


def _ordered(source: LiveQuery, choice: Choice) -> list[Hashable]:
    names = [column.name for column in source.columns]
    rows = source.state.rows
    keys = [key for key in source.state.keys if _matches(rows[key], names, choice)]
    if choice.sort is not None and choice.sort[0] in names:
        place, is_descending = names.index(choice.sort[0]), choice.sort[1]
        known = [key for key in keys if rows[key][place] is not None]
        known.sort(key=lambda key: _sortable(rows[key][place]), reverse=is_descending)
        keys = known + [key for key in keys if rows[key][place] is None]
    return keys


def values_of(source: LiveQuery, name: str) -> list[tuple[Any, int]]:
    """The most frequent values of a column of a source's rows, and how many rows have each."""
    names = [column.name for column in source.columns]
    rows = source.state.rows.values()
    counted = Counter(str(row[names.index(name)]) for row in rows if row[names.index(name)] is not None)
    return counted.most_common(FACETS)


def _matches(row: tuple[Any, ...], names: Sequence[str], choice: Choice) -> bool:
    if any(name in names and str(row[names.index(name)]) != value for name, value in choice.filters):
        return False
    if any(name in names and not _lies(row[names.index(name)], low, high) for name, _, low, high in choice.ranges):
        return False
    words = choice.search.lower()
    return not words or words in " ".join(str(value) for value in row if value is not None).lower()


def _lies(value: Any, low: str, high: str) -> bool:
    if value is None:
        return False
    kind = dt.datetime.fromisoformat if isinstance(value, dt.datetime) else type(value)
    return (not low or kind(low) <= value) and (not high or value <= kind(high))


def _sortable(value: Any) -> tuple[str, Any]:
    """What can be compared with every other value: each kind stands for itself."""
    if isinstance(value, str):
        return "text", value.lower()
    return "" if isinstance(value, int | float | Decimal) else type(value).__name__, value
