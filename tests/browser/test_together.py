"""Two people in two browsers on two server processes: they see each other, talk, and hear what is meant for them.

What one of them has a script write by the page's own cookie, and what the test panel of one process does, is in the
page that the other has open at the other process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.async_api import Locator, WebSocket, expect
from playwright.async_api import Page as Tab

from dashboard import apps
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from dashboard.surfaces.people import add, remove
from tests.conftest import psql
from tests.serving import served
from tests.waiting import eventually

API = """async ([method, path, row]) => {
  await fetch("/api");
  const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
  const headers = { "Content-Type": "application/json", "X-XSRFToken": token };
  const answer = await fetch(`/api/${path}`, { method, headers, body: JSON.stringify(row) });
  return [answer.status, await answer.json()];
}"""
IMPORT = {"id": 9999, "user_id": 1, "campaign_id": 1, "source": "expo-7", "total": 40}
OTHERS = """INSERT INTO outreach.import_status (user_id, campaign_id, source, total)
            SELECT user_id, id, 'theirs', 9 FROM outreach.campaigns WHERE user_id = 2 LIMIT 1;"""


PEOPLE = (("ann", "Ann Ames", 1), ("ben", "Ben Bard", 1), ("cleo", "Cleo Cole", 2))  # login, name, user of outreach
PASSWORD = "correct horse battery"


@pytest.fixture
async def outreach_database(app_database: Callable[[str], str]) -> str:
    """Return a database with outreach, its log, and three people, two of whom look as the same user."""
    dsn = app_database("outreach")
    await install(dsn, apps.find("outreach").tables)
    for login, name, user in PEOPLE:
        scope = Scope(role="outreach_member", settings={"app.user_id": str(user)})
        await add(dsn, login, name=name, password=PASSWORD, page="", scope=scope, is_operator=login == "ann")
    return dsn


async def log_in(tab: Tab, address: str, login: str) -> None:
    await tab.goto(address)
    await tab.get_by_label("Login").fill(login)
    await tab.get_by_label("Password").fill(PASSWORD)
    await tab.get_by_role("button").click()
    await expect(here(tab)).to_be_visible()


@pytest.fixture
def addresses(outreach_database: str) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Yield the addresses of two processes, and what kills the second."""
    with served(outreach_database, "outreach", "--dev") as one, ExitStack() as other:
        yield one, other.enter_context(served(outreach_database, "outreach")), other.close


def here(tab: Tab) -> Locator:
    return tab.locator(".here button")


async def told(tab: Tab, words: str) -> str:
    """Wait for a notice, which goes by itself; return what all there are say."""
    said = "document.querySelector('.d-toasts')?.shadowRoot.textContent"
    found = await tab.wait_for_function(f"(words) => {said}?.includes(words) && {said}", arg=words)
    return str(await found.json_value())


def sent_to(tab: Tab) -> list[str]:
    """All that a tab's channels are sent, as it comes."""
    sent: list[str] = []

    def listen(socket: WebSocket) -> None:
        if socket.url.endswith("/channel"):
            socket.on("framereceived", lambda frame: sent.append(frame if isinstance(frame, str) else frame.decode()))

    tab.on("websocket", listen)
    return sent


async def asked(tab: Tab, method: str, path: str, row: dict[str, object]) -> tuple[int, str, int]:
    """Have a script of the page write an import at `/api`; the status, and what the import is then."""
    status, written = await tab.evaluate(API, [method, path, row])
    return status, written["source"], written["done"]


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
    to_ben, to_cleo = sent_to(theirs), sent_to(third)
    await log_in(page, f"{one}outreach", "ann")
    await expect(here(page)).to_have_accessible_name("Here now: only you")
    campaign = psql(server, "SELECT min(id) FROM outreach.campaigns WHERE user_id = 1", outreach_database).strip()
    await log_in(theirs, f"{two}outreach?campaign={campaign}", "ben")
    await log_in(third, f"{two}outreach?campaign={campaign}", "cleo")
    await expect(here(page)).to_have_accessible_name("Here now: you and 1 other")
    await expect(here(theirs)).to_have_accessible_name("Here now: you and 1 other")
    await expect(here(third)).to_have_accessible_name("Here now: only you")

    await here(page).focus()
    await page.keyboard.press("Enter")
    people = page.get_by_role("list", name="Here now").get_by_role("listitem")
    await expect(people).to_have_count(2)
    await expect(people.filter(has_not_text="(you)")).to_contain_text(f"Ben Bardon this page · campaign {campaign}")
    await page.keyboard.press("Escape")
    await expect(people.first).to_be_hidden()

    heard = [
        asyncio.ensure_future(told(tab, words))
        for tab, words in ((page, "expo-7: 15 of 40"), (theirs, "expo-7: 15 of 40"), (third, "Importing theirs"))
    ]
    psql(server, OTHERS, outreach_database)
    assert await asked(page, "POST", "outreach.import_status", IMPORT) == (201, "expo-7", 0)
    assert await asked(page, "PATCH", "outreach.import_status/9999", {"done": 15}) == (200, "expo-7", 15)
    mine, same, others = await asyncio.gather(*heard)
    assert "theirs" not in mine + same

    assert await asked(page, "PATCH", "outreach.import_status/9999", {"done": 40}) == (200, "expo-7", 40)
    await expect(theirs.get_by_role("progressbar", name="expo-7")).to_have_attribute("aria-valuetext", "40 of 40")
    moved = next(sent for sent in to_ben if '"text":"40"' in sent)
    assert "Imported 40 people from expo-7" in moved  # the line that a trigger wrote came in the same tick
    assert (await page.request.get(f"{one}api/outreach.import_status/9999")).ok
    assert (await third.request.get(f"{two}api/outreach.import_status/9999")).status == 404
    await there_is_trouble_on_one_server(server, outreach_database, page, f"{one}dev", theirs)
    assert "theirs" in "".join(to_cleo)
    assert "expo-7" not in "".join([others, *to_cleo])

    await page.goto(f"{one}outreach?campaign={campaign}")
    await they_talk(server, outreach_database, page, theirs)
    await expect(third.get_by_role("heading", name="There is no such campaign among yours.")).to_be_visible()
    await expect(third.get_by_role("log").get_by_role("listitem")).to_have_count(0)

    assert (await theirs.request.get(f"{two}dev")).status == 404  # the test panel is there where one asks for it

    await who_is_no_more_logged_in_is_shown_nothing(outreach_database, one, theirs, third)
    kill_two()
    complaints.clear()
    await expect(here(page)).to_have_accessible_name("Here now: only you")


