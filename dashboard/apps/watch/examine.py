"""Getting to know a table nobody has described: its key, its time, its best category.

Done once, before a page is built, over a connection of its own: a wrong name or DSN is said on the command
line and not in a page. Looking at values may take a while on a large table without an index, so it is given
little time; without an answer the page does without.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.apps.statements import statements
from dashboard.errors import DashboardError, QueryError, RelationNotFound
from dashboard.postgres.connection import Connection, connect, fetch

from . import choice
from .choice import Column, Step

SQL = statements(__package__ or "dashboard.apps.watch", "examine")
PATIENCE = 3.0  # seconds for a statement that looks at values
SPANS: Mapping[Step, dt.timedelta] = {
    "minute": dt.timedelta(hours=1),
    "hour": dt.timedelta(hours=24),
    "day": dt.timedelta(days=60),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A table, and the statements that show it.

    Parameters
    ----------
    name
        As it was asked for, in SQL's notation.
    label
        As it is shown.
    oid
        Of the table, by which changes name it.
    columns, key
        All columns in their order, and those of the primary key.
    time, category
        The columns chosen, None where there is none.
    step, since
        Length of a step over time, and from when on; None without a time column.
    rows, latest, over_time
        Statements: the number of rows, all rows with the latest first, and their number over time (None without a time
        column; its parameter is `since`).
    """

    name: str
    label: str
    oid: int
    columns: tuple[str, ...]
    key: tuple[str, ...]
    time: str | None
    category: str | None
    step: Step
    since: dt.datetime | dt.date | None
    rows: str
    latest: str
    over_time: str | None


async def examine(dsn: str, names: Sequence[str]) -> tuple[Watched, ...]:
    """Get to know tables.

    Raises
    ------
    ConnectError
        The database cannot be reached.
    RelationNotFound
        There is no such table.
    PrivilegeError
        A table may not be read.
    """
    connection = await connect(dsn, name="dashboard: watch", statement_timeout=PATIENCE)
    try:
        return tuple([await _examine(connection, name) for name in dict.fromkeys(names)])
    finally:
        await connection.close()


async def _examine(connection: Connection, name: str) -> Watched:
    try:
        described = await fetch(connection, SQL["columns"], name)
    except QueryError as error:
        raise _missing(name) from error
    if not described:
        raise _missing(name)
    columns = [_column(row) for row in described if row["column"] is not None]
    table = described[0]["quoted"]
    time = choice.time_column(columns)
    category = await _category(connection, table, columns)
    step, since = await _span(connection, table, time)
    order = choice.order(columns, time)
    return Watched(
        name=name,
        label=described[0]["label"],
        oid=described[0]["oid"],
        columns=tuple(column.name for column in columns),
        key=tuple(c.name for c in sorted(columns, key=lambda c: c.key_place) if c.key_place >= 0),
        time=None if time is None else time.name,
        category=None if category is None else category.name,
        step=step,
        since=since,
        rows=SQL["rows"].format(table=table),
        latest=SQL["any"].format(table=table) if order is None else SQL["latest"].format(table=table, order=order),
        over_time=_over_time(table, time, category, step),
    )


def _missing(name: str) -> RelationNotFound:
    remedy = "Write it as in SQL, with its schema where needed: sales.orders, or 'sales.\"Order\"'."
    return RelationNotFound(f"There is no table {name}.", remedy, relation=name)


def _column(row: Mapping[str, object]) -> Column:
    return Column(
        name=str(row["column"]),
        quoted=str(row["quoted_column"]),
        type=str(row["type"]),
        enum=row["typtype"] == "e",
        required=bool(row["required"]),
        stamped=bool(row["stamped"]),
        key_place=int(str(row["key_place"])),
        indexed=bool(row["indexed"]),
    )


async def _category(connection: Connection, table: str, columns: Sequence[Column]) -> Column | None:
    samples = []
    for column in choice.category_candidates(columns):
        try:
            rows = await fetch(connection, SQL["sample"].format(table=table, column=column.quoted))
        except QueryError:
            continue  # not readable, or not in time
        samples.append((column, {row["value"]: row["rows"] for row in rows}))
    return choice.category(samples)


async def _span(connection: Connection, table: str, time: Column | None) -> tuple[Step, dt.datetime | dt.date | None]:
    """The step that fits how new the rows are, and from when on to count them."""
    now = dt.datetime.now(dt.UTC)
    if time is None:
        return "minute", None
    step: Step = "day" if time.type == "date" else "minute"
    latest = now
    try:
        (span,) = await fetch(connection, SQL["span"].format(table=table, time=time.quoted))
    except DashboardError:
        pass  # large and without an index: take it for a busy table
    else:
        latest = min(span["latest"] or now, now)
        if not span["is_recent"]:
            step = "hour" if span["is_of_today"] and step == "minute" else "day"
    since = latest.replace(minute=0, second=0, microsecond=0) - SPANS[step]
    if time.type == "date":
        return step, since.date()
    return step, since if time.type == "timestamp with time zone" else since.replace(tzinfo=None)


def _over_time(table: str, time: Column | None, category: Column | None, step: Step) -> str | None:
    if time is None:
        return None
    if category is None:
        return SQL["over_time"].format(table=table, time=time.quoted, step=step)
    return SQL["over_time_by_category"].format(table=table, time=time.quoted, category=category.quoted, step=step)
