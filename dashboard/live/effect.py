"""What a write does to one row, as far as it is known before PostgreSQL has done it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A change of one row.

    Parameters
    ----------
    relation
        Oid of the table.
    op
        ``upsert`` inserts, or updates the row of that key.
    key
        The row, by the columns of the table's key; empty for a row whose key the database will give.
    values
        What is written, by column; once PostgreSQL has answered, the row as it is stored.
    expected
        What the database will make of it: values of columns that it computes, by their name in the table, or in an
        answer that shows them (another table's, for example). What is stored takes their place.
    number
        Tells rows apart that have no key yet.
    """

    relation: int
    op: Literal["insert", "update", "delete", "upsert"]
    key: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))


@dataclass(frozen=True, slots=True)
class Provisional:
    """The key of a row that has none yet."""

    number: int

    def __str__(self) -> str:
        return f"new {self.number}"
