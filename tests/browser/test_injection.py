"""Nothing that stands in a database runs in a browser, in whichever view it is shown.

Each place where a view shows text is given markup of its own that tells when it runs. None may; and all of them do in a
browser that takes text for markup, so that each could have been seen.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

import dashboard
from dashboard.postgres.people import Person
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.surfaces.access import access_by
from dashboard.surfaces.directory import Samples
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from dashboard.views import Comments
from dashboard.views.channel import Channel
from dashboard.views.outcome import follow
from dashboard.views.toast import toast
from tests.conftest import psql
from tests.waiting import eventually

PARSING = """
  const parsed = (text) => document.createRange().createContextualFragment(text);
  for (const name of ["append", "replaceChildren"]) {
    const own = Element.prototype[name];
    Element.prototype[name] = function (...nodes) {
      const isText = (node) => typeof node === "string" && this.tagName !== "STYLE";
      return own.apply(this, nodes.map((node) => (isText(node) ? parsed(node) : node)));
    };
  }
  const { get, set } = Object.getOwnPropertyDescriptor(Node.prototype, "textContent");
  Object.defineProperty(HTMLElement.prototype, "textContent", {
    get, set(text) { if (this.tagName === "STYLE") set.call(this, text); else this.innerHTML = text; },
  });
"""
PLACES = (
    "tile", "caption", "series", "cell", "below", "tag", "heading", "feed", "progress", "lane", "card", "tab", "tabbed",
    "title", "note", "error", "viewer", "record", "speaker", "comment",
    "alert", "line", "form", "mine", "theirs", "toast",
)  # fmt: skip


def markup(place: str) -> str:
    """Text that tells when it runs."""
    return f"<img src=data:, onerror=ran.push(`{place}`)>"  # a column's name has no more than 63 bytes


def sql(place: str) -> str:
    return f"'{markup(place)}'"


EYES = Scope(role="postgres")
KEPT = f"""CREATE TABLE kept (id integer PRIMARY KEY, text text);
    INSERT INTO kept VALUES (1, {sql("theirs")});"""
SAID = f"""SELECT '{UUID(int=1)}'::uuid AS id, 1 AS record, 'eve' AS author, {sql("speaker")} AS name,
    {sql("comment")} AS body, now() AS created_at, NULL::timestamptz AS edited_at"""


def every_view(live: Any) -> Any:
    def query(select: str) -> Any:
        return live.query(f"SELECT {select}")

    page = dashboard.Page(
        dashboard.Tile(query(f"{sql('tile')} AS n"), title=markup("title"), caption=markup("caption")),
        dashboard.Chart(
            query(f"1 AS x, 2 AS y, {sql('series')} AS kind UNION ALL SELECT 2, 3, 'plain'"), x="x", y="y", by="kind"
        ),
        dashboard.Table(
            query(
                f"1 AS id, {sql('cell')} AS cell, {sql('below')} AS under, {sql('tag')} AS tag, "
                f'0 AS "{markup("heading")}"'
            ),
            below={"cell": "under"}, tags=["tag"],
        ),
        dashboard.Feed(query(f"1 AS id, now() AS at, {sql('feed')} AS said"), format="{said}"),
        dashboard.Progress(query(f"{sql('progress')} AS label, 3 AS value"), value="value", label="label"),
        dashboard.Lanes(query(f"1 AS id, {sql('lane')} AS state, {sql('card')} AS card"), format="{card}"),
        dashboard.Tabs({markup("tab"): lambda: [dashboard.Tile(query(f"{sql('tabbed')} AS n"))], "Other": list}),
        dashboard.Tile(query(f"{sql('error')}::text::int AS n"), title="Fails"),
        dashboard.Here(live, page="Page", record=markup("record")),
        Comments(live, f"({SAID}) AS said", 1),
        live=live, title=markup("title"), note=markup("note"), alerts=dashboard.Bell(live),
    )  # fmt: skip
    return page.__panel__()


@pytest.mark.parametrize("is_parsing", [False, True], ids=["a browser", "one that takes text for markup"])
async def test_no_text_runs_that_a_view_shows(
    server: Server, database: str, page: Tab, complaints: list[str], is_parsing: bool
) -> None:
    await page.add_init_script(f"window.ran = []; {PARSING if is_parsing else ''}")
    everybody = Samples([Person(login="eve", name=markup("viewer"), scopes={"": EYES})], [[]])
    psql(server, KEPT, database)
    async with dashboard.connect(database) as live:
        await live.install("kept")
        await live.alerts.install()
        shown = Page(slug="page", title="Page", summary="", content=lambda: every_view(live), api=("kept",), live=live)
        async with Site([shown], port=0, access=access_by(everybody)) as site:
            await page.goto(f"{site.url}page")
            assert await ran(page) == set()  # the login page is the server's
            await page.get_by_text("push(`viewer`)").click()
            await expect(page.get_by_role("button", name="Alerts")).to_be_visible()
            await something_happens(live)
            await everything_is_shown(page, is_parsing)
            for path in ("kept/1", "kept", quote(markup("path"))):
                answer = await page.goto(f"{site.url}api/{path}")
                assert answer is not None
                assert answer.headers["content-type"] in ("application/json", "application/problem+json")
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert await ran(page) == set()
    complaints.clear()


async def ran(page: Tab) -> set[str]:
    return set(await page.evaluate("window.ran"))


async def something_happens(live: dashboard.Live) -> None:
    """Somebody is told of an alert, changes what another has changed meanwhile, and is told by a toast."""
    channel = [one for one in Channel.all() if one.carrier is not None][-1]  # earlier tests may have left some
    binding = next(one for one in channel.bindings.values() if isinstance(one.view, dashboard.Table))
    await live.write(
        "INSERT INTO dashboard_alerts.notice (id, rule, title, lines, severity, fired_at) "
        "VALUES (gen_random_uuid(), 'r', $1, ARRAY[$2], 'critical', now())",
        markup("alert"), markup("line"), scope=Scope(),
    )  # fmt: skip
    toast(binding, markup("toast"))
    session = live.session(scope=EYES)
    table = await session.table("kept")
    write = table.update(1, {"text": markup("mine")}, seen={"text": "as it was"})
    follow(binding, session, write, title=markup("form"))


async def everything_is_shown(page: Tab, is_parsing: bool) -> None:
    if is_parsing:

        async def all_ran() -> bool:
            assert await ran(page) == set(PLACES)
            return True

        await eventually(all_ran, timeout=30)
    else:
        for place in set(PLACES) - {"title"}:
            await expect(page.get_by_text(f"push(`{place}`)").first).to_be_attached()
        assert await ran(page) == set()
