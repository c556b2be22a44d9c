"""Reports opened from disk with the network off: nothing is asked for, nothing complains, numbers are PostgreSQL's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab
from pypdf import PdfReader

from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces.report import report
from tests.conftest import psql
from tests.serving import served

PNG = b"\x89PNG"
#: By app: a number on its first member's page that does not move with the clock, and what PostgreSQL says.
NUMBERS = {
    "crm": ("Contacts", "SELECT count(*) FROM crm.contacts WHERE member_id = 1"),
    "earnings": (
        "Earned in all",
        "SELECT to_char(sum(amount), 'FM$999,990.00') FROM earnings.tallies WHERE owner_id = 1 AND kind = 'earning'",
    ),
    "outreach": ("All connections", "SELECT count(*) FROM outreach.connections WHERE user_id = 1"),
    "calls": ("All calls", "SELECT count(*) FROM calls.calls WHERE account_id = 1"),
    "storefront": ("Favourites", "SELECT count(*) FROM storefront.favourites WHERE shop_id = 1"),
}
PAGE = """
import dashboard

live = dashboard.connect()
dashboard.Page(
    dashboard.Tile(live.query("SELECT sum(total) FROM sale"), title="Sales", format="${:,.2f}"),
    dashboard.Chart(live.query("SELECT id, total FROM sale ORDER BY id"), x="id", y="total", title="Totals"),
    dashboard.Tabs({
        "All": lambda: [dashboard.Table(live.query("SELECT id, who, kind, total FROM sale ORDER BY id"), title="List",
                                        formats={"total": "${:,.2f}"}, page_size=10, tags=["kind"])],
        "Kinds": lambda: [dashboard.Chart(live.query("SELECT kind, count(*) AS n FROM sale GROUP BY 1"), x="kind",
                                          y="n", kind="bar", title="By kind")],
    }),
    dashboard.Feed(live.query("SELECT id, at, who FROM sale ORDER BY id DESC LIMIT 5"), title="Latest", format="{who}"),
    live=live, title="Sales",
).servable()
"""
CELLS = (
    "# Who sells",
    "import dashboard\n\nlive = dashboard.connect()",
    'dashboard.Tile(live.query("SELECT sum(total) FROM sale"), title="Sales", format="${:,.2f}")',
    'kinds = live.query("SELECT kind, count(*) AS n FROM sale GROUP BY 1")\nkinds',
    'kinds.hv(lambda df: df.hvplot.bar("kind", "n"), title="By kind")',
    'live.query("SELECT id, total::float8 FROM sale").wait().frame.describe()',
)
SCHEMA = """
CREATE TABLE sale (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), who text, kind text, total numeric(10,2));
INSERT INTO sale (id, who, kind, total)
SELECT n, 'Person ' || n, (ARRAY['shop', 'web', 'phone'])[1 + n % 3], 20000 - n * 100 FROM generate_series(1, 120) n;
UPDATE sale SET at = '2001-06-15' WHERE id = 119;
"""


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, chromium: str) -> Iterator[None]:
    """Leave the environment as it was, and print with the tests' browser."""
    monkeypatch.setenv("DASHBOARD_DSN", "")
    monkeypatch.setenv("DASHBOARD_CHROMIUM", chromium)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
async def tab(surroundings: None, page: Tab, complaints: list[str]) -> AsyncIterator[Tab]:
    """Yield a page without a network, which asks for nothing but the file itself."""
    await page.context.set_offline(True)

    def check(url: str) -> None:
        if not url.startswith(("file:", "blob:")):
            complaints.append(f"request: {url}")

    page.on("request", lambda request: check(request.url))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    yield page
    assert complaints == []


async def opened(tab: Tab, name: str, dsn: str, out: Path, *, since: str | None = None) -> None:
    assert (await report(name, dsn, out, login=None, since=since, zone=None)).failures == []
    if out.suffix == ".html":
        await tab.goto(out.as_uri())
        await expect(tab.locator("#dashboard-head time")).to_contain_text("UTC")


