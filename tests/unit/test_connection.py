"""What is printed of a database's address never holds its password."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

from dashboard.errors import ConnectError
from dashboard.postgres.connection import connect, public_name, query_error
from dashboard.surfaces.pages import page_named


@pytest.mark.parametrize(
    ("dsn", "printed"),
    [
        ("postgresql://me:secret@host:5432/shop", "postgresql://me@host:5432/shop"),
        ("postgresql://me:se@cret@host/shop", "postgresql://me@host/shop"),
        ("postgresql://host/shop", "postgresql://host/shop"),
        ("postgresql://host/shop?user=me&password=secret&sslmode=require",
         "postgresql://host/shop?user=me&password=…&sslmode=require"),
        ("postgresql://me@host/shop?sslpassword=secret", "postgresql://me@host/shop?sslpassword=…"),
        ("host=h password='my secret' dbname=shop", "host=h password=… dbname=shop"),
        ("postgresql://host/shop?password=secret", "postgresql://host/shop?password=…"),
        ("postgresql://host/shop?user=me@corp&password=my se@cret#1", "postgresql://host/shop?user=me@corp&password=…"),
        ("postgresql://host/shop?pass%77ord=secret&x=1", "postgresql://host/shop?pass%77ord=…&x=1"),
        ("postgresql://me:s//ecret@host/shop?PASSWORD=b:c@d", "postgresql://me@host/shop?PASSWORD=…"),
        ("postgresql://me:s/e?cret@host/shop", "postgresql://me@host/shop"),
        ("postgresql://me:s?ecret@host/shop?x=1", "postgresql://me@host/shop?x=1"),
        ("postgresql://host:5432/shop?user=me@corp", "postgresql://host:5432/shop?user=me@corp"),
        (r"host=h password = 'it\'s secret' dbname=shop", "host=h password = … dbname=shop"),
        ("host=h password=a&b dbname=shop", "host=h password=… dbname=shop"),
        (r"host=h password=my\ secret", "host=h password=…"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_printed_address_holds_no_password(dsn: str, printed: str) -> None:
    assert public_name(dsn) == printed


@pytest.mark.parametrize("password", ["se/cret", "se?cret", "se#cret"])
async def test_a_password_that_breaks_the_address_is_not_printed(password: str) -> None:
    with pytest.raises(ConnectError) as raised:
        await connect(f"postgresql://me:{password}@127.0.0.1:1/shop", timeout=1)
    assert not re.search("'se|cret", str(raised.value))


def test_a_table_that_is_not_found_has_a_remedy() -> None:
    error = query_error(asyncpg.UndefinedTableError('relation "nope" does not exist'), "SELECT FROM nope")
    assert "search_path" in error.remedy


def test_a_page_of_a_file_does_not_tell_visitors_where_it_lies(tmp_path: Path) -> None:
    (file := tmp_path / "shop.py").touch()
    page = page_named(str(file), None)  # type: ignore[arg-type]  # a file of one's own finds its database itself
    assert (page.title, page.summary) == ("shop", "")
