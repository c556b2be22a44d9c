"""What one does with a live query besides following it: plot it, step back through it, take it along as a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dashboard.live import export
from dashboard.live.history import History
from dashboard.live.shown import Shown, drawn

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.live.query import LiveQuery


class Exploring(Shown):
    """The part of a `LiveQuery` for those who explore."""

    _drawn_by = "glance.Glance"

    def hv(self, draw: Callable[[pd.DataFrame], Any], **params: Any) -> Any:
        """A view of whatever `draw` makes of the frame with hvPlot or HoloViews; it follows the query.

        Parameters
        ----------
        draw
            For example ``lambda df: df.hvplot.line("minute", "n", by="kind")``; it returns the same kind of object
            each time. Rows that are added at the end are sent alone.
        **params
            Of the view, for example ``title="Events"``; with ``rasterize=True`` Datashader makes an image of what is
            in view, for answers too large to be sent (more rows than `DASHBOARD_MAX_ROWS` are refused before that).
        """
        return drawn("plot.Plot")(self, draw, **params)

    def history(self, *, minutes: float = 15, values: int = 2_000_000) -> History:
        """Keep what it answered, from now on, to step back through it.

        Parameters
        ----------
        minutes
            How long it is kept.
        values
            How many changed values are kept at most; beyond that, the oldest changes go.
        """
        return History(self._query, length=timedelta(minutes=minutes), values=values)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the answer as CSV; numbers exact, NULL empty."""
        return export.to_csv(self._query, path)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the answer as Parquet, with its SQL and the name of its snapshot in the file's metadata."""
        return export.to_parquet(self._query, path)

    def to_arrow(self, path: str | os.PathLike[str]) -> Path:
        """Write the answer as an Arrow file, with its SQL and the name of its snapshot in the schema's metadata."""
        return export.to_arrow(self._query, path)

    @property
    def _query(self) -> LiveQuery:
        return cast("LiveQuery", self)
