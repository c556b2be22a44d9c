"""A query as a table: one page of it, sorted, searched and filtered by PostgreSQL.

The query itself is never read as a whole. A page is a query of its own, `SELECT * FROM (<sql>) q … LIMIT … OFFSET
…`, live like any other; readers on the same page in the same order share it. What a reader asks for (an order, a
page, words to search, values to keep) becomes parameters; columns are taken from the query's own list and quoted,
never from the reader.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param

from dashboard.errors import ViewError

from . import codec
from .paging import Choice, PageSQL, asked
from .source import is_at_hand, page_of
from .strand import Picture, Queries, Shape, keyed_difference, strand
from .tile import formatted
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding


CELLS = ("timer", "countdown", "bar", "line", "code")
WINDOW = 80
"""Rows that are loaded of a list that scrolls."""


@dataclass(frozen=True)
class TableShape(Shape):
    """A table's picture: `columns`, `rows` by key in an `order`, the `total`, and what was asked for."""

    choice: Choice
    size: int
    step: int
    columns: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    formats: tuple[tuple[str, str], ...]

    def draw(self, queries: Queries) -> Picture:
        """What it shows of these queries now."""
        page = queries[0]
        names = [column.name for column in page.columns]
        shown = [name for name in self.columns if name in names] or names
        places = [names.index(name) for name in shown]
        formats = dict(self.formats)
        keys, total = self._page(queries)
        rows = {
            codec.key_text(key): [_cell(page.state.rows[key][place], formats.get(names[place])) for place in places]
            for key in keys
        }
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
        """What changed from one picture to the next."""
        step = keyed_difference({**old, "total": new["total"]}, new)
        if step is not None and old["total"] != new["total"]:
            step["total"] = new["total"]
        return step

    def _page(self, queries: Queries) -> tuple[Sequence[Hashable], int]:
        if len(queries) == 1:
            return page_of(queries[0], self.choice, self.size, self.step)
        page, count = queries
        return page.state.keys, next(iter(count.state.rows.values()), (len(page.state.keys),))[-1]

    def _column(self, page: LiveQuery, name: str, formats: Mapping[str, str]) -> Picture:
        column = next(column for column in page.columns if column.name == name)
        kind = codec.kind(column.type)
        label = dict(self.labels).get(name, _label(name))
        return {"name": name, "label": label, "kind": kind, "formatted": name in formats}


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
    cells
        Columns that show more than text: ``{"since": "timer", "until": "countdown", "done": "bar", "bids": "line"}``.
        A timer runs since a time, a countdown runs to one, both in the browser; a bar shows a share from 0 to 1, a line
        a list of numbers, code a line of it that opens to the whole.
    page_size
        Rows of a page.
    scroll
        All rows as one list that scrolls with the page, of which only a window is read and sent; instead of pages.
    sort
        Column to sort by at first; with a leading minus, descending.
    times
        Whether times are said as relative ("12 s") or absolute.

    chosen
        Key of the row that is marked, as the browser knows it.

    A click on a row emits the event ``"select"`` with the row's key as the browser knows it.
    """

    columns = param.Parameter(default=None, doc="Columns shown: a list, or a mapping to their labels.")
    formats = param.Dict(default={}, doc="Python formats by column.")
    below = param.Dict(default={}, doc="Column shown small below another.")
    tags = param.List(default=[], item_type=str, doc="Columns shown as tags.")
    cells = param.Dict(default={}, doc="Columns shown as a timer, countdown, bar or line.")
    page_size = param.Integer(default=10, bounds=(1, 500), doc="Rows of a page.")
    scroll = param.Boolean(default=False, doc="Whether all rows are one list, of which a window is loaded.")
    sort = param.String(default=None, allow_None=True, doc="Column to sort by at first; '-name': descending.")
    chosen = param.String(default=None, allow_None=True, doc="Key of the row that is marked.")
    search = param.Boolean(default=True, doc="Whether there is a field to search in.")
    times: Any = param.Selector(default="relative", objects=["relative", "absolute"], doc="How times are said.")

    kind: ClassVar[str] = "table"

    def __init__(self, query: LiveQuery | None = None, **params: Any) -> None:
        super().__init__(query, **params)
        wrong = [kind for kind in self.cells.values() if kind not in CELLS]
        if wrong:
            raise ViewError(f"A table has no cells {wrong[0]!r}.", f"Cells are {', '.join(CELLS)}.")

    def queries(self) -> Queries:
        """The queries it shows."""
        return self._queries(self._first())

    def shape(self, binding: Binding) -> TableShape:
        """How its queries become a picture."""
        return self._shape(self._first())

    def bind(self, binding: Binding) -> None:
        """It stands on a page now, with its first choice."""
        self._show(binding, self._first())

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        below = {name: under for name, under in self.below.items() if isinstance(under, str)}
        return {
            **super().options(), "search": self.search, "below": below, "tags": list(self.tags),
            "times": self.times, "size": self._size(), "selects": bool(self._callbacks.get("select")),
            "cells": dict(self.cells), "scroll": self.scroll, "step": self._step(), "chosen": self.chosen,
        }  # fmt: skip

    def receive(self, binding: Binding, message: Any) -> None:
        """An event, or another choice of this reader."""
        super().receive(binding, message)
        if not isinstance(message, dict) or "ask" not in message:
            return
        shown = binding.strand
        known = [c.name for c in shown.queries[0].columns] if shown is not None else []
        self._show(binding, asked(message["ask"], known))

    def _show(self, binding: Binding, choice: Choice) -> None:
        binding.show(strand(self._queries(choice), self._shape(choice), self.urgency()))

    def _first(self) -> Choice:
        if self.sort is None:
            return Choice()
        return Choice(sort=(self.sort.removeprefix("-"), self.sort.startswith("-")))

    def _size(self) -> int:
        return max(WINDOW, self.page_size) if self.scroll else self.page_size

    def _step(self) -> int:
        """By how many rows one page begins after another."""
        return self._size() // 4 if self.scroll else self._size()

    def _queries(self, choice: Choice) -> Queries:
        (query,) = super().queries()
        if is_at_hand(query):
            return (query,)
        searched = self._searched(query)
        page = PageSQL(query.sql, tuple(query.parameters), choice, self._size(), searched, self._step())
        return (self._ask(query, *page.rows()), self._ask(query, *page.count()))

    def _ask(self, query: LiveQuery, sql: str, parameters: tuple[object, ...]) -> LiveQuery:
        return query.live.query(sql, *parameters, scope=query.scope, priority=self.urgency())

    def _searched(self, query: LiveQuery) -> tuple[str, ...]:
        page = self._ask(
            query, *PageSQL(query.sql, tuple(query.parameters), self._first(), self._size(), step=self._step()).rows()
        )
        return tuple(c.name for c in page.columns if codec.kind(c.type) not in ("bytes", "json"))

    def _shape(self, choice: Choice) -> TableShape:
        labels = self.columns if isinstance(self.columns, Mapping) else {}
        shown: Sequence[str] = list(self.columns) if self.columns is not None else []
        extra = [under for under in self.below.values() if shown and under not in shown]
        return TableShape(
            choice=choice, size=self._size(), step=self._step(), columns=(*shown, *extra), labels=tuple(labels.items()),
            formats=tuple(self.formats.items()),
        )  # fmt: skip


def _cell(value: object, format: str | None) -> codec.Cell:
    return codec.cell(value) if format is None or value is None else formatted(format, value)


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
