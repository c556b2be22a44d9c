"""Values for columns: of the type the driver takes, or a sentence that says which one is wrong and why.

What a page's field gives (text, a float) is turned into what the column holds where that loses nothing. Types that are
not known here are left to PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from dashboard.errors import NotAWrite
from dashboard.postgres.writable import WritableColumn, WritableTable

_SIZES = {"int2": 15, "int4": 31, "int8": 63}
_DIGITS, _SCALE = 131_072, 16_383
"""Digits that PostgreSQL's `numeric` holds before the point, and after it."""
_SHOWN = 50
"""Characters of a value that a sentence quotes."""
_NONE = re.compile(r"[\0\ud800-\udfff]")
"""What PostgreSQL keeps in no text."""
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})


def coerced(table: WritableTable, name: str, value: Any) -> Any:
    """The value for a column.

    Raises
    ------
    NotAWrite
        There is no such column, or the value is not one of its.
    """
    column = table.column(name)
    if value is None:
        if column.required:
            raise _unfit(table, f"{name} of {table.name} must not be empty.", "Give it a value.")
        return None
    convert = _KINDS.get(column.base)
    if convert is not None:
        try:
            value = convert(value)
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            raise _unfit(
                table, f"{_quoted(value)} is no value for {name} of {table.name}.", f"It holds {column.type}."
            ) from None
    _check(table, column, value)
    return _rounded(column, value) if isinstance(value, Decimal) else value


def _rounded(column: WritableColumn, value: Decimal) -> Decimal:
    """A number as it will be stored: what is shown beforehand must not jump to that."""
    scale = column.scale
    if scale is None or not value.is_finite() or value.as_tuple().exponent == -scale:
        return value
    digits = max(value.adjusted(), 0) + abs(scale) + 2
    return value.quantize(Decimal(1).scaleb(-scale), context=Context(prec=digits, rounding=ROUND_HALF_UP))


def _check(table: WritableTable, column: WritableColumn, value: Any) -> None:
    if column.base in _SIZES and not -(1 << _SIZES[column.base]) <= value < 1 << _SIZES[column.base]:
        raise _too_large(table, column, value)
    if isinstance(value, str):
        if _NONE.search(value):
            raise _unfit(
                table, f"The text for {column.name} holds a zero byte, or half a character.", "Leave that out."
            )
        fits = column.length is None or len(value.rstrip(" ") if column.base == "bpchar" else value) <= column.length
        if not fits:
            raise _unfit(
                table,
                f"The text for {column.name} of {table.name} has {len(value)} characters.",
                f"At most {column.length} fit.",
            )
        if column.labels and value not in column.labels:
            raise _unfit(
                table,
                f"{_quoted(value)} is no value for {column.name} of {table.name}.",
                f"It is one of {', '.join(column.labels)}.",
            )
    if isinstance(value, Decimal) and not value.is_finite() and column.precision is not None:
        raise _unfit(table, f"{value} is no value for {column.name} of {table.name}.", f"It holds {column.type}.")
    if isinstance(value, Decimal) and value.is_finite() and not _holds(column, value):
        raise _too_large(table, column, value)


def _holds(column: WritableColumn, value: Decimal) -> bool:
    """Whether a number has no more digits than fit; its exponent tells, before anything writes out as many zeros."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_SCALE or value.adjusted() >= _DIGITS:
        return False
    if column.precision is None or not value:
        return True
    scale = column.scale or 0
    whole = column.precision - scale
    if value.adjusted() > whole:
        return False
    context = Context(prec=column.precision + abs(scale) + 2, rounding=ROUND_HALF_UP)
    return abs(value.quantize(Decimal(1).scaleb(-scale), context=context)) < Decimal(10) ** whole


def _quoted(value: Any) -> str:
    """A value as a sentence names it: as it would stand in JSON, and not all of a long one."""
    if isinstance(value, int) and value.bit_length() > _SHOWN:
        return "This number"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _too_large(table: WritableTable, column: WritableColumn, value: Any) -> NotAWrite:
    return _unfit(
        table, f"{_quoted(value)} is too large for {column.name} of {table.name}.", f"It holds {column.type}."
    )


def _integer(value: Any) -> int:
    if isinstance(value, str):
        return int(value)
    if isinstance(value, Decimal) and value.adjusted() > len(str(1 << 63)):
        raise OverflowError  # before a million zeros are written out
    if isinstance(value, bool) or int(value) != value:
        raise ValueError
    return int(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    number = float(value)
    if math.isinf(number) and "inf" not in str(value).lower():
        raise OverflowError
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _WORDS[value.lower()] if isinstance(value, str) and value.lower() in _WORDS else _none()


def _none() -> bool:
    raise ValueError


_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "off", "0"), False),
}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _date(value: Any) -> dt.date:
    if isinstance(value, str):
        return dt.date.fromisoformat(value)
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise TypeError
    return value


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if hasattr(moment, "to_pydatetime"):
        moment = moment.to_pydatetime()
    if not isinstance(moment, dt.datetime):
        raise TypeError
    if moment.tzinfo is None and moment not in (dt.datetime.max, dt.datetime.min):  # these are infinity to the driver
        moment = moment.replace(tzinfo=dt.UTC)
    return moment


def _local(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if hasattr(moment, "to_pydatetime"):
        moment = moment.to_pydatetime()
    if not isinstance(moment, dt.datetime) or moment.tzinfo is not None:
        raise TypeError
    return moment


def _json(value: Any) -> str:
    if isinstance(value, str):
        json.loads(value)
        return value
    return json.dumps(value)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


_KINDS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_SIZES, _integer),
    **dict.fromkeys((*_TEXTS, "enum"), _text),
    "numeric": _decimal,
    "float4": _float,
    "float8": _float,
    "bool": _boolean,
    "uuid": _uuid,
    "date": _date,
    "timestamptz": _moment,
    "timestamp": _local,
    "json": _json,
    "jsonb": _json,
}


def _unfit(table: WritableTable, message: str, remedy: str) -> NotAWrite:
    return NotAWrite(message, remedy, sql=table.quoted)
