"""Folding what a tick found out into an answer keeps its order and tells exactly what differs."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.live.frame import LiveFrame
from dashboard.live.ordering import OrderTerm, sort_key
from dashboard.live.step import Part, RowIdentity, Whole, fold_part, fold_whole, settled, window_of, without_nan
from dashboard.postgres.reading import Column

COLUMNS = (Column("id", "int4"), Column("v", "int4"))
ORDER = sort_key([OrderTerm(1, descending=True, nulls_first=False), OrderTerm(0, descending=False, nulls_first=False)])
_values = st.one_of(st.none(), st.integers(0, 4))
_rows = st.dictionaries(st.integers(0, 12), _values).map(lambda found: {key: (key, v) for key, v in found.items()})


def frame_of(rows: dict[Any, tuple[Any, ...]]) -> LiveFrame:
    keys = sorted(rows, key=lambda key: ORDER(rows[key]))
    return LiveFrame(COLUMNS, keys, [rows[key] for key in keys])


@settings(max_examples=100, deadline=None)
@given(old=_rows, new=_rows, gone=st.frozensets(st.integers(0, 12)))
def test_a_part_leaves_the_rows_in_order(old: dict[Any, Any], new: dict[Any, Any], gone: frozenset[int]) -> None:
    frame = frame_of(old)
    difference = fold_part(frame, Part(rows=new, gone=gone - new.keys()), ORDER)
    expected = {key: row for key, row in old.items() if key not in gone or key in new} | new
    assert frame.rows == expected
    assert frame.keys == sorted(expected, key=lambda key: ORDER(expected[key]))
    assert set(difference.upserted) == {key for key in new if old.get(key) != new[key]}
    assert set(difference.removed) == (gone & old.keys()) - new.keys()
    assert bool(difference) == (frame.version > 0)


@settings(max_examples=100, deadline=None)
@given(old=_rows, new=_rows, gone=st.frozensets(st.integers(0, 12)))
def test_an_unordered_part_keeps_places(old: dict[Any, Any], new: dict[Any, Any], gone: frozenset[int]) -> None:
    frame = LiveFrame(COLUMNS, old, old.values())
    fold_part(frame, Part(rows=new, gone=gone - new.keys()), None)
    kept = [key for key in old if key not in gone or key in new]
    assert frame.keys[: len(kept)] == kept
    assert set(frame.keys) == set(frame.rows)
    assert len(frame.keys) == len(set(frame.keys))


@settings(max_examples=100, deadline=None)
@given(old=_rows, new=_rows)
def test_a_whole_replaces_everything(old: dict[Any, Any], new: dict[Any, Any]) -> None:
    frame = frame_of(old)
    difference = fold_whole(frame, Whole(keys=list(new), rows=list(new.values())))
    assert frame.rows == new
    assert frame.keys == list(new) or not difference
    assert set(difference.removed) == old.keys() - new.keys()


@settings(max_examples=100, deadline=None)
@given(rows=_rows, changed=_rows, gone=st.frozensets(st.integers(0, 12)), limit=st.integers(0, 6))
def test_a_limit_is_refilled_from_what_is_known_or_not_at_all(
    rows: dict[Any, Any], changed: dict[Any, Any], gone: frozenset[int], limit: int
) -> None:
    ranked = sorted(rows, key=lambda key: ORDER(rows[key]))
    shown = {key: rows[key] for key in ranked[:limit]}
    frame = frame_of(shown)
    after = {key: row for key, row in rows.items() if key not in gone or key in changed} | changed
    expected = sorted(after, key=lambda key: ORDER(after[key]))[:limit]
    found = window_of(frame, Part(rows=changed, gone=gone - changed.keys()), ORDER, limit)
    if found is not None:
        assert list(found.keys) == expected
        assert list(found.rows) == [after[key] for key in expected]
    if expected == ranked[:limit] and not gone & set(ranked[:limit]):
        assert found is not None or len(rows) >= limit


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(("a", "b"))), max_size=6), max_size=5))
def test_rows_without_a_key_keep_their_numbers_while_they_live(answers: list[list[tuple[Any, ...]]]) -> None:
    identity = RowIdentity(())
    before: dict[Any, tuple[Any, ...]] = {}
    for rows in answers:
        keys = identity.keys(rows)
        assert len(set(keys)) == len(rows)
        now = dict(zip(keys, rows, strict=True))
        kept = sum(min(rows.count(row), list(before.values()).count(row)) for row in set(rows))
        assert sum(before.get(key) == row for key, row in now.items()) == kept
        before = now


def test_keys_that_turn_out_not_to_be_unique_become_numbers() -> None:
    identity = RowIdentity((0,))
    assert identity.keys([(7, "a"), (8, "b")]) == [7, 8]
    assert len(set(identity.keys([(7, "a"), (7, "b")]))) == 2


def test_every_nan_is_one_value() -> None:
    rows = [(Decimal("NaN"), 1), (float("nan"), 2)]
    columns = (Column("v", "numeric"), Column("n", "int4"))
    first, second = settled(rows, columns)
    assert first[0] is second[0]
    assert {without_nan((float("nan"),)): 1}[without_nan((Decimal("NaN"),))] == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(), st.just(-0.0)), max_size=8), st.booleans(), st.booleans())
def test_numbers_are_ordered_as_postgresql_orders_them(values: list[Any], descending: bool, first: bool) -> None:
    """NULL where it was asked for, NaN above every number."""
    key = sort_key([OrderTerm(0, descending=descending, nulls_first=first)])
    ordered = [row[0] for row in sorted([(value,) for value in values], key=key)]
    nulls = [value is None for value in ordered]
    assert nulls == sorted(nulls, reverse=first)
    numbers = [value for value in ordered if value is not None]
    ranks = [(math.isnan(value), 0 if math.isnan(value) else value) for value in numbers]
    assert ranks == sorted(ranks, reverse=descending)


def test_infinite_times_stand_at_the_ends() -> None:
    """The driver gives them without a time zone, where all others have one."""
    low, high = datetime.min, datetime.max
    some = [datetime.fromisoformat(f"2025-0{month}-01T00:00Z") for month in (1, 2)]
    for descending in (False, True):
        key = sort_key([OrderTerm(0, descending=descending, nulls_first=False)])
        found = [row[0] for row in sorted([(high,), (some[1],), (low,), (some[0],)], key=key)]
        assert found == ([high, some[1], some[0], low] if descending else [low, *some, high])
