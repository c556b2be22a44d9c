"""Random transactions on the tables of `world.sql`: what several people do at once, on few rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st


@dataclass(frozen=True)
class Step:
    """One statement of one writer; or the reader has to catch up (`wait`), or its wire is cut."""

    writer: int
    sql: str
    kind: Literal["statement", "wait", "cut"] = "statement"


WRITERS = 3
_small = st.integers(0, 7)
_int = st.sampled_from(("0", "1", "2", "3", "NULL"))
_text = st.sampled_from(("'x'", "'y'", "'xy'", "''", "'Ü'", "NULL"))
_number = st.sampled_from(
    ("0", "1", "1.50", "2.5", "-3.25", "0.1", "123456789012345678.000001", "'NaN'", "NULL", "1.0")
)
_cash = st.sampled_from(("0", "1.5", "-2.25", "NULL", "10"))
_float = st.sampled_from(("0", "'-0'", "1.5", "'NaN'", "'Infinity'", "-2", "NULL"))
_time = st.sampled_from(("'2025-01-01 10:00Z'", "'2025-01-01 10:30Z'", "'2025-06-01 12:00+05'", "'infinity'", "NULL"))
_flag = st.sampled_from(("true", "false", "NULL"))
_code = st.sampled_from(("'a'", "'b'", "'c'", "'Z'"))
_region = st.sampled_from(("'n'", "'s'", "'w'", "'e'"))
_owner = st.sampled_from(("'ann'", "'bob'", "NULL"))
_id = _small.map(str)
_big = st.sampled_from(("1", "1.0", "2", "12345678901234567890.123", "0.1", "'NaN'", "3"))
_uuid = st.integers(0, 5).map(lambda n: f"'00000000-0000-4000-8000-00000000000{n}'")

_COLUMNS: dict[str, tuple[dict[str, st.SearchStrategy[str]], tuple[str, ...]]] = {
    "plain": ({"id": _id, "a": _int, "b": _text, "c": _number, "f": _float, "at": _time, "ok": _flag}, ("id",)),
    "pair": ({"x": st.integers(0, 3).map(str), "y": _code, "v": _int, "w": _cash}, ("x", "y")),
    "named": ({"u": _uuid, "n": _int, "tag": _text}, ("u",)),
    "coded": ({"code": _code, "n": _int, "c": _cash}, ("code",)),
    "keyless": ({"a": _int, "b": _text, "c": _number}, ()),
    "parts": ({"id": _id, "region": _region, "v": _cash}, ("id", "region")),
    "secured": ({"id": _id, "owner": _owner, "amount": _cash, "a": _int}, ("id",)),
    "shared_with": ({"id": _id, "friend": st.sampled_from(("'ann'", "'bob'"))}, ("id", "friend")),
    "guarded": ({"id": _id, "v": _int}, ("id",)),
    "lookup": ({"id": st.integers(0, 3).map(str), "name": _text}, ("id",)),
    "chained": ({"id": _id, "v": _int}, ("id",)),
    "owners": ({"id": _id}, ("id",)),
    "owned": ({"id": _id, "owner": _id, "v": _cash}, ("id",)),
    "numbers": ({"id": _big, "a": _int}, ("id",)),
}
TABLES = tuple(_COLUMNS)


@st.composite
def _values(draw: st.DrawFn, table: str) -> str:
    columns, _ = _COLUMNS[table]
    return f"({', '.join(draw(column) for column in columns.values())})"


@st.composite
def _change(draw: st.DrawFn) -> str:
    table = draw(st.sampled_from((*TABLES, "plain", "plain", "plain")))
    columns, key = _COLUMNS[table]
    first = next(iter(columns))
    where = f"{first} = {draw(columns[first])}"
    match draw(st.integers(0, 11)):
        case 0 | 1 | 2:
            rows = draw(st.lists(_values(table), min_size=1, max_size=3))
            return f"INSERT INTO {table} VALUES {', '.join(rows)} ON CONFLICT DO NOTHING"
        case 3 | 4:
            name = draw(st.sampled_from([name for name in columns if name not in key] or [first]))
            return f"UPDATE {table} SET {name} = {draw(columns[name])} WHERE {where}"
        case 5:
            name = draw(st.sampled_from([name for name in columns if name not in key] or [first]))
            return f"UPDATE {table} SET {name} = {draw(columns[name])}"
        case 6:
            return f"UPDATE {table} SET {first} = {draw(columns[first])} WHERE {where}"
        case 7:
            return f"DELETE FROM {table} WHERE {where}"
        case 8 if key:
            changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
            return (f"INSERT INTO {table} VALUES {draw(_values(table))} "
                    f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}")  # fmt: skip
        case 9:
            return draw(st.sampled_from((f"TRUNCATE {table}", f"DELETE FROM {table}")))
        case 10:
            return draw(st.sampled_from((
                "INSERT INTO plain SELECT i, i % 3, 'x', i * 1.5 FROM generate_series(20, 60) i ON CONFLICT DO NOTHING",
                "DELETE FROM plain WHERE id >= 20",
                "UPDATE plain SET id = id + 100 WHERE id < 4",
                "UPDATE plain SET id = id - 100 WHERE id >= 100",
                "UPDATE pair SET x = x + 1 WHERE x = (SELECT max(x) FROM pair)",
                "TRUNCATE parts_n", "INSERT INTO parts_s VALUES (9, 's', 1) ON CONFLICT DO NOTHING",
                "MERGE INTO lookup l USING (VALUES (1, 'x'), (5, 'y')) v (i, t) ON l.id = v.i "
                "WHEN MATCHED THEN UPDATE SET name = v.t WHEN NOT MATCHED THEN INSERT VALUES (v.i, v.t)",
            )))  # fmt: skip
        case _:
            return f"INSERT INTO {table} VALUES {draw(_values(table))} ON CONFLICT DO NOTHING"


_CONTROL = (
    "BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "COMMIT", "COMMIT", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO SAVEPOINT s", "RELEASE SAVEPOINT s",
    "SELECT pg_current_xact_id()",
)  # fmt: skip


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """One step: mostly a change, sometimes a transaction's border, sometimes waiting for the reader."""
    writer = draw(st.integers(0, WRITERS - 1))
    match draw(st.integers(0, 9)):
        case 0 | 1 | 2:
            return Step(writer, draw(st.sampled_from(_CONTROL)))
        case 3:
            return Step(writer, "", draw(st.sampled_from(("wait", "wait", "wait", "cut"))))
        case _:
            return Step(writer, draw(_change()))
