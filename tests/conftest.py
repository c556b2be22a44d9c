"""One embedded server per worker, one database per test.

`DASHBOARD_TEST_PG_BIN` runs the same tests on another PostgreSQL's programs.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
def app_template(server: Server) -> Callable[[str], str]:
    """Return a function that gives the name of a database with an app's schema and sample rows."""

    @cache
    def loaded(app: str) -> str:
        name = f"{app}_template"
        psql(server, f"CREATE DATABASE {name}")
        load = apps.find(app).load(in_database(server.dsn, name))
        with ThreadPoolExecutor(1) as thread:  # this one may have a running loop
            thread.submit(asyncio.run, load).result()  # type: ignore[arg-type]  # a coroutine is what it is
        return name

    return loaded


@pytest.fixture
def app_database(server: Server, app_template: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """Yield a function that gives the address of a database of the test's own that holds an app."""
    made: list[str] = []

    def database(app: str) -> str:
        made.append(f"{app}_{next(_numbers)}")
        psql(server, f"CREATE DATABASE {made[-1]} TEMPLATE {app_template(app)}")
        return in_database(server.dsn, made[-1])

    yield database
    for name in made:
        psql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def crm_database(app_database: Callable[[str], str]) -> str:
    """Return the address of a database of the test's own that holds the CRM."""
    return app_database("crm")
