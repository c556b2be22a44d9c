"""Following a database that cuts, stalls, crashes, rotates, changes its part, or cannot wake us."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from dashboard.errors import ConnectError, ServerTooOld
from dashboard.live import Delta, Live, LiveQuery, Status, Tick, attempt
from dashboard.postgres import connection as connection_module
from dashboard.postgres.capture import install, uninstall
from dashboard.postgres.connection import Connection, connect
from dashboard.postgres.follower import Pace
from dashboard.postgres.rotation import rotate
from dashboard.postgres.server import Server
from tests.cluster import Cluster
from tests.log import connected
from tests.pooler import pooler
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.witness import Witness, difference, rows_of

PACE = Pace(heartbeat=0.15, tick=0.002, reply_timeout=0.6, connect_timeout=2, backoff_first=0.02, backoff_max=0.2)
ASLEEP = Pace(heartbeat=600, tick=0.01)
SCHEMA = (
    "CREATE TABLE orders (id int PRIMARY KEY, n int); INSERT INTO orders SELECT i, i % 3 FROM generate_series(1, 9) i"
)
QUERIES = (
    "SELECT id, n FROM orders",
    "SELECT n, count(*), sum(id) FROM orders GROUP BY n",
    "SELECT n, max(id) FROM orders GROUP BY n",
    "SELECT id FROM orders ORDER BY id DESC LIMIT 3",
    "SELECT id, row_number() OVER (ORDER BY id) FROM orders",
)


class Told:
    """What a page would be told: states, and deltas by query."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.states: list[Status] = [live.status]
        self.ticks: list[Tick] = []
        self.deltas: dict[str, list[Delta]] = {}
        live.on_status(self.states.append)
        live.on_tick(self.ticks.append)
        self.queries = [live.query(sql) for sql in QUERIES]

    async def ready(self) -> Told:
        for query in self.queries:
            await query.ready()
            query.subscribe(self._take)
        await self.live.caught_up()
        self.ticks.clear()
        return self

    def _take(self, query: LiveQuery, delta: Delta | None) -> None:
        if delta is not None:
            self.deltas.setdefault(query.sql, []).append(delta)

    def kinds(self) -> list[str]:
        return [query.plan.kind for query in self.queries if query.plan is not None]

    def names(self) -> list[str]:
        """The states, each once however often its reason changed."""
        return [state for state, _ in itertools.groupby(status.state for status in self.states)]

    async def are_right(self, connection: Connection) -> bool:
        for query in self.queries:
            assert query.error is None, query.error
            expected = [tuple(row) for row in await connection.fetch(query.sql)]
            assert not difference(expected, rows_of(query)), query.sql
        return True

    def nothing_flashed(self) -> bool:
        """No query was replaced, and none had the same rows twice."""
        return not any(delta.replaced for deltas in self.deltas.values() for delta in deltas)


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Connection]:
    """Yield a connection to a database with a captured table, the connection of a writer."""
    async with connected(database) as connection:
        await connection.execute(SCHEMA)
        await install(connection, ["orders"])
        yield connection


# Wake-ups


async def test_no_wake_up_is_missed_without_help_of_the_heartbeat(database: str, writer: Connection) -> None:
    """Bursts and open transactions of several writers, to two followers; the heartbeat is ten minutes away."""
    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(Live(database, pace=ASLEEP)) for _ in range(2)]
        totals = [await live.query("SELECT count(*) FROM orders").ready() for live in lives]
        written = 9

        async def write(seed: int) -> int:
            chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
            done = 0
            async with connected(database) as connection:
                for burst in range(25):
                    level = chance.choice(("read_committed", "repeatable_read"))
                    for number in range(chance.choice((1, 1, 2, 30))):
                        key = 1_000_000 * (seed + 1) + 1000 * burst + number
                        async with connection.transaction(isolation=level):
                            await connection.execute("INSERT INTO orders VALUES ($1, 0)", key)
                            if chance.random() < 0.1:
                                await asyncio.sleep(chance.random() * 0.02)
                        done += 1
                    await asyncio.sleep(chance.random() * 0.05)
            return done

        for number in range(4):
            written += sum(await asyncio.gather(*(write(10 * number + n) for n in range(4))))
            expected = [[(written,)]] * 2
            await eventually(lambda expected=expected: [rows_of(total) for total in totals] == expected, timeout=5)  # type: ignore[misc]  # a default
        assert sum(live.leads for live in lives) == 1


