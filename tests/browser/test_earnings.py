"""The earnings page: it follows the database, stands still when asked, and turns the simulation on and off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.held import held
from tests.waiting import eventually

EARN = """INSERT INTO earnings.earnings (owner_id, asset_id, kind, amount)
          SELECT owner_id, id, 'licence', {1} FROM earnings.assets WHERE owner_id = {0} ORDER BY id LIMIT 1;"""
SHOW = """INSERT INTO earnings.events (owner_id, asset_id, campaign_id, kind)
          SELECT owner_id, asset_id, id, 'impression' FROM earnings.campaigns WHERE owner_id = {0} LIMIT 1;"""


@pytest.fixture
def earnings_database(app_database: Callable[[str], str]) -> str:
    return app_database("earnings")


@pytest.fixture
async def address(earnings_database: str) -> AsyncIterator[str]:
    """Yield where the page is served."""
    app = apps.find("earnings")
    async with dashboard.connect(earnings_database) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            yield f"{site.url}earnings"


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has_text=title).locator(".value")


def card(tab: Tab, title: str) -> Locator:
    return tab.get_by_role("region", name=title, exact=True)


async def dollars(locator: Locator) -> float:
    await expect(locator).to_have_text(re.compile(r"^\$[\d,.]+$"))
    return float(str(await locator.text_content()).lstrip("$").replace(",", ""))


async def charted(tab: Tab) -> float:
    return float(
        await tab.evaluate(
            """() => {
              const roots = Bokeh.documents.flatMap((document) => document.roots());
              const lines = roots.filter(({ name }) => name === "figure").flatMap(({ renderers }) => renderers);
              const tops = lines.map(({ data_source: { data } }) => [...(data.y ?? [])]);
              return tops.length ? Math.max(...tops.map((ys) => ys.reduce((sum, y) => sum + y, 0))) : 0;
            }"""
        )
    )


async def test_one_earning_moves_totals_ticker_feed_chart_and_table(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    today, ever = tile(page, "Earned today"), tile(page, "Earned in all")
    before = await dollars(today), await dollars(ever)
    ticker, feed = card(page, "Latest earnings").locator("li"), card(page, "Activity").locator("li")
    await expect(ticker).to_have_count(5)
    await expect(feed).to_have_count(10)
    drawn = await eventually(lambda: charted(page))
    await page.evaluate("window.stays = true")
    psql(server, EARN.format(1, 1234.5), earnings_database)
    await expect(today).to_have_text(f"${before[0] + 1234.5:,.2f}")
    await expect(ever).to_have_text(f"${before[1] + 1234.5:,.2f}")
    await expect(ticker.first).to_contain_text("$1,234.50 licence")
    await expect(ticker).to_have_count(5)
    await expect(feed.first).to_contain_text("$1,234.50 earned by")
    await expect(card(page, "Assets").locator("tbody tr").first).to_contain_text("$1,2")

    async def has_moved() -> bool:
        return await charted(page) > drawn + 1200

    await eventually(has_moved)
    assert await page.evaluate("window.stays")


async def test_a_change_of_status_is_read_from_the_page(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    count = psql(server, "SELECT count(*) FROM earnings.assets WHERE owner_id = 1", earnings_database).strip()
    await expect(card(page, "Assets").locator("tbody tr").first).to_be_visible()
    psql(server, "UPDATE earnings.assets SET status = 'review' WHERE owner_id = 1", earnings_database)
    states = card(page, "Assets by status").locator("li")
    await expect(states).to_have_count(1)
    await expect(states.first).to_contain_text(f"review {count}".split()[0])
    await expect(states.first).to_contain_text(count)
    await expect(card(page, "Assets").locator("tbody tr", has_text="review")).to_have_count(int(count))


async def test_another_owners_earning_changes_nothing(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(f"{address}?member=2")
    before = await dollars(tile(page, "Earned in all"))
    psql(server, EARN.format(1, 1000) + EARN.format(2, 1), earnings_database)
    await expect(tile(page, "Earned in all")).to_have_text(f"${before + 1:,.2f}")
    await expect(card(page, "Latest earnings").locator("li").first).to_contain_text("$1.00")


async def test_a_paused_feed_stands_still_and_loses_nothing(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    activity = card(page, "Activity")
    lines = activity.locator("li")
    await expect(lines).to_have_count(10)
    await activity.get_by_role("button", name="Pause").click()
    first = str(await lines.first.text_content())
    for part in range(1, 6):
        psql(server, "".join(EARN.format(1, 1000 + 15 * part - 14 + n) for n in range(15)), earnings_database)
        await expect(activity.locator(".more")).to_have_text(f"{15 * part} new · show")
    more = activity.locator(".more")
    await expect(more).to_have_text("75 new · show")
    assert await lines.first.locator("span").text_content() in first
    await expect(tile(page, "Earned today")).to_have_text(re.compile(r"^\$7\d,\d{3}"))  # the rest of the page goes on
    await more.click()
    await expect(lines).to_have_count(75)
    for place, amount in ((0, 1075), (40, 1035), (74, 1001)):
        await expect(lines.nth(place)).to_contain_text(f"${amount:,}.00 earned")
    psql(server, EARN.format(1, 2000), earnings_database)
    await expect(lines.first).to_contain_text("$2,000.00")
    await expect(lines.nth(74)).to_contain_text("$1,002.00")
    await more.click()
    await expect(lines).to_have_count(10)
    await expect(more).to_be_hidden()
    await expect(activity.get_by_role("button", name="Pause")).to_be_visible()


async def test_a_paused_feed_says_when_more_came_than_it_could_keep(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    activity = card(page, "Activity")
    await expect(activity.locator("li")).to_have_count(10)
    await activity.get_by_role("button", name="Pause").click()
    psql(server, "".join(EARN.format(1, 1 + amount) for amount in range(230)), earnings_database)
    await expect(activity.locator(".more")).to_have_text("200+ new · show")


async def test_what_was_deleted_during_a_pause_is_gone_after_it(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    activity = card(page, "Activity")
    await expect(activity.locator("li")).to_have_count(10)
    await activity.get_by_role("button", name="Pause").click()
    psql(server, EARN.format(1, 3001) + EARN.format(1, 3002), earnings_database)
    await expect(activity.locator(".more")).to_have_text("2 new · show")
    psql(server, "DELETE FROM earnings.events WHERE amount = 3002", earnings_database)
    await activity.get_by_role("button", name="Resume").click()
    await expect(activity.locator("li").first).to_contain_text("$3,001.00")
    await expect(activity.locator("li", has_text="$3,002.00")).to_have_count(0)
    await expect(activity.locator("li")).to_have_count(10)


async def test_two_tabs_agree(server: Server, earnings_database: str, address: str, page: Tab) -> None:
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    for tab in (page, other):
        await tab.goto(address)
        await expect(tab.get_by_role("switch", name="Simulation")).to_have_attribute("aria-checked", "true")
    await page.get_by_role("switch", name="Simulation").click()
    await expect(other.get_by_role("switch", name="Simulation")).to_have_attribute("aria-checked", "false")
    psql(server, EARN.format(1, 777), earnings_database)
    for tab in (page, other):
        await expect(card(tab, "Latest earnings").locator("li").first).to_contain_text("$777.00")
    assert await tile(page, "Earned in all").text_content() == await tile(other, "Earned in all").text_content()
    await other.close()


async def test_the_switch_says_what_the_database_says_and_stops_the_simulation(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    state = "SELECT is_on FROM earnings.simulation WHERE owner_id = 1"
    await page.goto(address)
    switch = page.get_by_role("switch", name="Simulation")
    await expect(switch).to_have_attribute("aria-checked", "true")
    simulation = apps.find("earnings").simulate(earnings_database, rate=200)
    running = asyncio.ensure_future(simulation.run())
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await eventually(lambda: psql(server, state, earnings_database).strip() == "f")  # it is shown before that
    latest = "SELECT max(id) FROM earnings.events WHERE owner_id = {}"
    known = [psql(server, latest.format(owner), earnings_database) for owner in (1, 3)]

    async def others_go_on() -> bool:
        return psql(server, latest.format(3), earnings_database) != known[1]

    await eventually(others_go_on)
    assert psql(server, latest.format(1), earnings_database) == known[0]
    psql(server, "UPDATE earnings.simulation SET is_on = true WHERE owner_id = 1", earnings_database)
    await expect(switch).to_have_attribute("aria-checked", "true")

    async def goes_on() -> bool:
        return psql(server, latest.format(1), earnings_database) != known[0]

    await eventually(goes_on)
    simulation.stop()
    await running


async def test_a_switch_that_cannot_be_turned_says_why(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    switch = page.get_by_role("switch", name="Simulation")
    await expect(switch).to_be_enabled()
    psql(server, "REVOKE UPDATE (is_on) ON earnings.simulation FROM earnings_member", earnings_database)
    await switch.click()
    await expect(page.locator(".switch-root .bad")).to_contain_text("permission denied")
    await expect(switch).to_have_attribute("aria-checked", "true")


async def test_text_from_the_database_stays_text(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    psql(server, f"UPDATE earnings.assets SET name = '{markup}', category = '{markup}'", earnings_database)
    psql(server, f"UPDATE earnings.owners SET name = '{markup}' WHERE id = 1", earnings_database)
    psql(server, EARN.format(1, 5) + SHOW.format(1), earnings_database)
    await page.goto(address)
    await expect(card(page, "Latest earnings").locator("li").first).to_contain_text(markup)
    await expect(card(page, "Assets").locator("tbody tr").first).to_contain_text(markup)
    await expect(page.locator("img")).to_have_count(0)


async def test_an_owner_without_anything_sees_a_page_that_says_so(address: str, page: Tab) -> None:
    await page.goto(f"{address}?member=999&span=nonsense")
    await expect(card(page, "Latest earnings")).to_contain_text("No rows yet")
    await expect(tile(page, "Earned in all")).to_have_text("–")
    await expect(page.get_by_role("switch", name="Simulation")).to_be_disabled()


async def test_assets_are_paused_together_before_the_server_answers_and_one_refusal_takes_all_back(
    server: Server, earnings_database: str, address: str, page: Tab
) -> None:
    psql(
        server,
        """UPDATE earnings.assets SET status = 'active' WHERE owner_id = 1;
           CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the night trains run'; END $$;
           CREATE TRIGGER refuse BEFORE UPDATE ON earnings.assets FOR EACH ROW
               WHEN (NEW.name = 'Night trains' AND NEW.status = 'retired') EXECUTE FUNCTION refuse();""",
        earnings_database,
    )
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    for tab in (page, other):
        await tab.goto(address)
        await expect(card(tab, "Assets").get_by_role("button", name="Pause Library loans")).to_be_visible()
    assets = card(page, "Assets")
    status = """SELECT string_agg(DISTINCT status::text, ',') FROM earnings.assets
                WHERE name IN ('Library loans', 'Night trains')"""

    async def choose() -> Locator:
        for name in ("Library loans", "Night trains"):
            await assets.get_by_role("checkbox", name=f"Choose {name}").check()
        return assets.get_by_role("toolbar")

    def rows(tab: Tab, words: str) -> Locator:
        both = card(tab, "Assets").locator("tbody tr").filter(has_text=re.compile("Library loans|Night trains"))
        return both.filter(has_text=words)

    bar = await choose()
    await expect(bar).to_contain_text("2 chosen")
    async with held(server, earnings_database, "earnings.assets"):
        await bar.get_by_role("button", name="Pause 2").click()
        await expect(rows(page, "paused")).to_have_count(2)
        await expect(rows(other, "active")).to_have_count(2)
        assert psql(server, status, earnings_database) == "active\n"
    await expect(page.get_by_role("status").filter(has_text="2 assets paused")).to_be_visible()
    await expect(rows(other, "paused")).to_have_count(2)
    assert psql(server, status, earnings_database) == "paused\n"
    bar = await choose()
    async with held(server, earnings_database, "earnings.assets"):
        await bar.get_by_role("button", name="Retire 2").click()
        await expect(rows(page, "retired")).to_have_count(2)
    refused = page.get_by_role("alert").filter(has_text="the night trains run")
    await expect(refused).to_be_visible()
    await expect(rows(page, "paused")).to_have_count(2)
    await page.reload()
    await refused.get_by_role("button", name="Discard").click()
    await expect(refused).to_have_count(0)
    assert psql(server, status, earnings_database) == "paused\n"
    await other.close()
