"""The life of live queries: shared, released, and right whatever happens to the schema, a policy or a grant."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

import dashboard
from dashboard.errors import Closed, ConnectError, ConnectionLost, NotASelect, PrivilegeError, QueryError
from dashboard.live import Delta, Live, LiveQuery, Scope, attempt, hub
from dashboard.live import answers as answers_module
from dashboard.live.answer import Answer
from dashboard.live.attempt import Work
from dashboard.live.hub import Hub
from dashboard.live.opening import Opening
from dashboard.live.query import Priority
from dashboard.postgres.capture import uninstall
from dashboard.postgres.connection import Connection, Record
from dashboard.postgres.follower import Pace
from dashboard.postgres.log import LogReader, Window
from dashboard.postgres.offset import Offset
from tests.conftest import in_database
from tests.log import connected
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.witness import Witness, difference, rows_of

PACE = Pace(heartbeat=0.1, tick=0.002)
SCHEMA = """
    CREATE TABLE orders (id int PRIMARY KEY, shop int, status text, total numeric(10, 2));
    INSERT INTO orders SELECT i, i % 3, 'new', i FROM generate_series(1, 9) i;
"""


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Connection]:
    """Yield a connection to a database with a table."""
    async with connected(database) as connection:
        await connection.execute(SCHEMA)
        yield connection


@pytest.fixture
async def live(database: str, writer: Connection) -> AsyncIterator[Live]:
    """Yield a `Live` that follows the table."""
    async with Live(database, pace=PACE) as one:
        await one.install("orders")
        yield one


@pytest.fixture
async def watched(database: str, writer: Connection) -> AsyncIterator[Live]:
    """Yield a `Live` that follows the table, watched by a witness."""
    one = Live(database, pace=PACE)
    witness = Witness(one)
    async with one:
        await one.install("orders")
        yield one
    assert witness.compared
    assert not witness.faults, "\n".join(witness.faults)


async def equals_select(query: LiveQuery, connection: Connection) -> None:
    await query.live.caught_up()
    expected = [tuple(row) for row in await connection.fetch(query.sql, *query.parameters)]
    assert not difference(expected, rows_of(query))


# Sharing and ending


async def test_the_same_question_has_one_answer(live: Live) -> None:
    one = live.query("SELECT id FROM orders WHERE shop = $1", 1)
    same = live.query("SELECT id FROM orders WHERE shop = $1", 1)
    other = live.query("SELECT id FROM orders WHERE shop = $1", 2)
    scoped = live.query("SELECT id FROM orders WHERE shop = $1", 1, scope=Scope(settings={"app.x": "1"}))
    await asyncio.gather(one.ready(), same.ready(), other.ready(), scoped.ready())
    assert one.state is same.state
    assert len({id(query.state) for query in (one, other, scoped)}) == 3
    assert len(live.hub.answers) == 3


async def test_equal_values_of_two_types_are_two_questions(live: Live) -> None:
    one, truth = live.query("SELECT $1::text AS t", "1"), live.query("SELECT $1::bool AS t", True)
    assert rows_of(await one.ready()) == [("1",)]
    assert rows_of(await truth.ready()) == [(True,)]


async def test_an_answer_ends_a_moment_after_its_last_user(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "GRACE", 0.05)
    one, same = live.query("SELECT id FROM orders"), live.query("SELECT id FROM orders")
    await one.ready()
    one.close()
    one.close()
    assert same.state.rows
    same.close()
    await eventually(lambda: not live.hub.answers and not live.answers)


async def test_an_answer_ends_when_nobody_refers_to_it(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "GRACE", 0.05)
    query = live.query("SELECT id FROM orders")
    await query.ready()
    del query
    gc.collect()
    await eventually(lambda: not live.hub.answers)


async def test_a_new_question_is_not_ended_by_an_old_one(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "GRACE", 0.1)
    sql = "SELECT id FROM orders"
    first = live.query(sql)
    await first.ready()
    first.close()
    again = live.query(sql)
    await asyncio.to_thread(lambda: None)
    again.close()
    await eventually(lambda: not live.answers)
    kept = await live.query(sql).ready()
    await asyncio.wait({asyncio.ensure_future(live.caught_up())})
    assert live.query(sql).state is kept.state


async def test_closing_ends_tasks_connections_and_iterators(database: str, writer: Connection) -> None:
    live = Live(database, pace=PACE)
    async with live:
        query = await live.query("SELECT id FROM orders").ready()

        async def follow() -> None:
            async for _ in query:
                pass

        iterating = asyncio.create_task(follow())
        await live.caught_up()
    with pytest.raises(Closed):
        await iterating
    with pytest.raises(Closed):
        live.query("SELECT 1")
    count = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name LIKE 'dashboard:%' AND datname = current_database()"
    )

    async def none_left() -> bool:
        return await writer.fetchval(count) == 0  # type: ignore[no-any-return]  # count(*)

    await eventually(none_left)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_in_the_middle_of_a_slow_query_leaves_nothing_running(database: str, writer: Connection) -> None:
    async with Live(database, pace=PACE) as live:
        query = live.query("SELECT pg_sleep(600)")
        opening = asyncio.create_task(query.ready())
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'"

        async def is_running() -> bool:
            return await writer.fetchval(running) == 1  # type: ignore[no-any-return]  # count(*)

        await eventually(is_running)
    with pytest.raises(Closed):
        await opening

    async def has_ended() -> bool:
        return await writer.fetchval(running) == 0  # type: ignore[no-any-return]  # count(*)

    await eventually(has_ended)


async def test_closing_a_query_ends_its_iterators(live: Live) -> None:
    query = live.query("SELECT id FROM orders")
    begun = asyncio.Event()

    async def follow() -> None:
        async for _ in query:
            begun.set()

    task = asyncio.create_task(follow())
    await begun.wait()
    query.close()
    with pytest.raises(Closed):
        await task


async def test_who_waits_to_be_caught_up_is_told_of_the_end(proxy: Proxy, writer: Connection) -> None:
    async with Live(proxy.dsn, pace=PACE) as live:
        await live.query("SELECT id FROM orders").ready()
        await proxy.cut()
        waiting = asyncio.create_task(live.caught_up())
        await eventually(lambda: live.status.state == "reconnecting")
    with pytest.raises(Closed):
        await waiting


async def test_a_paused_query_resumes_with_one_delta_and_costs_nothing_meanwhile(
    live: Live, writer: Connection
) -> None:
    query = await live.query("SELECT id, n FROM (SELECT id, shop AS n FROM orders) q").ready()
    told: list[Delta | None] = []
    query.subscribe(lambda _query, delta: told.append(delta))
    await live.caught_up()
    query.pause()
    before = query.offset
    await writer.execute("INSERT INTO orders VALUES (100, 1); DELETE FROM orders WHERE id = 1")
    await writer.execute("UPDATE orders SET shop = 9 WHERE id = 100")
    await live.caught_up()
    assert not told
    assert query.offset == before
    query.resume()
    await equals_select(query, writer)
    (delta,) = told
    assert delta is not None
    assert (delta.rows, delta.removed_keys) == (((100, 9),), (1,))


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE orders ALTER COLUMN total TYPE numeric USING total * 2", "DROP TABLE orders", "TRUNCATE orders"],
)
async def test_a_paused_query_wakes_to_another_schema(live: Live, writer: Connection, change: str) -> None:
    query = await live.query("SELECT count(*), sum(total) FROM orders").ready()
    await live.caught_up()
    query.pause()
    await writer.execute(change)
    if "DROP" in change:
        await writer.execute("CREATE TABLE orders (id int PRIMARY KEY, total int); INSERT INTO orders VALUES (1, 7)")
    query.resume()
    await equals_select(query, writer)


async def test_a_query_that_failed_and_was_paused_heals_when_resumed(live: Live, writer: Connection) -> None:
    query = live.query("SELECT id FROM missing")
    with pytest.raises(QueryError):
        await query.ready()
    query.pause()
    await writer.execute("CREATE TABLE missing AS SELECT 1 AS id")
    query.resume()
    await eventually(lambda: query.is_ready and query.error is None)
    assert rows_of(query) == [(1,)]


async def test_a_slow_iterator_gets_the_whole_answer_instead_of_a_queue(
    watched: Live, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.live.query.QUEUE", 3)
    query = watched.query("SELECT id, total FROM orders WHERE id = 1")
    deltas = aiter(query)
    assert (await anext(deltas)).replaced
    waiting = asyncio.ensure_future(anext(deltas))
    for number in range(20):
        await writer.execute("UPDATE orders SET total = $1 WHERE id = 1", number + 100)
        await watched.caught_up()
    seen: list[Delta] = [await waiting]
    while not seen[-1].replaced:
        seen.append(await anext(deltas))
    assert len(seen) <= 6
    assert [row[1] for row in seen[-1].rows] == [119]
    await deltas.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_one_live_serves_two_event_loops_one_after_the_other(database: str, writer: Connection) -> None:
    def run() -> list[tuple[Any, ...]]:
        live = Live(database, pace=PACE)
        query = None

        async def first() -> None:
            nonlocal query
            await live.install("orders")
            query = await live.query("SELECT count(*) FROM orders").ready()
            await live.caught_up()

        async def second() -> None:
            async with connected(database) as connection:
                await connection.execute("INSERT INTO orders VALUES (100)")
            await live.caught_up()
            await live.query("SELECT id FROM orders").ready()
            await live.close()

        asyncio.run(first())
        asyncio.run(second())
        assert query is not None
        return rows_of(query)

    assert await asyncio.to_thread(run) == [(10,)]


async def test_a_listener_that_fails_takes_nothing_with_it(live: Live, writer: Connection) -> None:
    query = await live.query("SELECT id FROM orders").ready()
    told: list[Delta | None] = []
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    query.subscribe(lambda _query, _delta: 1 / 0)  # type: ignore[func-returns-value,arg-type]  # it fails
    query.subscribe(lambda _query, delta: told.append(delta))
    await writer.execute("INSERT INTO orders VALUES (100)")
    await live.caught_up()
    assert len(told) == 1
    assert isinstance(reported[0]["exception"], ZeroDivisionError)
    assert live.status.state == "live"


async def test_queries_of_a_tick_have_one_offset(watched: Live, writer: Connection) -> None:
    queries = [watched.query(f"SELECT {n} AS n, count(*) FROM orders") for n in range(3)]
    for query in queries:
        await query.ready()
    offsets: list[set[str]] = []
    watched.on_tick(lambda _tick: offsets.append({str(query.offset) for query in queries}))
    for number in range(100, 110):
        await writer.execute("INSERT INTO orders VALUES ($1)", number)
    await watched.caught_up()
    assert offsets
    assert all(len(found) == 1 for found in offsets)


# Errors


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT nope FROM orders", 'column "nope" does not exist'),
        ("SELECT * FROM nope", 'relation "nope" does not exist'),
        ("SELECT FROM", "PostgreSQL says"),
        ("SELECT 1 / 0", "division by zero"),
        ("SELECT id FROM orders WHERE shop = 'x'", "invalid input syntax"),
        ("SELECT", "no columns"),
    ],
)
async def test_an_error_in_a_select_is_one_sentence(live: Live, sql: str, sentence: str) -> None:
    query = live.query(sql)
    with pytest.raises(QueryError, match=sentence):
        await query.ready()
    assert sentence in str(query.error)
    assert query.frame.empty


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO orders VALUES (1)",
        "SELECT 1; SELECT 2",
        "",
        "SELECT 1 AS one INTO made",
        "DROP TABLE orders",
        "SELECT Pg_Catalog.Set_Config('role', 'postgres', false)",
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
    ],
)
async def test_what_is_not_one_select_is_refused_at_once(live: Live, sql: str) -> None:
    with pytest.raises(NotASelect):
        live.query(sql)


async def test_a_function_that_writes_is_refused(live: Live, writer: Connection) -> None:
    await writer.execute(
        "CREATE FUNCTION w() RETURNS int LANGUAGE sql AS 'INSERT INTO orders VALUES (77) RETURNING id'"
    )
    with pytest.raises(NotASelect, match="only reads"):
        await live.query("SELECT w()").ready()


async def test_a_parameter_of_the_wrong_type_is_told(live: Live) -> None:
    with pytest.raises(QueryError, match=r"\$1"):
        await live.query("SELECT id FROM orders WHERE shop = $1", "seven").ready()


async def test_a_value_beyond_python_is_an_error_of_its_query_alone(watched: Live, writer: Connection) -> None:
    good = await watched.query("SELECT count(*) FROM orders").ready()
    wide = watched.query("SELECT id, date '4713-01-01 BC' + id AS day FROM orders WHERE id > 100")
    await wide.ready()
    await writer.execute("INSERT INTO orders VALUES (101)")
    await equals_select(good, writer)
    assert isinstance(wide.error, QueryError)
    await writer.execute("DELETE FROM orders WHERE id > 100")
    await eventually(lambda: wide.error is None)
    assert rows_of(wide) == []


async def test_one_query_that_fails_leaves_the_others_alone_and_heals(watched: Live, writer: Connection) -> None:
    ratio = await watched.query("SELECT id, total / shop AS ratio FROM orders WHERE id < 3").ready()
    good = await watched.query("SELECT count(*) FROM orders").ready()
    told: list[Delta | None] = []
    ratio.subscribe(lambda _query, delta: told.append(delta))
    before = rows_of(ratio)
    await writer.execute("UPDATE orders SET shop = 0 WHERE id = 1; INSERT INTO orders VALUES (50)")
    await equals_select(good, writer)
    assert "division by zero" in str(ratio.error)
    assert rows_of(ratio) == before
    assert told[-1] is None
    await writer.execute("UPDATE orders SET total = 5 WHERE id = 2")
    await equals_select(good, writer)
    await writer.execute("UPDATE orders SET shop = 2 WHERE id = 1")
    await eventually(lambda: ratio.error is None)
    await equals_select(ratio, writer)


async def test_after_an_error_nothing_is_missing(watched: Live, writer: Connection) -> None:
    ratio = await watched.query("SELECT id, total / shop AS ratio FROM orders WHERE id > 100").ready()
    for number in range(101, 140):
        await writer.execute("INSERT INTO orders VALUES ($1, $2, 'x', 1)", number, number % 2)
        await watched.caught_up()
    await writer.execute("DELETE FROM orders WHERE shop = 0")
    await eventually(lambda: ratio.error is None)
    await equals_select(ratio, writer)


async def test_a_query_that_fails_is_tried_again_at_heartbeats_only(
    database: str, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    whole = Opening.open

    async def counted(opening: Opening, answer: Answer) -> Delta | None:
        tried.append(answer.statement.sql)
        return await whole(opening, answer)

    monkeypatch.setattr(Opening, "open", counted)
    async with Live(database, pace=Pace(heartbeat=600, tick=0.002)) as live:
        await live.install("orders")
        with pytest.raises(QueryError):
            await live.query("SELECT * FROM missing").ready()
        good = await live.query("SELECT count(*) FROM orders").ready()
        for number in range(100, 130):
            await writer.execute("INSERT INTO orders VALUES ($1)", number)
            await eventually(lambda wanted=number - 90: rows_of(good) == [(wanted,)])  # type: ignore[misc]  # a default
    assert tried.count("SELECT * FROM missing") <= 3


async def test_a_change_that_concerns_every_query_does_not_hold_up_a_tick(live: Live, writer: Connection) -> None:
    queries = [live.query(f"SELECT shop, count(*), max(id) + {n} FROM orders GROUP BY shop") for n in range(60)]
    for query in queries:
        await query.ready()
    await live.caught_up()
    costs: list[float] = []
    live.on_tick(lambda tick: costs.append(tick.cost))
    await writer.execute("CREATE FUNCTION something() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    await writer.execute("INSERT INTO orders VALUES (100, 1)")
    await live.caught_up()
    for query in queries:
        await equals_select(query, writer)
    assert max(costs) < 1.5


@pytest.mark.parametrize("dsn", ["postgresql://nobody@127.0.0.1:1/x", "nonsense://", "postgresql://[::1/x"])
async def test_an_unreachable_or_wrong_dsn_is_one_sentence(dsn: str) -> None:
    with pytest.raises(ConnectError) as caught:
        async with Live(dsn, pace=PACE):
            pass
    assert caught.value.remedy
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_wrong_password_and_missing_database_are_told(database: str) -> None:
    with pytest.raises(ConnectError, match="no such database"):
        async with Live(in_database(database, "nowhere"), pace=PACE):
            pass
    login, _, place = database.rpartition("@")
    with pytest.raises(ConnectError, match="refuses the login") as caught:
        async with Live(f"{login}x@{place}", pace=PACE):
            pass
    assert login.rpartition(":")[2] not in str(caught.value)


# Schema, policies, grants


CHANGES = [
    ("ALTER TABLE orders ADD COLUMN note text DEFAULT 'n'", "SELECT * FROM orders"),
    ("ALTER TABLE orders DROP COLUMN status", "SELECT * FROM orders"),
    ("ALTER TABLE orders RENAME COLUMN status TO state", "SELECT * FROM orders"),
    ("ALTER TABLE orders ALTER COLUMN total TYPE int", "SELECT shop, sum(total) FROM orders GROUP BY shop"),
    ("ALTER TABLE orders ALTER COLUMN total TYPE numeric USING total * 2", "SELECT sum(total) FROM orders"),
    ("ALTER TABLE orders ALTER COLUMN id TYPE text", "SELECT id, total FROM orders"),
    ("ALTER TABLE orders DROP CONSTRAINT orders_pkey; INSERT INTO orders VALUES (1)", "SELECT id, total FROM orders"),
    ("CREATE OR REPLACE VIEW big AS SELECT id FROM orders WHERE total > 7", "SELECT * FROM big"),
    ("DROP VIEW big; CREATE VIEW big AS SELECT shop, id FROM orders", "SELECT * FROM big"),
    ("REFRESH MATERIALIZED VIEW counted", "SELECT * FROM counted"),
    ("CREATE OR REPLACE FUNCTION price(o orders) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT o.total * 3'",
     "SELECT id, price(orders) FROM orders"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sql"), CHANGES)
async def test_a_schema_change_under_a_query_ends_in_the_right_answer(
    live: Live, writer: Connection, change: str, sql: str
) -> None:
    await writer.execute(
        "CREATE VIEW big AS SELECT id FROM orders WHERE total > 5; "
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM orders; "
        "CREATE FUNCTION price(o orders) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT o.total'"
    )
    if "TYPE" in change or "DROP COLUMN" in change:
        await writer.execute("DROP VIEW big; DROP MATERIALIZED VIEW counted; DROP FUNCTION price")
    query = await live.query(sql).ready()
    await writer.execute("INSERT INTO orders VALUES (200, 1, 'x', 9.75)")
    await live.caught_up()
    await writer.execute(change)

    async def is_right() -> bool:
        await equals_select(query, writer)
        return query.error is None

    await eventually(is_right, timeout=3)
    await writer.execute("DELETE FROM orders WHERE shop = 1")
    await eventually(is_right, timeout=3)


async def test_a_dropped_table_is_an_error_and_a_new_one_heals_it(live: Live, writer: Connection) -> None:
    query = await live.query("SELECT id, status FROM orders").ready()
    await writer.execute("DROP TABLE orders")
    await eventually(lambda: query.error is not None and "does not exist" in str(query.error))
    assert len(query.state.rows) == 9
    await writer.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, status text); INSERT INTO orders VALUES (1, 'again')"
    )
    await eventually(lambda: query.error is None)
    assert rows_of(query) == [(1, "again")]
    await live.install("orders")
    await writer.execute("INSERT INTO orders VALUES (2, 'more')")
    await equals_select(query, writer)


async def test_partitions_that_come_and_go_are_followed(live: Live, writer: Connection) -> None:
    await writer.execute(
        "CREATE TABLE visits (id int, month int, PRIMARY KEY (id, month)) PARTITION BY LIST (month);"
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES IN (1);"
        "CREATE TABLE visits_2 (id int NOT NULL, month int NOT NULL, PRIMARY KEY (id, month));"
        "INSERT INTO visits VALUES (1, 1); INSERT INTO visits_2 VALUES (2, 2)"
    )
    await live.install("visits")
    rows = await live.query("SELECT id, month FROM visits").ready()
    total = await live.query("SELECT count(*), sum(id) FROM visits").ready()
    await writer.execute("ALTER TABLE visits ATTACH PARTITION visits_2 FOR VALUES IN (2)")

    async def are_right() -> bool:
        await equals_select(rows, writer)
        await equals_select(total, writer)
        return True

    await eventually(are_right, timeout=3)
    await writer.execute("INSERT INTO visits_2 VALUES (3, 2)")
    await are_right()
    await writer.execute("ALTER TABLE visits DETACH PARTITION visits_1")
    await eventually(are_right, timeout=3)


@pytest.fixture
async def reader_role(writer: Connection) -> AsyncIterator[str]:
    """Yield a role of the test's own that may read the table."""
    await writer.execute(
        "DROP ROLE IF EXISTS live_reader; CREATE ROLE live_reader; GRANT SELECT ON orders TO live_reader"
    )
    yield "live_reader"
    await writer.execute("DROP OWNED BY live_reader; DROP ROLE live_reader")