async def test_an_idle_database_is_left_alone(database: str, writer: Connection) -> None:
    async with Live(database, pace=ASLEEP) as live:
        told = await Told(live).ready()
        await eventually(lambda: live.status.state == "live")
        await writer.execute("INSERT INTO orders VALUES (100, 1)")
        await eventually(lambda: len(rows_of(told.queries[0])) == 10)
        count = "SELECT query_start FROM pg_stat_activity WHERE application_name = 'dashboard: follower'"
        seen = await _steady(writer, count)
        quiet = await asyncio.wait({asyncio.ensure_future(_changed(writer, count, seen))}, timeout=0.7)
        assert not quiet[0], "it asked though nothing happened"
        for task in quiet[1]:
            task.cancel()


async def _steady(connection: Connection, sql: str) -> object:
    """Wait until two readings are the same."""
    last = None

    async def same() -> bool:
        nonlocal last
        before, last = last, await connection.fetchval(sql)
        return before == last

    await eventually(same, pause=0.15)
    return last


async def _changed(connection: Connection, sql: str, seen: object) -> None:
    await eventually(lambda: _differs(connection, sql, seen), timeout=5)


async def _differs(connection: Connection, sql: str, seen: object) -> bool:
    return bool(await connection.fetchval(sql) != seen)


FOLLOW = """
    import asyncio, sys
    from dashboard.live import Live
    from dashboard.postgres.follower import Pace

    async def main():
        async with Live(sys.argv[1], pace=Pace(heartbeat=0.2)) as live:
            query = await live.query("SELECT count(*) FROM orders").ready()
            await live.caught_up()
            print("ready", live.leads, flush=True)
            query.subscribe(lambda query, delta: print(list(query.state.rows.values())[0][0], flush=True))
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

    asyncio.run(main())
"""


async def test_when_the_leaders_process_dies_another_leads_and_nobody_loses_a_change(
    database: str, writer: Connection
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(FOLLOW), database,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert (await child.stdout.readline()).split() == [b"ready", b"True"]
    async with Live(database, pace=Pace(heartbeat=0.2)) as live:
        query = await live.query("SELECT count(*) FROM orders").ready()
        assert not live.leads
        for number in range(100, 150):
            await writer.execute("INSERT INTO orders VALUES ($1, 0)", number)
            if number == 125:
                child.kill()
        await eventually(lambda: rows_of(query) == [(59,)], timeout=3)
        await eventually(lambda: live.leads)
        await writer.execute("INSERT INTO orders VALUES (200, 0)")
        await eventually(lambda: rows_of(query) == [(60,)], timeout=3)
    await child.wait()


async def test_followers_in_one_process_hear_of_every_change(database: str, writer: Connection) -> None:
    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(Live(database, pace=PACE)) for _ in range(3)]
        all_told = [await Told(live).ready() for live in lives]
        leader = next(live for live in lives if live.leads)
        backend = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 2 AND granted AND objsubid = 2"
        for number in range(100, 130):
            await writer.execute("INSERT INTO orders VALUES ($1, 0)", number)
            if number == 115:
                assert await writer.fetchval(f"SELECT pg_terminate_backend(({backend}))")
        for told in all_told:
            await eventually(lambda told=told: told.are_right(writer))  # type: ignore[misc]  # a default
            assert told.nothing_flashed()
        await eventually(lambda: sum(live.leads for live in lives) == 1)
        assert leader.status.state == "live"


# Cuts


