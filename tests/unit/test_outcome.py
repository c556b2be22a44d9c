"""What is told of a write, and what the reader's choice does, without a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dashboard
from dashboard.errors import Conflict, WriteRefused
from dashboard.live.command import Command
from dashboard.live.effect import Effect
from dashboard.live.query import Subscription
from dashboard.live.write import Receipt, Write, new_key
from dashboard.views import codec, outcome
from dashboard.views.channel import Binding, Channel
from tests.unit.standin import StandIn
from tests.waiting import eventually


class Page:
    """A page that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.channel = Channel()
        self.binding: Binding = self.channel.bind(dashboard.Tile(StandIn().query("SELECT 1")))
        self.channel.connect(self)

    def send(self, message: bytes) -> None:
        self.told.append(codec.loads(message))

    def is_writable(self) -> bool:
        return True

    def close(self) -> None:
        """It stays."""

    def toasts(self) -> list[dict[str, Any]]:
        return [one for message in self.told for one in message.get("toasts", ()) if not one.get("gone")]

    def choose(self, choice: str, asked: dict[str, Any], **more: Any) -> None:
        value = {"outcome": asked["outcome"], "choice": choice, **more}
        self.binding.view.receive(self.binding, {"event": "outcome", "value": value})


class Desk:
    """As much of a session as an outcome needs."""

    name = "a reader"

    def __init__(self) -> None:
        self.made: list[Write] = []
        self.pending: tuple[Write, ...] = ()
        self._heard: list[Callable[[Write], None]] = []

    def submit(self, commands: Any) -> Write:
        write = Write(commands)
        write.changed = self._changed
        write.again = self.submit
        self.made.append(write)
        return write

    def _changed(self, write: Write) -> None:
        for callback in list(self._heard):
            callback(write)

    def on_outcome(self, callback: Callable[[Write], None]) -> Subscription:
        self._heard.append(callback)
        return Subscription(lambda: self._heard.remove(callback))


def change(**values: Any) -> Command:
    effect = Effect(relation=1, op="update", key={"id": 1}, values=values)
    seen = dict.fromkeys(values, "old")
    return Command(op="update", table='"orders"', key={"id": 1}, values=values, seen=seen, effects=(effect,))


def conflict(**mine: Any) -> Conflict:
    theirs = dict.fromkeys(mine, "theirs")
    return Conflict("It changed.", mine=mine, theirs=theirs, seen=dict.fromkeys(mine, "old"), row=theirs)


def followed(page: Page, desk: Any, *commands: Command, **manner: Any) -> Write:
    write: Write = desk.submit(commands)
    outcome.follow(page.binding, desk, write, title="Order", **manner)
    return write


async def test_what_was_refused_stays_until_it_is_decided_and_is_told_again_to_a_page_that_was_away() -> None:
    page, desk = Page(), Desk()
    typed: list[Write] = []
    labels = {"status": "State"}
    write = followed(page, desk, change(status="bad"), edit=typed.append, of="Order 7", labels=labels)
    write.refuse(WriteRefused("Too late.", "Try again.", sql="", reason="late"))
    (toast,) = page.toasts()
    assert (toast["text"], toast["lasts"]) == ("Too late. Try again. Yours: State “bad”.", 0)
    assert [label for label, _ in toast["actions"]] == ["Retry", "Edit", "Discard"]
    page.channel.disconnect(page)
    page.channel.connect(page)
    assert page.toasts() == [toast, toast]
    page.choose("retry", toast["actions"][0][1])
    again = desk.made[-1]
    assert again is not write and again.commands == write.commands
    again.refuse(WriteRefused("shipped_at is wrong.", "", sql="", reason="unfit", columns=("shipped_at", "status")))
    assert (page.toasts()[-1]["title"], page.toasts()[-1]["text"]) == (
        "Order 7 was not saved",
        "“Shipped” is wrong. Yours: State “bad”.",
    )
    page.choose("edit", page.toasts()[-1]["actions"][0][1])
    assert (typed, again.state) == ([again], "discarded")
    page.choose("edit", page.toasts()[-1]["actions"][0][1])
    assert typed == [again]