async def test_a_policy_made_while_a_query_is_open_takes_effect_within_a_second(
    live: Live, writer: Connection, reader_role: str
) -> None:
    scope = Scope(role=reader_role, settings={"app.shop": "1"})
    query = await live.query("SELECT id, shop FROM orders", scope=scope).ready()
    total = await live.query("SELECT count(*), sum(total) FROM orders", scope=scope).ready()
    assert len(query.state.rows) == 9
    await writer.execute(
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY own ON orders USING (shop = current_setting('app.shop')::int)"
    )
    await eventually(lambda: len(query.state.rows) == 3 and rows_of(total)[0][0] == 3, timeout=1)
    await writer.execute("ALTER POLICY own ON orders USING (shop = 1 OR id = 2)")
    await eventually(lambda: len(query.state.rows) == 4, timeout=1)
    await writer.execute("UPDATE orders SET shop = 1 WHERE id = 3")
    await live.caught_up()
    assert len(query.state.rows) == 5
    assert rows_of(total)[0][0] == 5
    await writer.execute("DROP POLICY own ON orders")
    await eventually(lambda: not query.state.rows, timeout=1)


async def test_a_grant_taken_away_is_an_error_within_a_second_and_given_back_heals(
    live: Live, writer: Connection, reader_role: str
) -> None:
    query = await live.query("SELECT id FROM orders", scope=Scope(role=reader_role)).ready()
    await writer.execute(f"REVOKE SELECT ON orders FROM {reader_role}")
    await eventually(lambda: isinstance(query.error, PrivilegeError), timeout=1)
    assert "GRANT" in query.error.remedy  # type: ignore[union-attr]  # just seen
    await writer.execute(f"GRANT SELECT ON orders TO {reader_role}")
    await eventually(lambda: query.error is None, timeout=1)


