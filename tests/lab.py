"""A JupyterLab of one's own, and one notebook in it, as a person runs its cells."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.async_api import Error, Page

from dashboard.surfaces.site import free_port

ROOT = Path(__file__).parents[1]
OPTIONS = (
    "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port-retries=0", "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.expose_app_in_browser=True",
)  # fmt: skip
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
RUN = """async (place) => {
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.context.sessionContext.ready;
    panel.content.activeCellIndex = place;
    await app.commands.execute("notebook:run-cell");
    const told = (output) => output.text ?? output.evalue ?? output.data?.["text/plain"] ?? "";
    return panel.content.widgets[place].model.outputs.toJSON().map(told).join("");
}"""
COMMAND = "async (name) => { await window.jupyterapp.commands.execute(name); }"
RESTART = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
INTERRUPT = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt(); }"


class Notebook:
    """A notebook that is open in a browser."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab

    async def run(self, place: int) -> str:
        """Run a cell; return what it told as text."""
        told: str = await self.tab.evaluate(RUN, place)
        return told

    async def interrupt(self) -> None:
        await self.tab.evaluate(INTERRUPT)

    async def restart(self) -> None:
        await self.tab.evaluate(RESTART)

    async def command(self, name: str) -> None:
        """Do what one of JupyterLab's menus would."""
        await self.tab.evaluate(COMMAND, name)


@contextmanager
def lab(folder: Path, dsn: str) -> Iterator[str]:
    """Run JupyterLab in a folder, with nothing of this account's settings; yield its address."""
    port, token = free_port("localhost", 0), secrets.token_hex(8)
    environment: dict[str, str] = os.environ | {name: str(folder / f".{name.lower()}") for name in FOLDERS}
    environment |= {"DASHBOARD_DSN": dsn, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable, "-m", "jupyterlab", *OPTIONS, f"--port={port}", f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}/doc/tree/{{}}?token={token}"
        finally:
            process.terminate()


async def opened(tab: Page, address: str, folder: Path, name: str, cells: list[str]) -> Notebook:
    """Write a notebook and open it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / name)
    for _ in range(600):  # the server is starting
        try:
            await tab.goto(address.format(name))
            break
        except Error:
            await asyncio.sleep(0.1)
    await tab.locator(".jp-Notebook .jp-Cell:visible").first.wait_for(timeout=60_000)
    return Notebook(tab)
