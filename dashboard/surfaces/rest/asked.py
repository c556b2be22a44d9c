"""What the address of a request asks for: filters, order, how many rows, and after which one. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

from dashboard.live.select import OPERATORS, Filter, Order
from dashboard.postgres.writable import WritableTable
from dashboard.surfaces.rest.problem import RequestRefused

LIMIT, MOST = 100, 1000
"""Rows of a page when nothing is said, and at most."""
FIELDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A page of rows that somebody wants."""

    filters: tuple[Filter, ...]
    order: tuple[Order, ...]
    limit: int
    after: tuple[str | None, ...]


def asked(query: str, table: WritableTable) -> ListQuery:
    """Read a query: ``stage=eq.lead&order=-created_at,name&limit=20&after=…``.

    Raises
    ------
    RequestRefused
        There is no such column or operator, or a value cannot be read.
    """
    try:
        fields = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError as error:
        raise RequestRefused(400, f"The query cannot be read. Write at most {FIELDS} fields in UTF-8.") from error
    named = dict(fields)
    for name in ("order", "limit", "after"):
        if sum(field == name for field, _ in fields) > 1:
            raise RequestRefused(400, f"{name} stands in the query twice. Give it once.")
    return ListQuery(
        filters=tuple(_filter(name, value, table) for name, value in fields if name not in ("order", "limit", "after")),
        order=tuple(_order(part, table) for part in named.get("order", "").split(",") if part),
        limit=_limit(named.get("limit")),
        after=_place(named.get("after")),
    )


def address_after(path: str, query: str, after: Sequence[str | None]) -> str:
    """The address of the next page."""
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "after"]
    place = base64.urlsafe_b64encode(json.dumps(list(after)).encode()).decode().rstrip("=")
    return f"{path}?{urlencode([*kept, ('after', place)])}"


def key_of(path: str, table: WritableTable) -> tuple[str, ...]:
    """The parts of a key that stand in a path, one for each column.

    Raises
    ------
    RequestRefused
        There is no such row, because its key has other parts.
    """
    try:
        parts = tuple(unquote(part, errors="strict") for part in path.split("/"))
    except UnicodeDecodeError as error:
        raise RequestRefused(400, "The key cannot be read. Write it in UTF-8.") from error
    if not table.key:
        raise RequestRefused(404, f"{table.name} has no key, so no row of it has an address. Filter it instead.")
    if len(parts) != len(table.key):
        path = "/".join(f"<{part}>" for part in table.key)
        raise RequestRefused(404, f"The key of {table.name} is {', '.join(table.key)}. Its address ends in /{path}.")
    return parts


def path_of(name: str, key: Sequence[object]) -> str:
    """The address of a row."""
    return "/".join(("/api", quote(name, safe="."), *(quote(str(part), safe="") for part in key)))


def _filter(name: str, value: str, table: WritableTable) -> Filter:
    _known(name, table)
    operator, dot, operand = value.partition(".")
    if not dot or operator not in OPERATORS:
        told = f"{name}={value[:50]} is no filter."
        raise RequestRefused(400, f"{told} Write {name}=op.value, where op is one of {', '.join(OPERATORS)}.")
    return Filter(name, operator, operand)


def _order(part: str, table: WritableTable) -> Order:
    return Order(_known(part.removeprefix("-"), table), part.startswith("-"))


def _known(name: str, table: WritableTable) -> str:
    if name not in table.columns:
        known = ", ".join(column.name for column in table.columns.values() if column.readable)
        raise RequestRefused(400, f"{table.name} has no column {name[:50]!r}. It has {known}.")
    return name


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise RequestRefused(400, f"limit={text[:50]} is no number from 1 to {MOST}. Give one.")
    return int(text)


def _place(text: str | None) -> tuple[str | None, ...]:
    if text is None:
        return ()
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        place = None
    if not isinstance(place, list) or not all(part is None or isinstance(part, str) for part in place):
        raise RequestRefused(400, f"after={text[:50]} is no place in this list. Follow the link of the page before.")
    return tuple(place)
