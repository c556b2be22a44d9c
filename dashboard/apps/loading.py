"""An app's schema and sample rows, loaded once and in one transaction: a demo is complete or absent.

An app brings ``schema.sql``, ``staging.sql`` (a temporary table ``sample_<file>`` for each of its files) and
``fill.sql``. What all of them need stands beside this module: ``member.sql`` makes the role that row-level security
speaks of, ``sample.sql`` turns the seconds in the files into times, ``comments.sql`` lets people talk about rows. A
database that was loaded before there were comments, or as they are now, gets these alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.postgres.connection import Connection
from dashboard.postgres.loading import copy_csv, one_transaction, run_script
from dashboard.sample import folder

from .statements import script

HERE = __package__ or "dashboard.apps"


async def load_app(dsn: str, app: str, samples: Sequence[str], commented: tuple[str, str] | None = None) -> bool:
    """Create the schema named like the app and fill it with sample rows that end now.

    Parameters
    ----------
    app
        Name of the app: of its package, its schema, its folder of sample rows and, with ``_member``, its role.
    samples
        Its files, in the order in which they are read.
    commented
        The table whose rows people comment, and its column that says whose a row is.

    Returns
    -------
    bool
        False when the app's tables were there already: then none of them is touched.
    """
    package = f"{HERE}.{app}"
    async with one_transaction(dsn, lock=f"dashboard: load {app}") as connection:
        present = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1)"
        if await connection.fetchval(present, app):
            if commented is not None:
                await add_comments(connection, f"{app}_member", *commented)
            return False
        await connection.execute("SELECT set_config('dashboard.member', $1, true)", f"{app}_member")
        await run_script(connection, script(HERE, "member"))
        await run_script(connection, script(package, "schema"))
        if commented is not None:
            await add_comments(connection, f"{app}_member", *commented)
        await run_script(connection, script(HERE, "sample"))
        await run_script(connection, script(package, "staging"))
        for name in samples:
            await copy_csv(connection, f"sample_{name}", folder() / app / f"{name}.csv")
        await run_script(connection, script(package, "fill"))
    return True


async def add_comments(connection: Connection, member: str, records: str, owner: str) -> None:
    """Let people who look in the role `member` comment the rows of a table, unless they can already."""
    schema = records.partition(".")[0]
    is_there = (
        "SELECT EXISTS (SELECT FROM pg_policy WHERE polrelid = to_regclass($1) AND polname = 'said_by_oneself' "
        "AND pg_get_expr(polwithcheck, polrelid) LIKE '%app.person_name%')"
    )
    if await connection.fetchval(is_there, f"{schema}.comments"):
        return
    await connection.execute("SELECT set_config('client_min_messages', 'warning', true)")
    for name, value in (("member", member), ("records", records), ("owner", owner)):
        await connection.execute("SELECT set_config($1, $2, true)", f"dashboard.{name}", value)
    await run_script(connection, script(HERE, "comments"))
