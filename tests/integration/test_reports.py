"""`dashboard report`: one snapshot, only what its reader may see, and nothing half done where something is wrong."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

import dashboard
from dashboard.errors import ConnectError, DashboardError
from dashboard.live.frozen import Frozen
from dashboard.postgres.connection import public_name
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces import people
from dashboard.surfaces.cli import code_of
from dashboard.surfaces.pages import page_named
from dashboard.surfaces.report import printing, report
from dashboard.surfaces.site import Site
from tests.conftest import in_database, psql
from tests.proxy import Proxy
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
Told = Callable[..., tuple[int, str]]
PAGE = """
import dashboard
import panel as pn

live = dashboard.connect()


class Plain(dashboard.View):
    def draw(self, frame):
        return pn.pane.Markdown(f"drawn {len(frame)} rows")


dashboard.Page(
    dashboard.Tile(live.query("SELECT count(*) FROM orders"), title="Orders"),
    dashboard.Tabs({
        "Paid": lambda: [dashboard.Table(live.query("SELECT id, total FROM orders ORDER BY id"), title="All",
                                         formats={"total": "${:,.2f}"}, page_size=3)],
        "Drawn": lambda: [Plain(live.query("SELECT id FROM orders"), title="Plain")],
    }),
    live=live, title="Shop",
).servable()
"""

LONG = """import dashboard

live = dashboard.connect()

dashboard.Page(
    dashboard.Chart(live.query("SELECT id, total FROM orders ORDER BY id"), title="Totals"),
    dashboard.Table(live.query("SELECT id, total FROM orders ORDER BY id"), title="All"),
    live=live,
).servable()
"""

STEPS = """import dashboard

live = dashboard.connect()
dashboard.Page(
    dashboard.Tile(live.query("SELECT sum(id) FROM step"), title="Sum", format="{:,}"),
    dashboard.Tile(live.query("SELECT count(*) FROM step, pg_sleep(0.2)"), title="Later", format="{:,}"),
    dashboard.Table(live.query("SELECT id FROM step"), title="All"),
    live=live,
).servable()
"""


@pytest.fixture
def orders(server: Server, database: str) -> str:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL)", database)
    psql(server, "INSERT INTO orders SELECT n, 1000 - n FROM generate_series(1, 12) n", database)
    return database


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the environment as it was: the command says there which database it reads."""
    monkeypatch.setenv("DASHBOARD_DSN", "")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return a function that runs `dashboard report`; its code, and what it said."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        code = code_of(["report", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def page(folder: Path, text: str = PAGE) -> Path:
    file = folder / "shop.py"
    file.write_text(text, encoding="utf-8")
    return file


def pictures(text: str) -> list[dict[str, Any]]:
    """Return what the views of a report show."""
    block = re.search(r'id="dashboard-report">(.*?)</script>', text)
    assert block is not None
    whole = orjson.loads(block[1])["messages"][0]
    return [update["picture"] for update in whole["updates"]]


def blocks_of(text: str) -> str:
    """Return what a report holds beside scripts."""
    return " ".join(re.findall(r'"application/json"[^>]*>(.*?)</script>', text))


async def made(name: str | Path, dsn: str, out: Path, **wishes: str | None) -> str:
    given = {"login": None, "since": None, "zone": None} | wishes
    assert (await report(str(name), dsn, out, **given)).failures == []
    return await asyncio.to_thread(out.read_text, encoding="utf-8")


async def test_whatever_is_asked_of_what_stands_still_is_true_at_one_snapshot(server: Server, orders: str) -> None:
    live = Frozen(orders)
    moment = await live.moment()
    first = await live.query("SELECT count(*) AS n FROM orders").ready()
    await asyncio.to_thread(psql, server, "DELETE FROM orders WHERE id > 5", orders)
    later = await live.query("SELECT id, now() AS at FROM orders").ready()
    assert first.frame["n"][0] == len(later.frame) == 12
    assert set(later.frame["at"]) == {moment.at}
    assert str(first.offset) == str(later.offset) == moment.snapshot
    assert psql(server, "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'follow'", orders) == "0\n"
    await live.close()
    open_ = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert await asyncio.to_thread(psql, server, open_, orders) == "0\n"


