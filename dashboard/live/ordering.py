"""ORDER BY, followed without asking PostgreSQL again.

Only types whose order Python and PostgreSQL share: numbers, times, booleans, uuids, and text whose collation
compares bytes. Anything else (enums, other collations, expressions that are not selected) is left to a re-run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


def _part(value: Any, term: OrderTerm) -> tuple[Any, Any]:
    if value is None:
        return (0 if term.nulls_first else 4, 0)
    if isinstance(value, float | Decimal) and math.isnan(value):  # PostgreSQL: greater than every number
        return (1 if term.descending else 3, 0)
    return (2, _Falling(value) if term.descending else value)
