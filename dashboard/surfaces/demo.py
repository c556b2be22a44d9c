"""`dashboard demo`: a PostgreSQL of its own, sample rows, somebody who changes them, and the pages.

The data folder is kept between runs, so that a second start is at once; `--temp` uses one that is deleted. It is the
demo's own server, so the demo also starts it again where it dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard.apps import App
from dashboard.errors import ServerError
from dashboard.live import connect as follow
from dashboard.postgres.capture import install
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces.access import access_by
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.dev import dev_page
from dashboard.surfaces.digests import kept_up
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.samples import samples
from dashboard.surfaces.serving import show, watch_for_alerts
from dashboard.surfaces.simulating import simulate
from dashboard.surfaces.site import free_port
from dashboard.surfaces.terminal import say


async def demo(
    apps: Sequence[App],
    *,
    address: str | None,
    port: int | None,
    rate: float,
    temp: bool,
    browser: bool,
    is_dev: bool = False,
) -> None:
    """Run the demo until cancelled.

    Raises
    ------
    ServerError
        The embedded server does not start.
    SettingsError
        The port is in use, or the rate is impossible.
    """
    port = free_port(address, port)  # before anything is started
    server = Server(temporary=temp)
    try:
        await asyncio.to_thread(server.start)
        say(f"PostgreSQL {server.version} is running; psql {server.dsn}")
        await _prepare(apps, server.dsn)
        async with follow(server.dsn) as live, kept_up(server.dsn), asyncio.TaskGroup() as group:
            await live.alerts.install()
            watch_for_alerts(apps, live)
            group.create_task(simulate(server.dsn, [app for app in apps if app.actor], rate=rate))
            pages = [*(page_of(app, live) for app in apps), *([dev_page(live, apps)] if is_dev else [])]
            access = access_by(await samples(server.dsn, apps))
            group.create_task(show(pages, address=address, port=port, browser=browser, access=access))
            group.create_task(_keep_up(server))
    finally:
        if server.is_running:
            await asyncio.shield(asyncio.to_thread(server.stop))
            say("Stopped.")


async def _keep_up(server: Server) -> None:
    """Start the server again whenever it has died; the pages and the simulation find it by themselves."""
    said = ""
    while True:
        await asyncio.sleep(settings().heartbeat)
        try:
            if await asyncio.to_thread(server.revive):
                said = ""
                say("PostgreSQL had ended unexpectedly; it is running again.")
        except ServerError as error:
            if error.message != said:
                said = error.message
                say(said)


async def _prepare(apps: Sequence[App], dsn: str) -> None:
    async with asyncio.TaskGroup() as group:  # side by side: the first page is there sooner
        for app in apps:
            group.create_task(_load(app, dsn))
    async with connected(dsn, "install") as connection:
        for app in apps:
            if app.tables:
                await install(connection, app.tables)


async def _load(app: App, dsn: str) -> None:
    if app.load is not None and await app.load(dsn):
        say(f"Loaded the sample rows of {app.title}.")
