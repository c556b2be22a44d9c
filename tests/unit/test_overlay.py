"""Whether a snapshot contains a write is found out in that snapshot, however long this takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from dashboard.errors import QueryError
from dashboard.live.command import Command
from dashboard.live.effect import Effect, merged
from dashboard.live.overlay import Overlay
from dashboard.live.write import Write
from dashboard.live.writing import Writing


class Slow:
    """A snapshot of a server that takes longer for a question than a hurried reading waits."""

    is_hurried = True

    @asynccontextmanager
    async def within(self, _scope: None, *, guarded: bool) -> AsyncIterator[None]:
        assert guarded
        yield

    async def take_time(self) -> None:
        self.is_hurried = False

    async def rows(self, sql: str, keys: list[Any]) -> list[tuple[Any, int]]:
        if self.is_hurried:
            raise QueryError("PostgreSQL says: canceling statement due to statement timeout.", sql=sql)
        return [(key, 7) for key in keys]


async def test_a_write_on_its_way_is_found_by_a_server_that_has_much_to_do() -> None:
    write = Write([Command(op="statement", sql="DELETE FROM notes")])
    write.was_sent = write.is_keyed = True
    overlay = Overlay(lambda _answer: None, list)
    overlay.add(write)
    live: Any = SimpleNamespace(_sessions={"": SimpleNamespace(overlay=overlay)})
    await Writing._look_up(live, Slow())  # type: ignore[arg-type]  # it stands in for a Reading
    assert (write.is_found, write.xid) == (True, 7)


def update(key: int, expected: dict[str, Any] | None = None, **values: Any) -> Effect:
    return Effect(relation=1, op="update", key={"id": key}, values=values, expected=expected or {})


def test_updates_of_a_row_that_follow_upon_each_other_are_one() -> None:
    gone = Effect(relation=1, op="delete", key={"id": 2})
    effects = [update(1, a=1, b=1), update(2, a=2), update(1, {"b": 3}, a=4), gone, update(1, a=5), update(1, b=6)]
    assert [(one.op, one.key["id"], one.values, one.expected) for one in merged(effects)] == [
        ("update", 1, {"a": 4}, {"b": 3}),
        ("update", 2, {"a": 2}, {}),
        ("delete", 2, {}, {}),
        ("update", 1, {"a": 5, "b": 6}, {}),
    ]


def test_a_row_that_is_called_otherwise_meanwhile_is_not_taken_for_another() -> None:
    effects = [update(1, a=1), update(1, id=2), update(3, id=1), update(1, a=2)]
    assert merged(effects) == effects


def test_a_row_is_known_by_its_key_in_any_order_and_of_any_type() -> None:
    keys: list[dict[str, Any]] = [{"x": 1, "y": [2]}, {"y": [2], "x": 1}]
    both = [Effect(relation=1, op="update", key=key, values={"a": nth}) for nth, key in enumerate(keys)]
    assert [one.values for one in merged(both)] == [{"a": 1}]
