"""Folding: an answer, what one tick found out about it, and the difference between the two. Pure.

A plan finds out either the whole answer (`Whole`) or what became of some of its keys (`Part`). Folding either into
a `LiveFrame` keeps the order of the SELECT and says exactly which rows differ, so that a row that was written
without changing anything shown makes no delta.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.live.frame import Key, LiveFrame
from dashboard.postgres.reading import Column, Row

SortKey = Callable[[Row], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The whole answer, in order."""

    keys: Sequence[Key]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What became of some keys: their rows now, or that they are gone; all others are as they were."""

    rows: Mapping[Key, Row]
    gone: frozenset[Key] = field(default=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Keys that are new or have new values, keys that are gone, and whether kept rows changed places."""

    upserted: tuple[Key, ...]
    removed: tuple[Key, ...]
    moved: bool = False

    def __bool__(self) -> bool:
        return bool(self.upserted or self.removed or self.moved)


def fold_whole(frame: LiveFrame, whole: Whole) -> Difference:
    """Make `frame` the whole answer."""
    old = frame.rows
    new = dict(zip(whole.keys, whole.rows, strict=True))
    upserted = tuple(key for key, row in new.items() if key not in old or old[key] != row)
    removed = tuple(key for key in old if key not in new)
    keys = list(whole.keys)
    moved = not upserted and not removed and keys != frame.keys
    if upserted or removed or moved:
        frame.keys, frame.rows = keys, new
        frame.touched()
    return Difference(upserted=upserted, removed=removed, moved=moved)


def fold_part(frame: LiveFrame, part: Part, sort_key: SortKey | None) -> Difference:
    """Put the rows of `part` into `frame`, in order where `sort_key` gives one, at the end where not."""
    upserted = tuple(key for key, row in part.rows.items() if key not in frame.rows or frame.rows[key] != row)
    removed = tuple(key for key in part.gone if key in frame.rows)
    if not upserted and not removed:
        return Difference(upserted=(), removed=())
    if sort_key is None:
        _unordered(frame, part, upserted, removed)
    else:
        _ordered(frame, part, upserted, removed, sort_key)
    frame.touched()
    return Difference(upserted=upserted, removed=removed)


def _unordered(frame: LiveFrame, part: Part, upserted: Sequence[Key], removed: Sequence[Key]) -> None:
    for key in removed:
        del frame.rows[key]
    if removed:
        frame.keys = [key for key in frame.keys if key in frame.rows]
    for key in upserted:
        if key not in frame.rows:
            frame.keys.append(key)
        frame.rows[key] = part.rows[key]


def _ordered(frame: LiveFrame, part: Part, upserted: Sequence[Key], removed: Sequence[Key], sort_key: SortKey) -> None:
    leaving = {*removed, *(key for key in upserted if key in frame.rows)}
    if leaving:
        frame.keys = [key for key in frame.keys if key not in leaving]
    for key in removed:
        del frame.rows[key]
    frame.rows.update((key, part.rows[key]) for key in upserted)
    if len(upserted) * 8 > len(frame.keys):
        frame.keys.extend(upserted)
        frame.keys.sort(key=lambda key: sort_key(frame.rows[key]))
    else:
        for key in upserted:
            place = bisect_right(frame.keys, sort_key(frame.rows[key]), key=lambda other: sort_key(frame.rows[other]))
            frame.keys.insert(place, key)


def window_of(frame: LiveFrame, part: Part, sort_key: SortKey, limit: int) -> Whole | None:
    """The first `limit` rows after `part`, from what is known; None if rows outside the window may be among them.

    The rows outside all sort after the window's last row, if it was full, and there are none if it was not.
    """
    rows = {key: row for key, row in frame.rows.items() if key not in part.gone and key not in part.rows}
    rows.update(part.rows)
    ranked = sorted(rows, key=lambda key: sort_key(rows[key]))
    if len(frame.keys) >= limit > 0:
        border = sort_key(frame.rows[frame.keys[-1]])
        if len(ranked) < limit or border < sort_key(rows[ranked[limit - 1]]):
            return None
    kept = ranked[:limit]
    return Whole(keys=kept, rows=[rows[key] for key in kept])


class RowIdentity:
    """Keys for the rows of a re-run: their key columns where these tell rows apart, else a number that stays.

    Parameters
    ----------
    places
        Places of the key columns; empty if none are selected.
    """

    def __init__(self, places: Sequence[int]) -> None:
        self.places = tuple(places)
        self._numbers: dict[tuple[Any, int], int] = {}
        self._next = 0

    def keys(self, rows: Sequence[Row]) -> list[Key]:
        """A key for each row, the same as before for a row that was there before."""
        if self.places:
            keys = [key_of(row, self.places) for row in rows]
            if len(set(keys)) == len(keys):
                return keys
            self.places = ()
        return list(self._numbered(rows))

    def _numbered(self, rows: Sequence[Row]) -> list[int]:
        seen: dict[Any, int] = {}
        numbers: dict[tuple[Any, int], int] = {}
        for row in rows:
            content = _hashable(row)
            nth = seen[content] = seen.get(content, 0) + 1
            number = self._numbers.get((content, nth))
            if number is None:
                number, self._next = self._next, self._next + 1
            numbers[content, nth] = number
        self._numbers = numbers
        return list(numbers.values())


def key_of(row: Row, places: Sequence[int]) -> Key:
    """The row's key: a scalar, or a tuple for several columns."""
    if len(places) == 1:
        return _hashable(row[places[0]])  # type: ignore[no-any-return]  # values of any column type
    return tuple(_hashable(row[place]) for place in places)


def _hashable(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_hashable(part) for part in value)
    if isinstance(value, list):
        return ("list", *(_hashable(part) for part in value))
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def settled(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Rows in which every NaN is one object, so that rows compare equal when they are."""
    places = [place for place, column in enumerate(columns) if column.type in ("float4", "float8", "numeric")]
    if not places:
        return list(rows)
    return [_settled(row, places) for row in rows]


_NAN = float("nan")


def without_nan(row: Row) -> Row:
    """A row in which every NaN is the one object that equals itself by identity."""
    return _settled(row, range(len(row)))


def _settled(row: Row, places: Sequence[int]) -> Row:
    if all(row[place] is None or row[place] == row[place] for place in places):
        return row
    return tuple(_NAN if place in places and value is not None and value != value else value
                 for place, value in enumerate(row))  # fmt: skip
