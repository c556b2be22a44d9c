"""Doing a command inside an open transaction, and finding out what takes it back.

A row is locked and read before it is changed where somebody's picture of it has to be compared with what is there;
the comparison and the change then happen at one moment, whatever others do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.errors import Conflict
from dashboard.live import dml
from dashboard.live.command import Command
from dashboard.postgres.connection import Connection, translated
from dashboard.postgres.writable import WritableTable, writable
from dashboard.postgres.writing import count_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What one command did.

    Parameters
    ----------
    rows
        As PostgreSQL stored them (for a deletion: as they were), by column.
    count
        How many rows were written.
    theirs
        Columns that were left as somebody else had set them, with that value.
    inverse
        What takes it back; None where that is not known.
    """

    rows: tuple[Row, ...] = ()
    count: int = 0
    theirs: Mapping[str, Any] = field(default_factory=dict)
    inverse: Command | None = None


async def applied(connection: Connection, command: Command) -> Applied:
    """Do a command in the transaction and the scope that are open.

    Raises
    ------
    Conflict
        The row is not as the person saw it, or is gone.
    QueryError
        PostgreSQL refuses.
    """
    if command.op == "statement":
        rows, count = await _run(connection, command.sql, command.parameters)
        return Applied(rows=rows, count=count)
    table = command.facts or await writable(connection, command.table)
    command = replace(command, facts=table)
    match command.op:
        case "insert":
            return await _inserted(connection, table, command)
        case "upsert":
            rows, count = await _run(connection, *dml.upsert(table, command.values, table.key))
            return Applied(rows=rows, count=count)
        case "update":
            return await _updated(connection, table, command)
        case _:
            return await _deleted(connection, table, command)


async def _inserted(connection: Connection, table: WritableTable, command: Command) -> Applied:
    rows, count = await _run(connection, *dml.insert(table, command.values))
    inverse = None
    if rows and table.key and set(table.key) <= rows[0].keys():
        key = {name: rows[0][name] for name in table.key}
        inverse = Command(op="delete", table=table.quoted, key=key, seen=rows[0], facts=table)
    return Applied(rows=rows, count=count, inverse=inverse)


async def _updated(connection: Connection, table: WritableTable, command: Command) -> Applied:
    row = await _there(connection, table, command)
    values, theirs = _settled(command, row)
    if not values:
        return Applied(rows=(row,), theirs=theirs)
    rows, count = await _run(connection, *dml.update(table, command.key, values))
    if count == 0:
        raise _gone(command)
    before = {name: row[name] for name in values if name in row}
    inverse = None
    if rows and before.keys() == values.keys():
        key = {name: rows[0].get(name, value) for name, value in command.key.items()}
        seen = {name: rows[0][name] for name in values}
        inverse = Command(op="update", table=table.quoted, key=key, values=before, seen=seen, facts=table)
    return Applied(rows=rows, count=count, theirs=theirs, inverse=inverse)


async def _deleted(connection: Connection, table: WritableTable, command: Command) -> Applied:
    if command.seen is not None:
        row = await _there(connection, table, command)
        theirs = _differing(command.seen, row)
        if theirs and command.policy in ("theirs", "merge"):
            return Applied(rows=(row,), theirs=theirs)
        if theirs and command.policy == "ask":
            raise _disagreement(command, theirs, row)
    rows, count = await _run(connection, *dml.delete(table, command.key))
    if count == 0:
        raise _gone(command)
    inverse = None
    if rows and not table.cascades and rows[0].keys() == table.columns.keys():
        values = {name: value for name, value in rows[0].items() if not table.columns[name].computed}
        inverse = Command(op="insert", table=table.quoted, values=values, facts=table)
    return Applied(rows=rows, count=count, inverse=inverse)


async def _there(connection: Connection, table: WritableTable, command: Command) -> Row:
    """The row as it is now, locked."""
    rows, _ = await _run(connection, *dml.locked(table, command.key))
    if not rows:
        raise _gone(command)
    return rows[0]


def _settled(command: Command, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to write of a command's values, and what to leave as others have set it."""
    values = dict(command.values)
    theirs = _differing(command.seen or {}, row)
    if not theirs or command.policy == "mine":
        return values, {}
    if command.policy == "theirs":
        return {}, theirs
    if command.policy == "ask":
        raise _disagreement(command, theirs, row)
    return {name: value for name, value in values.items() if name not in theirs}, theirs


def _differing(seen: Mapping[str, Any], row: Row) -> Row:
    return {name: row[name] for name, value in seen.items() if name in row and not _is_same(row[name], value)}


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))  # NaN is NaN here


def _disagreement(command: Command, theirs: Row, row: Row) -> Conflict:
    mine = {name: value for name, value in command.values.items() if name in theirs}
    if mine and all(theirs[name] == value for name, value in mine.items()):
        message = "Somebody else has written the same."
    else:
        message = f"Somebody else has changed {', '.join(theirs)} meanwhile."
    seen = {name: (command.seen or {})[name] for name in theirs}
    return Conflict(message, "Keep yours, theirs, or merge.", mine=mine, theirs=theirs, seen=seen, row=row)


def _gone(command: Command) -> Conflict:
    key = ", ".join(f"{name} {value}" for name, value in command.key.items())
    return Conflict(
        f"The row ({key}) is gone, or you may not change it.",
        "Discard the change.",
        mine=dict(command.values),
        theirs={},
        seen=dict(command.seen or {}),
        row=None,
    )


async def _run(connection: Connection, sql: str, parameters: tuple[Any, ...]) -> tuple[tuple[Row, ...], int]:
    with translated(sql):
        records, status = await connection.run(sql, *parameters)
    return tuple(dict(record) for record in records), count_of(status)
