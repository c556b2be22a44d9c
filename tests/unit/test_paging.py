"""What a table asks of PostgreSQL for what its reader asked for."""

from __future__ import annotations

import pytest

from dashboard.views.paging import Choice, PageSQL, asked

KNOWN = {"id": "int8", "name": "text", "at": "timestamptz"}
SELECT = "SELECT id, name, at FROM t ORDER BY at DESC"


def sql(choice: Choice, text: str = SELECT, key: tuple[str, ...] = ()) -> str:
    return PageSQL(text, (), choice, 10, ("name",), key=key).rows()[0]


def test_the_first_page_is_the_query_with_a_limit() -> None:
    assert sql(Choice()) == f"{SELECT}\nLIMIT 10"


@pytest.mark.parametrize("end", ["LIMIT 5", "OFFSET 2", "FETCH FIRST 2 ROWS ONLY", "FOR UPDATE"])
def test_a_query_that_has_an_end_of_its_own_is_wrapped(end: str) -> None:
    assert sql(Choice(), f"{SELECT} {end}") == f"SELECT * FROM (\n{SELECT} {end}\n) q LIMIT 10"


def test_rows_that_are_equal_in_the_readers_order_are_told_apart_by_the_key() -> None:
    assert sql(Choice(sort=("name", False)), key=("id",)).endswith('ORDER BY q."name" ASC NULLS LAST, q."id" LIMIT 10')


def test_a_key_is_not_sorted_by_twice() -> None:
    assert sql(Choice(sort=("id", True)), key=("id",)).endswith('ORDER BY q."id" DESC NULLS LAST LIMIT 10')


def test_ranges_are_parameters_of_the_columns_type() -> None:
    choice = asked({"ranges": {"id": ["2", ""], "at": ["2026-11-01T00:00:00.000Z", "2026-11-02"]}}, KNOWN)
    text, given = PageSQL(SELECT, (), choice, 10).rows()
    assert 'q."at" >= CAST($1::text AS timestamptz) AND q."at" < CAST($2::text AS timestamptz)' in text
    assert 'q."id" >= CAST($3::text AS int8)' in text
    assert given == ("2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00", "2")


@pytest.mark.parametrize(
    "bounds", [["x", "y"], ["NaN", ""], ["", ""], "1..2", [1], ["1; DROP TABLE t", ""], [None, None]]
)
def test_bounds_that_are_none_are_let_go(bounds: object) -> None:
    assert asked({"ranges": {"id": bounds}}, KNOWN).ranges == ()


def test_the_values_of_a_column_do_not_depend_on_which_of_them_is_kept() -> None:
    choice = asked({"facet": "name", "filters": {"name": "a", "id": "1"}}, KNOWN)
    text, given = PageSQL(SELECT, (), choice, 10).values()
    assert given == ("1",)
    assert text.startswith('SELECT q."name"::text AS value, count(*) AS rows')


def test_the_values_of_an_unknown_column_are_not_asked_for() -> None:
    assert asked({"facet": "password"}, KNOWN).facet == ""
