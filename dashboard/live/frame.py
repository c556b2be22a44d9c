"""The rows of a live query, and their DataFrame.

Rows are kept as plain Python values under a key; the DataFrame is built when somebody asks for it and kept until
the next delta. A tick therefore costs what changed, not what there is, and no exactness is lost on the way:
`numeric` stays Decimal in `LiveFrame.rows` and becomes float64 only in the DataFrame, where charts and
arithmetic expect it.

Types in the DataFrame, the same whether a NULL is present or not: integers ``Int64``, boolean ``boolean``,
real/double/numeric ``float64`` (NULL is NaN), text ``str``, timestamptz ``datetime64[us, UTC]``, timestamp
``datetime64[us]``, date ``datetime64[s]``, interval ``timedelta64[us]``; all others (uuid, json as text, arrays,
bytea, …) ``object``. An interval is a length of time here: a month counts 30 days and a year 365. The index is the
row's identity: its key, or a number that stays with the row while it lives.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import pandas as pd

from dashboard.postgres.reading import Column, Row

Key = Hashable

_DTYPES = {
    "int2": "Int64", "int4": "Int64", "int8": "Int64", "oid": "Int64",
    "bool": "boolean",
    "float4": "float64", "float8": "float64", "numeric": "float64",
    "text": "str", "varchar": "str", "bpchar": "str", "name": "str", "char": "str", "citext": "str",
    "timestamptz": "datetime64[us, UTC]", "timestamp": "datetime64[us]", "date": "datetime64[s]",
    "interval": "timedelta64[us]",
}  # fmt: skip


class LiveFrame:
    """Ordered rows under keys.

    Parameters
    ----------
    columns
        Names and PostgreSQL types.
    keys
        Identities of the rows, in the order of the SELECT.
    rows
        Key to row, parallel to `columns`.
    """

    def __init__(self, columns: Sequence[Column], keys: Iterable[Key] = (), rows: Iterable[Row] = ()) -> None:
        self.columns = tuple(columns)
        self.keys: list[Key] = list(keys)
        self.rows: dict[Key, Row] = dict(zip(self.keys, rows, strict=True))
        self.version = 0
        self._frame: pd.DataFrame | None = None

    def touched(self) -> None:
        """Say that keys or rows were changed: a new version, and a DataFrame to be built anew."""
        self.version += 1
        self._frame = None

    @property
    def frame(self) -> pd.DataFrame:
        """The DataFrame of this version; do not change it in place."""
        if self._frame is None:
            self._frame = to_frame(self.columns, self.keys, [self.rows[key] for key in self.keys])
        return self._frame


def to_frame(columns: Sequence[Column], keys: Sequence[Key], rows: Sequence[Row]) -> pd.DataFrame:
    """Typed DataFrame of `rows`, indexed by `keys`."""
    parts = [pd.Series([row[place] for row in rows], dtype=object) for place in range(len(columns))]
    typed = [_typed(part, column.type) for part, column in zip(parts, columns, strict=True)]
    frame = pd.DataFrame(dict(enumerate(typed)))
    frame.columns = pd.Index([column.name for column in columns], dtype=object)
    frame.index = to_index(keys)
    return frame


def to_index(keys: Sequence[Key]) -> pd.Index:
    """Index of row identities; a MultiIndex for keys of several columns."""
    if keys and isinstance(keys[0], tuple):
        return pd.MultiIndex.from_tuples(keys)  # type: ignore[arg-type]  # stubs want str levels
    return pd.Index(list(keys), dtype="int64" if all(type(key) is int for key in keys) else object)


def _typed(values: pd.Series[Any], kind: str) -> pd.Series[Any]:
    dtype: Any = _DTYPES.get(kind)
    if dtype is None:
        return values
    try:
        if kind == "timestamptz":
            values = pd.to_datetime(values, utc=True)
        elif kind == "numeric":
            values = values.map(float, na_action="ignore")
        typed: pd.Series[Any] = values.astype(dtype)
    except (ValueError, TypeError, OverflowError):  # a time beyond what the dtype holds: keep it exact
        return values
    return typed