def card(tab: Tab, title: str) -> Locator:
    return tab.locator(f'section[aria-label="{title}"]')


async def texts(found: Locator) -> list[str]:
    return [text.strip() for text in await found.all_text_contents()]


@pytest.mark.parametrize("app", list(NUMBERS))
async def test_an_app_s_report_opens_from_disk(
    server: Server, app_database: Callable[[str], str], tab: Tab, tmp_path: Path, app: str
) -> None:
    dsn = app_database(app)
    title, sql = NUMBERS[app]
    await opened(tab, app, dsn, tmp_path / f"{app}.html")
    number = psql(server, sql, dsn).strip()
    reader = psql(server, f"SELECT name FROM {apps.find(app).members} WHERE id = 1", dsn).strip()
    await expect(tab.locator("#dashboard-head")).to_contain_text(f"as {reader} sees it")
    await expect(tab).to_have_title(re.compile(f", as {reader} sees it · "))
    if app == "crm":  # what stood beside a table that is as wide as the paper has a row of its own
        await tab.emulate_media(media="print")
        beside, long = [await card(tab, name).bounding_box() for name in ("Contacts by stage", "E-mails")]
        assert beside is not None and long is not None and abs(beside["width"] - long["width"]) < 2
        await tab.emulate_media(media="screen")
    if app == "storefront":
        await expect(card(tab, "Revenue by category, 30 days")).to_be_visible()
        await expect(card(tab, "Connection")).to_be_hidden()
        await tab.get_by_role("tab", name="Favourites").click()
    shown = card(tab, title)
    if app in ("outreach", "calls"):
        await expect(shown.locator(".head .tag").first).to_have_text(f"{int(number):,}")
    else:
        await expect(shown.locator(".value")).to_have_text(f"{int(number):,}" if number.isdigit() else number)
    await tab.locator(".snapshot summary").click()
    await expect(tab.locator(".snapshot li")).to_have_count(1)
    assert "a view" not in (await texts(tab.locator(".snapshot li")))[0]
    await expect(tab.locator(".problem:visible, .skeleton:visible, .empty.over:visible")).to_have_count(0)
    await expect(
        tab.locator(".bell, .here, .refresh, .switch:visible, .status:visible, .updates, header nav")
    ).to_have_count(0)


async def test_a_report_can_be_sorted_searched_turned_and_zoomed(
    server: Server, database: str, tab: Tab, tmp_path: Path
) -> None:
    psql(server, SCHEMA, database)
    file = tmp_path / "sales.py"
    await asyncio.to_thread(file.write_text, PAGE, encoding="utf-8")
    await opened(tab, str(file), database, tmp_path / "sales.html")
    table = card(tab, "List")
    first = table.locator("tbody tr:first-child td")
    await expect(table.locator("tbody tr")).to_have_count(10)
    await expect(card(tab, "Latest").locator("time").nth(0)).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    await expect(card(tab, "Latest").locator("time").nth(1)).to_contain_text("2001")
    await table.get_by_role("button", name="Total").click()
    assert (await texts(first))[0] == "120"
    await table.get_by_role("button", name="Total").click()
    assert await texts(first) == ["1", "Person 1", "web", "$19,900.00"]
    head = await table.locator("th", has_text="Who").bounding_box()
    assert head is not None and head["width"] > 80
    await tab.mouse.click(head["x"] + head["width"] - 4, head["y"] + 4)  # beside the word
    await table.get_by_role("button", name="Next page").click()
    assert (await texts(first))[1] == "Person 11"
    await table.get_by_label("Search List").fill("person 77")
    await expect(table.locator("tbody tr")).to_have_count(1)
    await table.get_by_label("Search List").fill("")
    await expect(table.locator(".pager")).to_contain_text("of 120")
    await tab.get_by_role("tab", name="Kinds").click()
    await expect(card(tab, "By kind")).to_be_visible()
    await expect(table).to_be_hidden()
    box = await card(tab, "Totals").locator(".plot").bounding_box()
    assert box is not None
    left, middle = box["x"] + 70, box["y"] + box["height"] / 2
    readout = card(tab, "Totals").locator(".readout")
    await tab.mouse.move(left, middle)
    await expect(readout).to_contain_text("19,")
    await tab.mouse.move(box["x"] + box["width"] * 0.5, middle)
    await tab.mouse.down()
    await tab.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    await tab.mouse.up()
    await tab.mouse.move(left, middle)
    await expect(readout).to_contain_text("14,")
    await tab.mouse.dblclick(left, middle)
    await tab.mouse.move(left + 1, middle)
    await expect(readout).to_contain_text("19,")


