"""Pages of a table are followed row by row where the query allows it."""

from __future__ import annotations

import pytest

import dashboard
from dashboard.postgres.server import Server
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
