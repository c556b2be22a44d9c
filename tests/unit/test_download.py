"""What a file says."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest

from dashboard.live import Column
from dashboard.views.files import formats, writer

COLUMNS = [
    Column("=name", "text"), Column("n", "numeric"), Column("at", "timestamptz"), Column("tags", "text[]"),
    Column("ok", "bool"), Column("id", "int8"),
]  # fmt: skip
AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
ROWS: list[tuple[Any, ...]] = [
    ("=cmd|' /C calc'!A0", Decimal("-1.50"), AT, ["a", "b"], True, 2**60),
    ('a "quoted", text\nof two lines', None, None, None, None, None),
]


def test_text_that_a_spreadsheet_would_run_is_quoted_and_numbers_are_not() -> None:
    write = writer("csv", COLUMNS)
    text = (write(ROWS) + write(None)).decode()
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["'=name", "n", "at", "tags", "ok", "id"]
    assert first == ["'=cmd|' /C calc'!A0", "-1.50", "2026-11-20 12:00:00+00:00", '["a","b"]', "True", str(2**60)]
    assert second == ['a "quoted", text\nof two lines', "", "", "", "", ""]


@pytest.mark.parametrize("text", ["+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1"])
def test_every_beginning_of_a_formula_is_quoted(text: str) -> None:
    assert writer("csv", [Column("a", "text")])([(text,)]).decode().split("\r\n", 1)[1].strip('"\r\n').startswith("'")


def test_parquet_keeps_types_and_is_offered_where_it_can_be_written() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert "parquet" in formats()
    write = writer("parquet", COLUMNS)
    table = parquet.read_table(io.BytesIO(write(ROWS) + write(ROWS) + write(None)))
    assert table.num_rows == 4
    assert table.column("n").to_pylist()[:2] == [-1.5, None]
    assert table.column("at").to_pylist()[0] == AT
    assert table.column("id").to_pylist()[0] == 2**60
    assert table.column("=name").to_pylist()[0] == ROWS[0][0]