async def test_after_a_cut_it_resumes_from_its_offset_without_a_flash(proxy: Proxy, writer: Connection) -> None:
    live = Live(proxy.dsn, pace=PACE)
    witness = Witness(live)
    async with live:
        told = await Told(live).ready()
        before = told.states[-1].since
        await proxy.cut()
        await eventually(lambda: live.status.state == "reconnecting")
        assert live.status.reason
        assert live.status.since >= before
        await writer.execute("INSERT INTO orders VALUES (100, 1); DELETE FROM orders WHERE id = 1")
        assert len(rows_of(told.queries[0])) == 9
        await proxy.restore()
        await eventually(lambda: told.are_right(writer))
        assert live.status.state == "live"
        assert not live.status.reason
        assert told.nothing_flashed()
        assert [(delta.keys, delta.removed_keys) for delta in told.deltas[QUERIES[0]]] == [((100,), (1,))]
        assert all(tick.resumed for tick in told.ticks)
    assert not witness.faults
    assert told.names()[-3:] == ["live", "reconnecting", "live"]


async def test_a_half_open_wire_is_noticed_and_replaced(proxy: Proxy, writer: Connection) -> None:
    async with Live(proxy.dsn, pace=PACE) as live:
        told = await Told(live).ready()
        proxy.stall()
        await writer.execute("INSERT INTO orders VALUES (100, 1)")
        await eventually(lambda: live.status.state == "reconnecting", timeout=3)
        await proxy.restore()
        await eventually(lambda: told.are_right(writer))
        await eventually(lambda: live.status.state == "live")
        assert told.nothing_flashed()


async def test_a_wire_that_stalls_in_the_middle_of_a_query_is_noticed(
    proxy: Proxy, database: str, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "PATIENCE", 30)
    pace = Pace(heartbeat=0.15, tick=0.002, statement_timeout=0.8, connect_timeout=0.7, backoff_max=0.2)
    await writer.execute("CREATE TABLE names (n int PRIMARY KEY)")
    await install(writer, ["names"])
    waiting = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE application_name LIKE '%follower' AND wait_event_type = 'Lock')"
    )
    async with Live(proxy.dsn, pace=pace) as live, connected(database) as other:
        told = await Told(live).ready()
        joined = await live.query("SELECT id FROM orders JOIN names USING (n)").ready()
        async with other.transaction():
            await other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            await writer.execute("INSERT INTO names VALUES (1)")
            await eventually(lambda: writer.fetchval(waiting))
            proxy.stall()
            await eventually(lambda: live.status.state == "reconnecting", timeout=4)
        await proxy.restore()
        await eventually(lambda: told.are_right(writer))
        await eventually(lambda: len(rows_of(joined)) == 3)


async def test_a_connection_given_up_while_it_is_made_is_closed(proxy: Proxy, writer: Connection) -> None:
    proxy.slow(0.01)
    for steps in range(1, 40):
        making = asyncio.create_task(connect(proxy.dsn))
        for _ in range(steps):
            await asyncio.sleep(0)
        await eventually(lambda wanted=steps: proxy.accepted >= wanted)  # type: ignore[misc]  # a default
        making.cancel()
        await asyncio.wait({making})
    proxy.slow(0)
    await eventually(lambda: proxy.connections == 0)


async def test_a_slow_wire_is_followed_at_its_own_pace(proxy: Proxy, writer: Connection) -> None:
    async with Live(proxy.dsn, pace=PACE) as live:
        told = await Told(live).ready()
        proxy.slow(0.02)
        for number in range(100, 120):
            await writer.execute("INSERT INTO orders VALUES ($1, 1)", number)
        await eventually(lambda: told.are_right(writer))
        assert "reconnecting" not in told.names()


async def test_repeated_cuts_lose_nothing(proxy: Proxy, writer: Connection) -> None:
    async with Live(proxy.dsn, pace=PACE) as live:
        told = await Told(live).ready()
        for number in range(100, 160):
            await writer.execute("INSERT INTO orders VALUES ($1, 1)", number)
            await writer.execute("UPDATE orders SET n = n + 1 WHERE id = $1", number - 3)
            if number % 10 == 0:
                await proxy.cut()
                await proxy.restore()
        await eventually(lambda: told.are_right(writer))
        assert told.nothing_flashed()


