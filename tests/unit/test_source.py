"""Rows that come from no SELECT: who looks, what a table of them shows, and when they cannot be had."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast

import pytest

import dashboard
from dashboard.errors import ConnectionLost
from dashboard.live import Column, Live
from dashboard.views.channel import Channel
from dashboard.views.source import Source
from tests.unit.standin import StandIn

ROWS = [(1, "wren", 9.5), (2, "Tit", None), (3, "owl", 640.0), (4, "wren", 11.0)]


@pytest.fixture
def source() -> Source:
    live = cast("Live", StandIn())
    filled = Source(live, "birds", [Column("id", "int8"), Column("name", "text"), Column("grams", "float8")])
    filled.fill([row[0] for row in ROWS], ROWS)
    return filled


def shown(source: Source, ask: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Return what a table shows, after the reader has asked for something."""
    table = dashboard.Table(source.query, **options)
    channel = Channel()
    binding = channel.bind(table)
    table.bind(binding)
    if ask is not None:
        table.receive(binding, {"ask": ask})
    assert binding.strand is not None
    binding.strand.refresh()
    body = dict(binding.strand.picture["body"])
    channel.close()
    return body


def test_values_of_several_kinds_in_a_column_are_sorted_kind_by_kind(source: Source) -> None:
    source.fill([1, 2, 3], [(1, "wren", 9.5), (2, dt.timedelta(1), 1), (3, "owl", Decimal(2))])
    assert shown(source, {"sort": ["name", False]})["order"] == ["3", "1", "2"]
    assert shown(source, {"sort": ["grams", False]})["order"] == ["2", "3", "1"]


def test_a_table_of_it_keeps_its_order(source: Source) -> None:
    body = shown(source)
    assert body["order"] == ["1", "2", "3", "4"]
    assert body["rows"]["3"] == [3, "owl", 640.0]
    assert body["total"] == 4


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (["name", False], ["3", "2", "1", "4"]),
        (["grams", False], ["1", "4", "3", "2"]),
        (["grams", True], ["3", "4", "1", "2"]),
        (["secret", True], ["1", "2", "3", "4"]),
    ],
)
def test_it_is_sorted_with_what_is_unknown_at_the_end(source: Source, sort: list[Any], order: list[str]) -> None:
    assert shown(source, {"sort": sort})["order"] == order


def test_it_is_searched_filtered_and_paged(source: Source) -> None:
    assert shown(source, {"search": "WREN"})["order"] == ["1", "4"]
    assert shown(source, {"search": "none"})["order"] == []
    assert shown(source, {"filters": {"name": "owl", "secret": "x"}})["order"] == ["3"]
    second = shown(source, {"page": 1}, page_size=3)
    assert (second["order"], second["total"]) == (["4"], 4)


def test_a_table_asks_nothing_of_the_database(source: Source) -> None:
    shown(source, {"search": "owl"})
    assert cast("StandIn", source.live).queries == []


def test_whoever_begins_to_look_wakes_it() -> None:
    woken: list[bool] = []
    source = Source(cast("Live", StandIn()), "n", [Column("n", "int8")], lambda: woken.append(True))
    first = source.subscribe(lambda *_: None)
    second = source.subscribe(lambda *_: None)
    assert woken == [True]
    first.close()
    assert source.is_seen
    second.close()
    assert not source.is_seen


def test_what_cannot_be_had_is_said_and_the_rows_stay(source: Source) -> None:
    told: list[Any] = []
    source.subscribe(lambda query, _: told.append(query.error))
    source.fail(ConnectionLost("The database is away."))
    assert str(told[-1]) == "The database is away."
    assert len(source.state.keys) == 4
    source.fill([], [])
    assert told[-1] is None


def test_values_too_long_to_read_are_not_offered_to_choose_from(source: Source) -> None:
    rows = [(1, "wren", 9.5), (2, "x" * 600_000, None)]
    source.fill([row[0] for row in rows], rows)
    assert shown(source, {"facet": "name"})["facet"]["values"] == [["wren", 1]]
