"""One `Live` per process and database, shared by all who name the same DSN.

Without ``async with`` it connects on first use and lives as long as somebody uses it; with it, it is closed when
the last block that entered it ends, unless somebody asked it outside of such a block before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.live.live import Live
from dashboard.settings import settings

Make = Callable[[str | Callable[[], str]], Live]
_shared: dict[str, Live] = {}
_make: Make = Live


def followed() -> list[Live]:
    """Every `Live` of this process that has begun to follow its database."""
    return [live for live in _shared.values() if live.has_begun]


def connect(dsn: str | None = None) -> Live:
    """Live queries on a database.

    Use it as ``async with dashboard.connect(dsn) as live:``, or plainly as ``live = dashboard.connect(dsn)``: then it
    is shared per process and DSN, connects on first use, and views show a skeleton until their first answer is in.
    ``live = await dashboard.connect(dsn)`` is the same, and raises `ConnectError` if the database cannot be reached.

    Parameters
    ----------
    dsn
        ``postgresql://user:password@host:port/database``; None takes the setting ``DASHBOARD_DSN``, else the
        embedded server, which is started on first use.
    """
    dsn = dsn or settings().dsn
    key = dsn or ""
    live = _shared.get(key)
    if live is None or live.is_closed:
        live = _shared[key] = _make(dsn or _embedded)
        live.on_close(lambda: _forget(key))
    return live


@contextmanager
def made_by(make: Make) -> Iterator[None]:
    """For the length of the block, what `connect` gives for the first time is what `make` gives for its address."""
    global _make
    before, _make = _make, make
    try:
        yield
    finally:
        _make = before


def _forget(key: str) -> None:
    _shared.pop(key, None)


def _embedded() -> str:
    from dashboard.postgres.server import Server  # the programs are looked for only when they are needed

    server = Server()
    server.start()
    return server.dsn
