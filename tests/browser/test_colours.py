"""A category has the same colour in every view, on every page and for every reader."""

from __future__ import annotations

from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site

FEED = "SELECT n AS id, now() AS at, kind FROM unnest($1::text[]) WITH ORDINALITY AS given (kind, n)"


async def test_a_category_has_one_colour_whatever_else_there_is(database: str, page: Tab) -> None:
    async with dashboard.connect(database) as live:

        def shown(kinds: list[str]) -> dashboard.Page:
            feed = dashboard.Feed(live.query(FEED, kinds), title="Feed", format="{kind}")
            chart = dashboard.Chart(live.query(FEED, kinds), title="Chart", x="id", y="id", by="kind", kind="scatter")
            return dashboard.Page(feed, chart, live=live, title="Own", colours={"kind": ["zebra", "ant"]})

        pages = [
            Page(slug=str(place), title=str(place), summary="", content=lambda kinds=kinds: shown(kinds))
            for place, kinds in enumerate([["ant", "zebra", "bee"], ["bee", "zebra"], ["ant"]])
        ]
        async with Site(pages, port=0) as site:
            found: dict[str, set[str]] = {}
            for place, count in enumerate((3, 2, 1)):
                await page.goto(f"{site.url}{place}")
                await expect(page.locator(".feed li")).to_have_count(count)
                dots = await page.locator(".feed li").evaluate_all(
                    "lines => lines.map((line) => [line.children[1].textContent, line.firstChild.style.cssText])"
                )
                for name, style in dots:
                    found.setdefault(name, set()).add(style)
    assert all(len(styles) == 1 for styles in found.values()), found
    assert "--d-c1" in found["zebra"].pop()
    assert "--d-c2" in found["ant"].pop()
