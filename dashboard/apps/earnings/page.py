"""The page of the earnings marketplace, as one owner sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.frame import Span, asked, choice_of_member, choice_of_span, for_member, place
from dashboard.views import Page

from .board import SPANS, SQL, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(members: LiveQuery, owner: int) -> Viewable:
        return _page(live, members, owner)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, owner: int) -> Viewable:
    board = Board(live, owner)
    first = next((span for span in SPANS if span.slug == asked("span")), SPANS[0])
    chart = place(board.chart(first))

    def look(span: Span) -> None:
        chart[:] = [board.chart(span)]

    shown = Page(
        *board.tiles(),
        (chart, 8),
        board.ticker(),
        board.feed(),
        (place(board.statistics(), board.assets_by_status()), 4),
        board.assets(),
        live=live,
        title="Earnings",
        active="Earnings",
        toolbar=[choice_of_span(SPANS, first, look), choice_of_member(members, owner), board.switch()],
    )
    return shown.__panel__()
