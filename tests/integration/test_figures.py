"""What the engine and the views count of a real database's changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

import dashboard
from dashboard.live.figures import OpenQuery
from dashboard.live.live import Live
from dashboard.live.shared import followed
from tests.waiting import eventually

COUNT = "SELECT count(*) FROM bird"
LIST = "SELECT id, name FROM bird"


@pytest.fixture
async def writer(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to a database with a captured table."""
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE bird (id int PRIMARY KEY, name text)")
    yield connection
    await connection.close()


@pytest.fixture
async def live(database: str, writer: asyncpg.Connection) -> AsyncIterator[Live]:
    async with dashboard.connect(database) as live:
        await live.install("bird")
        yield live


def figures_of(live: Live, sql: str) -> OpenQuery:
    (found,) = [query for query in live.open_queries() if query.sql == sql]
    return found


def runs_of(live: Live, sql: str) -> tuple[int, int]:
    spent = figures_of(live, sql).spent
    return spent.whole_runs, spent.step_runs


async def test_a_change_is_counted_with_the_runs_it_makes(live: Live, writer: asyncpg.Connection) -> None:
    query = await live.query(LIST, priority="high").ready()
    assert runs_of(live, LIST) == (1, 0)
    before = live.hub.figures.changes, live.hub.figures.ticks
    await writer.execute("INSERT INTO bird VALUES (1, 'wren'), (2, 'tit')")
    await live.caught_up()
    assert live.hub.figures.changes - before[0] == 2
    assert live.hub.figures.ticks > before[1]
    assert sum(live.hub.figures.buckets) == live.hub.figures.ticks
    whole, steps = runs_of(live, LIST)
    assert (whole, steps) == (1, 1)
    told = figures_of(live, LIST)
    assert (told.plan, told.priority, told.rows, told.condition) == ("rows", "high", 2, "awake")
    assert told.reason
    assert told.spent.whole_seconds > 0 < told.spent.step_seconds
    query.close()


async def test_a_query_that_rests_is_not_run(live: Live, writer: asyncpg.Connection) -> None:
    resting, awake = await live.query(COUNT).ready(), await live.query(LIST).ready()
    resting.pause()
    before = runs_of(live, COUNT)
    for n in range(5):
        await writer.execute("INSERT INTO bird VALUES ($1, 'owl')", n)
        await live.caught_up()
    assert figures_of(live, COUNT).condition == "resting"
    assert runs_of(live, COUNT) == before
    assert runs_of(live, LIST)[1] >= 5
    resting.resume()
    await live.caught_up()
    assert figures_of(live, COUNT).condition == "awake"
    assert runs_of(live, COUNT) > before
    awake.close()


async def test_what_nobody_asked_postgresql_is_not_told(live: Live) -> None:
    unasked = live.query(COUNT)
    assert live.open_queries() == []
    await unasked.ready()
    assert len(live.open_queries()) == 1


async def test_a_query_in_trouble_says_so(live: Live, writer: asyncpg.Connection) -> None:
    other, query = await live.query(COUNT).ready(), await live.query(LIST).ready()
    await writer.execute("ALTER TABLE bird DROP COLUMN name")
    await eventually(lambda: figures_of(live, LIST).condition == "error")
    assert "name" in figures_of(live, LIST).problem
    assert figures_of(live, COUNT).condition == "awake"
    for one in (other, query):
        one.close()


async def test_the_most_urgent_user_of_a_shared_query_is_told(live: Live) -> None:
    queries = [live.query(COUNT, priority=priority) for priority in ("low", "critical", "medium")]
    await queries[0].ready()
    assert figures_of(live, COUNT).priority == "critical"


async def test_what_a_closed_query_has_spent_is_not_forgotten(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.live.answers.GRACE", 0.0)
    query = await live.query(COUNT).ready()
    query.close()
    await eventually(lambda: live.open_queries() == [])
    assert live.hub.figures.ended.whole_runs == 1


async def test_a_database_is_told_of_from_its_first_use(database: str) -> None:
    live = dashboard.connect(database)
    assert live not in followed()
    async with live:
        assert live in followed()
    assert live not in followed()
