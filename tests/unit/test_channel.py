"""The channel of a page: what it sends, to whom, and when not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

import dashboard
from dashboard.views import element, pulse
from dashboard.views.channel import WINDOW, Binding, Channel
from dashboard.views.pulse import Pulse
from dashboard.views.status import Status
from dashboard.views.view import View
from tests.unit.standin import Query, StandIn
from tests.waiting import eventually


class Wire:
    """A carrier that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.is_full = False
        self.is_closed = False

    def send(self, message: bytes) -> None:
        self.messages.append(message)

    def is_writable(self) -> bool:
        return not self.is_full

    def close(self) -> None:
        self.is_closed = True

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(message) for message in self.messages]

    def values(self) -> list[str]:
        """Return what a page with one tile showed, one after the other."""
        shown: list[str] = []
        for update in self.updates():
            body = update["step"] if "step" in update else update["picture"]["body"]
            shown += [body["value"]] if "value" in body else []
        return shown

    def updates(self) -> list[dict[str, Any]]:
        return [update for message in self.read() for update in message["updates"]]


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


def opened(pages: list[Channel], *views: View) -> tuple[Channel, Wire, list[Binding]]:
    """Open a page with these views, and ask for all of them."""
    channel, wire = Channel(), Wire()
    pages.append(channel)
    bindings = [channel.bind(view) for view in views]
    for view, binding in zip(views, bindings, strict=True):
        view.bind(binding)
    channel.connect(wire)
    channel.receive({"hello": channel.token, "want": {binding.name: None for binding in bindings}})
    return channel, wire, bindings


def move(query: Query, value: int) -> None:
    query.state.rows = {}
    query.put((value,))


async def test_a_page_gets_the_full_picture_first_and_then_steps(query: Query, pages: list[Channel]) -> None:
    query.answer({"id": "int8", "who": "text"}, [(1, "Ana")])
    _, wire, (binding,) = opened(pages, dashboard.Feed(query, priority="critical"))
    (first,) = wire.read()
    assert first["bind"] == {binding.name: first["updates"][0]["strand"]}
    assert first["updates"][0]["picture"]["state"] == "ready"
    query.put((2, "Jo"))
    await eventually(lambda: len(wire.messages) == 2)
    step = wire.updates()[-1]
    assert list(step["step"]["rows"]) == ["2"]
    assert step["from"] == step["version"] - 1


async def test_a_page_shows_a_skeleton_until_the_first_answer(pages: list[Channel]) -> None:
    query = StandIn().query("SELECT later")
    _, wire, _ = opened(pages, dashboard.Tile(query))
    assert wire.updates()[0]["picture"] == {"state": "loading"}
    query.answer({"n": "int8"}, [(5,)])
    await eventually(lambda: wire.updates()[-1]["picture"]["state"] == "ready")


async def test_views_of_one_flush_go_in_one_message(query: Query, pages: list[Channel]) -> None:
    other = query.live.query("SELECT m").answer({"n": "int8"}, [(1,)])
    _, wire, _ = opened(pages, dashboard.Tile(query), dashboard.Tile(other))
    move(query, 2)
    move(other, 3)
    await eventually(lambda: len(wire.messages) == 2)
    assert len(wire.read()[-1]["updates"]) == 2
    assert wire.read()[-1]["at"] == pytest.approx(other.at.timestamp() * 1000)  # type: ignore[union-attr]


async def test_sessions_that_show_the_same_get_the_same_bytes(query: Query, pages: list[Channel]) -> None:
    wires = [opened(pages, dashboard.Tile(query))[1] for _ in range(3)]
    move(query, 2)
    await eventually(lambda: all(len(wire.messages) == 2 for wire in wires))
    assert wires[0].messages[1] is wires[1].messages[1] is wires[2].messages[1]


