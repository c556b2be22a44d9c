"""The dashboards served by a process of their own, which says what it has used: the clients cost it nothing.

Or an empty page of panel-material-ui, to compare with.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dashboard
from dashboard import apps
from dashboard.surfaces.front import Page
from dashboard.surfaces.pages import page_of
from dashboard.surfaces.site import Site

EMPTY = "empty"
PAGES = ("earnings", "outreach", "calls", "storefront", "crm", "monitor")
QUICK = {"DASHBOARD_UNUSED_SESSION_LIFETIME": "8", "DASHBOARD_SECRET": "of no use to anybody but this benchmark"}


class Process:
    """The server's process, and what it says; use it with ``with``.

    Parameters
    ----------
    what
        The database of the dashboards, or `EMPTY`.
    """

    def __init__(self, what: str) -> None:
        command = [sys.executable, "-m", "benchmarks.process", what]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | QUICK
        )
        self.url = str(self._line()["url"])

    def ask(self, what: str) -> dict[str, Any]:
        """``cpu``: processor seconds used so far; ``memory``: bytes, and what is open."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(10)


async def load(dsn: str) -> None:
    """Give a database the sample rows of all dashboards."""
    async with dashboard.connect(dsn) as live:
        for app in (apps.find(name) for name in PAGES):
            if app.load is not None:
                await app.load(dsn)
            await live.install(*app.tables)


async def serve(what: str) -> None:
    """Serve, and answer on standard input; its end is the end."""
    if what == EMPTY:
        await _serve([Page(slug=EMPTY, title="Empty", summary="", content=_empty)], lambda: 0)
        return
    async with dashboard.connect(what) as live:
        await _serve([page_of(apps.find(name), live) for name in PAGES], lambda: len(live.open_queries()))


async def _serve(pages: list[Page], queries: Callable[[], int]) -> None:
    async with Site(pages, port=0) as site:
        print(json.dumps({"url": site.url}), flush=True)
        asyncio.get_running_loop().add_reader(sys.stdin, lambda: _answer(queries))
        await asyncio.Event().wait()


def _empty() -> Any:
    import panel_material_ui as pmui

    return pmui.Page(title="Empty")


def _answer(queries: Callable[[], int]) -> None:
    from dashboard.views.channel import Channel

    asked = sys.stdin.readline().strip()
    if asked == "memory":
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")
        open_ = {"sessions": Channel.count(), "queries": queries(), "tasks": len(asyncio.all_tasks())}
        print(json.dumps({"memory": resident, **open_}), flush=True)
    elif asked == "cpu":
        print(json.dumps({"cpu": time.process_time()}), flush=True)
    else:
        sys.exit()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", help="a database, or 'empty'")
    asyncio.run(serve(parser.parse_args().what))
