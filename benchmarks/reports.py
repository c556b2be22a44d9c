"""How long a report takes and how large it is, by the rows behind it: 1,000, 100,000 and 1,000,000.

One page over one table: a number, a chart of sums by hour, a chart of every row, sums by kind, and the rows themselves.
PostgreSQL aggregates; of the chart of every row a sample is drawn, of the table the first rows are kept, and the report
says so. So its size and its process's memory are bounded; both are read from a process of its own, as the command is.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from benchmarks.record import Figure, record
from dashboard.postgres.server import Server

SIZES = (1_000, 100_000, 1_000_000)
PAGE = """
import dashboard

live = dashboard.connect()
hours = "SELECT date_trunc('hour', at) AS hour, kind, sum(amount) AS total FROM {table} GROUP BY 1, 2 ORDER BY 1"
dashboard.Page(
    dashboard.Tile(live.query("SELECT count(*) FROM {table}"), title="Rows"),
    dashboard.Chart(live.query(hours), x="hour", y="total", by="kind", title="By hour"),
    dashboard.Chart(live.query("SELECT at, amount FROM {table} ORDER BY at"), x="at", y="amount", title="Every row"),
    dashboard.Progress(live.query("SELECT kind, count(*) AS n FROM {table} GROUP BY 1"), label="kind", value="n"),
    dashboard.Table(live.query("SELECT id, at, kind, amount FROM {table} ORDER BY id"), title="Rows"),
    live=live, title="Rows",
).servable()
"""


def main() -> None:
    """Run and record."""
    figures: list[Figure] = []
    with Server(temporary=True, durable=False) as server, tempfile.TemporaryDirectory() as folder:
        seconds, sizes, memories = [], [], []
        for rows in SIZES:
            page = asyncio.run(_prepared(server, Path(folder), rows))
            for ending in ("html", "pdf"):
                taken, size, memory = _made(page, server.dsn, page.with_suffix(f".{ending}"))
                figures += [
                    Figure(name=f"{rows:,} rows as {ending}", value=taken, unit="s"),
                    Figure(name=f"{rows:,} rows as {ending}, its size", value=size, unit="MB"),
                ]
                if ending == "html":
                    seconds.append(taken), sizes.append(size), memories.append(memory)
                    figures.append(Figure(name=f"{rows:,} rows, the process at its largest", value=memory, unit="MB"))
    figures += [
        Figure(name="1,000,000 rows beside 100,000, its size", value=sizes[2] / sizes[1], at_most=1.3),
        Figure(
            name="1,000,000 rows beside 100,000, the process at its largest",
            value=memories[2] / memories[1],
            at_most=1.3,
        ),
        Figure(name="1,000,000 rows beside 1,000, the time", value=seconds[2] / seconds[0]),
    ]
    record("reports", figures)


async def _prepared(server: Server, folder: Path, rows: int) -> Path:
    table = f"rows_{rows}"
    connection = await asyncpg.connect(server.dsn)
    await connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, at timestamptz, kind text, amount int)")
    await connection.execute(
        f"INSERT INTO {table} SELECT n, timestamptz '2026-11-01' + n * (interval '7 days' / {rows}), "
        f"'kind ' || n % 4, n % 997 FROM generate_series(1, {rows}) n"
    )
    await connection.execute(f"ANALYZE {table}")
    await connection.close()
    page = folder / f"{table}.py"
    page.write_text(PAGE.replace("{table}", table), encoding="utf-8")
    return page


def _made(page: Path, dsn: str, out: Path) -> tuple[float, float, float]:
    """Seconds, megabytes of the file, and of the process at its largest."""
    environment = os.environ | {"DASHBOARD_REPORT_ROWS": "1000" if out.suffix == ".pdf" else "10000"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "report", str(page), dsn, "--out", str(out)], env=environment
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert isinstance(used, resource.struct_rusage)
    return time.perf_counter() - started, out.stat().st_size / 1e6, used.ru_maxrss / 1e3


if __name__ == "__main__":
    main()
