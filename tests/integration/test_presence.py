"""Who is here: told across processes, to whom it may concern, and gone when they or their process are."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

import dashboard
from dashboard.errors import DashboardError
from dashboard.live import Live
from dashboard.live.presence import join
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.log import connected
from tests.proxy import Proxy
from tests.waiting import eventually

HERE = "SELECT id, name, page, record FROM dashboard.presence ORDER BY name, page"
OTHER = """
import asyncio, sys
import dashboard
from dashboard.live.presence import join

async def main():
    async with dashboard.connect(sys.argv[1]) as live:
        for name in ("Bob", "Cleo"):
            join(live, name=name, page="crm")
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def live(server: Server, database: str) -> AsyncIterator[Live]:
    """Yield a `Live` of a database with a log."""
    psql(server, "CREATE TABLE notes (id int PRIMARY KEY)", database)
    await install(database, ["notes"])
    async with dashboard.connect(database) as opened:
        yield opened


@pytest.fixture
def other_process(live: Live) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process on whose pages there are Bob and Cleo."""
    with subprocess.Popen([sys.executable, "-c", OTHER, live.dsn]) as process:
        yield process
        process.kill()


def names(query: dashboard.LiveQuery) -> list[str]:
    return list(query.frame["name"])


async def test_who_comes_moves_and_leaves_is_seen_by_a_live_query(live: Live) -> None:
    here = await live.query(HERE)
    assert here.plan is not None and here.plan.kind == "rows"
    ann = join(live, name="Ann", page="crm")
    bob = join(live, name="Bob", page="crm", record="contact 7")
    await eventually(lambda: names(here) == ["Ann", "Bob"])
    ann.move("contact 9")
    await eventually(lambda: list(here.frame["record"]) == ["contact 9", "contact 7"])
    bob.leave()
    bob.leave()
    bob.move("contact 8")
    await eventually(lambda: names(here) == ["Ann"])
    ann.leave()
    await eventually(lambda: names(here) == [])
    again = join(live, name="Ann", page="orders")
    await eventually(lambda: names(here) == ["Ann"])
    again.leave()


async def test_the_people_of_a_killed_process_leave(live: Live, other_process: subprocess.Popen[bytes]) -> None:
    here = await live.query(HERE)
    mine = join(live, name="Ann", page="crm")
    await eventually(lambda: names(here) == ["Ann", "Bob", "Cleo"], timeout=30)
    other_process.kill()
    killed = asyncio.get_running_loop().time()
    await eventually(lambda: names(here) == ["Ann"], timeout=30)
    assert asyncio.get_running_loop().time() - killed < 15, "as long as a machine that vanishes"
    mine.leave()


async def test_the_people_of_a_process_that_ends_leave_at_once(live: Live) -> None:
    here = await live.query(HERE)
    async with dashboard.connect(live.dsn + "?application_name=other") as other:
        join(other, name="Bob", page="crm")
        await eventually(lambda: names(here) == ["Bob"])
    await eventually(lambda: names(here) == [])


async def test_who_was_taken_for_gone_is_named_again(live: Live, proxy: Proxy) -> None:
    here = await live.query(HERE)
    async with dashboard.connect(proxy.dsn) as other, connected(live.dsn) as connection:
        join(other, name="Bob", page="crm")
        await eventually(lambda: names(here) == ["Bob"])
        await connection.execute("DELETE FROM dashboard.process")
        await eventually(lambda: names(here) == [])
        await eventually(lambda: names(here) == ["Bob"])
        await proxy.cut()
        await connection.execute("DELETE FROM dashboard.process")
        await eventually(lambda: names(here) == [])
        await proxy.restore()
        await eventually(lambda: names(here) == ["Bob"])


async def test_of_machines_that_fell_silent_only_the_dead_are_swept(live: Live) -> None:
    async with connected(live.dsn) as connection:
        await connection.execute(
            "INSERT INTO dashboard.process SELECT n, 'far', has_lock, clock_timestamp() - make_interval(secs => silent)"
            " FROM (VALUES (1, false, 20), (2, true, 4), (3, false, -60)) AS far (n, has_lock, silent)"
        )
        await connection.execute(
            "INSERT INTO dashboard.presence (id, process, person, name, page, settings)"
            " SELECT gen_random_uuid(), n, '', names[n], 'p', '{}' FROM generate_series(1, 3) n,"
            " (SELECT ARRAY['Long silent', 'Killed', 'Behind a pooler'] AS names) known"
        )
    here = await live.query(HERE)
    assert names(here) == ["Behind a pooler", "Killed", "Long silent"]
    join(live, name="Ann", page="crm")
    await eventually(lambda: names(here) == ["Ann", "Behind a pooler"])


async def test_only_those_among_whom_somebody_is_see_them(live: Live, server: Server) -> None:
    psql(
        server,
        "DO $$ BEGIN CREATE ROLE seller; EXCEPTION WHEN duplicate_object THEN END $$;"
        "DO $$ BEGIN CREATE ROLE buyer; EXCEPTION WHEN duplicate_object THEN END $$;",
    )

    def scope(role: str, shop: str) -> dashboard.Scope:
        return dashboard.Scope(role=role, settings={"app.shop": shop})

    join(live, name="Everybody's", page="p")
    join(live, name="Seller", page="p", among=dashboard.Scope(role="seller"))
    join(live, name="Seller of 1", page="p", among=scope("seller", "1"))
    join(live, name="Of no shop", page="p", among=scope("seller", ""))
    join(live, name="Of no role", page="p", among=dashboard.Scope(role="there is no such role"))
    everybody = await live.query(HERE)
    seen = {
        name: await live.query(HERE, scope=who)
        for name, who in {
            "seller of 1": scope("seller", "1"), "seller of 2": scope("seller", "2"), "buyer of 1": scope("buyer", "1"),
            "seller of none": scope("seller", ""),
        }.items()
    }  # fmt: skip
    await eventually(lambda: len(names(everybody)) == 5)
    await live.caught_up()
    assert {name: set(names(query)) for name, query in seen.items()} == {
        "seller of 1": {"Everybody's", "Seller", "Seller of 1"},
        "seller of 2": {"Everybody's", "Seller"},
        "buyer of 1": {"Everybody's"},
        "seller of none": {"Everybody's", "Seller"},
    }
    for statement in (
        "SELECT role, settings FROM dashboard.presence",
        "SELECT * FROM dashboard.process",
        "SELECT * FROM dashboard.change_log",
    ):
        with pytest.raises(DashboardError, match="permission denied"):
            await live.query(statement, scope=scope("seller", "1"))
    with pytest.raises(subprocess.CalledProcessError):
        psql(server, "SET ROLE seller; SELECT dashboard.attend(1, 'x', false, '[]', '{}', true)", live.dsn)


async def test_without_a_log_nobody_is_present_and_all_else_goes_on(database: str) -> None:
    async with dashboard.connect(database) as live:
        ann = join(live, name="Ann", page="crm")
        one = await live.query("SELECT 1 AS one")
        await live.caught_up()
        assert list(one.frame["one"]) == [1]
        ann.leave()
