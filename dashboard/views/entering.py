"""What is entered into a column of a table, and whether it fits: for whoever edits rows on a page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.errors import NotAWrite
from dashboard.live.values import coerced

from . import codec
from .strand import rest, resume

if TYPE_CHECKING:
    from dashboard.live import LiveQuery
    from dashboard.postgres.writable import WritableColumn, WritableTable

Choices = Mapping[str, "Sequence[Any] | LiveQuery"]
MOST_CHOICES = 500
PATIENCE = 2.0
"""Seconds that the newest choices are waited for."""
LONGEST = 20_000
"""Characters of one value that a page may enter; others are to read it."""
WHOLE = {"int2": 15, "int4": 31, "int8": 63}
TAKEN = {
    "numeric": "a number", "float4": "a number", "float8": "a number", "bool": "yes or no",
    "date": "a date, as in 2026-07-31", "timestamptz": "a date and a time", "timestamp": "a date and a time",
    "uuid": "a UUID", "json": "JSON", "jsonb": "JSON",
    **dict.fromkeys(("text", "varchar", "bpchar", "citext"), "text without control characters"),
}  # fmt: skip
"""What a column holds, in words."""
KINDS = {"json": "long", "interval": "text", "code": "text", "list": "long", "bytes": "text"}
"""How a column is entered, where that is called otherwise than its kind."""


class Unfit(Exception):
    """Values do not fit; `problems` by column."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def fitting(
    facts: WritableTable, given: Mapping[str, Any], names: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What was entered, by the table's columns.

    Parameters
    ----------
    given
        By column of the query.
    names
        The table's column by that of the query, of those that may be entered.
    labels
        What these are called, by column of the query.

    Raises
    ------
    Unfit
        Some of it does not fit.
    """
    found, problems = {}, {}
    for name, value in given.items():
        if name not in names:
            continue
        try:
            if isinstance(value, str) and len(value) > LONGEST:
                raise NotAWrite(f"The text for {name} is too long.", f"At most {LONGEST:,} fit.", sql=facts.quoted)
            found[names[name]] = coerced(facts, names[name], entered(value))
        except NotAWrite:
            problems[name] = _problem(facts.column(names[name]), (labels or {}).get(name) or label(name), value)
    if problems:
        raise Unfit(problems)
    return found


def _problem(column: WritableColumn, called: str, value: Any) -> str:
    """What is wrong with what was entered, in words of who enters it."""
    if entered(value) is None:
        return f"{called} must not be empty."
    most = LONGEST if column.length is None else column.length
    if len(str(value)) > most:
        return f"{called} takes at most {most:,} characters; this has {len(str(value)):,}."
    return f"{called} takes {_taken(column)}."


def _taken(column: WritableColumn) -> str:
    if column.labels:
        return f"one of {', '.join(column.labels)}"
    if column.base in WHOLE:
        most = (1 << WHOLE[column.base]) - 1
        return f"a whole number, at most {most:,}"
    if column.base == "numeric" and column.precision is not None:
        whole, after = column.precision - (column.scale or 0), column.scale or 0
        return f"a number of at most {whole} digits" + (f", and {after} after the point" if after else "")
    return TAKEN.get(column.base, f"what {column.type} holds")


async def offered(choices: Sequence[Any] | LiveQuery) -> list[tuple[str, str]]:
    """Values and their labels, as they are now."""
    if isinstance(choices, Sequence):
        return [(str(one), str(one)) for one in choices]
    is_known = choices.is_ready
    resume((choices,))
    try:
        async with asyncio.timeout(PATIENCE):
            await (choices.live.ticked() if is_known else choices.ready())
    except TimeoutError:
        pass  # those from before, or none
    finally:
        rest((choices,))  # nothing on the page follows it
    rows = [choices.state.rows[key] for key in choices.state.keys[:MOST_CHOICES]] if choices.is_ready else []
    return [(str(row[0]), str(row[1] if len(row) > 1 else row[0])) for row in rows if row[0] is not None]


def kind_of(column: WritableColumn) -> str:
    """How a column is entered."""
    kind = codec.kind(column.type)
    return KINDS.get(kind, kind)


def is_free(facts: WritableTable, name: str) -> bool:
    """Whether a new row may leave it to the database."""
    column = facts.column(name)
    return column.has_default or not column.required


def entered(value: Any) -> Any:
    """What a field holds; an empty one is no value."""
    if isinstance(value, bool) or value is None:
        return value
    if not isinstance(value, str | int | float):
        raise Unfit({"": "This was not understood. Load the page again."})
    text = str(value)
    return text if text.strip() else None


def named(row: Mapping[str, Any], thing: str, column: str = "") -> str:
    """What a reader calls a row: the text in its first column, or its number.

    Parameters
    ----------
    thing
        What such a row is called: ``"order"``.
    column
        Which tells it; else ``name``, or the first there is.
    """
    known = [one for one in (column, "name", *row) if one in row]
    value = row[known[0]] if known else None
    if isinstance(value, str) and value.strip():
        return str(codec.brief(value))
    return f"{thing.capitalize()} {value}" if isinstance(value, int) else thing.capitalize()


def label(name: str) -> str:
    """What a column is called, where nobody has said."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