@pytest.mark.parametrize(
    ("columns", "written"),
    [
        ({"status": "mine", "total": "theirs"}, {"status": "sent"}),
        ({"status": "mine", "total": "mine"}, {"status": "sent", "total": 5}),
        ({"status": "theirs"}, None),
    ],
)
async def test_a_conflict_is_decided_by_column(columns: dict[str, str], written: dict[str, Any] | None) -> None:
    page, desk = Page(), Desk()
    write = followed(page, desk, change(status="sent", total=5))
    write.refuse(conflict(status="sent", total=5))
    (asked,) = page.told[-1]["dialogs"]
    assert [(one["seen"], one["theirs"], one["mine"]) for one in asked["columns"]] == [
        ("old", "theirs", "sent"),
        ("old", "theirs", 5),
    ]
    page.choose("later", asked)
    assert [label for label, _ in page.toasts()[-1]["actions"]] == ["Decide", "Discard"]
    page.choose("resolve", asked, columns=columns)
    assert write.state == "discarded"
    assert [dict(one.commands[0].values) for one in desk.made[1:]] == ([] if written is None else [written])


async def test_who_wrote_the_same_is_not_asked() -> None:
    page, desk = Page(), Desk()
    write = followed(page, desk, change(status="theirs"))
    write.refuse(conflict(status="theirs"))
    assert write.state == "discarded"
    assert not any("columns" in one for message in page.told for one in message.get("dialogs", ()))


async def test_what_was_decided_on_one_page_is_decided_on_all() -> None:
    page, other, desk = Page(), Page(), Desk()
    write = followed(page, desk, change(status="bad"))
    outcome.follow(other.binding, desk, write, title="Order")  # type: ignore[arg-type]  # as much of a session
    write.refuse(WriteRefused("Not that.", "", sql="", reason="unfit"))
    page.choose("discard", page.toasts()[-1]["actions"][0][1])
    gone = [one["key"] for message in other.told for one in message.get("toasts", ()) if one.get("gone")]
    assert gone == [other.toasts()[-1]["key"]] and not other.channel.outcomes


async def test_a_write_that_nobody_answers_is_told_of_until_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "SLOW", 0)
    page, desk = Page(), Desk()
    write = followed(page, desk, change(status="sent"))
    await eventually(lambda: [one["title"] for one in page.toasts()] == ["The database has not answered yet"])
    write.commit(Receipt(key=write.key, count=1))
    gone = [one["key"] for message in page.told for one in message.get("toasts", ()) if one.get("gone")]
    assert gone == ["kept"] and page.toasts()[-1]["title"] == "Order saved"


async def test_nobody_is_in_conflict_with_what_they_wrote_themselves() -> None:
    page, desk = Page(), Desk()
    followed(page, desk, change(status="theirs")).commit(Receipt(key=new_key(), count=1))
    write = followed(page, desk, change(status="sent"))
    write.refuse(conflict(status="sent"))
    assert [dict(one.commands[0].values) for one in desk.made[2:]] == [{"status": "sent"}]
    desk.made[-1].refuse(conflict(status="sent", total=5))
    assert [one["title"] for message in page.told for one in message.get("dialogs", ()) if "title" in one] == [
        "Order: somebody else was quicker"
    ]


async def test_many_rows_say_how_far_they_are_and_take_that_word_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "LATER", 0)
    monkeypatch.setattr(outcome, "PACE", 0)
    page, desk = Page(), Desk()
    write = followed(page, desk, *(change(status=str(n)) for n in range(2000)))
    assert write.progress is not None
    write.progress(1200, 2000)
    (said,) = page.toasts()
    assert (said["text"], said["progress"]) == ("1,200 of 2,000", [1200, 2000])
    write.commit(Receipt(key=write.key, count=2000, inverse=(change(status="old"),)))
    gone = [one["key"] for message in page.told for one in message.get("toasts", ()) if one.get("gone")]
    assert gone == [said["key"]]
    assert (page.toasts()[-1]["title"], page.toasts()[-1]["actions"][0][0]) == ("Order saved", "Undo")
