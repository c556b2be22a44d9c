"""What a cell of a notebook, or a script, does without a page: connect, wait, show what there is."""

from __future__ import annotations

import asyncpg
import pytest

import dashboard
from dashboard.errors import ConnectError, QueryError
from dashboard.views.cell import STILL
from dashboard.views.strand import strand
from dashboard.views.tile import Tile
from tests.conftest import psql
from tests.waiting import eventually

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"


def test_a_query_is_waited_for_where_no_event_loop_runs(database: str) -> None:
    live = dashboard.connect(database)
    assert live.query("SELECT 7 AS n").wait().frame["n"].tolist() == [7]
    with pytest.raises(QueryError, match="missing"):
        live.query("SELECT n FROM missing").wait()


async def test_a_query_that_was_waited_for_on_the_loop_follows_from_there(server, database: str) -> None:
    psql(server, "CREATE TABLE bird (id int PRIMARY KEY)", database)
    writer = await asyncpg.connect(database)
    live = await dashboard.connect(database)
    await live.install("bird")
    birds = live.query("SELECT count(*) AS n FROM bird").wait()
    assert birds.frame["n"].tolist() == [0]
    await writer.execute("INSERT INTO bird VALUES (1), (2)")
    await live.caught_up()
    assert birds.frame["n"].tolist() == [2]
    await live.close()
    await writer.close()


async def test_what_a_view_lets_rest_goes_on_for_whoever_reads_it(server, database: str) -> None:
    psql(server, "CREATE TABLE bird (id int PRIMARY KEY)", database)
    writer = await asyncpg.connect(database)
    async with dashboard.connect(database) as live:
        await live.install("bird")
        birds = await live.query("SELECT count(*) AS n FROM bird").ready()
        shown = strand((birds,), Tile(birds).shape(None), "high")
        page = type("Page", (), {"flush": lambda *_: None})()
        shown.follow(page)
        await eventually(lambda: shown.picture["state"] == "ready")
        shown.unfollow(page)
        await writer.execute("INSERT INTO bird VALUES (1)")
        await live.caught_up()
        assert birds.frame["n"].tolist() == [1]
    await writer.close()


async def test_a_database_that_cannot_be_reached_is_said_at_once() -> None:
    with pytest.raises(ConnectError):
        await dashboard.connect(NOWHERE)


async def test_without_a_kernel_a_view_is_its_rows_and_one_sentence(database: str) -> None:
    async with dashboard.connect(database) as live:
        numbers = await live.query("SELECT n FROM generate_series(1, 30) n").ready()
        shown = dashboard.Tile(numbers, title="Numbers")._repr_mimebundle_()
    assert shown["text/plain"].splitlines()[:3] == ["Tile Numbers", STILL, "    n"]
    assert shown["text/plain"].endswith("… 30 rows in all")
