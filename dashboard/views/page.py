"""The frame of a page: who and where at the top, twelve columns of views, and one line that says how true it is.

A page of one's own is a file of a few lines::

    import dashboard

    live = dashboard.connect()
    dashboard.Page(
        dashboard.Tile(live.query("SELECT count(*) FROM orders"), title="Orders"),
        dashboard.Table(live.query("SELECT * FROM orders ORDER BY at DESC")),
        title="Shop", live=live,
    ).servable()

The frame is drawn by a component of this package rather than by a template: it needs nothing but this server,
weighs a few kilobytes, and shares its colours and sizes with the views. A session of a whole dashboard takes the server
about as long as one of panel-material-ui's empty page (0.8 to 1.3 times), and shows its rows before that page has
painted anything (0.3 to 0.7 times; ``benchmarks/pages.py``). Any Panel object, panel-material-ui's included, stands in
it like a view; but once that package is imported, Panel looks through all its components for every session of any page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param

from . import address
from .report import report_of
from .selection import Selection
from .status import Status
from .view import View
from .viewer import viewer_of

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

    from .bell import Bell

#: Where a server keeps the addresses of its pages, by name, in Panel's cache.
SITE = "dashboard.site"
Content = Any  # a View, a Panel object, or a pair of one and its span


class Page(Status):
    """A page of views.

    Parameters
    ----------
    *contents
        Views and Panel objects, or pairs `(object, span)` of twelve columns.
    live
        Whose state the header shows.
    title
        The page's heading.
    brand
        The name at the top left.
    navigation
        Names and addresses of other pages, those of the site by default; `active` names this one.
    toolbar
        Panel objects beside the heading.
    selection
        What the reader may select; shown as a choice of time and as chips.
    colours
        Values of a column in the order of their colours, so that all pages and members see the same: ``{"state":
        ["open", "paid"]}``. Values that are not named have a colour by what they are.
    alerts
        A `Bell`, which stands in the header.
    updates
        Whether the reader may choose how often the page is brought up to date, make it stand still and step back.
    """

    brand = param.String(default="dashboard", doc="Name at the top left.")
    navigation = param.Dict(default=None, allow_None=True, doc="Addresses by name; those of the site by default.")
    active = param.String(default="", doc="The name in `navigation` that is this page.")
    updates = param.Boolean(default=True, doc="Whether the reader may pause the page and step back.")
    colours = param.Dict(default={}, doc="Values by column, in the order of their colours.")
    note = param.String(default="", doc="Written in the footer beside the time of the snapshot.")

    kind: ClassVar[str] = "page"

    def __init__(
        self,
        *contents: Content,
        live: Live,
        toolbar: Sequence[Any] = (),
        selection: Selection | None = None,
        alerts: Bell | None = None,
        **params: Any,
    ) -> None:
        super().__init__(live, **params)
        self.selection = selection
        self.contents = list(contents)
        self.toolbar = list(toolbar)
        self.alerts = alerts

    def children(self) -> list[Any]:
        """What stands inside it."""
        choices = None if self.selection is None else self.selection.choices()
        unseen = [] if choices is None else [choices.__panel__()]
        bell = [] if self.alerts is None or not self._has_bell() else [self.alerts.__panel__()]
        return [*bell, *self._tools(), *map(content_object, self._parts()), *unseen]

    def options(self) -> dict[str, Any]:
        """What the browser needs to know once."""
        who = viewer_of(pn.state.curdoc)
        return {
            **super().options(), "brand": self.brand, "active": self.active, "note": self.note,
            "navigation": [[name, str(address)] for name, address in _links(self._navigation()).items()],
            "selection": (self.selection or Selection()).options(), "known": address.known(),
            "updates": self.updates and report_of(pn.state.curdoc) is None,
            "colours": {name: [str(value) for value in values] for name, values in self.colours.items()},
            "bell": int(self._has_bell()), "tools": len(self._tools()), "viewer": None if who is None else who.name,
            "spans": [content_span(content) for content in self._parts()],
        }  # fmt: skip

    def _has_bell(self) -> bool:
        return self.alerts is not None and report_of(pn.state.curdoc) is None

    def _tools(self) -> list[Any]:
        """What stands beside the heading; in a report, where no server is behind it, nothing."""
        return self.toolbar if report_of(pn.state.curdoc) is None else []

    def _parts(self) -> list[Content]:
        """What stands in its columns; in a report no connection, of which there is none."""
        if report_of(pn.state.curdoc) is None:
            return self.contents
        views = (content[0] if isinstance(content, tuple) else content for content in self.contents)
        return [
            content
            for content, view in zip(self.contents, views, strict=True)
            if getattr(view, "kind", "") != Status.kind
        ]

    def _navigation(self) -> Mapping[str, Any]:
        if report_of(pn.state.curdoc) is not None:
            return {}
        if self.navigation is not None:
            return self.navigation
        who = viewer_of(pn.state.curdoc)
        site = pn.state.cache.get(SITE, {}) if who is None else who.pages
        return site if len(site) > 1 else {}

    def servable(self, title: str | None = None, *args: Any, **params: Any) -> Viewable:
        """The page of this session."""
        heading = " · ".join(part for part in (self.title, self.brand) if part)
        return super().servable(title or heading, *args, **params)

    def __panel__(self) -> Viewable:
        element = super().__panel__()
        element.param.update(sizing_mode="stretch_width", margin=0)
        return element


def content_object(content: Content) -> Any:
    """What stands in a page for one of its contents."""
    return pn.panel(content[0] if isinstance(content, tuple) else content)


def content_span(content: Content) -> int:
    """How many of twelve columns it takes."""
    if isinstance(content, tuple):
        return int(content[1])
    if isinstance(content, View):
        return content.span or content.default_span
    return 12


def _links(navigation: Mapping[str, Any]) -> dict[str, str]:
    """Addresses of pages only: nothing that runs."""
    return {name: str(a) for name, a in navigation.items() if not str(a).strip().lower().startswith("javascript:")}