async def test_a_membership_changed_while_a_query_is_open_takes_effect(
    live: Live, writer: Connection, reader_role: str
) -> None:
    await writer.execute(
        "DROP ROLE IF EXISTS live_team; CREATE ROLE live_team; ALTER TABLE orders ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY team ON orders TO live_team USING (true)"
    )
    query = await live.query("SELECT id FROM orders", scope=Scope(role=reader_role)).ready()
    assert not query.state.rows
    await writer.execute(f"GRANT live_team TO {reader_role}")
    await eventually(lambda: len(query.state.rows) == 9, timeout=1)
    await writer.execute(f"REVOKE live_team FROM {reader_role}")
    await eventually(lambda: not query.state.rows, timeout=1)
    await writer.execute("DROP OWNED BY live_team; DROP ROLE live_team")


async def test_a_schema_change_while_a_query_is_being_opened_is_not_missed(live: Live, writer: Connection) -> None:
    for number in range(10):
        query = live.query(f"SELECT *, {number} AS n FROM orders")
        await query.ready()
        await writer.execute(f"ALTER TABLE orders ADD COLUMN c{number} int DEFAULT {number}")

        async def is_right(query: LiveQuery = query) -> bool:
            await equals_select(query, writer)
            return True

        await eventually(is_right, timeout=3)


