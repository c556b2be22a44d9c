"""`Live.changes` tells a role no more of a table's changes than PostgreSQL would let it read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

import dashboard
from dashboard.apps.watch import examine
from dashboard.apps.watch.recorder import Recorder
from dashboard.errors import DashboardError
from dashboard.live import Batch, Live
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.waiting import eventually

TABLE = """
CREATE TABLE notes (id int PRIMARY KEY, shown text, hidden text);
DO $$ BEGIN CREATE ROLE low LOGIN PASSWORD 'l'; EXCEPTION WHEN duplicate_object THEN END $$;
GRANT SELECT ON notes TO low;
"""
GRANTS = """
GRANT USAGE ON SCHEMA dashboard TO low;
GRANT SELECT ON ALL TABLES IN SCHEMA dashboard TO low;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dashboard TO low;
"""


class Heard:
    """What a subscriber was told."""

    def __init__(self) -> None:
        self.images: list[Any] = []
        self.refusals: list[DashboardError] = []
        self.gaps = 0

    def take(self, batch: Batch) -> None:
        self.gaps += batch.gap
        self.images += [change.new for change in batch.changes if change.op == "I"]


@pytest.fixture
async def low(server: Server, database: str) -> AsyncIterator[Live]:
    """Yield a `Live` of a role that may follow the log and read one table."""
    psql(server, TABLE, database)
    await install(database, ["notes"])
    psql(server, GRANTS, database)
    async with dashboard.connect(re.sub(r"//[^@]+@", "//low:l@", database)) as live:
        yield live
    psql(server, "DROP OWNED BY low", database)


@pytest.fixture
async def heard(low: Live) -> AsyncIterator[Heard]:
    """Yield what is told of the table."""
    heard = Heard()
    subscription = (await low.changes("notes").ready()).subscribe(heard.take, heard.refusals.append)
    await low.caught_up()
    yield heard
    subscription.close()


async def test_rows_that_a_policy_hides_are_not_told(server: Server, database: str, low: Live, heard: Heard) -> None:
    psql(server, "INSERT INTO notes VALUES (1, 'a', 'b')", database)
    await eventually(lambda: len(heard.images) == 1)
    psql(
        server,
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON notes USING (id > 3);"
        "INSERT INTO notes VALUES (-2, 'secret', 'secret')",
        database,
    )
    await eventually(lambda: bool(heard.refusals))
    assert "Row-level security" in str(heard.refusals[0])
    await low.caught_up()
    assert len(heard.images) == 1
    psql(server, "ALTER TABLE notes DISABLE ROW LEVEL SECURITY; INSERT INTO notes VALUES (5, 'a', 'b')", database)
    await eventually(lambda: len(heard.images) > 1)
    assert [image["id"] for image in heard.images] == [1, 5]


async def test_a_revoked_table_is_not_told_and_a_granted_one_is_again(
    server: Server, database: str, low: Live, heard: Heard
) -> None:
    psql(server, "REVOKE SELECT ON notes FROM low", database)
    await eventually(lambda: bool(heard.refusals))  # at a heartbeat
    await low.caught_up()
    heard.refusals.clear()
    psql(server, "INSERT INTO notes VALUES (1, 'secret', '')", database)
    await eventually(lambda: bool(heard.refusals))
    assert "may not read notes" in str(heard.refusals[0])
    before = heard.gaps
    psql(server, "GRANT SELECT ON notes TO low; INSERT INTO notes VALUES (2, '', '')", database)
    await eventually(lambda: [image["id"] for image in heard.images] == [2])
    assert heard.gaps == before + 1


async def test_only_columns_that_may_be_read_are_told(server: Server, database: str, heard: Heard) -> None:
    psql(
        server,
        "REVOKE SELECT ON notes FROM low; GRANT SELECT (id, shown) ON notes TO low;"
        "INSERT INTO notes VALUES (1, 'a', 'secret')",
        database,
    )
    await eventually(lambda: heard.images == [{"id": 1, "shown": "a"}])


async def test_a_table_that_was_made_again_is_told_again(server: Server, database: str, heard: Heard) -> None:
    psql(server, "DROP TABLE notes", database)
    psql(server, TABLE, database)
    await install(database, ["notes"])
    psql(server, "INSERT INTO notes VALUES (7, 'a', 'b')", database)
    await eventually(lambda: [image["id"] for image in heard.images] == [7])


async def test_an_iterator_ends_with_the_reason(server: Server, database: str, low: Live) -> None:
    psql(server, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY", database)
    with pytest.raises(DashboardError, match="Row-level security"):
        await anext(aiter(low.changes("notes")))


async def test_watch_shows_the_reason_in_place_of_hidden_rows(server: Server, database: str, low: Live) -> None:
    (table,) = await examine(low.dsn, ["notes"])
    log = Recorder.on(low).log(table)
    await low.caught_up()
    psql(server, "INSERT INTO notes VALUES (1, 'a', 'b')", database)
    await eventually(lambda: len(log.latest.state.keys) == 1)
    psql(server, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY; INSERT INTO notes VALUES (2, 'secret', '')", database)
    await eventually(lambda: "Row-level security" in str(log.latest.error))
    heartbeats = low.hub.ticks
    await eventually(lambda: low.hub.ticks >= heartbeats + 3)  # the clock of rates and charts has passed on
    assert not log.latest.state.rows
    assert "Row-level security" in str(log.by_second.error)
