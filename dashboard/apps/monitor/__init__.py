"""The monitor: how the connection, the ticks, the queries, the pages and the log of this process do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.app import App

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


APP = App(
    name="monitor",
    title="Monitor",
    summary="Connection, ticks and their cost, open queries and their plans, pages, the change log, and who looks.",
    page=_page,
    is_for_operators=True,
)
