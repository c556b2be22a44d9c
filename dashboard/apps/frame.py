"""What the apps' pages have in common: who looks, and a part that can be replaced.

Whom one looks as stands in the address (``?member=2``), and to look as somebody else is to load the page anew:
nothing of one member's rows can stay behind in the page of another. Where people log in, their scope says which member
they are, and the address is not asked.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import panel as pn

from dashboard.errors import DashboardError, NotForYou
from dashboard.postgres.scope import Scope
from dashboard.views import Comments, Here
from dashboard.views.address import number_asked
from dashboard.views.asker import panels_user
from dashboard.views.guest import guest
from dashboard.views.report import report_of
from dashboard.views.viewer import viewer

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery
    from dashboard.live.session import Session
    from dashboard.live.table import Table
    from dashboard.views import Bell

FIRST = 1  # the member one looks as when the address names nobody
MEMBER = "app.user_id"  # the setting that the tables' policies ask who is looking


def for_member(live: Live, members: str, build: Callable[[LiveQuery, int], Viewable]) -> Viewable:
    """The page that `build` makes for whoever looks.

    Parameters
    ----------
    members
        A SELECT of id, handle and name of those one may look as, asked as the owner of the tables; ``$1`` is whether
        nobody has to log in: who does is offered nobody else.
    build
        Called with that query and the id of the member.

    Raises
    ------
    NotForYou
        Who is logged in is no member.
    """
    who = viewer()
    if who is None and pn.state.curdoc is not None and panels_user(pn.state.curdoc) is not None:
        raise NotForYou("Panel's login says who looks, and not what they see.", "Serve it with `dashboard serve`.")
    known = live.query(members, who is None, scope=Scope())
    if who is None:
        first = number_asked("member") or FIRST
        if (report := report_of(pn.state.curdoc)) is not None:
            report.reader = _named(known, first)
        return build(known, first)
    number = who.scope.settings.get(MEMBER, "")
    if not number.isdecimal():
        raise NotForYou(f"{who.name} is no member here.", f"Give their scope the setting {MEMBER}.")
    return build(known, int(number))


def scope_of(role: str, member: int) -> Scope:
    """In whose eyes a member's page is seen: the scope of who is logged in, else that of the member in a role."""
    who = viewer()
    return Scope(role=role, settings={MEMBER: str(member)}) if who is None else who.scope


def session_of(live: Live, page: str, scope: Scope, *tables: str) -> Session:
    """The session of whoever looks at a page, the same in all their tabs: what they write shows at once.

    So that this holds for the first thing they do, what there is to know of these tables is asked for now.

    While the database is away it is kept under their login, or the browser's secret where nobody logs in, and under the
    scope: so it comes back to them after a restart, and to nobody else.
    """
    who = viewer()
    reader = guest().author if who is None else who.login
    seen_as = [scope.role or "", *(f"{name}={value}" for name, value in sorted(scope.settings.items()))]
    session = live.session(" ".join((page, reader, *seen_as)), scope=scope)
    live.start()
    for name in tables:
        live.spawn(_known(session.table(name)))
    return session


async def _known(table: Table) -> None:
    with suppress(DashboardError):  # who writes to it is told
        await table


def bell(live: Live, scope: Scope) -> Bell | None:
    """What people of this scope are told of, for the header of their page; None where nobody is told of anything."""
    from dashboard.views import Bell

    is_rung = live.alerts.rules and live.alerts.is_installed is not False
    return Bell(live, scope=scope) if is_rung else None


def place(*contents: Any) -> pn.Column:
    """A part of the page whose contents are replaced: ``place[:] = [other]``; several stand below each other."""
    return pn.Column(*contents, sizing_mode="stretch_width", margin=0, stylesheets=[style("stacked")])


def choice_of_member(members: LiveQuery, chosen: int) -> Viewable:
    """Links to the page as seen by others; they come as soon as it is known who there is."""
    links = pn.pane.HTML("", stylesheets=[style("segments")], margin=0)

    async def show() -> None:
        links.object = _links(await _asked_once(members), chosen)

    pn.state.onload(show)
    return links


def here(live: Live, page: str, members: LiveQuery, number: int, scope: Scope) -> Here:
    """Who looks at the same rows; where nobody logs in, a reader goes by the name of the member whose page it is."""
    return Here(live, page=page, name=_named(members, number), scope=scope)


def comments(live: Live, table: str, record: int, members: LiveQuery, number: int, scope: Scope) -> Comments:
    """What is said about a record, by who looks: they are called as in `here`."""
    return Comments(live, table, record, name=_named(members, number), scope=scope)


def _named(members: LiveQuery, number: int) -> Callable[[], Awaitable[str]]:
    async def name() -> str:
        return next((str(row[2]) for row in await _asked_once(members) if row[0] == number), "Guest")

    return name


async def _asked_once(query: LiveQuery) -> list[tuple[Any, ...]]:
    """The rows of a query that nothing on the page follows."""
    await query.ready()
    query.pause()
    return [query.state.rows[key] for key in query.state.keys]


@cache
def style(name: str) -> str:
    """A style sheet of the apps."""
    return files(__package__ or "dashboard.apps").joinpath(f"{name}.css").read_text(encoding="utf-8")


def _links(members: Sequence[tuple[Any, ...]], chosen: int) -> str:
    parts = [
        f'<a href="?member={number}"{" aria-current=page" if number == chosen else ""}>{html.escape(name)}</a>'
        for number, _, name in members
    ]
    return f'<nav aria-label="View as">{"".join(parts)}</nav>' if len(parts) > 1 else ""
