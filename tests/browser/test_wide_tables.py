"""Tables of many columns scroll inside their card; a card's head is one row on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard.live.live import Live
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site

COLUMNS = ", ".join(f"repeat('word{n} ', 40) AS column_{n}" for n in range(18))


@pytest.fixture
async def address(database: str) -> AsyncIterator[str]:
    """Yield where a wide table and a narrow one are shown."""
    async with dashboard.connect(database) as live:

        def build(live: Live = live) -> dashboard.Page:
            wide = f"SELECT n AS id, {COLUMNS}, gen_random_uuid() AS own FROM generate_series(1, 15) n"
            few = "SELECT n AS id, repeat('long ', 200) AS words, repeat('x', 900) AS word FROM generate_series(1, 3) n"
            return dashboard.Page(
                dashboard.Table(live.query(wide), title="Wide", page_size=15),
                dashboard.Table(live.query(few), title="Few"),
                live=live,
                title="Wide",
            )

        async with Site([Page(slug="wide", title="Wide", summary="", content=build)], port=0) as site:
            yield f"{site.url}wide"


async def test_a_wide_table_scrolls_inside_its_card_with_rows_of_one_line(address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(page.locator(".sheet.wide tbody tr")).to_have_count(15)
    await expect(page.locator(".sheet tbody tr")).to_have_count(18)
    heights = await page.locator(".sheet.wide tbody tr").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) < 44
    few = await page.locator(".sheet:not(.wide) tbody tr").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(few) < 70
    widths = await page.locator(".sheet.wide thead th").evaluate_all("heads => heads.map((head) => head.offsetWidth)")
    assert min(widths) >= 60
    sheet = page.locator(".sheet.wide")
    assert await sheet.evaluate("node => node.scrollWidth > node.clientWidth")
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert (
        await sheet.locator("tbody .text").first.evaluate("node => getComputedStyle(node).textOverflow") == "ellipsis"
    )
    await expect(sheet.locator("tbody .text[title]").first).to_be_visible()


async def test_on_a_phone_a_cards_head_is_one_row(address: str, page: Tab) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(address)
    head = page.locator(".head:has(.choosing)").first
    await expect(head.locator("input")).to_be_visible()
    tops = await head.locator(".aside .chip, .aside input").evaluate_all(
        "all => all.map((one) => { const at = one.getBoundingClientRect(); return (at.top + at.bottom) / 2; })"
    )
    assert len(tops) >= 4
    assert max(tops) - min(tops) < 4
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await expect(head.get_by_role("button", name="Filter the rows")).to_be_visible()
