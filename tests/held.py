"""A table whose writes are not answered for a while, so that what a page shows meanwhile can be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from dashboard.postgres.server import Server
from tests.conftest import psql

LOCK = 7
SLOWLY = """
CREATE OR REPLACE FUNCTION public.slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({lock}); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER slowly BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION public.slowly();
"""


@asynccontextmanager
async def held(server: Server, dsn: str, table: str) -> AsyncIterator[None]:
    """Have PostgreSQL wait with each write to a table until the block ends."""
    await asyncio.to_thread(psql, server, SLOWLY.format(table=table, lock=LOCK), dsn)
    holder = await asyncpg.connect(dsn)
    await holder.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        yield
    finally:
        await holder.close()
