"""Keys with which programs call in somebody's name: told once, kept as a hash beside the people.

A key is as long as chance can make it, so its hash needs no salt and no cost.
"""

from __future__ import annotations

import hashlib
import secrets

import asyncpg

from dashboard.errors import QueryError
from dashboard.postgres.connection import Connection, translated
from dashboard.sql import load


def hash_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


async def issue(connection: Connection, login: str) -> str:
    """A new key of somebody's, which nobody can be told again; inside a transaction of the caller's."""
    key = f"dashboard_{secrets.token_urlsafe(32)}"
    with translated():
        await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
        await connection.execute(load("people"))
        await connection.execute(
            "INSERT INTO dashboard_people.api_key (key_hash, login) VALUES ($1, $2)", hash_of(key), login
        )
    return key


async def revoke(connection: Connection, login: str) -> int:
    """Make all keys of somebody void; how many there were."""
    with translated():
        await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
        await connection.execute(load("people"))
        rows = await connection.fetch("DELETE FROM dashboard_people.api_key WHERE login = $1 RETURNING login", login)
    return len(rows)


async def login_of(connection: Connection, key_hash: str) -> str | None:
    """Whose key has this hash."""
    try:
        with translated():
            found: str | None = await connection.fetchval(
                "SELECT login FROM dashboard_people.api_key WHERE key_hash = $1", key_hash
            )
    except QueryError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError):
            return None
        raise
    return found
