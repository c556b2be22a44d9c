"""Messages and presence: how long until another browser shows what was said, and others know who came.

A message (`SELECT dashboard.emit(…)`) is held against a row change of the same run, both on one page: each is a number
in a tile, timed from just before it is sent until the node has changed in Chromium. Presence is timed between two
followers of one database: one person after the other, then a thousand at once, coming and leaving. Browser, database
and both followers share this machine's cores and clock.
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
from dashboard.live import Live, LiveQuery
from dashboard.live.presence import Presence, join
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site

ROUNDS = 200
PAUSE = 0.03
CROWD = 1_000
FIRST = 1_000_000  # messages are numbered from here on, rows from 1
_WATCH = """
() => {
  window.seen = new Map();
  const look = (root) => {
    new MutationObserver(() => {
      for (const node of root.querySelectorAll?.(".value") ?? []) {
        const value = node.textContent.replace(/\\D/g, "");
        if (value && !window.seen.has(value)) window.seen.set(value, performance.timeOrigin + performance.now());
      }
    }).observe(root, { childList: true, subtree: true, characterData: true });
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) look(node.shadowRoot);
  };
  look(document);
}
"""
_EMIT = "SELECT dashboard.emit('marks', jsonb_build_object('n', $1::int))"


async def main() -> None:
    """Run and record."""
    with Server(temporary=True) as server:
        writer = await asyncpg.connect(server.dsn)
        await writer.execute("CREATE TABLE marks (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())")
        async with Live(server.dsn) as live, Live(server.dsn) as other:
            await live.install("marks")
            rows, messages = await _nodes(live, writer)
            joins, crowd = await _presences(live, other)
        await writer.close()
    figures = []
    for name, times in (("row change → browser", rows), ("emit → browser", messages), ("join → seen by others", joins)):
        for share in (0.5, 0.99):
            value = percentile(times, share) * 1e3
            figures.append(Figure(name=f"{name}, p{share * 100:.0f}", value=value, unit="ms"))
    ratio = percentile(messages, 0.5) / percentile(rows, 0.5)
    figures.append(Figure(name="emit beside a row change, p50", value=ratio, at_most=2.0))
    for name, seconds in crowd.items():
        figures.append(Figure(name=f"{CROWD:,} people {name}, seen by others", value=seconds, unit="s", at_most=5.0))
    record("together", figures)


async def _nodes(live: Live, writer: asyncpg.Connection) -> tuple[list[float], list[float]]:
    def draw() -> dashboard.Page:
        count = live.query("SELECT count(*) AS n FROM marks", priority="critical")
        said = dashboard.Messages(live.topic("marks"), fields={"n": "int8"}, keep=1)
        return dashboard.Page(
            dashboard.Tile(count, title="Rows", format="{:d}"),
            dashboard.Tile(said.query, title="Messages", column="n", format="{:d}", priority="critical"),
            live=live,
            title="Marks",
        )

    page = Page(slug="marks", title="Marks", summary="", content=draw)
    async with Site([page], port=0) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        browsed = await browser.new_page()
        await browsed.goto(site.url)
        await browsed.locator(".value").nth(1).wait_for()
        await live.caught_up()
        await browsed.evaluate(_WATCH)
        times = await _seen(browsed, writer)
        await browser.close()
    return times


async def _seen(browsed: Browsed, writer: asyncpg.Connection) -> tuple[list[float], list[float]]:
    began: dict[str, float] = {}
    for nth in range(1, ROUNDS + 1):
        began[str(nth)] = time.time()
        await writer.execute("INSERT INTO marks DEFAULT VALUES")
        await asyncio.sleep(PAUSE)
        began[str(FIRST + nth)] = time.time()
        await writer.execute(_EMIT, FIRST + nth)
        await asyncio.sleep(PAUSE)
    await browsed.wait_for_function("last => window.seen.has(last)", arg=str(FIRST + ROUNDS))
    seen: dict[str, float] = dict(await browsed.evaluate("() => [...window.seen]"))
    times = {value: seen[value] / 1e3 - start for value, start in began.items() if value in seen}
    return [t for n, t in times.items() if int(n) <= FIRST], [t for n, t in times.items() if int(n) > FIRST]


async def _presences(live: Live, other: Live) -> tuple[list[float], dict[str, float]]:
    here = await other.query("SELECT id, name, page FROM dashboard.presence").ready()
    keeper = join(live, name="Keeper", page="p")
    await _until(here, 1)
    joins, people = [], []
    for nth in range(ROUNDS):
        joins.append(
            await _timed(lambda nth=nth: people.append(_person(live, nth)), lambda nth=nth: _until(here, nth + 2))
        )  # type: ignore[misc]
        await asyncio.sleep(PAUSE)
    for person in people:
        person.leave()
    await _until(here, 1)
    crowd: list[Presence] = []
    coming = await _timed(
        lambda: crowd.extend(_person(live, nth) for nth in range(CROWD)), lambda: _until(here, CROWD + 1)
    )
    leaving = await _timed(lambda: [person.leave() for person in crowd], lambda: _until(here, 1))
    keeper.leave()
    return joins, {"join": coming, "leave": leaving}


def _person(live: Live, nth: int) -> Presence:
    return join(live, name=f"Person {nth}", page=f"page {nth % 7}")


async def _until(query: LiveQuery, rows: int) -> None:
    changed = asyncio.Event()
    subscription = query.subscribe(lambda _query, _delta: changed.set())
    while len(query.state.keys) != rows:
        await asyncio.wait_for(changed.wait(), 30)
        changed.clear()
    subscription.close()


async def _timed(act: Callable[[], object], wait: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    act()
    await wait()
    return time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(main())
