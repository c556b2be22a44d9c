"""The page of the earnings marketplace, as one owner sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.frame import choice_of_member, for_member, here, place, scope_of
from dashboard.views import SPANS, Field, Page, Refresh, Selection

from .board import PAID, SQL, STATUSES, STORY, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(members: LiveQuery, owner: int) -> Viewable:
        return _page(live, members, owner)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, owner: int) -> Viewable:
    fields = (
        Field("source", "Source", tuple(PAID)),
        Field("kind", "Event", tuple(STORY)),
        Field("status", "Status", STATUSES),
    )
    selection = Selection(*fields, spans=SPANS, first="1h")
    board = Board(live, owner, selection)
    present = here(live, "earnings", members, owner, scope_of("earnings_member", owner))
    shown = Page(
        *board.tiles(),
        board.chart(),
        board.ticker(),
        board.feed(),
        (place(board.statistics(), board.assets_by_status()), 4),
        board.assets(),
        live=live,
        title="Earnings",
        active="Earnings",
        selection=selection,
        colours={"source": tuple(PAID), "kind": tuple(STORY), "status": STATUSES},
        toolbar=[choice_of_member(members, owner), board.switch(), Refresh(live), present],
    )
    return shown.__panel__()
