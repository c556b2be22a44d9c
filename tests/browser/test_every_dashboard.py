"""What holds for every dashboard: it follows SQL, two servers agree at one snapshot, a hidden tab asks nothing.

Two processes serve all of them from one database. The page of the second is opened with nonsense in its address, and
must say the same all the same.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab
from prometheus_client.parser import text_string_to_metric_families as parsed
from tornado.httpclient import AsyncHTTPClient

from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import in_database, psql
from tests.serving import served
from tests.waiting import eventually

#: What two pages must agree in: all but times, which go on.
SAID = ".tile .value, .feed li > span, .lane li, .figures span, td .tag"
JUNK = (
    "member=%00&tab=%3Cscript%3E&kind=gone&stage=gone&status=gone&outcome=gone&span=2026-13-01..x&unknown=1"
    "&contacts.sort=-gone&assets.page=-7&campaigns.where.gone=1&all-calls.sort=%27;DROP&%5B=%5D"
)
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass(frozen=True)
class Change:
    """A change by SQL, and the words in which a page tells it; `{0}` is a number of three digits."""

    app: str
    sql: str
    region: str
    words: str


CHANGES = (
    Change(
        "earnings",
        """INSERT INTO earnings.earnings (owner_id, asset_id, kind, amount)
           SELECT owner_id, id, 'licence', {0} FROM earnings.assets WHERE owner_id = 1 ORDER BY id LIMIT 1""",
        "Latest earnings",
        "${0}.00 licence",
    ),
    Change(
        "outreach",
        """INSERT INTO outreach.connections (user_id, campaign_id, name, headline)
           VALUES (1, 1, 'Zara Quist {0}', 'CTO at Oxbow')""",
        "Recent activity",
        "Invited Zara Quist {0}",
    ),
    Change(
        "calls",
        """INSERT INTO calls.calls (account_id, campaign_id, caller)
           SELECT account_id, id, 'Zara Quist {0}' FROM calls.campaigns WHERE account_id = 1 ORDER BY id LIMIT 1""",
        "Live",
        "Zara Quist {0} calls",
    ),
    Change(
        "storefront",
        """WITH ordered AS (INSERT INTO storefront.orders (shop_id, customer_id)
                            SELECT 1, min(id) FROM storefront.customers WHERE shop_id = 1 RETURNING id)
           INSERT INTO storefront.order_items (order_id, product_id, shop_id, quantity, price)
           SELECT ordered.id, (SELECT min(id) FROM storefront.products WHERE shop_id = 1), 1, 1, {0} FROM ordered""",
        "Live",
        "ordered for {0}.00",
    ),
    Change(
        "crm",
        "INSERT INTO crm.contacts (member_id, name, email) VALUES (1, 'Zara Quist {0}', 'new@example.org')",
        "Activity",
        "Added Zara Quist {0}",
    ),
)


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    """Yield a database with the rows of all dashboards, captured."""
    psql(server, "CREATE DATABASE every_dashboard")
    dsn = in_database(server.dsn, "every_dashboard")

    async def load() -> None:
        for app in apps.all():
            if app.load is not None:
                await app.load(dsn)
                await install(dsn, app.tables)

    asyncio.run(load())
    yield dsn
    psql(server, "DROP DATABASE every_dashboard WITH (FORCE)")


@pytest.fixture(scope="module")
def addresses(database: str) -> Iterator[tuple[str, str]]:
    """Yield where two processes serve all dashboards of that database."""
    with served(database) as one, served(database) as other:
        yield one, other


async def opened(tab: Tab, address: str) -> Tab:
    """Open a page, and wait until all its views are there."""
    await tab.goto(address)
    await expect(tab.locator("main .card").first).to_be_visible()
    await expect(tab.locator("[aria-busy=true]")).to_have_count(0)
    await expect(tab.locator(".problem, .skeleton").locator("visible=true")).to_have_count(0)
    return tab


def latest(tab: Tab, change: Change) -> Locator:
    return tab.get_by_role("region", name=change.region, exact=True).locator("li").first


async def snapshots(tab: Tab) -> dict[str, int]:
    """How many views of a page are true at which snapshot, as its foot says."""
    lines = await tab.locator(".snapshot li").evaluate_all("all => all.map(({ dataset }) => dataset)")
    return {line["snapshot"]: int(line["views"]) for line in lines}


async def told(tab: Tab) -> tuple[str, list[str]]:
    """The one snapshot of a page, and what it says there."""
    before = await snapshots(tab)
    assert len(before) == 1, before
    said = await tab.locator(SAID).all_inner_texts()
    assert await snapshots(tab) == before
    return next(iter(before)), said


async def figures(address: str) -> dict[tuple[str, str], float]:
    """The server's own figures, by name and the state or kind they are of."""
    text = (await AsyncHTTPClient().fetch(f"{address}metrics")).body.decode()
    found: dict[tuple[str, str], float] = {}
    for sample in (sample for family in parsed(text) for sample in family.samples):
        name = sample.name, sample.labels.get("state", sample.labels.get("kind", ""))
        found[name] = found.get(name, 0) + sample.value
    return found


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.app)
async def test_a_change_is_read_on_two_servers_at_one_snapshot_and_asks_nothing_for_a_hidden_tab(
    server: Server, database: str, addresses: tuple[str, str], page: Tab, change: Change
) -> None:
    here = await opened(page, f"{addresses[0]}{change.app}")
    there = await opened(await page.context.new_page(), f"{addresses[1]}{change.app}?{JUNK}")
    psql(server, change.sql.format(101), database)
    for tab in (here, there):
        await expect(latest(tab, change)).to_contain_text(change.words.format(101))
        await tab.locator(".snapshot summary").click()

    async def agree() -> bool:
        one, other = await told(here), await told(there)
        assert one == other
        return len(one[1]) > 10

    await eventually(agree, timeout=30)
    (views,) = (await snapshots(here)).values()
    assert views >= await here.locator("main .card:visible").count() - 1  # the connection's own has none
    await there.close()
    await asks_nothing_while_hidden(server, database, addresses[0], here, change)


