"""Rows edited in Chromium: what is typed is seen at once, is never lost, and overwrites nobody unasked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

import dashboard
from dashboard import apps
from dashboard.postgres.connection import connect
from dashboard.postgres.server import Server
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site
from tests.browser.test_readme import orders as orders  # a fixture
from tests.browser.test_writes import SLOWLY
from tests.conftest import psql
from tests.proxy import Proxy
from tests.serving import served
from tests.waiting import eventually

becomes = partial(eventually, timeout=30)

PAGE = """
import dashboard
from dashboard.views import Editing

live = dashboard.connect()
session = live.session()
orders = session.query("SELECT id, status, total FROM orders ORDER BY id")
editing = Editing(session, "orders", ["status", "total"], create=["id", "status", "total"], delete=True, thing="order")
dashboard.Table(orders, title="Orders", columns=["id", "status", "total"], edit=editing).servable()
"""


def cell(tab: Tab, row: int, column: int) -> Locator:
    return tab.get_by_role("table").locator("tbody tr").nth(row).locator("td").nth(column)


async def typed(tab: Tab, where: Locator, text: str, *, key: str = "Enter") -> None:
    await where.dblclick()
    await tab.locator(".entry input").fill(text)
    await tab.keyboard.press(key)


async def merged(tab: Tab, **choices: str) -> None:
    """Decide a conflict by column."""
    for column, whose in choices.items():
        await tab.get_by_role("group", name=column).get_by_label(whose).check()
    await tab.get_by_role("button", name="Save my choice").click()
    await expect(tab.get_by_role("dialog")).to_have_count(0)


async def test_a_cell_is_edited_and_neither_lost_nor_written_over(
    page: Tab, server: Server, orders: str, tmp_path: Path
) -> None:
    psql(server, SLOWLY, orders)

    def stored(number: int) -> str:
        return psql(server, f"SELECT status, total FROM orders WHERE id = {number}", orders).strip()

    file = tmp_path / "page.py"
    file.write_text(PAGE, encoding="utf-8")
    with served(orders, str(file), DASHBOARD_DATA_FOLDER=str(tmp_path)) as address:
        other = await page.context.new_page()
        for tab in (page, other):
            await tab.goto(address)
            await expect(cell(tab, 1, 1)).to_have_text("new")
        field, problem = page.locator(".entry input"), page.locator(".entry .bad")

        # seen before the server has answered, by who typed it
        holder = await connect(orders)
        await holder.execute("SELECT pg_advisory_lock(7)")
        await typed(page, cell(page, 1, 1), "sent")
        await expect(cell(page, 1, 1)).to_have_text("sent")
        await expect(cell(page, 1, 1)).to_be_focused()
        assert (await cell(other, 1, 1).text_content(), stored(2)) == ("new", "new|20.5")
        await holder.execute("SELECT pg_advisory_unlock(7)")
        await expect(cell(other, 1, 1)).to_have_text("sent")

        # what does not fit stays where it was typed, and others' rows move on meanwhile
        await page.bring_to_front()
        await page.keyboard.press("F2")
        await page.keyboard.press("Tab")
        await field.fill("much")
        await page.keyboard.press("Enter")
        await expect(problem).to_contain_text("Total takes a number")
        psql(server, "INSERT INTO orders (id, status, total) VALUES (0, 'first', 1)", orders)
        await expect(cell(page, 0, 1)).to_have_text("first")
        await expect(field).to_have_value("much")
        await expect(field).to_be_focused()
        await field.fill("21")
        await page.keyboard.press("Enter")
        await becomes(lambda: stored(2) == "sent|21")

        # what is refused goes back, and comes back to be mended
        await typed(page, cell(page, 2, 1), "bad")
        toast = page.locator(".toast.bad")
        await expect(toast).to_contain_text("The database refuses: bad is bad.")
        await expect(cell(page, 2, 1)).to_have_text("sent")
        await toast.get_by_role("button", name="Edit").click()
        await expect(field).to_have_value("bad")
        await field.fill("good")
        await page.keyboard.press("Enter")
        await becomes(lambda: stored(2) == "good|21")
        await expect(toast).to_have_count(0)

        # two people, two columns of a row
        await cell(page, 3, 1).dblclick()
        await field.fill("packed")
        await typed(other, cell(other, 3, 2), "9")
        await becomes(lambda: stored(3) == "paid|9")
        await page.bring_to_front()
        await field.press("Enter")
        await becomes(lambda: stored(3) == "packed|9")

        # two people, the same columns: each is chosen
        row = page.get_by_role("table").locator("tbody tr").nth(3)
        await row.get_by_role("button", name="Change").click()
        await row.get_by_role("button", name="Edit").click()
        await page.get_by_label("Status").fill("mine")
        await page.get_by_label("Total").fill("11")
        psql(server, "UPDATE orders SET status = 'theirs', total = 22 WHERE id = 3", orders)
        await page.get_by_role("button", name="Save").click()
        asked = page.get_by_role("dialog")
        await expect(asked).to_contain_text("Somebody else has changed status, total meanwhile.")
        for value in ("packed", "theirs", "mine", "9", "22", "11"):
            await expect(asked.get_by_text(value, exact=True)).to_be_visible()
        await page.keyboard.press("Escape")  # nothing is decided by that
        await page.get_by_role("button", name="Decide").click()
        await merged(page, Status="Mine", Total="Theirs")
        await becomes(lambda: stored(3) == "mine|22")

        # a new row, and a deletion taken back
        await page.get_by_role("button", name="+ Order").click()
        await page.get_by_role("button", name="Create").click()
        await expect(page.get_by_text("Id must be given.")).to_be_visible()
        await page.get_by_label("Id").fill("4")
        await page.get_by_role("button", name="Create").click()
        await expect(page.get_by_text("Order created")).to_be_visible()
        await row.get_by_role("button", name="Change").click()
        await row.get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("Order deleted")).to_be_visible()
        assert stored(3) == ""
        await page.get_by_role("button", name="Undo").last.click()
        await becomes(lambda: stored(3) == "mine|22")

        # a row that leaves the page while it is edited
        await row.locator("td").nth(1).dblclick()
        await field.fill("late")
        psql(server, "DELETE FROM orders WHERE id = 3", orders)
        await expect(page.get_by_text("This row has left the page.")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast.bad")).to_contain_text("Yours: Status “late”.")
        await holder.close()
        for tab in (page, other):
            await tab.goto("about:blank")


async def test_a_members_changes_wait_for_the_database_and_are_done_once(
    page: Tab, server: Server, crm_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_FOLDER", str(tmp_path))

    def count(name: str) -> str:
        sql = f"SELECT count(*) FROM crm.contacts WHERE name = '{name}' AND member_id = 1"
        return psql(server, sql, crm_database).strip()

    app = apps.find("crm")
    async with dashboard.connect(crm_database) as live:
        await live.install(*app.tables)
    async with (
        Proxy(crm_database) as proxy,
        dashboard.connect(proxy.dsn) as live,
        Site([page_of(app, live)], port=0) as site,
    ):
        await page.goto(f"{site.url}crm")
        contacts = page.get_by_role("table", name="Contacts").locator("tbody tr")
        waiting = page.locator("tr[data-pending=kept]")
        await page.get_by_role("button", name="+ Contact").click()
        await page.get_by_label("Name").fill("Zara Quist")
        await page.get_by_label("Country").fill("nowhere")
        await page.get_by_role("button", name="Create").click()
        await page.locator(".toast.bad").get_by_role("button", name="Edit").click()
        await expect(page.get_by_label("Name")).to_have_value("Zara Quist")
        await page.get_by_label("Country").fill("SE")
        await page.get_by_role("button", name="Create").click()
        await expect(contacts.first).to_contain_text("Zara Quist")
        await becomes(lambda: count("Zara Quist") == "1")
        await live.caught_up()
        await page.reload()
        await expect(contacts.first).to_contain_text("Zara Quist")  # under the key that the database gave it
        await proxy.cut()
        await contacts.first.locator("b").dblclick()
        await page.locator(".entry input").fill("Zara Q.")
        await page.keyboard.press("Enter")
        await expect(waiting).to_contain_text("Zara Q.")
        await page.reload()
        await expect(waiting).to_contain_text("Zara Q.")
        assert count("Zara Quist") == "1"
        await proxy.restore()
        await becomes(lambda: count("Zara Q.") == "1")
        await expect(waiting).to_have_count(0)
        await expect(contacts.first).to_contain_text("Zara Q.")
        assert count("Zara Q.") == "1"
        await contacts.first.get_by_role("button", name="Change").click()
        await contacts.first.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog", name="Delete Zara Q.?").get_by_role("button", name="Delete").click()
        await becomes(lambda: count("Zara Q.") == "0")
        await page.goto("about:blank")