async def test_a_query_that_fails_takes_no_other_with_it_and_a_cut_ends_it(orders: str, proxy: Proxy) -> None:
    live = Frozen(orders)
    with pytest.raises(DashboardError, match="no_such"):
        await live.query("SELECT no_such FROM orders").ready()
    assert len((await live.query("SELECT id FROM orders").ready()).frame) == 12
    await live.close()
    cut = Frozen(proxy.dsn)
    await cut.moment()
    await proxy.cut()
    with pytest.raises(ConnectError, match="went away while"):
        await cut.query("SELECT id FROM orders").ready()
    await cut.close()


async def test_a_report_holds_all_that_its_page_shows(orders: str, tmp_path: Path) -> None:
    text = await made(page(tmp_path), orders, tmp_path / "shop.html")
    shown = pictures(text)
    table = next(one["body"] for one in shown if "ranks" in one.get("body", {}))
    assert [row[1] for row in table["rows"].values()][:2] == ["$999.00", "$998.00"]
    assert len(table["order"]) == table["total"] == 12
    assert table["ranks"]["total"]["1"] == 11
    assert "drawn 12 rows" in text
    assert all(one["state"] == "ready" for one in shown)
    blocks = blocks_of(text)
    where = urlsplit(orders)
    secrets = (orders, where.netloc, where.password or "", "127.0.0.1", where.path, str(tmp_path), "token=")
    assert len(blocks) > 10_000 and [secret for secret in secrets if secret in blocks] == []
    assert sorted(await asyncio.to_thread(os.listdir, tmp_path)) == ["shop.html", "shop.py"]


def test_a_report_names_nothing_of_the_machine_that_made_it(orders: str, tmp_path: Path) -> None:
    folders = {name: tmp_path / f"{name}-of-ours" for name in ("cwd", "home", "out")}
    for folder in folders.values():
        folder.mkdir()
    code = (
        "import platform, socket, sys\n"
        "platform.node = socket.gethostname = socket.getfqdn = lambda *_: 'host-of-ours'\n"
        "from dashboard.surfaces.cli import code_of\n"
        "sys.exit(code_of(['report', *sys.argv[1:]]))"
    )
    who = {"HOME": str(folders["home"]), "USER": "user-of-ours", "LOGNAME": "user-of-ours"}
    out = folders["out"] / "shop.html"
    text = LONG.replace("live =", "import panel_material_ui as pmui\n\nlive =").replace(
        "    live=", "    pmui.Button(),\n    live="
    )
    command = [sys.executable, "-c", code, page(folders["cwd"], text).name, orders, "--out", str(out)]
    subprocess.run(command, cwd=folders["cwd"], env={**os.environ, **who, "PYTHONPATH": str(ROOT)}, check=True)
    text = out.read_text(encoding="utf-8")
    where = urlsplit(orders)
    named = ("of-ours", str(tmp_path), str(ROOT), sys.prefix, where.netloc, where.path, where.password or "127.0.0.1")
    assert [one for one in named if one in text] == []


async def test_its_numbers_are_those_of_the_snapshot_that_it_names_while_others_write(
    server: Server, database: str, tmp_path: Path
) -> None:
    schema = "CREATE TABLE step (id int PRIMARY KEY, made xid8 NOT NULL DEFAULT pg_current_xact_id())"
    await asyncio.to_thread(psql, server, schema, database)
    writers = [await asyncpg.connect(database) for _ in range(2)]
    is_over = asyncio.Event()

    async def write(writer: asyncpg.Connection, first: int) -> None:
        for number in itertools.count(first, 2):
            if is_over.is_set():
                return
            async with writer.transaction():
                await writer.execute("INSERT INTO step VALUES ($1)", number)
                await asyncio.sleep(0)  # the other one commits before this

    async with asyncio.TaskGroup() as group:
        for first, writer in enumerate(writers):
            group.create_task(write(writer, first))
        text = await made(page(tmp_path, STEPS), database, tmp_path / "steps.html")
        is_over.set()
    named = re.search(r"<small>(\S+) ", text)
    assert named is not None
    seen = "FROM step WHERE pg_visible_in_snapshot(made, $1::text::pg_snapshot)"
    total, rows = await writers[0].fetchrow(f"SELECT sum(id), count(*) {seen}", named[1])
    shown = {one["body"]["value"] for one in pictures(text) if "value" in one.get("body", {})}
    assert shown == {f"{total:,}", f"{rows:,}"}
    table = next(one["body"] for one in pictures(text) if "ranks" in one.get("body", {}))
    assert table["total"] == len(table["order"]) == rows
    assert await writers[0].fetchval("SELECT count(*) FROM step") > rows
    for writer in writers:
        await writer.close()


