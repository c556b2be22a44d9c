"""Digests: made when they are due, once however many processes look, for who they are for, and as these want them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard.errors import SettingsError
from dashboard.postgres import alerts, digests, preferences
from dashboard.postgres.scope import Scope
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces import digests as work
from dashboard.surfaces import people
from dashboard.surfaces.cli import code_of
from dashboard.surfaces.connecting import connected
from tests.conftest import psql
from tests.mailbox import Mailbox
from tests.serving import served
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
ROLE = f"reader_{os.getpid()}"
PAGE = """
import dashboard

live = dashboard.connect()
dashboard.Page(
    dashboard.Tile(live.query("SELECT count(*) FROM notes"), title="Notes"),
    dashboard.Feed(live.query("SELECT id, at, note FROM notes ORDER BY id"), title="Latest", format="{note}"),
    live=live, title="Notes",
).servable()
"""
SCHEMA = f"""
CREATE ROLE {ROLE} NOLOGIN;
CREATE TABLE notes (id int PRIMARY KEY, owner text NOT NULL, note text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO notes (id, owner, note) VALUES (1, 'ana', 'of ana'), (2, 'ana', 'hers too'), (3, 'jo', 'of jo');
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes TO {ROLE} USING (owner = current_setting('app.owner', true));
GRANT SELECT ON notes TO {ROLE};
"""
LATE = "UPDATE dashboard_digests.digest SET due_at = now() - interval '3 days'"
STATE = "SELECT due_at > now(), sent_at IS NOT NULL, problem, attempts FROM dashboard_digests.digest ORDER BY id"


@pytest.fixture
async def notes(server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Yield a database with a page, two people, and a mail server as a contact point."""
    monkeypatch.setenv("DASHBOARD_DSN", "")
    settings.cache_clear()
    psql(server, SCHEMA, database)
    (tmp_path / "notes.py").write_text(PAGE, encoding="utf-8")
    for login in ("ana", "jo"):
        scope = Scope(role=ROLE, settings={"app.owner": login})
        await people.add(database, login, name="", password=None, page="", scope=scope, is_operator=False)
    yield database
    psql(server, f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", database)
    settings.cache_clear()


@pytest.fixture
async def mailbox(notes: str) -> AsyncIterator[Mailbox]:
    async with Mailbox() as box, connected(notes, "digests") as connection:
        await alerts.install(connection)
        await preferences.set_contact_point(connection, "mail", box.url)
        yield box


async def added(dsn: str, place: Path, login: str = "ana", **wishes: Any) -> int:
    wanted = {"to": None, "folder": place, "schedule": "daily 08:00", "zone": "UTC", "address": "", "format": "txt"}
    return await work.add(dsn, str(place / "notes.py"), login, **(wanted | {"since": ""} | wishes))


async def asked(server: Server, dsn: str, sql: str) -> str:
    return (await asyncio.to_thread(psql, server, sql, dsn)).strip()


async def begun(dsn: str) -> asyncio.subprocess.Process:
    """Start a process that makes what is due."""
    environment = os.environ | {"DASHBOARD_DSN": dsn}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dashboard", "digest", "run", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )


async def test_a_schedule_names_the_next_time_in_its_zone(server: Server, notes: str, tmp_path: Path) -> None:
    await added(notes, tmp_path)
    for schedule, zone, after, expected in (
        ("daily 08:00", "UTC", "2026-03-27 07:59Z", "2026-03-27 08:00"),
        ("daily 08:00", "UTC", "2026-03-27 08:00Z", "2026-03-28 08:00"),
        ("daily 02:30", "Europe/Berlin", "2026-03-28 12:00Z", "2026-03-29 01:30"),  # which is none on that day
        ("weekly mon 08:00", "Europe/Berlin", "2026-03-27 12:00Z", "2026-03-30 06:00"),
        ("weekly fri 23:30", "Pacific/Auckland", "2026-11-20 10:00Z", "2026-11-20 10:30"),
    ):
        sql = f"SELECT dashboard_digests.next('{schedule}', '{zone}', '{after}') AT TIME ZONE 'UTC'"
        assert (await asked(server, notes, sql))[:16] == expected, schedule


async def test_what_was_missed_is_sent_once_though_several_processes_look(
    server: Server, notes: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    await added(notes, tmp_path, folder=None, to="mail", address="ana@example.org", format="html")
    await asked(server, notes, LATE)
    told = [await process.communicate() for process in (await begun(notes), await begun(notes))]
    assert sorted(len(out) > 0 for out, _ in told) == [False, True]
    assert (len(mailbox.letters), mailbox.recipients) == (1, [["ana@example.org"]])
    letter: Any = mailbox.letters[0]
    body, page = letter.get_body().get_content(), next(letter.iter_attachments())
    assert "Notes, as ana sees it" in body and "Notes: 2" in body and "  hers too" in body
    assert page.get_filename().endswith(".html") and page.get_content_type() == "text/html"
    assert "of ana" in page.get_content() and "of jo" not in body + page.get_content()
    assert await asked(server, notes, STATE) == "t|t||0"
    assert await work.run_due(notes) == []


async def test_a_sender_that_died_is_made_good_under_the_same_name(
    server: Server, notes: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    await added(notes, tmp_path, folder=None, to="mail", address="ana@example.org")
    await asked(server, notes, LATE)
    mailbox.gate.clear()
    process = await begun(notes)
    await eventually(lambda: mailbox.letters, timeout=60)
    process.kill()
    await process.communicate()
    mailbox.gate.set()
    assert await work.run_due(notes) == []  # it may still be on its way
    await asked(server, notes, "UPDATE dashboard_digests.digest SET claimed_until = now()")
    assert len(await work.run_due(notes)) == 1
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 1 < len(mailbox.letters)


async def test_a_refusal_is_noted_and_tried_again(server: Server, notes: str, mailbox: Mailbox, tmp_path: Path) -> None:
    number = await added(notes, tmp_path, folder=None, to="mail", address="ana@example.org")
    mailbox.refusal = b"451 later"
    assert "The mail server refuses: later" in (await work.run_due(notes, number))[0].line
    assert await asked(server, notes, STATE) == "t|f|The mail server refuses: later|1"
    assert await asked(server, notes, "SELECT claimed_until > now() FROM dashboard_digests.digest") == "t"
    with pytest.raises(SettingsError, match="or it is being made"):
        await work.run_due(notes, number)
    await asked(server, notes, "UPDATE dashboard_digests.digest SET claimed_until = now()")
    mailbox.refusal = b"550 never"
    await work.run_due(notes, number)
    assert await asked(server, notes, STATE) == "t|f|The mail server refuses: never|0"
    await people.remove(notes, "ana")
    assert "There is nobody with the login ana." in (await work.run_due(notes, number))[0].line
    assert mailbox.letters == []


async def test_people_change_their_own_digests_and_nothing_else(server: Server, notes: str, tmp_path: Path) -> None:
    hers, his = await added(notes, tmp_path), await added(notes, tmp_path, "jo")
    ana = Scope(role=ROLE, settings={"app.owner": "ana", "app.person": "ana"})
    async with connected(notes, "digests") as connection:
        assert await digests.change(connection, ana, hers, {"schedule": "weekly sun 20:00", "zone": "Asia/Tokyo"})
        assert not await digests.change(connection, ana, his, {"is_on": False})
        with pytest.raises(SettingsError, match="Write its time as"):
            await digests.change(connection, ana, hers, {"schedule": "at noon"})
    seen = f"BEGIN; SET LOCAL app.owner = 'ana'; SET LOCAL app.person = 'ana'; SET LOCAL ROLE {ROLE}; "
    assert await asked(server, notes, f"{seen} SELECT id, zone FROM dashboard_digests.digest") == f"{hers}|Asia/Tokyo"
    for column in ("folder = '/etc'", "page = 'crm'", "login = 'jo'", "due_at = now()"):
        with pytest.raises(Exception, match="non-zero exit status"):
            await asked(server, notes, f"{seen} UPDATE dashboard_digests.digest SET {column}")


async def test_serve_makes_what_is_due_into_a_folder(server: Server, notes: str, tmp_path: Path) -> None:
    await added(notes, tmp_path)
    await asked(server, notes, LATE)

    def there() -> list[Path]:
        return list(tmp_path.glob("ana-notes-*.txt"))

    with served(notes, str(tmp_path / "notes.py")):
        await eventually(there, timeout=90)
    assert "Notes: 2" in await asyncio.to_thread(there()[0].read_text)


def test_digests_come_and_go_on_the_command_line(
    server: Server, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], surroundings: None
) -> None:
    def told(*arguments: str) -> tuple[int, str]:
        code = code_of(["digest", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    page = tmp_path / "page.py"
    page.write_text(PAGE, encoding="utf-8")
    folder = ("--folder", str(tmp_path))
    none = "There are no digests in this database. Add one with `dashboard digest add`.\n"
    assert told("list", database) == (0, none)
    for arguments, sentence in (
        (("--at", "noon", *folder), "Write its time as 'daily 08:00'"),
        (("--at", "daily 8", *folder), "That is no time at which a digest goes out."),
        (("--at", "daily 99:99", *folder), "That is no time at which a digest goes out."),
        (("--at", "daily 08:00", "--zone", "Berlin", *folder), "There is no time zone 'Berlin'."),
        (("--at", "daily 08:00", "--address", "a\nb", *folder), "That is no address of a digest."),
        (("--at", "daily 08:00", "--since", "banana", *folder), "'banana' is no time that a report can begin at."),
        (("--at", "daily 08:00"), "Say --to NAME or --folder FOLDER."),
        (("--at", "daily 08:00", "--folder", str(tmp_path / "no")), "is no folder that can be written to."),
        (("--at", "daily 08:00", "--to", "mail"), "Alerts are not installed"),
        (("--at", "daily 08:00", "--as", "eve", *folder), "so there is no eve."),
    ):
        code, said = told("add", database, str(page), *arguments)
        assert (code, said.count("\n"), sentence in said) == (2, 1, True), said
    said = told("add", database, str(page), "--at", "daily 08:00", *folder)[1]
    number = said.split()[1]
    assert said == f"Digest {number} goes out daily 08:00 (UTC).\n"
    assert told("change", database, number, "--off", "--at", "weekly mon 09:30")[0] == 0
    code, said = told("list", database)
    assert (code, said.count("\n")) == (0, 1)
    assert f"as html to {tmp_path}  weekly mon 09:30 (UTC)  off" in said
    assert told("run", database) == (0, "")
    code, said = told("run", database, number)  # a page that its database has no table for
    today = datetime.now(UTC).date()
    assert code == 1 and f"page-{number}-{today}.html, but: Notes and 1 more: " in said
    assert 'relation "notes" does not exist' in told("list", database)[1]
    assert told("change", database, number)[0] == told("change", database, "77", "--on")[0] == 2
    assert "There is no time zone 'Berlin'." in told("change", database, number, "--zone", "Berlin")[1]
    psql(server, "UPDATE dashboard_digests.digest SET zone = 'CET-1'", database)  # PostgreSQL takes that of a person
    code, said = told("run", database, number)
    assert code == 1 and said.startswith(f"{number}  {page}  There is no time zone 'CET-1'. Write it as Europe/Berlin.")
    assert told("remove", database, number) == (0, f"Digest {number} is removed.\n")
    assert f"There is no digest {number}." in told("remove", database, number)[1]
    assert told("list", database) == (0, none)


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DASHBOARD_DSN", "")
    settings.cache_clear()
    yield
    settings.cache_clear()
