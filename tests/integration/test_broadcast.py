"""Messages: in the order of the changes, to whom they are meant for, each once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

import dashboard
from dashboard.errors import CaptureError, DashboardError, MessageError
from dashboard.live import Message, Topic
from dashboard.postgres.connection import Connection
from dashboard.postgres.rotation import rotate
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.log import connected
from tests.proxy import Proxy
from tests.waiting import eventually

ROLES = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seller') THEN CREATE ROLE seller; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'buyer') THEN CREATE ROLE buyer; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'speaker') THEN CREATE ROLE speaker LOGIN PASSWORD 's'; END IF;
END $$;
CREATE TABLE notes (id int PRIMARY KEY, text text);
"""


class Heard:
    """What somebody who listens was told, in order."""

    def __init__(self, topic: Topic) -> None:
        self.payloads: list[Any] = []
        self.missed = 0
        self.listening = topic.subscribe(self._take, self._miss)

    def _take(self, message: Message) -> None:
        self.payloads.append(message.payload)

    def _miss(self) -> None:
        self.missed += 1


@pytest.fixture
async def writer(server: Server, database: str) -> AsyncIterator[Connection]:
    """Yield a connection to a database with capture."""
    psql(server, ROLES, database)
    await install(database, ["notes"])
    async with connected(database) as connection:
        yield connection


async def said(writer: Connection, topic: str, payload: str = "null", *more: object) -> None:
    await writer.execute(
        "SELECT dashboard.emit($1, $2::jsonb, $3, $4::jsonb)", topic, payload, *(*more, None, None)[:2]
    )


async def test_messages_are_heard_in_order_after_the_changes_of_their_transaction(
    writer: Connection, database: str
) -> None:
    async with dashboard.connect(database) as live:
        notes = live.query("SELECT count(*) AS n FROM notes")
        await notes.ready()
        topic = await live.topic("news").ready()
        seen: list[tuple[Any, int]] = []
        topic.subscribe(lambda message: seen.append((message.payload, int(notes.frame["n"].iloc[0]))))
        async with writer.transaction():
            await said(writer, "news", '"first"')
            await writer.execute("INSERT INTO notes SELECT g FROM generate_series(1, 3) g")
            await said(writer, "news", '{"number": 2}')
            await said(writer, "other", '"not this"')
        await live.broadcast("news", ["third", 1.5, None, {"ü": "\U0001f600"}])
        await eventually(lambda: len(seen) == 3)
        assert seen == [("first", 3), ({"number": 2}, 3), (["third", 1.5, None, {"ü": "\U0001f600"}], 3)]


