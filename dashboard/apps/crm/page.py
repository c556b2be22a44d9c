"""The CRM's page, as one member sees it.

Whom one looks as stands in the address (``?member=2``), and to look as somebody else is to load the page anew:
nothing of one member's rows can stay behind in the page of another. Where people log in, the member is the one who
did, and the address is not asked.
"""

from __future__ import annotations

import html
from importlib.resources import files
from typing import TYPE_CHECKING

import panel as pn
from panel.pane.placeholder import Placeholder

from dashboard.views import Page

from .board import SPANS, SQL, Board, Span

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery

FIRST = 1  # the member one looks as when the address names nobody
STYLES = files(__package__ or "dashboard.apps.crm")


def page(live: Live) -> Viewable:
    """Build the page for one session."""
    members = live.query(SQL["members"], pn.state.user)
    if pn.state.user is None:
        return _page(live, members, _member())
    shown = Placeholder(sizing_mode="stretch_width")

    async def show() -> None:
        await members.ready()
        row = next(iter(members.state.rows.values()), None)
        shown.object = "There is no member of your name." if row is None else _page(live, members, row[0])

    pn.state.onload(show)
    return shown


def _asked(name: str) -> str:
    """What the address says, for example ``?member=2``; empty when it says nothing."""
    (value, *_) = pn.state.session_args.get(name, [b""]) if pn.state.session_args else [b""]
    return value.decode(errors="replace")


def _member() -> int:
    asked = _asked("member")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else FIRST


def _style(name: str) -> str:
    return STYLES.joinpath(f"{name}.css").read_text(encoding="utf-8")


def _page(live: Live, members: LiveQuery, member: int) -> Viewable:
    board = Board(live, member)
    chart, spans = _chart(board)
    shown = Page(
        *board.tiles(),
        (chart, 8),
        board.feed(),
        board.table(),
        live=live,
        title="Network overview",
        navigation={"CRM": "crm"},
        active="CRM",
        toolbar=[spans, _choice(members, member)],
    )
    return shown.__panel__()


def _chart(board: Board) -> tuple[Viewable, Viewable]:
    """The chart, and the buttons that choose how far back it looks."""
    first = next((span for span in SPANS if span.slug == _asked("span")), SPANS[1])
    chart = pn.Column(board.chart(first), sizing_mode="stretch_width", margin=0, stylesheets=[_style("filled")])
    buttons = pn.widgets.RadioButtonGroup(
        options={span.label: span for span in SPANS}, value=first, stylesheets=[_style("segments")], margin=0
    )

    def look(event: object) -> None:
        span: Span = buttons.value
        chart[:] = [board.chart(span)]
        if pn.state.location is not None:
            pn.state.location.update_query(span=span.slug)  # type: ignore[arg-type]  # it takes values

    buttons.param.watch(look, "value")
    return chart, buttons


def _choice(members: LiveQuery, chosen: int) -> Viewable:
    """Links to the page as seen by others; they come as soon as it is known who there is."""
    links = pn.pane.HTML("", stylesheets=[_style("segments")], margin=0)

    async def show() -> None:
        await members.ready()
        links.object = _links([members.state.rows[key] for key in members.state.keys], chosen)

    pn.state.onload(show)
    return links


def _links(members: list[tuple[int, str, str]], chosen: int) -> str:
    parts = [
        f'<a href="?member={number}"{" aria-current=page" if number == chosen else ""}>{html.escape(name)}</a>'
        for number, _, name in members
    ]
    return f'<nav aria-label="View as">{"".join(parts)}</nav>' if len(parts) > 1 else ""