async def test_a_notebook_that_makes_no_page_opens_from_disk_cell_by_cell(
    server: Server, database: str, tab: Tab, tmp_path: Path
) -> None:
    psql(server, SCHEMA, database)
    file, notebook = tmp_path / "sales.ipynb", nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell(CELLS[0]), *map(nbformat.v4.new_code_cell, CELLS[1:])]
    await asyncio.to_thread(nbformat.write, notebook, file)
    await opened(tab, str(file), database, tmp_path / "sales.html")
    await expect(tab.get_by_role("heading", name="Who sells")).to_be_visible()
    await expect(card(tab, "Sales").locator(".value")).to_have_text("$1,674,000.00")
    await expect(tab.locator("tbody tr").filter(has_text="phone")).to_be_visible()
    await expect(tab.locator(".bk-Figure canvas").first).to_be_visible()
    await expect(tab.get_by_text("75%")).to_be_visible()
    await expect(tab.locator(".glance-foot:visible, .status:visible, .problem:visible")).to_have_count(0)
    tops = [box["y"] for one in places(tab) if (box := await one.bounding_box())]
    assert len(tops) == 5 and tops == sorted(tops)


async def test_a_notebook_that_makes_no_page_is_served_without_asking_another_host(
    server: Server, database: str, page: Tab, tmp_path: Path
) -> None:
    psql(server, SCHEMA, database)
    file, notebook = tmp_path / "sales.ipynb", nbformat.v4.new_notebook()
    notebook.cells = list(map(nbformat.v4.new_code_cell, CELLS[1:3]))
    await asyncio.to_thread(nbformat.write, notebook, file)
    with served(database, str(file)) as address:
        await page.goto(address)
        await expect(card(page, "Sales").locator(".value")).to_have_text("$1,674,000.00")
        await expect(page).to_have_title("sales")
        await page.goto("about:blank")


def places(tab: Tab) -> list[Locator]:
    """Return what the notebook's cells show, in their order."""
    frame, figure = tab.get_by_text("75%"), tab.locator(".bk-Figure").first
    return [tab.get_by_role("heading", name="Who sells"), card(tab, "Sales"), tab.locator("tbody").first, figure, frame]


async def test_on_paper_all_rows_stand_under_repeated_heads(
    server: Server, database: str, tab: Tab, tmp_path: Path
) -> None:
    psql(server, SCHEMA, database)
    file = tmp_path / "sales.py"
    await asyncio.to_thread(file.write_text, PAGE, encoding="utf-8")
    await opened(tab, str(file), database, tmp_path / "sales.pdf")
    pages = [page.extract_text() for page in PdfReader(tmp_path / "sales.pdf").pages]
    assert 4 <= len(pages) <= 8
    assert all(f"{number} / {len(pages)}" in text for number, text in enumerate(pages, start=1))
    whole = "\n".join(pages)
    assert "$1,674,000.00" in whole and "Latest" in whole and "By kind" in whole
    assert all(f"Person {number} " in whole.replace("\n", " ") for number in range(1, 121))
    rows = [text for text in pages if "Person 4" in text or "Person 8" in text or "Person 11" in text]
    assert len(rows) > 2 and all("Who" in text and "Total" in text for text in rows)
    await opened(tab, str(file), database, tmp_path / "sales.png")
    image = await asyncio.to_thread((tmp_path / "sales.png").read_bytes)
    assert image[:4] == PNG and int.from_bytes(image[16:20]) == 1440