async def test_a_terminated_backend_is_replaced(database: str, writer: Connection) -> None:
    async with Live(database, pace=PACE) as live:
        told = await Told(live).ready()
        for number in range(100, 105):
            await writer.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'dashboard:%' AND datname = current_database()"
            )
            await writer.execute("INSERT INTO orders VALUES ($1, 1)", number)
            await eventually(lambda: told.are_right(writer))
        assert told.nothing_flashed()


async def test_it_says_offline_after_long_failure_and_comes_back(proxy: Proxy, writer: Connection) -> None:
    pace = Pace(heartbeat=0.1, backoff_first=0.02, backoff_max=0.05, offline_after=0.3, connect_timeout=2)
    async with Live(proxy.dsn, pace=pace) as live:
        told = await Told(live).ready()
        await proxy.cut()
        await eventually(lambda: live.status.state == "offline")
        assert told.names()[-2:] == ["reconnecting", "offline"]
        await proxy.restore()
        await eventually(lambda: live.status.state == "live")
        await eventually(lambda: told.are_right(writer))


async def test_a_first_connection_is_waited_for_where_nobody_insists(proxy: Proxy, writer: Connection) -> None:
    await proxy.cut()
    live = Live(proxy.dsn, pace=PACE)
    query = live.query("SELECT count(*) FROM orders")
    assert live.status.state == "connecting"
    with pytest.raises(ConnectError):
        await query.ready()
    await eventually(lambda: live.status.state == "reconnecting")
    await proxy.restore()
    await eventually(lambda: query.is_ready)
    assert rows_of(query) == [(9,)]
    assert query.error is None
    await live.close()


# Another log, another server


async def test_a_log_rotated_past_the_offset_gives_one_difference(proxy: Proxy, writer: Connection) -> None:
    async with Live(proxy.dsn, pace=PACE) as live:
        told = await Told(live).ready()
        await proxy.cut()
        await writer.execute("INSERT INTO orders VALUES (100, 1); UPDATE orders SET n = 7 WHERE id = 2")
        await writer.execute("DELETE FROM orders WHERE id = 1")
        for _ in range(3):
            await rotate(writer, retention=0, max_bytes=0)
            await writer.execute("UPDATE orders SET n = n WHERE id = 3")
        await proxy.restore()
        await eventually(lambda: told.are_right(writer))
        assert any(not tick.resumed for tick in told.ticks)
        (delta,) = told.deltas[QUERIES[0]]
        assert not delta.replaced
        assert set(delta.keys) == {2, 100}
        assert delta.removed_keys == (1,)


async def test_capture_taken_away_and_installed_again_is_another_log(database: str, writer: Connection) -> None:
    async with Live(database, pace=PACE) as live:
        told = await Told(live).ready()
        await uninstall(writer)
        await eventually(lambda: live.status.state == "polling")
        assert "not installed" in live.status.reason
        await writer.execute("INSERT INTO orders VALUES (100, 1)")
        await eventually(lambda: told.are_right(writer))
        await install(writer, ["orders"])
        await writer.execute("DELETE FROM orders WHERE id = 3")
        await eventually(lambda: live.status.state == "live")
        await writer.execute("INSERT INTO orders VALUES (101, 1)")
        await eventually(lambda: told.are_right(writer))
        await eventually(lambda: told.kinds() == ["rows", "sums", "groups", "rows", "rerun"])
        assert told.nothing_flashed()


async def test_reinstalled_between_two_looks_is_noticed(database: str, writer: Connection) -> None:
    async with Live(database, pace=ASLEEP) as live:
        told = await Told(live).ready()
        async with writer.transaction():
            await uninstall(writer)
            await writer.execute("INSERT INTO orders VALUES (100, 1)")
            await install(writer, ["orders"])
        await live.caught_up()
        await told.are_right(writer)
        await writer.execute("INSERT INTO orders VALUES (101, 1)")
        await live.caught_up()
        await told.are_right(writer)


