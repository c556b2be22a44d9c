"""Rows by their state: a lane for each state, a card for each row, which changes lanes as its state changes.

For what is going on now, some dozens of rows: all of them are sent. A lane that has none says so and keeps its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import param
from typing_extensions import override

from . import codec
from .strand import Picture, Queries, Shape, keyed_difference
from .view import View
from .wording import Format, line

if TYPE_CHECKING:
    from .channel import Binding

#: Cards sent of one lane; the heading counts all.
MOST = 24


@dataclass(frozen=True)
class LanesShape(Shape):
    """A picture of lanes: `rows` by key (`lane`, `line`, `below`, `at`) in an `order`, and `counts` by lane."""

    by: str
    format: Format
    below: Format
    time: str | None
    lanes: tuple[str, ...]

    @override
    def draw(self, queries: Queries) -> Picture:
        query = queries[0]
        names = [column.name for column in query.columns]
        counts = dict.fromkeys(self.lanes, 0)
        rows: dict[str, Picture] = {}
        for key in query.state.keys:
            row = dict(zip(names, query.state.rows[key], strict=True))
            lane = str(row[self.by])
            counts[lane] = counts.get(lane, 0) + 1
            if counts[lane] <= MOST:
                rows[codec.key_text(key)] = self._card(lane, row)
        return {"order": list(rows), "rows": rows, "counts": counts}

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        step = keyed_difference({**old, "counts": new["counts"]}, new)
        return None if step is None else {**step, "counts": new["counts"]}

    def _card(self, lane: str, row: Mapping[str, Any]) -> Picture:
        aside = (self.by, self.time)
        return {
            "lane": lane,
            "line": line(self.format, row, None, aside),
            "below": [] if self.below is None else line(self.below, row, None, aside),
            "at": None if self.time is None else codec.magnitude(row[self.time]),
        }


class Lanes(View):
    """The rows of a query in lanes by one of its columns.

    Parameters
    ----------
    query
        Those of its rows are shown that a lane has room for; a lane never grows, so nothing below it ever jumps.
    by
        Column whose value is the lane.
    lanes
        The lanes that are always there, from left to right: a list of values, or a mapping to their labels.
    format, below
        What a card says, and what stands small below it: templates or functions of the row, as in a Feed.
    time
        Column of the time since which a row is in its state; its clock runs in the browser.
    select
        Field of the page's selection: a click on the name of a lane selects it for the whole page.
    """

    by = param.String(default="state", doc="Column whose value is the lane.")
    lanes = param.Parameter(default=(), doc="Lanes that are always there: values, or a mapping to their labels.")
    format = param.Parameter(default=None, doc="Template or function of the row.")
    below = param.Parameter(default=None, doc="What stands small below: template or function of the row.")
    time = param.String(default=None, allow_None=True, doc="Column of the time a clock runs from.")
    shares = param.List(default=[], item_type=int, doc="How wide the lanes are, one to another; equal by default.")
    height = param.Integer(
        default=4, bounds=(1, 20), doc="Cards that stand on each other in a lane, at most and always."
    )
    select = param.String(default="", doc="Field of the page's selection that a click on a lane's name selects in.")
    nothing = param.String(default="none", doc="What an empty lane says.")

    kind: ClassVar[str] = "lanes"

    @override
    def shape(self, binding: Binding) -> LanesShape:
        lanes = tuple(map(str, self.lanes))
        return LanesShape(by=self.by, format=self.format, below=self.below, time=self.time, lanes=lanes)

    @override
    def options(self) -> dict[str, Any]:
        labels = self.lanes if isinstance(self.lanes, Mapping) else dict(zip(self.lanes, self.lanes, strict=True))
        named = [[str(lane), str(label)] for lane, label in labels.items()]
        return {**super().options(), "lanes": named, "by": self.by, "nothing": self.nothing,
                "shares": list(self.shares), "height": self.height, "select": self.select}  # fmt: skip
