"""The answers of ``/api``: lists of rows, single rows, and what there is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tornado.web import HTTPError

from dashboard.live.rows import Row
from dashboard.postgres.writable import WritableTable
from dashboard.surfaces.rest import body, description
from dashboard.surfaces.rest.answer import Answer
from dashboard.surfaces.rest.asked import address_after, asked, key_of, path_of
from dashboard.surfaces.rest.problem import RequestRefused
from dashboard.surfaces.rest.routes import Seat
from dashboard.surfaces.rest.writes import outcome


class Nothing(Answer):
    """Answers what is none of the addresses."""

    METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    async def prepare(self) -> None:
        """Say so, to whoever may call."""
        await super().prepare()
        raise HTTPError(404)


class Index(Answer):
    """Answers ``/api``: which tables there are for whoever calls."""

    async def get(self) -> None:
        """List them."""
        tables = [{"table": name, "path": path_of(name, ())} for name in self.rest.seats(self.caller)]
        self.answer(json.dumps({"description": "/api/openapi.json", "tables": tables}))


class Description(Answer):
    """Answers ``/api/openapi.json``: the tables there are for whoever calls, as OpenAPI describes them."""

    async def get(self) -> None:
        """Describe them."""
        self.answer(json.dumps(await description.openapi(self.rest.seats(self.caller))))


class Collection(Answer):
    """Answers ``/api/<table>``."""

    METHODS = ("GET", "HEAD", "POST", "OPTIONS")

    async def get(self, name: str) -> None:
        """List rows: a page of those that fulfil the filters."""
        seat = self.seat(name)
        table = await seat.facts()
        wanted = asked(self.request.query, table)
        page = await seat.rows.page(
            table, seat.scope, filters=wanted.filters, order=wanted.order, after=wanted.after, limit=wanted.limit
        )
        if page.after is not None:
            self.set_header("Link", f'<{address_after(self.request.path, self.request.query, page.after)}>; rel="next"')
        self.answer(f"[{', '.join(page.rows)}]")

    async def post(self, name: str) -> None:
        """Write a new row."""
        seat = self.seat(name)
        table = await seat.facts()
        values = self.said(table)
        receipt = await outcome(seat, lambda writing: writing.insert(values))
        row = receipt.row
        if row is None or not table.key or not row.keys() >= set(table.key):
            self.set_status(204)  # there it is, but the caller may not read it, or it has no address
            self.finish()
            return
        key = [str(row[part]) for part in table.key]
        self.set_header("Location", path_of(seat.name, key))
        await reread(self, seat, table, key, status=201)


class Item(Answer):
    """Answers ``/api/<table>/<key>``."""

    METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")

    @property
    def path(self) -> str:
        """The key as it was sent: Tornado's own is decoded already, and would be split at an encoded slash."""
        return self.request.path.split("/", 3)[3]

    async def get(self, name: str, _: str) -> None:
        """Show a row."""
        seat = self.seat(name)
        table = await seat.facts()
        row = there(await seat.rows.row(table, seat.scope, key_of(self.path, table)))
        self.answer(row.json, etag=etag_of(row))

    async def put(self, name: str, _: str) -> None:
        """Write a whole row, there already or not."""
        seat = self.seat(name)
        table = await seat.facts()
        parts = key_of(self.path, table)
        values = body.whole(table, self.said(table), parts)
        found = await seat.rows.row(table, seat.scope, parts)
        self._check(found)
        if found is None:
            await outcome(seat, lambda writing: writing.insert(values))
            self.set_header("Location", path_of(seat.name, parts))
            await reread(self, seat, table, parts, status=201)
            return
        changed = {column: value for column, value in values.items() if column not in table.key}
        if changed:
            await self._update(seat, table, found, changed)
        else:
            self.answer(found.json, etag=etag_of(found))

    async def patch(self, name: str, _: str) -> None:
        """Change some columns of a row."""
        seat = self.seat(name)
        table = await seat.facts()
        parts = key_of(self.path, table)
        values = self.said(table)
        found = there(await seat.rows.row(table, seat.scope, parts))
        self._check(found)
        await self._update(seat, table, found, values)

    async def delete(self, name: str, _: str) -> None:
        """Delete a row."""
        seat = self.seat(name)
        table = await seat.facts()
        found = there(await seat.rows.row(table, seat.scope, key_of(self.path, table)))
        self._check(found)
        key = {part: found.values[part] for part in table.key}
        seen = found.values if self._compares else None
        await outcome(seat, lambda writing: writing.delete(key, seen=seen))
        self.set_status(204)
        self.finish()

    async def _update(self, seat: Seat, table: WritableTable, found: Row, values: dict[str, Any]) -> None:
        key = {part: found.values[part] for part in table.key}
        seen = found.values if self._compares else {}
        guard = {name: value for name, value in seen.items() if name not in values}
        await outcome(seat, lambda writing: writing.update(key, values, seen=seen, guard=guard))
        await reread(self, seat, table, [str(values.get(part, key[part])) for part in table.key], status=200)

    @property
    def _compares(self) -> bool:
        """Whether the row has to be as the caller saw it."""
        return "If-Match" in self.request.headers

    def _check(self, found: Row | None) -> None:
        """Refuse a write that is meant for another state of the row; it is compared once more as it is written."""
        if self.request.headers.get("If-None-Match", "").strip() == "*" and found is not None:
            raise RequestRefused(412, "There is a row with this key. Leave If-None-Match out to change it.")
        named = self.request.headers.get("If-Match", "*").split(",")
        wanted = {tag.strip().removeprefix("W/") for tag in named}  # a proxy that compresses calls them weak
        if self._compares and (found is None or not wanted & {"*", etag_of(found)}):
            raise RequestRefused(412, "The row is not as you saw it. Read it again, and its ETag with it.")


def there(row: Row | None) -> Row:
    """A row, if there is one.

    Raises
    ------
    RequestRefused
        There is none that the caller may see.
    """
    if row is None:
        raise RequestRefused(404, "There is no such row for you. Look for it in the table's list.")
    return row


async def reread(call: Answer, seat: Seat, table: WritableTable, key: Sequence[str], *, status: int) -> None:
    """Show a row that was written, as it is now; what the caller may not see (any more) is not shown."""
    row = await seat.rows.row(table, seat.scope, key)
    if row is None:
        call.set_status(204)
        call.finish()
        return
    call.answer(row.json, status=status, etag=etag_of(row))


def etag_of(row: Row) -> str:
    """What stands for a state of a row."""
    return f'"{hashlib.sha256(row.json.encode()).hexdigest()[:32]}"'
