"""From commit to eye: how long until a change is a delta in Python, and a changed node in Chromium's DOM.

Every time begins just before the INSERT is sent. Beside it stands the bare LISTEN round trip of the same run: an
INSERT and a NOTIFY in one transaction, until asyncpg calls the listener; less is not to be had by being told. The tile
has priority critical, so that no deadline is part of the figure. Browser and database share this machine's
two cores and its clock.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable

import asyncpg
from playwright.async_api import Page as Browsed
from playwright.async_api import async_playwright

import dashboard
from benchmarks.record import Figure, percentile, record
from dashboard.live import Live
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site

ROUNDS = 200
PAUSE = 0.03
WATCH = """
() => {
  window.seen = new Map();
  const look = (root) => {
    new MutationObserver(() => {
      const value = root.querySelector?.(".value")?.textContent?.replace(/\\D/g, "");
      if (value && !window.seen.has(value)) window.seen.set(value, performance.timeOrigin + performance.now());
    }).observe(root, { childList: true, subtree: true, characterData: true });
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) look(node.shadowRoot);
  };
  look(document);
}
"""


async def main() -> None:
    """Run and record."""
    with Server(temporary=True) as server:
        writer = await asyncpg.connect(server.dsn)
        await writer.execute("CREATE TABLE marks (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())")
        bare = await _bare(server, writer)
        async with Live(server.dsn) as live:
            await live.install("marks")
            deltas = await _deltas(live, writer)
            shown = await nodes(live, writer)
        await writer.close()
    figures = []
    for name, times in (("bare LISTEN round trip", bare), ("commit → delta", deltas), ("commit → DOM node", shown)):
        for share in (0.5, 0.99):
            value = percentile(times, share) * 1e3
            figures.append(Figure(name=f"{name}, p{share * 100:.0f}", value=value, unit="ms"))
    for name, times in (("delta", deltas), ("DOM node", shown)):
        ratio = percentile(times, 0.5) / percentile(bare, 0.5)
        figures.append(Figure(name=f"{name} beside the bare LISTEN round trip, p50", value=ratio))
    record("latency", figures)


async def _bare(server: Server, writer: asyncpg.Connection) -> list[float]:
    listener = await asyncpg.connect(server.dsn)
    heard = asyncio.Event()
    await listener.add_listener("bare", lambda *_: heard.set())

    async def insert() -> None:
        await writer.execute("BEGIN; INSERT INTO marks DEFAULT VALUES; NOTIFY bare; COMMIT")

    async def wait(_nth: int) -> None:
        await heard.wait()
        heard.clear()

    times = await _timed(insert, wait)
    await listener.close()
    return times


async def _deltas(live: Live, writer: asyncpg.Connection) -> list[float]:
    query = await live.query("SELECT count(*) AS n FROM marks").ready()
    changed = asyncio.Event()
    query.subscribe(lambda _query, _delta: changed.set())

    async def wait(_nth: int) -> None:
        await changed.wait()
        changed.clear()

    return await _timed(lambda: _insert(writer), wait)


async def nodes(live: Live, writer: asyncpg.Connection) -> list[float]:
    """Seconds from commit to the DOM of a served page."""

    def draw() -> dashboard.Page:
        count = live.query("SELECT count(*) AS n FROM marks", priority="critical")
        return dashboard.Page(dashboard.Tile(count, title="Marks", format="{:d}"), live=live, title="Marks")

    page = Page(slug="marks", title="Marks", summary="", content=draw)
    async with Site([page], port=0) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        browsed = await browser.new_page()
        await browsed.goto(site.url)
        await browsed.wait_for_function("() => document.body.innerText !== null")
        known = await writer.fetchval("SELECT count(*) FROM marks")
        await browsed.get_by_text(str(known), exact=True).wait_for()
        await browsed.evaluate(WATCH)
        times = await seen_by(browsed, writer, known)
        await browser.close()
    return times


async def seen_by(browsed: Browsed, writer: asyncpg.Connection, known: int) -> list[float]:
    """Seconds from commit to the DOM of a tab that counts the marks and is watched (`WATCH`)."""
    began: dict[str, float] = {}
    for nth in range(ROUNDS):
        began[str(known + nth + 1)] = time.time()
        await _insert(writer)
        await asyncio.sleep(PAUSE)
    await browsed.wait_for_function("last => window.seen.has(last)", arg=str(known + ROUNDS))
    seen: dict[str, float] = dict(await browsed.evaluate("() => [...window.seen]"))
    return [seen[value] / 1e3 - start for value, start in began.items() if value in seen]


async def _insert(writer: asyncpg.Connection) -> None:
    await writer.execute("INSERT INTO marks DEFAULT VALUES")


async def _timed(act: Callable[[], Awaitable[None]], wait: Callable[[int], Awaitable[None]]) -> list[float]:
    times = []
    for nth in range(ROUNDS):
        began = time.perf_counter()
        await act()
        await asyncio.wait_for(wait(nth), 10)
        times.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE)
    return times


if __name__ == "__main__":
    asyncio.run(main())
