"""Rows that callers send, as the values that a typed write takes. Pure.

JSON's numbers are read as decimals, so that no digit of a `numeric` is lost.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import orjson
import pandas as pd

from dashboard.postgres.writable import WritableColumn, WritableTable
from dashboard.surfaces.rest.problem import RequestRefused

_MOST_DIGITS = 18


def values(content: bytes, table: WritableTable) -> dict[str, Any]:
    """The columns of a row that was sent.

    Raises
    ------
    RequestRefused
        It is no JSON object, or names a column that is none.
    """
    try:
        said = json.loads(
            content.decode(), parse_float=Decimal, parse_int=_whole, parse_constant=_none, object_pairs_hook=_once
        )
        json.dumps(said, default=float, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except _Twice as error:
        raise RequestRefused(400, f"{error.args[0][:50]!r} stands in the body twice. Give it once.") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise RequestRefused(400, "The body is no JSON that can be read. Send one object in UTF-8.") from error
    if not isinstance(said, dict):
        raise RequestRefused(422, "The body is no row. Send one object, with a value for each column.")
    for name in said:
        if name not in table.columns:
            known = ", ".join(column.name for column in table.columns.values() if not column.computed)
            raise RequestRefused(422, f"{table.name} has no column {name[:50]!r}. It has {known}.")
    return {name: _fitted(table.columns[name], value) for name, value in said.items()}


def whole(table: WritableTable, said: dict[str, Any], key: Sequence[str]) -> dict[str, Any]:
    """A row that takes the place of the one with this key.

    Raises
    ------
    RequestRefused
        A column is missing, or another key stands in it.
    """
    for name, part in zip(table.key, key, strict=True):
        if name in said and str(said[name]) != part:
            raise RequestRefused(422, f"{name} is {part} in the address. Leave it out of the body, or give the same.")
    given = {**dict(zip(table.key, key, strict=True)), **said}
    wanted = [column.name for column in table.columns.values() if column.readable and not column.computed]
    missing = [name for name in wanted if name not in given]
    if missing:
        raise RequestRefused(
            422, f"PUT takes a whole row: {', '.join(missing)} is missing. PATCH changes some columns."
        )
    return given


def _fitted(column: WritableColumn, value: Any) -> Any:
    """A value as the driver takes it where JSON has no such type; what cannot be read is left to be refused."""
    if column.base in ("json", "jsonb"):
        return None if value is None else orjson.dumps(value, default=_digits).decode()
    convert = _READ.get(column.base)
    if convert is None or not isinstance(value, str):
        return value
    try:
        return convert(value)
    except ValueError as error:
        raise RequestRefused(422, f"{value[:50]!r} is no value for {column.name}. It holds {column.type}.") from error


def _span(text: str) -> dt.timedelta:
    """A length of time, as PostgreSQL writes it; months and years have none."""
    span = pd.Timedelta(text)
    if pd.isna(span):
        raise ValueError(text)
    return span.to_pytimedelta()


_READ: dict[str, Callable[[str], Any]] = {
    "bytea": lambda text: bytes.fromhex(text.removeprefix("\\x")),
    "time": dt.time.fromisoformat,
    "timetz": dt.time.fromisoformat,
    "interval": _span,
}


def _digits(value: Any) -> Any:
    """A number that no machine has a type for, as it was sent."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError


def _none(constant: str) -> Any:
    raise ValueError(constant)


def _whole(digits: str) -> int | Decimal:
    """A number without a point; what is longer than any column of integers stays a decimal."""
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


class _Twice(ValueError):
    """A name stands in an object twice, and so means two things."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found
