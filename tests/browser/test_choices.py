"""What a reader chooses of a page: rows, columns, files, a category, how far back, when; and that a link says it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import panel as pn
import pytest
from bokeh.resources import INLINE
from panel.theme import Native
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab
from tornado.httpclient import AsyncHTTPClient, HTTPError

import dashboard
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from dashboard.views import SPANS, Field, Selection
from dashboard.views.channel import Channel
from dashboard.views.pulse import Pulse
from tests.conftest import psql
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE sale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    kind text, who text, total numeric(10,2));
INSERT INTO sale (kind, who, total, at)
SELECT (ARRAY['shop', 'web', 'phone'])[1 + n % 3], 'Person ' || n, n, timestamptz '2026-11-01' + n * interval '1 day'
FROM generate_series(1, 30) n;
"""
LIST = "SELECT id, who, kind, total, at FROM sale WHERE $1::text IS NULL OR kind = $1 ORDER BY id DESC"
KINDS = ("phone", "shop", "web")


@pytest.fixture
async def live(server: Server, database: str) -> AsyncIterator[Live]:
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as running:
        await running.install("sale")
        yield running


def sales(live: Live) -> Any:
    chosen = Selection(Field("kind", "Kind", KINDS), spans=SPANS, first="24h")
    return dashboard.Page(
        dashboard.Tile(live.query("SELECT count(*) FROM sale"), title="Sales"),
        dashboard.Chart(
            live.query("SELECT id, kind, total FROM sale"), x="id", y="total", by="kind", title="Totals", select="kind"
        ),
        dashboard.Progress(
            live.query("SELECT kind, count(*) AS done FROM sale GROUP BY kind"), title="Sales", select="kind"
        ),
        dashboard.Feed(
            chosen.query(lambda: live.query("SELECT id, at, kind, who FROM sale WHERE $1::text IS NULL OR kind = $1"
                                            " ORDER BY id DESC LIMIT 20", chosen["kind"])),
            title="Latest", format="**{who}** bought",
        ),
        dashboard.Table(
            chosen.query(lambda: live.query(LIST, chosen["kind"])), title="All sales", tags=["kind"],
            select={"kind": "kind"}, page_size=10,
        ),
        live=live, title="Shop", selection=chosen,
    )  # fmt: skip


@pytest.fixture
async def address(live: Live) -> AsyncIterator[str]:
    async with Site([Page(slug="shop", title="Shop", summary="", content=lambda: sales(live))], port=0) as site:
        yield f"{site.url}shop"


def read(file: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))


def rows(tab: Tab) -> Locator:
    return tab.locator("tbody tr")


async def menu(tab: Tab, name: str, item: str) -> None:
    await tab.get_by_role("button", name=name, exact=True).click()
    await tab.locator(".menu:popover-open").get_by_role("button", name=item).click()


async def test_a_link_shows_the_table_as_it_was(address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(rows(page)).to_have_count(10)
    await page.get_by_role("columnheader", name="Total").get_by_role("button").click()
    await expect(rows(page).first).to_contain_text("Person 1")
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator(".pager")).to_contain_text("11–20 of 30")
    await page.get_by_role("button", name="Choose the columns").click()
    await page.locator(".menu:popover-open").get_by_label("Who").uncheck()
    await page.keyboard.press("Escape")
    await expect(page.locator("thead")).not_to_contain_text("Who")
    assert "all-sales.sort=total&all-sales.page=2&all-sales.hide=who" in page.url
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    await other.goto(page.url)
    await expect(other.locator(".pager")).to_contain_text("11–20 of 30")
    await expect(other.locator("th[aria-sort=ascending]")).to_have_text("Total ↑")
    await expect(other.locator("thead")).not_to_contain_text("Who")
    await other.close()
    await page.go_back()
    await expect(page.locator(".pager")).to_contain_text("1–10 of 30")
    await page.go_back()
    await expect(rows(page).first).to_contain_text("30")
    await page.go_forward()
    await expect(page.locator("th[aria-sort=ascending]")).to_have_text("Total ↑")


