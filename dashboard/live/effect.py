"""What a write does to one row, as far as it is known before PostgreSQL has done it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
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


def merged(effects: Iterable[Effect]) -> list[Effect]:
    """The same with one update of a row for all that follow upon each other: what is open costs by rows, not writes."""
    found: list[list[Effect]] = []
    places: dict[object, list[Effect]] = {}
    for effect in effects:
        row = _row(effect)
        if effect.op != "update" or any(effect.values.get(name, value) != value for name, value in effect.key.items()):
            places.clear()  # rows come, go, or are called otherwise from here on
            found.append([effect])
        elif row in places:
            places[row].append(effect)
        else:
            places[row] = [effect]
            found.append(places[row])
    return [one[0] if len(one) == 1 else _together(one) for one in found]


def _together(effects: Sequence[Effect]) -> Effect:
    values: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for effect in effects:
        for name in effect.expected:
            values.pop(name, None)
        values.update(effect.values)
        expected.update(effect.expected)
    return replace(effects[-1], values=values, expected=expected)


def _row(effect: Effect) -> object:
    key = effect.key.items() if len(effect.key) < 2 else sorted(effect.key.items(), key=itemgetter(0))
    try:
        hash(row := (effect.relation, *key))
    except TypeError:  # a list, for example
        return repr((effect.relation, *key))
    return row


@dataclass(frozen=True, slots=True)
class Provisional:
    """The key of a row that has none yet."""

    number: int

    def __str__(self) -> str:
        return f"new {self.number}"
