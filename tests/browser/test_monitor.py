"""The monitor in a browser: its figures move, a hidden tab's queries do not run, and it rests when nobody looks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.apps.monitor.observer import Observer
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from dashboard.views.channel import Channel
from tests.conftest import psql
from tests.waiting import eventually

COUNT = "SELECT count(*) FROM bird"
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
async def live(server: Server, database: str) -> AsyncIterator[Live]:
    psql(server, "CREATE TABLE bird (id int PRIMARY KEY, name text)", database)
    async with dashboard.connect(database) as live:
        await live.install("bird")
        yield live


@pytest.fixture
async def site(live: Live, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Yield a site with a page of birds and the monitor, on a server that has had no other pages."""
    monkeypatch.setattr(Channel, "_by_token", {})  # earlier tests' servers ended before their pages did

    def birds() -> object:
        return dashboard.Page(dashboard.Tile(live.query(COUNT), title="Birds"), live=live, title="Birds").__panel__()

    pages = [Page(slug="birds", title="Birds", summary="", content=birds), page_of(apps.find("monitor"), live)]
    async with Site(pages, port=0) as running:
        yield running


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has=tab.get_by_role("heading", name=title, exact=True)).locator(".value")


def cells(tab: Tab, table: str, row: str) -> Locator:
    """Return the cells of the row of a table that contains a text."""
    return tab.get_by_role("table", name=table).locator("tbody tr", has_text=row).locator("td")


async def number(cell: Locator) -> float:
    return float(re.sub(r"[^\d.]", "", await cell.inner_text()))


async def test_figures_move_when_changes_come(server: Server, database: str, live: Live, site: Site, page: Tab) -> None:
    query = await live.query(COUNT).ready()
    await page.goto(f"{site.url}monitor")
    await expect(page.get_by_text("Live ·").first).to_be_visible()
    await expect(tile(page, "Changes per second")).to_have_text("0.0")
    await expect(tile(page, "Pages seen")).to_have_text("1")
    await expect(tile(page, "Change log")).to_have_text(re.compile(r"\d+\.\d\s?MB"))
    await expect(tile(page, "Processor")).to_have_text(re.compile(r"\d+\.\d%"))
    await expect(cells(page, "Followers", "leads")).to_have_count(5)
    shown = cells(page, "Open queries", COUNT)
    await expect(shown.first).to_contain_text(COUNT)
    await expect(shown.nth(2)).to_have_text("awake")
    before = await number(shown.nth(5))
    psql(server, "INSERT INTO bird SELECT n, 'wren' FROM generate_series(1, 50) n", database)
    await expect(tile(page, "Changes per second")).to_have_text("10.0", timeout=10_000)

    async def has_run() -> bool:
        return await number(shown.nth(5)) > before

    await eventually(has_run)
    await expect(tile(page, "Changes per second")).to_have_text("0.0", timeout=10_000)
    query.close()


async def test_queries_of_a_hidden_tab_are_not_run(
    server: Server, database: str, live: Live, site: Site, page: Tab
) -> None:
    await page.goto(f"{site.url}birds")
    await expect(tile(page, "Birds")).to_have_text("0")
    assert page.context.browser is not None
    monitor = await page.context.browser.new_page(viewport={"width": 1280, "height": 900})
    await monitor.goto(f"{site.url}monitor")
    shown = cells(monitor, "Open queries", COUNT)
    await expect(shown.nth(2)).to_have_text("awake")
    await expect(cells(monitor, "Visits", "/birds").last).to_have_text("seen")
    await page.evaluate(HIDE, True)
    await expect(shown.nth(2)).to_have_text("resting")
    await expect(cells(monitor, "Visits", "/birds").last).to_have_text("hidden")
    await expect(tile(monitor, "Queries followed")).to_have_text("0")
    runs = await number(shown.nth(5))
    for n in range(5):
        psql(server, f"INSERT INTO bird VALUES ({n}, 'owl')", database)
        await live.caught_up()
    await expect(tile(monitor, "Changes per second")).to_have_text("1.0", timeout=10_000)
    assert await number(shown.nth(5)) == runs
    assert await page.locator(".tile .value").first.inner_text() == "0"
    await page.evaluate(HIDE, False)
    await expect(tile(page, "Birds")).to_have_text("5")
    await expect(shown.nth(2)).to_have_text("awake")


async def test_the_monitor_rests_when_nobody_looks(live: Live, site: Site, page: Tab) -> None:
    await page.goto(f"{site.url}monitor")
    await expect(tile(page, "Pages seen")).to_have_text("1")
    observer = Observer.on(live)
    assert observer.is_looking
    await page.evaluate(HIDE, True)
    await eventually(lambda: not observer.is_looking)
    await page.evaluate(HIDE, False)
    await eventually(lambda: observer.is_looking)
    await expect(tile(page, "Change log")).to_have_text(re.compile(r"\d+\.\d\s?MB"))
    await page.goto(f"{site.url}birds")
    await eventually(lambda: not observer.is_looking)


async def test_a_query_opens_to_its_whole_text_and_says_what_is_wrong(
    server: Server, database: str, live: Live, site: Site, page: Tab
) -> None:
    sql = "SELECT id, name\nFROM bird\nWHERE name <> 'a bird of a name that is longer than one line of the table'"
    query = await live.query(sql).ready()
    await page.goto(f"{site.url}monitor")
    shown = cells(page, "Open queries", "SELECT id, name")
    await expect(shown.first).to_contain_text("Each row is found by the key of bird")
    await expect(shown.locator("pre")).to_be_hidden()
    await shown.locator("summary").click()
    await expect(shown.locator("pre")).to_be_visible()
    assert await shown.locator("pre").text_content() == sql
    psql(server, "ALTER TABLE bird DROP COLUMN name", database)
    await expect(shown.nth(2)).to_have_text("error")
    await expect(shown.first).to_contain_text("name")
    await expect(shown.locator("pre")).to_be_visible()
    query.close()
