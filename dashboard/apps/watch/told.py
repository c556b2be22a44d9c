"""A change in words: what happened to which row, and from what to what. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Image = Mapping[str, Any]
Piece = tuple[str, str]
LONGEST = 40  # characters of a value
MOST = 3  # columns told of one change
VERBS = {"I": "inserted", "U": "updated", "D": "deleted"}

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d(:\d\d)?)?")


def told(op: str, old: Image | None, new: Image | None, key: Sequence[str], columns: Sequence[str]) -> list[Piece]:
    """Say a change as plain ("") and bold ("b") pieces.

    Parameters
    ----------
    op
        ``I``, ``U``, ``D`` or ``T``.
    old, new
        The row before and after, column name to JSON value, in an order of JSON's own.
    key
        Columns that name the row.
    columns
        The order in which columns are told; others follow.
    """
    if op == "T":
        return [("b", "read again"), ("", ": table or partition truncated, or a row that cannot be shown")]
    image = new or old or {}
    head = [("", f"{VERBS[op]} "), ("b", _row(image, key))]
    if op == "U":
        return [*head, *_differences(old or {}, image, columns)]
    return [*head, *_values(image, key, columns)]


def _row(image: Image, key: Sequence[str]) -> str:
    return ", ".join(f"{name} {shown(image[name])}" for name in key if name in image) or "a row"


def _ordered(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    place = {name: number for number, name in enumerate(columns)}
    return sorted(names, key=lambda name: place.get(name, len(place)))


def _differences(old: Image, new: Image, columns: Sequence[str]) -> list[Piece]:
    changed = _ordered([name for name in new if name not in old or old[name] != new[name]], columns)
    if not changed:
        return [("", ", nothing changed")]
    pieces: list[Piece] = []
    for name in changed[:MOST]:
        pieces += [("", f"{', ' if pieces else ': '}{name} {shown(old.get(name))} → "), ("b", shown(new[name]))]
    return [*pieces, *_more(len(changed))]


def _values(image: Image, key: Sequence[str], columns: Sequence[str]) -> list[Piece]:
    names = _ordered([name for name, value in image.items() if name not in key and value is not None], columns)
    text = ", ".join(f"{name} {shown(image[name])}" for name in names[:MOST])
    return [("", f": {text}"), *_more(len(names))] if text else []


def _more(number: int) -> list[Piece]:
    return [("", f" and {number - MOST} more")] if number > MOST else []


def shown(value: Any) -> str:
    """A JSON value as a few words."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    if moment := _MOMENT.fullmatch(text):
        return f"{moment[1]} {moment[2]}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
