"""A SELECT that stays true: live pandas DataFrames from PostgreSQL, and tiles, charts, tables and feeds on top.

Names are loaded when they are first used, so that a command that draws nothing does not wait for Bokeh.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dashboard.version import __version__

if TYPE_CHECKING:
    from dashboard.errors import DashboardError
    from dashboard.live.alerts.rule import Above, Below, Rows
    from dashboard.live.delta import Delta
    from dashboard.live.live import Live
    from dashboard.live.query import LiveQuery
    from dashboard.live.shared import connect
    from dashboard.postgres.people import Person
    from dashboard.postgres.scope import Scope
    from dashboard.views.bell import Bell
    from dashboard.views.chart import Chart
    from dashboard.views.feed import Feed
    from dashboard.views.group import Group
    from dashboard.views.here import Here
    from dashboard.views.lanes import Lanes
    from dashboard.views.messages import Messages
    from dashboard.views.notices import Notices
    from dashboard.views.page import Page
    from dashboard.views.progress import Progress
    from dashboard.views.refresh import Refresh
    from dashboard.views.selection import Field, Selection
    from dashboard.views.status import Status
    from dashboard.views.switch import Switch
    from dashboard.views.table import Table
    from dashboard.views.tabs import Tabs
    from dashboard.views.tile import Tile
    from dashboard.views.view import View
    from dashboard.views.viewer import viewer

_HOMES = {
    "Above": "live.alerts.rule",
    "Bell": "views.bell",
    "Below": "live.alerts.rule",
    "Chart": "views.chart",
    "DashboardError": "errors",
    "Delta": "live.delta",
    "Feed": "views.feed",
    "Field": "views.selection",
    "Group": "views.group",
    "Here": "views.here",
    "Lanes": "views.lanes",
    "Live": "live.live",
    "LiveQuery": "live.query",
    "Messages": "views.messages",
    "Notices": "views.notices",
    "Page": "views.page",
    "Person": "postgres.people",
    "Progress": "views.progress",
    "Refresh": "views.refresh",
    "Rows": "live.alerts.rule",
    "Scope": "postgres.scope",
    "Selection": "views.selection",
    "Status": "views.status",
    "Switch": "views.switch",
    "Table": "views.table",
    "Tabs": "views.tabs",
    "Tile": "views.tile",
    "View": "views.view",
    "connect": "live.shared",
    "viewer": "views.viewer",
}

__all__ = [
    "Above",
    "Bell",
    "Below",
    "Chart",
    "DashboardError",
    "Delta",
    "Feed",
    "Field",
    "Group",
    "Here",
    "Lanes",
    "Live",
    "LiveQuery",
    "Messages",
    "Notices",
    "Page",
    "Person",
    "Progress",
    "Refresh",
    "Rows",
    "Scope",
    "Selection",
    "Status",
    "Switch",
    "Table",
    "Tabs",
    "Tile",
    "View",
    "__version__",
    "connect",
    "viewer",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'dashboard' has no attribute {name!r}")
    return getattr(import_module(f"dashboard.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
