"""Which column says when, and which says what kind: chosen for a table nobody has described. Pure.

The time column is the one that most looks like the moment a row came to be. The category is a column with
few values that tell rows apart: an enum, a boolean, or text and small numbers that turn out to have few;
evenly spread is better than nearly constant, and a name like ``status`` is a hint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

TIMES = ("timestamp with time zone", "timestamp without time zone", "date")
WORDS = ("text", "character varying", "character", "name", "citext")
NUMBERS = ("smallint", "integer")
MOST = 8  # values of a category, as many as colours can be told apart
Step = Literal["minute", "hour", "day"]

_CREATED = re.compile(
    r"(^|_)(creat|insert|add|occur|order|sent|start|record|log|placed|receiv|mtime|ctime|ts$|time|at$)"
)
_CHANGED = re.compile(r"(^|_)(updat|modif|chang|delet|end|finish|expir|due|valid|birth|until|next)")
_KIND = re.compile(r"(^|_)(status|state|kind|type|category|stage|level|severity|channel|priority|method|op|event)($|_)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, as PostgreSQL describes it.

    Parameters
    ----------
    quoted
        Its name, fit to stand in a statement.
    enum
        Its type is an enum.
    required
        It is never NULL.
    stamped
        Its default is the current time.
    key_place
        Its place in the primary key, -1 outside of it.
    indexed
        It is the first column of an index.
    """

    name: str
    quoted: str
    type: str
    enum: bool = False
    required: bool = False
    stamped: bool = False
    key_place: int = -1
    indexed: bool = False


def time_column(columns: Iterable[Column]) -> Column | None:
    """The column that says when a row came to be, None without any."""
    times = [column for column in columns if column.type in TIMES]
    return max(times, key=_like_creation, default=None)


def _like_creation(column: Column) -> float:
    name = column.name.lower()
    return (
        4 * column.stamped
        + 3 * bool(_CREATED.search(name))
        - 6 * bool(_CHANGED.search(name))
        + 2 * column.required
        + column.indexed
        - 2 * (column.type == "date")
    )


def category_candidates(columns: Iterable[Column]) -> list[Column]:
    """Columns whose values are worth counting: never the key, never what cannot be few."""
    kinds = ("boolean", *WORDS, *NUMBERS)
    return [column for column in columns if column.key_place < 0 and (column.enum or column.type in kinds)]


def category(samples: Sequence[tuple[Column, Mapping[str | None, int]]]) -> Column | None:
    """The best of the candidates by a sample of their values, None where none tells rows apart.

    Parameters
    ----------
    samples
        For each candidate its values and how often each was found. A table without rows gives empty samples:
        then enums and booleans, which have few values by their nature, can still be chosen.
    """
    scored = [(_worth(column, values), column) for column, values in samples]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _worth(column: Column, values: Mapping[str | None, int]) -> float:
    known = {value: number for value, number in values.items() if value is not None}
    hint = 0.6 * bool(_KIND.search(column.name.lower()))
    if not values:
        return 0.5 + hint if column.enum else (0.1 if column.type == "boolean" else 0)
    if not 2 <= len(known) <= MOST or sum(known.values()) < sum(values.values()) / 2:
        return 0
    if column.type in (*WORDS, *NUMBERS) and len(known) > math.sqrt(sum(known.values())):
        return 0  # few values only because there are few rows
    by_type = 0.5 if column.enum else (-0.2 if column.type == "boolean" else (-0.4 if column.type in NUMBERS else 0.2))
    return max(0.05, _evenness(list(known.values())) + by_type + hint)


def _evenness(counts: Sequence[int]) -> float:
    """How evenly rows are spread over values: 0 all in one, 1 all alike."""
    total = sum(counts)
    entropy = -sum(n / total * math.log(n / total) for n in counts if n)
    return entropy / math.log(len(counts))


def order(columns: Sequence[Column], time: Column | None) -> str | None:
    """ORDER BY terms that put what came last first; None for a table with neither a time nor a key."""
    key = sorted((c for c in columns if c.key_place >= 0), key=lambda column: column.key_place)
    terms = [*([time] if time is not None else []), *(column for column in key if column is not time)]
    return ", ".join(f"{column.quoted} DESC" for column in terms) or None
