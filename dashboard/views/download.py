"""What a table shows, as a file: all rows that match, in the order they are in, as the reader sees them.

A file is asked for with the page's token, like everything else, and what may be asked for are the tables of that page;
PostgreSQL answers in their scope. Rows go out as they are read: neither side holds more than a batch. Text that a
spreadsheet would take for a formula is quoted.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import importlib.util
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from dashboard.errors import DashboardError
from dashboard.live.sweep import sweep

from . import codec
from .channel import Channel
from .source import all_of, is_at_hand

if TYPE_CHECKING:
    from dashboard.live import Column

    from .table import Table

ROUTE = "_dashboard/download"
LIMIT = 64 * 1024
TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
Rows = Sequence[tuple[Any, ...]]
#: Bytes of the next rows; of what closes the file for None.
Writer = Callable[[Rows | None], bytes]


def formats() -> list[str]:
    """Formats there are programs for."""
    return [name for name in TYPES if name == "csv" or importlib.util.find_spec("pyarrow") is not None]


class DownloadRequest(RequestHandler):
    """Answers with a file."""

    async def post(self) -> None:
        """Write the rows that match what the reader asked the table for."""
        said, table, channel = self._asked()
        choice = table.choice(channel.bindings[said["view"]], said.get("ask"))
        kind = said.get("format")
        if kind not in formats():
            raise HTTPError(400)
        try:
            async with self._rows(table, choice) as (columns, batches):
                await self._write(str(kind), columns, batches, said.get("columns"), table)
        except StreamClosedError:
            return
        except DashboardError as error:
            if self._headers_written:
                raise HTTPError(500) from error  # cuts the answer short, so that no half file passes for a whole
            self.set_status(503)
            self.finish(str(error))

    def check_xsrf_cookie(self) -> None:
        """The page's token says more than a cookie."""

    def _asked(self) -> tuple[dict[str, Any], Table, Channel]:
        from .socket import user_of
        from .table import Table

        try:
            said = orjson.loads(self.request.body) if len(self.request.body) <= LIMIT else None
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            raise HTTPError(400)
        channel = Channel.named(str(said.get("page")))
        if channel is None:
            raise HTTPError(404)  # another process may hold it
        if channel.user is not None and user_of(self, channel) != channel.user:
            raise HTTPError(403)
        binding = channel.bindings.get(str(said.get("view")))
        if binding is None or not isinstance(binding.view, Table):
            raise HTTPError(400)
        return said, binding.view, channel

    @asynccontextmanager
    async def _rows(self, table: Table, choice: Any) -> AsyncIterator[tuple[Sequence[Column], AsyncIterator[Rows]]]:
        if table.query is not None and is_at_hand(table.query):
            yield table.query.columns, _once(all_of(table.query, choice))
            return
        query, sql, parameters = table.every(choice)
        async with sweep(query.live, sql, parameters, query.scope) as found:
            yield found

    async def _write(
        self, kind: str, columns: Sequence[Column], batches: AsyncIterator[Rows], wanted: Any, table: Table
    ) -> None:
        names = [column.name for column in columns]
        kept = [name for name in wanted if name in names] if isinstance(wanted, list) else []
        places = [names.index(name) for name in kept] or list(range(len(names)))
        write = (_csv if kind == "csv" else _parquet)([columns[place] for place in places])
        self.set_header("Content-Type", TYPES[kind])
        self.set_header("Cache-Control", "no-store")
        today = dt.datetime.now(dt.UTC).date()
        self.set_header("Content-Disposition", f'attachment; filename="{_ascii(table.title)}-{today}.{kind}"')
        async for rows in batches:
            self.write(write([tuple(row[place] for place in places) for row in rows]))
            await self.flush()
        self.finish(write(None))


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


def _ascii(title: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower()).strip("-") or "table"


async def _once(rows: Rows) -> AsyncIterator[Rows]:
    yield rows
