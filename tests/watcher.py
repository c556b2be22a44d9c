"""A process that watches a rule, so that it can be killed: ``python -m tests.watcher DSN`` says who it is, goes on."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

import dashboard
from dashboard.live.alerts import Above
from dashboard.live.alerts.alerts import Timing

SHORT = Timing(
    lease=timedelta(seconds=3), sending=timedelta(seconds=2), pause=timedelta(), poll=timedelta(milliseconds=200)
)


async def main(dsn: str) -> None:
    """Watch until killed."""
    async with dashboard.connect(dsn) as live:
        live.alerts.timing = SHORT
        live.alert(
            live.query("SELECT id, what, load FROM jobs"),
            name="heavy",
            title="Heavy job",
            labels=["id"],
            when=Above("load", 5),
            summary="{what} has {load}",
            interval=timedelta(),
        )
        print(live.alerts.id, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
