"""Rows as files: CSV for everybody, Parquet where there is pyarrow; piece by piece, as the rows come.

Text that a spreadsheet would take for a formula is quoted. In Parquet, numbers with a fraction are floats.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import importlib.util
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from . import codec

if TYPE_CHECKING:
    from dashboard.live import Column

TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
Rows = Sequence[tuple[Any, ...]]
#: Bytes of the next rows; of what closes the file for None.
Writer = Callable[[Rows | None], bytes]


def formats() -> list[str]:
    """Formats there are programs for."""
    return [name for name in TYPES if name == "csv" or importlib.util.find_spec("pyarrow") is not None]


def writer(format: str, columns: Sequence[Column]) -> Writer:
    """What turns rows of these columns into a file of this format."""
    return _csv(columns) if format == "csv" else _parquet(columns)


def _csv(columns: Sequence[Column]) -> Writer:
    text = io.StringIO()
    file = csv.writer(text)
    file.writerow([_safe(column.name) for column in columns])

    def write(rows: Rows | None) -> bytes:
        file.writerows([_plain(value) for value in row] for row in rows or ())
        written = text.getvalue().encode()
        text.seek(0)
        text.truncate()
        return written

    return write


def _parquet(columns: Sequence[Column]) -> Writer:
    pa, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    types = {
        "number": pa.float64(), "boolean": pa.bool_(), "time": pa.timestamp("us", "UTC"),
        "clock": pa.timestamp("us"), "date": pa.date32(),
    }  # fmt: skip
    kinds = [codec.kind(column.type) for column in columns]
    whole = {"int2", "int4", "int8", "smallint", "integer", "bigint"}
    fields = [
        (column.name, pa.int64() if column.type in whole else types.get(kind, pa.string()))
        for column, kind in zip(columns, kinds, strict=True)
    ]
    schema = pa.schema(fields)
    sink = _Sink()
    file = parquet.ParquetWriter(sink, schema)

    def write(rows: Rows | None) -> bytes:
        if rows is None:
            file.close()
        else:
            arrays = [_array(rows, place, field.type) for place, field in enumerate(schema)]
            file.write_table(pa.Table.from_arrays(arrays, schema=schema))
        return sink.take()

    return write


def _array(rows: Rows, place: int, type: Any) -> Any:
    pa = importlib.import_module("pyarrow")
    values = [row[place] for row in rows]
    if pa.types.is_string(type):
        values = [None if value is None else str(_plain(value, is_safe=True)) for value in values]
    elif pa.types.is_floating(type):
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=type)


class _Sink(io.RawIOBase):
    """A file that is taken away as it is written."""

    def __init__(self) -> None:
        self._written, self._place = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += bytes(data)
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _plain(value: Any, *, is_safe: bool = False) -> Any:
    """A value as a file says it."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, list | tuple | dict):
        return orjson.dumps(codec.cell(value), default=str).decode()
    text = str(value)
    return text if is_safe or not isinstance(value, str) else _safe(text)


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
