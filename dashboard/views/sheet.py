"""What a table shows of a page of rows: columns, cells by key, how many rows there are, and what was asked for."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from dashboard.live import SessionQuery

from . import codec
from .acts import Rule, marks
from .paging import Choice
from .source import page_of, values_of
from .strand import Picture, Queries, Shape, keyed_difference
from .tile import formatted

if TYPE_CHECKING:
    from dashboard.live import LiveQuery


ORDERED = ("number", "time", "clock", "date", "interval")
"""Kinds of columns whose values have an order that their formatted text has not."""
WHOLE = 20_000
"""Characters of a text that opens to the whole."""


@dataclass(frozen=True)
class TableShape(Shape):
    """A table's picture: `columns`, `rows` by key in an `order`, the `total`, and what was asked for."""

    choice: Choice
    size: int
    step: int
    columns: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    formats: tuple[tuple[str, str], ...]
    drawn: tuple[str, ...] = ()  # columns whose cells are drawn from the whole value
    edited: tuple[str, ...] | None = None  # columns that can be edited; a row has these once more, as they are entered
    rules: tuple[Rule, ...] = ()  # of what can be done with a row; its cells end with how they stand

    @override
    def draw(self, queries: Queries) -> Picture:
        page = queries[0]
        names = [column.name for column in page.columns]
        shown = [name for name in self.columns if name in names] or names
        places = [names.index(name) for name in shown]
        formats = dict(self.formats)
        keys, total = self._page(queries)
        most = {names[place]: WHOLE if names[place] in self.drawn else codec.TEXT_SHOWN for place in places}
        is_written = self.edited is not None or bool(self.rules)
        pending = page.pending if is_written and isinstance(page, SessionQuery) else {}
        rows = {
            codec.key_text(key): [
                *(
                    _cell(page.state.rows[key][place], formats.get(names[place]), most[names[place]])
                    for place in places
                ),
                *self._entered(page, names, key),
                *(() if self.edited is None else (pending.get(key),)),
                *self._marks(page, names, key, pending.get(key)),
            ]
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
            "ranges": {name: [low, high] for name, _, low, high in self.choice.ranges},
            "facet": self._facet(queries),
            **({"ranks": dict(self._ranks(page, keys, shown, formats))} if self.choice.whole else {}),
        }

    def _marks(self, page: LiveQuery, names: Sequence[str], key: Hashable, state: str | None) -> list[Any]:
        """What can be done with a row."""
        return marks(self.rules, key, dict(zip(names, page.state.rows[key], strict=True)), state) if self.rules else []

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        step = keyed_difference({**old, "total": new["total"], "facet": new["facet"]}, new)
        if step is not None:
            step |= {name: new[name] for name in ("total", "facet") if old[name] != new[name]}
        return step

    def _page(self, queries: Queries) -> tuple[Sequence[Hashable], int]:
        if len(queries) == 1:
            return page_of(queries[0], self.choice, self.choice.whole or self.size, self.step)
        page, count = queries[:2]
        return page.state.keys, next(iter(count.state.rows.values()), (len(page.state.keys),))[-1]

    def _entered(self, page: LiveQuery, names: Sequence[str], key: Hashable) -> Iterator[codec.Cell]:
        """What can be edited of a row."""
        row = page.state.rows[key]
        return (codec.brief(row[names.index(name)], WHOLE) if name in names else None for name in self.edited or ())

    def _ranks(
        self, page: LiveQuery, keys: Sequence[Hashable], shown: Sequence[str], formats: Mapping[str, str]
    ) -> Iterator[tuple[str, dict[str, int]]]:
        """By column of which the text does not tell the order: the place of each key's value among the others."""
        rows = page.state.rows
        for place, column in enumerate(page.columns):
            if column.name not in shown or column.name not in formats or codec.kind(column.type) not in ORDERED:
                continue
            known = [key for key in keys if rows[key][place] is not None]
            places = {value: rank for rank, value in enumerate(sorted({rows[key][place] for key in known}))}
            yield column.name, {codec.key_text(key): places[rows[key][place]] for key in known}

    def _facet(self, queries: Queries) -> Picture | None:
        if not self.choice.facet:
            return None
        if len(queries) == 1:
            values = values_of(queries[0], self.choice.facet)
        else:
            values = [row for row in queries[2].state.rows.values() if row[0] is not None]
        offered = [[str(value), count] for value, count in values if len(str(value)) <= codec.TEXT_SHOWN]
        return {"name": self.choice.facet, "values": offered}

    def _column(self, page: LiveQuery, name: str, formats: Mapping[str, str]) -> Picture:
        column = next(column for column in page.columns if column.name == name)
        kind = codec.kind(column.type)
        label = dict(self.labels).get(name, _label(name))
        return {"name": name, "label": label, "kind": kind, "formatted": name in formats}


def _cell(value: object, format: str | None, most: int) -> codec.Cell:
    if format is not None and value is not None:
        return codec.shortened(formatted(format, value), most)
    return codec.cell(value) if most == WHOLE and not isinstance(value, str) else codec.brief(value, most)


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
