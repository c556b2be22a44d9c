"""Capture that another version of the package installed is not read, and the follower says what to do."""

from __future__ import annotations

from dashboard.live import Live
from dashboard.postgres.capture import install
from dashboard.postgres.connection import connect
from tests.waiting import eventually


async def test_a_log_of_another_version_is_polled_until_it_is_brought_up_to_date(database: str) -> None:
    writer = await connect(database)
    await writer.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    await install(writer, ["orders"])
    await writer.execute("COMMENT ON SCHEMA dashboard IS 'change capture of the Python package dashboard, 0'")
    async with Live(database) as live:
        orders = await live.query("SELECT count(*) AS n FROM orders").ready()
        assert live.status.state == "polling"
        assert "another version" in live.status.reason
        await writer.execute("INSERT INTO orders VALUES (1)")
        await live.caught_up()
        assert orders.frame["n"].tolist() == [1]
        await install(writer, [])
        await eventually(lambda: live.status.state == "live")
    await writer.close()
