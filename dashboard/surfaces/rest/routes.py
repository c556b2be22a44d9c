"""What ``/api`` of one site consists of: its routes, the tables there are for a caller, and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.live.rows import Rows
from dashboard.postgres.scope import Scope
from dashboard.settings import settings
from dashboard.surfaces.rest.callers import Caller, Callers
from dashboard.surfaces.rest.problem import RequestRefused

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.live.table import Table
    from dashboard.postgres.writable import WritableTable
    from dashboard.surfaces.front import Page
    from dashboard.surfaces.logins import Logins

PATIENCE = 10.0
"""Seconds that a read may take."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A table as one caller sees it."""

    name: str
    live: Live
    scope: Scope
    rows: Rows

    @property
    def table(self) -> Table:
        """What writes to it."""
        return self.live.table(self.name, scope=self.scope)

    async def facts(self) -> WritableTable:
        """Its columns and key; raises where the database cannot be asked, or the table is not there."""
        return (await self.table).facts


class Rest:
    """Rows for programs, on one site.

    Parameters
    ----------
    pages
        Whose tables there are.
    logins
        Who is logged in; None: nobody has to.
    """

    def __init__(self, pages: Sequence[Page], logins: Logins | None) -> None:
        self.callers = Callers(logins, settings().api_rate)
        self._pages = [page for page in pages if page.api and page.live is not None]
        self._rows: dict[str, Rows] = {}

    @property
    def routes(self) -> list[Any]:
        """For Tornado."""
        from dashboard.surfaces.rest.answers import Collection, Description, Index, Item, Nothing

        shared = {"rest": self}
        return [
            ("/api/?", Index, shared),
            ("/api/openapi.json", Description, shared),
            ("/api/([^/]+)", Collection, shared),
            ("/api/([^/]+)/(.+)", Item, shared),
            ("/api/.*", Nothing, shared),
        ]

    def seats(self, caller: Caller) -> dict[str, Seat]:
        """The tables there are for a caller, by name."""
        found: dict[str, Seat] = {}
        for page in self._pages:
            scope = Scope() if caller.person is None else page.scope_of(caller.person)
            if scope is None or page.live is None:
                continue
            for name in page.api:
                found.setdefault(name, Seat(name, page.live, scope, self._rows_of(page.live)))
        return found

    def seat(self, caller: Caller, name: str) -> Seat:
        """A table as a caller sees it.

        Raises
        ------
        RequestRefused
            There is none of that name for them.
        """
        found = self.seats(caller).get(name)
        if found is None:
            raise RequestRefused(404, "There is no such table for you. GET /api lists those there are.")
        return found

    async def close(self) -> None:
        """Close the connections."""
        for rows in self._rows.values():
            await rows.close()

    def _rows_of(self, live: Live) -> Rows:
        if live.dsn not in self._rows:
            self._rows[live.dsn] = Rows(live.dsn, timeout=settings().connect_timeout, patience=PATIENCE)
        return self._rows[live.dsn]
