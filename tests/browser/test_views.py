"""Views on a served page, on a real database, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import panel as pn
import pytest
from bokeh.resources import INLINE
from playwright.async_api import Page as Tab
from playwright.async_api import expect
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

import dashboard
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from dashboard.views.channel import Channel
from dashboard.views.socket import ChannelSocket
from tests.conftest import psql
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE sale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    kind text, who text, total numeric(10,2), big bigint, meta jsonb, ok boolean);
INSERT INTO sale (kind, who, total) SELECT 'shop', 'Person ' || n, n FROM generate_series(1, 25) n;
"""
MARKUP = "<img src=x onerror=\"document.title='pwned'\"><b>{0}</b>"


@pytest.fixture
async def live(server: Server, database: str) -> AsyncIterator[Live]:
    """Yield a Live on a table of sales."""
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as running:
        await running.install("sale")
        yield running


def sales_page(live: Live) -> dashboard.Page:
    query = live.query
    return dashboard.Page(
        dashboard.Tile(query("SELECT sum(total) FROM sale", priority="high"), title="Revenue", format="${:,.2f}"),
        dashboard.Tile(query("SELECT count(*) FROM sale"), title="Sales"),
        dashboard.Chart(
            query("SELECT id, kind, total FROM sale"), x="id", y="total", by="kind", title="Totals", height=160
        ),
        dashboard.Feed(
            query("SELECT id, at, kind, who FROM sale ORDER BY id DESC LIMIT 20"),
            title="Latest",
            format="**{who}** bought",
            seen=True,
        ),
        dashboard.Table(query("SELECT * FROM sale ORDER BY id DESC"), title="All sales", tags=["kind"], page_size=10),
        live=live,
        title="Shop",
    )


@pytest.fixture
async def serve(live: Live) -> AsyncIterator[Callable[[Callable[[Live], Any]], Any]]:
    """Yield a function that serves what a function builds, and returns its address."""
    sites: list[Site] = []

    async def serving(build: Callable[[Live], Any]) -> str:
        site = Site([Page(slug="shop", title="Shop", summary="", content=lambda: build(live))], port=0)
        sites.append(await site.__aenter__())
        return f"{site.url}shop"

    yield serving
    for site in sites:
        await site.__aexit__()


async def chart_data(tab: Tab) -> dict[str, list[list[float]]]:
    """Return what the page's chart shows, by series."""
    return dict(
        await tab.evaluate(
            """() => {
              const roots = Bokeh.documents.flatMap((document) => document.roots());
              const figure = roots.find((root) => root.name === "figure");
              if (!figure) return {};
              return Object.fromEntries(figure.renderers.map(({ name, data_source: { data } }) =>
                [name, [...data.x].map((x, place) => [x, data.y[place]])]));
            }"""
        )
    )


async def test_a_change_in_the_database_reaches_every_view_without_reload(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    await page.goto(await serve(sales_page))
    tile = page.locator(".tile", has_text="Revenue").locator(".value")
    await expect(tile).to_have_text("$325.00")
    await expect(page.locator("tbody tr")).to_have_count(10)
    await eventually(lambda: chart_data(page))
    await page.evaluate("window.stays = true")
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Newcomer', 1000)", database)
    await expect(tile).to_have_text("$1,325.00")
    await expect(page.locator("tbody tr").first).to_contain_text("Newcomer")
    await expect(page.locator(".feed li").first).to_contain_text("Newcomer bought")
    await expect(page.locator(".more")).to_have_text("1 new · mark as seen")

    async def has_point() -> bool:
        return (await chart_data(page)).get("web") == [[26, 1000]]

    await eventually(has_point)
    psql(server, "UPDATE sale SET total = 7 WHERE id = 26; DELETE FROM sale WHERE id = 25", database)
    await expect(tile).to_have_text("$307.00")
    await expect(page.locator("tbody tr").nth(1)).to_contain_text("Person 24")

    async def has_moved() -> bool:
        data = await chart_data(page)
        return data["web"] == [[26, 7]] and len(data["shop"]) == 24

    await eventually(has_moved)
    assert await page.evaluate("window.stays")
    await page.locator(".more").click()
    await expect(page.locator(".more")).to_be_hidden()


async def test_text_from_the_database_stays_text(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    quoted = MARKUP.replace("'", "''")
    psql(
        server,
        f"INSERT INTO sale (kind, who, total) VALUES ('{quoted}', '{quoted}', 1), ('{quoted}', '{quoted}', 9)",
        database,
    )

    def build(live: Live) -> dashboard.Page:
        rows = live.query('SELECT id, who, kind, total AS "<i>total</i>" FROM sale ORDER BY id DESC')
        return dashboard.Page(
            dashboard.Tile(
                live.query("SELECT max(who) FILTER (WHERE id = 26) FROM sale"),
                title=MARKUP,
                caption=MARKUP,
                unit=MARKUP,
            ),
            dashboard.Table(
                rows,
                title=MARKUP,
                tags=["kind"],
                columns={"who": MARKUP, "kind": "Kind", "<i>total</i>": "<i>total</i>"},
            ),
            dashboard.Chart(rows, x="id", y="<i>total</i>", by="kind", title=MARKUP),
            dashboard.Feed(rows, title=MARKUP, format="**{who}** <u>{kind}</u>"),
            live=live,
            title=MARKUP,
            brand=MARKUP,
            note=MARKUP,
            navigation={MARKUP: "shop", "Run": "javascript:alert(1)"},
        )

    await page.goto(await serve(build))
    await expect(page.locator(".tile .value")).to_contain_text("<b>{0}</b>")
    await expect(page.locator("tbody tr").first).to_contain_text("onerror=")
    await expect(page.locator(".chart .legend")).to_contain_text("onerror=")
    await expect(page.locator(".feed li").first).to_contain_text("<u>")
    await page.locator(".plot").scroll_into_view_if_needed()
    box = await page.locator(".plot").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 30, box["y"] + 60)
    await page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 60)
    await expect(page.locator(".readout", has_text="onerror=")).to_be_visible()
    for markup in ("img", "i i", "u", "td b b"):
        await expect(page.locator(f".page {markup}")).to_have_count(0)
    assert await page.title() != "pwned"
    await expect(page.locator("nav a")).to_have_count(1)


