"""`dashboard explain`: how a SELECT is kept true, and why that way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from dashboard.live import connect as follow
from dashboard.postgres.captured import mark
from dashboard.postgres.connection import fetch
from dashboard.sql import load
from dashboard.surfaces.connecting import connected


async def explain(dsn: str, sql: str, values: Sequence[str]) -> AsyncIterator[str]:
    """Run a query once; yield lines about its plan.

    Parameters
    ----------
    values
        Of ``$1`` and so on: numbers, true, false and null as in JSON, all else is text.

    Raises
    ------
    ConnectError, QueryError
        The database cannot be reached, or refuses the query.
    """
    async with follow(dsn) as live:
        query = await live.query(sql, *map(_value, values)).ready()
        assert query.plan is not None
        if not await _may_read_log(dsn):
            yield f"polled: {live.status.reason}"
            yield "    The whole SELECT is run again at intervals."
        else:
            yield f"{query.plan.kind}: {query.plan.reason}"
            if query.plan.kind == "rerun":
                yield "    The whole SELECT is run again after a change of a table it reads."
        yield f"{len(query.state.keys)} rows of {', '.join(f'{c.name} ({c.type})' for c in query.columns)}"
        query.close()


async def _may_read_log(dsn: str) -> bool:
    async with connected(dsn, "explain") as connection:
        return bool((await fetch(connection, load("identity"), mark()))[0]["may_read"])


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
