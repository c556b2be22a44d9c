"""Views: what a page shows of a query, encoded once and sent to all (see :mod:`.strand` and :mod:`.channel`)."""

from .acts import Act, Asked, Entry
from .bell import Bell
from .chart import Chart
from .comments import Comments
from .editing import Editing
from .feed import Feed
from .group import Group
from .here import Here
from .lanes import Lanes
from .messages import Messages
from .notices import Notices
from .outcome import follow
from .page import Page
from .progress import Progress
from .refresh import Refresh
from .selection import Field, Selection
from .span import SPANS, Span
from .status import Status
from .switch import Switch
from .table import Table
from .tabs import Tabs
from .tile import Tile
from .toast import toast
from .view import View

__all__ = [
    "SPANS",
    "Act",
    "Asked",
    "Bell",
    "Chart",
    "Comments",
    "Editing",
    "Entry",
    "Feed",
    "Field",
    "Group",
    "Here",
    "Lanes",
    "Messages",
    "Notices",
    "Page",
    "Progress",
    "Refresh",
    "Selection",
    "Span",
    "Status",
    "Switch",
    "Table",
    "Tabs",
    "Tile",
    "View",
    "follow",
    "toast",
]
