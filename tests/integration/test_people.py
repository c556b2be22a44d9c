"""`dashboard people`: added, listed, changed and taken out on the command line."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import pytest

from dashboard.postgres.server import Server
from dashboard.surfaces.cli import code_of
from tests.conftest import psql
from tests.scene import cheap_hashes

ROLE = f"staff_{os.getpid()}"
Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Told]:
    """Yield a function that runs `dashboard people` on a database; its code, and what it said."""
    psql(server, f"CREATE ROLE {ROLE} NOLOGIN", database)

    def run(command: str, *arguments: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = code_of(["people", command, database, *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    with cheap_hashes():
        yield run
    psql(server, f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", database)


def test_people_come_and_go_on_the_command_line(told: Told, server: Server, database: str) -> None:
    assert "There is nobody" in told("list")[1]
    scope = ("--role", ROLE, "--setting", "app.user_id=1")
    assert told("add", "ana", "--name", "Ana", *scope, typed="correct horse\n") == (0, "ana may log in.\n")
    assert told("add", "jo", "--no-password")[1] == "jo may log in, and sees nothing yet: give them a --role.\n"
    assert told("change", "jo", "--page", "crm", "--role", ROLE, "--operator")[0] == 0
    code, lines = told("list")
    assert code == 0
    assert f"ana  Ana  every page: {ROLE} app.user_id=1" in lines
    assert f"jo  jo (operator, no password)  crm: {ROLE}" in lines
    generation = "SELECT generation FROM dashboard_people.person WHERE login = 'ana'"
    before = psql(server, generation, database)
    code, key = told("key", "ana")
    assert (code, key[:10], len(key)) == (0, "dashboard_", 54)
    assert key.strip() not in psql(server, "SELECT key_hash FROM dashboard_people.api_key", database)
    assert told("key", "ana", "--revoke")[1] == "1 keys of ana are void.\n"
    assert told("change", "ana", "--password", typed="battery staple\n")[0] == 0
    assert psql(server, generation, database) != before
    assert told("remove", "ana")[0] == 0
    assert "ana" not in told("list")[1]
    assert psql(server, "SELECT count(*) FROM dashboard_people.password", database) == "0\n"
    assert told("remove", "jo")[0] == 0
    assert psql(server, "SELECT to_regnamespace('dashboard_people')", database) == "\n"
    assert "There is nobody" in told("list")[1]


def test_what_cannot_be_done_is_said_in_one_sentence_and_not_done(told: Told) -> None:
    refusal = "dashboard: There is nobody with the login nobody. See `dashboard people list`.\n"
    assert told("remove", "nobody") == (2, refusal)
    assert "8 to 1024 characters" in told("add", "ana", typed="short\n")[1]
    assert "name=value" in told("add", "ana", "--role", ROLE, "--setting", "oops", typed="correct horse\n")[1]
    assert "There is nobody" in told("list")[1]


def test_people_are_private_to_whoever_keeps_them(told: Told, server: Server, database: str) -> None:
    psql(server, f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC, {ROLE}", database)
    assert told("add", "ana", typed="correct horse\n")[0] == 0
    tables = "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'dashboard_people'::regnamespace"
    may = f"SELECT count(*), bool_or(has_table_privilege('{ROLE}', oid, 'SELECT')) {tables}"
    assert psql(server, may, database) == "5|f\n"
