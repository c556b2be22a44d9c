"""`dashboard doctor` tells what is wrong with its remedy, and `dashboard explain` how a SELECT is kept true."""

from __future__ import annotations

import re

import dashboard
from dashboard.postgres.server import Server
from dashboard.settings import settings
from dashboard.surfaces.capturing import install
from dashboard.surfaces.doctor import Finding, examine, findings
from dashboard.surfaces.explain import explain
from tests.conftest import psql
from tests.waiting import eventually


async def told(dsn: str) -> list[Finding]:
    return list(findings(await examine(dsn), settings()))


def about(found: list[Finding], pattern: str) -> Finding:
    matching = [finding for finding in found if re.search(pattern, finding.sentence)]
    assert len(matching) == 1, found
    return matching[0]


async def test_database_without_capture_is_told_to_install_it(database: str) -> None:
    finding = about(await told(database), "No table is captured")
    assert finding.weight == "bad"
    assert "dashboard install" in finding.remedy


async def test_all_is_well_after_install_with_somebody_who_follows(server: Server, database: str) -> None:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    await install(database, ["orders"])
    async with dashboard.connect(database) as live:
        await eventually(lambda: live.leads)
        psql(server, "INSERT INTO orders VALUES (1)", database)
        found = await told(database)
        assert [finding for finding in found if finding.weight != "good"] == []
        assert "leads since" in about(found, "pid").sentence
        assert about(found, "orders is captured")
    await eventually(lambda: nobody_follows(database))


async def nobody_follows(dsn: str) -> bool:
    return any("Nobody follows" in finding.sentence for finding in await told(dsn))


async def test_disabled_trigger_is_found_and_named(server: Server, database: str) -> None:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    await install(database, ["orders"])
    psql(server, "ALTER TABLE orders DISABLE TRIGGER ALL", database)
    finding = about(await told(database), "not captured completely")
    assert "disabled" in finding.sentence
    assert "dashboard install" in finding.remedy
    await install(database, ["orders"])
    assert about(await told(database), "orders is captured")


async def test_role_without_rights_is_told_which_grants_it_lacks(server: Server, database: str) -> None:
    psql(server, "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'r'")
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    await install(database, ["orders"])
    reader = re.sub(r"//[^@]+@", "//reader:r@", database)
    found = await told(reader)
    remedy = about(found, "may not read the log").remedy
    assert "GRANT" in remedy
    assert about(found, r"may not read orders|may not read public\.orders").remedy.startswith("GRANT SELECT")
    psql(server, remedy.partition(":")[2], database)
    psql(server, "GRANT SELECT ON orders TO reader", database)
    assert [finding for finding in await told(reader) if finding.weight == "bad"] == []


async def test_ordinary_role_sees_that_another_follows(server: Server, database: str) -> None:
    psql(server, "DROP ROLE IF EXISTS ordinary; CREATE ROLE ordinary LOGIN PASSWORD 'o'")
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY)", database)
    await install(database, ["orders"])
    async with dashboard.connect(database):
        found = await told(re.sub(r"//[^@]+@", "//ordinary:o@", database))
        assert "only pg_read_all_stats may see" in about(found, "pid").sentence


async def test_explain_names_the_plan_and_its_reason(server: Server, database: str) -> None:
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY, total numeric, shop int)", database)
    await install(database, ["orders"])
    lines = [line async for line in explain(database, "SELECT sum(total) FROM orders WHERE shop = $1", ["7"])]
    assert lines[0].startswith("sums: ")
    assert "sum (numeric)" in lines[-1]


async def test_explain_says_that_a_role_without_the_log_is_polled(server: Server, database: str) -> None:
    psql(server, "DROP ROLE IF EXISTS ordinary; CREATE ROLE ordinary LOGIN PASSWORD 'o'")
    psql(server, "CREATE TABLE orders (id int PRIMARY KEY); GRANT SELECT ON orders TO ordinary", database)
    await install(database, ["orders"])
    ordinary = re.sub(r"//[^@]+@", "//ordinary:o@", database)
    lines = [line async for line in explain(ordinary, "SELECT * FROM orders", [])]
    assert lines[0].startswith("polled: Role ordinary may not read the change log")
    assert not any("rows:" in line for line in lines)
    psql(server, "REVOKE ALL ON orders FROM ordinary", database)