async def test_what_is_long_is_cut_or_sampled_and_says_so(
    orders: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_MAX_ROWS", "5")
    settings.cache_clear()
    text = await made(page(tmp_path, LONG), orders, tmp_path / "shop.html")
    bodies = [one["body"] for one in pictures(text) if "body" in one]
    table = next(body for body in bodies if "ranks" in body)
    assert (table["order"], table["total"]) == (["1", "2", "3", "4", "5"], 12)
    chart = next(body for body in bodies if "series" in body)
    assert [one["x"] for one in chart["series"].values()] == [[3, 6, 9, 12]]
    assert chart["left_out"] == "4 of 12 points are drawn"


def notebook(file: Path, *cells: str) -> Path:
    """Write a notebook of code cells; one that begins with # is text."""
    kept: list[dict[str, Any]] = []
    for number, source in enumerate(cells):
        code = {"cell_type": "code", "outputs": [], "execution_count": None}
        kind = {"cell_type": "markdown"} if source.startswith("#") else code
        kept.append({**kind, "id": f"cell-{number}", "metadata": {}, "source": source})
    file.write_bytes(orjson.dumps({"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


async def test_a_notebook_is_reported_as_it_is_served(orders: str, tmp_path: Path) -> None:
    file = notebook(tmp_path / "orders.ipynb", *LONG.split("\n\n"))
    text = await made(file, orders, tmp_path / "orders.html")
    assert [one["state"] for one in pictures(text)] == ["ready"] * 3


async def test_a_notebook_that_makes_no_page_is_reported_cell_by_cell(orders: str, tmp_path: Path) -> None:
    asked = 'dashboard.Tile(live.query("SELECT count(*) FROM orders"), title="Orders")'
    file = notebook(
        tmp_path / "orders.ipynb",
        "# How many orders",
        "import dashboard\n\nlive = dashboard.connect()",
        asked,
        'live.query("SELECT id FROM orders").wait().frame.describe()',
    )
    text = await made(file, orders, tmp_path / "orders.html")
    assert any(one.get("body", {}).get("value") == "12" for one in pictures(text))
    notebook(file, "import dashboard\n\nlive = dashboard.connect()", 'live.query("SELECT id FROM orders")')
    assert "no tile and no feed" in await made(file, orders, tmp_path / "orders.txt")
    assert "How many orders" in text and "75%" in text and "TemplateEditor" not in blocks_of(text)
    notebook(file, "live = await dashboard.connect()")
    with pytest.raises(DashboardError, match=r"^orders.ipynb awaits at the top of a cell.*query\.wait\(\)"):
        await made(file, orders, tmp_path / "orders.html")
    live = dashboard.connect(orders)
    with pytest.raises(DashboardError, match=r"^orders.ipynb awaits at the top of a cell.*dashboard\.connect\(\)"):
        async with Site([page_named(str(file), live)], address="127.0.0.1", port=0):
            pass
    with pytest.raises(DashboardError, match=r"shop.py, line 1: 'await' outside function.*dashboard\.connect\(\)"):
        await made(page(tmp_path, "live = await dashboard.connect()"), orders, tmp_path / "orders.html")


def test_what_cannot_be_shown_is_said_in_its_place_and_by_the_exit_code(
    told: Told, orders: str, tmp_path: Path
) -> None:
    out = tmp_path / "shop.html"
    broken = page(tmp_path, PAGE.replace("count(*) FROM orders", "1 / (count(*) - 12) FROM orders"))
    code, said = told(broken, orders, "--out", out)
    assert (code, said) == (1, "dashboard: Orders: PostgreSQL says: division by zero.\n")
    assert "division by zero" in str(pictures(out.read_text(encoding="utf-8")))
    code, said = told(page(tmp_path, PAGE.replace("FROM orders", "FROM no_such")), orders, "--out", out)
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith("dashboard: Orders and 2 more: PostgreSQL says: relation")


def test_bad_input_ends_in_one_sentence_and_leaves_nothing(
    told: Told, orders: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = page(tmp_path), tmp_path / "shop.html"
    raises = tmp_path / "raises.py"
    raises.write_text("import dashboard\n1 / 0\n", encoding="utf-8")
    empty = tmp_path / "empty.py"
    empty.write_text("import dashboard\n", encoding="utf-8")
    taken = tmp_path / "taken.html"
    taken.mkdir()
    gone = in_database(orders, "no_such_database")
    for arguments, sentence in (
        ((file, orders, "--out", tmp_path / "shop.docx"), "End its name in .html, .pdf, .png or .txt."),
        ((file, orders, "--out", tmp_path / "no" / "shop.html"), "cannot be written: no such file or directory."),
        ((file, orders, "--out", taken), "cannot be written: it is a folder."),
        (("nothing", orders, "--out", out), "There is no app 'nothing'."),
        ((tmp_path / "no.py", orders, "--out", out), "There is no file"),
        (("crm", orders, "--out", out), f"{public_name(orders)} does not have the tables of CRM."),
        (("monitor", orders, "--out", out), "Monitor shows what goes on at this moment."),
        ((raises, orders, "--out", out), "ZeroDivisionError in line 2 of raises.py."),
        ((empty, orders, "--out", out), "empty.py shows nothing."),
        ((file, gone, "--out", out), "There is no such database"),
        ((file, orders, "--out", out, "--as", "eve"), "Nobody logs in to this database, so there is no eve."),
        ((file, orders, "--out", out, "--since", "7d"), "This page has no span of time"),
        ((file, orders, "--out", out, "--since", "soon"), "'soon' is no time that a report can begin at."),
        ((file, orders, "--out", out, "--zone", "Berlin"), "There is no time zone 'Berlin'."),
    ):
        code, said = told(*arguments)
        assert (code, said.count("\n"), sentence in said) == (2, 1, True), (arguments, said)
    monkeypatch.setattr(printing, "NAMES", ())
    monkeypatch.setenv("DASHBOARD_CHROMIUM", str(tmp_path / "chromium"))
    settings.cache_clear()
    assert "Install the system's package chromium" in told(file, orders, "--out", tmp_path / "shop.pdf")[1]
    monkeypatch.setitem(__import__("sys").modules, "playwright", None)
    assert "pip install 'dashboard-live[report]'" in told(file, orders, "--out", tmp_path / "shop.png")[1]
    assert told(file, orders, "--out", out)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "empty.py", "raises.py", "shop.html", "shop.py", "taken.html",
    ]  # fmt: skip


def test_a_command_that_is_stopped_before_it_begins_says_so(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(work: Any, *, is_endless: bool) -> None:
        work.close()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("dashboard.surfaces.cli.run", stopped)
    assert told("crm", "--out", "crm.html") == (130, "dashboard: Stopped before it was done.\n")


async def test_a_report_that_is_stopped_says_so_by_its_exit_code(server: Server, orders: str, tmp_path: Path) -> None:
    asked, out = "SELECT pg_sleep(60), id FROM orders", tmp_path / "shop.html"
    file = page(tmp_path, LONG.replace("SELECT id, total FROM orders ORDER BY id", asked))
    command = [sys.executable, "-m", "dashboard", "report", file, orders, "--out", out]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    count = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    await eventually(lambda: psql(server, count, orders).strip() != "0", timeout=60)
    process.send_signal(signal.SIGINT)
    said = (await process.communicate())[1].decode()
    assert (process.returncode, said) == (130, "dashboard: Stopped before it was done.\n")
    assert os.listdir(tmp_path) == ["shop.py"]


async def test_a_report_holds_only_what_its_reader_may_see(server: Server, crm_database: str, tmp_path: Path) -> None:
    def names(member: int) -> set[str]:
        told = psql(server, f"SELECT name FROM crm.contacts WHERE member_id = {member}", crm_database)
        return set(told.splitlines())

    scope = dashboard.Scope(role="crm_member", settings={"app.user_id": "2"})
    for login, seen in (("kwame", scope), ("nobody", None)):
        await people.add(crm_database, login, name="Kwame", password=None, page="", scope=seen, is_operator=False)
    out = tmp_path / "crm.html"
    text = await made("crm", crm_database, out, login="kwame", since="3d", zone="Europe/Berlin")
    body = " ".join(orjson.dumps(one).decode() for one in pictures(text))
    assert "as Kwame sees it" in text and "since 3d" in text and "days of Europe/Berlin" in text
    assert len([name for name in names(2) if name in body]) > 50
    strangers = names(1) - names(2)
    assert len(strangers) > 100 and [name for name in strangers if name in text] == []
    assert "crm_member" not in text and crm_database not in text
    for login, sentence in (
        (None, "Say --as LOGIN; `dashboard people list DSN` names them."),
        ("eve", "There is nobody with the login eve."),
        ("nobody", "There is nothing on CRM for nobody."),
    ):
        with pytest.raises(DashboardError) as refused:
            await report("crm", crm_database, out, login=login, since=None, zone=None)
        assert sentence in str(refused.value)
    assert await asyncio.to_thread(out.read_text, encoding="utf-8") == text
