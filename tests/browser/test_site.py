"""A page stays usable when the web server goes away and comes back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import panel as pn
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site, free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(database: str, text: str, port: int, folder: Path) -> Iterator[None]:
    """Serve a file from another process, which is killed at the end."""
    (folder / "page.py").write_text(f"import panel as pn\npn.pane.HTML('<p>{text}</p>').servable()\n")
    command = [sys.executable, "-m", "dashboard", "serve", database, folder / "page.py", "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DASHBOARD_DATA_FOLDER": str(folder)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.communicate()


async def test_open_page_comes_back_after_a_restart_of_the_server(
    page: Tab, complaints: list[str], database: str, tmp_path: Path
) -> None:
    port = free_port("localhost", 0)
    with serving(database, "before", port, tmp_path):
        await page.goto(f"http://localhost:{port}/")
        await expect(page.get_by_text("before")).to_be_visible()
        await page.evaluate("window.unloaded = false")
    with serving(database, "after", port, tmp_path):
        await expect(page.get_by_text("after")).to_be_visible(timeout=20_000)
        assert await page.evaluate("window.unloaded") is False
        await page.close()
        complaints.clear()  # the cut itself is one


async def test_front_page_asks_no_other_host_and_leads_to_each_page(page: Tab) -> None:
    one = Page(slug="one", title="One", summary="", content=lambda: pn.pane.HTML("<p>content</p>"))
    async with Site([one, replace(one, slug="two", title="Two")], port=0) as site:
        await page.goto(site.url)
        await page.get_by_role("link", name="Two").click()
        await expect(page.get_by_text("content")).to_be_visible()
