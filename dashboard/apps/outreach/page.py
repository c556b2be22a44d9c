"""The page of outreach, as one user sees it; a click on a campaign opens its details, and the address keeps which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from dashboard.apps.frame import choice_of_member, for_member, here, place, scope_of
from dashboard.views import Field, Here, Page, Refresh, Selection
from dashboard.views.address import number_asked, on_change, remember
from dashboard.views.pane import Wake

from .board import SQL, STATES, STATUSES, TOLD, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


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
    present = here(live, "outreach", members, user, scope_of("outreach_member", user))
    shown = Page(
        *board.tiles(),
        (Campaigns(board, present).column, 12),
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


class Campaigns:
    """The table of campaigns and, below it, the one that was clicked."""

    def __init__(self, board: Board, here: Here) -> None:
        self._board = board
        self._here = here
        self._opened = number_asked("campaign")
        self._document = pn.state.curdoc
        self._table: Any = board.campaigns(self._open).__panel__()
        self.column = place(self._table)
        self._show()
        on_change(self._follow)

    def _follow(self) -> None:
        """Somebody went back, or forth."""
        if number_asked("campaign") != self._opened:
            self._turn(number_asked("campaign"))

    def _open(self, key: object) -> None:
        self._turn(int(key) if isinstance(key, str) and key.isdecimal() else None)

    def _close(self, _: object) -> None:
        self._turn(None)

    def _turn(self, campaign: int | None) -> None:
        """Show another campaign; the click came by the channel, the page is changed in its own time."""
        self._opened = campaign
        if self._document is not None:
            Wake.of(self._document).ask(self._show, 0)

    def _show(self) -> None:
        self._table.options = {**self._table.options, "chosen": None if self._opened is None else str(self._opened)}
        details = [] if self._opened is None else [self._board.campaign(self._opened, self._close)]
        self.column[:] = [self._table, *details]
        remember(campaign=self._opened)
        self._here.look_at(None if self._opened is None else f"campaign {self._opened}")
