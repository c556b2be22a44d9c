"""Writes on disk: their text, their order, and whose they are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from dashboard.errors import NotAWrite, QueueFull
from dashboard.live import Scope, Write
from dashboard.live.command import Command
from dashboard.live.effect import Effect
from dashboard.live.outbox import Outbox
from dashboard.live.storing import dumped, loaded
from dashboard.live.write import new_key


def filled(folder: Path, *texts: str) -> Outbox:
    outbox = Outbox(folder, "a database", most=3)
    for text in texts:
        outbox.put(new_key(), 1.0, text)
    return outbox


def test_two_processes_have_a_file_each_and_a_third_takes_over_what_they_leave(tmp_path: Path) -> None:
    first, second = filled(tmp_path, "a", "b"), filled(tmp_path, "c")
    third = Outbox(tmp_path, "a database", most=3)
    assert third.restore() == []
    for left in (first, second):
        assert left._store is not None
        left._store.close()  # as the end of its process does
    taken = [kept.content for kept in third.restore()]
    assert [text for text in taken if text != "c"] == ["a", "b"] and len(third) == 3
    with pytest.raises(QueueFull, match="3 writes wait"):
        third.put(new_key(), 1.0, "d")
    third.take([kept.key for kept in third.all()])
    third.close()
    assert not list(tmp_path.rglob("*.sqlite3*"))


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    outbox = filled(tmp_path, "a")
    broken = outbox.folder / "9.sqlite3"
    broken.write_text("this is not one" * 100)
    other = Outbox(tmp_path, "a database", most=3)
    assert other.restore() == [] and broken.exists()
    outbox.close()


async def test_a_write_comes_back_from_its_text_as_it_was() -> None:
    values = {
        "none": None, "yes": True, "number": 1 << 70, "float": 0.1, "inf": float("inf"),
        "text": "Ü'\"", "bytes": b"\0x",
        "decimal": Decimal("1.50"), "uuid": UUID(int=7), "date": dt.date(2025, 2, 3), "time": dt.time(1, 2),
        "moment": dt.datetime(2025, 2, 3, 4, 5, 6, 7, tzinfo=dt.UTC), "span": dt.timedelta(days=-1, microseconds=1),
        "list": [1, None, ["a"]], "pair": (1, "b"), "map": {"a": Decimal(1)},
    }  # fmt: skip
    effect = Effect(relation=5, op="update", key={"id": 1}, values=values)
    command = Command(op="update", table='"t"', key={"id": 1}, values=values, seen={"a": None}, effects=(effect,))
    plain = Command(op="statement", sql="DELETE FROM t WHERE id = $1", parameters=(Decimal(3),))
    write = Write([command, plain], scope=Scope(role="r", settings={"a.b": "c"}), author="ann")
    back = loaded(dumped(write), key=write.key, at=write.at)
    assert (back.key, back.at, back.scope, back.author) == (write.key, write.at, write.scope, "ann")
    assert dict(back.commands[0].values) == values and back.commands[0].seen == {"a": None}
    assert back.commands[1] == plain and dict(back.effects[0].values) == values
    with pytest.raises(NotAWrite, match="type object"):
        dumped(Write([Command(op="statement", sql="", parameters=(object(),))]))