# Capture


async def test_a_table_without_capture_is_polled_and_becomes_live(live: Live, writer: Connection) -> None:
    await writer.execute("CREATE TABLE notes (id int PRIMARY KEY, note text)")
    query = await live.query("SELECT id, note FROM notes").ready()
    assert query.plan is not None
    assert query.plan.kind == "rerun"
    assert "notes has no capture" in query.plan.reason
    await writer.execute("INSERT INTO notes VALUES (1, 'a')")
    await eventually(lambda: rows_of(query) == [(1, "a")])
    await live.install("notes")
    await eventually(lambda: query.plan is not None and query.plan.kind == "rows")
    await writer.execute("INSERT INTO notes VALUES (2, 'b')")
    await equals_select(query, writer)
    await uninstall(writer, ["notes"])
    await eventually(lambda: query.plan is not None and "no capture" in query.plan.reason)


async def test_what_the_system_says_of_itself_is_polled(database: str, writer: Connection) -> None:
    async with Live(database, pace=PACE) as live:
        live.hub.clock_interval = 0.05
        await live.install("orders")
        sessions = await live.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'somebody new'"
        ).ready()
        size = await live.query("SELECT pg_relation_size('orders')").ready()
        async with connected(database, application_name="somebody new"):
            await eventually(lambda: rows_of(sessions) == [(1,)])
        before = rows_of(size)[0][0]
        await writer.execute("CREATE TABLE other AS SELECT * FROM orders; ALTER TABLE orders SET UNLOGGED")
        await writer.execute("INSERT INTO orders SELECT i FROM generate_series(1000, 3000) i")
        await eventually(lambda: rows_of(size)[0][0] > before)


