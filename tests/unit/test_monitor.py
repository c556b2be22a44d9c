"""What the monitor makes of figures."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard import apps
from dashboard.apps.monitor import rows
from dashboard.errors import SettingsError
from dashboard.live.figures import Figures, OpenQuery, Second, Spent
from dashboard.views.channel import Channel
from dashboard.views.traffic import Traffic
from tests.unit.test_channel import Wire

LONG_AGO = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)


def reading(at: float, cpu: float = 0.0, messages: int = 0, skipped: int = 0) -> rows.Reading:
    return rows.Reading(at=at, cpu=cpu, messages=messages, flushed=0, sent_bytes=0, skipped=skipped)


def query(sql: str, problem: str = "", role: str = "", spent: Spent | None = None) -> OpenQuery:
    return OpenQuery(
        number=7,
        sql=sql,
        role=role,
        plan="rows",
        reason="It has a key.",
        priority="high",
        rows=3,
        spent=spent or Spent(),
        condition="error" if problem else "awake",
        problem=problem,
    )


def test_two_readings_make_a_rate_and_one_makes_none() -> None:
    assert rows.ticking(Figures())[1:] == (None, None)
    first, second = reading(10.0), reading(12.0, cpu=0.5, messages=8, skipped=3)
    assert first.rates(None) == (None,) * 5
    assert second.rates(first)[:2] == (0.25, 4.0)
    assert second.rates(first)[4] == 3


def test_a_second_without_a_tick_has_no_cost_but_is_charted_as_quiet() -> None:
    seconds = [Second(at=1, ticks=2, changes=5, cost=0.03, slowest=0.02), Second(at=2)]
    assert [changes for _, changes in rows.changes(seconds)] == [5, 0]
    assert [(kind, ms) for _, kind, ms in rows.costs(seconds)] == [("slowest", 20.0), ("mean", 15.0)]


def test_a_query_is_told_with_what_it_took() -> None:
    spent = Spent(whole_runs=1, whole_seconds=0.1, step_runs=3, step_seconds=0.1)
    ((number, row),) = rows.queries([query("-- why\n  SELECT 1", spent=spent, role="shop")])
    assert number == 7
    assert row == ("  SELECT 1", "As shop. It has a key.", "rows", "high", 3, 4, pytest.approx(50.0), 0.2, 1, "awake")


def test_a_query_in_trouble_says_why_instead_of_how() -> None:
    ((_, row),) = rows.queries([query("SELECT gone", problem="There is no column gone.")])
    assert row[1] == "There is no column gone."
    assert row[-1] == "error"


def test_visits_tell_who_is_there_and_how_long_others_stayed() -> None:
    traffic, hidden, gone = Traffic(), Channel("ada", "/crm"), Channel(None, "/calls")
    for channel in (gone, hidden):
        channel.visit = traffic.enter(channel.page, channel.user)
    assert gone.visit is not None and hidden.visit is not None
    gone.visit.began, gone.visit.left = LONG_AGO, LONG_AGO + dt.timedelta(hours=1, minutes=2, seconds=3)
    gone.close()
    hidden.connect(Wire())
    hidden.receive({"hidden": True})
    told = [row for _, row in rows.visits(traffic, [hidden])]
    assert told[0] == ("/crm", "ada", hidden.visit.began, hidden.visit.began, "hidden")
    assert told[1] == ("/calls", "not logged in", LONG_AGO, "1:02:03", "left")
    assert dict(rows.pages(traffic, [hidden]))["/crm"] == ("/crm", "1 open", 1)
    assert dict(rows.pages(traffic, [hidden]))["/calls"] == ("/calls", "", 1)
    hidden.close()


def test_a_page_that_is_open_is_told_however_many_came_after_it() -> None:
    traffic, channel = Traffic(), Channel(None, "/crm")
    channel.visit = traffic.enter("/crm", None)
    for _ in range(500):
        traffic.enter("/calls", None)
    assert sum(row[0] == "/crm" for _, row in rows.visits(traffic, [channel])) == 1
    channel.close()


def test_the_monitor_has_nothing_to_load_or_to_simulate() -> None:
    monitor = apps.find("monitor")
    assert (monitor.tables, monitor.load) == ((), None)
    with pytest.raises(SettingsError, match="no rows that could change"):
        monitor.simulate("postgresql://nowhere")
