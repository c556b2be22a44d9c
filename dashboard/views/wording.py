"""A row as a line of words: templates taken apart on the server, figures and times written by the reader's browser.

A template is taken apart before values are put in: a value is always text, never markup, and a long one is cut. What is
a number goes out with the digits that the template asks for and is marked as one, a time as an instant with the
template's directives: groups, decimal point, names of months and time zone are the reader's business (`wording.js`).
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dashboard.errors import ViewError

from . import codec

#: A piece of a line: its style (plain or bold) and its text; of a figure or a time, also its kind and directives.
Piece = tuple[str, str] | tuple[str, codec.Cell, str, str]
#: What a function of the row may return.
Line = str | Sequence[tuple[str, object]]
Format = str | tuple[tuple[str, str], ...] | Callable[[Mapping[str, Any]], Line] | None
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_FORMATTER = string.Formatter()


def line(format: Format, row: Mapping[str, Any], category: str | None, aside: tuple[str | None, ...]) -> list[Piece]:
    """A row as pieces of text."""
    if callable(format):
        said = format(row)
        return [("", said)] if isinstance(said, str) else [_told(style, value) for style, value in said]
    if isinstance(format, tuple):
        by_kind = dict(format)
        return line(by_kind.get(str(row.get(category or "")), by_kind.get("")), row, None, aside)
    if format is None:
        shown = [_shown(value) for name, value in row.items() if name not in aside and value is not None]
        words = [_piece("", value, "") for value in shown]
        return _merged(piece for place, word in enumerate(words) for piece in ([("", " "), word] if place else [word]))
    return pieces(format, row)


def pieces(template: str, row: Mapping[str, Any]) -> list[Piece]:
    """A template with a row's values in it."""
    shown = {name: _shown(value) for name, value in row.items()}
    parts = enumerate(_BOLD.split(template))
    return _merged(piece for place, part in parts for piece in _filled("b" if place % 2 else "", part, shown))


def check(template: str) -> None:
    """Refuse a template that cannot be taken apart."""
    try:
        list(_FORMATTER.parse(template))
    except ValueError as error:
        raise ViewError(f"The format {template!r} cannot be used: {error}.", "Double a brace to show it.") from error


def spoken(line: Sequence[Any]) -> str:
    """A line as one text, for who reads no page: times in UTC."""
    return "".join(_spoken(*piece[1:]) for piece in line)


def _spoken(value: object, kind: str = "", directives: str = "") -> str:
    if kind in ("time", "clock") and isinstance(value, int | float):
        return f"{dt.datetime.fromtimestamp(value / 1000, dt.UTC):{directives or '%Y-%m-%d %H:%M'}}"
    return f"{value} s" if kind == "interval" else str(value)


def _filled(style: str, part: str, row: Mapping[str, Any]) -> Iterator[Piece]:
    for literal, field, spec, conversion in _FORMATTER.parse(part):
        yield style, literal
        if field is not None:
            value = _FORMATTER.convert_field(_FORMATTER.get_field(field, (), row)[0], conversion)
            yield _piece(style, value, (spec or "").format_map(row))


def _told(style: str, value: object) -> Piece:
    return _piece("b" if style == "b" else "", value if isinstance(value, str) else _shown(value), "")


def _piece(style: str, value: object, spec: str) -> Piece:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return style, format(value, spec), "number", ""
    if isinstance(value, dt.datetime):
        return style, codec.cell(value), "time" if value.tzinfo is not None else "clock", spec
    if isinstance(value, dt.timedelta) and not spec:
        return style, value.total_seconds(), "interval", ""
    return style, format(value, spec)


def _merged(every: Iterable[Piece]) -> list[Piece]:
    """Text beside text of one style as one piece."""
    found: list[Piece] = []
    for piece in every:
        last = found[-1] if found else None
        if len(piece) == 2 and last is not None and len(last) == 2 and last[0] == piece[0]:
            found[-1] = (piece[0], last[1] + piece[1])
        elif piece[1] != "":
            found.append(piece)
    return found


class _Null:
    """Nothing, whatever format it is given."""

    def __format__(self, spec: str) -> str:
        return "–"


_NULL = _Null()


def _shown(value: object) -> object:
    return _NULL if value is None else codec.worded(value)
