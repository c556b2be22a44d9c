"""What is counted of the pages: messages, what was skipped, and visits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import dashboard
from dashboard.views import channel as module
from dashboard.views.channel import WINDOW, Channel
from dashboard.views.pulse import Pulse
from dashboard.views.traffic import KEPT, Traffic
from tests.unit.standin import Query, StandIn
from tests.unit.test_channel import Wire, move, opened
from tests.waiting import eventually


@pytest.fixture
def query() -> Query:
    return StandIn().query("SELECT n").answer({"n": "int8"}, [(1,)])


@pytest.fixture
def pages() -> Iterator[list[Channel]]:
    """Yield a list of open pages; they are closed at the end."""
    opened: list[Channel] = []
    yield opened
    for channel in opened:
        channel.close()


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    fresh = Traffic()
    monkeypatch.setattr(module, "TRAFFIC", fresh)
    return fresh


async def test_messages_are_counted_with_their_bytes_and_views(
    query: Query, pages: list[Channel], traffic: Traffic
) -> None:
    other = query.live.query("SELECT m").answer({"n": "int8"}, [(1,)])
    _, wire, _ = opened(pages, dashboard.Tile(query), dashboard.Tile(other))
    move(query, 2)
    await eventually(lambda: len(wire.messages) == 2)
    assert traffic.messages == 2
    assert traffic.sent_bytes == sum(len(message) for message in wire.messages)
    assert traffic.flushed == 3  # both at first, then the one that moved
    assert traffic.skipped == 0


async def test_a_page_that_cannot_take_more_is_counted_as_skipped(
    query: Query, pages: list[Channel], traffic: Traffic
) -> None:
    opened(pages, dashboard.Tile(query, priority="critical"))
    for value in range(2, WINDOW + 4):
        move(query, value)
        await eventually(lambda: Pulse.here().is_idle)
    assert traffic.messages == WINDOW
    assert traffic.skipped == 3


async def test_a_hidden_page_is_neither_sent_to_nor_skipped(
    query: Query, pages: list[Channel], traffic: Traffic
) -> None:
    channel, _, _ = opened(pages, dashboard.Tile(query))
    channel.receive({"hidden": True})
    before = traffic.messages
    move(query, 2)
    assert (traffic.messages, traffic.skipped) == (before, 0)


def test_a_visit_begins_with_the_channel_and_outlives_a_cut(traffic: Traffic) -> None:
    channel, wire = Channel("ada", "/crm"), Wire()
    assert not traffic.visits
    channel.connect(wire)
    (visit,) = traffic.visits
    assert (visit.page, visit.user, visit.left) == ("/crm", "ada", None)
    channel.disconnect(wire)
    assert visit.left is not None
    channel.connect(Wire())
    assert visit.left is None
    channel.close()
    assert visit.left is not None
    assert list(traffic.visits) == [visit]
    assert traffic.opened == {"/crm": 1}


def test_a_page_without_an_address_is_no_visit(traffic: Traffic) -> None:
    channel = Channel()
    channel.connect(Wire())
    channel.close()
    assert not traffic.visits


def test_visits_are_remembered_within_bounds(traffic: Traffic) -> None:
    for _ in range(KEPT + 50):
        traffic.enter("/crm", None)
    assert len(traffic.visits) == KEPT
    assert traffic.opened["/crm"] == KEPT + 50
