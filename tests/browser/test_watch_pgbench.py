"""`dashboard watch` under pgbench, a client nobody here wrote: what the page says is what the database holds."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from dashboard.postgres.server import Server
from tests.conftest import psql

ROOT = Path(__file__).parents[2]
CLIENTS, TRANSACTIONS = 4, 200


def pgbench(server: Server, dsn: str, *options: str) -> None:
    subprocess.run([server.bin / "pgbench", *options, dsn], check=True, capture_output=True, timeout=120)


@pytest.fixture
def watched(server: Server, database: str) -> Iterator[str]:
    """Yield the address of a page that watches pgbench's tables, served by another process."""
    pgbench(server, database, "-i", "-q")
    tables = ("pgbench_history", "pgbench_accounts")
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "watch", database, *tables, "--yes", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )
    assert process.stdout is not None
    installed, serving = process.stdout.readline(), process.stdout.readline()
    assert "dashboard uninstall" in installed
    yield serving.partition(" at ")[2].split()[0]
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def tile(page: Tab, title: str) -> Locator:
    return page.locator(".tile", has=page.get_by_text(title, exact=True)).locator(".value")


async def test_page_ends_at_what_pgbench_left_behind(server: Server, database: str, watched: str, page: Tab) -> None:
    await page.goto(f"{watched}watch")
    await expect(tile(page, "Rows")).to_have_text("0")
    await page.evaluate("window.unloaded = false")
    load = ("-n", "-c", str(CLIENTS), "-t", str(TRANSACTIONS))
    await asyncio.to_thread(pgbench, server, database, *load)
    total = CLIENTS * TRANSACTIONS
    assert psql(server, "SELECT count(*) FROM pgbench_history", database) == f"{total}\n"
    await expect(tile(page, "Rows")).to_have_text(f"{total:,}")
    await expect(tile(page, "Inserted")).to_have_text(f"{total:,}")
    await expect(tile(page, "Updated")).to_have_text("0")
    await expect(page.get_by_text("a row").first).to_be_visible()
    assert await page.evaluate("window.unloaded") is False
    await page.get_by_role("link", name="pgbench_accounts").click()
    await expect(tile(page, "Rows")).to_have_text("100,000")
    await expect(tile(page, "Updated")).to_have_text(f"{total:,}")
    await expect(page.get_by_text("abalance").first).to_be_visible()