async def test_a_server_that_crashed_gives_one_difference(server: Server) -> None:
    with Cluster(server.bin) as cluster:
        async with connected(cluster.dsn) as writer:
            await writer.execute(SCHEMA)
            await install(writer, ["orders"])
        live = Live(cluster.dsn, pace=PACE)
        witness = Witness(live)
        async with live:
            told = await Told(live).ready()
            await asyncio.to_thread(cluster.stop, "immediate")
            await eventually(lambda: live.status.state == "reconnecting")
            await asyncio.to_thread(cluster.start)
            async with connected(cluster.dsn) as writer:
                await writer.execute("INSERT INTO orders VALUES (100, 1)")
                await eventually(lambda: told.are_right(writer))
                (delta,) = told.deltas[QUERIES[0]]
                assert not delta.replaced
                assert delta.keys == (100,)
                assert any(not tick.resumed for tick in told.ticks)
                await writer.execute("INSERT INTO orders VALUES (101, 1)")
                await eventually(lambda: told.are_right(writer))
        assert not witness.faults


async def test_a_hot_standby_is_polled_and_its_promotion_makes_it_live(server: Server) -> None:
    with Cluster(server.bin) as primary, Cluster(server.bin, of=primary) as standby:
        async with connected(primary.dsn) as writer, connected(primary.dsn) as other:
            await writer.execute(SCHEMA)
            await install(writer, ["orders"])
            async with connected(standby.dsn) as reader:
                await eventually(lambda: reader.fetchval("SELECT to_regclass('dashboard.change_log') IS NOT NULL"))
            live = Live(standby.dsn, pace=Pace(heartbeat=0.15, poll_interval=0.02))
            witness = Witness(live)
            async with live:
                told = await Told(live).ready()
                assert live.status.state == "polling"
                assert "standby" in live.status.reason
                heard: list[int] = []
                gaps: list[bool] = []
                topic = await live.topic("numbers").ready()
                topic.subscribe(lambda message: heard.append(message.payload), lambda: gaps.append(True))
                held = other.transaction()
                await held.start()
                await other.execute("INSERT INTO orders VALUES (500, 2); SELECT dashboard.emit('numbers', '500')")
                for number in range(100, 140):
                    await writer.execute("SELECT dashboard.emit('numbers', to_jsonb($1::int))", number)
                    await writer.execute("INSERT INTO orders VALUES ($1, 1)", number)
                    await writer.execute("UPDATE orders SET n = n + 1 WHERE id = $1", number - 1)
                    if number == 120:
                        await held.commit()
                await eventually(lambda: told.are_right(writer))
                assert told.nothing_flashed()
                await eventually(lambda: sorted(heard) == [*range(100, 140), 500])
                await asyncio.to_thread(primary.stop, "fast")
                await asyncio.to_thread(standby.promote)
                await eventually(lambda: live.status.state == "live")
                async with connected(standby.dsn) as promoted:
                    await promoted.execute("DELETE FROM orders WHERE id > 130; INSERT INTO orders VALUES (600, 1)")
                    await eventually(lambda: told.are_right(promoted))
                    await promoted.execute("UPDATE orders SET n = 5 WHERE id < 4")
                    await eventually(lambda: told.are_right(promoted))
                    await promoted.execute("SELECT dashboard.emit('numbers', '600')")
                    await eventually(lambda: heard[-1] == 600)
                assert len(heard) == 42
                assert gaps == [True], "another server: what was said before may have been missed"
            assert not witness.faults, "\n".join(witness.faults)
            primary.start()


# Where the database cannot wake us


