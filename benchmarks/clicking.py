"""From click to eye: how long until a reader sees what they have just written, in Chromium.

A click on a row of a table writes to that row. Once the table shows a session's query, so that the write is seen before
PostgreSQL has answered; once it shows the same query without a session, which sees it when a tick has it. Both take
turns on one page, row by row. The time runs from the browser's own stamp of the click to the change of the row in the
page, both read there. The tables have priority critical, so that no deadline is part of the figure. At first the
database is on this machine, then 25 milliseconds away in each direction, which a proxy waits.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page as Browsed
from playwright.async_api import async_playwright

import dashboard
from benchmarks.record import Figure, percentile, record
from dashboard.live import Live
from dashboard.live.table import Table as Written
from dashboard.postgres.connection import connect
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from tests.proxy import Proxy

CLICKS = 150
ROWS = 10
AWAY = 0.025
WAYS = ("seen at once", "seen in a tick")
_numbers = itertools.count()
_SCHEMA = """
CREATE TABLE {name} (id int PRIMARY KEY, title text NOT NULL, status text NOT NULL);
INSERT INTO {name} SELECT i, 'order ' || i, 'new' FROM generate_series(1, {rows}) i
"""
_WATCH = """
() => {
  window.wanted = window.began = window.seen = null;
  addEventListener("click", (event) => { window.began = event.timeStamp; }, true);
  const look = (root) => {
    new MutationObserver((mutations) => {
      if (window.wanted === null || window.began === null) return;
      if (!mutations.some(({ target }) => target.textContent.includes(window.wanted))) return;
      window.seen = performance.now() - window.began;
      window.wanted = null;
    }).observe(root, { childList: true, subtree: true, characterData: true });
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) look(node.shadowRoot);
  };
  look(document);
}
"""


async def main() -> None:
    """Run and record."""
    figures = []
    with Server(temporary=True) as server:
        connection = await connect(server.dsn)
        for name in ("ahead", "behind"):
            await connection.execute(_SCHEMA.format(name=name, rows=ROWS))
        await connection.close()
        async with Live(server.dsn) as live:
            await live.install("ahead", "behind")
        for where, delay, bound in (("database here", 0.0, None), ("database 50 ms away", AWAY, 0.2)):
            async with Proxy(server.dsn) as proxy:
                proxy.slow(delay)
                times = await _clicked(proxy.dsn)
            figures += _figures(where, times, bound)
    record("clicking", figures)


def _figures(where: str, times: dict[str, list[float]], bound: float | None) -> list[Figure]:
    found = [
        Figure(name=f"{where}: click → row {way}, p{share * 100:.0f}", value=percentile(times[way], share), unit="ms")
        for way in WAYS
        for share in (0.5, 0.99)
    ]
    at_once, in_a_tick = (percentile(times[way], 0.5) for way in WAYS)
    return [*found, Figure(name=f"{where}: at once / in a tick, p50", value=at_once / in_a_tick, at_most=bound)]


class _Orders:
    """A table of rows that a click changes, and what is written next."""

    def __init__(self, table: Written, query: Any, title: str) -> None:
        self.view = dashboard.Table(query, title=title, priority="critical", search=False, flash=False)
        self.view.on("select", self._click)
        self.settled = asyncio.Event()
        self.wanted = ""
        self._table = table
        self._task: asyncio.Task[None] | None = None

    def _click(self, key: str) -> None:
        write = self._table.update(int(key), {"status": self.wanted})
        self._task = asyncio.get_running_loop().create_task(self._settle(write))

    async def _settle(self, write: Awaitable[Any]) -> None:
        await write
        self.settled.set()


async def _clicked(dsn: str) -> dict[str, list[float]]:
    """Milliseconds from click to change, by way."""
    async with Live(dsn) as live:
        session = live.session()
        tables = {WAYS[0]: await session.table("ahead"), WAYS[1]: await live.table("behind")}
        orders: dict[str, _Orders] = {}

        def draw() -> dashboard.Page:
            sql = "SELECT id, title, status FROM {} ORDER BY id"
            queries = session.query(sql.format("ahead")), live.query(sql.format("behind"))
            for way, query in zip(WAYS, queries, strict=True):
                orders[way] = _Orders(tables[way], query, way)
            return dashboard.Page(*(one.view for one in orders.values()), live=live, title="Orders")

        page = Page(slug="orders", title="Orders", summary="", content=draw)
        async with Site([page], port=0) as site, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            browsed = await browser.new_page(viewport={"width": 1280, "height": 1600})
            await browsed.goto(site.url)
            for way in WAYS:
                await browsed.get_by_role("region", name=way).get_by_text(f"order {ROWS}", exact=True).wait_for()
            await browsed.evaluate(_WATCH)
            times = await _turns(browsed, orders, live.caught_up)
            await browser.close()
    return times


async def _turns(
    browsed: Browsed, orders: dict[str, _Orders], caught_up: Callable[[], Awaitable[None]]
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for nth in range(CLICKS):
        for way in WAYS:
            one = orders[way]
            one.wanted = f"status {next(_numbers)}."
            one.settled.clear()
            await browsed.evaluate("wanted => { window.wanted = wanted; window.seen = null; }", one.wanted)
            await browsed.get_by_role("region", name=way).get_by_text(f"order {1 + nth % ROWS}", exact=True).click()
            seen = await browsed.wait_for_function("() => window.seen")
            times[way].append(float(await seen.json_value()))
            await one.settled.wait()
            await caught_up()
    return times


if __name__ == "__main__":
    asyncio.run(main())
