"""The notebooks run from top to bottom, keep no outputs, and are served as they are."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import nbformat
import panel as pn
import pytest
from nbclient import NotebookClient

import dashboard
from benchmarks.browserlike import opened
from dashboard import apps
from dashboard.live.live import Live
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces.site import free_port
from tests.conftest import in_database, psql
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
APPS = ("earnings", "outreach", "calls", "storefront", "crm")


@pytest.fixture(scope="module")
def samples(server: Server) -> Iterator[str]:
    """Yield the address of a database with the sample rows of all dashboards, as `dashboard demo` makes it."""
    psql(server, "CREATE DATABASE notebooks")
    dsn = in_database(server.dsn, "notebooks")

    async def load() -> None:
        async with asyncio.TaskGroup() as group:
            for name in APPS:
                group.create_task(apps.find(name).load(dsn))  # type: ignore[misc]  # each has rows
        async with Live(dsn) as live:
            await live.install(*(table for name in APPS for table in apps.find(name).tables))
            await live.alerts.install()

    asyncio.run(load())
    yield dsn
    psql(server, "DROP DATABASE notebooks WITH (FORCE)")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_no_outputs_and_no_traces(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert list(notebook["metadata"]) == ["kernelspec", "language_info"]
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None


@pytest.fixture
async def here(samples: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """Yield what `dashboard.connect()` gives in this process: on the sample rows, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHBOARD_DSN", samples)
    settings.cache_clear()
    live = dashboard.connect()
    yield live
    await live.close()
    monkeypatch.undo()
    settings.cache_clear()


async def run(cell: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does, `await` included; return what its last line is."""
    *steps, last = ast.parse(cell).body
    show = ast.parse("None", mode="eval")
    if isinstance(last, ast.Expr):
        show.body = last.value
    else:
        steps.append(last)
    for tree, mode in ((ast.Module(steps, []), "exec"), (show, "eval")):
        code = compile(tree, "cell", mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        shown = FunctionType(code, names)()
        if inspect.isawaitable(shown) and code.co_flags & inspect.CO_COROUTINE:
            shown = await shown
    return shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
async def test_a_notebook_runs_from_top_to_bottom(path: Path, here: Live) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in nbformat.read(path, 4).cells:
        shown = await run(cell.source, names) if cell.cell_type == "code" else None
        if isinstance(shown, dashboard.View) and shown.query is not None:
            await shown.query.ready()
            if type(shown).draw is not dashboard.View.draw:
                pn.panel(shown.draw(shown.query.frame)).get_root()
        elif isinstance(shown, dashboard.LiveQuery):
            await shown.ready()
    await here.caught_up()
    assert [query.problem for query in here.open_queries() if query.problem] == []


def test_the_quickstart_runs_in_a_kernel_of_its_own(
    samples: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DSN", samples)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", 4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in shown} <= {"display_data", "execute_result"}
    assert sum("application/vnd.holoviews_exec.v0+json" in output.get("data", {}) for output in shown) >= 7


def test_every_notebook_is_a_page_of_panel_serve(samples: str, tmp_path: Path) -> None:
    port = free_port("localhost", 0)
    command = [sys.executable, "-m", "panel", "serve", *map(str, NOTEBOOKS), "--port", str(port)]
    environment: dict[str, str] = os.environ | {"DASHBOARD_DSN": samples, "PYTHONPATH": str(ROOT)}
    log = tmp_path / "log"
    with (
        log.open("wb") as told,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=told, stderr=told) as process,
    ):
        try:
            asyncio.run(eventually(lambda: _is_told(log, "Bokeh app running"), timeout=60))
            assert all(asyncio.run(views_of(f"http://localhost:{port}/")).values())
        finally:
            process.kill()
    assert "Error" not in log.read_text(), log.read_text()


async def views_of(site: str) -> dict[str, int]:
    """Return how many views the page of each notebook has."""
    pages = await asyncio.gather(*(opened(site, path.stem) for path in NOTEBOOKS))
    for page in pages:
        page.close()
    return {path.stem: page.views for path, page in zip(NOTEBOOKS, pages, strict=True)}


async def _is_told(log: Path, word: str) -> bool:
    return word in await asyncio.to_thread(log.read_text)