# Slow and blocked queries


async def test_a_slow_query_does_not_hold_up_the_others(live: Live, writer: Connection) -> None:
    await writer.execute(
        "CREATE FUNCTION slowly(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i FROM pg_sleep(0.25)'"
    )
    slow = await live.query("SELECT slowly(count(*)::int) FROM orders").ready()
    fast = await live.query("SELECT count(*) FROM orders").ready()
    loop = asyncio.get_running_loop()
    longest = 0.0
    for number in range(100, 120):
        began = loop.time()
        await writer.execute("INSERT INTO orders VALUES ($1)", number)
        await eventually(lambda wanted=number - 90: rows_of(fast) == [(wanted,)])  # type: ignore[misc]  # a default
        longest = max(longest, loop.time() - began)
    assert longest < 0.2
    await live.caught_up()
    assert rows_of(slow) == rows_of(fast) == [(29,)]


async def test_many_reruns_share_a_tick_by_priority_and_the_rest_follow(
    watched: Live, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BUDGET", 10.0)
    monkeypatch.setattr(hub, "SLOW", 100.0)
    wanted: list[Priority] = ["low", "medium", "high", "critical"]
    queries = [
        await watched.query(f"SELECT {n} AS n, max(id) FROM orders", priority=priority).ready()
        for n, priority in enumerate(wanted)
    ]
    steady = await watched.query("SELECT id FROM orders").ready()
    await watched.caught_up()
    moved: list[tuple[int, ...]] = []
    watched.on_tick(lambda _tick: moved.append(tuple(rows_of(query)[0][1] for query in queries)))
    for query in queries:
        query._answer.cost = 20.0
    await writer.execute("INSERT INTO orders VALUES (100)")
    await eventually(lambda: moved and moved[-1] == (100,) * 4)
    order = [now.index(100) for before, now in itertools.pairwise([(9,) * 4, *moved]) if before != now]
    assert order == [3, 2, 1, 0]
    assert (100,) in rows_of(steady)
    for query in queries:
        query._answer.cost = 20.0
    await writer.execute("INSERT INTO orders VALUES (101)")
    await watched.caught_up()
    assert {rows_of(query)[0][1] for query in queries} == {101}


async def test_a_query_that_times_out_does_not_hold_up_the_others(database: str, writer: Connection) -> None:
    async with Live(database, pace=Pace(heartbeat=0.1, tick=0.002, statement_timeout=0.7)) as live:
        await live.install("orders")
        await writer.execute(
            "CREATE FUNCTION lazy(i bigint) RETURNS bigint LANGUAGE sql STABLE AS "
            "'SELECT i FROM pg_sleep(CASE WHEN i > 9 THEN 100 ELSE 0 END)'"
        )
        lazy = await live.query("SELECT lazy(count(*)) FROM orders").ready()
        fast = await live.query("SELECT count(*) FROM orders").ready()
        await writer.execute("INSERT INTO orders VALUES (10)")
        await eventually(lambda: lazy.error is not None)
        assert "timeout" in str(lazy.error)
        loop = asyncio.get_running_loop()
        for number in range(100, 110):
            began = loop.time()
            await writer.execute("INSERT INTO orders VALUES ($1)", number)
            await eventually(lambda wanted=number - 89: rows_of(fast) == [(wanted,)])  # type: ignore[misc]  # a default
            assert loop.time() - began < 0.4
        await writer.execute("DELETE FROM orders WHERE id > 9")
        await eventually(lambda: lazy.error is None)


async def test_a_log_too_long_to_be_read_is_given_up_for_the_present(
    database: str, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = LogReader.ask

    async def never(reader: LogReader, since: Offset | None, hurry: float | None = None) -> list[Record]:
        if since is not None:
            await asyncio.Event().wait()
        return await ask(reader, since, hurry)

    async with Live(database, pace=Pace(heartbeat=0.1, reply_timeout=0.3, backoff_max=0.1)) as live:
        await live.install("orders")
        query = await live.query("SELECT count(*) FROM orders").ready()
        with monkeypatch.context() as patched:
            patched.setattr(LogReader, "ask", never)
            await writer.execute("INSERT INTO orders VALUES (100)")
            await eventually(lambda: rows_of(query) == [(10,)])
        await writer.execute("INSERT INTO orders VALUES (101)")
        await eventually(lambda: rows_of(query) == [(11,)])


async def test_a_server_too_slow_for_a_first_answer_is_asked_again(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, asked = LogReader.ask, [0]

    async def late(reader: LogReader, since: Offset | None, hurry: float | None = None) -> list[Record]:
        asked[0] += since is None
        if since is None and asked[0] == 1:
            raise TimeoutError
        return await ask(reader, since, hurry)

    monkeypatch.setattr(LogReader, "ask", late)
    query = await live.query("SELECT count(*) FROM orders").ready()
    assert rows_of(query) == [(9,)]
    assert asked[0] > 1


async def test_a_locked_table_does_not_hold_up_the_others(
    live: Live, writer: Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "PATIENCE", 0.1)
    await writer.execute("CREATE TABLE other (id int PRIMARY KEY)")
    await live.install("other")
    locked = await live.query("SELECT o.id FROM orders o JOIN other USING (id)").ready()
    free = await live.query("SELECT id FROM other").ready()
    async with connected(database) as locker, locker.transaction():
        await locker.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        await writer.execute("INSERT INTO other VALUES (1)")
        await eventually(lambda: rows_of(free) == [(1,)], timeout=2)
        await writer.execute("INSERT INTO other VALUES (2)")
        await eventually(lambda: len(rows_of(free)) == 2, timeout=2)
        assert locked.error is None
        assert locked.offset != free.offset
    await live.caught_up()
    assert len(rows_of(locked)) == 2
    await eventually(lambda: locked.offset == free.offset)


async def test_a_reading_that_ends_during_a_tick_is_waited_for(
    live: Live, writer: Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "PATIENCE", 0.1)
    await writer.execute("CREATE TABLE other (id int PRIMARY KEY)")
    await live.install("other")
    locked = await live.query("SELECT o.id FROM orders o JOIN other USING (id)").ready()
    begun, returned = asyncio.Event(), asyncio.Event()
    read, attempted, back = Opening.open, Hub._attempted, Hub.returned

    async def read_before_the_tick(self: Opening, answer: Answer) -> Delta | None:
        delta = await read(self, answer)
        await begun.wait()
        return delta

    async def tick_around_it(self: Hub, reader: LogReader, heartbeat: bool, settle: bool) -> tuple[Work, Window]:
        done = await attempted(self, reader, heartbeat, settle)
        if settle and not begun.is_set():
            begun.set()
            await returned.wait()
        return done

    def come_back(self: Hub, answer: Answer) -> None:
        back(self, answer)
        returned.set()

    monkeypatch.setattr(Opening, "open", read_before_the_tick)
    monkeypatch.setattr(Hub, "_attempted", tick_around_it)
    monkeypatch.setattr(Hub, "returned", come_back)
    async with connected(database) as locker, locker.transaction():
        await locker.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        await writer.execute("INSERT INTO other VALUES (1)")
        await eventually(lambda: bool(live.hub._away))
        await writer.execute("INSERT INTO other VALUES (2)")
    await live.caught_up()
    assert len(rows_of(locked)) == 2


async def test_an_answer_that_cannot_be_reached_says_so(database: str) -> None:
    live = Live("postgresql://nobody@127.0.0.1:1/x", pace=PACE)
    query = live.query("SELECT 1")
    with pytest.raises((ConnectError, ConnectionLost)):
        await query.ready()
    await live.close()


async def test_a_shared_live_is_closed_by_the_last_block_that_leaves_it(database: str) -> None:
    async with dashboard.connect(database) as outer:
        async with dashboard.connect(database) as inner:
            assert inner is outer
        query = await outer.query("SELECT 1 AS one").ready()
        assert query.frame["one"].tolist() == [1]
    assert outer.is_closed
    assert dashboard.connect(database) is not outer
