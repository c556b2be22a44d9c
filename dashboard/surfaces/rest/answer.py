"""What all answers of ``/api`` have in common: who calls, how much is read of them, and how problems are told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from tornado.web import HTTPError, RequestHandler, stream_request_body

from dashboard.errors import DashboardError
from dashboard.postgres.writable import WritableTable
from dashboard.surfaces.rest import body
from dashboard.surfaces.rest.callers import READING, Caller
from dashboard.surfaces.rest.problem import AWAY, RequestRefused, problem_of
from dashboard.surfaces.rest.routes import Rest, Seat

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
                raise RequestRefused(415, "The body is no JSON. Send it with Content-Type: application/json.")
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
            raise RequestRefused(
                413, f"The body is larger than {LARGEST >> 20} MB. Send less at a time.", Connection="close"
            )

    async def options(self, *_: str) -> None:
        """Which methods there are; other sites are allowed none."""
        self.set_header("Allow", ", ".join(self.METHODS))
        self.set_status(204)
        self.finish()

    get: Callable[..., Awaitable[None]]
    """Each that can be read has its own."""

    async def head(self, *path: str) -> None:
        """The same without a body, which Tornado leaves out."""
        await self.get(*path)

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
