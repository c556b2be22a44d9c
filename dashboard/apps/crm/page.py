"""The CRM's page, as one member sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.frame import choice_of_member, for_member
from dashboard.views import SPANS, Field, Page, Refresh, Selection

from .board import KINDS, SQL, STAGES, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(members: LiveQuery, member: int) -> Viewable:
        return _page(live, members, member)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, member: int) -> Viewable:
    fields = (Field("kind", "Activity", tuple(KINDS)), Field("stage", "Stage", STAGES))
    selection = Selection(*fields, spans=SPANS, first="24h")
    board = Board(live, member, selection)
    shown = Page(
        *board.tiles(),
        board.chart(),
        board.feed(),
        board.table(),
        live=live,
        title="Network overview",
        active="CRM",
        selection=selection,
        colours={"kind": KINDS, "stage": STAGES},
        toolbar=[choice_of_member(members, member), Refresh(live)],
    )
    return shown.__panel__()
