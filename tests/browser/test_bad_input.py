"""Pages stand, and say what they lack: too many rows, NULL everywhere, nothing at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard import apps
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from dashboard.views import Selection
from dashboard.views.zone import days_of
from tests.conftest import psql

NOTHING_KNOWN = """
SET session_replication_role = replica;
DO $$ DECLARE of record; BEGIN
  FOR of IN SELECT attrelid::regclass AS relation, attname AS name FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' AND relnamespace = '{0}'::regnamespace
            WHERE attnum > 0 AND NOT (attisdropped OR attnotnull OR attgenerated <> '') LOOP
    BEGIN
      EXECUTE format('UPDATE %s SET %I = NULL', of.relation, of.name);
    EXCEPTION WHEN check_violation THEN NULL;  -- the schema forbids it
    END;
  END LOOP;
END $$;
"""
MANY = """
SET session_replication_role = replica;
DO $$ DECLARE names text; BEGIN
  SELECT string_agg(quote_ident(attname), ', ') INTO names FROM pg_attribute
  WHERE attrelid = '{0}'::regclass AND attnum > 0 AND attidentity = '' AND attgenerated = '' AND NOT attisdropped;
  EXECUTE format('INSERT INTO {0} (%1$s) SELECT %1$s FROM {0}, generate_series(1, 1000000) LIMIT 1000000', names);
END $$;
ANALYZE {0};
"""
EVERY_TABLE = """
DO $$ DECLARE names text; BEGIN
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names FROM pg_tables WHERE schemaname = '{0}';
  EXECUTE 'TRUNCATE ' || names || ' CASCADE';
