"""Any hvPlot or HoloViews expression as a view that follows its query.

The expression is called with the frame whenever that has changed; HoloViews brings the plot that stands on the page up
to date, so it is built once. Where the new points only continue the old ones, Bokeh is sent those alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import Plot as Figure
from typing_extensions import override

from . import cell
from .image import Image
from .selection import Chosen
from .view import View

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.live import LiveQuery


class Plot(View):
    """A query as HoloViews draws it.

    Parameters
    ----------
    query
        The query to follow.
    expression
        What makes a HoloViews object of its frame.
    rasterize
        Whether an image of it is sent, in the place of its points; see :class:`~dashboard.views.image.Image`.
    """

    def __init__(
        self,
        query: LiveQuery | Chosen,
        expression: Callable[[pd.DataFrame], Any],
        *,
        rasterize: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(query, **params)
        _load()
        self._expression = expression
        self._image = Image() if rasterize else None
        self._pipe: Any = None
        self._pane: Any = None

    @override
    def draw(self, frame: pd.DataFrame) -> object:
        if self._pipe is None:
            self._begin(frame)
        elif self._pipe.data is not frame:
            for plot in self._plots():
                _append_to(plot)
            try:
                with nullcontext() if self._image is None else self._image.widened(self._figures()):
                    self._pipe.send(frame)
            except Exception:  # the plot there cannot become this one
                self._begin(frame)
        return self._pane

    def _begin(self, frame: pd.DataFrame) -> None:
        pipe = hv.streams.Pipe(data=frame)
        if self._image is not None:
            plot = self._image.of(self._expression, pipe)
        else:
            plot = hv.DynamicMap(lambda data: self._expression(data), streams=[pipe])
        self._pane = pn.pane.HoloViews(plot, backend="bokeh", sizing_mode="stretch_width")
        self._pipe = pipe

    def _figures(self) -> Iterator[Any]:
        for plot, _ in self._pane._plots.values():
            yield from plot.state.select({"type": Figure})

    def _plots(self) -> Iterator[Any]:
        for plot, _ in self._pane._plots.values():
            yield from plot.traverse(lambda part: part, [_updates_points])


def _load() -> None:
    """Have data frames plot themselves; a notebook's page has what draws them already, and is given no second one."""
    is_there = cell.prepare()
    import hvplot  # which takes a second that others need not wait for

    load = hvplot.post_patch
    if is_there:
        hv.extension._loaded = True
        hvplot.post_patch = lambda *_, **__: None
    try:
        import hvplot.pandas
    finally:
        hvplot.post_patch = load


def _updates_points(plot: Any) -> bool:
    return hasattr(plot, "_update_datasource")


def _append_to(plot: Any) -> None:
    """Have a part of a plot send only what is new, where that is enough."""
    if "_update_datasource" in vars(plot):
        return
    replace = plot._update_datasource

    def update(source: Any, data: Any) -> None:
        fresh = plot._postprocess_data(data)
        known = len(next(iter(source.data.values()), ()))
        if known and continues(source.data, fresh):
            source.stream({name: values[known:] for name, values in fresh.items()})
        else:
            replace(source, data)

    plot._update_datasource = update


def continues(old: Any, new: Any) -> bool:
    """Whether columns of points begin with those that were there, and are more."""
    if {*old} != {*new}:
        return False
    lengths = {(len(old[name]), len(new[name])) for name in new}
    if len(lengths) != 1 or next(iter(lengths))[0] >= next(iter(lengths))[1]:
        return False
    return all(_same(old[name], new[name][: len(old[name])]) for name in new)


def _same(old: Any, new: Any) -> bool:
    old, new = np.asarray(old), np.asarray(new)
    return old.dtype == new.dtype and bool(np.array_equal(old, new, equal_nan=old.dtype.kind in "fcmM"))
