"""Lanes, tabs, special cells and kinds of trouble, without a page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import dashboard
from dashboard.errors import (
    ConnectError,
    ConnectionLost,
    DashboardError,
    LoginRefused,
    PrivilegeError,
    QueryError,
    ViewError,
)
from dashboard.views.channel import Channel
from dashboard.views.lanes import MOST, Lanes
from dashboard.views.paging import Choice, PageSQL
from dashboard.views.strand import fault_of
from dashboard.views.table import WINDOW
from dashboard.views.tabs import Tabs
from tests.unit.standin import Query, StandIn
from tests.unit.test_views import body

SINCE = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def calls(*rows: tuple[int, str, str | None]) -> Query:
    """Return a query of calls: number, state, caller."""
    columns = {"id": "int8", "state": "text", "caller": "text", "since": "timestamptz"}
    return StandIn().query("SELECT").answer(columns, [(*row, SINCE) for row in rows])


def lanes(query: Query) -> Lanes:
    return Lanes(
        query,
        lanes={"ringing": "Ringing", "active": "Speaking"},
        time="since",
        format="**{caller}**",
        below=lambda row: f"call {row['id']}",
    )


def test_each_row_is_a_card_in_the_lane_of_its_state() -> None:
    drawn = body(lanes(calls((1, "ringing", "<b>Zara</b>"), (2, "active", "Jo"))))
    assert drawn["order"] == ["1", "2"]
    assert drawn["rows"]["1"] == {
        "lane": "ringing",
        "line": [("b", "<b>Zara</b>")],
        "below": [("", "call 1")],
        "at": SINCE.timestamp() * 1000,
    }
    assert drawn["counts"] == {"ringing": 1, "active": 1}


def test_a_lane_counts_all_and_sends_some() -> None:
    drawn = body(lanes(calls(*((number, "active", "x") for number in range(MOST + 9)))))
    assert drawn["counts"] == {"ringing": 0, "active": MOST + 9}
    assert len(drawn["rows"]) == MOST


def test_a_state_nobody_thought_of_gets_a_lane_and_nothing_is_a_dash() -> None:
    drawn = body(lanes(calls((1, "parked", None))))
    assert drawn["rows"]["1"]["lane"] == "parked"
    assert drawn["rows"]["1"]["line"] == [("b", "–")]


def test_a_card_that_changes_lanes_is_the_only_one_sent() -> None:
    query = calls((1, "ringing", "Zara"), (2, "active", "Jo"))
    shape = lanes(query).shape(Channel().bind(lanes(query)))
    before = shape.draw((query,))  # type: ignore[arg-type]  # a stand-in
    query.put((1, "active", "Zara", SINCE))
    step = shape.difference(before, shape.draw((query,)))  # type: ignore[arg-type]  # a stand-in
    assert step is not None
    assert list(step["rows"]) == ["1"]
    assert step["counts"] == {"ringing": 0, "active": 2}
    assert "order" not in step


def test_a_tab_is_built_when_it_is_opened_and_once() -> None:
    built: list[str] = []

    def build(name: str) -> list[Any]:
        built.append(name)
        return []

    tabs = Tabs({name: lambda name=name: build(name) for name in ("one", "two")}, active="two")  # type: ignore[misc]  # a default binds the name
    channel = Channel()
    binding = channel.bind(tabs)
    tabs.bind(binding)
    for message in (
        {"event": "open", "value": "one"},
        {"event": "open", "value": "two"},
        {"event": "open", "value": "x"},
    ):
        tabs.receive(binding, message)
    assert built == ["two", "one"]
    assert tabs.active == "two"
    channel.close()


def test_a_table_knows_its_cells() -> None:
    with pytest.raises(ViewError, match="no cells 'clock'"):
        dashboard.Table(StandIn().query("SELECT"), cells={"since": "clock"})  # type: ignore[arg-type]  # a stand-in


def test_a_list_that_scrolls_reads_windows_that_overlap() -> None:
    options = dashboard.Table(StandIn().query("SELECT"), scroll=True).options()  # type: ignore[arg-type]  # a stand-in
    assert (options["size"], options["step"]) == (WINDOW, WINDOW // 4)
    sql, _ = PageSQL("SELECT 1", (), Choice(page=3), WINDOW, step=WINDOW // 4).rows()
    assert sql.endswith(f"LIMIT {WINDOW} OFFSET {3 * WINDOW // 4}")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (LoginRefused("x"), "authentication"),
        (PrivilegeError("x", sql="SELECT"), "authentication"),
        (ConnectError("x"), "live"),
        (ConnectionLost("x"), "live"),
        (QueryError("x", sql="SELECT"), "data"),
        (DashboardError("x"), "data"),
    ],
)
def test_kinds_of_trouble_are_told_apart(error: DashboardError, fault: str) -> None:
    assert fault_of(error) == fault
