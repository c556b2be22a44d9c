"""The CRM's page: it follows the database, and shows each member their own rows only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.waiting import eventually

ADD = "INSERT INTO crm.contacts (member_id, name, email) VALUES ({0}, '{1}', 'new@example.org')"


@pytest.fixture
async def address(crm_database: str) -> AsyncIterator[str]:
    """Yield where the CRM is served."""
    app = apps.find("crm")
    async with dashboard.connect(crm_database) as live:
        await live.install(*app.tables)
        async with Site([page_of(app, live)], port=0) as site:
            yield f"{site.url}crm"


def tile(tab: Tab, title: str) -> Locator:
    return tab.locator(".tile", has_text=title).locator(".value")


def contacts_of(tab: Tab) -> Locator:
    return tab.get_by_role("table", name="Contacts").locator("tbody tr")


async def number(locator: Locator) -> int:
    await expect(locator).to_have_text(re.compile(r"^[\d,]+$"))
    return int(str(await locator.text_content()).replace(",", ""))


async def charted(tab: Tab, series: str) -> list[float]:
    return list(
        await tab.evaluate(
            """(series) => {
              const roots = Bokeh.documents.flatMap((document) => document.roots());
              const figure = roots.filter(({ name }) => name === "figure").at(-1);
              const line = figure?.renderers.find(({ name }) => name === series);
              return line ? [...line.data_source.data.y] : [];
            }""",
            series,
        )
    )


async def test_one_insert_moves_tile_chart_table_and_feed(
    server: Server, crm_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    contacts, activities = tile(page, "Contacts"), tile(page, "Activities today")
    before = await number(contacts), await number(activities)
    known = await eventually(lambda: charted(page, "contacts"))
    await expect(contacts_of(page)).to_have_count(10)
    await page.evaluate("window.stays = true")
    psql(server, ADD.format(1, "Zara Quist"), crm_database)
    await expect(contacts).to_have_text(f"{before[0] + 1:,}")
    await expect(activities).to_have_text(f"{before[1] + 1:,}")
    await expect(contacts_of(page).first).to_contain_text("Zara Quist")
    await expect(page.locator(".feed li").first).to_contain_text("Added Zara Quist")
    await expect(page.locator(".feed li")).to_have_count(10)

    async def has_moved() -> bool:
        return sum(await charted(page, "contacts")) == sum(known) + 1

    await eventually(has_moved)
    await expect(page.locator(".more")).to_have_text("1 new · mark as seen")
    await page.locator(".more").click()
    await expect(page.locator(".more")).to_be_hidden()
    assert await page.evaluate("window.stays")


async def test_each_member_sees_only_their_own_rows(server: Server, crm_database: str, address: str, page: Tab) -> None:
    def owned(member: int) -> int:
        return int(psql(server, f"SELECT count(*) FROM crm.contacts WHERE member_id = {member}", crm_database))

    await page.goto(address)
    await expect(tile(page, "Contacts")).to_have_text(f"{owned(1):,}")
    await page.get_by_role("link", name="Jo Tran").click()
    await expect(tile(page, "Contacts")).to_have_text(f"{owned(2):,}")
    assert page.url.endswith("member=2")
    psql(server, ADD.format(1, "Foreign Person") + ";" + ADD.format(2, "Own Person"), crm_database)
    await expect(contacts_of(page).first).to_contain_text("Own Person")
    await expect(tile(page, "Contacts")).to_have_text(f"{owned(2):,}")
    await page.get_by_role("searchbox", name="Search Contacts").fill("person")
    await expect(contacts_of(page)).to_have_count(1)
    assert "Foreign" not in str(await page.locator(".page").text_content())
    names = set(psql(server, "SELECT name FROM crm.contacts WHERE member_id = 2", crm_database).splitlines())
    await page.get_by_role("searchbox", name="Search Contacts").fill("")
    await expect(contacts_of(page)).to_have_count(10)
    assert set(await contacts_of(page).locator("td:first-child b").all_text_contents()) <= names


async def test_a_member_who_does_not_exist_sees_nothing(address: str, page: Tab) -> None:
    await page.goto(f"{address}?member=4711")
    await expect(tile(page, "Contacts")).to_have_text("0")
    await expect(contacts_of(page)).to_have_count(0)


async def test_a_contact_that_is_handed_over_goes_from_one_page_to_the_other(
    server: Server, crm_database: str, address: str, page: Tab
) -> None:
    await page.goto(f"{address}?member=2")
    before = await number(tile(page, "Contacts"))
    first = "(SELECT min(id) FROM crm.contacts WHERE member_id = 1)"
    psql(server, f"UPDATE crm.contacts SET member_id = 2 WHERE id = {first}", crm_database)
    await expect(tile(page, "Contacts")).to_have_text(f"{before + 1:,}")
    psql(server, "DELETE FROM crm.contacts WHERE member_id = 2", crm_database)
    await expect(tile(page, "Contacts")).to_have_text("0")
    await expect(page.locator(".feed li")).to_have_count(0)


async def test_the_chart_looks_as_far_back_as_the_reader_wants(address: str, page: Tab) -> None:
    await page.goto(address)
    await eventually(lambda: charted(page, "calls"))
    for label, steps in (("30 d", 30), ("1 h", 60)):
        await page.get_by_role("button", name=label, exact=True).click()

        async def has_steps(wanted: int = steps) -> bool:
            return len(await charted(page, "calls")) == wanted

        await eventually(has_steps)
    assert "span=1h" in page.url


async def test_what_is_new_is_counted_beyond_what_is_shown(
    server: Server, crm_database: str, address: str, page: Tab
) -> None:
    await page.goto(address)
    await expect(page.locator(".feed li")).to_have_count(10)
    for number in range(13):
        psql(server, ADD.format(1, f"Person {number}"), crm_database)
        await expect(page.locator(".feed li").first).to_contain_text(f"Person {number}")
    await expect(page.locator(".more")).to_have_text("13 new · mark as seen")
    await page.locator(".more").click()
    await expect(page.locator(".more")).to_be_hidden()
    psql(server, "DELETE FROM crm.contacts WHERE name = 'Person 12'", crm_database)
    await expect(page.locator(".feed li").first).to_contain_text("Person 11")
    await expect(page.locator(".feed li")).to_have_count(10)
    await expect(page.locator(".more")).to_be_hidden()


async def test_a_stage_and_a_stretch_of_time_narrow_the_page_and_stand_in_its_address(
    server: Server, crm_database: str, address: str, page: Tab
) -> None:
    def staged(stage: str) -> int:
        sql = f"SELECT count(*) FROM crm.contacts WHERE member_id = 1 AND stage = '{stage}'"
        return int(psql(server, sql, crm_database))

    await page.goto(f"{address}?stage=partner&span=2026-01-01T00:00Z..2026-01-08T00:00Z")
    contacts = page.get_by_role("region", name="Contacts", exact=True).last
    await expect(contacts.locator(".tag").first).to_have_text(f"{staged('partner'):,}")
    await expect(page.get_by_role("heading", name="Activity per quarter of a day")).to_be_visible()

    async def has_a_week() -> bool:
        return len(await charted(page, "calls")) == 28

    await eventually(has_a_week)
    await page.get_by_role("button", name="Choose from when to when").click()
    sheet = page.locator(".menu:popover-open")
    await sheet.get_by_label("from").fill("2026-01-01T00:00")
    await sheet.get_by_label("to").fill("2026-01-03T00:00")
    await sheet.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("heading", name="Activity per hour")).to_be_visible()
    assert "span=2026-01-01T00:00Z..2026-01-03T00:00Z" in page.url
    await page.get_by_role("button", name="Remove the filter Stage: partner").click()
    total = int(psql(server, "SELECT count(*) FROM crm.contacts WHERE member_id = 1", crm_database))
    await expect(contacts.locator(".tag").first).to_have_text(f"{total:,}")
    emails = page.get_by_role("button", name="E-mails today")
    await emails.click()
    await expect(page.get_by_role("button", name="Remove the filter Activity: e-mails")).to_be_visible()
    await expect(emails).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".feed li i:not([title='e-mails'])")).to_have_count(0)
    await emails.click()
    await expect(page.get_by_role("button", name="Remove the filter Activity: e-mails")).to_be_hidden()
    sources = psql(
        server, "SELECT string_agg(DISTINCT source, '|') FROM crm.contacts WHERE member_id = 1", crm_database
    )
    cell = contacts.get_by_role("button", name=re.compile(f"^({sources})$")).first
    source = await cell.inner_text()
    await cell.click()
    of_source = f"SELECT count(*) FROM crm.contacts WHERE member_id = 1 AND source = '{source}'"
    await expect(tile(page, "Contacts")).to_have_text(f"{int(psql(server, of_source, crm_database)):,}")


async def test_a_reply_counts_for_its_template_and_a_click_on_a_contact_opens_them(
    server: Server, crm_database: str, address: str, page: Tab
) -> None:
    contact, email = psql(
        server,
        "SELECT contact_id, id FROM crm.sent_emails WHERE member_id = 1 AND template_id = 5 AND status = 'opened'"
        " AND replied_at IS NULL LIMIT 1",
        crm_database,
    ).split("|")

    def rate() -> str:
        share = "to_char(100.0 * count(replied_at) / count(delivered_at), 'FM990.0')"
        return psql(
            server, f"SELECT {share} FROM crm.sent_emails WHERE member_id = 1 AND template_id = 5", crm_database
        )

    await page.goto(f"{address}?contact={contact}")
    tasting = page.get_by_role("table", name="Templates").locator("tbody tr", has_text="tasting evening")
    await expect(tasting).to_contain_text(f"{rate().strip()}%")
    psql(server, f"UPDATE crm.sent_emails SET replied_at = now() WHERE id = {email}", crm_database)
    await expect(tasting).to_contain_text(f"{rate().strip()}%")
    await expect(page.locator(".group .feed li").first).to_contain_text("replied to “You are invited: tasting evening”")
    await expect(contacts_of(page).first).to_have_attribute("aria-current", "true")
    await contacts_of(page).nth(1).locator("td").first.click()
    await expect(contacts_of(page).nth(1)).to_have_attribute("aria-current", "true")
    await page.go_back()
    await expect(page).to_have_url(re.compile(f"contact={contact}$"))
    psql(server, f"DELETE FROM crm.contacts WHERE id = {contact}", crm_database)
    await expect(page.locator(".group")).to_contain_text("There is no such contact among yours.")
