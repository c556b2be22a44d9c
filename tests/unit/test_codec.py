from __future__ import annotations

import datetime as dt
import ipaddress
import json
import uuid
from decimal import Decimal
from typing import Any

import orjson
import pytest
from asyncpg import Range

from dashboard.views import codec


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**63), "-9223372036854775808"),
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (Decimal("12.50"), "12.50"),
        (Decimal("NaN"), "NaN"),
        (dt.datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=dt.UTC), 1500.0),
        (dt.datetime(1970, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), 0.0),
        (dt.datetime(1970, 1, 1, 0, 0, 1), 1000.0),
        (dt.datetime.max, "infinity"),
        (dt.datetime.min, "-infinity"),
        (dt.date(2026, 2, 28), "2026-02-28"),
        (dt.time(9, 30), "09:30:00"),
        (dt.timedelta(minutes=1), 60.0),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
        (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
        (b"\x00\xff", "\\x00ff"),
        ([1, [Decimal("2.0"), None]], [1, ["2.0", None]]),
        ("<b>&</b>", "<b>&</b>"),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": [True, None, Decimal("1.0")]}, '{"a":[true,null,"1.0"]}'),
        (Range(1, 5), "[1,5)"),
        (Range(dt.date(2026, 1, 1), dt.date(2026, 2, 1)), "[2026-01-01,2026-02-01)"),
        (Range(dt.datetime(2026, 1, 1), None), '["2026-01-01 00:00:00",)'),
        (Range(empty=True), "empty"),
    ],
)
def test_a_value_is_a_cell(value: object, expected: object) -> None:
    assert codec.cell(value) == expected
    assert json.loads(codec.dumps(codec.cell(value))) == expected


def test_long_bytes_are_cut_short_and_say_how_long_they_were() -> None:
    assert str(codec.cell(b"a" * 100)).endswith("… (100 bytes)")


def test_a_type_nobody_knows_is_its_text() -> None:
    class Own:
        def __str__(self) -> str:
            return "own"

    assert codec.cell(Own()) == "own"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (float("inf"), None),
        (None, None),
        (dt.timedelta(seconds=2), 2.0),
        (dt.date(1970, 1, 2), 86_400_000.0),
        ("text", None),
    ],
)
def test_a_magnitude_is_finite_or_missing(value: object, expected: object) -> None:
    assert codec.magnitude(value) == expected


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("int8", "number"),
        ("numeric(10,2)", "number"),
        ("double precision", "number"),
        ("timestamptz", "time"),
        ("timestamp(3) with time zone", "time"),
        ("timestamp", "clock"),
        ("date", "date"),
        ("jsonb", "json"),
        ("int4[]", "list"),
        ("_text", "list"),
        ("order_state", "text"),
    ],
)
def test_a_type_is_shown_as_its_kind(type_name: str, kind: str) -> None:
    assert codec.kind(type_name) == kind


def test_keys_of_several_columns_do_not_run_together() -> None:
    assert codec.key_text(("a", "bc")) != codec.key_text(("ab", "c"))


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert codec.brief("a" * 500) == "a" * 500
    assert codec.brief("a" * 600_000) == "a" * 500 + "… (600,000 characters)"
    assert codec.brief(list(range(60)))[-1] == "… (60 items)"  # type: ignore[index]  # it is a list


def test_long_keys_are_short_names_that_tell_rows_apart() -> None:
    names = {codec.key_text(("x" * 10_000 + end,)) for end in "ab"}
    assert len(names) == 2
    assert max(map(len, names)) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'{"name": "a\ud800", "\udc00": ["\ud83d\ude00", 1.5]}', {"name": "a\0", "\0": ["\U0001f600", 1.5]}),
        (rb'"\\ud800"', "\\ud800"),
    ],
)
def test_half_a_character_comes_as_what_is_refused_everywhere(text: str | bytes, expected: Any) -> None:
    assert codec.loads(text) == expected


@pytest.mark.parametrize("text", ["", "{", r'["\ud800", NaN]', "[" * 100_000])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        codec.loads(text)
