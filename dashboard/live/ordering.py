"""ORDER BY, followed without asking PostgreSQL again.

Only types whose order Python and PostgreSQL share: numbers, times, booleans, uuids, and text whose collation
compares bytes. Anything else (enums, other collations, expressions that are not selected) is left to a re-run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dashboard.postgres.reading import Row

ORDERABLE = frozenset(
    {
        "int2",
        "int4",
        "int8",
        "oid",
        "float4",
        "float8",
        "numeric",
        "bool",
        "uuid",
        "date",
        "timestamp",
        "timestamptz",
    }
)
ORDERABLE_TEXT = frozenset({"text", "varchar"})


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of ORDER BY: the selected column's place, its direction, where NULLs go."""

    place: int
    descending: bool
    nulls_first: bool


class _Falling:
    """Inverts the order of what it holds."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Falling) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Falling) and bool(self.value == other.value)


def sort_key(terms: Sequence[OrderTerm]) -> Callable[[Row], tuple[Any, ...]]:
    """Key function that sorts rows as PostgreSQL does."""

    def key(row: Row) -> tuple[Any, ...]:
        return tuple(part for term in terms for part in _part(row[term.place], term))

    return key


def _part(value: Any, term: OrderTerm) -> tuple[int, Any]:
    if value is None:
        return (0 if term.nulls_first else 4, 0)
    if end := _end(value):
        return (2 - end if term.descending else 2 + end, 0)
    return (2, _Falling(value) if term.descending else value)


def _end(value: Any) -> int:
    """1 for what is greater than all others of its type, -1 for what is less, else 0.

    NaN is the greatest number. Infinite times come from the driver without a time zone, whatever their type, and
    could not be compared with others.
    """
    if isinstance(value, float | Decimal):
        return int(math.isnan(value))
    if isinstance(value, datetime) and value.tzinfo is None:
        return (value == datetime.max) - (value == datetime.min)
    return 0
