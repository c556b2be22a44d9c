"""Rows over time: the window ends with the latest row of the past, and moves on."""

from __future__ import annotations

import datetime as dt

import dashboard
from dashboard.apps.watch import examine
from dashboard.apps.watch.lately import Lately
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.waiting import eventually


async def test_the_window_moves_with_the_latest_row_of_the_past(server: Server, database: str) -> None:
    psql(server, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz)", database)
    psql(server, "INSERT INTO t VALUES (1, '2020-01-01'), (2, '2020-02-01'), (3, '3000-01-01')", database)
    await install(database, ["t"])
    (table,) = await examine(database, ["t"])
    async with dashboard.connect(database) as live:
        lately = Lately(live, table)

        def days() -> list[str]:
            return sorted(f"{row[0].astimezone(dt.UTC):%Y-%m-%d}" for row in lately.source.state.rows.values())

        looking = lately.source.subscribe(lambda query, _: None)
        await eventually(lambda: days() == ["2020-01-01", "2020-02-01"])
        psql(server, "INSERT INTO t VALUES (4, '2020-03-15')", database)
        await eventually(lambda: days() == ["2020-02-01", "2020-03-15"])
        psql(server, "INSERT INTO t VALUES (5, '2022-02-01'), (6, '2019-01-01')", database)
        await eventually(lambda: days() == ["2022-02-01"])
        assert lately._since is not None
        assert lately._since.year == 2021, "asked anew, and not for ever more"
        looking.close()
        lately.look()
        assert lately._query is None
