"""A hundred people look at the CRM while it is worked on: how late they see it, and what that costs the server.

The sessions are Bokeh's own with the channel's WebSocket, read by clients in another process; they look as a few of the
CRM's members, each under row-level security. Twenty changes a second: the app's simulation, and two contacts a second
whose names are looked for in the frames. A time begins just before the INSERT is sent and ends when a session's socket
has the frame with that name; the feed it stands in has the priority high, so up to 50 ms of it are the deadline. Beside
it stands what the machine itself gave in that minute: the round trip of a bare NOTIFY.

    python -m benchmarks.sessions [--sessions 100] [--seconds 60] [--members 4]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from dataclasses import dataclass, field

import asyncpg

from benchmarks.browserlike import Opened, opened
from benchmarks.process import Process, load
from benchmarks.record import Figure, percentile, record
from dashboard import apps
from dashboard.postgres.server import Server

RATE, MARKS = 20.0, 2.0
MARK = re.compile(r"Mark (\d+) of")
ADD = "INSERT INTO crm.contacts (member_id, name, email) VALUES ($1, $2, 'mark@example.org')"


@dataclass
class Looking:
    """One session, and when it first saw each name."""

    page: Opened
    member: int
    seen: dict[int, float] = field(default_factory=dict)
    frames: int = 0

    async def follow(self) -> None:
        """Read; confirm as the page's own code does."""
        channel = self.page.channel
        assert channel is not None
        while (message := await channel.read_message()) is not None:
            now = time.perf_counter()
            self.frames += 1
            for number in MARK.findall(str(message)):
                self.seen.setdefault(int(number), now)
            if self.frames % 8 == 0:
                channel.write_message(json.dumps({"ack": self.frames}))


async def main(sessions: int, seconds: float, members: int) -> None:
    """Run and record."""
    with Server(temporary=True) as server:
        await load(server.dsn)
        writer = await asyncpg.connect(server.dsn)
        bare = await _bare(server, writer)
        with Process(server.dsn) as process:
            figures = await _look(server, writer, process, sessions, seconds, members)
        await writer.close()
    figures.append(Figure(name="bare LISTEN round trip, p50", value=percentile(bare, 0.5) * 1e3, unit="ms"))
    record("sessions", figures)


async def _look(
    server: Server, writer: asyncpg.Connection, process: Process, sessions: int, seconds: float, members: int
) -> list[Figure]:
    looking = [
        Looking(await opened(process.url, "crm", f"?member={nth % members + 1}"), nth % members + 1)
        for nth in range(sessions)
    ]
    simulation = apps.find("crm").simulate(server.dsn, rate=RATE - MARKS)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.follow()) for each in looking]
        working = group.create_task(simulation.run())
        await asyncio.sleep(3)
        frames, cpu, began = sum(each.frames for each in looking), process.ask("cpu")["cpu"], time.perf_counter()
        sent = await _mark(writer, seconds, members)
        share = (process.ask("cpu")["cpu"] - cpu) / (time.perf_counter() - began)
        frames = sum(each.frames for each in looking) - frames
        await asyncio.sleep(2)
        simulation.stop()
        await working
        for task in tasks:
            task.cancel()
    times = [each.seen[mark] - at for each in looking for mark, at in sent[each.member].items() if mark in each.seen]
    expected = sum(len(sent[each.member]) for each in looking)
    return [
        Figure(name="sessions", value=sessions, unit=""),
        Figure(name="names overtaken by ten newer ones before a frame", value=1 - len(times) / expected, unit=""),
        Figure(name="commit → the session's frame, p50", value=percentile(times, 0.5) * 1e3, unit="ms"),
        Figure(name="commit → the session's frame, p99", value=percentile(times, 0.99) * 1e3, unit="ms", at_most=1000),
        Figure(name="frames per second and session", value=frames / seconds / sessions, unit="/s"),
        Figure(name="the server's processor share", value=share, unit="core", at_most=0.5),
    ]


async def _mark(writer: asyncpg.Connection, seconds: float, members: int) -> dict[int, dict[int, float]]:
    """Add contacts for a while; when each was sent, by member."""
    sent: dict[int, dict[int, float]] = {member: {} for member in range(1, members + 1)}
    for number in range(int(seconds * MARKS)):
        member = number % members + 1
        sent[member][number] = time.perf_counter()
        await writer.execute(ADD, member, f"Mark {number} of {seconds:.0f}")
        await asyncio.sleep(1 / MARKS)
    return sent


async def _bare(server: Server, writer: asyncpg.Connection) -> list[float]:
    listener = await asyncpg.connect(server.dsn)
    heard = asyncio.Event()
    await listener.add_listener("bare", lambda *_: heard.set())
    times = []
    for _ in range(100):
        began = time.perf_counter()
        await writer.execute("NOTIFY bare")
        await heard.wait()
        heard.clear()
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)
    await listener.close()
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--members", type=int, default=4, help="each has fourteen queries of its own")
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.seconds, given.members))
