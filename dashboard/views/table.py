"""A query as a table: one page of it, sorted, searched and filtered by PostgreSQL.

The query itself is never read as a whole. A page is a query of its own, `SELECT * FROM (<sql>) q … LIMIT … OFFSET …`, live
like any other; readers on the same page in the same order share it. What a reader asks for (an order, a page, words to
search, values to keep) becomes parameters; columns are taken from the query's own list and quoted, never from the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import param

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference, strand
from .tile import formatted
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding

MOST_PAGES = 100_000


@dataclass(frozen=True)
class Choice:
    """What one reader asked a table for."""

    sort: tuple[str, bool] | None = None  # column, descending
    page: int = 0
    search: str = ""
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TableShape(Shape):
    """A table's picture: `columns`, `rows` by key in an `order`, the `total`, and what was asked for."""

    choice: Choice
    size: int
    columns: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    formats: tuple[tuple[str, str], ...]

    def draw(self, queries: Queries) -> Picture:
        page, count = queries
        names = [column.name for column in page.columns]
        shown = [name for name in self.columns if name in names] or names
        places = [names.index(name) for name in shown]
        formats = dict(self.formats)
        rows = {
            codec.key_text(key): [_cell(page.state.rows[key][place], formats.get(names[place])) for place in places]
            for key in page.state.keys
        }
        total = next(iter(count.state.rows.values()), (len(rows),))[-1]
        return {
            "columns": [self._column(page, name, formats) for name in shown],
            "order": list(rows),
            "rows": rows,
            "total": total,
            "page": self.choice.page,
            "size": self.size,
            "sort": self.choice.sort,
            "search": self.choice.search,
            "filters": dict(self.choice.filters),
        }

    def difference(self, old: Picture, new: Picture) -> Picture | None:
        step = keyed_difference({**old, "total": new["total"]}, new)
        if step is not None and old["total"] != new["total"]:
            step["total"] = new["total"]
        return step

    def _column(self, page: LiveQuery, name: str, formats: Mapping[str, str]) -> Picture:
        column = next(column for column in page.columns if column.name == name)
        kind = codec.kind(column.type)
        label = dict(self.labels).get(name, _label(name))
        return {"name": name, "label": label, "kind": kind, "formatted": name in formats}


@dataclass(frozen=True)
class PageSQL:
    """The queries of one page of a SELECT: its rows, and how many there are."""

    sql: str
    parameters: tuple[object, ...]
    choice: Choice
    size: int
    searched: tuple[str, ...] = field(default=())

    def rows(self) -> tuple[str, tuple[object, ...]]:
        """One page."""
        where, given = self._where()
        order = ""
        if self.choice.sort is not None:
            name, is_descending = self.choice.sort
            order = f" ORDER BY q.{quoted(name)} {'DESC NULLS LAST' if is_descending else 'ASC NULLS LAST'}"
        window = f" LIMIT {self.size:d} OFFSET {self.choice.page * self.size:d}"
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


class Table(View):
    """A query as a table.

    Parameters
    ----------
    query
        Any SELECT; its own order holds until the reader sorts.
    columns
        The columns shown, in this order; all by default. A mapping also names them.
    formats
        Python formats of columns, for example ``{"total": "${:,.2f}"}``.
    below
        Columns shown small below another: ``{"name": "email"}``.
    tags
        Columns shown as tags.
    page_size
        Rows of a page.
    sort
        Column to sort by at first; with a leading minus, descending.
    times
        Whether times are said as relative ("12 s") or absolute.

    A click on a row emits the event ``"select"`` with the row's key as the browser knows it.
    """

    columns = param.Parameter(default=None, doc="Columns shown: a list, or a mapping to their labels.")
    formats = param.Dict(default={}, doc="Python formats by column.")
    below = param.Dict(default={}, doc="Column shown small below another.")
    tags = param.List(default=[], item_type=str, doc="Columns shown as tags.")
    page_size = param.Integer(default=10, bounds=(1, 500), doc="Rows of a page.")
    sort = param.String(default=None, allow_None=True, doc="Column to sort by at first; '-name': descending.")
    search = param.Boolean(default=True, doc="Whether there is a field to search in.")
    times = param.Selector(default="relative", objects=["relative", "absolute"], doc="How times are said.")

    kind: ClassVar[str] = "table"

    def queries(self) -> Queries:
        return self._queries(self._first())

    def shape(self, binding: Binding) -> TableShape:
        return self._shape(self._first())

    def bind(self, binding: Binding) -> None:
        self._show(binding, self._first())

    def options(self) -> dict[str, Any]:
        below = {name: under for name, under in self.below.items() if isinstance(under, str)}
        return {
            **super().options(), "search": self.search, "below": below, "tags": list(self.tags),
            "times": self.times, "size": self.page_size, "selects": bool(self._callbacks.get("select")),
        }  # fmt: skip

    def receive(self, binding: Binding, message: Any) -> None:
        super().receive(binding, message)
        if not isinstance(message, dict) or "ask" not in message:
            return
        shown = binding.strand
        known = [c.name for c in shown.queries[0].columns] if shown is not None else []
        self._show(binding, _asked(message["ask"], known))

    def _show(self, binding: Binding, choice: Choice) -> None:
        binding.show(strand(self._queries(choice), self._shape(choice), self.urgency()))

    def _first(self) -> Choice:
        if self.sort is None:
            return Choice()
        return Choice(sort=(self.sort.removeprefix("-"), self.sort.startswith("-")))

    def _queries(self, choice: Choice) -> Queries:
        (query,) = super().queries()
        searched = self._searched(query)
        page = PageSQL(query.sql, tuple(query.parameters), choice, self.page_size, searched)
        given = {"scope": query.scope, "priority": self.urgency()}
        sql, parameters = page.rows()
        counted, count_parameters = page.count()
        return (query.live.query(sql, *parameters, **given), query.live.query(counted, *count_parameters, **given))

    def _searched(self, query: LiveQuery) -> tuple[str, ...]:
        first = Choice() if self.sort is None else self._first()
        sql, parameters = PageSQL(query.sql, tuple(query.parameters), first, self.page_size).rows()
        page = query.live.query(sql, *parameters, scope=query.scope, priority=self.urgency())
        return tuple(c.name for c in page.columns if codec.kind(c.type) not in ("bytes", "json"))

    def _shape(self, choice: Choice) -> TableShape:
        labels = self.columns if isinstance(self.columns, Mapping) else {}
        shown: Sequence[str] = list(self.columns) if self.columns is not None else []
        extra = [under for under in self.below.values() if shown and under not in shown]
        return TableShape(
            choice=choice, size=self.page_size, columns=(*shown, *extra), labels=tuple(labels.items()),
            formats=tuple(self.formats.items()),
        )  # fmt: skip


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _asked(ask: Any, known: Sequence[str]) -> Choice:
    """A reader's wish, as far as it makes sense."""
    if not isinstance(ask, dict):
        return Choice()
    sort = ask.get("sort")
    is_sort = isinstance(sort, list) and len(sort) == 2 and sort[0] in known
    page = ask.get("page")
    filters = ask.get("filters")
    kept = filters.items() if isinstance(filters, dict) else ()
    return Choice(
        sort=(sort[0], bool(sort[1])) if is_sort else None,
        page=page if isinstance(page, int) and 0 <= page <= MOST_PAGES else 0,
        search=str(ask.get("search") or "")[:200],
        filters=tuple(sorted((name, str(value)) for name, value in kept if name in known)),
    )


def _cell(value: object, format: str | None) -> codec.Cell:
    return codec.cell(value) if format is None or value is None else formatted(format, value)


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
