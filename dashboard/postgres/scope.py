"""Who looks: a role and settings, under which PostgreSQL itself decides what is seen.

Whatever a viewer is shown was returned by a SELECT that ran in that viewer's scope, under the tables' own
row-level security. A scope is entered in a savepoint and left by rolling back to it: PostgreSQL then restores
role and settings itself, so that nothing of one viewer can leak into the next query on the same connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dashboard.postgres.connection import Connection, Record, fetch, translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A role and settings (``app.user_id``) in which queries run.

    Parameters
    ----------
    role
        Role to switch to; None stays with the connection's own. The connection's role must be a member of it.
    settings
        Settings made for the query, read in policies by ``current_setting('app.user_id', true)``.
    """

    role: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frozen = MappingProxyType({name: str(value) for name, value in self.settings.items()})
        object.__setattr__(self, "settings", frozen)

    def __hash__(self) -> int:
        return hash((self.role, frozenset(self.settings.items())))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scope):
            return NotImplemented
        return self.role == other.role and dict(self.settings) == dict(other.settings)


_asked: Callable[[], Scope | None] | None = None


def ask_for_scope(ask: Callable[[], Scope | None] | None) -> None:
    """Have queries that name no scope asked in the one that `ask` gives; None: in the connection's own."""
    global _asked
    _asked = ask


def scope_here() -> Scope | None:
    """The scope of a query that names none."""
    return None if _asked is None else _asked()


@asynccontextmanager
async def entered(connection: Connection, scope: Scope | None, *, guarded: bool = False) -> AsyncIterator[None]:
    """Run the block's statements in `scope`, inside the transaction that is open on `connection`.

    `guarded` makes a savepoint even where the scope needs none. It is rolled back to in any case, which also
    brings a transaction back to life after an error.
    """
    scope = scope or Scope()
    if not guarded and scope.role is None and not scope.settings:
        yield
        return
    with translated():
        await connection.execute("SAVEPOINT dashboard_scope")
    try:
        await enter(connection, scope)
        yield
    finally:
        if not connection.is_closed():
            with translated():
                await connection.execute("ROLLBACK TO SAVEPOINT dashboard_scope")


async def enter(connection: Connection, scope: Scope) -> None:
    """Go on in `scope` until the open transaction, or the savepoint, ends."""
    # The role comes last: settings are made with the rights of the connection's own.
    wanted = dict(scope.settings) | ({} if scope.role is None else {"role": scope.role})
    if wanted:
        await fetch(
            connection,
            "SELECT set_config(n, v, true) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s(n, v, place) "
            "ORDER BY place",
            list(wanted),
            list(wanted.values()),
        )


async def run_in(connection: Connection, scope: Scope | None, sql: str, *parameters: Any) -> list[Record]:
    """Run one statement in `scope`, under the tables' row-level security, in a transaction of its own."""
    with translated(sql):
        async with connection.transaction():
            await enter(connection, scope or Scope())
            return list(await connection.fetch(sql, *parameters))
