"""`dashboard watch`: tables nobody described, changed by pgbench, a client nobody here wrote."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from dashboard.postgres.server import Server
from tests.conftest import psql
from tests.waiting import eventually

TABLES = ("pgbench_accounts", "pgbench_history", "orders", '"Größe"')
SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, total numeric, at timestamptz NOT NULL DEFAULT now());
INSERT INTO orders SELECT n, (ARRAY['open', 'paid', 'sent'])[1 + n % 3], n FROM generate_series(1, 300) n;
CREATE TABLE "Größe" ("Maß" text, v double precision);
"""
TRANSACTIONS, CLIENTS = 150, 2


async def pgbench(server: Server, dsn: str, *options: str) -> None:
    """Run pgbench to its end."""
    password = urlsplit(dsn).password or ""
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": password}
    program = str(server.bin / "pgbench")
    running = await asyncio.create_subprocess_exec(program, *options, dsn, stdout=DEVNULL, stderr=PIPE, env=environment)
    _, complaints = await running.communicate()
    assert running.returncode == 0, complaints


@pytest.fixture
async def address(server: Server, database: str) -> AsyncIterator[str]:
    """Yield where the tables are watched, by a process of its own."""
    await pgbench(server, database, "-i", "-q", "-s", "1")
    psql(server, SCHEMA, database)
    command = [sys.executable, "-m", "dashboard", "watch", database, *TABLES, "--yes", "--port", "0"]
    watching = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=Path(__file__).parents[2])
    assert watching.stdout is not None
    said = ""
    while not (found := re.search(r"at (http://\S+)", said)):
        line = (await watching.stdout.readline()).decode()
        assert line, said
        said += line
    assert "dashboard uninstall" in said
    yield f"{found[1]}watch"
    watching.send_signal(signal.SIGINT)
    await watching.wait()


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has=tab.get_by_role("heading", name=title, exact=True)).locator(".value")


async def charted(tab: Tab, series: str) -> float:
    """Return the sum of what a series shows, whichever chart it is in."""
    return float(
        await tab.evaluate(
            """(series) => Bokeh.documents.flatMap((document) => document.roots())
              .flatMap((root) => root.renderers ?? []).filter(({ name }) => name === series)
              .flatMap(({ data_source: { data } }) => [...data.y].map((y, place) => y - (data.base?.[place] ?? 0)))
              .reduce((sum, y) => sum + y, 0)""",
            series,
        )
    )


async def test_every_change_of_pgbench_is_seen(server: Server, database: str, address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(tile(page, "Rows")).to_have_text("100,000")
    await expect(tile(page, "Changes per second")).to_have_text("0.0")
    done = TRANSACTIONS * CLIENTS
    await pgbench(server, database, "-n", "-c", str(CLIENTS), "-t", str(TRANSACTIONS))
    await expect(tile(page, "Updated")).to_have_text(str(done))
    await expect(page.locator(".feed li")).to_have_count(8)
    await expect(page.locator(".feed li").first).to_have_text(re.compile(r"updated aid \d+: abalance -?\d+ → -?\d+"))
    await expect(tile(page, "Changes per second")).not_to_have_text("0.0")

    async def all_drawn() -> bool:
        return await charted(page, "updated") == done

    await eventually(all_drawn)
    await page.get_by_role("link", name="pgbench_history").click()
    await expect(tile(page, "Rows")).to_have_text(str(done))
    await expect(tile(page, "Inserted")).to_have_text(str(done))
    await expect(page.get_by_role("heading", name="Rows by mtime")).to_be_visible()
    assert await charted(page, "updated") == 0


async def test_inserts_updates_and_deletes_are_told_and_shown(
    server: Server, database: str, address: str, page: Tab
) -> None:
    await page.goto(f"{address}?table=3")
    await expect(page.get_by_role("heading", name="Rows by at and status")).to_be_visible()
    await eventually(lambda: charted(page, "paid"))
    paid = await charted(page, "paid")
    psql(server, "INSERT INTO orders VALUES (301, 'paid', 9.5)", database)
    await expect(page.locator("tbody tr").first).to_contain_text("301")
    await expect(page.locator(".feed li").first).to_contain_text("inserted id 301: status paid, total 9.5")
    psql(server, "UPDATE orders SET status = 'sent', total = 10 WHERE id = 301", database)
    await expect(page.locator(".feed li").first).to_contain_text("updated id 301: status paid → sent, total 9.5 → 10")
    psql(server, "DELETE FROM orders WHERE id = 301", database)
    await expect(page.locator(".feed li").first).to_contain_text("deleted id 301")
    await expect(tile(page, "Rows")).to_have_text("300")
    for title in ("Inserted", "Updated", "Deleted"):
        await expect(tile(page, title)).to_have_text("1")

    async def is_back() -> bool:
        return await charted(page, "paid") == paid

    await eventually(is_back)


async def test_a_table_without_a_key_a_time_or_rows(server: Server, database: str, address: str, page: Tab) -> None:
    await page.goto(f"{address}?table=4")
    await expect(tile(page, "Rows")).to_have_text("0")
    await expect(page.get_by_text("This table has no primary key.")).to_be_visible()
    psql(server, """INSERT INTO "Größe" VALUES ('<b>Ä</b>', 'NaN'); UPDATE "Größe" SET v = 1""", database)
    await expect(page.locator("tbody tr").first).to_contain_text("<b>Ä</b>")
    await expect(page.locator(".feed li").first).to_contain_text("updated a row: v NaN → 1")


async def test_a_bulk_load_is_counted(server: Server, database: str, address: str, page: Tab) -> None:
    await page.goto(f"{address}?table=3")
    await expect(tile(page, "Rows")).to_have_text("300")
    psql(server, "INSERT INTO orders SELECT n, 'open', n FROM generate_series(1001, 51000) n", database)
    await expect(tile(page, "Rows")).to_have_text("50,300")
    await expect(page.locator("tbody tr").first).to_contain_text("51,000")
    psql(server, "TRUNCATE orders", database)
    await expect(tile(page, "Rows")).to_have_text("0")
    await expect(page.locator(".feed li").first).to_contain_text("table or partition truncated")
