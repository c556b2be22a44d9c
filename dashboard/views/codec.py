"""Values on their way to the browser: the one border where PostgreSQL's types become JSON.

Everything that crosses it is a number, a text, a boolean, null or a list of these; nothing is ever HTML (the browser
writes with `textContent` only). What JSON cannot carry exactly travels as text and is shown as that text:

* integers beyond 2^53, `numeric` (its scale is part of the value), NaN and the infinities;
* timestamps are milliseconds since the epoch in UTC, so that the reader's own time zone is the browser's business;
* dates, times, UUID, network addresses and ranges are their text; `bytea` is PostgreSQL's hex form, cut short;
* json and jsonb stay the text that the database gave.

A chart needs magnitudes rather than exactness and takes :func:`magnitude`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import re
import uuid
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from typing import Any

import orjson

#: What JSON carries.
Cell = str | int | float | bool | list[Any] | None

EXACT = 2**53 - 1
BYTES_SHOWN = 32
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_KINDS = {
    "number": "int2 int4 int8 oid float4 float8 numeric smallint integer bigint real",
    "boolean": "bool boolean",
    "time": "timestamptz",
    "clock": "timestamp",
    "date": "date",
    "interval": "interval",
    "json": "json jsonb",
    "bytes": "bytea",
    "code": "uuid inet cidr macaddr macaddr8",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_LONG_NAMES = {
    "double precision": "float8",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
}


def kind(type_name: str) -> str:
    """How a column of this PostgreSQL type is shown; its short name or the one of SQL, with or without precision."""
    if type_name.endswith("[]") or type_name.startswith("_"):
        return "list"
    bare = " ".join(re.sub(r"\([^)]*\)", " ", type_name).split())
    return _KIND_OF.get(_LONG_NAMES.get(bare, bare), "text")


def cell(value: object) -> Cell:
    """One value as JSON carries it."""
    encode = _ENCODERS.get(type(value))
    return encode(value) if encode is not None else _inherited(value)


def magnitude(value: Any) -> float | None:
    """A value as a place on an axis: a finite number (timestamps in ms, intervals in seconds), else None."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if type(value) is int:
        return value
    return _placed(value)


def _placed(value: Any) -> float | None:
    if value is None or isinstance(value, str):
        return None
    if isinstance(value, dt.datetime | dt.date):
        moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)
        placed = _instant(moment)
        return placed if isinstance(placed, float | int) else None
    number: float = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    return number if math.isfinite(number) else None


def key_text(key: Hashable) -> str:
    """A row's key as the browser names it: unique within its query."""
    return "\x1f".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def dumps(message: object) -> bytes:
    """A message as bytes; its values are cells already."""
    return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)


def loads(text: bytes | str) -> Any:
    """A message from the browser."""
    return orjson.loads(text)


def _same(value: Any) -> Cell:
    return value  # type: ignore[no-any-return]  # str, bool and None are cells as they are


def _integer(value: int) -> Cell:
    return value if -EXACT <= value <= EXACT else str(value)


def _float(value: float) -> Cell:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _instant(value: dt.datetime) -> Cell:
    if value.year in (1, 9999) and value.replace(tzinfo=None) in (dt.datetime.min, dt.datetime.max):
        return "infinity" if value.year == 9999 else "-infinity"
    aware = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
    return (aware - EPOCH) / dt.timedelta(milliseconds=1)


def _hex(value: bytes) -> Cell:
    shown = bytes(value[:BYTES_SHOWN]).hex()
    return f"\\x{shown}" + (f"… ({len(value)} bytes)" if len(value) > BYTES_SHOWN else "")


def _list(value: Sequence[object]) -> Cell:
    return [cell(item) for item in value]


def _inherited(value: object) -> Cell:
    for known, encode in _ENCODERS.items():
        if isinstance(value, known):
            return encode(value)
    return str(value)


_ENCODERS: dict[type, Callable[[Any], Cell]] = {
    str: _same,
    bool: _same,
    type(None): _same,
    int: _integer,
    float: _float,
    Decimal: str,
    dt.datetime: _instant,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: dt.timedelta.total_seconds,
    uuid.UUID: str,
    bytes: _hex,
    bytearray: _hex,
    memoryview: _hex,
    list: _list,
    tuple: _list,
    ipaddress.IPv4Address: str,
    ipaddress.IPv6Address: str,
    ipaddress.IPv4Network: str,
    ipaddress.IPv6Network: str,
}
