"""Serving pages until somebody ends it; `serve`, `watch` and `demo` share this."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from collections.abc import Sequence

import dashboard
from dashboard.surfaces.front import Page
from dashboard.surfaces.pages import page_named, page_of
from dashboard.surfaces.site import Site


async def serve(
    dsn: str, names: Sequence[str], *, address: str | None, port: int | None, browser: bool
) -> None:
    """Serve apps and files on a database; without names, the apps whose tables are there.

    Raises
    ------
    SettingsError
        A name is unknown, or the port is in use.
    ConnectError
        The database cannot be reached.
    """
    async with dashboard.connect(dsn) as live:
        from dashboard import apps

        pages = [page_named(name, live) for name in names] or [page_of(app, live) for app in apps.all()]
        await show(pages, address=address, port=port, browser=browser)


async def show(pages: Sequence[Page], *, address: str | None, port: int | None, browser: bool) -> None:
    """Serve pages, say where, and wait to be ended."""
    async with Site(pages, address=address, port=port) as site:
        say(f"Serving {', '.join(page.title for page in pages)} at {site.url}")
        say("Ctrl-C ends it.")
        if browser:
            await asyncio.to_thread(webbrowser.open, site.url)
        await asyncio.Event().wait()


def say(sentence: str) -> None:
    """Tell the person at the terminal; at once, also where the output is a file."""
    print(sentence, flush=True)  # noqa: T201


def is_interactive() -> bool:
    """Whether a person sits at this terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
