"""Comments on a record: written and read by whoever sees the record, in their own name only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import dashboard
from dashboard import apps
from dashboard.postgres.scope import Scope
from dashboard.surfaces.capturing import install
from dashboard.views import Comments
from dashboard.views.channel import Binding, Channel
from dashboard.views.here import person_of
from tests.waiting import eventually

RECORDS = [("crm", "contacts", "member_id"), ("outreach", "campaigns", "user_id"), ("storefront", "orders", "shop_id")]
SAY = "INSERT INTO {0}.comments (record, author, name, body) VALUES ($1, $2, 'Somebody', 'hello') RETURNING id"


class Seat:
    """A connection on which one person of one member looks."""

    def __init__(self, connection: asyncpg.Connection, app: str) -> None:
        self.connection, self.app = connection, app

    async def take(self, member: int, person: str, name: str = "Somebody") -> None:
        await self.connection.execute("RESET ROLE")
        await self.connection.execute("SELECT set_config('app.user_id', $1, false)", str(member))
        await self.connection.execute("SELECT set_config('app.person', $1, false)", person)
        await self.connection.execute("SELECT set_config('app.person_name', $1, false)", name)
        await self.connection.execute(f"SET ROLE {self.app}_member")

    async def do(self, sql: str, *values: object) -> str:
        return str(await self.connection.execute(sql.format(self.app), *values))

    async def say(self, record: int, author: str) -> None:
        await self.connection.fetchval(SAY.format(self.app), record, author)


@pytest.mark.parametrize(("app", "records", "owner"), RECORDS)
async def test_who_sees_the_record_reads_and_writes_in_their_own_name_only(
    app_database: Callable[[str], str], app: str, records: str, owner: str
) -> None:
    connection = await asyncpg.connect(app_database(app))
    seat = Seat(connection, app)
    first = f"SELECT min(id) FROM {app}.{records} WHERE {owner} = $1"
    mine, theirs = await connection.fetchval(first, 1), await connection.fetchval(first, 2)

    await seat.take(1, "ann")
    await seat.say(mine, "ann")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await seat.say(theirs, "ann")
    refused = pytest.raises(asyncpg.InsufficientPrivilegeError)
    with refused:
        await seat.say(mine, "ben")
    with refused:
        await seat.do(f"INSERT INTO {{0}}.comments (record, {owner}, author, name, body) "
                      "VALUES ($1, 2, 'ann', 'Ann', 'x')", theirs)  # fmt: skip
    with refused:
        await seat.do("UPDATE {0}.comments SET author = 'ben'")
    with refused:
        await seat.do("UPDATE {0}.comments SET record = $1", theirs)
    with pytest.raises(asyncpg.CheckViolationError):
        await seat.do("UPDATE {0}.comments SET body = E' \\n'")
    await seat.take(1, "")
    with refused:
        await seat.say(mine, "")
    for name in ("Mira Castellan", ""):  # the row says "Somebody"
        await seat.take(1, "ann", name)
        with refused:
            await seat.say(mine, "ann")
    await seat.take(1, "(guest) 7", "")  # whom nobody knows, is called as the page says
    await seat.say(mine, "(guest) 7")
    assert await seat.do("DELETE FROM {0}.comments WHERE author = '(guest) 7'") == "DELETE 1"

    await seat.take(1, "ben")
    assert await seat.do("SELECT FROM {0}.comments") == "SELECT 1"
    assert await seat.do("UPDATE {0}.comments SET body = 'mine now'") == "UPDATE 0"
    assert await seat.do("DELETE FROM {0}.comments") == "DELETE 0"
    await seat.take(2, "ann")
    assert await seat.do("SELECT FROM {0}.comments") == "SELECT 0"
    assert await seat.do("DELETE FROM {0}.comments") == "DELETE 0"

    await connection.execute("RESET ROLE")
    await seat.do("ALTER TABLE {0}.comments DISABLE ROW LEVEL SECURITY")
    await seat.take(2, "ann")  # without its guard the attack succeeds
    assert await seat.do("SELECT FROM {0}.comments") == "SELECT 1"
    await connection.execute("RESET ROLE")
    await seat.do("ALTER TABLE {0}.comments ENABLE ROW LEVEL SECURITY")

    await seat.take(1, "ann")
    assert await seat.do("UPDATE {0}.comments SET body = 'changed'") == "UPDATE 1"
    await connection.execute("RESET ROLE")
    assert await connection.fetchval(f"SELECT edited_at IS NOT NULL FROM {app}.comments")
    await connection.execute(f"DELETE FROM {app}.comments")
    await seat.take(1, "ann")
    await seat.say(mine, "ann")
    await connection.execute("RESET ROLE")
    await connection.close()


async def test_a_database_from_before_there_were_comments_gets_their_table(crm_database: str) -> None:
    connection = await asyncpg.connect(crm_database)
    checks = "SELECT count(*) FROM pg_policies WHERE schemaname = 'crm' AND with_check LIKE '%app.person_name%'"
    await connection.execute("DROP TABLE crm.comments; DROP FUNCTION crm.note_edit()")
    await connection.execute("DELETE FROM crm.contacts WHERE id = 1")
    load = apps.find("crm").load
    assert load is not None
    assert await load(crm_database) is False
    assert await connection.fetchval("SELECT count(*) FROM crm.comments") == 0
    assert not await connection.fetchval("SELECT EXISTS (SELECT FROM crm.contacts WHERE id = 1)")
    assert await connection.fetchval(checks) == 1
    await connection.execute("DROP POLICY said_by_oneself ON crm.comments")
    await connection.execute("CREATE POLICY said_by_oneself ON crm.comments FOR INSERT WITH CHECK (true)")
    await connection.execute("INSERT INTO crm.comments (member_id, record, author, name, body) "
                             "SELECT member_id, id, 'ann', 'Ann', 'kept' FROM crm.contacts LIMIT 1")  # fmt: skip
    assert await load(crm_database) is False  # and one from before names were checked has them checked
    assert await connection.fetchval(checks) == 1
    assert await connection.fetchval("SELECT body FROM crm.comments") == "kept"
    await connection.close()


@pytest.fixture
async def live(crm_database: str) -> AsyncIterator[dashboard.Live]:
    await install(crm_database, ["crm.comments"])
    async with dashboard.connect(crm_database) as opened:
        yield opened


class Page:
    """A browser that takes whatever it is sent."""

    def send(self, message: bytes) -> None:
        """Let it be: what was sent is looked up where it was drawn."""

    def is_writable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


class Reader:
    """The comments of a contact of the first member, as one reader's page has them."""

    def __init__(self, live: dashboard.Live, contact: int) -> None:
        self.view = Comments(
            live, "crm.comments", contact, scope=Scope(role="crm_member", settings={"app.user_id": "1"})
        )
        self.channel = Channel()
        self.binding: Binding = self.channel.bind(self.view)
        self.view.bind(self.binding)
        self.channel.connect(Page())
        self.channel.receive({"want": {self.binding.name: None}})

    @property
    def author(self) -> str:
        return self.view._author

    def do(self, event: str, **value: Any) -> None:
        self.view.receive(self.binding, {"event": event, "value": value})

    @property
    def body(self) -> dict[str, Any]:
        assert self.binding.strand is not None
        body: dict[str, Any] = self.binding.strand.picture.get("body", {})
        return body

    def said(self) -> list[str]:
        return [row["body"] for row in self.body.get("rows", {}).values()]

    def problem(self) -> str:
        return str((self.body.get("returned") or {}).get("problem", ""))


