"""Whether a snapshot contains a write is found out in that snapshot, however long this takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from dashboard.errors import QueryError
from dashboard.live.command import Command
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
