"""Alerts on a page: the bell, toasts, the browser's own notifications; in a real browser, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard import apps
from dashboard.live.live import Live
from dashboard.postgres import alerts
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from dashboard.views import toast
from dashboard.views.channel import Channel
from tests.conftest import psql
from tests.log import connected
from tests.serving import served
from tests.waiting import eventually
from tests.watcher import SHORT

WAIT = 30_000
SCHEMA = "CREATE TABLE jobs (id int PRIMARY KEY, what text, load int, severity text DEFAULT 'warning')"
MARKUP = "<img src=x onerror=\"document.title='pwned'\"><b>bold</b>"
RECORDED = """
window.told = [];
window.Notification = class { constructor(title, { body, tag }) { window.told.push(title); } close() {}
  static permission = "default"; static async requestPermission() { return Notification.permission = "granted"; } };
"""
HIDE = """(is) => { Object.defineProperty(document, "hidden", { value: is, configurable: true });
  document.dispatchEvent(new Event("visibilitychange")); }"""


@pytest.fixture
async def live(server: Server, database: str) -> AsyncIterator[Live]:
    """Yield a Live with a rule over jobs."""
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as running:
        await running.install("jobs")
        await running.alerts.install()
        running.alerts.timing = SHORT
        running.alert(
            running.query("SELECT * FROM jobs"),
            name="heavy",
            title="Heavy job",
            labels=["id"],
            when=dashboard.Above("load", 5),
            severity="{severity}",
            summary="{what} has {load}",
            interval=SHORT.pause,
        )
        yield running


@pytest.fixture
async def address(live: Live) -> AsyncIterator[str]:
    """Yield the address of a page with a bell."""

    def build() -> Any:
        jobs = dashboard.Table(live.query("SELECT id, what FROM jobs"), title="Jobs")
        return dashboard.Page(jobs, live=live, title="Work", alerts=dashboard.Bell(live)).__panel__()

    async with Site([Page(slug="work", title="Work", summary="", content=build)], port=0) as site:
        yield f"{site.url}work"


async def test_an_alert_rings_is_said_kept_and_resolved(
    server: Server, database: str, live: Live, address: str, page: Tab
) -> None:
    await page.add_init_script(RECORDED)
    await page.emulate_media(reduced_motion="reduce")
    await page.goto(address)
    bell = page.get_by_role("button", name="Alerts")
    await expect(bell).to_be_visible(timeout=WAIT)
    jobs = page.get_by_role("region", name="Jobs")
    await expect(jobs).not_to_have_attribute("aria-busy", "true", timeout=WAIT)
    await eventually(lambda: live.alerts.held == ("heavy",), timeout=30)
    await is_told_by_toast(page)

    quoted = MARKUP.replace("'", "''")
    psql(server, f"INSERT INTO jobs VALUES (1, '{quoted}', 9, 'critical'), (2, 'light', 1, 'warning')", database)
    said = page.locator(".toast.bad")
    await expect(said).to_contain_text(f"Heavy job{MARKUP} has 9", timeout=WAIT)
    assert await said.get_attribute("role") == "alert"
    await expect(page.get_by_role("button", name="Alerts, 1 new")).to_be_visible()
    await said.get_by_role("button", name="Show").click()
    line = page.locator(".alerts li")
    await expect(line).to_contain_text("Heavy job")
    await expect(said).to_have_count(0)
    await expect(page.get_by_role("button", name="Alerts", exact=True)).to_be_visible(timeout=WAIT)  # nothing is new
    assert await page.title() != "pwned"

    await page.get_by_label("Notify me when I look elsewhere").check()
    await page.evaluate(HIDE, True)
    await eventually(lambda: any(channel.is_hidden for channel in Channel.all()), timeout=30)
    psql(server, "UPDATE jobs SET load = 0 WHERE id = 1", database)

    async def is_told() -> bool:
        return bool(await page.evaluate("window.told") == ["Resolved: Heavy job"])

    await eventually(is_told, timeout=30)
    await page.evaluate(HIDE, False)
    await expect(line).to_contain_text("resolved")

    await live.alerts.silence(dashboard.Scope(), "heavy", SHORT.lease)
    await expect(line.get_by_role("button", name="Silenced · hear it again")).to_be_visible(timeout=WAIT)
    psql(server, "UPDATE jobs SET load = 7 WHERE id = 2", database)
    await expect(page.locator(".alerts li")).to_have_count(2, timeout=WAIT)
    await expect(page.locator(".toast.warn")).to_have_count(0)
    await live.alerts.speak(dashboard.Scope())
    await expect(page.get_by_text("Nothing goes out by e-mail or chat here yet")).to_be_visible()
    await page.get_by_label("Messages on the page").select_option("critical")
    for number, severity in ((3, "warning"), (4, "critical")):
        psql(server, f"INSERT INTO jobs VALUES ({number}, 'more', 9, '{severity}')", database)
        await expect(page.locator(".alerts li")).to_have_count(number, timeout=WAIT)
    await expect(page.locator(".toast.bad")).to_contain_text("more has 9", timeout=WAIT)
    await expect(page.locator(".toast.warn")).to_have_count(0)
    await page.locator(".toast.bad").get_by_role("button", name="Put away").click()

    await live.alerts.contact_point("mail", "mailto://127.0.0.1:9?to={to}")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Alerts").click()
    await page.locator("summary", has_text="mail · off").click()
    await page.get_by_label("Address").fill("not an address\tat all")
    await page.get_by_label("Quiet from").fill("22:00")
    await page.get_by_label("Quiet until").fill("07:00")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".toast.bad")).to_contain_text("This could not be kept", timeout=WAIT)
    await page.get_by_label("Address").fill("me@example.org")
    await page.get_by_role("button", name="Save").click()
    kept = page.locator("summary", has_text="mail · me@example.org · from warning · quiet 22:00 to 07:00")
    await expect(kept).to_be_visible(timeout=WAIT)


async def is_told_by_toast(tab: Tab) -> None:
    """A toast of the server is shown once for each key, without motion; what the reader does comes back to its view."""
    shown = [list(channel.bindings.values()) for channel in Channel.all() if channel.carrier]
    bindings = next(page for page in shown if any(binding.view.title == "Jobs" for binding in page))
    table = next(binding for binding in bindings if isinstance(binding.view, dashboard.Table))
    answers: list[Any] = []
    table.view.on("toast", answers.append)
    for text in ("changed the stage", "changed the stage meanwhile"):
        toast(table, text, title=MARKUP, tone="warn", actions=[("Compare", "row 3")], key="row 3")
    said = tab.locator(".toast.warn")
    await expect(said).to_have_count(1, timeout=WAIT)
    await expect(said).to_contain_text(f"{MARKUP}changed the stage meanwhile")
    assert await said.evaluate("(node) => getComputedStyle(node).animationName") == "none"
    await said.get_by_role("button", name="Compare").click()
    await eventually(lambda: answers == ["row 3"], timeout=30)
    await expect(said).to_have_count(0)
    await tab.mouse.move(0, 0)  # it is whole for whoever points at it
    toast(table, "word " * 300, tone="warn", key="row 4")
    await expect(said).to_contain_text("word")
    assert await said.evaluate("(node) => node.offsetHeight") < 160  # a long one does not cover the page
    await said.get_by_role("button", name="Put away").click()
    bell = next(binding for binding in bindings if isinstance(binding.view, dashboard.Bell))
    for forged in ({"event": {"a": 1}}, {"event": "prefer"}, {"event": "seen", "value": 1e300}, {"event": "_done"}):
        bell.view.receive(bell, forged)
    await expect(tab.locator(".toast.bad")).to_contain_text("It was not understood.", timeout=WAIT)
    await tab.get_by_role("button", name="Put away").click()


async def test_of_two_people_on_two_servers_each_hears_what_concerns_them(
    server: Server, app_database: Callable[[str], str], page: Tab
) -> None:
    dsn = app_database("crm")
    await install(dsn, apps.find("crm").tables)
    async with connected(dsn) as connection:
        await alerts.install(connection)
    with served(dsn, "crm") as one, served(dsn, "crm") as other:
        tabs = [page, await page.context.new_page()]
        for number, (tab, address) in enumerate(zip(tabs, (one, other), strict=True), start=1):
            await tab.goto(f"{address}crm?member={number}")
            await expect(tab.get_by_role("button", name="Alerts", exact=True)).to_be_visible(timeout=WAIT)

        async def is_watched() -> bool:
            watched = "SELECT count(*) FROM dashboard_alerts.rule WHERE begun_at IS NOT NULL"
            return psql(server, watched, dsn) == "2\n"

        await eventually(is_watched, timeout=30)
        for number, tab in enumerate(tabs, start=1):
            [name] = psql(
                server,
                "UPDATE crm.contacts SET stage = 'partner' WHERE id = (SELECT min(id) FROM crm.contacts "
                f"WHERE member_id = {number} AND stage = 'lead') RETURNING name",
                dsn,
            ).splitlines()
            await expect(tab.locator(".toast")).to_contain_text(f"Moved {name} to partner", timeout=WAIT)
        for tab in tabs:
            await expect(tab.get_by_role("button", name="Alerts, 1 new", exact=True)).to_be_visible()
            await tab.goto("about:blank")  # the servers end before the browser does
