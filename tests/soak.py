"""A day of simulation at a hundred times its speed, before open pages: memory has to stay flat.

All dashboards are open in Chromium, and one more tab walks from one to the next, so that sessions come and go. Taken
every few seconds: the memory of the server's process, of its connections to PostgreSQL and of its log, and of the
browser, after its garbage was collected, the heap, the nodes and the listeners. The first third warms up; then the
median of the last third must not lie above the second's by more than a tenth and a little.

    python -m tests.soak [--minutes 14.4] [--speed 100] [--out samples.json]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import asyncpg
from playwright.async_api import CDPSession, Page, async_playwright
from prometheus_client.parser import text_string_to_metric_families as parsed
from tornado.httpclient import AsyncHTTPClient

from dashboard import apps
from dashboard.apps.simulation import Simulation
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.serving import served

EVERY = 10.0
"""Seconds between two samples."""
FEWEST = 9
"""Samples below which nothing can be said."""
PATIENCE = 120_000
"""Milliseconds that a page may take to load while everybody works."""
RATE = 2.0
"""Changes a second of each app, as the demo has them."""
#: What is sampled, and by how much it may grow besides a tenth.
MEASURES = {
    "server MB": 8.0,
    "connections MB": 8.0,
    "log MB": 16.0,
    "open queries": 4.0,
    "query rows": 2_000.0,
    "heap MB": 4.0,
    "nodes": 1_000.0,
    "listeners": 200.0,
}
PRIVATE = """SELECT pid FROM pg_stat_activity
             WHERE application_name LIKE 'dashboard%' AND application_name NOT LIKE '%simulate'"""
Sample = dict[str, float]


@dataclass
class Soak:
    """The samples so far, and what the pages complained of."""

    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note what a page complains of."""
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    async def take(self, address: str, connection: asyncpg.Connection, tabs: list[CDPSession], written: int) -> None:
        """Take one sample."""
        sample = {"second": time.monotonic() - self.began, "changes": float(written)}
        sample |= await of_server(address) | {"connections MB": await of_connections(connection)}
        sample |= await of_browser(tabs)
        self.samples.append(sample)
        print("  ".join(f"{name} {value:,.0f}" for name, value in sample.items()), flush=True)

    def verdict(self) -> dict[str, tuple[float, float, bool]]:
        """Of each measure the medians of the second and the last third, and whether it is flat."""
        third = len(self.samples) // 3
        found = {}
        for name, slack in MEASURES.items():
            middle, last = (
                statistics.median(sample[name] for sample in part)
                for part in (self.samples[third : 2 * third], self.samples[-third:])
            )
            found[name] = (middle, last, last <= 1.1 * middle + slack)
        return found


async def of_server(address: str) -> Sample:
    """What the server says of itself."""
    answer = await AsyncHTTPClient().fetch(f"{address}metrics")
    found: dict[str, float] = {}
    for family in parsed(answer.body.decode()):
        found[family.name] = sum(sample.value for sample in family.samples)
    return {
        "server MB": found["process_resident_memory_bytes"] / 2**20,
        "log MB": found["dashboard_log_bytes"] / 2**20,
        "open queries": found["dashboard_queries"],
        "query rows": found["dashboard_query_rows"],
    }


async def of_connections(connection: asyncpg.Connection) -> float:
    """Megabytes of PostgreSQL's processes for the server's connections."""
    return sum(private(row[0]) for row in await connection.fetch(PRIVATE))


def private(pid: int) -> float:
    """Megabytes that a process shares with no other; 0 where the system does not tell."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024
    return 0.0


async def of_browser(tabs: list[CDPSession]) -> Sample:
    """What the open pages hold, when their garbage is gone."""
    total = {"JSHeapUsedSize": 0.0, "Nodes": 0.0, "JSEventListeners": 0.0}
    for tab in tabs:
        await tab.send("HeapProfiler.collectGarbage")
        metrics = (await tab.send("Performance.getMetrics"))["metrics"]
        for metric in metrics:
            if metric["name"] in total:
                total[metric["name"]] += metric["value"]
    heap, nodes, listeners = total.values()
    return {"heap MB": heap / 2**20, "nodes": nodes, "listeners": listeners}


@asynccontextmanager
async def simulating(dsn: str, rate: float) -> AsyncIterator[Callable[[], int]]:
    """Write as the people of all dashboards do; yield a function that counts the changes."""
    simulations: list[Simulation] = [app.simulate(dsn, rate=rate) for app in apps.all() if app.actor]
    async with asyncio.TaskGroup() as group:
        for simulation in simulations:
            group.create_task(simulation.run())
        try:
            yield lambda: sum(simulation.written for simulation in simulations)
        finally:
            for simulation in simulations:
                simulation.stop()


async def opened(browser: Any, soak: Soak, address: str) -> Page:
    """A page in a browser's context of its own."""
    page: Page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    page.set_default_timeout(PATIENCE)
    soak.watch(page)
    await page.goto(address)
    return page


async def measured(tab: Page) -> CDPSession:
    """A session that measures a page."""
    session = await tab.context.new_cdp_session(tab)
    await session.send("Performance.enable")
    return session


async def run(dsn: str, address: str, seconds: float, rate: float) -> Soak:
    """Open the pages, let the people work, and take samples until the time is up."""
    soak, names = Soak(), [app.name for app in apps.all()]
    connection = await asyncpg.connect(dsn)
    async with async_playwright() as playwright, simulating(dsn, rate) as written:
        browser = await playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        tabs = [await measured(await opened(browser, soak, f"{address}{name}")) for name in names]
        walker, end = await opened(browser, soak, address), time.monotonic() + seconds
        for name in itertools.takewhile(lambda _: time.monotonic() < end, itertools.cycle(names)):
            await walker.goto(f"{address}{name}")
            await asyncio.sleep(EVERY)
            await soak.take(address, connection, tabs, written())
        await browser.close()
    await connection.close()
    return soak


async def main(minutes: float, speed: float, out: Path | None) -> bool:
    """Soak; return whether all stayed flat and no page complained."""
    with Server(temporary=True, durable=False) as server:
        for app in apps.all():
            if app.load is not None:
                await app.load(server.dsn)
                await install(server.dsn, app.tables)
        with served(server.dsn, DASHBOARD_LOG_RETENTION="60") as address:
            soak = await run(server.dsn, address, minutes * 60, RATE * speed)
    return tell(soak, out)


def tell(soak: Soak, out: Path | None) -> bool:
    """Print the verdict and write the samples down; return whether all is well."""
    if out is not None:
        out.write_text(json.dumps(soak.samples, indent=1), encoding="utf-8")
    if len(soak.samples) < FEWEST:
        print(f"{len(soak.samples)} samples are too few to tell; let it run for longer.")
        return False
    verdict = soak.verdict()
    for name, (middle, last, is_flat) in verdict.items():
        print(f"{'  ' if is_flat else '✗ '}{name:<16} {middle:>12,.1f} → {last:>12,.1f}")
    print(*dict.fromkeys(soak.complaints), sep="\n")
    return not soak.complaints and all(is_flat for *_, is_flat in verdict.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=24 * 60 / 100, help="how long; a day at 100 × by default")
    parser.add_argument("--speed", type=float, default=100.0, help="times the pace of the demo")
    parser.add_argument("--out", type=Path, help="file for the samples, as JSON")
    chosen = parser.parse_args()
    sys.exit(0 if asyncio.run(main(chosen.minutes, chosen.speed, chosen.out)) else 1)
