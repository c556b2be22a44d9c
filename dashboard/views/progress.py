"""How far things have come: a bar for each row, done of a total, or a share of all.

One shape serves work under way (an import: 96 of 240) and how a whole is divided (connections by state): both are a
label, a number and what it is a part of.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import param
from typing_extensions import override

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference
from .tile import formatted
from .view import View

#: Bars drawn.
MOST = 100


@dataclass(frozen=True)
class ProgressShape(Shape):
    """A progress's picture: `rows` by key (`label`, `below`, `text`, `share`, `kind`) in an `order`."""

    label: str | None
    below: str | None
    value: str
    total: str | None
    category: str | None
    format: str

    @override
    def draw(self, queries: Queries) -> Picture:
        query = queries[0]
        names = [column.name for column in query.columns]
        shown = list(itertools.islice(query.state.keys, MOST))
        every = [(key, dict(zip(names, query.state.rows[key], strict=True))) for key in shown]
        whole = sum(codec.magnitude(row[self.value]) or 0.0 for _, row in every)
        rows = {codec.key_text(key): self._row(row, names, whole) for key, row in every}
        return {"order": list(rows), "rows": rows, "left_out": len(query.state.keys) - len(rows)}

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        step = keyed_difference({**old, "left_out": new["left_out"]}, new)
        return step if step is None else {**step, "left_out": new["left_out"]}

    def _row(self, row: dict[str, Any], names: Sequence[str], whole: float) -> Picture:
        value, total = row[self.value], whole if self.total is None else row[self.total]
        done, of = codec.magnitude(value), codec.magnitude(total)
        kind = None if self.category is None else row[self.category]
        return {
            "label": _said(row[self.label or names[0]]),
            "below": None if self.below is None else _said(row[self.below]),
            "text": "–" if value is None else formatted(self.format, value),
            "total": None if self.total is None or total is None else formatted(self.format, total),
            "share": None if done is None or not of else min(max(done / of, 0.0), 1.0),
            "kind": None if kind is None else str(kind),
        }


class Progress(View):
    """A bar for each row of a query.

    Parameters
    ----------
    query
        Rows of a label, a number and, where each has its own, the total; few of them.
    label, below
        Column of the label, the first by default, and of what stands small beside it.
    value, total
        Columns of the number and of what it is a part of; without a total, the sum of all rows.
    category
        Column that colours the bar.
    format
        Python format of the numbers.
    select
        Field of the page's selection: a click on a bar selects its label for the whole page.
    """

    label = param.String(default=None, allow_None=True, doc="Column of the label; the first by default.")
    below = param.String(default=None, allow_None=True, doc="Column shown small beside the label.")
    value = param.String(default="done", doc="Column of the number.")
    total = param.String(default=None, allow_None=True, doc="Column of the total; without one, the sum of all rows.")
    category = param.String(default=None, allow_None=True, doc="Column that colours the bar.")
    format = param.String(default="{:,}", doc="Python format of the numbers.")
    select = param.String(default="", doc="Field of the page's selection that a click on a bar selects in.")

    kind: ClassVar[str] = "progress"
    default_span: ClassVar[int] = 4

    @override
    def shape(self, binding: object) -> ProgressShape:
        return ProgressShape(
            label=self.label, below=self.below, value=self.value, total=self.total, category=self.category,
            format=self.format,
        )  # fmt: skip

    @override
    def options(self) -> dict[str, Any]:
        counts = self.total is not None
        return {**super().options(), "category": self.category or "", "counts": counts, "select": self.select}


def _said(value: object) -> str:
    return "–" if value is None else str(value)
