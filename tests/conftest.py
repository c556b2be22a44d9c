"""One embedded server per worker, one database per test.

`DASHBOARD_TEST_PG_BIN` runs the same tests on another PostgreSQL's programs.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from dashboard import apps
from dashboard.postgres.server import Server
from tests.proxy import Proxy

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Yield a running server, without durability: it is deleted at the end."""
    programs = os.environ.get("DASHBOARD_TEST_PG_BIN")
    with Server(temporary=True, durable=False, programs=Path(programs) if programs else None) as running:
        yield running


def psql(server: Server, sql: str, dsn: str | None = None) -> str:
    """Run SQL with psql, a client nobody here wrote; return what it prints, unaligned and without headers."""
    return subprocess.run(
        [server.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", dsn or server.dsn],
        input=sql,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8"},
    ).stdout


def in_database(dsn: str, name: str) -> str:
    """Return the same server's address of another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """Return the name of the database that each test's database is a copy of."""
    psql(server, "CREATE DATABASE test_template")
    return "test_template"


@pytest.fixture
def database(server: Server, template: str) -> Iterator[str]:
    """Yield the address of a database of the test's own."""
    name = f"test_{next(_numbers)}"
    psql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield in_database(server.dsn, name)
    psql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def proxy(database: str) -> AsyncIterator[Proxy]:
    """Yield a proxy before the test's database; connect to `proxy.dsn`."""
    async with Proxy(database) as standing:
        yield standing


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium; without one the test is skipped, but fails where CI is set."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := os.environ.get("DASHBOARD_TEST_CHROMIUM") or shutil.which(name):
            return path
    reason = "no chromium in PATH; install Debian's package chromium or set DASHBOARD_TEST_CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def crm_template(server: Server) -> str:
    """Return the name of a database with the CRM's schema and sample rows."""
    psql(server, "CREATE DATABASE crm_template")
    asyncio.run(apps.find("crm").load(in_database(server.dsn, "crm_template")))
    return "crm_template"


@pytest.fixture
def crm_database(server: Server, crm_template: str) -> Iterator[str]:
    """Yield the address of a database of the test's own that holds the CRM."""
    name = f"crm_{next(_numbers)}"
    psql(server, f"CREATE DATABASE {name} TEMPLATE {crm_template}")
    yield in_database(server.dsn, name)
    psql(server, f"DROP DATABASE {name} WITH (FORCE)")
