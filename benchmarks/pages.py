"""What a new session costs, page by page: first paint in Chromium, the server's time, memory, and what it leaves.

Beside them stands an empty page of panel-material-ui, which is what a session of its frame costs before anything is in
it. Another process serves it: where that package is imported, Panel looks through all its components for each
session of every page. The server's time and memory are those of its process alone; the database and the browser are
others. Sessions of the second and third round must find room in the memory that the first ones gave back, and no
query may stay open behind them. First paint is that of a first visit: nothing is in the browser's cache.

    python -m benchmarks.pages [--sessions 20] [--loads 5]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Browser, async_playwright

from benchmarks.browserlike import Opened, opened
from benchmarks.process import EMPTY, PAGES, Process, load
from benchmarks.record import Figure, record
from dashboard.postgres.server import Server
from tests.waiting import eventually

WARM = 3
MB = 2**20
LEFT = 0.1  # MB: what a session may leave behind; an allocator does not give back every page
#: Notes when a first card shows rows, wherever Panel has put it.
WATCH = """
(() => {
  const look = (root) => {
    if (!window.shown && root.querySelector(".card:not([aria-busy]) > .body:not([hidden])")) {
      window.shown = -1;
      requestAnimationFrame(() => { window.shown = performance.now(); });
    }
  };
  const observe = (root) => new MutationObserver(() => look(root)).observe(root, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["aria-busy", "hidden"],
  });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    observe(root);
    return root;
  };
})();
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the sessions of one process took: seconds and bytes of one by page, and what one of any page left behind."""

    cpu: dict[str, float]
    memory: dict[str, float]
    left: float
    queries: int
    tasks: int


async def main(sessions: int, loads: int) -> None:
    """Run and record."""
    with Server(temporary=True, durable=False) as server:
        await load(server.dsn)
        with Process(EMPTY) as process:
            empty = await _sessions(process, (EMPTY,), sessions)
            paints = await _paints(process.url, (EMPTY,), loads)
        with Process(server.dsn) as process:
            found = await _sessions(process, PAGES, sessions)
            paints |= await _paints(process.url, PAGES, loads)
    record("pages", [*_served(empty, found), *_painted(paints)])


def _served(empty: Found, found: Found) -> list[Figure]:
    figures = [
        Figure(name="an empty page: server's time of a new session", value=empty.cpu[EMPTY] * 1e3, unit="ms"),
        Figure(name="an empty page: memory of a session", value=empty.memory[EMPTY] / MB, unit="MB"),
    ]
    for page in PAGES:
        beside = found.cpu[page] / empty.cpu[EMPTY]
        figures += [
            Figure(name=f"{page}: server's time of a new session", value=found.cpu[page] * 1e3, unit="ms"),
            Figure(name=f"{page}: the same beside an empty page", value=beside, at_most=2),
            Figure(name=f"{page}: memory of a session", value=found.memory[page] / MB, unit="MB", at_most=3),
        ]
    return [
        *figures,
        Figure(name="memory that a closed session leaves", value=found.left / MB, unit="MB", at_most=LEFT),
        Figure(name="queries that closed sessions leave", value=found.queries, unit="", at_most=0),
        Figure(name="tasks that closed sessions leave", value=found.tasks, unit="", at_most=0),
    ]


def _painted(paints: dict[str, tuple[float, float | None]]) -> list[Figure]:
    figures = []
    for page, (contentful, rows) in paints.items():
        figures.append(Figure(name=f"{page}: first contentful paint", value=contentful, unit="ms"))
        if rows is not None:
            beside = rows / paints[EMPTY][0]
            figures.append(Figure(name=f"{page}: first view with rows", value=rows, unit="ms"))
            figures.append(Figure(name=f"{page}: the same beside an empty page's paint", value=beside, at_most=1.5))
    return figures


async def _sessions(process: Process, pages: Sequence[str], count: int) -> Found:
    """Three rounds of sessions: the first fills caches, so that what the others leave is what a session leaves."""
    first = await _closed(process, [await _seen(process.url, page) for page in pages for _ in range(WARM)])
    costs: dict[str, list[float]] = {page: [] for page in pages}
    memory: dict[str, list[float]] = {page: [] for page in pages}
    ends = []
    for _ in range(3):
        open_: list[Opened] = []
        for page in pages:
            before = process.ask("memory")["memory"], process.ask("cpu")["cpu"]
            open_ += [await _seen(process.url, page) for _ in range(count)]
            costs[page].append((process.ask("cpu")["cpu"] - before[1]) / count)
            memory[page].append((process.ask("memory")["memory"] - before[0]) / count)
        ends.append(await _closed(process, open_))
    return Found(
        cpu={page: statistics.median(costs[page]) for page in pages},
        memory={page: max(memory[page]) for page in pages},
        left=(ends[-1]["memory"] - ends[0]["memory"]) / (2 * count * len(pages)),
        queries=ends[-1]["queries"] - first["queries"],
        tasks=ends[-1]["tasks"] - first["tasks"],
    )


async def _seen(site: str, page: str) -> Opened:
    """Open a page and read what its views show first."""
    session = await opened(site, page)
    while session.channel is not None:
        message = await session.channel.read_message()
        assert message is not None
        if '"body"' in str(message):
            break
    return session


async def _closed(process: Process, sessions: list[Opened]) -> dict[str, int]:
    """Leave the pages; what the process says when the last of them has ended."""
    for session in sessions:
        session.close()

    async def are_gone() -> bool:
        said = process.ask("memory")
        return not said["sessions"] and not said["queries"]

    await eventually(are_gone, timeout=120, pause=1)
    await asyncio.sleep(6)  # Bokeh clears ended documents away after some seconds
    return process.ask("memory")


async def _paints(site: str, pages: Sequence[str], loads: int) -> dict[str, tuple[float, float | None]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        paints: dict[str, list[tuple[float, float | None]]] = {page: [] for page in pages}
        for _ in range(loads + 1):
            for page, times in paints.items():
                times.append(await _paint(browser, f"{site}{page}", has_views=page != EMPTY))
        await browser.close()
    return {page: _median(times[1:]) for page, times in paints.items()}


async def _paint(browser: Browser, url: str, *, has_views: bool) -> tuple[float, float | None]:
    """Milliseconds until the browser has painted anything, and until a view shows rows."""
    tab = await browser.new_page(viewport={"width": 1440, "height": 900})
    await tab.add_init_script(WATCH)
    await tab.goto(url)
    shown = await tab.wait_for_function("() => window.shown > 0 && window.shown") if has_views else None
    painted = await tab.wait_for_function(PAINTED)
    times = float(await painted.json_value()), float(await shown.json_value()) if shown else None
    await tab.close()
    return times


def _median(times: list[tuple[float, float | None]]) -> tuple[float, float | None]:
    rows = [shown for _, shown in times if shown is not None]
    return statistics.median(painted for painted, _ in times), statistics.median(rows) if rows else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--loads", type=int, default=5)
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.loads))
