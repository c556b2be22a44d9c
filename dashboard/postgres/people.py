"""People: who may log in, and in which scope PostgreSQL answers them.

They stand in tables of their own in the database that is shown (``sql/people.sql``), so that every server process on it
knows the same people, and a person who is taken out is out everywhere. What is read here never holds a password;
hashes leave the database for one comparison only, in the process that was given the password.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from dashboard.errors import PrivilegeError, QueryError, SettingsError
from dashboard.postgres.connection import Connection, translated
from dashboard.postgres.scope import Scope
from dashboard.sql import load

EVERYWHERE = ""
"""The page of a scope that holds on every page without one of its own."""
_SETTING = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+", re.ASCII)
_REFUSED = {
    "missing": ("There is no role {role} in this database.", "Create it, or name another one with --role."),
    "above": (
        "The role {role} is above row-level security: whoever looks as it sees every row.",
        "Name a role that is neither superuser nor BYPASSRLS.",
    ),
    "owner": (
        "The role {role} owns tables, and their row-level security does not hold for their owner.",
        "Name a role that owns none, or run ALTER TABLE … FORCE ROW LEVEL SECURITY.",
    ),
    "barred": ("This login may not switch to the role {role}.", "Let an administrator run: GRANT {role} TO {own};"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may log in.

    Parameters
    ----------
    login
        The name by which one logs in, or by which an identity provider knows one.
    name
        What others read.
    scopes
        In whose eyes each page is seen; ``""`` stands for every page without a scope of its own. A page without
        either shows nothing. Each needs a role: without, PostgreSQL would answer as the server itself.
    is_operator
        May look at how the server does; the monitor shows the text of everybody's queries.
    generation
        Logins made under another one are void.
    has_password
        Whether there is a password to log in with.
    """

    login: str
    name: str = ""
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    is_operator: bool = False
    generation: str = ""
    has_password: bool = False

    def __post_init__(self) -> None:
        if any(scope.role is None for scope in self.scopes.values()):
            raise SettingsError(
                f"The scope of {self.login} names no role: PostgreSQL would answer with the server's own rights.",
                "Give each scope a role that the tables' policies hold for.",
            )
        if not self.name:
            object.__setattr__(self, "name", self.login)

    def scope_on(self, page: str) -> Scope | None:
        """In whose eyes this person sees a page; None: not at all."""
        return self.scopes.get(page) or self.scopes.get(EVERYWHERE)


async def found(connection: Connection, logins: Sequence[str] | None = None) -> list[Person]:
    """People of these logins, or all; none where there is no table of them."""
    try:
        with translated():
            rows = await connection.fetch(load("people_found"), logins)
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError):
            return []
        raise
    return [_person(row) for row in rows]


async def hash_of(connection: Connection, login: str) -> str | None:
    """The hash of a person's password, for one comparison."""
    try:
        with translated():
            kept: str | None = await connection.fetchval(
                "SELECT hash FROM dashboard_people.password WHERE login = $1", login
            )
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError):
            return None
        raise
    return kept


async def rehash(connection: Connection, login: str, before: str, hash: str) -> None:
    """Keep the same password under a better hash; nothing changes if it was changed meanwhile."""
    with translated():
        await connection.execute(
            "UPDATE dashboard_people.password SET hash = $3 WHERE login = $1 AND hash = $2", login, before, hash
        )


async def add(connection: Connection, login: str, name: str, *, is_operator: bool) -> None:
    """Add somebody, who has neither password nor scope yet; inside a transaction of the caller's.

    Raises
    ------
    SettingsError
        There is somebody of this login, or the login cannot be one.
    PrivilegeError
        This role may not create the tables of people.
    """
    if not login.isprintable():
        raise SettingsError(f"{login[:100]!r} cannot be a login.", "Take characters that can be seen.")
    await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
    try:
        with translated():
            await connection.execute(load("people"))
            await connection.execute(
                "INSERT INTO dashboard_people.person (login, name, is_operator) VALUES ($1, $2, $3)",
                login, name or login, is_operator,
            )  # fmt: skip
    except PrivilegeError as error:
        raise PrivilegeError(
            f"This role may not keep people in this database: {error.message}",
            "Run it as the role that owns the database, or the schema dashboard_people.",
            sql=error.sql, sqlstate=error.sqlstate,
        ) from error  # fmt: skip
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.UniqueViolationError):
            raise SettingsError(
                f"There is somebody with the login {login}.", "See `dashboard people list`, or change them."
            ) from error
        if isinstance(error.__cause__, asyncpg.CheckViolationError):
            raise SettingsError(
                f"{login!r} cannot be a login.", "Take 1 to 200 characters, without spaces at the ends."
            ) from error
        raise


