"""What a reader selects reaches every query of a view at once, and a view keeps its name whatever is selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dashboard
from dashboard.views import SPANS, Field, Selection, address
from dashboard.views.channel import Binding, Channel
from dashboard.views.view import View
from tests.unit.standin import Query, StandIn

Turn = Callable[..., None]


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Have the address say something else."""
    said: dict[str, str] = {}
    told: list[Callable[[], object]] = []
    monkeypatch.setattr(address, "said", lambda: said)
    monkeypatch.setattr(address, "on_change", told.append)

    def turning(**values: str) -> None:
        said.clear()
        said.update(values)
        for callback in told:
            callback()

    return turning


def live() -> StandIn:
    """A database in which everything is counted by its kind."""

    def respond(query: Query) -> None:
        kind = query.parameters[0] if query.parameters else None
        query.answer({"n": "int4"}, [({None: 9, "web": 4, "shop": 5}.get(kind, 0),)])

    return StandIn(respond)


def bound(view: View) -> Binding:
    binding = Channel().bind(view)
    view.bind(binding)
    return binding


def body(binding: Binding) -> Any:
    assert binding.strand is not None
    binding.strand.refresh()
    return binding.strand.picture["body"]


def test_a_tile_its_comparison_and_its_line_follow_the_selection_together(turn: Turn) -> None:
    database, chosen = live(), Selection(Field("kind", "Kind", ("web", "shop")))

    def counted(what: str) -> Any:
        return chosen.query(lambda: database.query(f"SELECT {what}", chosen["kind"]))

    tile = dashboard.Tile(counted("now"), comparison=counted("before"), sparkline=counted("line"), change="absolute")
    binding = bound(tile)
    assert body(binding)["value"] == "9"
    turn(kind="web")
    assert body(binding)["value"] == "4"
    assert body(binding)["change"]["way"] == "flat"
    assert body(binding)["spark"] == [4.0]
    assert {query.parameters for query in database.queries} == {(None,), ("web",)}


def test_what_nobody_shows_is_not_asked_until_it_is_back(turn: Turn) -> None:
    database, chosen = live(), Selection(Field("kind", "Kind", ("web", "shop")))
    tile = dashboard.Tile(chosen.query(lambda: database.query("SELECT", chosen["kind"])))
    bound(tile).close()
    turn(kind="web")
    turn(kind="shop")
    assert [query.parameters for query in database.queries] == [(None,)]
    assert body(bound(tile))["value"] == "5"


def test_an_unknown_value_is_no_filter_and_one_of_the_database_stays_one(turn: Turn) -> None:
    rows = live().query("SELECT").answer({"name": "text"}, [("tea",), (None,)])
    chosen = Selection(Field("kind", "Kind", ("web", "shop")), Field("shelf", "Shelf", rows))
    turn(kind="telex", shelf="gone")
    assert (chosen["kind"], chosen["shelf"]) == (None, "gone")
    turn(shelf="a\0b")
    assert chosen["shelf"] == "ab"
    choices = chosen.choices()
    assert choices is not None
    assert body(bound(choices)) == {"values": {"shelf": ["tea"]}}
    assert Selection(Field("kind", "Kind", ("web",))).choices() is None


def test_a_view_is_remembered_by_more_than_its_title(turn: Turn) -> None:
    database, chosen = live(), Selection(spans=SPANS)

    def views() -> list[View]:
        over_time = chosen.query(lambda: database.query("SELECT over_time"), title=lambda: f"Per {chosen.span.per}")
        one, other = database.query("SELECT one"), database.query("SELECT other")
        return [dashboard.Tile(one, title="Sales"), dashboard.Tile(other, title="Sales"),
                dashboard.Feed(one, title="Sales"), dashboard.Chart(over_time)]  # fmt: skip

    before = [view.options()["key"] for view in views()]
    assert len(set(before)) == 4
    turn(span="30d")
    assert [view.options()["key"] for view in views()] == before
