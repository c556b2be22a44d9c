"""The answers of ``/api``: lists of rows, single rows, and what there is."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from tornado.web import HTTPError, RequestHandler, stream_request_body

from dashboard.errors import DashboardError
from dashboard.live.rows import Row
from dashboard.postgres.writable import WritableTable
from dashboard.surfaces.rest import body, description
from dashboard.surfaces.rest.asked import address_after, asked, key_of, path_of
from dashboard.surfaces.rest.callers import READING, Caller
from dashboard.surfaces.rest.problem import AWAY, Refused, problem_of
from dashboard.surfaces.rest.routes import Rest, Seat
from dashboard.surfaces.rest.writes import outcome

LARGEST = 2**20
"""Bytes of a body."""
REFUSED = 100 * LARGEST
"""Bytes of a body that are thrown away so that it can be said that it is too large."""
JSON = "application/json"
log = logging.getLogger(__name__)


@stream_request_body
class Answer(RequestHandler):
    """What all of them have in common: who calls, how much they may send, and how it is said what went wrong.

    The body is taken only after it is known who calls.
    """

    METHODS: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")

    def initialize(self, rest: Rest) -> None:
        """Take what is shared; Tornado calls this for every request."""
        self.rest = rest
        self.content = bytearray()
        self.is_too_long = False
        self.etag: str | None = None

    async def prepare(self) -> None:
        """Find out who calls, and whether what they send can be read."""
        connection: Any = self.request.connection
        connection.set_max_body_size(REFUSED)
        self.caller: Caller = await self.rest.callers.of(self)
        if self.request.method not in self.METHODS:
            raise HTTPError(405)
        if self.request.method in ("POST", "PUT", "PATCH"):
            kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind not in (JSON, "application/merge-patch+json"):
                raise Refused(415, "The body is no JSON. Send it with Content-Type: application/json.")
            self._check_length(int(self.request.headers.get("Content-Length") or 0))

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the body; of one that is too large nothing is kept."""
        if len(self.content) + len(chunk) > LARGEST:
            self.is_too_long = True
        if not self.is_too_long:
            self.content += chunk

    def said(self, table: WritableTable) -> dict[str, Any]:
        """The row that was sent."""
        self._check_length(LARGEST + 1 if self.is_too_long else 0)
        return body.values(bytes(self.content), table)

    def _check_length(self, length: int) -> None:
        if length > LARGEST:
            raise Refused(413, f"The body is larger than {LARGEST >> 20} MB. Send less at a time.", Connection="close")

    async def options(self, *_: str) -> None:
        """Which methods there are; other sites are allowed none."""
        self.set_header("Allow", ", ".join(self.METHODS))
        self.set_status(204)
        self.finish()

    def answer(self, text: str, *, status: int = 200, etag: str | None = None) -> None:
        """Send JSON, which nobody between may keep."""
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.set_header("Cache-Control", "private, no-cache" if etag else "no-store")
        if etag and self.request.method in READING:
            self.etag = etag  # Tornado compares and sets it
        elif etag:
            self.set_header("ETag", etag)
        self.finish(text)

    def compute_etag(self) -> str | None:
        """Lists have none."""
        return self.etag

    def write_error(self, status_code: int, **known: Any) -> None:
        """Say what went wrong; Tornado calls this for whatever was raised."""
        error = known.get("exc_info", (None, HTTPError(status_code), None))[1]
        problem = problem_of(error, reads=self.request.method in READING)
        self.set_status(problem.status)
        for name, value in getattr(error, "told", {}).items():
            self.set_header(name, value)
        if problem.status == 405:
            self.set_header("Allow", ", ".join(self.METHODS))
        if problem.status == 503 and problem.detail == AWAY:
            self.set_header("Retry-After", "2")
        self.set_header("Content-Type", "application/problem+json")
        self.set_header("Cache-Control", "no-store")
        self.finish(problem.model_dump_json())

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """What a caller can do something about is no error here."""
        if isinstance(error, DashboardError) and problem_of(error, reads=False).status != 500:
            log.info("%s %s: %s", self.request.method, self.request.path, error)
        else:
            super().log_exception(kind, error, trace)

    def seat(self, name: str) -> Seat:
        """The table that a path names."""
        return self.rest.seat(self.caller, unquote(name, errors="replace"))


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

    async def head(self) -> None:
        """The same without a body, which Tornado leaves out."""
        await self.get()


class Description(Answer):
    """Answers ``/api/openapi.json``: the tables there are for whoever calls, as OpenAPI describes them."""

    async def get(self) -> None:
        """Describe them."""
        self.answer(json.dumps(await description.openapi(self.rest.seats(self.caller))))

    async def head(self) -> None:
        """The same without a body, which Tornado leaves out."""
        await self.get()


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

    async def head(self, name: str) -> None:
        """The same without a body, which Tornado leaves out."""
        await self.get(name)

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

    async def head(self, name: str, _: str) -> None:
        """The same without a body, which Tornado leaves out."""
        await self.get(name, _)

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
            raise Refused(412, "There is a row with this key. Leave If-None-Match out to change it.")
        wanted = {tag.strip() for tag in self.request.headers.get("If-Match", "*").split(",")}
        if self._compares and (found is None or not wanted & {"*", etag_of(found)}):
            raise Refused(412, "The row is not as you saw it. Read it again, and its ETag with it.")


def there(row: Row | None) -> Row:
    """A row, if there is one.

    Raises
    ------
    Refused
        There is none that the caller may see.
    """
    if row is None:
        raise Refused(404, "There is no such row for you. Look for it in the table's list.")
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
