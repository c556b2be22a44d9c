"""PostgreSQL's refusals of a write, in words for the person who wrote.

The codes are PostgreSQL's (``SQLSTATE``, its appendix A). A constraint is told by its columns where these are known,
because that is what the person can change, or in the words of its COMMENT; what a trigger raised is told in the
trigger's own words.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from dashboard.errors import WriteRefused
from dashboard.postgres.connection import Connection, fetch
from dashboard.sql import load

Reason = Literal[
    "taken", "missing", "needed", "empty", "unfit", "overlap", "forbidden", "policy", "type", "too long", "range",
    "schema", "late", "deadlock", "raised", "other",
]  # fmt: skip

_REASONS: dict[str, Reason] = {
    "23505": "taken", "23502": "empty", "23514": "unfit", "23P01": "overlap", "42501": "forbidden",
    "22001": "too long", "22003": "range", "22P02": "type", "42804": "type", "22007": "type", "22008": "range",
    "42703": "schema", "42P01": "schema", "57014": "late", "55P03": "late", "40P01": "deadlock", "40001": "deadlock",
    "P0001": "raised", "44000": "policy",
}  # fmt: skip
_SENTENCES: dict[Reason, tuple[str, str]] = {
    "taken": ("There is a row with the same {which} already.", "Choose another."),
    "missing": ("What {what} refers to does not exist (any more).", "Choose another, or create it first."),
    "needed": ("Rows of {table} still refer to this one.", "Delete or change those of {table} first."),
    "empty": ("{one} must not be empty.", "Give it a value."),
    "unfit": ("The value of {what} is not allowed.", "Choose one that fits."),
    "overlap": ("{one} overlaps with another row.", "Choose another range."),
    "forbidden": ("You may not do this: {said}.", "Ask for the right to, or leave it."),
    "policy": ("You may not write this row: the rules for whom it belongs to forbid it.", "Leave it as it is."),
    "late": ("The database took too long and broke it off.", "Try again."),
    "deadlock": ("It got in the way of other writes at the same time.", "Try again."),
    "raised": ("The database refuses: {said}.", ""),
}
_DRIVERS = re.compile(r"invalid input for query argument \$\d+: (?P<value>.*) \(.*\)", re.DOTALL)
"""How the driver refuses what it cannot send."""
_SHOWN = 100
AGAIN = frozenset({"40001", "40P01"})
"""Codes of what may succeed if it is only tried again: transactions got into each other's way."""


def reason_of(error: Any) -> Reason:
    """Of which kind a refusal is."""
    code = str(getattr(error, "sqlstate", "") or "")
    if code == "23503":
        return "needed" if "is still referenced" in str(getattr(error, "detail", "") or "") else "missing"
    if code == "23514" and not getattr(error, "constraint_name", None):
        return "raised"  # by a trigger, in its own words
    if code == "42501" and "row-level security" in str(error):
        return "policy"
    if code.startswith("P"):
        return "raised"
    return _REASONS.get(code, "other")


async def explained(connection: Connection, error: Any, sql: str) -> WriteRefused:
    """A refusal, with the columns it is about looked up where a constraint is named."""
    constraint, table = getattr(error, "constraint_name", None), getattr(error, "table_name", None)
    columns: tuple[str, ...] = ()
    words = ""
    if getattr(error, "column_name", None):
        columns = (error.column_name,)
    elif constraint and table and not connection.is_closed():
        rows = await fetch(connection, load("constraint"), error.schema_name, table, constraint)
        columns = tuple(row["column"] for row in rows)
        words = next((row["said"] for row in rows if row["said"]), "")
    return refusal(error, sql, columns, words)


def refusal(error: Any, sql: str, columns: tuple[str, ...] = (), words: str = "") -> WriteRefused:
    """One sentence for what PostgreSQL refuses, and one for what to do.

    Parameters
    ----------
    words
        What the constraint that is violated says of itself.
    """
    reason = reason_of(error)
    said = str(error.args[0] if error.args else error).strip().rstrip(".")
    message, remedy = _SENTENCES.get(reason, ("PostgreSQL says: {said}.", ""))
    if found := _DRIVERS.match(said):
        reason, said = "type", found["value"][:_SHOWN]
        message, remedy = "{said} is no value for its column.", "Give it one of the column's type."
    names = ", ".join(columns)
    facts = {
        "said": said,
        "what": names or "this",
        "which": names or "values",
        "one": names or "A column",
        "table": getattr(error, "table_name", None),
    }
    if words:
        message, remedy = f"{words.strip().rstrip('.')}.".replace("{", "{{").replace("}", "}}"), ""
    return WriteRefused(
        message.format(**facts),
        remedy.format(**facts) or getattr(error, "hint", None) or "",
        sql=sql,
        sqlstate=getattr(error, "sqlstate", None),
        reason=reason,
        columns=columns,
        constraint=getattr(error, "constraint_name", None),
    )
