"""In whose eyes a report is made.

It is decided as for a page that is served: where people log in, somebody has to be named, and what the report holds is
what PostgreSQL answers in their scope.

Who runs the command holds the database's address and could read everything. ``--as`` is no lock against them: it sees
to it that what they hand on holds no more than its reader may see.
"""

from __future__ import annotations

import math

from dashboard.errors import SettingsError
from dashboard.postgres import people
from dashboard.settings import settings
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.directory import Directory, Function, Table, function_named
from dashboard.surfaces.front import Page
from dashboard.surfaces.logins import SignIn
from dashboard.surfaces.pages import apps_in
from dashboard.surfaces.samples import samples
from dashboard.views.viewer import Viewer


async def seen_by(dsn: str, page: Page, login: str | None, *, is_demo: bool) -> Viewer | None:
    """Who looks at a page of this database; None where nobody has to log in.

    Parameters
    ----------
    is_demo
        Whether the demo's sample people may be named where the database knows nobody.

    Raises
    ------
    SettingsError
        Somebody has to be named, there is nobody of this name, or the page is not for them.
    """
    directory = await _directory(dsn, is_demo=is_demo)
    try:
        if directory is None:
            if login is None:
                return None
            raise SettingsError(f"Nobody logs in to this database, so there is no {login}.", "Leave out --as.")
        if login is None:
            raise SettingsError("It has to be said in whose eyes: people log in to this database.", _named(directory))
        person = (await directory.find([login])).get(login)
    finally:
        if directory is not None:
            await directory.close()
    if person is None:
        raise SettingsError(f"There is nobody with the login {login}.", _named(directory))
    scope = page.scope_of(person)
    if scope is None:
        raise SettingsError(f"There is nothing on {page.title} for {login}.", "Give them a scope: `dashboard people`.")
    return SignIn("report", person, math.inf).viewer(scope)


async def _directory(dsn: str, *, is_demo: bool) -> Directory | None:
    """Where people come from; None where nobody logs in."""
    chosen = settings()
    if chosen.people:
        return Function(dsn, function_named(chosen.people))
    if chosen.oauth_provider or await _has_people(dsn):
        return Table(dsn)
    return await samples(dsn, await apps_in(dsn)) if is_demo else None


async def _has_people(dsn: str) -> bool:
    """Whether the database keeps anybody, with a password or without."""
    async with connected(dsn, "report") as connection:
        return bool(await people.found(connection))


def _named(directory: Directory) -> str:
    known = ", ".join(person.login for person in getattr(directory, "people", ()))
    return f"Say --as and one of: {known}." if known else "Say --as LOGIN; `dashboard people list DSN` names them."
