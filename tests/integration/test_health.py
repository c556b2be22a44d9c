"""`/health` and `/metrics`: what they say, to whom, and while the database is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import panel as pn
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

import dashboard
from dashboard.live.live import Live
from dashboard.settings import settings
from dashboard.surfaces import probe
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from dashboard.views.channel import Channel
from tests.proxy import Proxy
from tests.waiting import eventually

ROWS = "SELECT id FROM bird"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what the site sets in the environment."""
    monkeypatch.setenv("BOKEH_SECRET_KEY", "")
    monkeypatch.setenv("BOKEH_SIGN_SESSIONS", "")
    yield
    settings.cache_clear()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    content = Page(slug="one", title="One", summary="", content=lambda: pn.Column("hello"))
    async with Site([content], port=0) as running:
        yield running


@pytest.fixture
async def live(proxy: Proxy, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """Yield live queries over a proxy that can be cut."""
    monkeypatch.setattr(probe, "FRESH", 0.0)
    async with dashboard.connect(proxy.dsn) as live:
        writer = await asyncpg.connect(database)
        await writer.execute("CREATE TABLE bird (id int PRIMARY KEY)")
        await live.install("bird")
        await writer.close()
        yield live


async def get(site: Site, path: str, **headers: str) -> HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await AsyncHTTPClient().fetch(HTTPRequest(site.url + path, headers=named), raise_error=False)


async def health(site: Site, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = await get(site, "health", **headers)
    return answer.code, json.loads(answer.body)


async def samples(site: Site, **headers: str) -> dict[tuple[str, ...], float]:
    """Return the values of `/metrics` by name and labels, but without the database's."""
    answer = await get(site, "metrics", **headers)
    assert answer.code == 200
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "database")): sample.value
        for family in parsed(answer.body.decode())
        for sample in family.samples
    }


async def test_health_tells_state_lag_leader_and_log(site: Site, live: Live) -> None:
    await eventually(lambda: live.leads)
    code, told = await health(site)
    assert (code, told["status"]) == (200, "ok")
    (database,) = told["databases"]
    assert database["state"] in ("live", "polling")
    assert database["leader"] == "this process"
    assert database["followers"] == 1
    assert database["lag"] is not None
    assert database["log"]["bytes"] > 0
    assert not database["log"]["overdue"]
    assert ":postgres@" not in database["database"]


async def test_health_fails_while_the_database_is_away_and_comes_back(
    site: Site, live: Live, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.5)
    assert (await health(site))[0] == 200
    await proxy.cut()
    code, told = await health(site)
    assert (code, told["status"]) == (503, "failing")
    assert told["databases"][0]["problem"]
    await proxy.restore()

    async def is_well() -> bool:
        return (await health(site))[0] == 200

    await eventually(is_well)


async def test_a_database_that_does_not_answer_is_not_waited_for(
    site: Site, live: Live, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.3)
    proxy.stall()
    async with asyncio.timeout(5):
        code, told = await health(site)
    assert code == 503
    assert "did not answer" in told["databases"][0]["problem"]
    await proxy.restore()


async def test_health_without_a_database_that_is_used_is_well(site: Site) -> None:
    assert await health(site) == (200, {"status": "ok", "databases": []})


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_IP"])
async def test_a_stranger_behind_a_proxy_learns_one_word_and_no_figure(site: Site, live: Live, header: str) -> None:
    assert await health(site, **{header: "203.0.113.7"}) == (200, {"status": "ok"})
    answer = await get(site, "metrics", **{header: "203.0.113.7"})
    assert answer.code == 403
    assert b"dashboard_" not in answer.body


async def test_a_page_of_another_name_that_leads_here_reads_nothing(site: Site, live: Live) -> None:
    assert (await get(site, "metrics", Host="rebound.test")).code == 403


async def test_a_token_that_is_set_is_asked_of_everybody(
    site: Site, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_METRICS_TOKEN", "sésame")
    settings.cache_clear()
    for wrong in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Basic sésame"}):
        answer = await get(site, "metrics", **wrong)
        assert answer.code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert await health(site, **wrong) == (200, {"status": "ok"})
    right = {"Authorization": "Bearer sésame", "X_Forwarded_For": "203.0.113.7"}
    assert (await get(site, "metrics", **right)).code == 200
    assert "databases" in (await health(site, **right))[1]


async def test_both_carry_the_security_headers_and_are_kept_by_nobody(site: Site) -> None:
    for path in ("health", "metrics"):
        answer = await get(site, path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_neither_opens_a_page(site: Site, live: Live) -> None:
    before = Channel.count()
    for path in ("health", "metrics"):
        answer = await get(site, path)
        assert not answer.headers.get_list("Set-Cookie")
    assert Channel.count() == before


async def test_metrics_move_with_the_changes(site: Site, live: Live, database: str) -> None:
    query = await live.query(ROWS).ready()
    before = await samples(site)
    writer = await asyncpg.connect(database)
    await writer.execute("INSERT INTO bird SELECT generate_series(1, 7)")
    await writer.close()
    await live.caught_up()
    after = await samples(site)
    assert after["dashboard_changes_total",] - before["dashboard_changes_total",] == 7
    assert after["dashboard_tick_seconds_count",] > before["dashboard_tick_seconds_count",]
    assert after["dashboard_tick_seconds_bucket", "+Inf"] == after["dashboard_tick_seconds_count",]
    assert after["dashboard_query_runs_total", "changed"] - before["dashboard_query_runs_total", "changed"] == 1
    assert after["dashboard_queries", "rows", "awake"] == 1
    assert after["dashboard_query_rows",] == 7
    assert after["dashboard_connection", live.status.state] == 1
    assert after["dashboard_log_bytes",] > 0
    assert after["dashboard_messages_total",] >= before["dashboard_messages_total",]
    query.close()


async def test_metrics_are_written_while_the_database_is_away(
    site: Site, live: Live, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.5)
    await proxy.cut()
    await eventually(lambda: live.status.state == "reconnecting")
    told = await samples(site)
    assert told["dashboard_connection", "reconnecting"] == 1
    assert ("dashboard_log_bytes",) not in told
