"""Two people in two browsers on two server processes: they see each other, and hear what is meant for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.serving import served

IMPORT = """INSERT INTO outreach.import_status (id, user_id, campaign_id, source, total, done)
            VALUES (9999, 1, 1, 'fair', 40, 0);"""
OTHERS = """INSERT INTO outreach.import_status (user_id, campaign_id, source, total)
            SELECT user_id, id, 'theirs', 9 FROM outreach.campaigns WHERE user_id = 2 LIMIT 1;"""


@pytest.fixture
async def outreach_database(app_database: Callable[[str], str]) -> str:
    """Return a database with outreach and its log."""
    dsn = app_database("outreach")
    await install(dsn, apps.find("outreach").tables)
    return dsn


@pytest.fixture
def addresses(outreach_database: str) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Yield the addresses of two processes, and what kills the second."""
    with served(outreach_database, "outreach") as one, ExitStack() as other:
        yield one, other.enter_context(served(outreach_database, "outreach")), other.close


def here(tab: Tab) -> Locator:
    return tab.locator(".here button")


async def told(tab: Tab, words: str) -> str:
    """Wait for a notice, which goes by itself; return what all there are say."""
    said = "document.querySelector('.d-toasts')?.shadowRoot.textContent"
    found = await tab.wait_for_function(f"(words) => {said}?.includes(words) && {said}", arg=words)
    return str(await found.json_value())


async def test_people_on_two_servers_see_each_other_and_hear_what_is_meant_for_them(
    server: Server,
    outreach_database: str,
    addresses: tuple[str, str, Callable[[], None]],
    page: Tab,
    complaints: list[str],
) -> None:
    one, two, kill_two = addresses
    assert page.context.browser is not None
    theirs = await (await page.context.browser.new_context(viewport={"width": 390, "height": 844})).new_page()
    third = await (await page.context.browser.new_context()).new_page()
    await page.goto(f"{one}outreach?member=1")
    await expect(here(page)).to_have_accessible_name("Here now: only you")
    await theirs.goto(f"{two}outreach?member=1&campaign=2")
    await third.goto(f"{two}outreach?member=2")
    await expect(here(page)).to_have_accessible_name("Here now: you and 1 other")
    await expect(here(theirs)).to_have_accessible_name("Here now: you and 1 other")
    await expect(here(third)).to_have_accessible_name("Here now: only you")

    await here(page).focus()
    await page.keyboard.press("Enter")
    people = page.get_by_role("list", name="Here now").get_by_role("listitem")
    await expect(people).to_have_count(2)
    await expect(people.filter(has_not_text="(you)")).to_contain_text("on this page · campaign 2")
    await page.keyboard.press("Escape")
    await expect(people.first).to_be_hidden()

    heard = [
        asyncio.ensure_future(told(tab, words))
        for tab, words in ((page, "fair: 15 of 40"), (theirs, "fair: 15 of 40"), (third, "Importing theirs"))
    ]
    psql(server, IMPORT + OTHERS, outreach_database)
    psql(server, "UPDATE outreach.import_status SET done = 15 WHERE id = 9999", outreach_database)
    mine, same, others = await asyncio.gather(*heard)
    assert "theirs" not in mine + same
    assert "fair" not in others

    kill_two()
    complaints.clear()
    await expect(here(page)).to_have_accessible_name("Here now: only you")