async def test_a_column_is_narrowed_by_its_values_and_by_a_range(
    server: Server, database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    await expect(rows(page)).to_have_count(10)
    await menu(page, "Filter the rows", "Who")
    sheet = page.locator(".menu:popover-open")
    await expect(sheet.get_by_role("button")).to_have_count(30)
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Person 7', 99)", database)
    await expect(sheet.get_by_role("button").first).to_contain_text("Person 7")
    await sheet.get_by_role("button").first.click()
    await expect(rows(page)).to_have_count(2)
    await page.get_by_role("button", name="Remove the filter who").click()
    await expect(rows(page)).to_have_count(10)
    await menu(page, "Filter the rows", "Total")
    sheet = page.locator(".menu:popover-open")
    await sheet.get_by_label("Total from").fill("28")
    await sheet.get_by_label("Total to").fill("30")
    await sheet.get_by_role("button", name="Apply").click()
    await expect(rows(page)).to_have_count(3)
    assert "all-sales.where.total=28..30" in page.url
    await page.reload()
    await expect(rows(page)).to_have_count(3)


async def test_what_the_table_shows_is_had_as_a_file(address: str, page: Tab) -> None:
    await page.goto(f"{address}?kind=web&all-sales.sort=-total&all-sales.hide=at")
    await expect(rows(page).first).to_contain_text("Person 28")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download as CSV").click()
    download = await waiting.value
    assert download.suggested_filename.startswith("all-sales-20")
    head, *body = read(await download.path())
    assert head == ["id", "who", "kind", "total"]
    assert [row[1] for row in body] == [f"Person {n}" for n in range(28, 0, -3)]


async def test_a_file_is_given_to_the_page_that_asks_and_to_nobody_else(address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(rows(page)).to_have_count(10)
    channel = Channel.all()[-1]
    place = f"{address.rsplit('/', 1)[0]}/_dashboard/download"
    views = {binding.view.kind: name for name, binding in channel.bindings.items()}
    client = AsyncHTTPClient()

    async def status(**said: Any) -> int:
        body = dashboard.views.codec.dumps({"page": channel.token, "view": views["table"], "format": "csv"} | said)
        return (await client.fetch(place, method="POST", body=body, raise_error=False)).code

    assert await status() == 200
    assert await status(page="guessed") == 404
    assert await status(view=views["feed"]) == 400
    assert await status(view="v99") == 400
    assert await status(format="exe") == 400
    assert (await client.fetch(place, method="POST", body="[", raise_error=False)).code == 400
    channel.user = "somebody"
    assert await status() == 403
    channel.user = None


async def test_a_file_that_fails_in_the_middle_is_cut_off(live: Live, page: Tab) -> None:
    failing = "SELECT n AS id, 1 / (n - 5000) AS share FROM generate_series(1, 10000) n"
    table = dashboard.Table(live.query(failing), title="Failing")
    site = Site(
        [Page(slug="x", title="X", summary="", content=lambda: dashboard.Page(table, live=live).__panel__())], port=0
    )
    async with site:
        await page.goto(f"{site.url}x")
        await expect(rows(page)).to_have_count(10)
        said = {"page": Channel.all()[-1].token, "view": next(iter(table.bindings)).name, "format": "csv"}
        body = dashboard.views.codec.dumps(said)
        with pytest.raises(HTTPError):
            await AsyncHTTPClient().fetch(f"{site.url}_dashboard/download", method="POST", body=body)
        await page.goto("about:blank")


async def test_a_click_on_a_category_narrows_the_page_and_a_chip_takes_it_back(address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(page.locator(".feed li").first).to_contain_text("Person 30")
    chip = page.get_by_role("button", name="Remove the filter Kind: web")
    for choose in (
        page.locator(".legend").get_by_role("button", name="web"),
        page.locator(".bars").get_by_role("button", name="web"),
        rows(page).get_by_role("button", name="web").first,
    ):
        await choose.click()
        await expect(chip).to_be_visible()
        await expect(page.locator(".feed li").first).to_contain_text("Person 28")
        await expect(page.locator(".pager")).to_be_hidden()
        await expect(rows(page)).to_have_count(10)
        assert "kind=web" in page.url
        await chip.click()
        await expect(page.locator(".feed li").first).to_contain_text("Person 30")
    await page.go_back()
    await expect(chip).to_be_visible()
    await expect(page.locator(".feed li").first).to_contain_text("Person 28")


async def test_a_category_that_a_link_selected_is_taken_back(address: str, page: Tab) -> None:
    await page.goto(f"{address}?kind=web")
    await expect(page.locator(".feed li").first).to_contain_text("Person 28")
    await page.get_by_role("button", name="Remove the filter Kind: web").click()
    await expect(page.locator(".feed li").first).to_contain_text("Person 30")
    assert page.url == address


async def test_a_page_says_in_one_line_what_it_ignored_of_its_address(address: str, page: Tab) -> None:
    asked = "foo=1&kind=telex&span=yore&all-sales.sort=gone&all-sales.where.total=a..b&all-sales.page=0"
    await page.goto(f"{address}?{asked}")
    await expect(rows(page)).to_have_count(10)
    line = page.locator(".ignored")
    for words in ("no “foo”", "no kind “telex”", "“yore” is no stretch", "sort=gone", "total=a..b", "page=0"):
        await expect(line).to_contain_text(words)
    await page.get_by_role("button", name="Forget what was ignored").click()
    await expect(line).to_be_hidden()
    assert page.url == address


async def test_a_page_beyond_the_last_one_stands_and_says_so(address: str, page: Tab) -> None:
    await page.goto(f"{address}?all-sales.page=77")
    await expect(page.get_by_text("No rows on this page")).to_be_visible()
    await page.get_by_role("button", name="Previous page").click()
    await expect(page.get_by_text("No rows on this page")).to_be_visible()


async def test_a_page_stands_still_steps_back_and_catches_up(
    server: Server, database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    tile = page.locator(".tile .value")
    await expect(tile).to_have_text("30")
    channel = Channel.all()[-1]
    for strand in (binding.strand for binding in channel.bindings.values()):
        if strand is not None and strand.picture.get("body", {}).get("value") == "30":
            past = {"state": "ready", "body": {**strand.picture["body"], "value": "29"}}
            strand.history.pass_on(strand.since_when - 20_000, past, strand.since_when)
    await page.get_by_role("button", name="Pause").click()
    for _ in range(3):
        psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Later', 1)", database)
    await expect(page.locator(".updates")).to_contain_text("waiting")
    await expect(page.locator(".updates")).to_contain_text("change")
    await expect(tile).to_have_text("30")
    await page.get_by_label("Step back").press("ArrowLeft")
    await page.get_by_label("Step back").press("ArrowLeft")
    await expect(tile).to_have_text("29")
    await page.get_by_role("button", name="Back to live").click()
    await expect(tile).to_have_text("33")
    await expect(rows(page).first).to_contain_text("Later")
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Last', 1)", database)
    await expect(tile).to_have_text("34")


async def test_a_saved_page_offers_nothing_that_only_a_server_can_do(
    live: Live, tmp_path: Path, page: Tab, complaints: list[str]
) -> None:
    shown = sales(live)
    kept = [await query.ready() for view in shown.contents for query in view.queries()]
    path = tmp_path / "page.html"
    with pn.config.set(design=Native):  # of any other that was imported, Panel asks its host
        shown.__panel__().save(path, resources=INLINE)
    assert all(query.is_ready for query in kept)
    await page.goto(path.as_uri())
    await expect(rows(page)).to_have_count(10)
    await expect(page.locator(".legend").get_by_role("button", name="web")).to_be_enabled()
    offered = await page.locator("main button:visible, main input:visible").evaluate_all(
        "nodes => nodes.filter((node) => !node.disabled).map((node) => node.textContent || node.ariaLabel)"
    )
    assert offered == ["phone", "shop", "web", "Columns"]
    await expect(page.locator("main [role=button]")).to_have_count(0)
    await page.locator(".legend").get_by_role("button", name="web").click()
    await expect(page.locator(".legend").get_by_role("button", name="web")).to_have_attribute("aria-pressed", "false")
    await page.get_by_role("button", name="Choose the columns").click()
    await page.locator(".menu:popover-open").get_by_label("Who").uncheck()
    await expect(page.locator("thead")).not_to_contain_text("Who")
    complaints.clear()  # what Panel saves asks other hosts for its fonts


async def test_how_often_and_what_is_brought_up_to_date_is_remembered(
    server: Server, database: str, live: Live, address: str, page: Tab
) -> None:
    await page.goto(f"{address}?kind=web")
    tile = page.locator(".tile .value")
    await expect(tile).to_have_text("30")
    await page.get_by_role("button", name="How often").click()
    await page.locator(".menu:popover-open").get_by_label("Sales (tile)", exact=True).uncheck()
    await page.locator(".menu:popover-open").get_by_role("button", name="Every 5 s").click()
    channel = Channel.all()[-1]
    await eventually(lambda: channel.pacing.interval == 5 and channel.pacing.held)
    await page.goto("about:blank")
    await page.goto(address)
    await expect(page.locator(".updates")).to_contain_text("Every 5 s · 1 held")
    await expect(page.get_by_role("button", name="Remove the filter Kind: web")).to_be_visible()
    await expect(page.locator(".feed li").first).to_contain_text("Person 28")
    await eventually(lambda: any(one.pacing.interval == 5 and one.pacing.held for one in Channel.all()))
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Later', 1)", database)
    await live.caught_up()
    await expect(page.locator(".feed li").first).to_contain_text("Later", timeout=30_000)
    await expect(page.locator(".bars li", has_text="web")).to_contain_text("11", timeout=30_000)
    await expect(tile).to_have_text("30")
    assert Pulse.here().is_idle
