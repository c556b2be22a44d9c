"""The outreach page: it follows the database, opens a campaign at a click, and is refreshed at a limited rate."""

from __future__ import annotations

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

INVITE = """INSERT INTO outreach.connections (user_id, campaign_id, name, headline)
            VALUES ({0}, {1}, '{2}', 'CTO at Oxbow');"""


@pytest.fixture
def outreach_database(app_database: Callable[[str], str]) -> str:
    return app_database("outreach")


@pytest.fixture
async def address(outreach_database: str) -> AsyncIterator[str]:
    """Yield where the page is served."""
    app = apps.find("outreach")
    async with dashboard.connect(outreach_database) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            yield f"{site.url}outreach"


def card(tab: Tab, title: str) -> Locator:
    return tab.get_by_role("region", name=title, exact=True)


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has_text=title).locator(".value")


def campaign(tab: Tab, name: str) -> Locator:
    return card(tab, "Campaigns").locator("tbody tr", has_text=name)


async def test_an_invitation_accepted_and_answered_is_read_from_the_page(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    invited = int(psql(server, "SELECT count(*) FROM outreach.connections WHERE campaign_id = 1", outreach_database))
    log = card(page, "Recent activity").locator("li").first
    states = card(page, "Connections by state").locator("li")
    await expect(campaign(page, "Heads of sales")).to_contain_text(f"{invited:,}")
    await expect(states).to_have_count(5)
    pending = int(str(await states.first.locator(".figures span").first.text_content()).replace(",", ""))
    await page.evaluate("window.stays = true")
    psql(server, INVITE.format(1, 1, "Zara Quist"), outreach_database)
    await expect(campaign(page, "Heads of sales")).to_contain_text(f"{invited + 1:,}")
    await expect(log).to_contain_text("Invited Zara Quist, CTO at Oxbow")
    await expect(states.first.locator(".figures span").first).to_have_text(f"{pending + 1:,}")
    rate = await tile(page, "Acceptance rate").text_content()
    psql(server, "UPDATE outreach.connections SET accepted_at = now() WHERE state = 'pending'", outreach_database)
    await expect(log).to_contain_text("accepted")
    await expect(states).to_have_count(4)
    await expect(tile(page, "Acceptance rate")).not_to_have_text(str(rate))
    assert await page.evaluate("window.stays")


async def test_the_status_of_a_campaign_follows(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    row = campaign(page, "Heads of sales")
    await expect(row).to_contain_text("active")
    psql(server, "UPDATE outreach.campaigns SET status = 'paused' WHERE id = 1", outreach_database)
    await expect(row).to_contain_text("paused")
    await expect(card(page, "Recent activity").locator("li").first).to_contain_text("Heads of sales, DACH is paused")


async def test_an_import_moves_its_bar_until_it_is_complete(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    bar = card(page, "Imports").get_by_role("progressbar", name="saved-search").first  # those under way come first
    await expect(bar).to_have_attribute("aria-valuetext", "402 of 480")
    await expect(bar).to_have_attribute("aria-valuenow", "84")
    await expect(tile(page, "People still to import")).to_have_text("222")
    psql(
        server,
        "UPDATE outreach.import_status SET done = 441 WHERE source = 'saved-search' AND done = 402",
        outreach_database,
    )
    await expect(bar).to_have_attribute("aria-valuetext", "441 of 480")
    await expect(tile(page, "People still to import")).to_have_text("183")
    psql(server, "UPDATE outreach.import_status SET done = 480 WHERE done = 441", outreach_database)
    line = card(page, "Imports").locator("li", has_text="480 of 480")
    await expect(line).to_contain_text("✓")
    await expect(card(page, "Recent activity").locator("li").first).to_contain_text("Imported 480 people")


async def test_a_click_on_a_campaign_opens_it_and_the_address_keeps_it(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    details = page.locator(".group")
    await campaign(page, "Trade fair").click()
    await expect(details.get_by_role("heading", level=2).first).to_have_text("Trade fair, hall 4")
    await expect(page).to_have_url(re.compile("campaign=3"))
    await expect(campaign(page, "Trade fair")).to_have_attribute("aria-current", "true")
    await expect(details.locator(".tile", has_text="Status").locator(".value")).to_have_text("completed")
    psql(server, INVITE.format(1, 3, "Quentin Late"), outreach_database)
    await expect(details.locator("tbody tr").first).to_contain_text("Quentin Late")
    await expect(details.locator(".feed li").first).to_contain_text("Invited Quentin Late")
    await page.reload()
    await expect(details.get_by_role("heading", level=2).first).to_have_text("Trade fair, hall 4")
    await campaign(page, "Founders").click()
    await expect(details.get_by_role("heading", level=2).first).to_have_text("Founders in climate tech")
    await expect(campaign(page, "Trade fair")).not_to_have_attribute("aria-current", "true")
    psql(server, "UPDATE outreach.campaigns SET name = 'Founders, renamed' WHERE id = 2", outreach_database)
    await expect(details.get_by_role("heading", level=2).first).to_have_text("Founders, renamed")
    await details.get_by_role("button", name="Close").click()
    await expect(details).to_have_count(0)
    await expect(page).not_to_have_url(re.compile("campaign="))


async def test_a_state_and_a_campaign_go_back_and_forth(address: str, page: Tab) -> None:
    patience = 30_000
    await page.goto(address)
    declined = card(page, "Connections by state").get_by_role("button", name="declined").first
    await declined.click(timeout=patience)
    chip = page.get_by_role("button", name="Remove the filter State: declined")
    await expect(chip).to_be_visible(timeout=patience)
    states = card(page, "All connections").locator("tbody .tag")
    await expect(states.filter(has_not_text="declined")).to_have_count(0, timeout=patience)
    await expect(states.first).to_have_attribute("aria-pressed", "true", timeout=patience)
    await campaign(page, "Trade fair").locator("td:not(.choose)").first.click()
    details = page.locator(".group")
    await expect(details.locator("tbody .tag").first).to_have_text("declined", timeout=patience)
    await campaign(page, "Trade fair").get_by_role("button", name="completed").click()
    await expect(card(page, "Campaigns").locator("tbody tr")).to_have_count(1, timeout=patience)
    await expect(page).to_have_url(re.compile("campaign=3"))
    for _ in range(2):
        await page.go_back()
    await expect(details).to_have_count(0, timeout=patience)
    await expect(card(page, "Campaigns").locator("tbody tr")).to_have_count(6, timeout=patience)
    await expect(chip).to_be_visible()
    await page.go_forward()
    await expect(details.locator("tbody .tag").first).to_have_text("declined", timeout=patience)
    await declined.click()
    await expect(chip).to_be_hidden(timeout=patience)


async def test_a_campaign_is_opened_by_the_keyboard(address: str, page: Tab) -> None:
    await page.goto(address)
    await campaign(page, "Trade fair").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".group").get_by_role("heading", level=2).first).to_have_text("Trade fair, hall 4")


@pytest.mark.parametrize("number", ["7", "4711", "drop table", "-1"])
async def test_a_campaign_that_is_not_ones_own_or_not_there_is_said_so(address: str, page: Tab, number: str) -> None:
    await page.goto(f"{address}?campaign={number}")
    await expect(campaign(page, "Heads of sales")).to_be_visible()
    await expect(page.locator(".group")).to_contain_text("There is no such campaign among yours.")
    await expect(page.locator(".group tbody tr")).to_have_count(0)


async def test_another_users_rows_change_nothing(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    await page.goto(f"{address}?member=2")
    await expect(campaign(page, "Recruiters")).to_be_visible()
    await expect(campaign(page, "Heads of sales")).to_have_count(0)
    psql(server, INVITE.format(1, 1, "Not Yours") + INVITE.format(2, 7, "Yours Truly"), outreach_database)
    await expect(card(page, "Recent activity").locator("li").first).to_contain_text("Yours Truly")
    await expect(page.get_by_text("Not Yours")).to_have_count(0)


async def test_a_refresh_says_so_and_can_be_asked_for_at_a_limited_rate(address: str, page: Tab) -> None:
    await page.goto(address)
    button = page.get_by_role("button", name="Refresh")
    await expect(campaign(page, "Heads of sales")).to_be_visible()
    await button.click()
    await expect(button).to_contain_text("Up to date")
    await expect(button).to_be_disabled()
    await expect(button).to_have_text("↻ Refresh", timeout=8_000)
    await expect(button).to_be_enabled()


async def test_text_from_the_database_stays_text(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    markup = "<img src=x onerror=alert(1)>"
    psql(server, f"UPDATE outreach.campaigns SET name = '{markup}', audience = '{markup}'", outreach_database)
    psql(server, f"UPDATE outreach.import_status SET source = '{markup}'", outreach_database)
    psql(server, INVITE.format(1, 1, markup), outreach_database)
    await page.goto(f"{address}?campaign=1")
    await expect(page.locator(".group").get_by_role("heading", level=2).first).to_have_text(markup)
    await expect(card(page, "Imports").locator("li").first).to_contain_text(markup)
    await expect(page.locator("img")).to_have_count(0)


async def test_a_campaign_pauses_and_an_invitation_is_withdrawn_before_the_server_answers(
    server: Server, outreach_database: str, address: str, page: Tab
) -> None:
    invite = INVITE.format(1, 1, "Ada Quist") + INVITE.format(1, 1, "Bea Quist")
    psql(server, f"UPDATE outreach.campaigns SET status = 'active' WHERE id = 1; {invite}", outreach_database)
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    for tab in (page, other):
        await tab.goto(address)
        await expect(campaign(tab, "Heads of sales")).to_contain_text("active")
    async with held(server, outreach_database, "outreach.campaigns"):
        await campaign(page, "Heads of sales").get_by_role("button", name="Pause Heads of sales").click()
        await expect(campaign(page, "Heads of sales")).to_contain_text("paused")
        await expect(campaign(other, "Heads of sales")).to_contain_text("active")
    await expect(campaign(other, "Heads of sales")).to_contain_text("paused")
    assert psql(server, "SELECT status FROM outreach.campaigns WHERE id = 1", outreach_database) == "paused\n"

    def invited(tab: Tab, name: str) -> Locator:
        return card(tab, "All connections").locator("tbody tr", has_text=name)

    async with held(server, outreach_database, "outreach.connections"):
        await invited(page, "Ada Quist").get_by_role("button", name="Withdraw").click()
        await expect(invited(page, "Ada Quist")).to_contain_text("withdrawn")
        await expect(invited(other, "Ada Quist")).to_contain_text("pending")
    await expect(invited(other, "Ada Quist")).to_contain_text("withdrawn")
    refuse = "ALTER TABLE outreach.connections ADD CONSTRAINT stays CHECK (name <> 'Bea Quist' OR withdrawn_at IS NULL)"
    said = "COMMENT ON CONSTRAINT stays ON outreach.connections IS 'Bea Quist stays.'"
    psql(server, f"{refuse}; {said}", outreach_database)
    await invited(page, "Bea Quist").get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_role("alert").filter(has_text="Invitation was not withdrawn")).to_contain_text(
        "Bea Quist stays."
    )
    await expect(invited(page, "Bea Quist")).to_contain_text("pending")
    await other.close()
