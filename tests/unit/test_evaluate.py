"""Expressions worked out here are what PostgreSQL makes of them, or are left to it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlglot import exp, parse_one

from dashboard.live.evaluate import Unknown, evaluate
from dashboard.postgres.connection import connect
from dashboard.postgres.server import Server

ROW = {"a": 1, "b": None, "c": Decimal("1.50"), "t": "x", "f": 0.5, "y": True, "d": dt.date(2025, 1, 2)}
TYPES = {"a": "int", "b": "int", "c": "numeric", "t": "text", "f": "float8", "y": "boolean", "d": "date"}
KNOWN = (
    "a = 1", "a <> 1", "a < c", "c >= 1.5", "b = 1", "b IS NULL", "b IS NOT NULL", "NOT b = 1", "a = 1 AND b = 1",
    "a = 2 AND b = 1", "a = 1 OR b = 1", "a = 2 OR b = 1", "t = 'x'", "t <> 'y'", "a IN (1, 2)", "a IN (2, b)",
    "a IN (1, b)", "a NOT IN (2, 3)", "a BETWEEN 0 AND 1", "a NOT BETWEEN 0 AND 1", "b BETWEEN 0 AND 1", "y", "NOT y",
    "y IS TRUE", "y IS NOT FALSE", "a IS DISTINCT FROM b", "b IS NOT DISTINCT FROM b", "coalesce(b, a)", "a + 2",
    "c - a", "-a", "b + 1", "CASE WHEN a > 1 THEN 'p' WHEN y THEN 'q' END", "CASE WHEN b = 1 THEN 1 ELSE 2 END",
    "f < a", "a::int", "t::text", "(a = 1) = y", "NULL", "a = NULL", "'x'", "$1 = t", "$2 + a", "d = d",
    "a = 1 OR lower(t) = 'y'", "lower(t) = 'y' AND a = 2",
)  # fmt: skip
UNKNOWN = (
    "lower(t) = 'x'",
    "a = 1 AND lower(t) = 'x'",
    "t < 'y'",
    "t LIKE 'x%'",
    "now() > d",
    "a / 2",
    "f + 1.0",
    "z = 1",
    "t::int",
    "a = ANY ($3)",
)


def _resolve(column: exp.Column) -> Any:
    if column.name not in ROW:
        raise Unknown
    return ROW[column.name]


async def test_what_is_worked_out_is_what_postgresql_says(server: Server) -> None:
    connection = await connect(server.dsn)
    row = ", ".join(f"${nth}::{kind} AS {name}" for nth, (name, kind) in enumerate(TYPES.items(), 3))
    for text in KNOWN:
        sql = f"SELECT {text} FROM (SELECT {row}, $1::text AS p, $2::int AS q) AS r"
        asked = await connection.fetchval(sql, "x", 5, *ROW.values())
        found = evaluate(parse_one(text, dialect="postgres"), _resolve, ("x", 5))
        assert found == asked and (found is None) == (asked is None), text
    await connection.close()


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_only_postgresql_knows_is_left_to_it(text: str) -> None:
    with pytest.raises(Unknown):
        evaluate(parse_one(text, dialect="postgres"), _resolve, ("x", 5, [1]))
