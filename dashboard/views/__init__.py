"""Views: what a page shows of a query, encoded once and sent to all (see :mod:`.strand` and :mod:`.channel`)."""

from .chart import Chart
from .feed import Feed
from .page import Page
from .status import Status
from .table import Table
from .tile import Tile
from .view import View

__all__ = ["Chart", "Feed", "Page", "Status", "Table", "Tile", "View"]
