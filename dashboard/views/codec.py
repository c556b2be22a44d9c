"""Values on their way to the browser: the one border where PostgreSQL's types become JSON.

Everything that crosses it is a number, a text, a boolean, null or a list of these; nothing is ever HTML (the browser
writes with `textContent` only). What JSON cannot carry exactly travels as text and is shown as that text:

* integers beyond 2^53, `numeric` (its scale is part of the value), NaN and the infinities;
* timestamps are milliseconds since the epoch in UTC, so that the reader's own time zone is the browser's business;
* dates, times, UUID and network addresses are their text, ranges the text of PostgreSQL; `bytea` is PostgreSQL's hex
  form, cut short;
* json and jsonb stay the text that the database gave; what a driver has decoded becomes JSON again.

What a reader sees one line of is cut here (:func:`brief`), and says how long it was: fifteen rows of a column of
documents are a few kilobytes on their way to the browser, not nine megabytes.

A chart needs magnitudes rather than exactness and takes :func:`magnitude`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import math
import re
import uuid
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson

#: What JSON carries.
Cell = str | int | float | bool | list[Any] | None

_HALF = re.compile(r"[\ud800-\udfff]")
EXACT = 2**53 - 1
BYTES_SHOWN = 32
TEXT_SHOWN = 500
"""Characters of a text in a table or a feed."""
ITEMS_SHOWN = 50
KEY_SHOWN = 200
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


def brief(value: object, most: int = TEXT_SHOWN) -> Cell:
    """One value as a line shows it: a long text or list is cut, and says so."""
    return shortened(cell(value), most)


def shortened(shown: Cell, most: int = TEXT_SHOWN) -> Cell:
    """A cell of so many characters at most."""
    if isinstance(shown, str) and len(shown) > most:
        return f"{shown[:most]}… ({len(shown):,} characters)"
    if isinstance(shown, list):
        items = [shortened(item, most) for item in shown[:ITEMS_SHOWN]]
        return items if len(shown) <= ITEMS_SHOWN else [*items, f"… ({len(shown):,} items)"]
    return shown


def worded(value: object) -> object:
    """A value for a template: what has no words of its own in Python has PostgreSQL's, and a long text is cut."""
    if isinstance(value, str):
        return shortened(value)
    if isinstance(value, _WORDED):
        return value
    shown = brief(value)
    return dumps(shown).decode() if isinstance(shown, list) else shown


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
    """A row's key as the browser names it: unique within its query; a long one by its beginning and its digest."""
    text = "\x1f".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
    if len(text) <= KEY_SHOWN:
        return text
    return f"{text[:KEY_SHOWN]}\x1f{hashlib.blake2b(text.encode(errors='surrogatepass'), digest_size=16).hexdigest()}"


def dumps(message: object) -> bytes:
    """A message as bytes; its values are cells already."""
    return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)


def loads(text: bytes | str) -> Any:
    """A message from the browser; half of a surrogate pair, which is no character, comes as a zero byte.

    A page can hold such halves, from a symbol that was cut apart. Whoever takes text refuses zero bytes with a
    sentence already, while half a pair breaks whatever wants to write it anywhere.

    Raises
    ------
    orjson.JSONDecodeError
        It is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        with suppress(ValueError, RecursionError):
            return orjson.loads(_HALF.sub(r"\\u0000", json.dumps(json.loads(text), ensure_ascii=False)))
        raise


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


def _json(value: object) -> Cell:
    return orjson.dumps(value, default=cell, option=orjson.OPT_NON_STR_KEYS).decode()


def _range(value: Any) -> Cell:
    """As PostgreSQL writes it: `[2026-01-01,2026-02-01)`."""
    if value.isempty:
        return "empty"
    low, high = (_bound(bound) for bound in (value.lower, value.upper))
    return f"{'[' if value.lower_inc else '('}{low},{high}{']' if value.upper_inc else ')'}"


def _bound(value: object) -> str:
    text = "" if value is None else str(value)
    return f'"{text}"' if any(sign in text for sign in ' ,"()[]') else text


def _inherited(value: object) -> Cell:
    if hasattr(value, "isempty") and hasattr(value, "lower_inc"):  # the driver's range
        return _range(value)
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
    dict: _json,
    ipaddress.IPv4Address: str,
    ipaddress.IPv6Address: str,
    ipaddress.IPv4Network: str,
    ipaddress.IPv6Network: str,
}
_WORDED = (int, float, Decimal, dt.date, dt.time, dt.timedelta, uuid.UUID)