async def test_a_page_comes_back_right_after_its_socket_was_cut(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    await page.goto(await serve(sales_page))
    tile = page.locator(".tile", has_text="Sales").locator(".value")
    await expect(tile).to_have_text("25")
    for _ in range(2):
        (socket,) = list(ChannelSocket.connected)
        assert socket.ws_connection is not None
        socket.ws_connection.stream.close()  # type: ignore[attr-defined]
        psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Later', 1)", database)
        await eventually(lambda gone=socket: gone not in ChannelSocket.connected and list(ChannelSocket.connected))
    await expect(tile).to_have_text("27")
    await expect(page.locator("tbody tr").first).to_contain_text("Later")
    await expect(page.locator(".feed li").first).to_contain_text("Later")


async def test_a_hidden_tab_is_sent_nothing_and_shows_the_newest_when_it_is_seen(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    await page.goto(await serve(sales_page))
    tile = page.locator(".tile", has_text="Sales").locator(".value")
    await expect(tile).to_have_text("25")
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    (socket,) = list(ChannelSocket.connected)
    channel = socket.channel
    assert channel is not None
    await page.evaluate(hide, True)
    await eventually(lambda: channel.is_hidden)
    sent = channel._sent
    for n in range(3):
        psql(server, f"INSERT INTO sale (kind, who, total) VALUES ('web', 'Unseen {n}', 1)", database)
    await live.caught_up()
    assert channel._sent == sent
    await expect(tile).to_have_text("25")
    await page.evaluate(hide, False)
    await expect(tile).to_have_text("28")
    await expect(page.locator("tbody tr").first).to_contain_text("Unseen 2")


async def test_two_sessions_see_the_same_and_choose_for_themselves(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    address = await serve(sales_page)
    assert page.context.browser is not None
    other = await page.context.browser.new_page()
    await page.goto(address)
    await other.goto(address)
    for tab in (page, other):
        await expect(tab.locator("tbody tr").first).to_contain_text("Person 25")
    await page.get_by_role("button", name="Total").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Person 1")
    await expect(page.locator("th[aria-sort=ascending]")).to_have_text("Total ↑")
    await expect(other.locator("tbody tr").first).to_contain_text("Person 25")
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Cheap', 0.5)", database)
    for tab in (page, other):
        await expect(tab.locator("tbody tr").first).to_contain_text("Cheap")
    await other.close()


async def test_a_table_pages_searches_sorts_and_filters_in_the_database(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    psql(server, "UPDATE sale SET kind = 'web' WHERE id % 5 = 0", database)
    await page.goto(await serve(sales_page))
    rows = page.locator("tbody tr")
    await expect(page.locator(".pager")).to_contain_text("1–10 of 25")
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator(".pager")).to_contain_text("11–20 of 25")
    await expect(rows.first).to_contain_text("Person 15")
    await page.get_by_role("searchbox").fill("son 2")
    await expect(rows).to_have_count(7)
    await page.get_by_role("searchbox").fill("100%_' OR true --")
    await expect(page.get_by_text("No rows match")).to_be_visible()
    await page.get_by_role("searchbox").fill("")
    await expect(rows).to_have_count(10)
    await rows.first.get_by_role("button", name="web").click()
    await expect(rows).to_have_count(5)
    await page.get_by_role("button", name="Remove the filter kind").click()
    await expect(rows).to_have_count(10)


async def test_a_broken_query_says_so_on_its_own_view_and_heals(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    def build(live: Live) -> dashboard.Page:
        return dashboard.Page(
            dashboard.Tile(live.query("SELECT price FROM sale"), title="Broken"),
            dashboard.Tile(live.query("SELECT count(*) FROM sale"), title="Sound"),
            live=live,
        )

    await page.goto(await serve(build))
    await expect(page.locator(".tile", has_text="Broken").locator(".problem")).to_contain_text("price")
    await expect(page.locator(".tile", has_text="Sound").locator(".value")).to_have_text("25")
    psql(server, "ALTER TABLE sale ADD price int DEFAULT 3", database)
    psql(server, "INSERT INTO sale (kind) VALUES ('any')", database)
    await expect(page.locator(".tile", has_text="Broken").locator(".value")).to_have_text("3")
    await expect(page.locator(".tile", has_text="Broken").locator(".problem")).to_be_hidden()


async def test_a_view_of_ones_own_is_drawn_by_panel(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    class Names(dashboard.View):
        def draw(self, frame: Any) -> Any:
            return pn.widgets.TextInput(value=f"{len(frame)} sales, last by {frame['who'].iloc[-1]}")

    def build(live: Live) -> dashboard.Page:
        return dashboard.Page(Names(live.query("SELECT id, who FROM sale ORDER BY id"), title="Mine"), live=live)

    await page.goto(await serve(build))
    await expect(page.locator("input[type=text]")).to_have_value("25 sales, last by Person 25")
    psql(server, "INSERT INTO sale (who) VALUES ('Zoë')", database)
    await expect(page.locator("input[type=text]")).to_have_value("26 sales, last by Zoë")


async def test_a_view_of_an_empty_table_says_so(
    server: Server, database: str, live: Live, serve: Any, page: Tab
) -> None:
    psql(server, "TRUNCATE sale", database)
    await page.goto(await serve(sales_page))
    await expect(page.get_by_text("No rows yet")).to_have_count(3)
    await expect(page.locator(".tile", has_text="Revenue").locator(".value")).to_have_text("–")
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'First', 1)", database)
    await expect(page.get_by_text("No rows yet").locator("visible=true")).to_have_count(0)
    await expect(page.locator("tbody tr").first).to_contain_text("First")


async def test_a_closed_page_leaves_no_channel_behind(live: Live, serve: Any, page: Tab) -> None:
    await page.goto(await serve(sales_page))
    await expect(page.locator("tbody tr")).to_have_count(10)
    await page.goto("about:blank")
    await eventually(lambda: not list(ChannelSocket.connected))


async def test_dark_and_light_are_remembered(live: Live, serve: Any, page: Tab) -> None:
    address = await serve(sales_page)
    await page.goto(address)
    card = page.locator(".card").first
    await expect(card).to_have_css("background-color", "rgb(255, 255, 255)")
    await page.get_by_role("button", name="Light or dark").click()
    await expect(card).to_have_css("background-color", "rgb(21, 27, 35)")
    await page.reload()
    await expect(card).to_have_css("background-color", "rgb(21, 27, 35)")


async def test_a_page_without_a_socket_gets_messages_instead(
    server: Server, database: str, live: Live, serve: Any, page: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.socket.ensure_routes", lambda document: False)
    await page.goto(await serve(sales_page))
    tile = page.locator(".tile", has_text="Sales").locator(".value")
    await expect(tile).to_have_text("25")
    psql(server, "INSERT INTO sale (kind, who, total) VALUES ('web', 'Posted', 1)", database)
    await expect(tile).to_have_text("26")
    await expect(page.locator("tbody tr").first).to_contain_text("Posted")
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator(".pager")).to_contain_text("11–20 of 26")
    assert not list(ChannelSocket.connected)


async def test_a_stranger_is_not_let_in(live: Live, serve: Any) -> None:
    address = await serve(sales_page)
    url = address.replace("http", "ws").removesuffix("shop") + "_dashboard/channel"
    stranger = await websocket_connect(url)
    await stranger.write_message('{"hello": "guessed", "want": {"v1": null}}')
    assert await stranger.read_message() is None
    assert stranger.close_code == 4404
    stranger.close()
    with pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(HTTPRequest(url, headers={"Origin": "http://elsewhere.example"}))


async def test_a_saved_page_brings_what_it_showed(live: Live, tmp_path: Path) -> None:
    tile = dashboard.Tile(await live.query("SELECT count(*) FROM sale").ready(), title="Sales")
    rows = await live.query("SELECT id, who FROM sale ORDER BY id").ready()
    path = tmp_path / "page.html"
    count = Channel.count()
    pn.Column(tile, dashboard.Feed(rows, title="All")).save(path, resources=INLINE)
    assert Channel.count() == count
    assert "Person 1" in path.read_text(encoding="utf-8")
