"""Row images: jsonb_populate_record(null::table, image) is the row again, whatever the writer's session is set to.

Three things jsonb does not know: an array's lower bounds, the spacing of a json text, and jsonb's null beside NULL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dashboard.postgres.capture import install
from dashboard.postgres.captured import capture_status
from dashboard.postgres.connection import Connection
from tests.log import connected, forget, logged

ODD = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "search_path": "nowhere",
}

TYPES = """
CREATE TYPE mood AS ENUM ('good', 'très bien', 'so "so"');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN day AS date;
CREATE TYPE money_of AS (amount numeric(20, 4), currency char(3), paid day);
CREATE TABLE wide (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Größe \\ ""quoted"" x" text,
    b boolean, i2 smallint, i4 int, i8 bigint, n numeric, f4 real, f8 double precision,
    t text, vc varchar(40), c char(6), raw bytea, u uuid, kind mood, p positive, d day,
    date date, time time, timetz timetz, ts timestamp, tz timestamptz, span interval,
    j jsonb, ints int[], texts text[], moods mood[], spans interval[], whole money_of, wholes money_of[],
    nums numrange, dates daterange, times tstzrange, many int4multirange,
    net inet, mac macaddr, bits bit varying(9), point point, lsn pg_lsn, search tsvector,
    doubled numeric GENERATED ALWAYS AS (n * 2) STORED);
