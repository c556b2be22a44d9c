"""Writing as who looks: one statement in their role and settings, under the tables' own row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.postgres.connection import connect, translated

if TYPE_CHECKING:
    from dashboard.live import Live
    from dashboard.postgres.scope import Scope


async def write(live: Live, scope: Scope, sql: str, *parameters: object) -> int:
    """Run one statement in a transaction of its own; return the number of rows it changed.

    Raises
    ------
    ConnectError, QueryError
        The database is away, or refuses it.
    """
    wanted = {**scope.settings} | ({} if scope.role is None else {"role": scope.role})
    connection = await connect(live.dsn, name="dashboard: write")
    try:
        with translated(sql):
            async with connection.transaction():
                for name, value in wanted.items():  # the role last: settings are made with the rights of the own
                    await connection.execute("SELECT set_config($1, $2, true)", name, value)
                return int((await connection.execute(sql, *parameters)).rpartition(" ")[2])
    finally:
        await connection.close()
