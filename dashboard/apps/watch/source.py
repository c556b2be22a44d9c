"""Rows that come from no SELECT, offered to views as if one had: same columns, same state, same news."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from dashboard.live.frame import LiveFrame
from dashboard.live.query import Subscription
from dashboard.postgres.reading import Column

if TYPE_CHECKING:
    from dashboard.errors import DashboardError
    from dashboard.live import Live, LiveQuery

News = Callable[["LiveQuery", None], None]


class Source:
    """What a view asks of a `dashboard.live.LiveQuery`, filled by whoever made it.

    Parameters
    ----------
    name
        Tells it from other sources of the same `live`; stands where a query's SQL does.
    """

    parameters: Sequence[object] = ()
    scope = None
    priority = "medium"
    is_ready = True
    at = offset = None  # it belongs to no snapshot
    error: DashboardError | None = None

    def __init__(self, live: Live, name: str, columns: Sequence[Column]) -> None:
        self.live = live
        self.sql = name
        self.columns = tuple(columns)
        self.state = LiveFrame(columns)
        self._callbacks: list[News] = []

    @property
    def query(self) -> LiveQuery:
        """Itself, as views take it: they ask nothing of a query that is not here."""
        return cast("LiveQuery", self)

    def fill(self, keys: Iterable[Hashable], rows: Iterable[tuple[object, ...]]) -> None:
        """Put these rows in the place of those before, and tell who looks."""
        self.state = LiveFrame(self.columns, keys, rows)
        for callback in list(self._callbacks):
            callback(self.query, None)

    def subscribe(self, callback: News) -> Subscription:
        """Call `callback` when there are new rows."""
        callbacks = self._callbacks
        callbacks.append(callback)
        return Subscription(lambda: callbacks.remove(callback))
