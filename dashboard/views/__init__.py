"""Views: what a page shows of a query, encoded once and sent to all (see :mod:`.strand` and :mod:`.channel`)."""

from .feed import Feed
from .tile import Tile
from .view import View

__all__ = ["Feed", "Tile", "View"]
