"""The page of the call tracking, as one account sees it."""

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

    def build(accounts: LiveQuery, account: int) -> Viewable:
        return _page(live, accounts, account)

    return for_member(live, SQL["accounts"], build)


def _page(live: Live, accounts: LiveQuery, account: int) -> Viewable:
    board = Board(live, account)
    first = next((span for span in SPANS if span.slug == asked("span")), SPANS[1])
    chart = place(board.chart(first))

    def look(span: Span) -> None:
        chart[:] = [board.chart(span)]

    shown = Page(
        *board.tiles(),
        board.lanes(),
        (chart, 8),
        board.feed(),
        (board.bidding(), 8),
        board.bids(),
        (board.payments(), 8),
        board.alerts(),
        board.log(),
        live=live,
        title="Calls",
        active="Calls",
        toolbar=[choice_of_span(SPANS, first, look), choice_of_member(accounts, account)],
    )
    return shown.__panel__()
