"""The CRM's schema and sample rows, loaded once and in one transaction: a demo is complete or absent."""

from __future__ import annotations

from importlib.resources import files

from dashboard.apps.loading import add_comments
from dashboard.postgres.loading import copy_csv, one_transaction, run_script
from dashboard.sample import folder

SAMPLES = (
    "members",
    "member_profiles",
    "email_templates",
    "contacts",
    "member_activities",
    "sent_emails",
    "email_clicks",
)
COMMENTED = ("crm_member", "crm.contacts", "member_id")
_SQL = files(__package__ or "dashboard.apps.crm")


async def load(dsn: str) -> bool:
    """Create the schema ``crm`` and fill it with sample rows that end now.

    Returns
    -------
    bool
        False when the CRM's tables were there already: then none of them is touched.
    """
    async with one_transaction(dsn, lock="dashboard: load crm") as connection:
        if await connection.fetchval("SELECT to_regclass('crm.contacts') IS NOT NULL"):
            await add_comments(connection, *COMMENTED)
            return False
        await run_script(connection, _SQL.joinpath("schema.sql").read_text(encoding="utf-8"))
        await add_comments(connection, *COMMENTED)
        await run_script(connection, _SQL.joinpath("staging.sql").read_text(encoding="utf-8"))
        for name in SAMPLES:
            await copy_csv(connection, f"sample_{name}", folder() / "crm" / f"{name}.csv")
        await run_script(connection, _SQL.joinpath("fill.sql").read_text(encoding="utf-8"))
        await run_script(connection, "ANALYZE crm.contacts, crm.member_activities, crm.sent_emails, crm.email_clicks")
    return True