async def test_another_scope_is_another_strand(query: Query, pages: list[Channel]) -> None:
    scope = dashboard.Scope(settings={"app.user_id": "1"})
    scoped = query.live.query(query.sql, scope=scope).answer({"n": "int8"}, [(9,)])
    _, _, (one,) = opened(pages, dashboard.Tile(query))
    _, _, (other,) = opened(pages, dashboard.Tile(scoped))
    assert one.strand is not other.strand


async def test_changes_within_a_deadline_fold_into_one(query: Query, pages: list[Channel]) -> None:
    _, wire, _ = opened(pages, dashboard.Tile(query, priority="high"))
    move(query, 2)
    await eventually(lambda: len(wire.messages) == 2)
    for value in range(3, 50):
        move(query, value)
    await eventually(lambda: len(wire.messages) == 3)
    assert wire.values()[-1] == "49"


async def test_a_change_after_a_rest_goes_out_at_once(
    query: Query, pages: list[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pulse.DEADLINES, "low", 3600.0)
    _, wire, (binding,) = opened(pages, dashboard.Tile(query, priority="low"))
    assert binding.strand is not None
    binding.strand.flushed = -3600.0
    move(query, 2)
    await eventually(lambda: len(wire.messages) == 2, timeout=2)


async def test_a_picture_that_takes_long_waits_longer(query: Query, pages: list[Channel]) -> None:
    _, _, (binding,) = opened(pages, dashboard.Tile(query, priority="critical"))
    assert binding.strand is not None
    binding.strand.flushed = asyncio.get_running_loop().time()
    binding.strand.cost = 3600.0
    move(query, 2)
    assert not Pulse.here().is_idle
    await asyncio.sleep(0)
    assert not Pulse.here().is_idle
    Pulse.here()._due.clear()


async def test_a_hidden_page_gets_nothing_and_then_the_newest(query: Query, pages: list[Channel]) -> None:
    channel, wire, _ = opened(pages, dashboard.Tile(query, priority="critical"))
    channel.receive({"hidden": True})
    assert query.callbacks == []
    for value in (2, 3, 4):
        move(query, value)
    channel.receive({"hidden": False})
    assert wire.values() == ["1", "4"]


async def test_a_page_that_does_not_read_is_skipped_and_then_gets_the_newest(
    query: Query, pages: list[Channel]
) -> None:
    channel, wire, _ = opened(pages, dashboard.Tile(query, priority="critical"))
    for value in range(2, 100):
        move(query, value)
        await eventually(lambda: Pulse.here().is_idle)
    assert len(wire.messages) == WINDOW
    channel.receive({"ack": WINDOW})
    await eventually(lambda: wire.values()[-1] == "99")
    assert len(wire.messages) == WINDOW + 1


async def test_a_full_socket_is_skipped(query: Query, pages: list[Channel]) -> None:
    channel, wire, _ = opened(pages, dashboard.Tile(query, priority="critical"))
    wire.is_full = True
    move(query, 2)
    await eventually(lambda: channel.skipped)
    wire.is_full = False
    move(query, 3)
    await eventually(lambda: len(wire.messages) == 2)
    assert wire.values()[-1] == "3"


async def test_a_page_resumes_by_version_after_a_cut(query: Query, pages: list[Channel]) -> None:
    query.answer({"id": "int8", "who": "text"}, [(1, "Ana")])
    channel, wire, (binding,) = opened(pages, dashboard.Feed(query, priority="critical"))
    other = opened(pages, dashboard.Feed(query, priority="critical"))[1]
    had = wire.updates()[-1]
    channel.disconnect(wire)
    query.put((2, "Jo"))
    await eventually(lambda: len(other.messages) == 2)
    again = Wire()
    channel.connect(again)
    known = {"strand": had["strand"], "version": had["version"]}
    channel.receive({"hello": channel.token, "want": {binding.name: known}})
    (update,) = again.updates()
    assert list(update["step"]["rows"]) == ["2"]


async def test_a_page_with_a_version_nobody_knows_gets_the_full_picture(query: Query, pages: list[Channel]) -> None:
    channel, wire, (binding,) = opened(pages, dashboard.Tile(query))
    strand = wire.updates()[0]["strand"]
    channel.receive({"want": {binding.name: {"strand": strand, "version": 999}}})
    channel.receive({"want": {binding.name: {"strand": "another process's", "version": 1}}})
    assert all("picture" in update for update in wire.updates())


async def test_a_page_can_name_only_views_registered_for_it(query: Query, pages: list[Channel]) -> None:
    secret = query.live.query("SELECT secret").answer({"n": "int8"}, [("classified",)])
    opened(pages, dashboard.Tile(query), dashboard.Tile(secret))
    channel, wire, _ = opened(pages, dashboard.Tile(query))
    sent = len(wire.messages)
    channel.receive({"want": {"v2": None, "v99": None}, "view": "v2", "message": {"event": "seen"}})
    assert len(wire.messages) == sent
    assert "classified" not in str(wire.messages)


@pytest.mark.parametrize(
    "message",
    [{"want": []}, {"want": {"v1": 7}}, {"ack": "x"}, {"view": ["v1"]}, {"view": "v1", "message": 7}, {"hidden": 1}],
)
async def test_a_message_that_makes_no_sense_is_borne(
    query: Query, pages: list[Channel], message: dict[str, Any]
) -> None:
    channel, _, _ = opened(pages, dashboard.Tile(query))
    channel.receive(message)


async def test_a_closed_page_leaves_nothing_behind(query: Query) -> None:
    count = Channel.count()
    channel, wire, (binding,) = opened([], dashboard.Tile(query))
    strand = binding.strand
    channel.close()
    assert wire.is_closed
    assert query.callbacks == []
    assert Channel.count() == count
    assert strand is not None and strand.key not in type(strand)._all


async def test_an_event_of_the_reader_reaches_its_callback(query: Query, pages: list[Channel]) -> None:
    view = dashboard.Feed(query)
    seen: list[Any] = []
    view.on("seen", seen.append)
    channel, _, (binding,) = opened(pages, view)
    channel.receive({"view": binding.name, "message": {"event": "seen", "value": ["1"]}})
    assert seen == [["1"]]


async def test_a_page_is_told_at_which_snapshot_each_of_its_views_is_true(query: Query, pages: list[Channel]) -> None:
    slow = query.live.query("SELECT m").answer({"n": "int8"}, [(1,)])
    views = dashboard.Tile(query, priority="critical"), dashboard.Tile(slow, priority="low"), Status(query.live)
    channel, wire, (one, two, _status) = opened(pages, *views)

    def named() -> dict[str, Any]:
        channel.receive({"snapshots": True})
        snapshots: dict[str, Any] = wire.read()[-1]["snapshots"]
        return snapshots

    assert named() == {one.name: "1:1:", two.name: "1:1:"}
    query.offset = slow.offset = "2:2:"
    move(slow, 5)
    assert named() == {one.name: "2:2:", two.name: "1:1:"}  # the change waits for its deadline, and is not there yet
    await eventually(lambda: named() == {one.name: "2:2:", two.name: "2:2:"})
    channel.receive({"paused": True})
    move(query, 6)
    await eventually(lambda: named()[one.name] is None)


class Deaf:
    """An element whose page has gone without a word."""

    def _send_msg(self, data: Any) -> None: ...


async def test_a_page_without_a_socket_that_falls_silent_is_asked_nothing_for(
    pages: list[Channel], query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element, "SILENCE", 0.05)
    channel, _, bindings = opened(pages, dashboard.Tile(query))
    shown = element.Messages(cast(Any, Deaf()), channel)
    channel.connect(shown)
    channel.receive({"want": {bindings[0].name: None}})
    strand = bindings[0].strand
    assert strand is not None and strand.followers == {channel}
    shown.listen()
    await eventually(lambda: channel.presence == "away")
    assert strand.followers == set()
