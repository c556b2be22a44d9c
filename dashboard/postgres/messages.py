"""Messages of the log: sending them, and reading those that somebody may hear.

They are read apart from the changes, by a statement of their own and only when there are any on a topic that somebody
listens to: a window too large to be read row by row loses no message, and a payload of megabytes costs nothing where
nobody wants it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from dashboard.errors import CaptureError, MessageError, QueryError
from dashboard.postgres.connection import Connection, fetch
from dashboard.postgres.offset import Offset
from dashboard.postgres.scope import Scope
from dashboard.sql import load

_TOPIC = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,200}")
MOST = 20_000
MOST_BYTES = 256_000_000
"""Messages, and bytes of payloads as stored, that are read at once; beyond, what was said counts as missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One message as the log has it; `payload` is JSON text, `viewers` are places in the scopes asked for."""

    seq: int
    xid: int
    at: datetime
    topic: str
    viewers: frozenset[int]
    payload: str | None


async def heard(
    connection: Connection, since: Offset, topics: Sequence[str], scopes: Sequence[Scope | None]
) -> list[Spoken] | None:
    """Messages that became visible since `since` in the open snapshot; None: too many to be read.

    PostgreSQL decides which of the scopes may hear each.
    """
    roles = [None if scope is None else scope.role for scope in scopes]
    settings = [orjson.dumps({} if scope is None else dict(scope.settings)).decode() for scope in scopes]
    rows = await fetch(
        connection, load("heard"), since.xmax, list(since.xip), list(topics), roles, settings, MOST + 1, MOST_BYTES
    )
    if len(rows) > MOST or (rows and rows[0]["bytes"] > MOST_BYTES):
        return None
    return [
        Spoken(
            seq=row["seq"],
            xid=row["xid"],
            at=row["at"],
            topic=row["topic"],
            viewers=frozenset(place - 1 for place in row["viewers"]),
            payload=row["payload"],
        )
        for row in rows
    ]


def checked(topic: object) -> str:
    """The name of a topic, as `dashboard.emit` takes it.

    Raises
    ------
    MessageError
        It is none.
    """
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise MessageError(f"{topic!r:.210} is not the name of a topic.", "Use 1 to 200 characters without spaces.")
    return topic


def encoded(topic: str, payload: Any) -> str:
    """A payload as JSON text; strict, because what comes out has to be what was put in.

    Raises
    ------
    MessageError
        It is none.
    """
    try:
        text = json.dumps(payload, allow_nan=False, ensure_ascii=False)
        text.encode()
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise MessageError(
            f"The payload of a message on {topic!r} cannot be written as JSON: {error}.",
            "Send texts, finite numbers, true, false, null, lists and objects of these.",
        ) from error


async def emit(connection: Connection, topic: str, payload: str, audience: Scope | None) -> None:
    """Say something in a transaction of its own, or in the one that is open.

    Raises
    ------
    MessageError
        PostgreSQL takes the topic, the payload or the audience for none.
    CaptureError
        There is no log, or this role may not write to it.
    """
    role = None if audience is None else audience.role
    settings = orjson.dumps(dict(audience.settings)).decode() if audience is not None and audience.settings else None
    try:
        await fetch(connection, "SELECT dashboard.emit($1, $2::jsonb, $3, $4::jsonb)", topic, payload, role, settings)
    except QueryError as error:
        raise _refusal(error, topic) from error


def _refusal(error: QueryError, topic: str) -> Exception:
    if error.sqlstate in ("3F000", "42883"):
        return CaptureError(
            "Messages cannot be sent here: capture is not installed, or is of another version.",
            "Run `dashboard install`.",
        )
    if error.sqlstate == "42501":
        return CaptureError(
            "This role may not send messages.",
            "Let the owner of the log run: GRANT USAGE ON SCHEMA dashboard TO it; GRANT EXECUTE ON FUNCTION "
            "dashboard.emit TO it.",
        )
    if (error.sqlstate or "")[:2] in ("22", "42", "54"):
        return MessageError(f"The message on {topic!r} is refused. {error.message}", error.remedy)
    return error
