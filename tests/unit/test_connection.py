"""What is printed of a database's address never holds its password."""

from __future__ import annotations

import pytest

from dashboard.postgres.connection import public_name


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
        ("", ""),
    ],
)  # fmt: skip
def test_a_printed_address_holds_no_password(dsn: str, printed: str) -> None:
    assert public_name(dsn) == printed
