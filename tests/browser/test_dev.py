"""The test panel: for operators only; it adds, cuts and slows, and shows what ticks did.

That it is not there without `--dev` is seen in `test_together`, whose servers have no such option.
"""

from __future__ import annotations

import re

import asyncpg
from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.access import access_by
from dashboard.surfaces.dev import dev_page
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.samples import samples
from dashboard.surfaces.site import Site
from tests.conftest import psql
from tests.intruder import Intruder
from tests.serving import served
from tests.waiting import eventually

CONTACTS = "SELECT count(*) FROM crm.contacts"


async def test_it_adds_cuts_and_slows_and_shows_every_tick(server: Server, crm_database: str, page: Tab) -> None:
    crm = apps.find("crm")
    before = int(psql(server, CONTACTS, crm_database))
    other = await asyncpg.connect(crm_database, server_settings={"application_name": "dashboard: follower"})
    async with dashboard.connect(crm_database) as live:
        await live.install(*crm.tables)
        async with Site([page_of(crm, live), dev_page(live, [crm])], port=0) as site:
            await page.goto(f"{site.url}dev")
            ticks = page.get_by_role("table", name="Ticks").locator("tbody tr")
            add = page.get_by_role("button", name="Add a contact")
            await expect(add).to_be_enabled()
            await page.get_by_label("How many").fill("25")
            await add.click()
            await eventually(lambda: int(psql(server, CONTACTS, crm_database)) == before + 25, timeout=30)
            await expect(ticks.first).to_contain_text("on")
            await page.get_by_label("How many").fill("1001")
            await add.click()  # the browser says that it is too many
            await page.get_by_role("button", name="Cut the connections").click()
            await expect(page.get_by_text(re.compile(r"\d+ connections of this process were ended"))).to_be_visible()
            await page.get_by_role("button", name="Slow ticks by 1 s").click()
            await expect(page.get_by_text("Each tick takes 1 s longer")).to_be_visible()
            await page.get_by_role("button", name="At full speed").click()
            await expect(page.get_by_text("Ticks are not slowed.")).to_be_visible()
            assert live.hub.on_snapshot is None
            await page.get_by_label("How many").fill("1")
            await add.click()
            await eventually(lambda: int(psql(server, CONTACTS, crm_database)) == before + 26, timeout=30)
            await live.caught_up()
            await expect(ticks.nth(1)).to_be_visible()
            await page.goto("about:blank")  # so that it does not look for a site that has ended
    assert await other.fetchval("SELECT 1") == 1  # another process' connection of the same name
    await other.close()


async def test_it_is_for_operators_and_there_with_the_option(crm_database: str) -> None:
    crm = apps.find("crm")
    async with dashboard.connect(crm_database) as live:
        await live.install(*crm.tables)
        access = access_by(await samples(crm_database, [crm]))
        async with Site([page_of(crm, live), dev_page(live, [crm])], port=0, access=access) as site:
            operator, other = (Intruder(site.url) for _ in range(2))
            first, second = access.logins.directory.people[:2]  # type: ignore[attr-defined]  # they are samples
            await operator.log_in(first.login, "")
            await other.log_in(second.login, "")
            assert "Add a contact" in await operator.document("dev", await operator.token("dev"))
            assert (await other.ask("dev")).code == 403
            assert await other.document("dev", await other.token("dev")) == ""
            assert await other.document("dev", await operator.token("dev")) == ""
    with served(crm_database, "crm", "--dev") as dev:
        assert (await Intruder(dev).ask("dev")).code == 200
