"""What one update costs the server for each session that is shown it.

A page of four charts and ten tiles, in 100 sessions, ten updates a second: by the channel, and by Panel's best pattern
(one `add_next_tick_callback` for each session, everything under one hold). Server and clients are processes of
their own, so that the processor time counted is the server's. Panel's way is given one update a second, because
ten would be more than a core can do; what is compared is the time for one update of one session.

One client of the channel stops reading in between: it must cost nothing while it does, and be right when it is back.

    python -m benchmarks.fanout [--sessions 100] [--seconds 10]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from tornado.websocket import WebSocketClientConnection

from benchmarks import browserlike
from benchmarks.record import Figure, record

CHARTS, TILES, POINTS = 4, 10, 200
WAYS = {"channel": 10.0, "next_tick": 1.0}
LIMIT = 1 / 20
WINDOW = 16  # messages that may be on their way to a page that does not read


def build_channel(live: Any) -> Any:
    """Return the page as this package draws it."""
    import panel as pn

    import dashboard

    charts = [
        dashboard.Chart(live.query(f"chart {n}"), x="id", y="n", window=POINTS, title=f"Chart {n}", priority="critical")
        for n in range(CHARTS)
    ]
    tiles = [dashboard.Tile(live.query(f"tile {n}"), title=f"Tile {n}", priority="critical") for n in range(TILES)]
    return pn.Column(*charts, *tiles)


def build_next_tick(live: Any) -> Any:
    """Return the same page by Panel alone, and have it updated as Panel does best."""
    from functools import partial

    import panel as pn
    from bokeh.models import ColumnDataSource
    from bokeh.plotting import figure

    sources, figures = [], []
    for n in range(CHARTS):
        rows = [row[:2] for row in live.query(f"chart {n}").state.rows.values()]
        source = ColumnDataSource({"id": [row[0] for row in rows], "n": [row[1] for row in rows]})
        drawn = figure(height=200, title=f"Chart {n}")
        drawn.line("id", "n", source=source)
        sources.append(source)
        figures.append(drawn)
    numbers = [pn.indicators.Number(name=f"Tile {n}", value=0) for n in range(TILES)]
    page = pn.Column(*figures, *numbers)
    document = pn.state.curdoc
    assert document is not None

    def apply() -> None:
        with pn.io.hold(document):
            for n, source in enumerate(sources):
                row = live.query(f"chart {n}").state.rows[live.newest]
                source.stream({"id": [row[0]], "n": [row[1]]}, rollover=POINTS)
            for n, number in enumerate(numbers):
                number.value = next(iter(live.query(f"tile {n}").state.rows.values()))[0]

    live.pages.append(partial(document.add_next_tick_callback, apply))
    return page


async def serve(way: str, rate: float) -> None:
    """Serve the page, move its queries at a rate, and answer `cpu` on standard input with what it took so far."""
    from panel.io.server import get_server

    from tests.unit.standin import StandIn

    live: Any = StandIn()
    live.pages, live.newest = [], POINTS - 1
    for n in range(CHARTS):
        rows = [(i, math.sin(i / 9)) for i in range(POINTS)]
        live.query(f"chart {n}").answer({"id": "int8", "n": "float8"}, rows)
    for n in range(TILES):
        live.query(f"tile {n}").answer({"n": "int8"}, [(0,)])
    build = build_channel if way == "channel" else build_next_tick
    server = get_server(lambda: build(live), port=0, start=True, websocket_origin="*")
    print(json.dumps({"port": server.port}), flush=True)
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: answer(live))
    while True:
        await asyncio.sleep(1 / rate)
        move(live)


def move(live: Any) -> None:
    """One more point in each chart, another number in each tile."""
    live.newest += 1
    for n in range(CHARTS):
        query = live.query(f"chart {n}")
        query.state.rows.pop(live.newest - POINTS, None)
        query.put((live.newest, math.sin(live.newest / 9)))
    for n in range(TILES):
        query = live.query(f"tile {n}")
        query.state.rows.clear()
        query.put((live.newest,))
    for wake in live.pages:
        wake()


def answer(live: Any) -> None:
    """Say how much processor time has gone, and what the newest value is; the end of the input is the end."""
    if not sys.stdin.readline():
        sys.exit()
    print(json.dumps({"cpu": time.process_time(), "newest": live.newest}), flush=True)


@dataclass
class Session:
    """One page open in a client that reads what it is sent."""

    bokeh: WebSocketClientConnection
    channel: WebSocketClientConnection | None = None
    updates: int = 0
    read: int = 0
    values: list[int] = field(default_factory=list)
    is_reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        """Read; confirm as the page's own code does."""
        socket = self.channel or self.bokeh
        while (message := await socket.read_message()) is not None:
            await self.is_reading.wait()
            text = message if isinstance(message, str) else message.decode()
            if self.channel is None:
                self.updates += '"PATCH-DOC"' in text
                continue
            if '"updates"' in text:
                self.updates += 1
                shown = re.findall(r'"value":"([\d,]+)"', text)
                if shown:  # a chart may come alone
                    self.values.append(min(int(value.replace(",", "")) for value in shown))
            self.read += 1
            if self.read % 8 == 0:
                self.channel.write_message(json.dumps({"ack": self.read}))


