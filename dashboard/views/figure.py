"""A chart's figure: made by Bokeh in Python, once for each kind of chart, drawn by Bokeh in each browser.

The figure has no data and no session: its JSON is part of the chart's picture, and the browser keeps it and feeds it.
So opening a page costs the server nothing for its charts, and nothing that a chart shows lies in Bokeh's document.
A chart's `figure` function may do anything to it that Bokeh can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from bokeh.document import Document
from bokeh.models import (
    BasicTicker,
    CategoricalAxis,
    CategoricalScale,
    ColumnDataSource,
    CustomJSTickFormatter,
    DataRange1d,
    DatetimeTicker,
    FactorRange,
    Grid,
    LinearAxis,
)
from bokeh.plotting import figure as new_figure
from bokeh.transform import dodge

from .definitions import used

Kind = Literal["line", "area", "bar", "step", "scatter"]
Customise = Callable[[Any], object] | None

#: Ticks in the reader's zone; `zone` is "UTC" for times that have none.
_TICK = """
const gap = ticks.length > 1 ? ticks[1] - ticks[0] : 0, day = 86400000;
const timeZone = zone || undefined, hour = {hour: "numeric", minute: "numeric", hour12: false, timeZone};
const isNewDay = gap >= 3600000 && /^(24|00):00$/.test(new Intl.DateTimeFormat("en", hour).format(tick));
const shown = gap >= 28 * day ? {month: "short", year: "numeric"}
  : gap >= day || isNewDay ? {day: "numeric", month: "short"}
  : gap >= 60000 || gap === 0 ? {hour: "2-digit", minute: "2-digit", hour12: false}
  : {hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false};
return new Intl.DateTimeFormat(undefined, {...shown, timeZone}).format(tick);
"""
_NUMBER = """
const number = new Intl.NumberFormat(undefined, {notation: "compact", maximumFractionDigits: 2}).format(tick);
return ["$", "€", "£", "¥"].includes(unit) ? unit + number : number + unit;
"""


@dataclass(frozen=True)
class Drawing:
    """What tells one figure from another."""

    kind: Kind
    axis: Literal["time", "clock", "number", "category"]
    height: int
    unit: str
    is_stacked: bool
    customise: Customise


@lru_cache(maxsize=256)
def figure_json(drawing: Drawing) -> dict[str, Any]:
    """The figure as Bokeh's JSON; its one renderer is the model of all series."""
    figure = _empty(drawing)
    _glyph(figure, drawing)
    _quiet(figure)
    if drawing.customise is not None:
        drawing.customise(figure)
    document = Document()
    document.add_root(figure)
    whole: dict[str, Any] = dict(document.to_json(deferred=False))
    return whole | {"defs": used(whole["defs"], whole["roots"])}


def _empty(drawing: Drawing) -> Any:
    is_category = drawing.axis == "category"
    figure = new_figure(
        height=drawing.height, sizing_mode="stretch_both", toolbar_location=None, tools="", name="figure",
        x_range=_across(drawing),
        y_range=_up(drawing),
        x_axis_type=None, y_axis_type=None, min_border_left=8, min_border_right=8, output_backend="canvas",
    )  # fmt: skip
    if is_category:
        figure.x_scale = CategoricalScale()
    _axes(figure, drawing)
    return figure


def _across(drawing: Drawing) -> FactorRange | DataRange1d:
    if drawing.axis == "category":
        return FactorRange(factors=[], range_padding=0.05)
    return DataRange1d(range_padding=0.0 if drawing.kind != "scatter" else 0.03, only_visible=True)


def _up(drawing: Drawing) -> DataRange1d:
    stands_on_zero = drawing.kind in ("bar", "area")
    return DataRange1d(only_visible=True, start=0) if stands_on_zero else DataRange1d(only_visible=True)


def _axes(figure: Any, drawing: Drawing) -> None:
    across: Any = CategoricalAxis() if drawing.axis == "category" else LinearAxis()
    if drawing.axis in ("time", "clock"):
        across.ticker = DatetimeTicker(desired_num_ticks=6)
        across.formatter = CustomJSTickFormatter(args=_zone(drawing), code=_TICK)
    formatter = CustomJSTickFormatter(args={"unit": drawing.unit}, code=_NUMBER)
    up: Any = LinearAxis(ticker=BasicTicker(desired_num_ticks=5))
    up.formatter = formatter
    figure.add_layout(across, "below")
    figure.add_layout(up, "left")
    figure.add_layout(Grid(axis=up, dimension=1))


def _glyph(figure: Any, drawing: Drawing) -> None:
    source = ColumnDataSource(data={name: [] for name in ("x", "y", *(["base"] if drawing.is_stacked else []))})
    base = "base" if drawing.is_stacked else 0
    if drawing.kind == "line":
        renderer = figure.line("x", "y", source=source, line_width=2)
    elif drawing.kind == "step":
        renderer = figure.step("x", "y", source=source, mode="after", line_width=2)
    elif drawing.kind == "scatter":
        renderer = figure.scatter("x", "y", source=source, size=6, fill_alpha=0.7, line_color=None)
    elif drawing.kind == "area":
        renderer = figure.varea("x", y1=base, y2="y", source=source, fill_alpha=0.6 if drawing.is_stacked else 0.25)
    else:
        place = "x" if drawing.is_stacked else dodge("x", 0.0, range=figure.x_range)
        renderer = figure.vbar(place, top="y", bottom=base, width=0.8, source=source, line_color=None)
    renderer.name = "series"


def _quiet(figure: Any) -> None:
    figure.outline_line_color = None
    figure.background_fill_color = None
    figure.border_fill_color = None
    for axis in figure.axis:
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = None
        axis.major_label_text_font_size = "11px"


def _zone(drawing: Drawing) -> dict[str, str]:
    return {"zone": "UTC" if drawing.axis == "clock" else ""}


def few_ticks(figure: Any) -> None:
    """For charts of the last minutes: times with seconds are long, and on a phone few stand side by side."""
    figure.xaxis.ticker.desired_num_ticks = 4