async def there_is_trouble_on_one_server(server: Server, dsn: str, ann: Tab, panel: str, ben: Tab) -> None:
    """A test panel adds rows while its own process loses the database and is slow; the other's pages go on."""

    def invited() -> int:
        return int(psql(server, "SELECT count(*) FROM outreach.connections", dsn))

    before = invited()
    await ann.goto(panel)
    add = ann.get_by_role("button", name="Add an invitation")
    await expect(add).to_be_enabled()
    await add.click()
    await told(ann, "1 of 1 were written")
    await ann.get_by_role("button", name="Slow ticks by 1 s").click()
    await told(ann, "Each tick takes 1 s longer")
    await ann.get_by_label("How many").fill("1000")
    await add.click()
    await eventually(lambda: invited() > before + 20, timeout=30)
    broken = [asyncio.ensure_future(told(ann, words)) for words in ("connections of this process", "PostgreSQL broke")]
    await ann.get_by_role("button", name="Cut the connections").click()
    await asyncio.gather(*broken)
    assert invited() < before + 1000  # a burst that was cut is written as far as it went
    await ann.get_by_label("How many").fill("10")
    await add.click()
    await told(ann, "10 of 10 were written")
    last = psql(server, "SELECT count(*) FROM outreach.connections WHERE user_id = 1 AND state = 'pending'", dsn)
    await ann.get_by_role("button", name="At full speed").click()
    pending = ben.get_by_role("region", name="Connections by state").last.locator("li").first
    await expect(pending.locator(".figures span").first).to_have_text(f"{int(last):,}")


async def who_is_no_more_logged_in_is_shown_nothing(dsn: str, other: str, ben: Tab, cleo: Tab) -> None:
    """One logs out by another server than the one that serves the page; the other is taken out."""
    await expect(ben.get_by_role("region", name="Campaigns")).to_be_visible()
    assert (await ben.request.post(f"{other}logout")).ok
    await remove(dsn, "cleo")
    for tab in (ben, cleo):
        await expect(tab.get_by_role("heading", name="You are logged out")).to_be_visible()
        await expect(tab.get_by_role("region")).to_have_count(0)
    await ben.get_by_role("button", name="Load again").click()
    await expect(ben.get_by_label("Password")).to_be_visible()


async def they_talk(server: Server, dsn: str, ann: Tab, ben: Tab) -> None:
    """Comments on a campaign that both have open."""
    own, said = (tab.get_by_role("log", name="Comments").get_by_role("listitem") for tab in (ann, ben))
    write, answer = (tab.get_by_role("textbox", name="Write a comment") for tab in (ann, ben))
    await expect(ann.get_by_text("Nobody has said anything yet.")).to_be_visible()
    await write.fill("See <b>this</b>\nhttps://example.org")
    await write.press("Control+Enter")
    for thread in (own, said):
        await expect(thread).to_have_count(1)
        await expect(thread).to_contain_text("Ann Ames")
        await expect(thread.locator("p")).to_have_text("See <b>this</b>\nhttps://example.org")
    await expect(write).to_have_value("")
    await answer.fill("x" * 4001)
    await expect(ben.get_by_text("too long by 1")).to_be_visible()
    await expect(ben.get_by_role("button", name="Comment")).to_be_disabled()
    await answer.fill("word " * 200 + "x" * 300)
    await ben.get_by_role("button", name="Comment").click()
    await expect(own).to_have_count(2)
    await expect(own.nth(1)).to_contain_text("Ben Bard")
    await expect(own.get_by_role("button", name="Edit")).to_have_count(1)
    assert await ben.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await own.first.get_by_role("button", name="Edit").click()
    change = ann.get_by_role("textbox", name="Change the comment")
    await expect(change).to_be_focused()
    await change.fill("Seen")
    await change.press("Control+Enter")
    await expect(said.first.locator("p")).to_have_text("Seen")
    await expect(said.first).to_contain_text("edited")

    psql(server, "REVOKE INSERT ON outreach.comments FROM outreach_member", dsn)
    await write.fill("Not lost")
    refusal = asyncio.ensure_future(told(ann, "This comment was not kept"))
    await write.press("Control+Enter")
    await refusal
    await expect(write).to_have_value("Not lost")
    await expect(own).to_have_count(2)
    psql(server, "GRANT INSERT (id, record, author, name, body) ON outreach.comments TO outreach_member", dsn)
    await ann.reload()
    await expect(write).to_have_value("Not lost")
    await write.press("Control+Enter")
    await expect(said).to_have_count(3)
    await expect(write).to_have_value("")

    await own.first.get_by_role("button", name="Delete").click()
    await own.first.get_by_role("button", name="Delete for good").click()
    await expect(said).to_have_count(2)
