"""Cutting this process' own connections as a network or an administrator would: PostgreSQL ends them.

For trying out what a page does then. What other processes have open is left alone, also where it has the same name:
connections are known here by the backends that answered them. A pooler's are not: behind it they may be anybody's.
"""

from __future__ import annotations

from dashboard.postgres.connection import connect, opened, translated
from dashboard.sql import load


async def cut(dsn: str) -> int:
    """End the connections that this process has to a database; return how many there were."""
    backends = [one.get_server_pid() for one in opened() if not one.is_closed() and not one.pooled]
    connection = await connect(dsn, name="dashboard: cut")
    try:
        with translated():
            return int(await connection.fetchval(load("cut"), backends))
    finally:
        await connection.close()
