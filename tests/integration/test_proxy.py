"""The proxy that other tests break the wire with does what it says."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.proxy import Proxy


async def test_proxy_forwards_and_can_be_cut_and_restored(proxy: Proxy) -> None:
    connection = await asyncpg.connect(proxy.dsn)
    assert await connection.fetchval("SELECT 1") == 1
    await proxy.cut()
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT 1")
    with pytest.raises(OSError):  # noqa: PT011  # refused
        await asyncpg.connect(proxy.dsn)
    await proxy.restore()
    again = await asyncpg.connect(proxy.dsn)
    assert await again.fetchval("SELECT 2") == 2
    await again.close()


async def test_stalled_wire_stays_open_and_silent_until_restored(proxy: Proxy) -> None:
    connection = await asyncpg.connect(proxy.dsn)
    proxy.stall()
    answer = asyncio.create_task(connection.fetchval("SELECT 1"))
    done, _ = await asyncio.wait({answer}, timeout=0.2)
    assert not done
    assert not connection.is_closed()
    await proxy.restore()
    assert await answer == 1
    await connection.close()