async def test_through_a_transaction_pooler_it_polls_and_is_right(database: str, writer: Connection) -> None:
    with pooler(database) as through:
        await eventually(lambda: _reachable(through))
        async with AsyncExitStack() as stack:
            pace = Pace(heartbeat=0.2, poll_interval=0.02)
            lives = [await stack.enter_async_context(Live(through, pace=pace)) for _ in range(2)]
            all_told = [await Told(live).ready() for live in lives]
            for live in lives:
                assert live.status.state == "polling"
                assert "pooler" in live.status.reason
            for number in range(100, 120):
                await writer.execute("INSERT INTO orders VALUES ($1, 1)", number)
                await writer.execute("UPDATE orders SET n = n + 1 WHERE id = $1", number - 1)
            for told in all_told:
                await eventually(lambda told=told: told.are_right(writer))  # type: ignore[misc]  # a default
                assert told.nothing_flashed()


async def _reachable(dsn: str) -> bool:
    try:
        await (await asyncpg.connect(dsn, statement_cache_size=0)).close()
    except OSError:
        return False
    return True


async def test_where_transactions_can_be_prepared_it_polls_often_enough(server: Server) -> None:
    with Cluster(server.bin, "max_prepared_transactions = 5") as cluster:
        async with connected(cluster.dsn) as writer:
            await writer.execute(SCHEMA)
            await install(writer, ["orders"])
            async with Live(cluster.dsn, pace=Pace(heartbeat=600, poll_interval=0.05)) as live:
                told = await Told(live).ready()
                assert live.status.state == "polling"
                assert "max_prepared_transactions" in live.status.reason
                await writer.execute("BEGIN; INSERT INTO orders VALUES (100, 1); PREPARE TRANSACTION 'later'")
                await writer.execute("INSERT INTO orders VALUES (101, 1)")
                await eventually(lambda: told.are_right(writer), timeout=2)
                await writer.execute("COMMIT PREPARED 'later'")
                await eventually(lambda: told.are_right(writer), timeout=2)


async def test_a_role_that_may_not_read_the_log_is_told_and_polls(database: str, writer: Connection) -> None:
    await writer.execute(
        "DROP ROLE IF EXISTS outsider; CREATE ROLE outsider LOGIN PASSWORD 'x'; GRANT SELECT ON orders TO outsider"
    )
    login = database.replace(database.partition("//")[2].partition("@")[0], "outsider:x")
    async with Live(login, pace=PACE) as live:
        query = await live.query("SELECT count(*) FROM orders").ready()
        assert live.status.state == "polling"
        assert "may not read the change log" in live.status.reason
        await writer.execute("INSERT INTO orders VALUES (100, 1)")
        await eventually(lambda: rows_of(query) == [(10,)])
        assert query.error is None
    await writer.execute("DROP OWNED BY outsider; DROP ROLE outsider")


async def test_a_postgresql_too_old_is_refused_in_one_sentence(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "OLDEST", 990000)
    with pytest.raises(ServerTooOld, match="this package needs"):
        await connect(database)


# Floods


async def test_a_flood_of_changes_is_read_anew_and_told_as_a_difference(database: str, writer: Connection) -> None:
    live = Live(database, pace=PACE)
    witness = Witness(live)
    async with live:
        told = await Told(live).ready()
        await writer.execute("INSERT INTO orders SELECT i, i % 3 FROM generate_series(1000, 40000) i")
        await writer.execute("UPDATE orders SET n = 1 WHERE id = 1")
        await live.caught_up()
        await told.are_right(writer)
        await writer.execute("DELETE FROM orders WHERE id > 900")
        await live.caught_up()
        await told.are_right(writer)
        assert told.nothing_flashed()
        assert any(tick.flooded for tick in told.ticks)
    assert not witness.faults


async def test_a_number_beyond_any_float_does_not_end_anything(database: str, writer: Connection) -> None:
    await writer.execute("CREATE TABLE wide (id int PRIMARY KEY, v numeric)")
    await install(writer, ["wide"])
    async with Live(database, pace=PACE) as live:
        query = await live.query("SELECT sum(v), count(*) FROM wide").ready()
        await writer.execute("INSERT INTO wide VALUES (1, 1e400), (2, 1)")
        await live.caught_up()
        assert rows_of(query) == [(10**400 + 1, 2)]
        assert live.status.state == "live"
