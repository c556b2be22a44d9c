"""One page of any SELECT, as two SELECTs around it: its rows, and how many there are.

What a reader asks for (an order, a page, words to search, values to keep) becomes parameters; columns are taken from
the query's own list and quoted, never from the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_PAGES = 100_000


@dataclass(frozen=True)
class Choice:
    """What one reader asked a table for."""

    sort: tuple[str, bool] | None = None  # column, descending
    page: int = 0
    search: str = ""
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PageSQL:
    """The queries of one page of a SELECT: its rows, and how many there are."""

    sql: str
    parameters: tuple[object, ...]
    choice: Choice
    size: int
    searched: tuple[str, ...] = ()
    step: int | None = None  # by how many rows one page begins after another; its size by default

    def rows(self) -> tuple[str, tuple[object, ...]]:
        """One page."""
        where, given = self._where()
        order = ""
        if self.choice.sort is not None:
            name, is_descending = self.choice.sort
            order = f" ORDER BY q.{quoted(name)} {'DESC NULLS LAST' if is_descending else 'ASC NULLS LAST'}"
        window = f" LIMIT {self.size:d} OFFSET {self.choice.page * (self.step or self.size):d}"
        return f"SELECT * FROM (\n{self._inner()}\n) q{where}{order}{window}", (*self.parameters, *given)

    def count(self) -> tuple[str, tuple[object, ...]]:
        """All that match."""
        where, given = self._where()
        return f"SELECT count(*) FROM (\n{self._inner()}\n) q{where}", (*self.parameters, *given)

    def _inner(self) -> str:
        return self.sql.strip().rstrip(";").rstrip()

    def _where(self) -> tuple[str, list[object]]:
        given: list[object] = []
        conditions = []
        if self.choice.search and self.searched:
            given.append(f"%{_literal(self.choice.search)}%")
            words = ", ".join(f"q.{quoted(name)}::text" for name in self.searched)
            conditions.append(f"concat_ws(' ', {words}) ILIKE ${len(self.parameters) + len(given)}::text")
        for name, value in self.choice.filters:
            given.append(value)
            conditions.append(f"q.{quoted(name)}::text = ${len(self.parameters) + len(given)}::text")
        return (" WHERE " + " AND ".join(conditions) if conditions else ""), given


def asked(ask: Any, known: Sequence[str]) -> Choice:
    """A reader's wish, as far as it makes sense."""
    if not isinstance(ask, dict):
        return Choice()
    sort = ask.get("sort")
    is_sort = isinstance(sort, list) and len(sort) == 2 and sort[0] in known
    page = ask.get("page")
    filters = ask.get("filters")
    kept = filters.items() if isinstance(filters, dict) else ()
    return Choice(
        sort=(str(sort[0]), bool(sort[1])) if is_sort and sort else None,
        page=page if isinstance(page, int) and 0 <= page <= MOST_PAGES else 0,
        search=str(ask.get("search") or "")[:200],
        filters=tuple(sorted((name, str(value)) for name, value in kept if name in known)),
    )


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
