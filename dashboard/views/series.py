"""Rows as lines on axes, and the smallest step from one set of lines to the next.

Pure: columns in, numbers out. A series is `{"x": […], "y": […]}`, with a `base` where it stands on others; its step
drops points at the front (the window moved), patches points that changed and appends those that came, or is the
whole series where that is shorter. Long series are thinned to the points that keep their outline (MinMaxLTTB).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from tsdownsample import EveryNthDownsampler, MinMaxLTTBDownsampler

from . import codec

Place = float | str
Series = dict[str, Any]

_OUTLINE = MinMaxLTTBDownsampler()
_EVERY_NTH = EveryNthDownsampler()


def gathered(
    rows: Iterable[Sequence[object]], x: int, ys: Sequence[int], names: Sequence[str], by: int | None, is_category: bool
) -> dict[str, Series]:
    """Rows as series by name: one for each value of `by`, or for each of `ys`."""
    if by is None:
        return _columns(list(rows), x, ys, names, is_category)
    groups: dict[object, list[Sequence[object]]] = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    found: dict[str, Series] = {}
    for value, theirs in groups.items():
        for series in _columns(theirs, x, ys[:1], names, is_category).values():
            found[_label(value)] = series
    return dict(sorted(found.items()))


def _columns(
    rows: list[Sequence[object]], x: int, ys: Sequence[int], names: Sequence[str], is_category: bool
) -> dict[str, Series]:
    place = _label if is_category else codec.magnitude
    places = [place(row[x]) for row in rows]
    if None in places:
        rows = [row for row, at in zip(rows, places, strict=True) if at is not None]
        places = [at for at in places if at is not None]
    if not rows:
        return {}
    columns = {name: [codec.magnitude(row[y]) for row in rows] for y, name in zip(ys, names, strict=False)}
    return {name: {"x": places, "y": column} for name, column in columns.items()}


def bounded(all_series: dict[str, Series], most: int, places: int | None) -> tuple[dict[str, Series], str]:
    """The first so many series, of so many places each, and a few words on what that leaves out."""
    said = [] if len(all_series) <= most else [f"{len(all_series) - most:,} more series"]
    kept = dict(itertools.islice(all_series.items(), most))
    longest = max((len(series["x"]) for series in kept.values()), default=0)
    if places is not None and longest > places:
        kept = {name: {column: values[:places] for column, values in one.items()} for name, one in kept.items()}
        said.append(f"{longest - places:,} more places")
    return kept, f"{' and '.join(said)} not shown" if said else ""


def ordered(series: Series) -> Series:
    """The series from left to right."""
    xs = series["x"]
    if all(before <= after for before, after in itertools.pairwise(xs)):
        return series
    order = sorted(range(len(xs)), key=xs.__getitem__)
    return {name: [values[place] for place in order] for name, values in series.items()}


def windowed(all_series: dict[str, Series], window: int | dt.timedelta | None) -> dict[str, Series]:
    """The last rows of each series, or what lies within a time of the newest of all."""
    if window is None:
        return all_series
    if isinstance(window, int):
        return {name: _from(series, len(series["x"]) - window) for name, series in all_series.items()}
    newest = max((series["x"][-1] for series in all_series.values() if series["x"]), default=0.0)
    first = newest - window.total_seconds() * 1000
    cut = {name: _from(s, int(np.searchsorted(s["x"], first))) for name, s in all_series.items()}
    return {name: series for name, series in cut.items() if series["x"]}


def stacked(all_series: dict[str, Series]) -> dict[str, Series]:
    """Each series standing on those before it, over the places of all."""
    places = list(dict.fromkeys(place for series in all_series.values() for place in series["x"]))
    if places and not isinstance(places[0], str):
        places.sort()
    base = [0.0] * len(places)
    standing = {}
    for name, series in all_series.items():
        heights = dict(zip(series["x"], series["y"], strict=True))
        top = [below + (heights.get(place) or 0.0) for below, place in zip(base, places, strict=True)]
        standing[name] = {"x": places, "y": top, "base": base}
        base = top
    return standing


def thinned(series: Series, points: int, keeps_outline: bool) -> Series:
    """At most so many points."""
    xs, ys = series["x"], series["y"]
    if len(xs) <= points:
        return series
    heights = np.array([np.nan if y is None else y for y in ys], dtype=float)
    if not keeps_outline or np.isnan(heights).any():
        chosen = _EVERY_NTH.downsample(heights, n_out=points)
    else:
        chosen = _OUTLINE.downsample(np.asarray(xs, dtype=float), heights, n_out=points)
    return {name: [values[place] for place in chosen] for name, values in series.items()}


def step(old: Series, new: Series) -> Series:
    """How one series becomes another: `drop`, `patch`, `append`, or `whole`."""
    if old.keys() != new.keys() or not old["x"] or not new["x"]:
        return {"whole": new}
    try:
        drop = old["x"].index(new["x"][0])
    except ValueError:
        return {"whole": new}
    kept = len(old["x"]) - drop
    if kept > len(new["x"]) or old["x"][drop:] != new["x"][:kept]:
        return {"whole": new}
    moved: dict[str, list[list[Any]]] = {}
    for name in new:
        if name != "x" and old[name][drop:] != new[name][:kept]:
            pairs = enumerate(zip(old[name][drop:], new[name][:kept], strict=True))
            moved[name] = [[place, after] for place, (before, after) in pairs if before != after]
    if sum(map(len, moved.values())) * 2 > len(new["x"]):
        return {"whole": new}
    change: Series = {}
    if drop:
        change["drop"] = drop
    if moved:
        change["patch"] = moved
    if kept < len(new["x"]):
        change["append"] = _from(new, kept)
    return change


def _from(series: Series, first: int) -> Series:
    return {name: values[max(first, 0) :] for name, values in series.items()}


def _label(value: object) -> str:
    if value is None:
        return "–"
    shown = codec.cell(value) if not isinstance(value, dt.datetime) else value.isoformat(" ")
    return str(shown)
