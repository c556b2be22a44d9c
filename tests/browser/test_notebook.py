"""Views in a notebook, in JupyterLab itself: shown, moving, and gone without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
from playwright.async_api import Page, expect

from dashboard.postgres.server import Server
from tests.conftest import psql
from tests.lab import lab, opened
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE sale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(), kind text);
INSERT INTO sale (kind) VALUES ('shop'), ('shop'), ('<img src=x onerror="document.title=1">');
"""
CONNECT, TILE, CHART, QUERY, LIVE, COUNT, SLEEP, PLAIN, PLOT, DONE = range(10)
CELLS = [
    "import dashboard, dashboard.live.opening as opening\n"
    "opening.IDLE = 0.1\n"
    "live = await dashboard.connect()\n"
    'await live.install("sale")',
    'dashboard.Tile(live.query("SELECT count(*) FROM sale"), title="Sales")',
    'kinds = live.query("SELECT kind, count(*) AS n FROM sale GROUP BY kind ORDER BY kind")\n'
    'dashboard.Chart(kinds, x="kind", y="n", kind="bar", title="Kinds")',
    'live.query("SELECT id, kind FROM sale ORDER BY id DESC")',
    "live",
    "import dashboard.views.element as element\n"
    "from dashboard.views.channel import Channel\n"
    "element.LEFT = 0.1\n"
    "print(Channel.count(), len(live.hub.answers), len(live._tasks))",
    "import time\ntime.sleep(600)",
    'print(live.query("SELECT max(id) AS last FROM sale").wait().frame["last"].item())',
    "import panel as pn\n"
    'least = pn.widgets.Select(label="Least", options=[2, 4])\n'
    'chosen = live.query("SELECT id FROM sale WHERE id >= $1::int ORDER BY id", least)\n'
    "history = kinds.history()\n"
    'back = pn.widgets.IntSlider(label="Changes back", start=0, end=5)\n'
    "def then(steps):\n"
    "    then = history.offsets[::-1][steps:steps + 1]\n"
    "    return f'{len(history.frame_at(then[0]))} kinds' if then else ''\n"
    'plot = chosen.hv(lambda df: df.hvplot.scatter("id", "id"), title="Numbers")\n'
    "pn.Column(least, plot, back, pn.widgets.StaticText(value=pn.bind(then, back)))",
    "history.close()",
]
INSERT = "INSERT INTO sale (kind) VALUES ('post')"
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dashboard%' AND datname = current_database()"
BARS = """() => {
    const figure = Bokeh.documents.flatMap((document) => document.roots()).find((root) => root.name === "figure");
    return figure ? figure.renderers.flatMap((renderer) => [...renderer.data_source.data.y]) : [];
}"""


POINTS = """() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
    .filter((model) => model.type === "ColumnDataSource")
    .map((model) => (model.data instanceof Map ? model.data.get("id") : model.data.id))
    .filter((ids) => ids).map((ids) => [...ids].join())"""


async def test_a_notebook_follows_the_database_and_leaves_nothing_behind(
    server: Server, database: str, page: Page, tmp_path: Path
) -> None:
    psql(server, SCHEMA, database)
    writer = await asyncpg.connect(database)

    async def connections() -> int:
        return int(await writer.fetchval(OPEN))

    with lab(tmp_path, database) as address:
        notebook = await opened(page, address, tmp_path, "sales.ipynb", CELLS)
        assert await notebook.run(CONNECT) == ""
        tasks = int((await notebook.run(COUNT)).split()[2])
        before = await eventually(connections)

        await notebook.run(TILE)
        tile, table = page.locator(".tile .value"), page.locator(".glance table")
        await expect(tile).to_have_text("3")
        await notebook.run(CHART)
        await notebook.run(QUERY)
        await expect(table).to_contain_text("<img src=x")
        await expect(page.locator(".glance")).to_contain_text("only changed keys are read again")
        await notebook.run(PLOT)
        await eventually(lambda: points(page, "2,3"), timeout=30)
        await notebook.run(LIVE)
        await expect(page.locator(".status.full")).to_contain_text("messages of the kernel")
        await eventually(lambda: bars(page, 3))

        await writer.execute(INSERT)
        await expect(tile).to_have_text("4")
        await expect(table).to_contain_text("post")
        await eventually(lambda: bars(page, 4))

        await eventually(lambda: points(page, "2,3,4"), timeout=30)
        await page.locator(".jp-OutputArea select").select_option("4")
        await eventually(lambda: points(page, "4"), timeout=30)
        for key, rows in (("ArrowRight", 2), ("ArrowLeft", 3)):  # what was, and what is
            await page.locator(".jp-OutputArea .noUi-handle").press(key)
            await expect(page.get_by_text(f"{rows} kinds", exact=True)).to_be_visible()
        await notebook.run(DONE)

        for place in (TILE, CHART, QUERY, LIVE):  # each replaces what it showed
            await notebook.run(place)
        await expect(tile).to_have_text("4")
        await notebook.command("notebook:clear-all-cell-outputs")

        async def nothing_is_left() -> bool:
            return await notebook.run(COUNT) == f"0 0 {tasks}\n" and await connections() == before

        await eventually(nothing_is_left, timeout=30, pause=0.5)

        running = asyncio.create_task(notebook.run(SLEEP))
        await expect(page.locator(".jp-InputPrompt", has_text="[*]")).to_be_visible()
        await notebook.interrupt()
        assert await running == ""
        assert await notebook.run(PLAIN) == "4\n"

        await notebook.restart()
        await eventually(lambda: not_one(connections), timeout=30)
        await notebook.run(CONNECT)
        await notebook.run(TILE)
        await expect(tile).to_have_text("4")
        await writer.execute(INSERT)
        await expect(tile).to_have_text("5")
        assert await page.title() != "1"
        await page.close()  # before the server that it talks to
    await writer.close()


async def bars(page: Page, height: int) -> bool:
    """Return whether the chart's bars are as high as this, together."""
    return sum(await page.evaluate(BARS)) == height


async def points(page: Page, numbers: str) -> bool:
    """Return whether a plot shows these rows."""
    return numbers in await page.evaluate(POINTS)


async def not_one(count: Callable[[], Awaitable[int]]) -> bool:
    """Return whether there is none of them."""
    return await count() == 0
