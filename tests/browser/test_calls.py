"""The page of the call tracking: calls change lanes, clocks run by themselves, leads are bid for, a list has no end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Locator, WebSocket, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.held import held
from tests.waiting import eventually

RING = """INSERT INTO calls.calls (account_id, campaign_id, caller)
          SELECT account_id, id, '{1}' FROM calls.campaigns WHERE account_id = {0} ORDER BY id LIMIT 1"""
ANSWER = """UPDATE calls.calls call SET answered_at = now(), agent_id = (
                SELECT min(id) FROM calls.agents agent WHERE agent.account_id = call.account_id) WHERE caller = '{0}'"""
AUCTION = """INSERT INTO calls.auctions (account_id, call_id, floor, ends_at)
             SELECT account_id, id, 10, now() + interval '70 seconds' FROM calls.calls WHERE caller = '{0}'"""
BID = """INSERT INTO calls.bids (account_id, auction_id, buyer_id, amount)
         SELECT account_id, id, 1, {1} FROM calls.auctions
         WHERE call_id = (SELECT id FROM calls.calls WHERE caller = '{0}')"""


@pytest.fixture
def calls_database(app_database: Callable[[str], str], server: Server) -> str:
    """Return a database with the sample rows, without calls that are going on."""
    database = app_database("calls")
    quiet = "UPDATE calls.calls SET ended_at = now(), held_at = NULL WHERE ended_at IS NULL"
    psql(server, f"{quiet}; DELETE FROM calls.auctions WHERE state = 'open'", database)
    return database


@pytest.fixture
async def address(calls_database: str) -> AsyncIterator[str]:
    """Yield where the call tracking is served."""
    app = apps.find("calls")
    async with dashboard.connect(calls_database) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            yield f"{site.url}calls"


def card(tab: Tab, title: str) -> Locator:
    return tab.locator(f"section.card[aria-label='{title}']")


def lane(tab: Tab, name: str) -> Locator:
    return tab.locator(f"section.lane[aria-label='{name}']")


def seconds(clock: str) -> int:
    minutes, _, rest = clock.partition(":")
    return int(minutes) * 60 + int(rest)


async def test_a_call_rings_is_answered_held_and_ends_before_the_readers_eyes(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    await expect(lane(page, "Ringing")).to_contain_text("nobody")
    psql(server, RING.format(1, "Zara <b>Quist</b>"), calls_database)
    await expect(lane(page, "Ringing").locator("li")).to_contain_text("Zara <b>Quist</b>")
    await expect(card(page, "Live").locator("li").first).to_contain_text("Zara <b>Quist</b> calls about Home solar")
    psql(server, ANSWER.format("Zara <b>Quist</b>"), calls_database)
    await expect(lane(page, "Speaking").locator("li")).to_contain_text("Maud Bennett")
    await expect(lane(page, "Ringing").locator("li")).to_have_count(0)
    psql(server, "UPDATE calls.calls SET held_at = now() WHERE ended_at IS NULL", calls_database)
    await expect(lane(page, "On hold").locator("li")).to_have_count(1)
    await expect(card(page, "All calls").locator("tbody tr").nth(0)).to_contain_text("on hold")
    psql(server, "UPDATE calls.calls SET ended_at = now(), held_at = NULL WHERE ended_at IS NULL", calls_database)
    await expect(lane(page, "On hold").locator("li")).to_have_count(0)
    await expect(page.locator(".tile", has_text="On the line").locator(".value")).to_have_text("0")


async def test_clocks_run_in_the_browser_without_a_message(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    heard: list[str] = []

    def note(socket: WebSocket) -> None:
        if "channel" in socket.url:
            socket.on("framereceived", lambda payload: heard.append(str(payload)))

    page.on("websocket", note)
    psql(server, RING.format(1, "Zara Quist"), calls_database)
    await page.goto(address)
    clock = lane(page, "Ringing").locator(".clock")
    await expect(clock).to_have_text(re.compile(r"^\d+:\d\d$"))
    first = seconds(str(await clock.text_content()))

    async def has_moved() -> bool:
        return seconds(str(await clock.text_content())) >= first + 3

    await eventually(has_moved)
    drawn = [message for message in heard if "Zara Quist" in message and '"lane"' in message]
    assert len(drawn) == 1  # the card itself; its clock has needed no other


async def test_a_lead_is_bid_for_until_its_time_is_over(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    for sql in (RING.format(1, "Zara Quist"), ANSWER.format("Zara Quist"), AUCTION.format("Zara Quist")):
        psql(server, sql, calls_database)
    await page.goto(address)
    row = card(page, "Live bidding").locator("tbody tr")
    await expect(row).to_contain_text("Zara Quist")
    await expect(row.locator(".clock")).to_have_text(re.compile(r"^[01]:\d\d$"))
    for amount, bids in ((12.5, 1), (14, 2), (17.25, 3)):
        psql(server, BID.format("Zara Quist", amount), calls_database)
        await expect(row).to_contain_text(f"€ {amount:,.2f}")
        await expect(row.locator("td").nth(3)).to_have_text(str(bids))
    await expect(row).to_contain_text("Alder Energy")
    assert await row.locator(".strokes polyline").count() == 1
    latest = card(page, "Bids").locator("li").first
    await expect(latest).to_have_text(re.compile("Alder Energy bids € 17.25 for Zara Quist"))
    left = str(await row.locator(".clock").text_content())

    async def runs_down() -> bool:
        return seconds(str(await row.locator(".clock").text_content())) < seconds(left)

    await eventually(runs_down)
    psql(server, "UPDATE calls.auctions SET state = 'sold' WHERE state = 'open'", calls_database)
    await expect(row).to_have_count(0)
    await expect(card(page, "Payments").locator("tbody tr").first).to_contain_text("€ 17.25")
    await expect(card(page, "Payments").locator("tbody tr").first).to_contain_text("pending")


async def test_an_alert_that_is_marked_as_seen_is_acknowledged_in_the_database(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    psql(server, "UPDATE calls.alerts SET acknowledged_at = now() WHERE acknowledged_at IS NULL", calls_database)
    await page.goto(address)
    alerts = card(page, "Alerts")
    await expect(alerts.locator("li").first).to_be_visible()
    raised = """INSERT INTO calls.alerts (account_id, severity, message)
                VALUES (1, 'critical', 'Line down'), (2, 'info', 'x')"""
    psql(server, raised, calls_database)
    await expect(alerts.locator("li").first).to_contain_text("critical Line down")
    await alerts.get_by_role("button", name="1 new · mark as seen").click()
    await expect(alerts.locator(".more")).to_be_hidden()
    waiting = "SELECT account_id FROM calls.alerts WHERE acknowledged_at IS NULL"
    await eventually(lambda: psql(server, waiting, calls_database).split() == ["2"])


async def test_a_long_list_is_scrolled_without_being_loaded(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    total = int(psql(server, "SELECT count(*) FROM calls.calls WHERE account_id = 1", calls_database))
    in_order = "SELECT caller FROM calls.calls WHERE account_id = 1 ORDER BY started_at DESC, id DESC"
    callers = psql(server, in_order, calls_database).splitlines()
    await page.goto(address)
    table = card(page, "All calls").locator("table")
    rows = table.locator("tbody:not(.space) tr")
    await expect(table).to_have_attribute("aria-rowcount", str(total))
    await expect(rows.first).to_contain_text(callers[0])
    assert await rows.count() <= 80 < total
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(rows.last).to_contain_text(callers[-1])
    assert await rows.count() <= 80
    await table.evaluate("(table) => scrollTo(0, scrollY + table.getBoundingClientRect().top + table.offsetHeight / 2)")
    middle = callers[total // 2 - 30 : total // 2 + 30]

    async def shows_the_middle() -> bool:
        shown = await rows.locator("td:first-child").all_text_contents()
        return len(set(shown) & set(middle)) > 20

    await eventually(shows_the_middle)
    await page.get_by_role("searchbox", name="Search All calls").fill(callers[-1])
    await expect(rows.first).to_contain_text(callers[-1])


async def test_each_account_sees_only_its_own_calls(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    await page.get_by_role("link", name="Nordwind Media").click()
    await expect(lane(page, "Ringing")).to_be_visible()
    psql(server, RING.format(1, "Foreign Person") + ";" + RING.format(2, "Own Person"), calls_database)
    await expect(lane(page, "Ringing").locator("li")).to_contain_text("Own Person")
    assert "Foreign" not in str(await page.locator(".page").text_content())


async def test_an_account_that_does_not_exist_sees_nothing(address: str, page: Tab) -> None:
    await page.goto(f"{address}?member=4711&span=none")
    await expect(page.locator(".tile", has_text="Calls today").locator(".value")).to_have_text("0")
    await expect(card(page, "All calls")).to_contain_text("No rows yet")


async def test_a_bid_leads_before_the_server_answers_and_one_that_is_too_low_is_told_why(
    server: Server, calls_database: str, address: str, page: Tab
) -> None:
    end = "UPDATE calls.calls SET ended_at = now() WHERE caller = 'Zed Quist'"
    long = AUCTION.format("Zed Quist").replace("70 seconds", "1 hour")
    psql(server, f"{RING.format(1, 'Zed Quist')}; {end}; {long}; {BID.format('Zed Quist', 12)}", calls_database)
    assert page.context.browser is not None
    other = await page.context.browser.new_page()

    def lead(tab: Tab) -> Locator:
        return card(tab, "Live bidding").locator("tbody tr", has_text="Zed Quist")

    async def bid(buyer: str, amount: str) -> None:
        await lead(page).get_by_role("button", name="Bid Zed Quist").click()
        form = page.get_by_role("dialog", name="Bid Zed Quist")
        await form.get_by_label("For").select_option(buyer)
        await form.get_by_label("Amount").fill(amount)
        await form.get_by_role("button", name="Bid", exact=True).click()

    for tab in (page, other):
        await tab.goto(address)
        await expect(lead(tab)).to_contain_text("12.00")
    async with held(server, calls_database, "calls.bids"):
        await bid("Castle & Co", "13.5")
        await expect(lead(page)).to_contain_text("13.50")
        await expect(lead(page)).to_contain_text("Castle & Co")
        await expect(card(page, "Bids").locator("li").first).to_contain_text("Castle & Co bids € 13.50 for Zed Quist")
        await expect(lead(other)).to_contain_text("12.00")
    await expect(lead(other)).to_contain_text("13.50")
    latest = "SELECT amount FROM calls.bids ORDER BY id DESC LIMIT 1"
    assert psql(server, latest, calls_database) == "13.50\n"
    async with held(server, calls_database, "calls.bids"):
        await bid("Granite Legal", "13")
        await expect(lead(page)).to_contain_text("Granite Legal")
    refused = page.get_by_role("alert").filter(has_text="Bid was not placed")
    await expect(refused).to_contain_text("the bid of 13.00 is too low. Bid more than 13.50.")
    await expect(lead(page)).to_contain_text("Castle & Co")
    assert psql(server, latest, calls_database) == "13.50\n"
    await other.close()
