"""The page of outreach, as one user sees it; a click on a campaign opens its details, and the address keeps which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.details import Details, Told
from dashboard.apps.frame import choice_of_member, comments, for_member, here, place, scope_of
from dashboard.views import Field, Page, Refresh, Selection

from .board import SQL, STATES, STATUSES, TOLD, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery
    from dashboard.views import View


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(members: LiveQuery, user: int) -> Viewable:
        return _page(live, members, user)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, user: int) -> Viewable:
    fields = (
        Field("status", "Campaigns", STATUSES),
        Field("state", "State", STATES),
        Field("kind", "Activity", tuple(TOLD)),
    )
    selection = Selection(*fields)
    board = Board(live, user, selection)
    scope = scope_of("outreach_member", user)
    present = here(live, "outreach", members, user, scope)

    def campaign(number: int, closed: Told) -> View:
        return board.campaign(number, closed, comments(live, "outreach.comments", number, members, user, scope))

    shown = Page(
        *board.tiles(),
        (Details("campaign", board.campaigns, campaign, present).column, 12),
        (place(board.states(), board.imports(), board.now()), 4),
        board.activity(),
        board.connections(),
        live=live,
        title="Outreach",
        active="Outreach",
        selection=selection,
        colours={"state": STATES},
        toolbar=[choice_of_member(members, user), Refresh(live), present, board.notices()],
    )
    return shown.__panel__()
