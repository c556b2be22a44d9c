"""One page of any SELECT, as SELECTs around it: its rows, how many there are, and what a column holds.

What a reader asks for (an order, a page, words to search, values to keep) becomes parameters; columns are taken from
the query's own list and quoted, never from the reader.

The reader's order is made unique, else two pages of rows that are equal in it could show one row twice and another
never: by the row's key where that is known and selected, so that the first page, which has no OFFSET, can be followed
row by row (see :mod:`dashboard.live.shape`); otherwise by the text of the whole row: what that leaves looks alike.
All pages of one order must use the same `key`. A query's own order is taken as it is: end it with a unique column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from dashboard.live.statement import Statement
from dashboard.postgres.reading import quoted

from . import codec

MOST_PAGES = 100_000
NTH, ALL = "dashboard_nth", "dashboard_all"
FACETS = 50
"""Values of a column that are offered to choose from."""


@dataclass(frozen=True)
class Choice:
    """What one reader asked a table for."""

    sort: tuple[str, bool] | None = None  # column, descending
    page: int = 0
    search: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    ranges: tuple[tuple[str, str, str, str], ...] = ()  # column, its type, from, to; either may be empty
    facet: str = ""  # the column whose values are looked at
    whole: int = 0  # the first so many rows in place of a page; no reader can ask for it


@dataclass(frozen=True)
class PageSQL:
    """The queries of one page of a SELECT: its rows, how many there are, and the values of one column."""

    sql: str
    parameters: tuple[object, ...]
    choice: Choice
    size: int
    searched: tuple[str, ...] = ()
    step: int | None = None  # by how many rows one page begins after another; its size by default
    key: tuple[str, ...] = ()  # columns that tell rows apart, as far as they are known

    def rows(self) -> tuple[str, tuple[object, ...]]:
        """One page."""
        where, given = self._where(self.choice.filters)
        first = self.choice.page * (self.step or self.size)
        window = f" LIMIT {self.size:d}" + (f" OFFSET {first:d}" if first else "")
        if not where and self.choice.sort is None and takes_limit(self.sql):
            return f"{self._inner()}\n{window.strip()}", self.parameters
        return f"{self._around()}{where}{self._order()}{window}", (*self.parameters, *given)

    def every(self) -> tuple[str, tuple[object, ...]]:
        """All rows that match, in their order."""
        where, given = self._where(self.choice.filters)
        return f"{self._around()}{where}{self._order()}", (*self.parameters, *given)

    def count(self) -> tuple[str, tuple[object, ...]]:
        """All that match."""
        where, given = self._where(self.choice.filters)
        return f"SELECT count(*) FROM (\n{self._inner()}\n) q{where}", (*self.parameters, *given)

    def values(self) -> tuple[str, tuple[object, ...]]:
        """The most frequent values of the column looked at, whatever is kept of it at present."""
        where, given = self._where(tuple(kept for kept in self.choice.filters if kept[0] != self.choice.facet))
        value = f"q.{quoted(self.choice.facet)}::text"
        return (
            f"SELECT {value} AS value, count(*) AS rows FROM (\n{self._inner()}\n) q{where}"
            f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {FACETS:d}",
            (*self.parameters, *given),
        )

    def _inner(self) -> str:
        return self.sql.strip().rstrip(";").rstrip()

    def _around(self) -> str:
        return f"SELECT * FROM (\n{self._inner()}\n) q"

    def _order(self) -> str:
        if self.choice.sort is None:
            return ""
        name, is_descending = self.choice.sort
        ties = "".join(f", q.{quoted(other)}" for other in self.key if other != name) if self.key else ", (q.*)::text"
        return f" ORDER BY q.{quoted(name)} {'DESC NULLS LAST' if is_descending else 'ASC NULLS LAST'}{ties}"

    def _where(self, filters: Sequence[tuple[str, str]]) -> tuple[str, list[object]]:
        given: list[object] = []
        conditions = []

        def parameter(value: object) -> str:
            given.append(value)
            return f"${len(self.parameters) + len(given)}::text"

        if self.choice.search and self.searched:
            words = ", ".join(f"q.{quoted(name)}::text" for name in self.searched)
            conditions.append(f"concat_ws(' ', {words}) ILIKE {parameter(f'%{_literal(self.choice.search)}%')}")
        for name, value in filters:
            conditions.append(f"q.{quoted(name)}::text = {parameter(value)}")
        for name, type_name, low, high in self.choice.ranges:
            for sign, bound in ((">=", low), ("<", high) if codec.kind(type_name) == "time" else ("<=", high)):
                if bound:
                    conditions.append(f"q.{quoted(name)} {sign} CAST({parameter(bound)} AS {type_name})")
        return (" WHERE " + " AND ".join(conditions) if conditions else ""), given


def sampled(sql: str, most: int) -> str:
    """The rows of a SELECT, of more than `most` only every nth; each with how many there are (`ALL`)."""
    inner = sql.strip().rstrip(";").rstrip()
    numbered = f"SELECT q.*, row_number() OVER () AS {NTH}, count(*) OVER () AS {ALL} FROM (\n{inner}\n) q"
    return f"SELECT s.* FROM (\n{numbered}\n) s WHERE s.{NTH} % ceil(s.{ALL} / {most:d}.0)::bigint = 0"


def asked(ask: Any, known: Mapping[str, str]) -> Choice:
    """A reader's wish, as far as it makes sense; `known` gives the columns' types."""
    if not isinstance(ask, dict):
        return Choice()
    sort = ask.get("sort")
    is_sort = isinstance(sort, list) and len(sort) == 2 and sort[0] in known
    page = ask.get("page")
    kept, bounds = ask.get("filters"), ask.get("ranges")
    ranges = [_range(name, known[name], both) for name, both in _items(bounds) if name in known]
    return Choice(
        sort=(str(sort[0]), bool(sort[1])) if is_sort and sort else None,
        page=page if isinstance(page, int) and 0 <= page <= MOST_PAGES else 0,
        search=str(ask.get("search") or "")[:200],
        filters=tuple(sorted((name, str(value)) for name, value in _items(kept) if name in known)),
        ranges=tuple(sorted(one for one in ranges if one is not None)),
        facet=str(ask.get("facet")) if ask.get("facet") in known else "",
    )


@lru_cache(maxsize=512)
def takes_limit(sql: str) -> bool:
    """Whether a LIMIT may stand behind this SELECT."""
    return Statement(sql).takes_limit()


def _items(given: Any) -> Sequence[tuple[str, Any]]:
    return list(given.items()) if isinstance(given, dict) else []


def _range(name: str, type_name: str, both: Any) -> tuple[str, str, str, str] | None:
    if not isinstance(both, list) or len(both) != 2:
        return None
    low, high = (_bound(codec.kind(type_name), str(bound or "").strip()) for bound in both)
    return (name, type_name, low, high) if low or high else None


def _bound(kind: str, text: str) -> str:
    """A bound as PostgreSQL reads it; empty where it is none."""
    try:
        if kind == "number":
            return str(Decimal(text)) if Decimal(text).is_finite() else ""
        if kind in ("time", "clock", "date"):
            return dt.datetime.fromisoformat(text).isoformat()
    except (InvalidOperation, ValueError):
        pass
    return ""


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
