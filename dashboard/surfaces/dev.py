"""The test panel of `--dev`: make changes, cut or slow the database, and see every tick.

It writes as the server and takes its connections away, so it is there only where the command said so, and for
operators where people log in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dashboard.errors import NotNow
from dashboard.postgres.connection import connect, translated
from dashboard.postgres.cutting import cut
from dashboard.surfaces.front import Page

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.apps import App
    from dashboard.apps.simulation import Actor
    from dashboard.live import Live
    from dashboard.postgres.reading import Reading

MOST = 1000
"""Changes of one burst."""
DELAY = 1.0
"""Seconds by which each tick is slowed."""
SLOW_FOR = 30.0
"""Seconds after which ticks are not slowed any more."""


def dev_page(live: Live, apps: Sequence[App]) -> Page:
    """The panel for the apps of a database."""
    trouble, adding = Trouble(live), Adding(live.dsn, apps)

    def build() -> Viewable:
        return _shown(live, trouble, adding)

    return Page(
        slug="dev", title="Test panel", summary="Changes, trouble and ticks.", content=build, is_for_operators=True
    )


class Adding:
    """What the apps' simulated people add when they are told to."""

    def __init__(self, dsn: str, apps: Sequence[App]) -> None:
        self._dsn = dsn
        self._busy = asyncio.Lock()
        self.deeds: dict[str, Callable[[int], Awaitable[str]]] = {
            f"Add {app.adds}": partial(self._add, app.actor(0)) for app in apps if app.actor is not None
        }

    async def _add(self, actor: Actor, number: int) -> str:
        if self._busy.locked():
            raise NotNow("The last burst is not over.", "Wait for it.")
        async with self._busy:
            connection = await connect(self._dsn, name="dashboard: test panel")
            try:
                with translated():
                    await actor.begin(connection)
                    made = sum([await actor.add(connection) for _ in range(number)])
            finally:
                await connection.close()
        return f"{made:,} of {number:,} were written." if made else "Nothing could be added: there is nobody to do it."


class Trouble:
    """What can happen to a database, on purpose; it is for all pages of this process."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._over: asyncio.TimerHandle | None = None
        self._end: Callable[[], None] = lambda: None
        self.deeds: dict[str, Callable[[int], Awaitable[str]]] = {
            "Cut the connections": self._cut,
            f"Slow ticks by {DELAY:g} s": self._slow,
            "At full speed": self._hurry,
        }

    async def _cut(self, _: int) -> str:
        return f"{await cut(self._live.dsn)} connections of this process were ended."

    async def _slow(self, _: int) -> str:
        await self._hurry(1)
        hub, before = self._live.hub, self._live.hub.on_snapshot

        async def slowed(reading: Reading) -> None:
            await asyncio.sleep(DELAY)
            if before is not None:
                await before(reading)

        def end() -> None:
            if hub.on_snapshot is slowed:
                hub.on_snapshot = before
            self._over = None

        hub.on_snapshot = slowed
        self._end = end
        self._over = asyncio.get_running_loop().call_later(SLOW_FOR, end)
        return f"Each tick takes {DELAY:g} s longer, for {SLOW_FOR:g} s."

    async def _hurry(self, _: int) -> str:
        if self._over is not None:
            self._over.cancel()
        self._end()
        return "Ticks are not slowed."


def _shown(live: Live, trouble: Trouble, adding: Adding) -> Viewable:
    from dashboard import views
    from dashboard.surfaces.ticks import KEPT, Ticks
    from dashboard.views.actions import Actions

    shown = views.Page(
        Actions(adding.deeds, title="Add", most=MOST, caption=f"at most {MOST:,} at once", span=6),
        Actions(trouble.deeds, title="Trouble", caption="for all pages of this process", span=6),
        views.Status(live, variant="full", title="Connection", span=12),
        views.Table(
            Ticks.of(live).source.query,
            title="Ticks",
            caption=f"the last {KEPT} in which something happened",
            sort="-tick",
            formats={"cost": "{:,.1f} ms"},
            tags=["read"],
            flash=False,
            page_size=15,
        ),
        live=live,
        title="Test panel",
        active="Test panel",
    )
    return shown.__panel__()
