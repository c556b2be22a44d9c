from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.views import series

values = st.none() | st.floats(-100, 100, allow_nan=False)


def applied(old: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """What the browser makes of a step."""
    if "whole" in step:
        return dict(step["whole"])
    new = {name: copy.copy(column)[step.get("drop", 0) :] for name, column in old.items()}
    for name, changes in step.get("patch", {}).items():
        for place, value in changes:
            new[name][place] = value
    for name, column in step.get("append", {}).items():
        new[name] += column
    return new


@st.composite
def moves(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    xs = sorted(draw(st.sets(st.integers(0, 40))))
    old = {"x": xs, "y": [draw(values) for _ in xs]}
    kept = xs[draw(st.integers(0, 3)) :]
    if draw(st.booleans()) and kept:
        kept.remove(draw(st.sampled_from(kept)))
    new_xs = kept + sorted(draw(st.sets(st.integers(41, 60), max_size=5)))
    known = dict(zip(old["x"], old["y"], strict=True))
    ys = [known[x] if x in known and draw(st.integers(0, 4)) else draw(values) for x in new_xs]
    return old, {"x": new_xs, "y": ys}


@given(moves())
def test_a_step_leads_from_the_old_series_to_the_new(move: tuple[dict[str, Any], dict[str, Any]]) -> None:
    old, new = move
    assert applied(old, series.step(old, new)) == new


def test_a_new_point_is_appended_and_the_window_moves() -> None:
    old = {"x": [1, 2, 3, 4, 5], "y": [1, 2, 3, 4, 5]}
    new = {"x": [2, 3, 4, 5, 6], "y": [2, 3, 4, 5, 6]}
    assert series.step(old, new) == {"drop": 1, "append": {"x": [6], "y": [6]}}


def test_a_changed_point_is_patched() -> None:
    old = {"x": [1, 2, 3, 4, 5], "y": [1, 2, 3, 4, 5]}
    assert series.step(old, {**old, "y": [1, 2, 3, 4, 6]}) == {"patch": {"y": [[4, 6]]}}


def test_rows_become_a_series_for_each_value_of_by() -> None:
    rows = [(1, "b", 10), (1, "a", 20), (2, "b", 30), (2, None, 1)]
    found = series.gathered(rows, 0, [2], ["n"], 1, False)
    assert found == {
        "a": {"x": [1], "y": [20]},
        "b": {"x": [1, 2], "y": [10, 30]},
        "–": {"x": [2], "y": [1]},
    }


def test_a_row_without_a_place_is_left_out() -> None:
    assert series.gathered([(None, 1), (2, 3)], 0, [1], ["n"], None, False) == {"n": {"x": [2.0], "y": [3.0]}}


def test_series_stand_on_each_other_over_the_places_of_all() -> None:
    stacked = series.stacked({"a": {"x": [1, 2], "y": [5, 6]}, "b": {"x": [2, 3], "y": [1, 2]}})
    assert stacked == {
        "a": {"x": [1, 2, 3], "y": [5, 6, 0], "base": [0, 0, 0]},
        "b": {"x": [1, 2, 3], "y": [5, 7, 2], "base": [5, 6, 0]},
    }


def test_a_window_of_time_ends_at_the_newest_of_all() -> None:
    minute = 60_000.0
    found = {"a": {"x": [0.0, minute], "y": [1, 2]}, "b": {"x": [5 * minute], "y": [3]}}
    cut = series.windowed(found, dt.timedelta(minutes=4))
    assert cut == {"a": {"x": [minute], "y": [2]}, "b": {"x": [5 * minute], "y": [3]}}


def test_a_window_of_rows_keeps_the_last() -> None:
    assert series.windowed({"a": {"x": [1, 2, 3], "y": [1, 2, 3]}}, 2) == {"a": {"x": [2, 3], "y": [2, 3]}}


def test_a_long_series_keeps_its_outline() -> None:
    xs = list(map(float, range(10_000)))
    ys = [0.0] * 10_000
    ys[5000] = 99.0
    thin = series.thinned({"x": xs, "y": ys}, 200, True)
    assert len(thin["x"]) <= 200
    assert 99.0 in thin["y"]
    assert (thin["x"][0], thin["x"][-1]) == (0.0, 9999.0)
