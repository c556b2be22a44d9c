"""What is read off a SELECT's text, and the exact places where a piece of it gives way."""

from __future__ import annotations

import pytest

from dashboard.errors import NotASelect
from dashboard.live.statement import Statement


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1;", "SELECT 1"),
        ("SELECT 1 ; ; ", "SELECT 1"),
        ("SELECT 1; -- done", "SELECT 1"),
        ("SELECT 1 /* ; */ ;/* x */", "SELECT 1 /* ; */"),
        ("SELECT ';'", "SELECT ';'"),
        ("SELECT $$;$$;", "SELECT $$;$$"),
        ("SELECT '😀;' ; --", "SELECT '😀;'"),
    ],
)
def test_what_closes_a_statement_is_left_out(sql: str, expected: str) -> None:
    assert Statement(sql).sql == expected


@pytest.mark.parametrize(
    "sql", ["", ";", "UPDATE o SET a = 1", "EXPLAIN SELECT 1", "SELECT 1; DELETE FROM o", "CREATE TABLE x AS SELECT 1"]
)
def test_anything_but_one_select_is_refused(sql: str) -> None:
    with pytest.raises(NotASelect) as caught:
        Statement(sql)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "sql", ["WITH x AS (SELECT 1) TABLE x", "VALUES (1)", "(SELECT 1)", "-- c\nSELECT 1", "TABLE o"]
)
def test_every_way_to_begin_a_select_is_taken(sql: str) -> None:
    assert Statement(sql).sql == sql


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT * FROM Orders", ['"orders"']),
        ('SELECT * FROM "Orders" o', ['"Orders"']),
        ('SELECT * FROM s."O""x" JOIN T ON true', ['"s"."O""x"', '"t"']),
        ("WITH orders AS (SELECT * FROM raw) SELECT * FROM orders", ['"raw"']),
        ("WITH orders AS (SELECT 1) SELECT * FROM public.orders", ['"public"."orders"']),
        ("SELECT * FROM generate_series(1, 2)", []),
        ("SELECT (SELECT max(id) FROM m) FROM o", ['"m"', '"o"']),
    ],
)
def test_tables_are_named_as_postgresql_names_them(sql: str, names: list[str]) -> None:
    assert sorted(table.name for table in Statement(sql).tables) == sorted(names)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM orders WHERE b", 'SELECT a FROM x AS "orders" WHERE b'),
        ("SELECT a FROM orders o", "SELECT a FROM x o"),
        ('SELECT a FROM s."Orders"', 'SELECT a FROM x AS "Orders"'),
        ("SELECT '😀 orders' FROM orders", "SELECT '😀 orders' FROM x AS \"orders\""),
        ("SELECT a /* orders */ FROM -- orders\n orders", 'SELECT a /* orders */ FROM -- orders\n x AS "orders"'),
        (r"SELECT E'\'orders' FROM orders", r"SELECT E'\'orders' FROM x AS " + '"orders"'),
    ],
)
def test_only_the_tables_own_characters_are_replaced(sql: str, expected: str) -> None:
    statement = Statement(sql)
    assert statement.reading(statement.tables[0], "x") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM o", "SELECT a , n FROM o"),
        (
            "SELECT extract(day FROM b), (SELECT 1 FROM m) FROM o",
            "SELECT extract(day FROM b), (SELECT 1 FROM m) , n FROM o",
        ),
        ("SELECT a IS DISTINCT FROM b AS c FROM o", "SELECT a IS DISTINCT FROM b AS c , n FROM o"),
        ("SELECT ' FROM ' AS x FROM o", "SELECT ' FROM ' AS x , n FROM o"),
        ("SELECT substring(a FROM 1 FOR 2) FROM o", "SELECT substring(a FROM 1 FOR 2) , n FROM o"),
        ("SELECT 1", None),
    ],
)
def test_columns_are_added_at_the_end_of_the_select_list(sql: str, expected: str | None) -> None:
    assert Statement(sql).with_columns("n") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM o ORDER BY a LIMIT 10", "SELECT a FROM o ORDER BY a"),
        ("SELECT a FROM o LIMIT 10 -- ten", "SELECT a FROM o"),
        ("SELECT a FROM o LIMIT 10 OFFSET 1", None),
        ("SELECT a FROM o OFFSET 1 LIMIT 10", "SELECT a FROM o OFFSET 1"),
        ("SELECT a FROM (SELECT 1 LIMIT 1) o", None),
        ("SELECT a FROM o LIMIT 1 + 1", None),
        ("SELECT a FROM o LIMIT ALL", "SELECT a FROM o"),
    ],
)
def test_a_closing_limit_can_be_left_out(sql: str, expected: str | None) -> None:
    assert Statement(sql).without_limit() == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()", "SELECT current_date", "SELECT CURRENT_TIMESTAMP(3)",
        "SELECT localtime", "SELECT 'now'::timestamp",
        "SELECT date 'yesterday'", "SELECT pg_catalog.now()", "SELECT age(at) FROM o", "SELECT clock_timestamp()",
    ],
)  # fmt: skip
def test_what_depends_on_the_clock_is_seen(sql: str) -> None:
    assert Statement(sql).depends_on_clock


def test_what_only_looks_like_the_clock_is_not() -> None:
    for sql in ("SELECT 'nowhere'", "SELECT now FROM o", "SELECT known(1)", "SELECT at FROM o WHERE at > '2025-01-01'"):
        assert not Statement(sql).depends_on_clock


def test_a_text_that_cannot_be_parsed_is_followed_all_the_same() -> None:
    statement = Statement("SELECT a FROM o ORDER BY a USING >")
    assert statement.tree is None
    assert statement.tables == ()


@pytest.mark.parametrize(
    ("sql", "remedy"),
    [("SELEC 1", "Begin it with SELECT, WITH, VALUES or TABLE."), ("delete from t", "A live query only reads.")],
)
def test_a_statement_that_is_no_select_is_told_apart_from_one_that_is_misspelt(sql: str, remedy: str) -> None:
    with pytest.raises(NotASelect, match=f"begins with {sql.split()[0].upper()}") as raised:
        Statement(sql)
    assert raised.value.remedy == remedy
