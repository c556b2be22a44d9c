"""A query as lines, areas, bars, steps or points, moving as its rows do.

Each value of `by` is a series; one that comes later gets its own line, colour and place in the legend. What moves
is sent as the smallest step (see :mod:`.series`), for all sessions at once; the figure itself is sent once (see
:mod:`.figure`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import param
from typing_extensions import override

from dashboard.errors import ViewError
from dashboard.settings import settings

from . import codec, series
from .ahead import show
from .figure import Customise, Drawing, Kind, figure_json
from .paging import ALL, sampled
from .source import is_at_hand
from .strand import Picture, Queries, Shape
from .view import View

if TYPE_CHECKING:
    from dashboard.live import LiveQuery

    from .channel import Binding

#: Series and categories drawn: more can neither be told apart nor read.
SERIES, PLACES = 24, 200
KINDS = ("line", "area", "bar", "step", "scatter")
Axis = Literal["time", "clock", "number", "category"]


@dataclass(frozen=True)
class ChartShape(Shape):
    """A chart's picture: its `figure`, its `axis`, its `series` by name."""

    x: str | None
    y: tuple[str, ...]
    by: str | None
    kind: Kind
    window: int | dt.timedelta | None
    stacked: bool
    points: int
    height: int
    unit: str
    customise: Customise
    title: str = ""  # of a chart whose query the reader chooses

    @override
    def draw(self, queries: Queries) -> Picture:
        query = queries[0]
        names = [column.name for column in query.columns]
        x = 0 if self.x is None else _place(names, self.x)
        by = None if self.by is None else _place(names, self.by)
        ys = [_place(names, y) for y in self.y] or [place for place in range(len(names)) if place not in (x, by)][:1]
        axis = self._axis(codec.kind(query.columns[x].type))
        drawing = Drawing(self.kind, axis, self.height, self.unit, self.stacked, self.customise)
        found, left_out = self._series(query, x, ys, [names[y] for y in ys], by, axis)
        if axis != "category" and ALL in names:
            left_out = _thinned(query, len(ys), found) or left_out
        return {
            "figure": figure_json(drawing),
            "axis": axis,
            "title": self.title,
            "series": found,
            "left_out": left_out,
        }

    @override
    def difference(self, old: Picture, new: Picture) -> Picture | None:
        if any(old[name] != new[name] for name in ("axis", "title", "left_out")):
            return None
        steps = {name: series.step(old["series"].get(name, {"x": []}), s) for name, s in new["series"].items()}
        return {"names": list(new["series"]), "series": {name: change for name, change in steps.items() if change}}

    def _series(
        self, query: LiveQuery, x: int, ys: Sequence[int], names: Sequence[str], by: int | None, axis: Axis
    ) -> tuple[dict[str, series.Series], str]:
        state, is_category = query.state, axis == "category"
        rows = (state.rows[key] for key in state.keys)
        found = series.gathered(rows, x, ys, names, by, is_category)
        found, left_out = series.bounded(found, SERIES, PLACES if is_category else None)
        if not is_category:
            found = {name: series.ordered(one) for name, one in found.items()}
        found = series.windowed(found, self.window)
        if self.stacked:
            return series.stacked(found), left_out
        if is_category:
            return found, left_out
        keeps_outline = self.kind != "scatter"
        return {name: series.thinned(one, self.points, keeps_outline) for name, one in found.items()}, left_out

    def _axis(self, kind: str) -> Axis:
        if kind in ("time", "clock", "number"):
            return cast(Axis, kind)
        return {"date": "clock", "interval": "number"}.get(kind, "category")  # type: ignore[return-value]  # all are axes


class Chart(View):
    """A query as a chart.

    Parameters
    ----------
    query
        Rows of x, y and, for several series, `by`.
    x, y
        Columns of the axes; the first, and the first other than x and `by`, by default. `y` may be several columns.
    by
        Column whose every value is a series of its own.
    kind
        line, area, bar, step or scatter.
    window
        The last so many rows of each series, or what lies within this time of the newest.
    stacked
        Whether areas and bars stand on each other; by default those of several series do.
    points
        Points drawn of one series at most; longer ones are thinned on the server.
    select
        Field of the page's selection: a click on a name in the legend, or on a bar of a category, selects it for the
        whole page. Without it, the legend shows and hides series.
    figure
        A function that is given the Bokeh figure once and may change it.
    """

    x = param.String(default=None, allow_None=True, doc="Column of the horizontal axis.")
    y = param.Parameter(default=None, doc="Column or columns of the vertical axis.")
    by = param.String(default=None, allow_None=True, doc="Column whose values are series.")
    mark: Any = param.Selector(default="line", objects=list(KINDS), doc="What is drawn: given as `kind`.")
    window = param.Parameter(default=None, doc="Rows of each series, or a timedelta.")
    stacked = param.Boolean(default=None, allow_None=True, doc="Whether areas and bars stand on each other.")
    points = param.Integer(default=2000, bounds=(10, 20000), doc="Points drawn of one series at most.")
    height = param.Integer(default=260, bounds=(80, 2000), doc="Height of the drawing in pixels.")
    unit = param.String(default="", doc="Written behind the numbers of the vertical axis; $ € £ ¥ before.")
    select = param.String(default="", doc="Field of the page's selection that a click on a category selects in.")
    figure = param.Callable(default=None, allow_None=True, doc="Changes the Bokeh figure once.")

    kind: ClassVar[str] = "chart"
    default_span: ClassVar[int] = 8

    def __init__(self, query: LiveQuery | None = None, *, kind: Kind = "line", **params: Any) -> None:
        if kind not in KINDS:
            raise ViewError(f"A chart has no kind {kind!r}.", f"Kinds are {', '.join(KINDS)}.")
        super().__init__(query, mark=kind, **params)
        if not isinstance(self.window, int | dt.timedelta | None):
            raise ViewError(f"A window is a number of rows or a timedelta, not {self.window!r}.")

    def bind(self, binding: Binding) -> None:
        """It stands on a page now; in a report, where nobody looks closer later, with as many rows as there may be."""
        queries = self.queries()
        if binding.channel.report is None or is_at_hand(queries[0]):
            super().bind(binding)
            return
        every = queries[0].ask(sampled(queries[0].sql, settings().max_rows), *queries[0].parameters)
        show(binding, (every,), self.shape(binding), self.urgency())

    def shape(self, binding: Binding) -> ChartShape:
        """How its queries become a picture."""
        ys = () if self.y is None else ((self.y,) if isinstance(self.y, str) else tuple(self.y))
        has_several = self.by is not None or len(ys) > 1
        stacks = has_several if self.stacked is None else self.stacked
        return ChartShape(
            x=self.x, y=ys, by=self.by, kind=self.mark, window=self.window, points=self.points, height=self.height,
            stacked=stacks and self.mark in ("area", "bar"), unit=self.unit, customise=self.figure,
            title="" if self._chosen is None else self._chosen.title or self.title,
        )  # fmt: skip

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        drawn = {"by": self.by or "", "kind": self.mark, "height": self.height, "unit": self.unit}
        return {**super().options(), **drawn, "select": self.select}


def _thinned(query: LiveQuery, each: int, found: dict[str, series.Series]) -> str:
    """How many of all points a report's chart draws, if not all."""
    total = each * int(next(iter(query.state.rows.values()), (0,))[-1])
    drawn = sum(len(one["x"]) for one in found.values())
    return f"{drawn:,} of {total:,} points are drawn" if drawn < total else ""


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise KeyError(name)
    return names.index(name)
