"""Pages of a table are followed row by row where the query allows it."""

from __future__ import annotations

from typing import Any

import pytest

import dashboard
from dashboard.postgres.server import Server
from dashboard.views.channel import Binding, Channel
from dashboard.views.paging import Choice, PageSQL
from tests.conftest import psql

SCHEMA = """
CREATE TABLE item (id bigint PRIMARY KEY, name text, score int);
INSERT INTO item SELECT n, 'n' || n % 3, n % 5 FROM generate_series(1, 40) n;
"""


@pytest.mark.parametrize(
    ("sql", "choice", "kind"),
    [
        ("SELECT id, name, score FROM item ORDER BY score DESC, id", Choice(), "rows"),
        ("SELECT id, name, score FROM item", Choice(sort=("score", True)), "rows"),
        ("SELECT id, name, score FROM item ORDER BY name", Choice(sort=("score", False)), "rows"),
        ("SELECT id, name, score FROM item", Choice(sort=("score", True), page=1), "rerun"),
    ],
)
async def test_the_first_page_is_followed_row_by_row(
    server: Server, database: str, sql: str, choice: Choice, kind: str
) -> None:
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as live:
        await live.install("item")
        text, given = PageSQL(sql, (), choice, 10, key=("id",)).rows()
        page = live.query(text, *given)
        await page.ready()
        assert page.plan is not None
        assert page.plan.kind == kind, page.plan.reason
        assert page.key == ("id",)
        psql(server, "UPDATE item SET score = 99 WHERE id = 40; DELETE FROM item WHERE id = 4", database)
        await live.caught_up()
        again = live.query(f"SELECT * FROM ({text}) again", *given)
        await again.ready()
        assert [page.state.rows[key] for key in page.state.keys] == [again.state.rows[key] for key in again.state.keys]


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("SELECT id, name, score FROM item", None),
        ("SELECT id, name, score FROM item", "score"),
        ("SELECT name, score, id AS q FROM item", "score"),
        ("SELECT name, score, ARRAY[id] AS ids, id::text || 'x' AS word FROM item", "-name"),
    ],
)
async def test_pages_of_equal_rows_show_each_row_once(
    server: Server, database: str, sql: str, first: str | None
) -> None:
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as live:
        await live.install("item")
        table = dashboard.Table(live.query(sql), sort=first, page_size=7)
        channel = Channel()
        binding = channel.bind(table)
        table.bind(binding)
        seen: list[str] = []
        for page in range(7):
            if page or first is None:
                sort = [(first or "score").removeprefix("-"), (first or "").startswith("-")]
                if page == 0:
                    await _drawn(binding)
                table.receive(binding, {"ask": {"sort": sort, "page": page}})
            shown = await _drawn(binding)
            assert shown["page"] == page
            seen += map(str, shown["rows"].values())
            psql(server, f"UPDATE item SET score = score WHERE id % 3 = {page % 3}", database)
        assert len(seen) == len(set(seen)) == 40
        channel.close()


async def _drawn(binding: Binding) -> dict[str, Any]:
    strand = binding.strand
    assert strand is not None
    for query in strand.queries:
        await query.ready()
    strand.refresh()
    assert strand.picture["state"] == "ready", strand.picture
    return dict(strand.picture["body"])
