"""The statements behind typed writes: names quoted, every value a parameter. Pure.

Each returns its text and its parameters. What is stored comes back (RETURNING), as far as the role may read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.postgres.reading import quoted
from dashboard.postgres.writable import WritableTable

Text = tuple[str, tuple[Any, ...]]


def insert(table: WritableTable, values: Mapping[str, Any]) -> Text:
    """INSERT one row."""
    if not values:
        return f"INSERT INTO {table.quoted} DEFAULT VALUES{_returning(table)}", ()
    # The database gives such a column its value, but for a row that is brought back.
    given = " OVERRIDING SYSTEM VALUE" if any(table.columns[name].always for name in values) else ""
    places = ", ".join(f"${nth}" for nth in range(1, len(values) + 1))
    sql = f"INSERT INTO {table.quoted} ({_list(values)}){given} VALUES ({places}){_returning(table)}"
    return sql, tuple(values.values())


def upsert(table: WritableTable, values: Mapping[str, Any], key: Sequence[str]) -> Text:
    """INSERT one row, or UPDATE the one with this key."""
    sql, parameters = insert(table, values)
    body = sql.removesuffix(_returning(table))
    changed = [name for name in values if name not in key] or list(key)
    assigned = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in changed)
    return f"{body} ON CONFLICT ({_list(key)}) DO UPDATE SET {assigned}{_returning(table)}", parameters


def update(table: WritableTable, key: Mapping[str, Any], values: Mapping[str, Any]) -> Text:
    """UPDATE the row of a key."""
    assigned = ", ".join(f"{quoted(name)} = ${nth}" for nth, name in enumerate(values, 1))
    where = _where(key, len(values) + 1)
    sql = f"UPDATE {table.quoted} SET {assigned} WHERE {where}{_returning(table)}"
    return sql, (*values.values(), *key.values())


def delete(table: WritableTable, key: Mapping[str, Any]) -> Text:
    """DELETE the row of a key."""
    return f"DELETE FROM {table.quoted} WHERE {_where(key, 1)}{_returning(table)}", tuple(key.values())


def locked(table: WritableTable, key: Mapping[str, Any]) -> Text:
    """SELECT the row of a key, and keep others from changing it."""
    names = _list(readable(table)) or "NULL"
    return f"SELECT {names} FROM {table.quoted} WHERE {_where(key, 1)} FOR UPDATE", tuple(key.values())


def readable(table: WritableTable) -> list[str]:
    """The columns that the role may read."""
    return [column.name for column in table.columns.values() if column.readable]


def _returning(table: WritableTable) -> str:
    names = _list(readable(table))
    return f" RETURNING {names}" if names else ""


def _where(key: Mapping[str, Any], first: int) -> str:
    return " AND ".join(f"{quoted(name)} = ${nth}" for nth, name in enumerate(key, first))


def _list(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(map(quoted, names))
