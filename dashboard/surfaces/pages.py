"""What a name on the command line stands for: one of the apps, or a file of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard import apps
from dashboard.errors import SettingsError
from dashboard.postgres.connection import translated
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.front import Page

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live


def chosen(names: Sequence[str]) -> list[apps.App]:
    """Return the apps of these names, all of them for none.

    Raises
    ------
    SettingsError
        There is no app of a name.
    """
    return [apps.find(name) for name in dict.fromkeys(names)] or list(apps.all())


async def apps_in(dsn: str) -> list[apps.App]:
    """The apps with tables of their own whose tables are in the database.

    Raises
    ------
    ConnectError
        It cannot be reached.
    """
    sql = "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest($1::text[]) name"
    async with connected(dsn, "apps") as connection:
        with translated():
            return [app for app in apps.all() if app.tables and await connection.fetchval(sql, app.tables)]


def page_of(app: apps.App, live: Live) -> Page:
    """Return an app's page on a database."""
    return Page(
        slug=app.name,
        title=app.title,
        summary=app.summary,
        content=_building(app.page, live),
        is_for_operators=app.is_for_operators,
        api=app.api,
        live=live,
    )


def page_named(name: str, live: Live, api: Sequence[str] = ()) -> Page:
    """Return the page that a name or a file stands for; a file's opens the tables of `api` to programs.

    Raises
    ------
    SettingsError
        It is neither.
    """
    if not name.endswith((".py", ".ipynb")):
        return page_of(apps.find(name), live)
    path = Path(name).absolute()
    if not path.is_file():
        raise SettingsError(f"There is no file {name}.", "Name a Python file, or one of the apps.")
    return Page(slug=path.stem, title=path.stem, summary="", content=path, api=tuple(api), live=live)


def _building(build: Callable[[Live], Viewable], live: Live) -> Callable[[], Viewable]:
    def content() -> Viewable:
        return build(live)

    return content
