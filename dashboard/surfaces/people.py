"""`dashboard people`: who may log in, in which scope each page shows them rows, and out again."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from dashboard.errors import SettingsError
from dashboard.postgres import keys, people
from dashboard.postgres.connection import Connection, translated
from dashboard.postgres.people import EVERYWHERE, Person
from dashboard.postgres.scope import Scope
from dashboard.surfaces.connecting import connected
from dashboard.surfaces.passwords import hash_of


async def add(
    dsn: str, login: str, *, name: str, password: str | None, page: str, scope: Scope | None, is_operator: bool
) -> None:
    """Add somebody, all of it or nothing.

    Raises
    ------
    SettingsError
        There is somebody of this login, the role cannot be looked as, or the password is too short.
    """
    hashed = None if password is None else hash_of(password)
    async with _changing(dsn) as connection:
        await people.add(connection, login, name, is_operator=is_operator)
        if hashed is not None:
            await people.set_password(connection, login, hashed)
        if scope is not None:
            await people.set_scope(connection, login, page, scope)


async def change(
    dsn: str, login: str, *, password: str | None, page: str, scope: Scope | None, is_operator: bool | None
) -> None:
    """Change what is given; the pages that somebody has open follow within seconds.

    Raises
    ------
    SettingsError
        There is nobody of this login, the role cannot be looked as, or the password is too short.
    """
    hashed = None if password is None else hash_of(password)
    async with _changing(dsn) as connection:
        await _known(connection, login)
        if hashed is not None:
            await people.set_password(connection, login, hashed)
        if scope is not None:
            await people.set_scope(connection, login, page, scope)
        if is_operator is not None:
            await people.set_operator(connection, login, is_operator)


async def remove(dsn: str, login: str) -> None:
    """Take somebody out; what they have open ends within seconds.

    Raises
    ------
    SettingsError
        There is nobody of this login.
    """
    async with _changing(dsn) as connection:
        await _known(connection, login)
        await people.remove(connection, login)


async def key(dsn: str, login: str) -> str:
    """Issue a key of somebody's for /api; it is told this once.

    Raises
    ------
    SettingsError
        There is nobody of this login.
    """
    async with _changing(dsn) as connection:
        await _known(connection, login)
        return await keys.issue(connection, login)


async def revoke(dsn: str, login: str) -> str:
    """Make all keys of somebody void, and say how many there were; raises as `key`."""
    async with _changing(dsn) as connection:
        await _known(connection, login)
        return f"{await keys.revoke(connection, login)} keys of {login} are void."


async def listed(dsn: str) -> list[str]:
    """Everybody, one line for each."""
    async with connected(dsn, "people") as connection:
        return [_line(person) for person in await people.found(connection)]


def scope_given(role: str | None, pairs: Sequence[str]) -> Scope | None:
    """The scope of ``--role`` and ``--setting``; None where neither is given.

    Raises
    ------
    SettingsError
        A setting is not written as name=value, or there are settings without a role.
    """
    given = dict(_pair(text) for text in pairs)
    if role is None and not given:
        return None
    if role is None:
        raise SettingsError("Settings alone make no scope.", "Name the role that goes with them: --role.")
    return Scope(role=role, settings=given)


def ask_for_password() -> str:
    """A new password: typed twice, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise SettingsError("The two are not the same.", "Type it again.")
    return password


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise SettingsError(f"{text!r} is no setting.", "Write it as name=value: --setting app.user_id=42.")
    return name, value


def _line(person: Person) -> str:
    marks = [*(["operator"] if person.is_operator else []), *([] if person.has_password else ["no password"])]
    seen = "; ".join(_told(page, scope) for page, scope in sorted(person.scopes.items())) or "sees nothing yet"
    marked = f" ({', '.join(marks)})" if marks else ""
    return f"{person.login}  {person.name}{marked}  {seen}"


def _told(page: str, scope: Scope) -> str:
    kept: Iterable[str] = (f"{name}={value}" for name, value in scope.settings.items())
    return f"{'every page' if page == EVERYWHERE else page}: {' '.join([str(scope.role), *kept])}"


async def _known(connection: Connection, login: str) -> None:
    if not await people.found(connection, [login]):
        raise SettingsError(f"There is nobody with the login {login}.", "See `dashboard people list`.")


@asynccontextmanager
async def _changing(dsn: str) -> AsyncIterator[Connection]:
    """One transaction."""
    async with connected(dsn, "people") as connection:
        with translated():
            async with connection.transaction():
                yield connection
