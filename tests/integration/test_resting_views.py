"""What nobody sees is not asked of PostgreSQL, and is true again as soon as somebody looks."""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson

import dashboard
from dashboard.views.channel import Channel
from tests.waiting import eventually


class Page:
    """A page of one view, without a browser."""

    def __init__(self, view: dashboard.View) -> None:
        self.channel = Channel()
        self.binding = self.channel.bind(view)
        view.bind(self.binding)
        self.body: dict[str, Any] = {}
        self.channel.connect(self)
        self.channel.receive({"want": {self.binding.name: None}})

    def send(self, message: bytes) -> None:
        for update in orjson.loads(message)["updates"]:
            self.body |= update["step"] if "step" in update else update["picture"].get("body", {})

    def is_writable(self) -> bool:
        return True

    def close(self) -> None: ...

    def hide(self, is_hidden: bool) -> None:
        self.channel.receive({"hidden": is_hidden})

    def shows(self, value: str) -> bool:
        return self.body.get("value") == value


async def test_a_view_that_nobody_sees_is_not_run_and_catches_up_when_seen(database: str) -> None:
    writer = await asyncpg.connect(database)
    await writer.execute("CREATE TABLE bird (id int PRIMARY KEY)")
    async with dashboard.connect(database) as live:
        await live.install("bird")
        page = Page(dashboard.Tile(live.query("SELECT count(*) FROM bird")))
        await eventually(lambda: page.shows("0"))
        assert len(live.hub.answers) == 1
        page.hide(True)
        assert len(live.hub.answers) == 0
        await writer.execute("INSERT INTO bird VALUES (1), (2)")
        await live.caught_up()
        assert page.shows("0")
        page.hide(False)
        await eventually(lambda: page.shows("2"))
        await writer.execute("INSERT INTO bird VALUES (3)")
        await eventually(lambda: page.shows("3"))
        page.channel.close()
        assert len(live.hub.answers) == 0
    await writer.close()


async def test_two_pages_share_a_query_until_both_look_away(database: str) -> None:
    async with dashboard.connect(database) as live:
        pages = [Page(dashboard.Tile(live.query("SELECT 1 AS one"))) for _ in range(2)]
        await eventually(lambda: all(page.shows("1") for page in pages))
        pages[0].hide(True)
        assert len(live.hub.answers) == 1
        pages[1].hide(True)
        assert len(live.hub.answers) == 0
        for page in pages:
            page.channel.close()


async def test_a_query_somebody_else_follows_goes_on(database: str) -> None:
    async with dashboard.connect(database) as live:
        query = live.query("SELECT 1 AS one")
        page = Page(dashboard.Tile(query))
        await eventually(lambda: page.shows("1"))
        following = query.subscribe(lambda *_: None)
        page.hide(True)
        assert len(live.hub.answers) == 1
        following.close()
        page.channel.close()
