"""A page that stands still, looks every so often, or looks back."""

from __future__ import annotations

import random
from typing import Any

import pytest

import dashboard
from dashboard.views import codec
from dashboard.views.channel import Channel
from dashboard.views.history import BYTES, KEPT, SLOT, History
from dashboard.views.pulse import Pulse
from tests.unit.standin import Query, StandIn


class Wire:
    """A carrier that remembers what it was given."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, message: bytes) -> None:
        self.messages.append(codec.loads(message))

    def is_writable(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def updates(self) -> list[dict[str, Any]]:
        return [update for message in self.messages for update in message["updates"]]


@pytest.fixture
async def query() -> Query:
    return StandIn().query("SELECT").answer({"n": "int8"}, [(1,)])


@pytest.fixture
async def shown(query: Query) -> tuple[Channel, Wire]:
    """A page of one tile that has got its first picture."""
    channel, wire = Channel(), Wire()
    tile = dashboard.Tile(query)
    tile.bind(channel.bind(tile))
    channel.connect(wire)
    channel.receive({"want": {"v1": None}})
    assert [update["picture"]["body"]["value"] for update in wire.updates()] == ["1"]
    return channel, wire


def move(query: Query, value: int) -> None:
    query.replace((value,))
    Pulse.here().flush()


def values(wire: Wire) -> list[str]:
    bodies = [update.get("step") or update["picture"]["body"] for update in wire.updates()]
    return [body["value"] for body in bodies if "value" in body]


async def test_a_paused_page_is_told_what_waits_and_catches_up_in_one_step(
    query: Query, shown: tuple[Channel, Wire]
) -> None:
    channel, wire = shown
    channel.receive({"paused": True})
    query.priority = "critical"
    for value in (2, 3):
        move(query, value)
    strand = channel.bindings["v1"].strand
    assert strand is not None
    strand.refresh()
    channel.flush({})
    assert values(wire) == ["1"]
    channel.pacing._again()
    assert wire.messages[-1]["waiting"] >= 1
    channel.receive({"paused": False})
    assert values(wire)[-1] == "3"
    channel.close()


async def test_what_stands_still_is_one_snapshot_of_all_views(query: Query) -> None:
    channel, other, wire, others = Channel(), Channel(), Wire(), Wire()
    slow = dashboard.Tile(query, priority="low")
    for one, carrier in ((channel, wire), (other, others)):
        slow.bind(one.bind(slow))
        one.connect(carrier)
        one.receive({"want": {"v1": None}})
    query.replace((2,))
    query.replace((3,))
    assert values(wire)[-1] != "3"
    channel.receive({"paused": True})
    query.replace((4,))
    assert values(wire)[-1] == "3"
    assert values(others)[-1] == "3"
    channel.close()
    other.close()


async def test_a_page_that_looks_every_minute_gets_the_newest_then(query: Query, shown: tuple[Channel, Wire]) -> None:
    channel, wire = shown
    channel.receive({"pace": 60.0})
    strand = channel.bindings["v1"].strand
    assert strand is not None
    for value in (2, 3, 4):
        query.replace((value,))
        strand.refresh()
        channel.flush({}, [strand])
    assert values(wire) in (["1"], ["1", "2"])
    channel.pacing._next = 0.0
    channel.flush({})
    assert values(wire)[-1] == "4"
    channel.close()


async def test_a_view_that_is_held_stands_still_alone(query: Query) -> None:
    channel, wire = Channel(), Wire()
    other = StandIn().query("SELECT other").answer({"n": "int8"}, [(10,)])
    for tile in (dashboard.Tile(query), dashboard.Tile(other)):
        tile.bind(channel.bind(tile))
    channel.connect(wire)
    channel.receive({"want": {"v1": None, "v2": None}, "held": ["v1"]})
    for moved, value in ((query, 2), (other, 20)):
        moved.replace((value,))
    strands = [binding.strand for binding in channel.bindings.values() if binding.strand is not None]
    for strand in strands:
        strand.refresh()
    channel.flush({}, strands)
    assert values(wire) == ["1", "10", "20"]
    channel.receive({"held": []})
    assert values(wire)[-1] == "2"
    channel.close()


async def test_a_page_steps_back_and_returns(query: Query, shown: tuple[Channel, Wire]) -> None:
    channel, wire = shown
    strand = channel.bindings["v1"].strand
    assert strand is not None
    now = strand.since_when
    strand.history.pass_on(now - 10 * SLOT, {"state": "ready", "body": {"value": "0"}}, now)
    channel.receive({"paused": True})
    channel.receive({"replay": now - 5 * SLOT})
    assert wire.updates()[-1]["picture"]["body"] == {"value": "0"}
    assert wire.updates()[-1]["version"] is None
    channel.receive({"replay": None})
    assert values(wire)[-1] == "1"
    channel.receive({"paused": False})
    channel.close()


@pytest.mark.parametrize("said", [{"pace": 0.001}, {"pace": "x"}, {"held": "v1"}, {"replay": "x"}, {"paused": 1}])
async def test_what_no_page_says_is_let_go(said: dict[str, Any], shown: tuple[Channel, Wire]) -> None:
    channel, _ = shown
    channel.receive(said)
    assert channel.pacing.is_plain
    assert channel.pacing.past is None
    channel.close()


def test_a_history_keeps_the_last_picture_of_each_slot() -> None:
    history = History()
    for moment in (0, 1000, 4000, 6000, 7000, 12000):
        history.pass_on(moment, {"state": "ready", "at": moment}, moment + 1000)
    assert history.at(5000) == b'{"state":"ready","at":4000}'
    assert history.oldest == 4000
    assert history.at(-5) == b'{"state":"ready","at":4000}'


def test_a_history_is_bounded_in_time_and_size() -> None:
    history, letters = History(), random.Random(0)  # noqa: S311 -- no secret
    for moment in range(0, 3 * KEPT * SLOT, SLOT):
        history.pass_on(moment, {"state": "ready", "text": letters.randbytes(20_000).hex()}, moment + SLOT)
    assert history._size <= BYTES
    assert sum(len(packed) for _, packed in history._kept) == history._size
    small = History()
    for moment in range(0, 3 * KEPT * SLOT, SLOT):
        small.pass_on(moment, {"state": "ready"}, moment + SLOT)
    assert len(small._kept) == KEPT