async def test_what_was_rolled_back_is_never_heard(writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        heard = Heard(await live.topic("news").ready())
        transaction = writer.transaction()
        await transaction.start()
        await said(writer, "news", '"taken back"')
        await transaction.rollback()
        async with writer.transaction():
            savepoint = writer.transaction()
            await savepoint.start()
            await said(writer, "news", '"this too"')
            await savepoint.rollback()
            await said(writer, "news", '"said"')
        await eventually(lambda: heard.payloads == ["said"])


async def test_an_iterator_hears_what_was_said_since_it_was_ready_however_slow_it_is(
    writer: Connection, database: str
) -> None:
    async with dashboard.connect(database) as live:
        await said(writer, "news", '"before"')
        topic = await live.topic("news").ready()
        for number in range(5):
            await writer.execute(
                "SELECT dashboard.emit('news', to_jsonb(n)) FROM generate_series($1::int, $2) n",
                number * 100,
                number * 100 + 99,
            )
            await live.caught_up()
        found = []
        async for message in topic:
            found.append(message.payload)
            assert not message.gap
            if len(found) % 90 == 0:
                await said(writer, "news", "-1")
            if len([n for n in found if n >= 0]) == 500:
                break
        assert [n for n in found if n >= 0] == list(range(500))


async def test_after_a_cut_it_goes_on_without_loss_or_doubles(writer: Connection, proxy: Proxy) -> None:
    async with dashboard.connect(proxy.dsn) as live:
        heard = Heard(await live.topic("news").ready())
        await said(writer, "news", "1")
        await eventually(lambda: heard.payloads == [1])
        await proxy.cut()
        await said(writer, "news", "2")
        await said(writer, "news", "3")
        await proxy.restore()
        await said(writer, "news", "4")
        await eventually(lambda: heard.payloads == [1, 2, 3, 4])
        assert heard.missed == 0


async def test_a_program_goes_on_where_it_was_after_its_restart(writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        await live.topic("news").ready()
        reading = (await live.topic("news").ready()).__aiter__()
        for number in (1, 2):
            await said(writer, "news", str(number))
            message = await anext(reading)
            assert message.payload == number
        kept, seq = message.since.text, message.seq
        await reading.aclose()
    await said(writer, "news", "3")
    async with dashboard.connect(database) as live:
        later = live.topic("news", since=kept).__aiter__()
        heard = [await anext(later), await anext(later)]
        assert [(one.payload, one.seq > seq, one.gap) for one in heard] == [(2, False, False), (3, True, False)]
        await later.aclose()

        elsewhere = kept.replace(heard[0].since.identity.system_identifier, "1")  # another server's place
        other = live.topic("news", since=elsewhere).__aiter__()
        listening = asyncio.ensure_future(anext(other))
        await eventually(lambda: live.hub.topics._behind or live.hub.topics._with)
        await live.ticked()
        await said(writer, "news", "4")
        message = await listening
        assert (message.payload, message.gap) == (4, True)
        await other.aclose()
        for nonsense in ("", "[]", "[1, 2]", "x"):
            with pytest.raises(MessageError, match="no place in the log"):
                live.topic("news", since=nonsense)


async def test_it_is_told_when_the_log_was_rotated_past_it(writer: Connection, proxy: Proxy) -> None:
    async with dashboard.connect(proxy.dsn) as live:
        heard = Heard(await live.topic("news").ready())
        reading = (await live.topic("news").ready()).__aiter__()
        await said(writer, "news", "1")
        assert (await anext(reading)).gap is False
        await eventually(lambda: heard.payloads == [1])
        await proxy.cut()
        await said(writer, "news", "2")
        while (await rotate(writer, retention=0, max_bytes=1)).emptied == 0:
            pass
        await proxy.restore()
        await eventually(lambda: heard.missed == 1)
        await said(writer, "news", "3")
        await eventually(lambda: heard.payloads == [1, 3])
        after = await anext(reading)
        assert (after.payload, after.gap) == (3, True)
        await reading.aclose()


async def test_a_viewer_hears_what_is_meant_for_its_role_and_settings(writer: Connection, database: str) -> None:
    def scope(role: str, user: str) -> dashboard.Scope:
        return dashboard.Scope(role=role, settings={"app.user_id": user})

    async with dashboard.connect(database) as live:
        ears = {
            name: Heard(await live.topic("news", scope=who).ready())
            for name, who in {
                "process": None, "ann": scope("seller", "1"), "bob": scope("seller", "2"), "eve": scope("buyer", "1"),
                "nobody": dashboard.Scope(role="seller"), "empty": scope("seller", ""),
            }.items()
        }  # fmt: skip
        await said(writer, "news", '"all"')
        await said(writer, "news", '"sellers"', "seller")
        await said(writer, "news", '"ann"', "seller", '{"app.user_id": 1}')
        await said(writer, "news", '"users 1"', None, '{"app.user_id": "1"}')
        await said(writer, "news", '"to nobody"', "seller", '{"app.user_id": null}')
        await said(writer, "news", '"nor to these"', "seller", '{"app.user_id": ""}')
        await live.broadcast("news", "bob", audience=scope("seller", "2"))
        everything = ["all", "sellers", "ann", "users 1", "to nobody", "nor to these", "bob"]
        await eventually(lambda: ears["process"].payloads == everything)
        assert {name: ear.payloads for name, ear in ears.items() if name != "process"} == {
            "ann": ["all", "sellers", "ann", "users 1"],
            "bob": ["all", "sellers", "bob"],
            "eve": ["all", "users 1"],
            "nobody": ["all", "sellers"],
            "empty": ["all", "sellers"],
        }


async def test_a_message_of_many_megabytes_arrives_beside_changes_too_many_to_list(
    writer: Connection, database: str
) -> None:
    async with dashboard.connect(database) as live:
        heard = Heard(await live.topic("news").ready())
        text = "".join(chr(33 + n * 7919 % 90) for n in range(9_000_000))
        async with writer.transaction():
            await writer.execute("INSERT INTO notes SELECT g FROM generate_series(1, 21000) g")
            await said(writer, "news", "0")
        await live.broadcast("news", {"text": text})
        await eventually(lambda: len(heard.payloads) == 2, timeout=60)
        assert heard.payloads == [0, {"text": text}]
        assert heard.missed == 0
        await writer.execute("SELECT dashboard.emit('news', repeat('9', 5000)::jsonb)")
        await writer.execute("SELECT dashboard.emit('news', (repeat('[', 3000) || repeat(']', 3000))::jsonb)")
        await eventually(lambda: len(heard.payloads) == 4)
        assert heard.payloads[2:] == [Decimal("9" * 5000), "[" * 3000 + "]" * 3000]  # what Python does not read


BAD: list[tuple[Any, Any, dashboard.Scope | None]] = [
    ("", 1, None),
    ("two words", 1, None),
    ("x" * 201, 1, None),
    (None, 1, None),
    ("t", {1, 2}, None),
    ("t", float("nan"), None),
    ("t", "\ud800", None),
    ("t", "\x00", None),
    ("t", 1, dashboard.Scope(role="nobody of this name")),
    ("t", 1, dashboard.Scope(settings={"role": "postgres"})),
]


async def test_bad_messages_are_refused_in_one_sentence_and_leave_nothing(writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        for topic, payload, audience in BAD:
            with pytest.raises(MessageError) as refused:
                await live.broadcast(topic, payload, audience=audience)
            assert str(refused.value).endswith(".")
    assert await writer.fetchval("SELECT count(*) FROM dashboard.change_log") == 0


async def test_only_whom_the_owner_names_may_speak(writer: Connection, server: Server, database: str) -> None:
    async with dashboard.connect(re.sub(r"//[^@]+@", "//speaker:s@", database)) as live:
        with pytest.raises(CaptureError, match="GRANT EXECUTE ON FUNCTION"):
            await live.broadcast("news", 1)
        with pytest.raises(CaptureError, match="dashboard doctor"):
            await live.topic("news").ready()
        psql(
            server,
            "GRANT USAGE ON SCHEMA dashboard TO speaker; GRANT EXECUTE ON FUNCTION dashboard.emit TO speaker",
            database,
        )
        await live.broadcast("news", 1)
    psql(server, "DROP OWNED BY speaker", database)


async def test_without_capture_nothing_is_said_or_heard(database: str) -> None:
    async with dashboard.connect(database) as live:
        with pytest.raises(CaptureError, match="dashboard install"):
            await live.broadcast("news", 1)
        with pytest.raises(CaptureError, match="dashboard install"):
            await live.topic("news").ready()
        with pytest.raises(MessageError):
            live.topic("no topic")


async def test_a_scope_that_cannot_be_taken_hears_nothing(writer: Connection, database: str) -> None:
    async with dashboard.connect(database) as live:
        with pytest.raises(DashboardError, match="nobody of this name"):
            await live.topic("news", scope=dashboard.Scope(role="nobody of this name")).ready()
