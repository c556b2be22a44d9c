"""An app's schema and sample rows, loaded once and in one transaction: a demo is complete or absent.

An app brings ``schema.sql``, ``staging.sql`` (a temporary table ``sample_<file>`` for each of its files) and
``fill.sql``. What all of them need stands beside this module: ``member.sql`` makes the role that row-level security
speaks of, ``sample.sql`` turns the seconds in the files into times.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.postgres.loading import copy_csv, one_transaction, run_script
from dashboard.sample import folder

from .statements import script

HERE = __package__ or "dashboard.apps"


async def load_app(dsn: str, app: str, samples: Sequence[str]) -> bool:
    """Create the schema named like the app and fill it with sample rows that end now.

    Parameters
    ----------
    app
        Name of the app: of its package, its schema, its folder of sample rows and, with ``_member``, its role.
    samples
        Its files, in the order in which they are read.

    Returns
    -------
    bool
        False when the app's tables were there already: then nothing is touched.
    """
    package = f"{HERE}.{app}"
    async with one_transaction(dsn, lock=f"dashboard: load {app}") as connection:
        present = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1)"
        if await connection.fetchval(present, app):
            return False
        await connection.execute("SELECT set_config('dashboard.member', $1, true)", f"{app}_member")
        await run_script(connection, script(HERE, "member"))
        await run_script(connection, script(package, "schema"))
        await run_script(connection, script(HERE, "sample"))
        await run_script(connection, script(package, "staging"))
        for name in samples:
            await copy_csv(connection, f"sample_{name}", folder() / app / f"{name}.csv")
        await run_script(connection, script(package, "fill"))
    return True
