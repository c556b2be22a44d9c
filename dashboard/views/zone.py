"""The reader's time zone, where the page knows it: what is a day, and so what is today, is the reader's business.

Panel tells it once the page has arrived. The page keeps it in a cookie, so that the next page asks for the reader's
days at once instead of for the server's first. A query counts days in a zone as PostgreSQL does in a session of that
zone: the zone is a setting of the query's scope, its SQL stays as it is, and readers of one zone share one answer.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import panel as pn

from dashboard.postgres.scope import Scope

COOKIE = "dashboard-zone"
LONGEST = 64


def reader() -> str | None:
    """The zone of this session's reader by its name; None where nobody has told it, or there is none of that name."""
    info = pn.state.browser_info
    told = None if info is None else info.timezone
    if not told and pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
        told = (pn.state.cookies or {}).get(COOKIE)
    return told if told and is_zone(told) else None


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    if len(name) > LONGEST:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder of zones
        return False
    return True


def on_change(callback: Callable[[], object]) -> None:
    """Call `callback` when the reader's zone becomes known, for as long as the session lasts."""
    info = pn.state.browser_info
    if info is not None and pn.state.curdoc is not None:
        info.param.watch(lambda _: callback(), "timezone")


def days_of(zone: str | None, scope: Scope) -> Scope:
    """A scope in which a day is a day of this zone; without one, of the server's."""
    return scope if zone is None else Scope(role=scope.role, settings={**scope.settings, "TimeZone": zone})