async def asks_nothing_while_hidden(server: Server, database: str, address: str, tab: Tab, change: Change) -> None:
    await tab.evaluate(HIDE, True)

    async def rests() -> bool:
        now = await figures(address)
        return now.get(("dashboard_queries", "awake"), 0) == 0 and now["dashboard_pages", "hidden"] == 1

    await eventually(rests, timeout=30)
    numbers = itertools.count(102)

    async def follows_and_asks_nothing() -> int:
        """What was on its way when the tab was hidden may still end in between; not the next time."""
        before, number = await figures(address), next(numbers)
        psql(server, change.sql.format(number), database)

        async def followed() -> dict[tuple[str, str], float]:
            now = await figures(address)
            assert now["dashboard_changes_total", ""] > before["dashboard_changes_total", ""]
            return now

        after = await eventually(followed, timeout=30)
        runs = [("dashboard_query_runs_total", kind) for kind in ("whole", "changed")]
        assert [after[each] for each in runs] == [before[each] for each in runs]
        return number

    last = await eventually(follows_and_asks_nothing, timeout=30)
    await expect(latest(tab, change)).to_contain_text(change.words.format(101))
    await tab.evaluate(HIDE, False)
    await expect(latest(tab, change)).to_contain_text(change.words.format(last))


async def test_two_monitors_tell_the_same_of_the_database(
    server: Server, database: str, addresses: tuple[str, str], page: Tab
) -> None:
    tabs = [await opened(page, f"{addresses[0]}monitor")]
    tabs.append(await opened(await page.context.new_page(), f"{addresses[1]}monitor?{JUNK}"))
    logs = [tab.locator(".tile", has_text="Change log").locator(".value") for tab in tabs]
    size = await logs[0].inner_text()
    psql(server, "UPDATE crm.contacts SET score = score; UPDATE crm.contacts SET score = score", database)

    async def agree() -> bool:
        (one, other) = [await log.inner_text() for log in logs]
        followers = [await tab.get_by_role("table", name="Followers").locator("tbody").inner_text() for tab in tabs]
        return one == other != size and followers[0].count("follows") == followers[1].count("follows") == 1

    await eventually(agree, timeout=30)
    for address in addresses:
        assert (await figures(address))["dashboard_followers", ""] == 2


async def test_a_category_that_is_gone_is_an_empty_view_and_an_unknown_page_leads_to_those_there_are(
    server: Server, database: str, addresses: tuple[str, str], page: Tab, complaints: list[str]
) -> None:
    category = psql(server, "SELECT category FROM storefront.products WHERE shop_id = 1 LIMIT 1", database).strip()
    await opened(page, f"{addresses[0]}storefront?category={category}")
    sellers = page.get_by_role("region", name="Best sellers, 30 days")
    await expect(sellers.locator("tbody tr").first).to_be_visible()
    psql(server, f"UPDATE storefront.products SET category = 'Other' WHERE category = '{category}'", database)
    await expect(sellers.locator(".empty")).to_be_visible()
    await expect(page.locator(".problem").locator("visible=true")).to_have_count(0)
    answer = await page.goto(f"{addresses[0]}no/%3Cb%3Ewhere")
    assert answer is not None and answer.status == 404
    await expect(page.get_by_role("heading")).to_have_text("There is no page “no/<b>where” here.")
    await page.get_by_role("link", name="See those there are").click()
    await expect(page.get_by_role("link", name="Storefront")).to_be_visible()
    complaints.clear()  # a browser counts a 404 as an error
