"""The CRM's page, as one member sees it."""

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

    def build(members: LiveQuery, member: int) -> Viewable:
        return _page(live, members, member)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, member: int) -> Viewable:
    board = Board(live, member)
    first = next((span for span in SPANS if span.slug == asked("span")), SPANS[1])
    chart = place(board.chart(first))

    def look(span: Span) -> None:
        chart[:] = [board.chart(span)]

    shown = Page(
        *board.tiles(),
        (chart, 8),
        board.feed(),
        board.table(),
        live=live,
        title="Network overview",
        active="CRM",
        toolbar=[choice_of_span(SPANS, first, look), choice_of_member(members, member)],
    )
    return shown.__panel__()
