"""The page of the call tracking, as one account sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.frame import bell, choice_of_member, for_member, here, scope_of
from dashboard.views import SPANS, Field, Page, Refresh, Selection

from .board import EVENTS, OUTCOMES, SQL, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(accounts: LiveQuery, account: int) -> Viewable:
        return _page(live, accounts, account)

    return for_member(live, SQL["accounts"], build)


def _page(live: Live, accounts: LiveQuery, account: int) -> Viewable:
    campaigns = live.query(SQL["campaigns"], scope=scope_of("calls_member", account), priority="low")
    selection = Selection(
        Field("outcome", "Outcome", OUTCOMES),
        Field("campaign", "Campaign", campaigns),
        Field("kind", "Event", EVENTS),
        spans=SPANS,
        first="24h",
    )
    board = Board(live, account, selection)
    present = here(live, "calls", accounts, account, scope_of("calls_member", account))
    shown = Page(
        *board.tiles(),
        board.lanes(),
        board.chart(),
        board.feed(),
        (board.bidding(), 8),
        board.bids(),
        (board.payments(), 8),
        board.alerts(),
        board.log(),
        live=live,
        title="Calls",
        active="Calls",
        colours={"outcome": OUTCOMES, "kind": EVENTS},
        selection=selection,
        alerts=bell(live, scope_of("calls_member", account)),
        toolbar=[choice_of_member(accounts, account), Refresh(live), present],
    )
    return shown.__panel__()
