"""In Chromium: an edit is seen before the server has answered, by whoever made it; a refused one goes back."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

from playwright.async_api import Page as Tab
from playwright.async_api import expect

from dashboard.postgres.connection import connect
from tests.browser.test_readme import orders as orders  # a fixture
from tests.conftest import psql
from tests.proxy import Proxy
from tests.serving import served

PAGE = """
import dashboard
import panel as pn

live = dashboard.connect()
session = live.session()
said = pn.pane.Str("nothing yet")


def button(status):
    async def write(_event):
        table = await session.table("orders")
        try:
            await table.update(2, {"status": status})
            said.object = f"{status}: stored"
        except dashboard.DashboardError as error:
            said.object = str(error)

    return pn.widgets.Button(name=f"Set {status}", on_click=write)


dashboard.Page(
    dashboard.Tile(session.query("SELECT status, id FROM orders WHERE id = 2"), title="Order"),
    button("sent"), button("bad"), button("late"), said, live=live,
).servable()
"""
SLOWLY = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7);
    IF NEW.status = 'bad' THEN RAISE EXCEPTION 'bad is bad'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slowly BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION slowly();
"""


async def test_an_edit_is_seen_before_the_server_has_answered(
    page: Tab, server, orders: str, proxy: Proxy, tmp_path: Path
) -> None:
    psql(server, SLOWLY, orders)
    file = tmp_path / "page.py"
    file.write_text(PAGE, encoding="utf-8")
    with ExitStack() as stack:  # entered in a thread: the proxy works on this loop
        serving = served(proxy.dsn, str(file), DASHBOARD_DATA_FOLDER=str(tmp_path))
        address = await asyncio.to_thread(stack.enter_context, serving)
        other = await page.context.new_page()
        for tab in (page, other):
            await tab.goto(address)
            await expect(tab.get_by_text("new", exact=True)).to_be_visible(timeout=30_000)
        holder = await connect(orders)
        await holder.execute("SELECT pg_advisory_lock(7)")
        await page.get_by_role("button", name="Set sent").click()
        await expect(page.get_by_text("sent", exact=True)).to_be_visible(timeout=30_000)
        await expect(page.get_by_text("nothing yet")).to_be_visible()
        await expect(other.get_by_text("new", exact=True)).to_be_visible()
        assert psql(server, "SELECT status FROM orders WHERE id = 2", orders) == "new\n"
        await holder.execute("SELECT pg_advisory_unlock(7)")
        await expect(page.get_by_text("sent: stored")).to_be_visible(timeout=30_000)
        await expect(other.get_by_text("sent", exact=True)).to_be_visible(timeout=30_000)
        await holder.execute("SELECT pg_advisory_lock(7)")
        await page.get_by_role("button", name="Set bad").click()
        await expect(page.get_by_text("bad", exact=True)).to_be_visible(timeout=30_000)
        await holder.close()
        await expect(page.get_by_text("The database refuses: bad is bad.")).to_be_visible(timeout=30_000)
        await expect(page.get_by_text("sent", exact=True)).to_be_visible(timeout=30_000)
        await proxy.cut()
        await page.get_by_role("button", name="Set late").click()
        await expect(page.get_by_text("late", exact=True)).to_be_visible()
        await expect(page.locator("header .pill")).to_contain_text("1 change waits for the database")
        await expect(page.locator(".banner")).to_contain_text("1 change waits for the database and will be sent.")
        await proxy.restore()
        await expect(other.get_by_text("late", exact=True)).to_be_visible()
        await expect(page.locator("header .pill")).not_to_contain_text("waits")
        for tab in (page, other):
            await tab.goto("about:blank")