END $$;
"""


@pytest.fixture
async def live(database: str) -> AsyncIterator[Live]:
    async with dashboard.connect(database) as running:
        yield running


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Callable[[], Any]], Any]]:
    """Yield a function that serves what a function builds, and returns its address."""
    sites: list[Site] = []

    async def serving(build: Callable[[], Any]) -> str:
        site = Site([Page(slug="shop", title="Shop", summary="", content=build)], port=0)
        sites.append(await site.__aenter__())
        return f"{site.url}shop"

    yield serving
    for site in sites:
        await site.__aexit__()


async def test_a_million_rows_are_refused_in_one_sentence_and_paged_in_a_table(
    live: Live, serve: Any, page: Tab
) -> None:
    many = "SELECT n AS id, now() AS at, n::text AS who FROM generate_series(1, 1000000) n"

    def build() -> dashboard.Page:
        return dashboard.Page(
            dashboard.Tile(live.query(many), title="Tile"),
            dashboard.Chart(live.query(many), x="id", y="id", title="Chart"),
            dashboard.Feed(live.query(many), title="Feed"),
            dashboard.Progress(live.query(many), value="id", title="Progress"),
            dashboard.Table(live.query(many), title="Table"),
            live=live,
        )

    await page.goto(await serve(build))
    for name in ("Tile", "Chart", "Feed", "Progress"):
        problem = page.get_by_role("region", name=name, exact=True).locator(".problem")
        await expect(problem).to_contain_text("The answer has more than 100,000 rows.", timeout=15_000)
    await expect(page.locator("tbody tr")).to_have_count(10, timeout=15_000)
    await expect(page.locator(".pager")).to_contain_text("1–10 of 1,000,000", timeout=15_000)


async def test_more_series_than_can_be_told_apart_are_left_out_and_said_so(live: Live, serve: Any, page: Tab) -> None:
    series = "SELECT n % 40 AS kind, n AS id FROM generate_series(1, 400) n"
    places = "SELECT 'place ' || n AS place, n AS done FROM generate_series(1, 500) n"

    def build() -> dashboard.Page:
        return dashboard.Page(
            dashboard.Chart(live.query(series), x="id", y="id", by="kind", title="Lines"),
            dashboard.Chart(live.query(places), x="place", y="done", kind="bar", title="Bars"),
            dashboard.Progress(live.query(places), title="Progress"),
            live=live,
        )

    await page.goto(await serve(build))
    for name, words in (("Lines", "16 more series"), ("Bars", "300 more places"), ("Progress", "400 more not shown")):
        await expect(page.get_by_role("region", name=name, exact=True)).to_contain_text(words)


async def test_null_everywhere_is_shown_as_nothing(live: Live, serve: Any, page: Tab) -> None:
    null = (
        "SELECT NULL::int AS id, NULL::timestamptz AS at, NULL::text AS kind, NULL::numeric AS done, NULL::bool AS ok,"
        " NULL::jsonb AS meta, NULL::text[] AS tags, NULL::interval AS took FROM generate_series(1, 3)"
    )

    def build() -> dashboard.Page:
        query = live.query(null)
        return dashboard.Page(
            dashboard.Tile(query, title="Tile", sparkline=query, comparison="done", format="${:,.2f}"),
            *(dashboard.Chart(query, x=x, y="done", by="kind", title=f"By {x}") for x in ("at", "kind", "id")),
            dashboard.Chart(query, x="kind", y="done", kind="bar", title="Bars"),
            dashboard.Feed(query, title="Feed", format="**{kind}** {done:,.2f}"),
            dashboard.Progress(query, label="kind", title="Progress"),
            dashboard.Lanes(query, by="kind", time="at", title="Lanes", lanes={"a": "A"}),
            dashboard.Table(
                query, title="Table", tags=["kind"], cells={"at": "timer", "done": "bar", "tags": "line"}, sort="id"
            ),
            live=live,
        )

    await page.goto(await serve(build))
    await expect(page.locator("tbody tr")).to_have_count(3)
    await expect(page.locator(".tile .value")).to_have_text("–")
    await expect(page.locator(".feed li")).to_have_count(3)
    await expect(page.locator(".problem").locator("visible=true")).to_have_count(0)
    await page.get_by_role("button", name="Filter the rows").click()
    await page.locator(".menu:popover-open").get_by_role("button", name="Kind").click()
    await expect(page.locator(".menu:popover-open")).to_contain_text("No values")


async def stands(page: Tab, address: str) -> None:
    """Open a page: all its views are there, and none is in trouble."""
    await page.goto(address)
    await expect(page.locator("main .card").first).to_be_visible(timeout=30_000)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=60_000)
    await expect(page.locator(".problem").locator("visible=true")).to_have_count(0)
    await expect(page.locator(".skeleton").locator("visible=true")).to_have_count(0)


@pytest.mark.parametrize("name", ["earnings", "outreach", "calls", "storefront", "crm"])
async def test_a_dashboard_without_any_value_and_then_of_an_empty_database_stands(
    server: Server, app_database: Callable[[str], str], page: Tab, name: str
) -> None:
    app = apps.find(name)
    dsn = app_database(name)
    psql(server, NOTHING_KNOWN.format(name), dsn)
    async with dashboard.connect(dsn) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            await stands(page, f"{site.url}{name}")
            await asyncio.to_thread(psql, server, EVERY_TABLE.format(name), dsn)  # waits for the page's reads
            await expect(page.locator("main tbody tr").locator("visible=true")).to_have_count(0, timeout=20_000)
            await expect(page.locator(".problem").locator("visible=true")).to_have_count(0)
            await stands(page, f"{site.url}{name}?member=4711&campaign=1&tab=nowhere&span=..")
            await expect(page.locator(".empty:visible").first).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    "table", ["earnings.assets", "outreach.connections", "calls.calls", "storefront.orders", "crm.contacts"]
)
async def test_a_dashboard_stands_where_a_table_has_a_million_rows(
    server: Server, app_database: Callable[[str], str], page: Tab, table: str
) -> None:
    name = table.partition(".")[0]
    app = apps.find(name)
    dsn = app_database(name)
    psql(server, MANY.format(table), dsn)
    async with dashboard.connect(dsn) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            await stands(page, f"{site.url}{name}")
            await expect(page.locator(".tile .value").first).to_have_text(re.compile(r"\d"))


async def test_ticks_days_and_words_are_the_readers(live: Live, serve: Any, page: Tab) -> None:
    days = "SELECT at, 1 AS n FROM generate_series(timestamptz '2026-10-20', '2026-10-30', interval '1 hour') at"
    assert page.context.browser is not None
    there = await page.context.browser.new_context(timezone_id="Asia/Kolkata", locale="de-DE")
    tab = await there.new_page()

    def build() -> dashboard.Page:
        chosen = Selection()
        one = "SELECT 1 AS id, date_trunc('day', timestamptz '2026-11-20 20:00Z') AS day, 1234.5 AS total, '<b>' AS who"
        day = chosen.query(lambda: live.query(one, scope=days_of(chosen.zone, dashboard.Scope())))
        feed = dashboard.Feed(day, title="Feed", format="**{who}** {total:,.2f} since {day:%A, %-d.%m. %H:%M}")
        return dashboard.Page(dashboard.Chart(live.query(days), title="Days"), feed, live=live, selection=chosen)

    await tab.goto(await serve(build))
    await expect(tab.locator(".feed li span")).to_have_text("<b> 1.234,50 since Samstag, 21.11. 00:00", timeout=30_000)
    assert {"dashboard-zone"} <= {cookie["name"] for cookie in await there.cookies()}
    ticks = """() => {
      const roots = Bokeh.documents.flatMap((document) => document.roots());
      const figure = roots.find((root) => root.name === "figure");
      if (!figure) return [];
      const major = figure.below[0].ticker.get_ticks(figure.x_range.start, figure.x_range.end, figure.x_range, 0).major;
      return major.map((at) => new Date(at).toTimeString().slice(0, 5));
    }"""
    await expect(tab.locator(".chart canvas").first).to_be_visible()
    found = await tab.evaluate(ticks)
    assert len(found) >= 3
    assert set(found) == {"00:00"}
    await there.close()
