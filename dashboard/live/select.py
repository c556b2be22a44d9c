"""The statements behind typed reads: names quoted, every value a parameter, rows as PostgreSQL's own JSON. Pure.

A value comes as text and is cast by PostgreSQL to the column's type, without that type's length: a text that is too
long for a column then equals none, rather than being cut until it does. Pages follow each other by the values of the
last row (keyset), so that rows which come and go between two pages make none appear twice.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.errors import QueryError
from dashboard.live import dml
from dashboard.postgres.reading import quoted
from dashboard.postgres.writable import WritableColumn, WritableTable

COMPARISONS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
PATTERNS = {"like": "LIKE", "ilike": "ILIKE"}
OPERATORS = (*COMPARISONS, *PATTERNS, "in", "is")
STATES = {"null": "IS NULL", "notnull": "IS NOT NULL"}
_LENGTH = re.compile(r"\(\d+(,\d+)?\)")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: ``Filter("stage", "eq", "lead")``."""

    column: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Order:
    """One column of an order; as in SQL, NULL is larger than every value."""

    column: str
    descending: bool = False


class Parameters(list[Any]):
    """Values of a statement; adding one gives its place."""

    def place(self, value: Any) -> str:
        """``$n`` for a value."""
        self.append(value)
        return f"${len(self)}"


def page(
    table: WritableTable, filters: Sequence[Filter], order: Sequence[Order], after: Sequence[str | None], limit: int
) -> dml.Text:
    """SELECT rows as JSON (``row``), and what the next page begins after (``place``).

    Parameters
    ----------
    order
        Ends with the table's key, see `complete`.
    after
        The `place` of the last row of the page before; empty for the first page.

    Raises
    ------
    QueryError
        There is no such column or operator, or the value is none for it.
    """
    values = Parameters()
    conditions = [_condition(table, one, values) for one in filters]
    if after:
        conditions.append(_beyond(table, order, after, values))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    sorting = ", ".join(f"t.{quoted(one.column)}{' DESC' if one.descending else ''}" for one in order)
    places = ", ".join(f"t.{quoted(one.column)}::text" for one in order)
    sql = (
        f"SELECT {_json(table)} AS row, ARRAY[{places}]::text[] AS place FROM {table.quoted} AS t{where}"
        f"{f' ORDER BY {sorting}' if sorting else ''} LIMIT {int(limit)}"
    )
    return sql, tuple(values)


def one(table: WritableTable, key: Sequence[str]) -> dml.Text:
    """SELECT the row of a key: its columns, and as JSON (the first)."""
    values = Parameters()
    where = " AND ".join(
        _condition(table, Filter(name, "eq", value), values) for name, value in zip(table.key, key, strict=True)
    )
    columns = "".join(f", t.{quoted(name)}" for name in dml.readable(table))
    return f"SELECT {_json(table)}{columns} FROM {table.quoted} AS t WHERE {where}", tuple(values)


def complete(table: WritableTable, order: Sequence[Order]) -> tuple[Order, ...]:
    """An order that tells any two rows apart: the one wanted, then the key."""
    named = {one.column for one in order}
    return (*order, *(Order(name) for name in table.key if name not in named))


def _condition(table: WritableTable, asked: Filter, values: Parameters) -> str:
    column = table.column(asked.column)
    name, operator = f"t.{quoted(column.name)}", asked.operator
    if operator in COMPARISONS:
        return f"{name} {COMPARISONS[operator]} {_cast(column, asked.value, values)}"
    if operator in PATTERNS:
        return f"{name}::text {PATTERNS[operator]} {values.place(asked.value)}::text"
    if operator == "in":
        several = next(csv.reader([asked.value.replace("\n", " ")]), [])
        return f"{name} = ANY ({values.place(several)}::text[]::{type_of(column)}[])"
    if operator == "is" and asked.value in STATES:
        return f"{name} {STATES[asked.value]}"
    raise QueryError(
        f"{operator}.{asked.value} is no condition on {column.name}.",
        f"Write {column.name}=op.value, with {', '.join(OPERATORS[:-1])}, or is.null or is.notnull.",
        sql=table.quoted,
    )


def _beyond(table: WritableTable, order: Sequence[Order], after: Sequence[str | None], values: Parameters) -> str:
    """Rows that come after a place: beyond it in one column, and equal to it in those before."""
    if len(after) != len(order):
        raise QueryError("This place is none in that order.", "Follow the link of the page before.", sql=table.quoted)
    alternatives, equal = [], ""
    for part, value in zip(order, after, strict=True):
        column = table.column(part.column)
        name = f"t.{quoted(column.name)}"
        place = None if value is None else _cast(column, value, values)
        alternatives.append(f"({equal}{_larger(name, place, descending=part.descending)})")
        equal += f"{name} IS NULL AND " if place is None else f"{name} = {place} AND "
    return f"({' OR '.join(alternatives)})"


def _larger(name: str, place: str | None, *, descending: bool) -> str:
    if place is None:
        return f"{name} IS NOT NULL" if descending else "false"
    return f"{name} < {place}" if descending else f"({name} > {place} OR {name} IS NULL)"


def _cast(column: WritableColumn, value: str, values: Parameters) -> str:
    return f"{values.place(value)}::text::{type_of(column)}"


def type_of(column: WritableColumn) -> str:
    """The type of a column, without its length; as PostgreSQL writes it, so quoted where that is needed."""
    return column.type if '"' in column.type else _LENGTH.sub("", column.type)


def _json(table: WritableTable) -> str:
    names = ", ".join(f"t.{quoted(name)}" for name in dml.readable(table))
    return f"(SELECT row_to_json(r.*)::text FROM (SELECT {names}) AS r)"
