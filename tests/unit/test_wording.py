"""Lines of words: values are text, figures and times are left to the reader's browser."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dashboard.views.wording import line, pieces, spoken

AT = dt.datetime(2026, 11, 20, 12, 30, tzinfo=dt.UTC)
MS = AT.timestamp() * 1000


def test_a_value_is_never_a_template_nor_markup() -> None:
    row = {"who": "**{total}** <b>{who.__class__}</b>", "total": 1}
    assert pieces("{who} and **{who}**", row) == [("", f"{row['who']} and "), ("b", row["who"])]


@pytest.mark.parametrize(
    ("template", "value", "piece"),
    [
        ("{x:,.2f}", Decimal("1234.5"), ("", "1,234.50", "number", "")),
        ("{x}", 1234567, ("", "1234567", "number", "")),
        ("**{x:.0%}**", 0.25, ("b", "25%", "number", "")),
        ("{x}", AT, ("", MS, "time", "")),
        ("{x:%H:%M}", AT, ("", MS, "time", "%H:%M")),
        ("{x:%d %b}", AT.replace(tzinfo=None), ("", MS, "clock", "%d %b")),
        ("{x}", dt.timedelta(minutes=2), ("", 120.0, "interval", "")),
        ("{x:{y}}", 7, ("", "007", "number", "")),
        ("{x!r}", "a", ("", "'a'")),
        ("{x.year}", AT, ("", "2026", "number", "")),
        ("{x:%d.%m.%Y}", dt.date(2026, 11, 20), ("", "20.11.2026")),
        ("{x:,.2f}", None, ("", "–")),
        ("{x}", True, ("", "True")),
    ],
)
def test_figures_and_times_are_told_apart_from_text(template: str, value: Any, piece: tuple[Any, ...]) -> None:
    assert pieces(template, {"x": value, "y": "03d"}) == [piece]


def test_text_and_figures_of_one_line_stay_in_their_order() -> None:
    row = {"who": "Ana", "total": 2, "at": AT}
    assert pieces("**{who}** paid {total} at {at:%H:%M}.", row) == [
        ("b", "Ana"),
        ("", " paid "),
        ("", "2", "number", ""),
        ("", " at "),
        ("", MS, "time", "%H:%M"),
        ("", "."),
    ]


def test_a_function_may_leave_its_figures_to_the_reader_too() -> None:
    said = line(lambda row: [("b", row["who"]), ("x", row["at"]), ("", None)], {"who": "Ana", "at": AT}, None, ())
    assert said == [("b", "Ana"), ("", MS, "time", ""), ("", "–")]


def test_without_a_template_all_columns_are_said() -> None:
    row = {"at": AT, "who": "Ana", "n": 3, "gone": None, "what": "rang"}
    assert line(None, row, None, ("at",)) == [("", "Ana "), ("", "3", "number", ""), ("", " rang")]


def test_a_line_is_one_text_where_no_browser_writes_it() -> None:
    row = {"who": "Ana", "total": 2, "at": AT, "took": dt.timedelta(seconds=90)}
    assert (
        spoken(pieces("**{who}** paid {total} at {at:%H:%M} in {took}", row)) == f"Ana paid 2 at {AT:%H:%M} in 90.0 s"
    )
