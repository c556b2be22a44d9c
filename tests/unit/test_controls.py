"""Progress, Switch, Refresh, Group, and the steps of a feed, without a page."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import dashboard
from dashboard.errors import QueryError
from dashboard.views.channel import Binding, Channel
from dashboard.views.feed import FeedShape
from dashboard.views.view import View
from tests.unit.standin import Query, StandIn
from tests.waiting import eventually

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def bound(view: View) -> Binding:
    """Return the view as it stands on a page of its own."""
    binding = Channel().bind(view)
    view.bind(binding)
    return binding


def body(binding: Binding) -> dict[str, Any]:
    assert binding.strand is not None
    binding.strand.refresh()
    assert binding.strand.picture["state"] == "ready", binding.strand.picture
    return dict(binding.strand.picture["body"])


def rows(columns: dict[str, str], *values: tuple[Any, ...]) -> Query:
    return StandIn().query("SELECT").answer(columns, values)


@pytest.mark.parametrize(
    ("done", "total", "share"),
    [(96, 240, 0.4), (0, 240, 0.0), (300, 240, 1.0), (-3, 240, 0.0), (3, 0, None), (None, 9, None), (3, None, None)],
)
def test_progress_is_a_share_of_the_total(done: int | None, total: int | None, share: float | None) -> None:
    query = rows({"source": "text", "done": "int4", "total": "int4"}, ("a.csv", done, total))
    (row,) = body(bound(dashboard.Progress(query, total="total")))["rows"].values()
    assert row["share"] == (None if share is None else pytest.approx(share))
    assert row["label"] == "a.csv"


def test_progress_without_a_total_is_a_share_of_all_rows() -> None:
    query = rows({"state": "text", "n": "numeric"}, ("open", Decimal(3)), ("won", Decimal(1)), (None, None))
    shown = body(bound(dashboard.Progress(query, value="n", category="state")))["rows"].values()
    assert [(row["label"], row["share"], row["text"]) for row in shown] == [
        ("open", 0.75, "3"),
        ("won", 0.25, "1"),
        ("–", None, "–"),
    ]


def test_progress_names_the_column_that_is_missing() -> None:
    binding = bound(dashboard.Progress(rows({"state": "text"}, ("open",)), value="n"))
    assert binding.strand is not None
    binding.strand.refresh()
    assert "no column 'n'" in binding.strand.picture["text"]


def test_a_switch_shows_the_row_and_nothing_that_was_only_asked_for() -> None:
    async def turn(wanted: bool) -> None:
        raise AssertionError

    assert body(bound(dashboard.Switch(rows({"is_on": "bool"}, (True,)), turn)))["on"] is True
    assert body(bound(dashboard.Switch(rows({"is_on": "bool"}, (None,)), turn)))["on"] is None
    assert body(bound(dashboard.Switch(rows({"is_on": "bool"}), turn)))["on"] is None


async def test_a_switch_turns_once_at_a_time_and_says_why_it_could_not() -> None:
    asked: list[bool] = []
    gate = asyncio.Event()

    async def turn(wanted: bool) -> None:
        asked.append(wanted)
        await gate.wait()
        raise QueryError("permission denied", sql="UPDATE")

    binding = bound(dashboard.Switch(rows({"is_on": "bool"}, (True,)), turn))
    for _ in range(3):
        binding.view.receive(binding, {"event": "turn", "value": False})
    for nonsense in (None, 7, {"event": 3}, {"value": True}):
        binding.view.receive(binding, nonsense)
    await eventually(lambda: asked)
    gate.set()
    await eventually(lambda: body(binding)["problem"] == "permission denied")
    assert asked == [False]
    assert body(binding)["on"] is True


class Database(StandIn):
    """A `Live` that can be caught up with, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.is_away = False

    async def caught_up(self) -> None:
        self.asked += 1
        if self.is_away:
            raise TimeoutError


async def test_a_refresh_is_limited_for_a_reader_in_all_tabs_and_not_for_others() -> None:
    live = Database()
    tabs = [Channel("ana"), Channel("ana"), Channel("jo")]
    bindings = [tab.bind(view := dashboard.Refresh(live, every=60)) for tab in tabs]  # type: ignore[arg-type]
    for binding in bindings:
        binding.view.bind(binding)
        for _ in range(5):
            binding.view.receive(binding, {"event": "refresh"})
    assert view.title == "Refresh"
    await eventually(lambda: body(bindings[0])["phase"] == body(bindings[2])["phase"] == "done")
    assert live.asked == 2
    assert body(bindings[1])["phase"] == "rested"
    assert body(bindings[1])["until"] == body(bindings[0])["until"]


async def test_a_refresh_says_when_the_database_does_not_answer() -> None:
    live = Database()
    live.is_away = True
    binding = bound(dashboard.Refresh(live))  # type: ignore[arg-type]  # it has what a refresh needs
    binding.view.receive(binding, {"event": "refresh"})
    await eventually(lambda: body(binding)["phase"] == "failed")
    assert "does not answer" in body(binding)["problem"]


def test_a_group_is_headed_by_its_query_and_says_when_the_row_is_gone() -> None:
    query = rows({"title": "text", "note": "text"}, ("<b>Spring</b>", None))
    binding = bound(dashboard.Group(query=query))
    assert body(binding) == {"there": True, "title": "<b>Spring</b>", "note": ""}
    query.drop("<b>Spring</b>")
    assert body(binding)["there"] is False


def test_a_feed_that_grows_at_its_front_is_sent_what_is_new() -> None:
    shape = FeedShape(format=None, time=None, category=None, seen=None, limit=3)

    def picture(*keys: str) -> dict[str, Any]:
        return {"order": list(keys), "rows": {key: {"line": key} for key in keys}}

    step = shape.difference(picture("3", "2", "1"), picture("5", "4", "3"))
    assert step == {"rows": {"5": {"line": "5"}, "4": {"line": "4"}}, "front": ["5", "4"], "left": 1}
    assert shape.difference(picture("2", "1"), picture("2")) == {"rows": {}, "front": [], "left": 1}
    moved = shape.difference(picture("3", "2", "1"), picture("3", "1", "0"))
    assert moved == {"rows": {"0": {"line": "0"}}, "order": ["3", "1", "0"]}