"""

VALUES = {
    "i8": ["9223372036854775807", "-9223372036854775808"],
    "n": ["'NaN'", "'Infinity'", "'-Infinity'", "1.10", "0.000000000000000000000000000001", "1e400", "-0"],
    "f4": ["'NaN'", "'-Infinity'", "1.1", "3.4028235e38", "1e-45"],
    "f8": ["'NaN'", "'Infinity'", "0.1::float8 + 0.2", "5e-324", "-0.0"],
    "t": [r"E'tab\t quote\" slash\\ null \\u0000 line\n'", "''", "'𝄞 ünïcode'", "repeat('long ', 5000)"],
    "c": ["'ab'", "''"],
    "raw": [r"'\x00ff5c27'", "''"],
    "kind": ["'so \"so\"'", "'très bien'"],
    "d": ["'2024-02-03'"],
    "date": ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'2024-02-03'", "'20240-02-03'"],
    "time": ["'24:00'", "'03:04:05.000001'"],
    "timetz": ["'03:04:05-13:30'"],
    "ts": ["'infinity'", "'0044-03-15 12:00 BC'", "'2024-02-03 03:04:05.678901'"],
    "tz": ["'infinity'", "'0044-03-15 12:00+01 BC'", "'2024-02-03 03:04:05.678901+05:45'", "'1900-01-01 00:00+00'"],
    "span": ["'-1 year -2 days 03:04:05.6'", "'1 day -00:00:01'", "'-1 day -02:03:04'", "'178000000 years'"],
    "j": ['\'{"a": [1, 2.50, null, "x"]}\'', "'[]'", "'1e30'"],
    "ints": ["'{}'", "'{{1,2},{3,NULL}}'"],
    "texts": ["ARRAY['a,b', '\"', NULL, 'NULL', '']"],
    "moods": ["ARRAY['good', 'so \"so\"']::public.mood[]"],
    "spans": ["ARRAY['-1 day -02:03:04', NULL]::interval[]"],
    "whole": ["ROW(1.5, 'EUR', '2024-02-03')::public.money_of", "ROW(NULL, NULL, NULL)::public.money_of"],
    "wholes": ["ARRAY[ROW(1.5, 'EUR', '2024-02-03'), NULL]::public.money_of[]"],
    "nums": ["'empty'", "'[1.10,)'"],
    "dates": ["'[2024-02-03,2024-11-12)'"],
    "times": ["'(,2024-02-03 03:04:05+00]'"],
    "many": ["'{[1,3),[7,9)}'"],
    "net": ["'2001:db8::1/64'"],
    "bits": ["B'0101'"],
    "point": ["'(0.1,1e300)'"],
    "search": ["'fat:2 cat:3A'"],
}

SAME = """
SELECT change.op::text AS op, image.*::text AS image, stored.*::text AS row
FROM dashboard.change_log change, LATERAL jsonb_populate_record(NULL::wide, change.new) image
JOIN wide stored ON stored.id = image.id
"""


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with connected(database) as connection:
        await connection.execute(TYPES)
        await install(connection, ["wide"])
        yield connection


@pytest.mark.parametrize("settings", [{}, ODD], ids=["usual", "odd"])
@pytest.mark.parametrize("by", ["statement", "row"])
async def test_every_value_comes_back_from_its_image(
    database: str, connection: Connection, settings: dict[str, str], by: str
) -> None:
    if by == "row":
        await connection.execute("ALTER TABLE wide ADD COLUMN js json")
        await install(connection, ["wide"])
    values = [(column, value) for column, several in VALUES.items() for value in several]
    if await connection.fetchval("SELECT current_setting('server_version_num')::int >= 170000"):
        values += [("span", "'infinity'"), ("span", "'-infinity'")]
    async with connected(database) as writer:
        await writer.execute("INSERT INTO wide DEFAULT VALUES")
        for name, value in settings.items():
            await writer.execute("SELECT set_config($1, $2, false)", name, value)
        for column, value in values:
            await writer.execute(f"INSERT INTO public.wide ({column}) VALUES ({value})")
        await writer.execute("UPDATE public.wide SET i2 = 1")
    rows = await connection.fetch(SAME)
    assert {row["op"] for row in rows} == {"I", "U"}
    different = [(row["image"], row["row"]) for row in rows if row["op"] == "U" and row["image"] != row["row"]]
    assert different == []


async def test_names_of_any_kind_are_keys_of_the_image(connection: Connection) -> None:
    await connection.execute("""INSERT INTO wide ("Größe \\ ""quoted"" x") VALUES ('x')""")
    [(_, _, new)] = await logged(connection)
    assert new['Größe \\ "quoted" x'] == "x"


async def test_a_generated_column_is_in_the_image(connection: Connection) -> None:
    await connection.execute("INSERT INTO wide (n) VALUES (21); UPDATE wide SET n = 4")
    assert [new["doubled"] for _, _, new in await logged(connection)] == [42, 8]


async def test_an_unchanged_large_value_is_in_both_images_of_an_update(connection: Connection) -> None:
    await connection.execute(
        "ALTER TABLE wide ALTER t SET STORAGE EXTERNAL;"
        " INSERT INTO wide (t) SELECT repeat(md5(g::text), 4000) FROM generate_series(1, 3) g"
    )
    await forget(connection)
    await connection.execute("UPDATE wide SET i4 = 1")
    for _, old, new in await logged(connection):
        assert len(old["t"]) == 128_000
        assert old["t"] == new["t"]


async def test_nulls_are_in_the_image(connection: Connection) -> None:
    await connection.execute("INSERT INTO wide DEFAULT VALUES")
    [(_, _, new)] = await logged(connection)
    assert new["n"] is None
    assert new["texts"] is None


@pytest.mark.parametrize(
    "change",
    [
        "ADD COLUMN more int DEFAULT 7",
        "DROP COLUMN t",
        "RENAME COLUMN t TO text",
        "ALTER COLUMN i4 TYPE text",
        "ALTER COLUMN f8 SET NOT NULL",
    ],
)
async def test_a_changed_schema_never_makes_a_write_fail(database: str, connection: Connection, change: str) -> None:
    async with connected(database) as writer:
        await writer.execute("INSERT INTO wide (f8) VALUES (1); UPDATE wide SET f8 = 2")
        await connection.execute(f"ALTER TABLE wide {change}")
        await writer.execute("INSERT INTO wide (f8) VALUES (1); UPDATE wide SET f8 = 2; DELETE FROM wide")
    assert len(await logged(connection)) == 2 + 1 + 2 + 2


async def test_a_renamed_key_makes_updates_deletes_and_inserts_until_it_is_known(connection: Connection) -> None:
    await connection.execute("INSERT INTO wide DEFAULT VALUES; ALTER TABLE wide RENAME id TO number")
    await forget(connection)
    await connection.execute("UPDATE wide SET i4 = 1")
    assert [op for op, _, _ in await logged(connection)] == ["D", "I"]
    await install(connection, [])
    await connection.execute("UPDATE wide SET i4 = 2")
    assert [op for op, _, _ in await logged(connection)] == ["D", "I", "U"]


async def test_json_that_jsonb_refuses_is_stored_and_logged_as_read_again(connection: Connection) -> None:
    await connection.execute("CREATE TABLE notes (id int PRIMARY KEY, body json)")
    await install(connection, ["notes"])
    await connection.execute("INSERT INTO notes VALUES (1, '{\"a\": 1}'), (2, '\"\\u0000\"')")
    assert await connection.fetchval("SELECT count(*) FROM notes") == 2
    assert await logged(connection, "notes") == [
        ("I", None, {"id": 1, "body": {"a": 1}}),
        ("T", None, None),
    ]


async def test_json_hidden_in_a_domain_or_a_composite_is_found(connection: Connection) -> None:
    await connection.execute(
        "CREATE DOMAIN document AS json; CREATE TYPE page AS (title text, documents document[]);"
        " CREATE TABLE book (id int PRIMARY KEY, pages page[])"
    )
    await install(connection, ["book"])
    [book] = [table for table in (await capture_status(connection)).tables if table.name == "public.book"]
    assert "dashboard_row" in {trigger.name for trigger in book.triggers}


async def test_a_users_own_cast_to_json_cannot_make_a_write_fail(connection: Connection) -> None:
    await connection.execute(
        "CREATE TYPE odd AS ENUM ('a');"
        " CREATE FUNCTION odd_json(odd) RETURNS json LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END';"
        " CREATE CAST (odd AS json) WITH FUNCTION odd_json(odd);"
        " CREATE TABLE odds (id int PRIMARY KEY, o odd); INSERT INTO odds VALUES (1)"
    )
    await install(connection, ["odds"])
    await connection.execute("UPDATE odds SET o = 'a'; INSERT INTO odds VALUES (2, 'a')")
    assert await logged(connection, "odds") == [("T", None, None)] * 2
