"""What is chosen and said of a table nobody has described."""

from __future__ import annotations

import panel as pn
import pytest

from dashboard.apps.watch import page
from dashboard.apps.watch.choice import Column, category, category_candidates, order, time_column
from dashboard.apps.watch.tally import KEPT, Tally
from dashboard.apps.watch.told import told

STAMP = "timestamp with time zone"


def column(name: str, kind: str = "text", **more: object) -> Column:
    return Column(name=name, quoted=name, type=kind, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["updated_at", "created_at"], "created_at"),
        (["birthday", "joined"], "joined"),
        (["expires_at", "inserted"], "inserted"),
        (["mtime"], "mtime"),
        (["due_at", "sent_at"], "sent_at"),
    ],
)
def test_the_time_of_a_row_is_when_it_came_to_be(names: list[str], best: str) -> None:
    chosen = time_column([column(name, STAMP) for name in names])
    assert chosen is not None
    assert chosen.name == best


def test_a_column_that_is_stamped_by_the_database_is_preferred() -> None:
    chosen = time_column([column("when_sent", STAMP), column("noted", STAMP, stamped=True, required=True)])
    assert chosen is not None
    assert chosen.name == "noted"


def test_a_table_without_times_has_no_time_column() -> None:
    assert time_column([column("id", "bigint"), column("name")]) is None


def test_a_category_has_few_values_that_tell_rows_apart() -> None:
    samples = [
        (column("name"), {f"n{i}": 1 for i in range(50)}),
        (column("country"), {"DE": 990, "AT": 10}),
        (column("status"), {"open": 400, "paid": 350, "sent": 250}),
        (column("constant"), {"x": 1000}),
    ]
    chosen = category(samples)
    assert chosen is not None
    assert chosen.name == "status"


def test_a_column_of_few_rows_is_not_taken_for_one_of_few_values() -> None:
    assert category([(column("name"), {"a": 1, "b": 1, "c": 1})]) is None


def test_a_column_that_is_mostly_empty_is_no_category() -> None:
    assert category([(column("reason"), {None: 900, "late": 50, "broken": 50})]) is None


def test_an_enum_is_a_category_of_an_empty_table() -> None:
    chosen = category([(column("note"), {}), (column("mood", "mood", enum=True), {})])
    assert chosen is not None
    assert chosen.name == "mood"


def test_keys_and_columns_of_many_values_by_nature_are_no_candidates() -> None:
    columns = [column("id", "integer", key_place=0), column("data", "jsonb"), column("x", "double precision")]
    assert category_candidates(columns) == []


def test_what_came_last_stands_first() -> None:
    key = [column("b", "integer", key_place=1), column("a", "integer", key_place=0)]
    assert order([*key, column("at", STAMP)], column("at", STAMP)) == "at DESC, a DESC, b DESC"
    assert order([column("x")], None) is None


def test_a_rate_is_taken_over_the_last_whole_seconds() -> None:
    tally = Tally()
    for second in range(95, 101):
        tally.add(second, "inserted", 10)
    assert tally.rate(100) == 10
    assert tally.rate(102) == 8
    assert tally.rate(200) == 0


def test_seconds_without_changes_are_shown_and_old_ones_forgotten() -> None:
    tally = Tally()
    tally.add(10, "deleted")
    tally.add(1000, "updated", 3)
    tally.add(999, "inserted")
    tally.forget(1000)
    rows = list(tally.rows(1000))
    assert len(rows) == KEPT * 3
    assert [row for row in rows if row[2]] == [(999, "inserted", 1), (1000, "updated", 3)]


def said(op: str, old: object, new: object, key: list[str], columns: list[str] | None = None) -> str:
    return "".join(text for _, text in told(op, old, new, key, columns or []))  # type: ignore[arg-type]


def test_an_update_says_which_columns_changed_from_what_to_what() -> None:
    old = {"id": 7, "status": "open", "total": 3, "note": None}
    new = {**old, "status": "paid", "note": "ok"}
    assert said("U", old, new, ["id"], ["id", "note", "status"]) == "updated id 7: note NULL → ok, status open → paid"


def test_an_update_that_changes_nothing_says_so() -> None:
    assert said("U", {"id": 1, "v": 2}, {"id": 1, "v": 2}, ["id"]) == "updated id 1, nothing changed"


def test_an_insert_says_its_values_and_a_long_one_is_cut() -> None:
    row = {"id": 1, "a": "x" * 100, "b": None, "c": True}
    assert said("I", None, row, ["id"]) == f"inserted id 1: a {'x' * 39}…, c true"


def test_of_many_columns_the_first_are_told() -> None:
    assert (
        said("I", None, {"d": 4, "c": 3, "b": 2, "a": 1}, [], list("abcd"))
        == "inserted a row: a 1, b 2, c 3 and 1 more"
    )


def test_a_moment_is_told_to_the_second() -> None:
    assert said("I", None, {"at": "2026-11-20T04:10:34.861459+00:00"}, []) == "inserted a row: at 2026-11-20 04:10:34"


def test_a_truncated_table_is_told_of() -> None:
    assert said("T", None, None, ["id"]) == ("read again: table or partition truncated, or a row that cannot be shown")


@pytest.mark.parametrize(("asked", "place"), [(b"2", 1), (b"0000012", 0), (b"0", 0), (b"9", 0), (b"\xff", 0), (b"", 0)])
def test_an_address_that_names_no_table_shows_the_first(
    asked: bytes, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(pn.state), "session_args", {"table": [asked]})
    assert page._asked(2) == place
