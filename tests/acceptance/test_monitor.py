"""`dashboard serve` in two processes: both list the monitor, and tell the same of one database."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed
from tornado.httpclient import AsyncHTTPClient

from dashboard import apps
from dashboard.postgres.server import Server
from dashboard.surfaces.capturing import install
from tests.conftest import psql
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


async def serving(dsn: str, folder: Path) -> tuple[Process, str]:
    """Serve what fits a database from another process; return it and the line that says what it serves."""
    environment = os.environ | {"DASHBOARD_DATA_FOLDER": str(folder)}
    command = [sys.executable, "-m", "dashboard", "serve", dsn, "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT, env=environment)
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode()


@pytest.fixture
async def said(crm_database: str, tmp_path: Path) -> AsyncIterator[list[str]]:
    """Yield what two servers of a captured database said."""
    await install(crm_database, apps.find("crm").tables)
    both = [await serving(crm_database, tmp_path) for _ in range(2)]
    yield [line for _, line in both]
    for process, _ in both:
        process.kill()
        await process.wait()


async def fetched(line: str, path: str) -> str:
    (url,) = re.findall(r"http://\S+", line)
    return (await AsyncHTTPClient().fetch(url + path)).body.decode()


async def health(line: str) -> dict[str, Any]:
    database: dict[str, Any] = json.loads(await fetched(line, "health"))["databases"][0]
    return database


async def changes(line: str) -> float:
    families = {family.name: family for family in parsed(await fetched(line, "metrics"))}
    return families["dashboard_changes"].samples[0].value


async def test_two_servers_list_the_monitor_and_agree(server: Server, crm_database: str, said: list[str]) -> None:
    assert all(re.search(r"Serving .*CRM, Monitor at", line) for line in said)
    assert 'href="/monitor"' in await fetched(said[0], "")

    async def one_leads() -> bool:
        told = [await health(line) for line in said]
        return sorted(one["leader"] for one in told) == ["another", "this process"] and told[0]["followers"] == 2

    await eventually(one_leads)
    psql(server, "UPDATE crm.contacts SET score = score + 1", crm_database)

    async def both_counted() -> bool:
        return await changes(said[0]) == await changes(said[1]) > 0

    await eventually(both_counted)