async def set_password(connection: Connection, login: str, hash: str) -> None:
    """Give somebody a password; whoever is logged in with an earlier one is so no more."""
    with translated():
        await connection.execute(
            "INSERT INTO dashboard_people.password (login, hash) VALUES ($1, $2) "
            "ON CONFLICT (login) DO UPDATE SET hash = EXCLUDED.hash",
            login, hash,
        )  # fmt: skip
        await connection.execute("UPDATE dashboard_people.person SET generation = DEFAULT WHERE login = $1", login)


async def set_scope(connection: Connection, login: str, page: str, scope: Scope) -> None:
    """Let somebody see a page, or every page (""), in a scope, in the place of the one before.

    Raises
    ------
    SettingsError
        Its role is not one that people can look as, or a setting not one of one's own.
    """
    for name in scope.settings:
        if not _SETTING.fullmatch(name):
            raise SettingsError(
                f"{name[:100]!r} is not a setting that people can have.", "Name one of your own, as app.user_id."
            )
    with translated():
        reason = await connection.fetchval(load("people_role"), scope.role)
        if reason is not None:
            own = await connection.fetchval("SELECT current_user")
            message, remedy = (text.format(role=scope.role, own=own) for text in _REFUSED[reason])
            raise SettingsError(message, remedy)
        await connection.execute(
            "INSERT INTO dashboard_people.scope (login, page, role, settings) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (login, page) DO UPDATE SET role = EXCLUDED.role, settings = EXCLUDED.settings",
            login, page, scope.role, json.dumps(dict(scope.settings)),
        )  # fmt: skip


async def set_operator(connection: Connection, login: str, is_operator: bool) -> None:
    """Say whether somebody may look at how the server does."""
    with translated():
        await connection.execute(
            "UPDATE dashboard_people.person SET is_operator = $2 WHERE login = $1", login, is_operator
        )


async def remove(connection: Connection, login: str) -> None:
    """Take somebody out, with password and scopes; with the last one the tables go too, and no trace is left."""
    with translated():
        await connection.execute("DELETE FROM dashboard_people.person WHERE login = $1", login)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM dashboard_people.person)"):
            await connection.execute(load("people_drop"))


async def end(connection: Connection, login_hash: str, seconds: float) -> None:
    """Remember for so long that a login was ended."""
    with translated():
        await connection.execute("DELETE FROM dashboard_people.ended WHERE until < now()")
        await connection.execute(
            "INSERT INTO dashboard_people.ended VALUES ($1, now() + make_interval(secs => $2)) ON CONFLICT DO NOTHING",
            login_hash, float(seconds),
        )  # fmt: skip


async def ended(connection: Connection, login_hashes: Sequence[str]) -> set[str]:
    """Those of these logins that were ended."""
    try:
        with translated():
            rows = await connection.fetch(
                "SELECT login_hash FROM dashboard_people.ended WHERE login_hash = ANY ($1)", login_hashes
            )
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError):
            return set()
        raise
    return {row["login_hash"] for row in rows}


def _person(row: Any) -> Person:
    scopes = {
        page: Scope(role=kept["role"], settings=kept["settings"]) for page, kept in json.loads(row["scopes"]).items()
    }
    return Person(
        login=row["login"], name=row["name"], scopes=scopes, is_operator=row["is_operator"],
        generation=row["generation"], has_password=row["has_password"],
    )  # fmt: skip
