"""What a table shows, as a file: all rows that match, in the order they are in, as the reader sees them.

A file is asked for with the page's token, like everything else, and what may be asked for are the tables of that page;
PostgreSQL answers in their scope. Rows go out as they are read: this side holds no more than a batch.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from dashboard.errors import DashboardError
from dashboard.live.sweep import sweep

from .asker import asker_of, is_theirs
from .channel import Channel
from .files import TYPES, Rows, formats, writer
from .source import all_of, is_at_hand

if TYPE_CHECKING:
    from dashboard.live import Column

    from .table import Table

ROUTE = "_dashboard/download"
LIMIT = 64 * 1024
LONGEST = 600.0
"""Seconds a file may take: as long it holds a snapshot of the database."""


class DownloadRequest(RequestHandler):
    """Answers with a file."""

    async def post(self) -> None:
        """Write the rows that match what the reader asked the table for."""
        asker = await asker_of(self)
        if self._finished:
            return
        said, table, channel = self._asked(asker)
        choice = table.choice(channel.bindings[said["view"]], said.get("ask"))
        kind = said.get("format")
        if kind not in formats():
            raise HTTPError(400)
        try:
            async with asyncio.timeout(LONGEST), self._rows(table, choice) as (columns, batches):
                await self._write(str(kind), columns, batches, said.get("columns"), table)
        except StreamClosedError:
            return
        except (DashboardError, TimeoutError) as error:
            if self._headers_written:
                self.detach().close()  # in the middle, so that no half file passes for a whole
                return
            self.set_status(503)
            self.finish(str(error) or "The file took too long. Narrow the rows down.")

    def check_xsrf_cookie(self) -> None:
        """The page's token says more than a cookie."""

    def _asked(self, asker: str | None) -> tuple[dict[str, Any], Table, Channel]:
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
        if not is_theirs(channel, asker):
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
        write = writer(kind, [columns[place] for place in places])
        self.set_header("Content-Type", TYPES[kind])
        self.set_header("Cache-Control", "no-store")
        today = dt.datetime.now(dt.UTC).date()
        self.set_header("Content-Disposition", f'attachment; filename="{_ascii(table.title)}-{today}.{kind}"')
        async for rows in batches:
            self.write(write([tuple(row[place] for place in places) for row in rows]))
            await self.flush()
        self.finish(write(None))


def _ascii(title: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower()).strip("-") or "table"


async def _once(rows: Rows) -> AsyncIterator[Rows]:
    yield rows
