"""The CRM's page, as one member sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.details import Details, Told
from dashboard.apps.frame import bell, choice_of_member, comments, for_member, here, place, scope_of
from dashboard.views import SPANS, Field, Page, Refresh, Selection

from .board import KINDS, SQL, STAGES, STATUSES, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery
    from dashboard.views import View


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(members: LiveQuery, member: int) -> Viewable:
        return _page(live, members, member)

    return for_member(live, SQL["members"], build)


def _page(live: Live, members: LiveQuery, member: int) -> Viewable:
    selection = Selection(
        Field("kind", "Activity", tuple(KINDS)),
        Field("stage", "Stage", STAGES),
        Field("source", "Source", live.query(SQL["sources"], scope=scope_of("crm_member", member), priority="low")),
        Field("status", "E-mail status", STATUSES),
        spans=SPANS,
        first="24h",
    )
    board = Board(live, member, selection)
    scope = scope_of("crm_member", member)
    present = here(live, "crm", members, member, scope)

    def contact(number: int, closed: Told) -> View:
        return board.contact(number, closed, comments(live, "crm.comments", number, members, member, scope))

    shown = Page(
        *board.tiles(),
        board.chart(),
        board.feed(),
        (place(board.stages(), board.statuses()), 4),
        board.emails(),
        board.templates(),
        board.team(),
        (Details("contact", board.contacts, contact, present).column, 12),
        live=live,
        title="Network overview",
        active="CRM",
        selection=selection,
        colours={"kind": KINDS, "stage": STAGES, "status": STATUSES},
        alerts=bell(live, scope),
        toolbar=[choice_of_member(members, member), Refresh(live), present],
    )
    return shown.__panel__()