async def opened(url: str) -> Session:
    """Open a page in a client that reads at once."""
    page = await browserlike.opened(url)
    session = Session(page.bokeh, page.channel)
    session.is_reading.set()
    return session


class Server:
    """The server's process, and what it says."""

    def __init__(self, way: str, rate: float) -> None:
        command = [sys.executable, "-m", "benchmarks.fanout", "--serve", way, "--rate", str(rate)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://localhost:{self._line()['port']}/"

    def ask(self) -> dict[str, Any]:
        """Processor seconds used so far, and the newest value."""
        assert self._process.stdin is not None
        self._process.stdin.write("cpu\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


@dataclass
class Found:
    """What one way took: processor seconds of an update of one session, updates a second, and share of a core."""

    cost: float
    rate: float
    share: float
    waited: int = 0
    is_right: bool = True


async def measure(way: str, rate: float, sessions: int, seconds: float) -> Found:
    """Open the pages, let them be updated for a while, and divide."""
    server = Server(way, rate)
    tasks: list[asyncio.Task[None]] = []
    try:
        pages = [await opened(server.url) for _ in range(sessions)]
        tasks = [asyncio.create_task(page.follow()) for page in pages]
        await asyncio.sleep(2)
        before, counted = server.ask(), sum(page.updates for page in pages)
        await asyncio.sleep(seconds)
        after, arrived = server.ask(), sum(page.updates for page in pages) - counted
        cpu = after["cpu"] - before["cpu"]
        found = Found(cost=cpu / arrived, rate=arrived / seconds / sessions, share=cpu / seconds)
        if way == "channel":
            found.waited, found.is_right = await stop_reading(server, pages[0], seconds / 2)
        return found
    finally:
        for task in tasks:
            task.cancel()
        server.stop()


async def stop_reading(server: Server, session: Session, seconds: float) -> tuple[int, bool]:
    """Stop one session's reading for a while; return how many messages waited, and whether it is right again."""
    session.is_reading.clear()
    await asyncio.sleep(seconds)
    newest = server.ask()["newest"]
    session.values.clear()
    session.is_reading.set()
    await asyncio.sleep(1)
    return sum(value < newest for value in session.values), max(session.values) >= newest


async def main(sessions: int, seconds: float) -> None:
    """Measure both ways, print and keep the figures."""
    by_way = {way: await measure(way, rate, sessions, seconds) for way, rate in WAYS.items()}
    channel, next_tick = by_way["channel"], by_way["next_tick"]
    figures = [
        Figure(
            name="channel against next_tick, time per session-update",
            value=channel.cost / next_tick.cost,
            at_most=LIMIT,
        ),
        Figure(
            name="messages that waited for a session that did not read", value=channel.waited, unit="", at_most=WINDOW
        ),
        Figure(name="that session is right again a second later", value=float(channel.is_right), unit="", at_least=1),
    ]
    for way, found in by_way.items():
        figures += [
            Figure(name=f"{way}: time per session-update", value=found.cost * 1000, unit="ms"),
            Figure(name=f"{way}: updates per second and session", value=found.rate, unit="/s"),
            Figure(name=f"{way}: share of a core, {sessions} sessions", value=found.share, unit=""),
        ]
    record("fanout", figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--serve", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=10, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve, given.rate))
    else:
        asyncio.run(main(given.sessions, given.seconds))
