"""From commit to eye in a notebook: how long until a tile in JupyterLab has changed, beside one on a served page.

Both hold the same tile, in the same run, one after the other; every time begins just before the INSERT is sent. The
notebook's way is longer by two processes: from the kernel through JupyterLab's server to the browser. Browser,
JupyterLab, kernel and database share this machine's two cores and its clock.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import asyncpg
from playwright.async_api import async_playwright

from benchmarks.latency import WATCH, nodes, seen_by
from benchmarks.record import Figure, percentile, record
from dashboard.live import Live
from dashboard.postgres.server import Server
from tests.lab import lab, opened

CELLS = [
    "import dashboard\nlive = await dashboard.connect()",
    'dashboard.Tile(live.query("SELECT count(*) AS n FROM marks", priority="critical"), title="Marks", format="{:d}")',
]


async def main() -> None:
    """Run and record."""
    with Server(temporary=True) as server:
        writer = await asyncpg.connect(server.dsn)
        await writer.execute("CREATE TABLE marks (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())")
        async with Live(server.dsn) as live:
            await live.install("marks")
            served = await nodes(live, writer)
        noted = await _cells(server, writer)
        await writer.close()
    figures = []
    for name, times in (("commit → served page", served), ("commit → notebook", noted)):
        for share in (0.5, 0.99):
            value = percentile(times, share) * 1e3
            figures.append(Figure(name=f"{name}, p{share * 100:.0f}", value=value, unit="ms"))
    for share in (0.5, 0.99):
        ratio = percentile(noted, share) / percentile(served, share)
        figures.append(Figure(name=f"notebook beside served page, p{share * 100:.0f}", value=ratio))
    record("notebook", figures)


async def _cells(server: Server, writer: asyncpg.Connection) -> list[float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with lab(folder, server.dsn) as address:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=shutil.which("chromium"),
                    args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
                )
                notebook = await opened(await browser.new_page(), address, folder, "marks.ipynb", CELLS)
                for place in range(len(CELLS)):
                    await notebook.run(place)
                known = await writer.fetchval("SELECT count(*) FROM marks")
                await notebook.tab.locator(".tile .value", has_text=str(known)).wait_for(timeout=60_000)
                await notebook.tab.evaluate(WATCH)
                times = await seen_by(notebook.tab, writer, known)
                await browser.close()
    return times


if __name__ == "__main__":
    asyncio.run(main())
