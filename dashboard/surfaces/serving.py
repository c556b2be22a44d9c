"""Serving pages until somebody ends it; `serve`, `watch` and `demo` share this."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard import apps
from dashboard.errors import SettingsError
from dashboard.live import connect as follow
from dashboard.postgres.writable import writable
from dashboard.settings import PREFIX, settings
from dashboard.surfaces.access import NOBODY, access_to
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.dev import dev_page
from dashboard.surfaces.digests import kept_up
from dashboard.surfaces.pages import apps_in, page_named
from dashboard.surfaces.rules import declare
from dashboard.surfaces.site import Site
from dashboard.surfaces.terminal import say

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.surfaces.front import Page
    from dashboard.surfaces.login import Access


async def serve(
    dsn: str,
    names: Sequence[str],
    *,
    address: str | None,
    port: int | None,
    browser: bool,
    is_open: bool = False,
    is_dev: bool = False,
    api: Sequence[str] = (),
    rules: Path | None = None,
) -> None:
    """Serve apps and files on a database; without names, the apps whose tables are there.

    `is_dev`: and a test panel; `api`: tables that programs may call, as those who may see the files see them;
    `rules`: a file of rules that are watched from the start.

    Raises
    ------
    SettingsError
        A name is unknown, there is nothing to serve, the port is in use, or other machines could see it all; or the
        rules cannot be read.
    AlertError
        Alerts are not installed, or something cannot be a rule.
    RelationNotFound
        There is no table that programs are to call.
    ConnectError
        The database cannot be reached.
    """
    os.environ[f"{PREFIX}DSN"] = dsn  # for `dashboard.connect()` in a file of the user's own
    settings.cache_clear()
    if is_dev and is_open:
        raise SettingsError(
            "The test panel cuts connections and writes rows: not everybody may.", "Leave out --open, or --dev."
        )
    found = await apps_in(dsn)  # also where names are given: a database that cannot be reached is told at once
    named = names or _fitting(found)
    await _check_tables(dsn, api)
    live = follow(dsn)
    pages = _pages(named, live, api)
    shown = [app for app in apps.all() if app.name in named]
    if is_dev:
        pages.append(dev_page(live, shown))
    access = await access_to(dsn, address, is_open=is_open)
    async with live:
        watch_for_alerts(shown, live)
        if rules is not None:
            await declare(rules, live)
        told = "" if is_open else NOBODY
        async with kept_up(dsn):
            await show(pages, address=address, port=port, browser=browser, access=access, told=told)


async def show(
    pages: Sequence[Page],
    *,
    address: str | None,
    port: int | None,
    browser: bool,
    access: Access | None = None,
    told: str = "",
) -> None:
    """Serve pages, say where (and, where nobody has to log in, what was `told`), and wait to be ended."""
    async with Site(pages, address=address, port=port, access=access) as site:
        say(f"Serving {', '.join(page.title for page in pages)} at {site.url} (Ctrl-C ends it)")
        if access is None and told:
            say(told)
        if site.is_public and not settings().origins:
            say("If it is opened under another name than this machine's own, list that in DASHBOARD_ORIGINS.")
        if browser:
            await asyncio.to_thread(webbrowser.open, site.url)
        await asyncio.Event().wait()


def watch_for_alerts(shown: Sequence[apps.App], live: Live) -> None:
    """Have these apps' people told of what concerns them, where alerts are installed."""
    for app in shown:
        if app.alerts is not None:
            app.alerts(live)


async def _check_tables(dsn: str, names: Sequence[str]) -> None:
    """Make sure that there are these tables."""
    if not names:
        return
    async with connected(dsn, "serve") as connection:
        for name in names:
            await writable(connection, name)


def _fitting(found: Sequence[apps.App]) -> list[str]:
    """Name the apps that were found in the database, and those that fit every database.

    Raises
    ------
    SettingsError
        None was found.
    """
    if not found:
        raise SettingsError(
            "This database has the tables of none of the dashboards.",
            "Name a file of your own, or see any table with `dashboard watch`.",
        )
    return [app.name for app in (*found, *(app for app in apps.all() if not app.tables))]


def _pages(names: Sequence[str], live: Live, api: Sequence[str]) -> list[Page]:
    """The pages of apps and files; what `api` names is for the files."""
    pages = [page_named(name, live, api) for name in names]
    if api and not any(isinstance(page.content, Path) for page in pages):
        raise SettingsError("--api opens the tables of a file of your own.", "Name the file; apps open theirs already.")
    return pages
