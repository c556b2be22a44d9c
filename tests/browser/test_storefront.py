"""The page of the storefronts: only the open tab is followed, and trouble is told with what to do about it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.live.live import Live
from dashboard.postgres.capture import uninstall
from dashboard.postgres.server import Server
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.held import held
from tests.proxy import Proxy
from tests.serving import served
from tests.waiting import eventually

ORDER = """WITH ordered AS (INSERT INTO storefront.orders (shop_id, customer_id)
                            SELECT 1, min(id) FROM storefront.customers WHERE shop_id = 1 RETURNING id)
           INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
           SELECT ordered.id, (SELECT min(id) FROM storefront.products WHERE shop_id = 1), 1, 2, 10 FROM ordered"""
STOREFRONT = apps.find("storefront")


@pytest.fixture
def storefront_database(app_database: Callable[[str], str]) -> str:
    return app_database("storefront")


@pytest.fixture
async def live(storefront_database: str) -> AsyncIterator[Live]:
    """Yield a Live behind a wire that can be cut."""
    async with Proxy(storefront_database) as proxy, dashboard.connect(proxy.dsn) as live:
        live.proxy = proxy  # type: ignore[attr-defined]  # for the tests that cut it
        await live.install(*STOREFRONT.tables)
        yield live


@pytest.fixture
async def address(live: Live) -> AsyncIterator[str]:
    """Yield where the storefronts are served."""
    async with Site([page_of(STOREFRONT, live)], port=0) as site:
        yield f"{site.url}storefront"


def card(tab: Tab, title: str) -> Locator:
    return tab.locator(f"section.card[aria-label='{title}']")


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has_text=title).locator(".value")


def asked(live: Live) -> str:
    """What PostgreSQL is asked for now."""
    return "\n".join(answer.statement.sql for answer in live.hub.answers)


async def test_each_tab_follows_the_database(server: Server, storefront_database: str, address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    before = int(str(await tile(page, "Orders today").text_content()))
    psql(server, ORDER, storefront_database)
    await expect(tile(page, "Orders today")).to_have_text(str(before + 1))
    await expect(card(page, "Live").locator("li").first).to_contain_text("ordered for 20.00")
    await page.get_by_role("tab", name="Orders").click()
    await expect(page.locator(".lane[aria-label='To be paid'] li").first).to_contain_text("€ 20.00")
    await expect(card(page, "All orders").locator("tbody tr").first).to_contain_text("pending")
    psql(server, "UPDATE storefront.orders SET paid_at = now() WHERE status = 'pending'", storefront_database)
    await expect(page.locator(".lane[aria-label='To be shipped'] li").first).to_contain_text("€ 20.00")
    await page.get_by_role("tab", name="Downloads").click()
    start = """INSERT INTO storefront.downloads (shop_id, customer_id, product_id, bytes, received, status)
               SELECT 1, (SELECT min(id) FROM storefront.customers WHERE shop_id = 1), min(id), 1000, 250, 'running'
               FROM storefront.products WHERE shop_id = 1"""
    psql(server, start, storefront_database)
    bar = card(page, "Downloads").get_by_role("progressbar").first
    await expect(bar).to_have_attribute("aria-valuenow", "25")
    psql(server, "UPDATE storefront.downloads SET received = 900 WHERE bytes = 1000", storefront_database)
    await expect(bar).to_have_attribute("aria-valuenow", "90")
    await page.get_by_role("tab", name="Favourites").click()
    likes = tile(page, "Favourites")
    await expect(likes.first).to_have_text(re.compile(r"^[\d,]+$"))
    psql(server, "DELETE FROM storefront.favourites WHERE shop_id = 1", storefront_database)
    await expect(likes.first).to_have_text("0")


async def test_a_click_on_an_order_opens_it_and_the_address_does_so_again(address: str, page: Tab) -> None:
    await page.goto(f"{address}?tab=Orders")
    first = card(page, "All orders").locator("tbody tr td:not(.choose)").first
    await first.click()
    heading = page.get_by_role("heading", name=f"Order {await first.text_content()} of")
    for is_again in (False, True):
        if is_again:
            await page.reload()
        await expect(heading).to_be_visible()
        await expect(card(page, "Bought").locator("tbody tr").first).to_contain_text("€")
        write = page.get_by_role("textbox", name="Write a comment")
        if not is_again:
            await write.fill("Packed")
            await write.press("Control+Enter")
        await expect(page.get_by_role("log", name="Comments").get_by_role("button", name="Edit")).to_have_count(1)
        await expect(write).to_be_visible()  # a guest is the browser
        await expect(card(page, "All orders")).to_contain_text("€")


async def test_a_closed_tab_is_not_asked_of_the_database(live: Live, address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    await eventually(lambda: "storefront.activities" in asked(live))
    assert "download.progress" not in asked(live)
    await page.get_by_role("tab", name="Downloads").click()
    await eventually(lambda: "download.progress" in asked(live))
    await eventually(lambda: "storefront.activities" not in asked(live))
    await page.get_by_role("tab", name="Overview").click()
    await eventually(lambda: "storefront.activities" in asked(live) and "download.progress" not in asked(live))


async def test_a_page_that_is_disconnected_asks_nothing_and_catches_up_when_it_is_back(
    server: Server, storefront_database: str, live: Live, address: str, page: Tab
) -> None:
    await page.goto(address)
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    before = int(str(await tile(page, "Orders today").text_content()))
    await page.get_by_role("button", name="Disconnect").click()
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("You disconnected this page")
    await eventually(lambda: "storefront" not in asked(live))
    psql(server, ORDER, storefront_database)
    await live.caught_up()
    await expect(tile(page, "Orders today")).to_have_text(str(before))
    await banner.get_by_role("button", name="Reconnect").click()
    await expect(tile(page, "Orders today")).to_have_text(str(before + 1))
    await expect(banner).to_be_hidden()


async def test_the_status_is_told_in_three_ways(address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(page.locator("header .status.compact")).to_contain_text("Live")
    await expect(page.locator(".status.minimal .pill")).to_have_attribute("aria-label", "Live")
    full = card(page, "Connection")
    for fact in ("Live", "Since", "Snapshot", "WebSocket"):
        await expect(full).to_contain_text(fact)


async def test_a_database_that_is_away_is_told_of_as_such(live: Live, address: str, page: Tab) -> None:
    await page.goto(address)
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    proxy: Proxy = live.proxy  # type: ignore[attr-defined]  # the fixture's
    await proxy.cut()
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text(re.compile("Database.*goes on by itself"), timeout=20_000)
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    await proxy.restore()
    await expect(banner).to_be_hidden(timeout=20_000)


async def test_polling_instead_of_waking_is_told_of(
    storefront_database: str, server: Server, address: str, page: Tab
) -> None:
    connection = await asyncpg.connect(storefront_database)
    await uninstall(connection, ())
    await connection.close()
    await page.goto(address)
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("Polling", timeout=20_000)
    await expect(banner).to_contain_text("asked for at intervals")
    await expect(page.locator("header .status")).to_contain_text("Polling")
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    before = int(str(await tile(page, "Orders today").text_content()))
    psql(server, ORDER, storefront_database)
    await expect(tile(page, "Orders today")).to_have_text(str(before + 1))


async def test_what_a_viewer_may_not_see_is_a_matter_of_access(
    storefront_database: str, server: Server, address: str, page: Tab
) -> None:
    psql(server, "REVOKE SELECT ON storefront.favourites FROM storefront_member", storefront_database)
    await page.goto(address)
    await expect(page.get_by_role("alert")).to_contain_text("Access")
    refused = page.locator(".tile", has_text="Favourites today").locator(".problem")
    await expect(refused).to_contain_text("Access:")
    await expect(tile(page, "Orders today")).to_have_text(re.compile(r"^\d+$"))
    psql(server, "GRANT SELECT ON storefront.favourites TO storefront_member", storefront_database)
    await expect(refused).to_be_hidden(timeout=20_000)
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_what_the_database_refuses_is_a_matter_of_data(
    storefront_database: str, server: Server, address: str, page: Tab
) -> None:
    psql(server, "ALTER TABLE storefront.favourites RENAME COLUMN added_at TO since", storefront_database)
    await page.goto(address)
    problem = page.locator(".tile", has_text="Favourites today").locator(".problem")
    await expect(problem).to_contain_text("Data:")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be brought up to date")
    psql(server, "ALTER TABLE storefront.favourites RENAME COLUMN since TO added_at", storefront_database)
    await expect(problem).to_be_hidden(timeout=20_000)


async def test_a_web_server_that_is_away_is_a_matter_of_the_network(
    storefront_database: str, page: Tab, complaints: list[str]
) -> None:
    assert page.context.browser is not None
    posted = await page.context.browser.new_page()  # without a socket: its views come as messages on Bokeh's
    await posted.route_web_socket(re.compile("_dashboard/channel"), lambda socket: socket.close(code=4404))
    with served(storefront_database, "storefront") as address:
        for tab in (page, posted):
            await tab.goto(f"{address}storefront")
            await expect(tile(tab, "Orders today")).to_have_text(re.compile(r"^\d+$"), timeout=30_000)
            await tab.context.set_offline(True)
    for tab in (page, posted):
        await expect(tab.get_by_role("alert")).to_contain_text("Your device is offline", timeout=60_000)
    await page.context.set_offline(False)
    await page.goto("about:blank")
    complaints.clear()  # the cut itself is one


async def test_the_address_keeps_the_open_tab_and_an_unknown_one_is_the_first(address: str, page: Tab) -> None:
    await page.goto(f"{address}?tab=downloads")
    await expect(page.get_by_role("tab", name="Downloads")).to_have_attribute("aria-selected", "true")
    await expect(card(page, "Downloads")).to_be_visible()
    await page.goto(f"{address}?tab=%3Cscript%3E&member=x")
    await expect(page.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true")
    await page.get_by_role("tab", name="Overview").press("ArrowRight")
    await expect(page.get_by_role("tab", name="Favourites")).to_be_focused()
    await expect(card(page, "Most liked")).to_be_visible()
    await eventually(lambda: "tab=Favourites" in page.url)


async def test_a_category_and_the_open_tab_go_back_and_forth_together(
    server: Server, storefront_database: str, address: str, page: Tab
) -> None:
    patience = 30_000
    await page.goto(address)
    bars = card(page, "Revenue by category, 30 days").get_by_role("button")
    name = str(await bars.first.locator(".label").text_content(timeout=patience))
    await bars.first.click()
    chip = page.get_by_role("button", name=f"Remove the filter Category: {name}")
    await expect(chip).to_be_visible(timeout=patience)
    await expect(bars.first).to_have_attribute("aria-pressed", "true")
    sellers = card(page, "Best sellers, 30 days").locator("tbody tr")
    await expect(sellers.filter(has_text=name)).to_have_count(await sellers.count(), timeout=patience)
    await page.get_by_role("tab", name="Favourites").click()
    liked = card(page, "Most liked").locator("tbody tr")
    await expect(liked.first).to_contain_text(name, timeout=patience)
    likes = psql(
        server,
        f"""SELECT count(*) FROM storefront.favourites JOIN storefront.products ON id = product_id
                             WHERE products.shop_id = 1 AND category = '{name}'""",
        storefront_database,
    )
    await expect(tile(page, "Favourites").first).to_have_text(f"{int(likes):,}", timeout=patience)
    await page.go_back()
    await expect(page.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true", timeout=patience)
    await expect(sellers.first).to_contain_text(name, timeout=patience)
    await page.go_back()
    await expect(chip).to_be_hidden(timeout=patience)
    await page.go_forward()
    await expect(chip).to_be_visible(timeout=patience)
    await page.go_forward()
    await expect(card(page, "Most liked")).to_be_visible(timeout=patience)
    rename = "UPDATE storefront.products SET category = 'Renamed' WHERE category = '{0}'"
    psql(server, rename.format(name), storefront_database)
    line = page.locator(".ignored")
    await expect(line).to_contain_text(f"There is no category “{name}” now", timeout=patience)
    await expect(card(page, "Most liked").locator(".empty")).to_have_text("No rows match", timeout=patience)
    await line.get_by_role("button").click()
    await expect(liked.first).to_be_visible(timeout=patience)
    await expect(line).to_be_hidden()
    assert "category" not in page.url


async def test_favourites_orders_and_files_of_a_customer_singly_and_several_at_once(
    server: Server, storefront_database: str, address: str, page: Tab
) -> None:
    customer = 15
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    psql(server, f"DELETE FROM storefront.favourites WHERE customer_id = {customer}", storefront_database)
    for tab in (page, other):
        await tab.goto(f"{address}?tab=Favourites&customer={customer}")
        await expect(card(tab, "For this customer").locator("tbody tr")).to_have_count(10)

    def stored(what: str, table: str) -> str:
        return psql(server, f"SELECT {what} FROM storefront.{table} customer_id = {customer}", storefront_database)

    def shelf(tab: Tab) -> Locator:
        return card(tab, "For this customer")

    def heart(tab: Tab) -> Locator:
        return shelf(tab).get_by_role("button", name="Favourite Allotments", exact=True)

    async with held(server, storefront_database, "storefront.favourites"):
        await heart(page).click()
        await expect(heart(page)).to_have_attribute("aria-pressed", "true")
        await expect(heart(other)).to_have_attribute("aria-pressed", "false")
    await expect(heart(other)).to_have_attribute("aria-pressed", "true")
    assert stored("count(*)", "favourites WHERE") == "1\n"
    for name in ("Allotments", "Allotments II"):
        await shelf(page).get_by_role("checkbox", name=f"Choose {name}", exact=True).check()
    orders = card(page, "Orders of this customer").locator("tbody tr")
    before = await orders.count()
    async with held(server, storefront_database, "storefront.orders"):
        await shelf(page).get_by_role("toolbar").get_by_role("button", name="Order 2").click()
        await expect(orders).to_have_count(before + 1)
        await expect(orders.first).to_contain_text("pending")
        await expect(card(other, "Orders of this customer").locator("tbody tr")).to_have_count(before)
    await expect(card(other, "Orders of this customer").locator("tbody tr")).to_have_count(before + 1)
    await expect(page.get_by_role("status").filter(has_text="2 products ordered")).to_be_visible()
    assert (
        stored("items || ' ' || total", "orders WHERE id = (SELECT max(id) FROM storefront.orders) AND") == "2 39.80\n"
    )
    async with held(server, storefront_database, "storefront.orders"):
        await orders.first.get_by_role("button", name="Cancel").click()
        await expect(orders.first).to_contain_text("cancelled")
    await expect(card(other, "Orders of this customer").locator("tbody tr").first).to_contain_text("cancelled")
    await other.close()
