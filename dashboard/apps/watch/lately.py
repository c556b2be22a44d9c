"""Rows over time, of a window that ends with the latest row that is not of the future.

A query of a fixed beginning is kept up from the changes alone, one that reads the clock is not. So the query begins at
a fixed time, what is shown of it moves, and when the window has moved by its own length the query is exchanged.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dashboard.postgres.reading import Column
from dashboard.postgres.scope import Scope
from dashboard.views.source import Source

from .examine import SPANS, Watched

if TYPE_CHECKING:
    from dashboard.live import Live, LiveQuery, Subscription

AHEAD = dt.timedelta(hours=15)  # clocks without a time zone are that far from UTC at most


class Lately:
    """The rows of a table by their time, asked for while somebody looks."""

    def __init__(self, live: Live, table: Watched) -> None:
        self._live, self._table = live, table
        self._since = table.since
        self._query: LiveQuery | None = None
        self._subscription: Subscription | None = None
        kind = "timestamp" if isinstance(table.since, dt.datetime) and table.since.tzinfo is None else "timestamptz"
        category = [] if table.category is None else [Column("category", "text")]
        columns = [Column("at", kind), *category, Column("rows", "int8")]
        self.source = Source(live, f"watch {table.name}: over time", columns, self.look)

    def look(self) -> None:
        """Ask while somebody looks, and not when nobody does."""
        if self.source.is_seen and self._query is None and self._table.over_time is not None:
            self._query = self._live.query(self._table.over_time, self._since, scope=Scope())
            self._subscription = self._query.subscribe(self._take)
            if self._query.is_ready:
                self._take(self._query, None)
        elif not self.source.is_seen and self._query is not None:
            self.close()

    def close(self) -> None:
        """Ask no more."""
        if self._subscription is not None and self._query is not None:
            self._subscription.close()
            self._query.close()
        self._query = self._subscription = None

    def _take(self, query: LiveQuery, _: object) -> None:
        if query.error is not None:
            self.source.fail(query.error)
            return
        rows = {key: row for key, row in query.state.rows.items() if _is_past(row[0], query.at)}
        begin = max((row[0] for row in rows.values()), default=dt.datetime.max) - SPANS[self._table.step]
        shown = {key: row for key, row in rows.items() if row[0] >= begin}
        self.source.fill(shown, shown.values())
        if rows and begin - min(row[0] for row in rows.values()) > SPANS[self._table.step]:
            self._since = begin if isinstance(self._since, dt.datetime) else begin.date()
            self.close()
            self.look()


def _is_past(moment: Any, now: dt.datetime | None) -> bool:
    if now is None:
        return True
    if moment.tzinfo is None:
        return bool(moment <= now.replace(tzinfo=None) + AHEAD)
    return bool(moment <= now)
