"""A change in words: which row, and from what to what. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Image = Mapping[str, Any]
Piece = tuple[str, str]
LONGEST = 60  # characters of a value
MOST = 4  # columns told of one change


def told(op: str, old: Image | None, new: Image | None, key: Sequence[str]) -> list[Piece]:
    """Say a change as plain ("") and bold ("b") pieces.

    Parameters
    ----------
    op
        ``I``, ``U``, ``D`` or ``T``.
    old, new
        The row before and after, column name to JSON value.
    key
        Columns that name the row; without any, its first columns do.
    """
    if op == "T":
        return [("b", "all rows"), ("", " removed (TRUNCATE)")]
    if op == "U":
        return [*_row(new or old or {}, key), ("", ": "), *_differences(old or {}, new or {})]
    return [*_row(new or old or {}, key), *_values(new or old or {}, key)]


def _row(image: Image, key: Sequence[str]) -> list[Piece]:
    names = [name for name in key if name in image]
    if not names:
        return [("b", "a row")]
    return [("b", ", ".join(f"{name} {shown(image[name])}" for name in names))]


def _differences(old: Image, new: Image) -> list[Piece]:
    changed = [name for name in new if name not in old or old[name] != new[name]]
    if not changed:
        return [("", "written again, nothing changed")]
    pieces: list[Piece] = []
    for name in changed[:MOST]:
        pieces += [("", f"{', ' if pieces else ''}{name} {shown(old.get(name))} → "), ("b", shown(new[name]))]
    if len(changed) > MOST:
        pieces.append(("", f" and {len(changed) - MOST} more"))
    return pieces


def _values(image: Image, key: Sequence[str]) -> list[Piece]:
    others = [(name, value) for name, value in image.items() if name not in key and value is not None]
    text = ", ".join(f"{name} {shown(value)}" for name, value in others[:MOST])
    more = f" and {len(others) - MOST} more" if len(others) > MOST else ""
    return [("", f": {text}{more}")] if text else []


def shown(value: Any) -> str:
    """A JSON value as a few words."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
