"""A query as a table: one page of it, sorted, searched and filtered by PostgreSQL.

The query itself is never read as a whole. A page is a query of its own, `SELECT * FROM (<sql>) q … LIMIT … OFFSET
…`, live like any other; readers on the same page in the same order share it. What a reader asks for (an order, a
page, words to search, values to keep) becomes parameters; columns are taken from the query's own list and quoted,
never from the reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import param

from dashboard.errors import ViewError
from dashboard.settings import settings

from . import codec, files
from .acts import Act, Acting
from .ahead import show
from .editing import Editing
from .paging import Choice, PageSQL, asked
from .sheet import TableShape
from .source import is_at_hand
from .strand import Queries
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding


CELLS = ("timer", "countdown", "bar", "line", "code")
WINDOW = 80
"""Rows that are loaded of a list that scrolls."""


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
    tones
        Tones of tags by their text: ``{"error": "bad"}``; tones are ok, warn, bad, plain.
    flash
        Whether a value that changes lights up; where all change all the time, it only disturbs.
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

    place
        What the address calls it, where it keeps what the reader chose; by default, the title. Empty: nothing is kept.
    select
        Field of the page's selection by column: a click on such a tag selects it for the whole page.
    acts
        What can be done with its rows (see :mod:`.acts`); its query has to be a session's.
    choose
        Whether several rows can be chosen, to do something with all of them as one step.
    things
        What one row is called, and several: ``("order", "orders")``.
    edit
        What may be changed in its rows, added and deleted (see :mod:`.editing`).

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
    tones = param.Dict(default={}, doc="Tones of tags by their text: ok, warn, bad or plain.")
    flash = param.Boolean(default=True, doc="Whether a value that changes lights up.")
    place = param.String(default=None, allow_None=True, doc="What the address calls it; the title by default.")
    select = param.Dict(default={}, doc="Field of the page's selection by column.")
    search = param.Boolean(default=True, doc="Whether there is a field to search in.")
    acts = param.List(default=[], item_type=Act, doc="What can be done with its rows.")
    choose = param.Boolean(default=False, doc="Whether several rows can be chosen, to do something with all of them.")
    things = param.Tuple(default=("row", "rows"), length=2, doc="What one row is called, and several.")
    edit = param.ClassSelector(default=None, class_=Editing, allow_None=True, doc="What may be changed in its rows.")
    times: Any = param.Selector(default="relative", objects=["relative", "absolute"], doc="How times are said.")

    kind: ClassVar[str] = "table"

    def __init__(self, query: LiveQuery | None = None, **params: Any) -> None:
        super().__init__(query, **params)
        self._key: tuple[str, ...] = ()  # these two are known once the first page is there
        self._types: dict[str, str] = {}
        self._acting = Acting(self.acts, self.things, self.choose, next(iter(self.columns or ()), ""))
        if self.edit is not None:
            self.edit.join(query, self.columns if isinstance(self.columns, Mapping) else {})
        wrong = [kind for kind in self.cells.values() if kind not in CELLS]
        if wrong:
            raise ViewError(f"A table has no cells {wrong[0]!r}.", f"Cells are {', '.join(CELLS)}.")

    def queries(self) -> Queries:
        """The queries it shows."""
        return self._queries(self._first(), ())

    def shape(self, binding: Binding) -> TableShape:
        """How its queries become a picture."""
        return self._shape(self._first())

    def bind(self, binding: Binding) -> None:
        """It stands on a page now, with its first choice."""
        self._show(binding, binding.choice.get("choice") or self._first())
        self._acting.resume(binding, self.query)

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        below = {name: under for name, under in self.below.items() if isinstance(under, str)}
        return {
            **super().options(), "search": self.search, "below": below, "tags": list(self.tags),
            "times": self.times, "size": self._size(), "selects": bool(self._callbacks.get("select")),
            "cells": dict(self.cells), "tones": dict(self.tones), "flash": self.flash,
            "scroll": self.scroll, "step": self._step(), "chosen": self.chosen, "select": dict(self.select),
            "place": slug(self.title) if self.place is None else self.place, "sort": self.sort,
            "downloads": files.formats(), **self._acting.options(),
            "editing": None if self.edit is None else self.edit.options(),
        }  # fmt: skip

    def receive(self, binding: Binding, message: Any) -> None:
        """An event, or another choice of this reader."""
        super().receive(binding, message)
        self._acting.heard(binding, self.query, message)
        if self.edit is not None:
            self.edit.heard(binding, message)
        if not isinstance(message, dict) or "ask" not in message:
            return
        self._show(binding, self.choice(binding, message["ask"]))

    def choice(self, binding: Binding, ask: Any) -> Choice:
        """A reader's wish, as far as the columns they see have it."""
        self._learn(binding)
        return asked(ask, self._types)

    def every(self, choice: Choice) -> tuple[LiveQuery, str, tuple[object, ...]]:
        """All rows that match, as SQL, and the query whose they are."""
        (query,) = super().queries()
        return (query, *self._sql(query, choice, self._key).every())

    def _show(self, binding: Binding, choice: Choice) -> None:
        if binding.channel.report is not None:
            choice = replace(choice, whole=min(binding.channel.report.rows, settings().max_rows))
        known, binding.choice["choice"] = binding.choice.get("choice"), choice
        self._learn(binding)
        if known is None or known.sort != choice.sort:
            binding.choice["key"] = self._key  # all pages of one order tell equal rows apart by the same columns
        queries = self._queries(choice, binding.choice["key"])
        show(binding, queries, self._shape(choice), self.urgency())

    def _learn(self, binding: Binding) -> None:
        """Take note of the columns, once a page of them is there."""
        page = None if binding.strand is None else binding.strand.queries[0]
        if page is not None and page.columns:
            self._key = getattr(page, "key", ())
            self._types = {column.name: column.type for column in page.columns}

    def _first(self) -> Choice:
        if self.sort is None:
            return Choice()
        return Choice(sort=(self.sort.removeprefix("-"), self.sort.startswith("-")))

    def _size(self) -> int:
        return max(WINDOW, self.page_size) if self.scroll else self.page_size

    def _step(self) -> int:
        """By how many rows one page begins after another."""
        return self._size() // 4 if self.scroll else self._size()

    def _queries(self, choice: Choice, key: tuple[str, ...]) -> Queries:
        (query,) = super().queries()
        if is_at_hand(query):
            return (query,)
        page = self._sql(query, choice, key)
        values = (self._ask(query, *page.values()),) if choice.facet else ()
        return (self._ask(query, *page.rows()), self._ask(query, *page.count()), *values)

    def _sql(self, query: LiveQuery, choice: Choice, key: tuple[str, ...]) -> PageSQL:
        searched = tuple(name for name in self._types if codec.kind(self._types[name]) not in ("bytes", "json"))
        size = choice.whole or self._size()
        return PageSQL(query.sql, tuple(query.parameters), choice, size, searched, self._step(), key)

    def _ask(self, query: LiveQuery, sql: str, parameters: tuple[object, ...]) -> LiveQuery:
        return query.ask(sql, *parameters, priority=self.urgency())

    def _shape(self, choice: Choice) -> TableShape:
        labels = self.columns if isinstance(self.columns, Mapping) else {}
        shown: Sequence[str] = list(self.columns) if self.columns is not None else []
        extra = [under for under in self.below.values() if shown and under not in shown]
        return TableShape(
            choice=choice, size=self.page_size if choice.whole else self._size(), step=self._step(),
            columns=(*shown, *extra), labels=tuple(labels.items()), formats=tuple(self.formats.items()),
            drawn=tuple(sorted(self.cells)),
            rules=() if choice.whole else tuple(act.rule for act in self.acts),
            edited=None if choice.whole or self.edit is None else self.edit.columns,
        )  # fmt: skip


def slug(title: str) -> str:
    """A title as a word of an address."""
    return "-".join(re.findall(r"\w+", title.lower()))
