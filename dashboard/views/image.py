"""Points that are too many to be sent, as an image of them: Datashader makes it on the server, of what is in view.

It wraps the whole plot from outside, so that zooming makes a new image of the same answer. As the answer grows, so does
what is in view, until somebody has zoomed: then the plot stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.errors import SettingsError


class Image:
    """The image of a plot, of bounded size however many points there are.

    Raises
    ------
    SettingsError
        Datashader is not installed.
    """

    def __init__(self) -> None:
        self._rasterize = _datashader()
        self._view: Any = None
        self._is_widened = False

    def of(self, draw: Callable[[pd.DataFrame], Any], pipe: Any) -> Any:
        """What shows the image of all that `draw` makes of a pipe's frames."""
        self._view = hv.streams.RangeXY()
        plot = hv.DynamicMap(lambda data: draw(_in_utc(data)), streams=[pipe])
        image = self._rasterize(plot, streams=[self._view])
        return image.apply(lambda shown: shown.opts(framewise=self._is_widened))

    @contextmanager
    def widened(self, figures: Iterable[Any]) -> Iterator[None]:
        """For as long as new points are drawn: where nobody has zoomed, all of them are in view."""
        self._is_widened = not any(self._is_zoomed(figure) for figure in figures)
        if self._is_widened:
            self._view.update(x_range=None, y_range=None)
        try:
            yield
        finally:
            self._is_widened = False

    def _is_zoomed(self, figure: Any) -> bool:
        for shown, whole in ((self._view.x_range, figure.x_range), (self._view.y_range, figure.y_range)):
            if shown is not None:
                least = (whole.reset_end - whole.reset_start) / 1000  # a browser counts in milliseconds
                if abs(shown[0] - whole.reset_start) > least or abs(shown[1] - whole.reset_end) > least:
                    return True
        return False


def _datashader() -> Any:
    try:
        from holoviews.operation.datashader import rasterize  # which compiles as it is loaded
    except ImportError as error:
        raise SettingsError(
            "An image of points needs datashader.", "Install it: pip install 'dashboard-live[large]'."
        ) from error
    return rasterize


def _in_utc(frame: pd.DataFrame) -> pd.DataFrame:
    """The same points in time, as Datashader and Bokeh know them: without a zone."""
    zoned = frame.select_dtypes("datetimetz").columns
    return frame.assign(**{name: frame[name].dt.tz_convert(None) for name in zoned})