async def test_what_is_refused_comes_back_with_the_reason_and_nothing_is_done(live: dashboard.Live) -> None:
    contacts = await live.query("SELECT min(id) AS id FROM crm.contacts WHERE member_id = 1").ready()
    reader = Reader(live, int(contacts.frame["id"].iloc[0]))
    for value, reason in (
        ({"id": "7", "text": "hello"}, "no name"),
        ({"id": str(uuid4()), "text": " \n "}, "nothing in this comment"),
        ({"id": str(uuid4()), "text": "a\0b"}, "zero byte"),
        ({"id": str(uuid4()), "text": "x" * 4001}, "At most 4000 fit"),
    ):
        reader.do("say", **value)
        await eventually(lambda reason=reason: reason in reader.problem())  # type: ignore[misc]  # a lambda's default
        assert reader.body["returned"]["text"] == value["text"]
        assert reader.said() == []
    for nonsense in (None, 7, {"event": "say"}, {"event": "say", "value": "x"}, {"event": "shout", "value": {}}):
        reader.view.receive(reader.binding, nonsense)

    name = str(uuid4())
    reader.do("say", id=name, text=" <b>hello</b> ")
    await eventually(lambda: reader.said() == ["<b>hello</b>"])
    assert reader.problem() == ""
    await eventually(lambda: not reader.view._tasks)
    query = reader.view.query
    assert query is not None and query.plan is not None and query.plan.kind == "rows"
    other = Reader(live, int(contacts.frame["id"].iloc[0]))  # another browser: a guest as well, and somebody else
    await eventually(lambda: other.said() == ["<b>hello</b>"])
    for deed in ("edit", "delete"):
        other.do(deed, id=name, text="mine now")
        await eventually(lambda deed=deed: (other.body["returned"] or {}).get("deed") == deed)  # type: ignore[misc]
        assert other.said() == reader.said() == ["<b>hello</b>"]
    give = "UPDATE crm.comments SET author = $1, body = $2"
    await live.write(give, other.author, "<b>hello</b>", whole_table=True)
    await eventually(lambda: other.body["rows"][name]["person"] == person_of(other.author))
    other.do("edit", id=name, text="mine now")  # and now it is
    await eventually(lambda: reader.said() == ["mine now"])
    await live.write(give, reader.author, "<b>hello</b>", whole_table=True)
    await eventually(lambda: reader.said() == ["<b>hello</b>"])
    reader.do("say", id=name, text="hello")
    await eventually(lambda: (reader.body["returned"] or {}).get("deed") == "say")
    reader.do("edit", id=name, text="changed", seen="something else")
    await eventually(lambda: (reader.body["returned"] or {}).get("deed") == "edit")
    reader.do("edit", id=name, text="changed", seen="<b>hello</b>")
    await eventually(lambda: reader.said() == ["changed"])
    reader.do("delete", id=name)
    await eventually(lambda: reader.said() == [])
